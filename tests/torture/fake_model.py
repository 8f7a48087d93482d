"""A model behind OpenAI's protocol, in a process of its own: it answers after a fixed time, and notes who leaves.

    python -m tests.torture.fake_model SECONDS [PORT]

Prints its port. Answers by the passages of its prompt. Streams begin at once, with --late only when the answer is
complete, as many servers do while a request waits for its turn. `GET /state` gives what runs and when clients left, by
the clock that all processes share.
"""

import argparse
import asyncio
import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

from tests.end_to_end.small import REPOSITORY, environment

N_WORDS = 10
"""Words of an answer to a question that asks for a long one."""
LOOK_EVERY_S = 0.05
STREAM = "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked"


def read(messages: list[dict[str, str]]) -> str:
    """The days or the colour of the planet that the question names, if a passage says them."""
    *passages, question = messages[-1]["content"].split("\n")
    found = re.search(r"in (\d+ days)|sky is (\w+)", "\n".join(passages))
    return (found.group(1) or found.group(2)) if found and "discovered" not in question else "I don't know."


class FakeModel:
    """A running one, seen from the process that started it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.settings = {"api": "openai", "base_url": f"http://127.0.0.1:{port}/v1", "model": "m", "concurrency": 64}

    def state(self) -> dict[str, Any]:
        """`running`, `most` at once, `served_s` of each answer, and how requests `ended`.

        That is: the prompt's end, whether it was answered (or the client left), and when.
        """
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/state", timeout=30) as reply:
            state: dict[str, Any] = json.load(reply)
            return state


@contextlib.contextmanager
def fake_model(seconds: float, port: int = 0, is_late: bool = False) -> Iterator[FakeModel]:
    """One that runs until the block ends."""
    command = [sys.executable, "-m", "tests.torture.fake_model", str(seconds), str(port), *["--late"][: int(is_late)]]
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield FakeModel(int(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


class _Model:
    """The server. `seconds` is the time of every answer."""

    def __init__(self, seconds: float, is_late: bool) -> None:
        self._seconds, self._is_late = seconds, is_late
        self._running = self._most = 0
        self._served_s, self._ended = list[float](), list[tuple[str, bool, float]]()

    async def serve(self, port: int) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", port, backlog=1024)
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = re.search(r"(?im)^content-length: *(\d+)", head)
                content = await reader.readexactly(int(length[1]) if length else 0)
                if head.startswith("GET"):
                    _write_object(writer, self._state())
                elif not await self._answer(reader, writer, json.loads(content)):
                    break
                await writer.drain()
                if "\r\nConnection: close\r\n" in head:
                    break
        writer.close()

    def _state(self) -> dict[str, Any]:
        return {
            "running": self._running,
            "served_s": self._served_s,
            "ended": self._ended,
            "most": self._most,
        }

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
        """Writes an answer; False if the client left before its end."""
        begun = time.monotonic()
        self._running += 1
        self._most = max(self._most, self._running)
        gone = asyncio.ensure_future(_until_left(reader))
        work = asyncio.ensure_future(self._written(writer, body))
        try:
            await asyncio.wait([gone, work], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                self._served_s.append(time.monotonic() - begun)
            self._ended.append((body["messages"][-1]["content"][-100:], work.done(), time.monotonic()))
            return work.done()
        finally:
            self._running -= 1
            for task in (gone, work):
                task.cancel()
            await asyncio.wait([gone, work])

    async def _written(self, writer: asyncio.StreamWriter, body: dict[str, Any]) -> None:
        text = read(body["messages"])
        if not body.get("stream"):
            await asyncio.sleep(self._seconds)
            usage = {"prompt_tokens": 9, "completion_tokens": 9}
            choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            _write_object(writer, {"model": "m", "choices": [choice], "usage": usage})
            return
        words = [text, *[""] * (N_WORDS - 1)]
        due = time.monotonic()
        if self._is_late:
            await asyncio.sleep(self._seconds)
        writer.write(f"HTTP/1.1 200 OK\r\n{STREAM}\r\n\r\n".encode())
        for word in words:
            if not self._is_late:
                due += self._seconds / N_WORDS
                await asyncio.sleep(due - time.monotonic())
            _write_event(writer, {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
        _write_event(writer, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")


async def _until_left(reader: asyncio.StreamReader) -> None:
    """Looks, and reads nothing: what comes may be the next request."""
    while not reader.at_eof() and reader.exception() is None:
        await asyncio.sleep(LOOK_EVERY_S)


def _write_object(writer: asyncio.StreamWriter, value: dict[str, Any]) -> None:
    content = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    writer.write(head.encode() + content)


def _write_event(writer: asyncio.StreamWriter, value: dict[str, Any]) -> None:
    content = f"data: {json.dumps(value)}\n\n".encode()
    writer.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=float)
    parser.add_argument("port", type=int, nargs="?", default=0)
    parser.add_argument("--late", action="store_true")
    options = parser.parse_args()
    asyncio.run(_Model(options.seconds, options.late).serve(options.port))
