"""Connections for uvicorn that close on clients who send nothing, send their request too slowly, or stop reading.

Takes limits, gives the class for `uvicorn.Config(http=...)`. Hundreds of silent connections cost a good client nothing:
the ones that have been silent longest are closed first. Knows nothing about requests; importing it loads uvicorn.
Source: "Slowloris" attacks; RFC 9112, section 9.5 (a server may close an idle connection at any time).
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from bakeoff.records import Record


class ConnectionLimits(Record):
    """A request's head must arrive within `head_s`, and a client must read within `write_s` what is sent to it.

    At most `max_silent` connections may be open without a request in progress.
    """

    head_s: float = 10.0
    write_s: float = 30.0
    max_silent: int = 256


def connection_class(limits: ConnectionLimits) -> type[H11Protocol]:
    """The protocol of a server with these limits. Each call gives a class that counts its own connections."""
    silent: dict[H11Protocol, None] = {}  # the one that has been silent longest is first

    class LimitedConnection(H11Protocol):
        _head_timer: asyncio.TimerHandle | None = None
        _write_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._expect_head()
            self._note_silence()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._is_answering():
                silent.pop(self, None)
                self._stop_head_timer()
            elif not self.transport.is_closing():
                self._expect_head()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if not self._is_answering():
                self._note_silence()

        def connection_lost(self, exc: Exception | None) -> None:
            silent.pop(self, None)
            self._stop_head_timer()
            self._stop_write_timer()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._write_timer = self._write_timer or self.loop.call_later(limits.write_s, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._stop_write_timer()

        def _stop_head_timer(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

        def _stop_write_timer(self) -> None:
            if self._write_timer is not None:
                self._write_timer.cancel()
                self._write_timer = None

        def _is_answering(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _expect_head(self) -> None:
            self._head_timer = self._head_timer or self.loop.call_later(limits.head_s, self.timeout_keep_alive_handler)

        def _note_silence(self) -> None:
            silent[self] = None
            if len(silent) > limits.max_silent:
                longest = next(iter(silent))
                del silent[longest]
                longest.timeout_keep_alive_handler()

    return LimitedConnection
