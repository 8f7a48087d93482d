"""A server in a process of its own: `bakeoff serve`, as a person starts it."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.end_to_end.small import environment


class Server:
    """A server of its own process, of the run `planets` in a folder. `url` is its address.

    `limits` are set in the process before it starts, `more` are further variables of its environment.
    """

    def __init__(self, folder: Path, *arguments: str, limits: Callable[[], None] | None = None, **more: str) -> None:
        self.port = free_port()
        self._lines = folder / f"stderr-{self.port}.txt"
        self.url = f"http://127.0.0.1:{self.port}"
        with self._lines.open("a") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bakeoff", "serve", "planets", "--port", str(self.port), *arguments],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env={**environment(), **more},
                preexec_fn=limits,
            )

    def wait(self) -> "Server":
        """Until it answers."""
        while self.process.poll() is None:
            with contextlib.suppress(OSError):
                self.get("/health")
                return self
            time.sleep(0.05)
        raise AssertionError(self.said())

    def get(self, path: str) -> dict:
        with urllib.request.urlopen(self.url + path, timeout=30) as reply:
            return json.load(reply)

    def ask(self, question: str, model: str) -> dict:
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": question}]}).encode()
        request = urllib.request.Request(self.url + "/v1/chat/completions", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def stop(self, sig: int = signal.SIGTERM) -> tuple[int, str]:
        """Its exit status and what it said."""
        self.process.send_signal(sig)
        self.process.wait(timeout=60)
        return self.process.returncode, self.said()

    def said(self) -> str:
        """What it has written to stderr."""
        return self._lines.read_text(encoding="utf-8")

    def lines(self) -> list[dict]:
        """What it has written to stderr, in JSON."""
        return [json.loads(line) for line in self.said().splitlines()]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
