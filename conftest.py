"""Shared by all tests and by the doctests of src: no network beyond this machine; no doctests are sought in tests/."""

import signal
import socket
from collections.abc import Generator
from pathlib import Path

import pytest

LOCAL = ("127.0.0.1", "::1", "localhost")
SOURCE = Path(__file__).parent / "src"


def pytest_configure() -> None:
    """Signals do what they do in a terminal, for the tests and what they start: a background job ignores some."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches beyond this machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in LOCAL:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Doctests are those of src, and only a module that has some is imported for them: most engines stay unloaded."""
    collectors = yield
    if not collectors or (file_path.is_relative_to(SOURCE) and ">>> " in file_path.read_text(encoding="utf-8")):
        return collectors
    return [collector for collector in collectors if type(collector).__name__ != "DoctestModule"]
