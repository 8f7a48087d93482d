"""Clients of a served run over plain sockets, which cost little: one question, or one after another for a time.

Takes a port and questions, gives what each reply was and how long it took. Knows nothing about what is measured.
"""

import asyncio
import json
import random
import re
import time
from collections.abc import Sequence
from typing import NamedTuple

Question = tuple[str, str]
"""A question, and a text that its answer must hold."""


class Reply(NamedTuple):
    """What became of a question: its status (0: no reply), what was wrong with it ('' for nothing), and its times.

    `begun` is by the monotonic clock; `first_s` is 0 unless it was streamed. `retry_after` is that header, '' if there
    was none.
    """

    status: int
    problem: str
    begun: float
    first_s: float
    seconds: float
    retry_after: str = ""


def request(model: str, question: str, stream: bool, earlier: Sequence[str] = ()) -> bytes:
    """The bytes of a question, on a connection that is closed after it. `earlier`: turns, the user's first."""
    turns = [*earlier, question]
    messages = [{"role": ("user", "assistant")[i % 2], "content": turn} for i, turn in enumerate(turns)]
    body = json.dumps({"model": model, "stream": stream, "messages": messages})
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


async def ask(port: int, model: str, question: str, expected: str, stream: bool) -> Reply:
    """One question over a connection of its own."""
    begun, first_s, received = time.monotonic(), 0.0, b""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(model, question, stream))
        while piece := await reader.read(65_536):
            received += piece
            if stream and not first_s and b'"content":"' in received.replace(b'"content":""', b""):
                first_s = time.monotonic() - begun
        writer.close()
    except OSError as error:
        return Reply(0, f"{type(error).__name__}: {error}", begun, 0.0, time.monotonic() - begun)
    seconds = time.monotonic() - begun
    head, _, body = received.partition(b"\r\n\r\n")
    status = int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else 0
    if status != 200:
        waits = re.search(rb"(?im)^retry-after: *(\S+)", head)
        retry_after = waits[1].decode() if waits else ""
        return Reply(status, received[:80].decode("latin-1"), begun, first_s, seconds, retry_after)
    text = "".join(json.loads(f'"{part}"') for part in re.findall(r'"content":"((?:[^"\\]|\\.)*)"', body.decode()))
    problem = "" if expected in text else f"no {expected!r} in {text[:40]!r}"
    return Reply(status, problem, begun, first_s, seconds)


async def client(
    port: int, model: str, questions: Sequence[Question], seed: int, end: float, pause_s: float
) -> list[Reply]:
    """One question after another until `end`, in turn streamed and not.

    Pauses between are random, so that clients do not ask in step: `pause_s` is their mean.
    """
    chance, replies = random.Random(seed), list[Reply]()
    await asyncio.sleep(chance.uniform(0, 2 * pause_s))
    while time.monotonic() < end:
        replies.append(await ask(port, model, *chance.choice(questions), stream=len(replies) % 2 == 0))
        await asyncio.sleep(chance.uniform(0, 2 * pause_s))
    return replies


async def together(
    port: int, model: str, questions: Sequence[Question], n: int, seconds: float, pause_s: float
) -> list[Reply]:
    """The replies of n clients that ask for so many seconds."""
    end = time.monotonic() + seconds
    asked = [client(port, model, questions, i, end, pause_s) for i in range(n)]
    return [reply for replies in await asyncio.gather(*asked) for reply in replies]


async def metric(port: int, name: str) -> float:
    """A figure that `/metrics` gives. Raises OSError if it does not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    match = re.search(rf"^{name} (\S+)", text, re.MULTILINE)
    if match is None:
        raise OSError(f"/metrics has no {name}")
    return float(match[1])


async def memory(port: int) -> float:
    """The memory of the server in bytes."""
    return await metric(port, "process_resident_memory_bytes")


def quantile(seconds: Sequence[float], share: float) -> float:
    """The value that this share of the values do not exceed, in milliseconds; 0 without values."""
    ordered = sorted(seconds) or [0.0]
    return 1000 * ordered[int(share * (len(ordered) - 1))]
