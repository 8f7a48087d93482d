"""What the server adds to a model's own time: 32 streams at once on a fake model with a fixed pace.

    python benchmarks/serve_overhead.py [--streams 32] [--rounds 4] [--burst] [--json FILE]
    python benchmarks/serve_overhead.py --run RUN [--contender hybrid] [--rounds 4]

The fake model writes its first token after 100 ms and then one every 20 ms. The same streams are read in three ways:

- in process: each by a thread, without HTTP. This is the fake's own time.
- bare: through a socket server of twenty lines that only passes the tokens on, in a process of its own, read by a
  client in a third process. On a busy machine most of what HTTP costs is waiting for the processor, here too.
- served: in the same way through the application, guards, log and connections of `bakeoff serve`.

Each client asks again when its stream has ended; the clients begin spread over one stream's time, or with --burst all
in the same moment, every round. A token is the moment at which it was written (all processes share one clock), so each
arrival is compared with its own token. Prints p50 and p95, the overhead over the fake's own time, and the processor
time of both servers, which depends little on what else the machine does.

With --run, a real model instead of the fake one: the time to the first token of a contender of a finished run, served
by `bakeoff serve` and in process (`run.stream`), one question at a time, in turns; and the ratio of the medians. The
first round warms up, so both know the prompts: it is what the server adds that counts.
"""

import argparse
import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

N_TOKENS = 50
PACE_S = 0.02
FIRST_S = 0.1
"""The fake model's time until its first token, as retrieval and the reading of a prompt take."""


class Paced:
    """An `Answering` whose only contender writes a token every PACE_S. A token is the moment when it was written."""

    models = ("paced",)
    created = 1_700_000_000
    embedder = None
    rewriter = None

    def may_answer(self, model, labels) -> bool:
        return True

    def answer(self, asked, labels) -> Iterator:
        from bakeoff.records import Answer, Usage

        text, due = "", time.monotonic() + FIRST_S
        for _ in range(N_TOKENS):
            time.sleep(max(0.0, due - time.monotonic()))
            due += PACE_S
            token = f"{time.monotonic():.6f} "
            text += token
            yield token
        yield Answer(question_id="a", contender="paced", text=text, usage=Usage(completion_tokens=N_TOKENS))

    def versions(self, answer) -> Mapping[str, int]:
        return {}

    def numbered(self, answer):
        return ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--burst", action="store_true", help="all clients begin each round in the same moment")
    parser.add_argument("--run", type=Path, help="a finished run: the time to its first token instead")
    parser.add_argument("--contender", default="hybrid", help="with --run")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--serve", nargs=2, metavar=("KIND", "FD"), help=argparse.SUPPRESS)
    parser.add_argument("--read", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        SERVERS[options.serve[0]](int(options.serve[1]))
    elif options.read:
        print(json.dumps(asyncio.run(read_all(options.read, options.streams, options.rounds, options.burst))))
    elif options.run:
        first_tokens(options.run.resolve(), options.contender, options.rounds)
    else:
        compare(options)


def compare(options: argparse.Namespace) -> None:
    """Measures all ways and prints them side by side."""
    how = "in bursts" if options.burst else "spread"
    print(f"{options.streams} streams at once, {options.rounds} rounds, {how}; load {load()}")
    read = {"in process": [stream for _ in range(options.rounds) for stream in in_process(options.streams)]}
    figures: dict[str, dict] = {"processor, ms per token": {}}
    for kind in SERVERS:
        read[kind], seconds = through(kind, options)
        n_tokens = (options.rounds + 1) * options.streams * N_TOKENS
        figures["processor, ms per token"][kind] = round(1000 * seconds / n_tokens, 3)
    for name, values in MEASURES.items():
        rows = {way: quantiles(values(streams)) for way, streams in read.items()}
        figures[name] = rows
        print(f"\n{name + ', ms':<40}{'p50':>8}{'p95':>8}{'over the own p50':>20}{'p95':>8}")
        for way, (p50, p95) in rows.items():
            own = rows["in process"]
            print(f"  {way:<38}{p50:>8.2f}{p95:>8.2f}{p50 - own[0]:>20.2f}{p95 - own[1]:>8.2f}")
    print("\nprocessor time of the server, ms per token:", figures["processor, ms per token"])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


Arrivals = list[tuple[float, float]]
"""Of one stream: the moment when it was asked with that moment again, then for each token when written, when read."""


def to_first(streams: list[Arrivals]) -> list[float]:
    return [stream[1][1] - stream[0][1] for stream in streams]


def delays(streams: list[Arrivals]) -> list[float]:
    return [read - written for stream in streams for written, read in stream[1:]]


def between(streams: list[Arrivals]) -> list[float]:
    """The time between two tokens as read. The model's own is PACE_S."""
    return [later[1] - earlier[1] for stream in streams for earlier, later in pairwise(stream[1:])]


MEASURES = {
    "to the first token": to_first,
    "between tokens": between,
    "from written to read, each token": delays,
}


def quantiles(seconds: list[float]) -> list[float]:
    """p50 and p95 in milliseconds."""
    ordered = sorted(seconds)
    return [1000 * ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95)]


