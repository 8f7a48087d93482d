"""Connections for uvicorn that close on clients who send nothing, send their request too slowly, or stop reading.

Takes limits, gives the class for `uvicorn.Config(http=...)`. Hundreds of silent connections cost a good client nothing:
the ones that have been silent longest are closed first. What is not an HTTP request gets an error object. Knows nothing
about requests; importing it loads uvicorn.
Source: "Slowloris" attacks; RFC 9112, section 9.5 (a server may close an idle connection at any time).
"""

import asyncio
import logging
import re
import sys
import uuid
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from bakeoff.records import Record
from bakeoff.serve.guard.asgi import error_body
from bakeoff.serve.guard.request_id import NAME as REQUEST_ID
from bakeoff.serve.guard.security_headers import HEADERS

TOO_LARGE = 431
"""The status for a head that is larger than the parser keeps (64 KiB). Source: RFC 6585, section 5."""
NOT_IMPLEMENTED = 501
"""The parser's status for a transfer encoding that it does not know. What a client sends is no fault of the server."""
LINGER_S = 2.0
"""A refused client may still be sending; closed at once, it would not read why. Source: RFC 9112, section 9.6."""
TINY, MOST_TINY = 64, 1000
"""A body may come in more than so many pieces only if they have so many bytes on average."""
CLOCK_S = 0.05
"""More than the resolution of an event loop's clock."""
MOST_AHEAD = 64 * 1024
"""Bytes of a next request that are kept while an answer is written."""
_QUOTE = re.compile(r":?\s*(?:bytearray\()?b?['\"]")
_ERRORS_ONLY = logging.getLogger("uvicorn.error.connections")
_ERRORS_ONLY.setLevel(logging.ERROR)  # what clients do wrong is told by `refused`

Refused = Callable[[int, str, str], None]
"""Called with the status, the reason and the id of a request that is not HTTP."""


class ConnectionLimits(Record):
    """A request's head must arrive within `head_s`, and a client must read within `write_s` what is sent to it.

    At most `max_silent` connections may be open without a request in progress, not counting those that were opened, or
    got their answer, within `new_s`: hundreds of good clients may come in the same moment. Of requests that were sent
    before the answer to the one before had come, `ahead_per_s` are begun a second, of all connections together: nobody
    needs to send ahead, and thousands at once would keep all others waiting for seconds.
    """

    head_s: float = 10.0
    write_s: float = 30.0
    max_silent: int = 256
    new_s: float = 1.0
    ahead_per_s: float = 200.0


def ignored(status: int, reason: str, request_id: str) -> None:
    """Tells nobody."""


