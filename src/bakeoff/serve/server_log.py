"""What the server itself reports on stderr: its start and stop, each request, errors. One line each.

JSON for programs, short lines for people. It holds neither texts of questions and answers nor keys: those of an
operator's log collector are not the place for them (`log.py` keeps texts, on this machine only).
"""

import json
import logging
import os
import sys
import traceback
from asyncio import CancelledError
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Thread
from typing import Any, Literal

from bakeoff.credentials import without_credentials
from bakeoff.errors import ContenderError
from bakeoff.serve.guard.request_id import current_request_id

Form = Literal["json", "text"]
MOST_CHARACTERS = 300
"""Longer values are cut: a client chooses its path."""
MOST_WAITING = 10_000
_LINES = ("traceback",)
_BARE = ("request_id", *_LINES)


def form_for(wanted: str) -> Form:
    """'json' or 'text' as wanted; for 'auto', text if stderr is a terminal."""
    if wanted == "auto":
        return "text" if sys.stderr.isatty() else "json"
    return "json" if wanted == "json" else "text"


def to_stderr(line: bytes) -> None:
    """Writes a line. A full disk or a closed pipe behind stderr does not stop the server: the line is lost."""
    with suppress(OSError, ValueError):
        os.write(sys.stderr.fileno(), line)


class Background:
    """Writes lines in a thread of its own, so that a log collector that does not read holds nobody up.

    At most MOST_WAITING lines wait; further ones are dropped, and `n_dropped` counts them.
    """

    def __init__(self, write: Callable[[bytes], None] = to_stderr) -> None:
        self.n_dropped = 0
        self._write = write
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="bakeoff-lines", daemon=True)
        self._thread.start()

    def __call__(self, line: bytes) -> None:
        if self._waiting.qsize() < MOST_WAITING:
            self._waiting.put(line)
        else:
            self.n_dropped += 1

    def close(self, seconds: float = 2.0) -> None:
        """Waits until what was given is written, at most these seconds."""
        self._waiting.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (line := self._waiting.get()) is not None:
            self._write(line)


class ServerLog:
    """Writes lines. Threads can share it."""

    def __init__(self, form: Form, write: Callable[[bytes], None]) -> None:
        self.form = form
        self._write = write

    def line(self, event: str, level: str = "info", **fields: Any) -> None:
        """One line. Fields that are None or empty are left out."""
        shown = {name: _short(name, value) for name, value in fields.items() if value not in (None, "")}
        now = datetime.now(UTC)
        if self.form == "json":
            values = {"time": now.isoformat(timespec="milliseconds"), "level": level, "event": event, **shown}
            text = json.dumps(values, default=str)
        else:
            text = f"{now.astimezone():%H:%M:%S} {_for_people(event, level, shown)}"
        self._write(text.encode("utf-8", "replace") + b"\n")

    def error(self, event: str, error: BaseException, **fields: Any) -> None:
        """An error with its traceback."""
        self.line(event, "error", request_id=current_request_id(), **fields, traceback=trace(error))


class Forwarding(logging.Handler):
    """Warnings and errors of libraries as lines of the server's log, with the id of the request that they are about."""

    def __init__(self, log: ServerLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage().strip()
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, CancelledError):
            self._log.line("cut off", "warning", request_id=current_request_id(), reason="the server stopped")
        elif error is not None:
            self._log.error("error", error, source=record.name, message=message)
        else:
            level = record.levelname.lower()
            self._log.line("message", level, request_id=current_request_id(), source=record.name, message=message)


def trace(error: BaseException) -> str:
    """The traceback of an error and of those that caused it, the last one at the end.

    Without the message of a ValueError or a KeyError (and of their kinds): such messages quote values, and so texts.
    That of a ContenderError quotes another error's.
    """
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(parts) < 10:
        quotes = isinstance(cause, ValueError | LookupError | ContenderError)
        name = f"{type(cause).__module__}.{type(cause).__qualname__}".removeprefix("builtins.")
        frames = "".join(traceback.format_tb(cause.__traceback__))
        parts.append(f"{frames}{name}" + ("" if quotes or not str(cause) else f": {cause}"))
        cause = _before(cause)
    return "\n".join(reversed(parts))


def _before(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _short(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    shown = without_credentials(value)
    return f"{shown[:MOST_CHARACTERS]}..." if name not in _LINES and len(shown) > MOST_CHARACTERS else shown


def _for_people(event: str, level: str, fields: dict[str, Any]) -> str:
    """A line for a terminal; nothing in it can move the cursor or begin another line, except a traceback's lines."""
    request_id = fields.get("request_id") if level != "info" else None
    words = [event] if event != "request" else []
    words += [_word(name, value) for name, value in fields.items() if name not in _BARE]
    mark = "" if level == "info" else f"{level.upper()} "
    line = mark + " ".join(words) + (f" (request {request_id})" if request_id else "")
    return "\n".join([line, *(fields[name] for name in _LINES if name in fields)])


def _word(name: str, value: Any) -> str:
    text = "".join(character if character.isprintable() else "?" for character in str(value))
    if name in ("method", "path", "status", "contender", "outcome", "message"):
        return text
    return f"{text} {name}" if name in ("ms", "bytes") else f"{name}={text}"