def in_process(n_streams: int) -> list[Arrivals]:
    """The fake's own time: each stream read by a thread, without a server."""
    from bakeoff.serve.answering import Asked

    streams: list[Arrivals] = [[] for _ in range(n_streams)]

    def read(stream: Arrivals, i: int) -> None:
        asked = Asked(id=f"a{i}", model="paced", question="q", typed="q")
        stream.append((time.monotonic(),) * 2)
        for item in Paced().answer(asked, None):
            if isinstance(item, str):
                stream.append((float(item), time.monotonic()))

    threads = [threading.Thread(target=read, args=(stream, i)) for i, stream in enumerate(streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return streams


def through(kind: str, options: argparse.Namespace) -> tuple[list[Arrivals], float]:
    """The same through a server of this kind, and the seconds of processor time that it took after its start.

    The server and the client are processes of their own.
    """
    read_end, write_end = os.pipe()
    server = subprocess.Popen([sys.executable, __file__, "--serve", kind, str(write_end)], pass_fds=[write_end])
    os.close(write_end)
    try:
        with os.fdopen(read_end) as pipe:
            url = pipe.readline().strip()
        arguments = ["--read", url, "--streams", str(options.streams), "--rounds", str(options.rounds)]
        arguments += ["--burst"] if options.burst else []
        before = processor_s(server.pid)
        done = subprocess.run([sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True)
        after = processor_s(server.pid)
    finally:
        server.terminate()
        server.wait()
    return json.loads(done.stdout), after - before


def processor_s(pid: int) -> float:
    """The processor time of a process so far. Linux only; 0 elsewhere. Source: proc(5), fields 14 and 15 of stat."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def listening(write_end: int) -> socket.socket:
    """A socket that listens; its address is written to the pipe."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    with os.fdopen(write_end, "w") as pipe:
        pipe.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    return listener


def serve_bare(write_end: int) -> None:
    """Passes on the tokens of the fake, whose threads hand them to asyncio, and does nothing else."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        loop, tokens = asyncio.get_running_loop(), asyncio.Queue()

        def write() -> None:
            for item in Paced().answer(None, None):
                loop.call_soon_threadsafe(tokens.put_nowait, item)

        threading.Thread(target=write, daemon=True).start()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while isinstance(token := await tokens.get(), str):
            chunk = {"choices": [{"delta": {"content": token}}]}
            writer.write(f"data: {json.dumps(chunk)}\n\n".encode())
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, sock=listening(write_end))
        await server.serve_forever()

    asyncio.run(run())


def serve_ours(write_end: int) -> None:
    """Serves the fake as `bakeoff serve` serves a run, and writes the address to the pipe."""
    from starlette.applications import Starlette

    from bakeoff.serve.guard.bearer import holder_of
    from bakeoff.serve.guard.guarded import access_of, guarded
    from bakeoff.serve.guard.rate import Rate
    from bakeoff.serve.keys import KeyFile
    from bakeoff.serve.metrics import Metrics
    from bakeoff.serve.openai.routes import OpenAiApi, exception_handlers
    from bakeoff.serve.request_log import RequestLog
    from bakeoff.serve.running import serve_until_stopped
    from bakeoff.serve.server_log import Background, ServerLog

    metrics, lines = Metrics(), ServerLog("json", Background(lambda line: None))
    api = OpenAiApi(Paced(), lambda request: holder_of(request.scope), observer=metrics)
    app = Starlette(routes=[*api.routes(), metrics.route(lambda request: holder_of(request.scope))])
    for kind, handler in exception_handlers().items():
        app.add_exception_handler(kind, handler)
    with TemporaryDirectory() as folder:
        access = access_of("127.0.0.1", KeyFile(Path(folder) / "keys.jsonl"), rate=Rate(per_minute=1e9, burst=10**9))
        wrapped = guarded(app, access, lambda inner: RequestLog(inner, lines, metrics.requested))
        serve_until_stopped(wrapped, listening(write_end), 5.0, lines, lambda: None)


SERVERS = {"bare": serve_bare, "served": serve_ours}


async def read_all(url: str, n_streams: int, n_rounds: int, burst: bool) -> list[Arrivals]:
    """All streams of all rounds, after one round that warms up."""
    if burst:
        rounds = [await asyncio.gather(*(read_one(url) for _ in range(n_streams))) for _ in range(n_rounds + 1)]
        return [stream for streams in rounds[1:] for stream in streams]
    one_s = FIRST_S + N_TOKENS * PACE_S
    clients = await asyncio.gather(*(client(url, i / n_streams * one_s, n_rounds + 1) for i in range(n_streams)))
    return [stream for streams in clients for stream in streams[1:]]


async def client(url: str, wait_s: float, n: int) -> list[Arrivals]:
    """One stream after another, after a pause."""
    await asyncio.sleep(wait_s)
    return [await read_one(url) for _ in range(n)]


async def read_one(url: str) -> Arrivals:
    """One stream over a connection of its own, read as plain bytes: the client shall cost little."""
    host, port = url.removeprefix("http://").split(":")
    body = json.dumps({"model": "paced", "stream": True, "messages": [{"role": "user", "content": "What is written?"}]})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    arrivals: Arrivals = []
    reader, writer = await asyncio.open_connection(host, int(port))
    arrivals.append((time.monotonic(),) * 2)
    writer.write(f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    while line := await reader.readline():
        if line.startswith(b"data: {"):
            now = time.monotonic()
            delta = json.loads(line[6:])["choices"][0]["delta"]
            arrivals += [(float(token), now) for token in delta.get("content", "").split()]
    writer.close()
    assert len(arrivals) == N_TOKENS + 1, f"{len(arrivals) - 1} of {N_TOKENS} tokens arrived"
    return arrivals


N_QUESTIONS = 8


def first_tokens(folder: Path, contender: str, n_rounds: int) -> None:
    """Asks test questions served and in process, in turns, and prints both medians and their ratio."""
    from bakeoff.runs.run import open_run

    run = open_run(folder)
    texts = {question.id: question.text for question in run.folder.questions()}
    answered = [answer for answer in run.answers(contender) if answer.text and not answer.abstained]
    asked = [texts[answer.question_id] for answer in answered[:N_QUESTIONS]]

    def own(question: str) -> float:
        begun, pieces = time.perf_counter(), run.stream(question, contender=contender)
        next(pieces)
        seconds = time.perf_counter() - begun
        for _ in pieces:
            pass
        return seconds

    with socket.socket() as free, TemporaryDirectory() as deployments:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, "-m", "bakeoff", "serve", str(folder), "-c", contender, "--port", str(port)]
        server = subprocess.Popen([*command, "--deployments", deployments], stderr=subprocess.DEVNULL)
        try:
            wait_until_it_answers(port, server)
            figures: dict[str, list[float]] = {"served": [], "in process": []}
            for i in range(n_rounds + 1):
                for question in asked:
                    times = served_first(port, contender, question), own(question)
                    if i:  # the first round warms up
                        for seconds, way in zip(times, figures.values(), strict=True):
                            way.append(seconds)
        finally:
            server.terminate()
            server.wait()
    print(f"{contender} of {folder.name}: {len(asked)} questions, {n_rounds} rounds; load {load()}")
    p50 = {}
    for name, seconds in figures.items():
        p50[name], p95 = quantiles(seconds)
        print(f"to the first token, {name}: p50 {p50[name]:.0f} ms, p95 {p95:.0f} ms")
    print(f"ratio of the medians: {p50['served'] / p50['in process']:.2f}")


def wait_until_it_answers(port: int, server: subprocess.Popen[bytes]) -> None:
    """Until /health does."""
    while server.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/health")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("the server has stopped: run `bakeoff serve` by hand to see why")


def served_first(port: int, contender: str, question: str) -> float:
    """Seconds until the first piece of text of a stream has come. The rest is read too."""
    body = json.dumps({"model": contender, "stream": True, "messages": [{"role": "user", "content": question}]})
    connection, seconds = http.client.HTTPConnection("127.0.0.1", port, timeout=120), None
    begun = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    for line in connection.getresponse():
        if seconds is None and line.startswith(b"data: {"):
            choices = json.loads(line[6:])["choices"]
            if choices and choices[0]["delta"].get("content"):
                seconds = time.perf_counter() - begun
    connection.close()
    assert seconds is not None, f"no text came for {question!r}"
    return seconds


def load() -> str:
    """The load of the machine over the last minute, and its cores."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