def connection_class(limits: ConnectionLimits, refused: Refused = ignored) -> type[H11Protocol]:
    """The protocol of a server with these limits. Each call gives a class that counts its own connections."""
    silent: dict[H11Protocol, float] = {}  # since when; the one that has been silent longest is first

    def close_longest(loop: asyncio.AbstractEventLoop) -> None:
        """Those above the limit that are not new. Whatever has arrived by now was read before this is called."""
        while len(silent) > limits.max_silent and next(iter(silent.values())) <= loop.time() - limits.new_s:
            longest = next(iter(silent))
            del silent[longest]
            longest.timeout_keep_alive_handler()

    turn = _Turns(limits.ahead_per_s)

    class LimitedConnection(H11Protocol):
        _head_timer: asyncio.TimerHandle | None = None
        _write_timer: asyncio.TimerHandle | None = None
        _turn_timer: asyncio.TimerHandle | None = None
        _is_refused = _is_next_ahead = False
        _n_pieces = _n_bytes = 0

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._parsed = self.conn.next_event
            self.conn.next_event = self._next_event  # type: ignore[method-assign]

        def _next_event(self) -> Any:
            """The parser's next event. Each costs time, so a body may not come in a great many tiny pieces."""
            event = self._parsed()
            if isinstance(event, h11.Request):
                self._n_pieces = self._n_bytes = 0
            elif isinstance(event, h11.Data):
                self._n_pieces += 1
                self._n_bytes += len(event.data)
                if self._n_pieces > MOST_TINY and self._n_bytes < TINY * self._n_pieces:
                    raise h11.RemoteProtocolError("the pieces of the body are too small")
            return event

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.logger = _ERRORS_ONLY
            self._expect_head()
            self._note_silence()

        def data_received(self, data: bytes) -> None:
            if self._is_refused:
                return
            super().data_received(data)
            self._note_what_goes_on()

        def handle_events(self) -> None:
            """What the parser has. A request that was sent ahead waits for its turn first."""
            if self._turn_timer is not None:
                return
            if self._is_next_ahead:
                self._is_next_ahead = False
                if (wait_s := turn.wait_s(self.loop.time())) > 0:
                    self.flow.pause_reading()
                    self._turn_timer = self.loop.call_later(wait_s, self._take_turn)
                    return
            super().handle_events()

        def _take_turn(self) -> None:
            self._turn_timer = None
            if not self.transport.is_closing():
                self._unset_keepalive_if_required()
                self.flow.resume_reading()
                super().handle_events()
                self._note_what_goes_on()

        def _note_what_goes_on(self) -> None:
            if self._is_answering():
                silent.pop(self, None)
                self._stop_head_timer()
                self._watch_for_end()
            elif not self.transport.is_closing():
                self._expect_head()

        def send_400_response(self, msg: str) -> None:
            """Called while the parser's error is handled, also in the middle of a body."""
            self._is_refused = True
            status, reason = _wrong_with(sys.exception())
            request_id = uuid.uuid4().hex
            refused(status, reason, request_id)
            is_begun = self._is_answering()
            if is_begun:
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self._send_refusal(status, reason, request_id)
            if is_begun:
                self.transport.close()
            else:
                self.transport.write_eof()
                self.loop.call_later(LINGER_S, self.transport.close)

        def _send_refusal(self, status: int, reason: str, request_id: str) -> None:
            body = error_body(status, f"{reason}.", "headers_too_large" if status == TOO_LARGE else "invalid_http")
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
                (REQUEST_ID, request_id.encode()),
                *HEADERS,
            ]
            events = (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage())
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))

        def on_response_complete(self) -> None:
            self._is_next_ahead = self.conn.their_state is h11.DONE and bool(self.conn.trailing_data[0])
            super().on_response_complete()
            if not self._is_answering():
                self._note_silence()

        def connection_lost(self, exc: Exception | None) -> None:
            silent.pop(self, None)
            self._stop_head_timer()
            self._stop_write_timer()
            if self._turn_timer is not None:
                self._turn_timer.cancel()
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

        def _watch_for_end(self) -> None:
            """A client that sends its next request before it has its answer can still leave: that is only seen while
            reading, which uvicorn pauses."""
            if self.conn.their_state is h11.DONE and len(self.conn.trailing_data[0]) < MOST_AHEAD:
                self.flow.resume_reading()

        def _expect_head(self) -> None:
            self._head_timer = self._head_timer or self.loop.call_later(limits.head_s, self.timeout_keep_alive_handler)

        def _note_silence(self) -> None:
            silent[self] = self.loop.time()
            if len(silent) > limits.max_silent:
                self.loop.call_later(limits.new_s + CLOCK_S, close_longest, self.loop)

    return LimitedConnection


class _Turns:
    """So many a second, one after another."""

    def __init__(self, per_s: float) -> None:
        self._every_s, self._next = 1 / per_s, 0.0

    def wait_s(self, now: float) -> float:
        """How long whoever asks now has to wait."""
        at = max(self._next, now)
        self._next = at + self._every_s
        return at - now


def _wrong_with(error: BaseException | None) -> tuple[int, str]:
    """The status for a request that the parser refused, and its reason without the bytes that it quotes.

    >>> _wrong_with(h11.RemoteProtocolError("illegal header line: bytearray(b'Key sk-1')"))
    (400, 'The request is not valid HTTP: illegal header line')
    >>> _wrong_with(h11.RemoteProtocolError("Sorry", error_status_hint=501))[0]
    400
    """
    status = getattr(error, "error_status_hint", 400)
    if status == TOO_LARGE:
        return TOO_LARGE, "The head of the request is too large; 64 KiB are the most"
    if status == NOT_IMPLEMENTED:
        return 400, "The body has another transfer encoding than 'chunked'; send it plain, with its Content-Length"
    return 400 if status >= 500 else status, f"The request is not valid HTTP: {_QUOTE.split(str(error), maxsplit=1)[0]}"
