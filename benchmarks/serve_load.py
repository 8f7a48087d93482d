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
import random
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.end_to_end.small import PLANETS, environment, make

import bakeoff

Question = tuple[str, str]
"""A question, and a text that its answer must hold."""
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
        end = time.monotonic() + seconds
        clients = [
            asyncio.create_task(client(port, run.best.contender, questions, i, end, options.pause))
            for i in range(options.clients)
        ]
        await asyncio.sleep(WARM_UP * seconds)
        before = await memory(port)
        measured = [answer for answers in await asyncio.gather(*clients) for answer in answers]
        after = await memory(port)
    finally:
        server.terminate()
        status = server.wait()
    return {
        "minutes": options.minutes,
        "clients": options.clients,
        "answers": len(measured),
        "errors": sum(problem != "" for problem, *_ in measured),
        "first errors": sorted({problem for problem, *_ in measured if problem})[:3],
        "answers per second": round(len(measured) / seconds, 1),
        "ms to an answer": quantiles([whole for problem, _, whole in measured if not problem]),
        "ms to the first token": quantiles([first for problem, first, _ in measured if not problem and first]),
        "MiB after warm-up": round(before / 2**20, 1),
        "MiB at the end": round(after / 2**20, 1),
        "growth": f"{after / before - 1:+.1%}",
        "exit code": status,
        "load of the machine": f"{os.getloadavg()[1]:.1f} on {os.cpu_count()} cores",
    }


async def client(
    port: int, model: str, questions: list[Question], seed: int, end: float, pause_s: float
) -> list[tuple[str, float, float]]:
    """Of each question: the problem ('' for none), seconds to the first token (0 unless streamed) and to the end."""
    chance, answers = random.Random(seed), []
    await asyncio.sleep(chance.uniform(0, pause_s))
    while time.monotonic() < end:
        answers.append(await ask(port, model, *chance.choice(questions), stream=len(answers) % 2 == 0))
        await asyncio.sleep(pause_s)
    return answers


async def ask(port: int, model: str, question: str, expected: str, stream: bool) -> tuple[str, float, float]:
    """One question over a connection of its own."""
    messages = [{"role": "user", "content": question}]
    body = json.dumps({"model": model, "stream": stream, "messages": messages})
    begun, first_s, received = time.perf_counter(), 0.0, b""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        while piece := await reader.read(65_536):
            received += piece
            if stream and not first_s and b'"content":"' in received.replace(b'"content":""', b""):
                first_s = time.perf_counter() - begun
        writer.close()
    except OSError as error:
        return f"{type(error).__name__}: {error}", 0.0, 0.0
    seconds = time.perf_counter() - begun
    if not received.startswith(b"HTTP/1.1 200 "):
        return received[:80].decode("latin-1"), first_s, seconds
    text = "".join(json.loads(f'"{part}"') for part in re.findall(r'"content":"((?:[^"\\]|\\.)*)"', received.decode()))
    return "" if expected in text else f"no {expected!r} in {text[:40]!r}", first_s, seconds


async def until_ready(port: int) -> None:
    """Until the server answers."""
    while True:
        try:
            await memory(port)
            return
        except OSError:
            await asyncio.sleep(0.2)


async def memory(port: int) -> int:
    """The memory of the server in bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    match = re.search(r"^process_resident_memory_bytes (\d+)", text, re.MULTILINE)
    if match is None:
        raise OSError("no metrics")
    return int(match[1])


def quantiles(seconds: list[float]) -> str:
    """p50 and p95 in milliseconds."""
    ordered = sorted(seconds) or [0.0]
    p50, p95 = (1000 * ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95))
    return f"p50 {p50:.1f}, p95 {p95:.1f}"


if __name__ == "__main__":
    main()
