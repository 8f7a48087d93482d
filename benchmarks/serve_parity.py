"""Is what is served what was measured? Asks test questions of a finished run through the API and compares the answers.

    python benchmarks/serve_parity.py RUN [--questions 50] [--contender NAME ...]

Starts `bakeoff serve` on the run, prints how long it took until it answered, and for each contender how many answers
are byte for byte those that the pilot measured. Exits with 1 if one differs.
"""

import argparse
import json
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from bakeoff.runs.run import Run, open_run


def main() -> None:
    """Serves the run, asks, and prints one line for each contender."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--contender", action="append")
    chosen = parser.parse_args()
    run = open_run(chosen.run)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bakeoff", "serve", str(chosen.run.resolve()), "--port", str(port)]
        begun = time.perf_counter()
        server = subprocess.Popen([*command, "--deployments", folder], stderr=subprocess.DEVNULL)
        try:
            health = wait_for(f"http://127.0.0.1:{port}/health", server)
            print(f"answers after {time.perf_counter() - begun:.1f} s; the sums are equal: {health['same']}")
            same = [
                compare(run, name, chosen.questions, f"http://127.0.0.1:{port}/v1/chat/completions")
                for name in chosen.contender or run.contenders
            ]
        finally:
            server.terminate()
            server.wait()
    sys.exit(0 if all(same) else 1)


def wait_for(url: str, server: subprocess.Popen[bytes]) -> dict[str, object]:
    """What /health says, as soon as it says anything."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=60) as reply:
                health: dict[str, object] = json.load(reply)
                return health
        except OSError:
            time.sleep(0.05)
    sys.exit("the server has stopped: run `bakeoff serve` by hand to see why")


def compare(run: Run, name: str, n: int, url: str) -> bool:
    """Whether the contender's first n answers are those that were measured. Prints what differs."""
    texts = {question.id: question.text for question in run.folder.questions()}
    measured = [answer for answer in run.answers(name) if answer.error is None][:n]
    n_same = 0
    for answer in measured:
        expected = ("" if answer.abstained else answer.text, answer.abstained)
        served = ask(url, name, texts[answer.question_id])
        n_same += served == expected
        if served != expected:
            print(f"  {texts[answer.question_id]!r}: measured {expected}, served {served}")
    print(f"{name}: {n_same} of {len(measured)} answers are equal", flush=True)
    return n_same == len(measured)


def ask(url: str, model: str, question: str) -> tuple[str, bool]:
    """The text that the measures would grade, and whether the contender declined."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": question}]}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as reply:
        answer = json.load(reply)["bakeoff"]
    return answer["answer"], answer["abstained"]


if __name__ == "__main__":
    main()
