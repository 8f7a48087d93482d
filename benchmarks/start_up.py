"""Start-up time of `import bakeoff`, `bakeoff --help`, `bakeoff report`, `bakeoff serve` and plain Python.

    python benchmarks/start_up.py [RUN] [--serve CONTENDER]

Prints the fastest of several runs in seconds and, for each command, the time in addition to plain Python. With a
finished run folder, also for `bakeoff report RUN`. With `--serve`, only for `bakeoff serve RUN -c CONTENDER` from a
deployment that exists: from the start of the process to the first reply of /health, and to the end of the first answer,
each of the starts and their median.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

ROUNDS = 5
QUESTION = "How long is the Tide Valve under warranty?"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--serve", metavar="CONTENDER")
    options = parser.parse_args()
    if options.serve:
        serve(options.run.resolve(), options.serve)
        return
    commands = {
        "bare Python": ["-c", "pass"],
        "import bakeoff": ["-c", "import bakeoff"],
        "import bakeoff, bakeoff.records": ["-c", "import bakeoff, bakeoff.records"],
        "bakeoff --help": ["-m", "bakeoff", "--help"],
    }
    if options.run:
        commands[f"bakeoff report {options.run}"] = ["-m", "bakeoff", "report", str(options.run)]
    bare = fastest(commands["bare Python"])
    for name, arguments in commands.items():
        seconds = fastest(arguments)
        print(f"{name}: {seconds:.2f} s ({seconds - bare:+.2f} s)")


def fastest(arguments: list[str]) -> float:
    """The minimum of several runs, in seconds, because other work on the machine can only slow a run down."""
    return min(once(arguments) for _ in range(ROUNDS))


def once(arguments: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - begun


def serve(run: Path, contender: str) -> None:
    """Starts a server ROUNDS times after one start that makes the deployment and warms the caches. Prints the times."""
    with TemporaryDirectory() as folder:
        started(run, contender, folder)
        times = [started(run, contender, folder) for _ in range(ROUNDS)]
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"bakeoff serve {run.name} -c {contender}; load {load}")
    for name, seconds in zip(("first reply of /health", "first answer"), zip(*times, strict=True), strict=True):
        each = ", ".join(f"{value:.2f}" for value in seconds)
        print(f"{name}: {each} s; median {statistics.median(seconds):.2f} s")


def started(run: Path, contender: str, deployments: str) -> tuple[float, float]:
    """Seconds from the start of the process to the first reply of /health, and to the end of the first answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bakeoff", "serve", str(run), "-c", contender, "--port", str(port)]
    begun = time.perf_counter()
    server = subprocess.Popen([*command, "--deployments", deployments], stderr=subprocess.DEVNULL)
    try:
        while not replies(f"http://127.0.0.1:{port}/health"):
            if server.poll() is not None:
                sys.exit("the server has stopped: run `bakeoff serve` by hand to see why")
            time.sleep(0.02)
        healthy = time.perf_counter() - begun
        asked = {"model": contender, "messages": [{"role": "user", "content": QUESTION}]}
        replies(f"http://127.0.0.1:{port}/v1/chat/completions", json.dumps(asked).encode())
        return healthy, time.perf_counter() - begun
    finally:
        server.terminate()
        server.wait()


def replies(url: str, body: bytes | None = None) -> bool:
    """Whether somebody answers at this address. Raises HTTPError if it is an error."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as reply:
            return bool(reply.read())
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False


if __name__ == "__main__":
    main()
