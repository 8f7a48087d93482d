"""A served run under load: 50 clients for ten minutes, on a model that answers by a script, or on a run's own.

    python benchmarks/serve_load.py [--run RUN] [--minutes 10] [--clients 50] [--pause 0.5] [--json FILE]

Makes a small run of its own, or takes the folder RUN with its test questions and its winner. Serves it with
`bakeoff serve` (retrieval, citations, log and guards included), and lets each client ask one question after another,
streamed and not in turn, with a pause between. Prints the number of answers and errors, answers per second, p50 and
p95 of the time to an answer and to its first token, and the memory of the server after the warm-up (the first tenth
of the time) and at the end, as `/metrics` says. An error is any status but 200 and, on the run of its own, any answer
without its text. Run it from the repository: it takes the run from `tests/`.
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.end_to_end.small import PLANETS, environment, make
from tests.torture.clients import Question, memory, quantile, together

import bakeoff

WARM_UP = 0.1
"""The share of the time after which the memory is read first."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="a finished run; by default a small one on a scripted model")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two questions of a client")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        if options.run:
            run = bakeoff.open_run(options.run)
            questions = [(question.text, "") for question in run.folder.questions() if question.split == "test"]
        else:
            run = bakeoff.run(make(folder, contenders=["rag"]), runs=folder / "runs")
            questions = [(f"How long is a year on {planet}?", facts[0]) for planet, facts in PLANETS.items()]
        figures = asyncio.run(load(folder, run, questions, options))
    for key, value in figures.items():
        print(f"{key:<22}{value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


async def load(
    folder: Path, run: bakeoff.Run, questions: list[Question], options: argparse.Namespace
) -> dict[str, object]:
    """Serves the run, lets the clients ask, and gives the figures."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "bakeoff",
        "serve",
        str(run.folder.root.resolve()),
        "--port",
        str(port),
        "--per-minute",
        "1000000",
    ]
    lines = (folder / "stderr.jsonl").open("wb")
    server = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=lines)
    try:
        await until_ready(port)
        seconds = 60 * options.minutes
        asking = asyncio.ensure_future(
            together(port, run.best.contender, questions, options.clients, seconds, options.pause)
        )
        await asyncio.sleep(WARM_UP * seconds)
        before = await memory(port)
        measured = await asking
        after = await memory(port)
    finally:
        server.terminate()
        status = server.wait()
    answered = [reply for reply in measured if not reply.problem]
    return {
        "minutes": options.minutes,
        "clients": options.clients,
        "answers": len(measured),
        "errors": sum(reply.problem != "" for reply in measured),
        "first errors": sorted({reply.problem for reply in measured if reply.problem})[:3],
        "answers per second": round(len(measured) / seconds, 1),
        "ms to an answer": quantiles([reply.seconds for reply in answered]),
        "ms to the first token": quantiles(
            [reply.first_s for reply in measured if not reply.problem and reply.first_s]
        ),
        "MiB after warm-up": round(before / 2**20, 1),
        "MiB at the end": round(after / 2**20, 1),
        "growth": f"{after / before - 1:+.1%}",
        "exit code": status,
        "load of the machine": f"{os.getloadavg()[1]:.1f} on {os.cpu_count()} cores",
    }


async def until_ready(port: int) -> None:
    """Until the server answers."""
    while True:
        try:
            await memory(port)
            return
        except OSError:
            await asyncio.sleep(0.2)


def quantiles(seconds: list[float]) -> str:
    """p50 and p95 in milliseconds."""
    p50, p95 = quantile(seconds, 0.5), quantile(seconds, 0.95)
    return f"p50 {p50:.1f}, p95 {p95:.1f}"


if __name__ == "__main__":
    main()
