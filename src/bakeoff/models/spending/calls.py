"""What the HTTP client calls around each request, so that paid ones are counted, whatever their protocol.

Takes a model's settings, an address and a body. Outside of a run, and for free models, it does nothing.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self

from bakeoff.errors import LimitReachedError
from bakeoff.files.plain_json import plain_json
from bakeoff.models.settings import ApiModel
from bakeoff.models.spending.ledger import Ledger, Sent, ledger, request_sum
from bakeoff.models.spending.prices import is_paid
from bakeoff.models.spending.rows import Status
from bakeoff.models.spending.tokens import counted_in_stream, counted_tokens, line_holds_words, most_tokens
from bakeoff.models.spending.who import CHECK, JUDGE, asker

TIMED_OUT = (408, 504, 524)
"""Statuses with which a server gives up on a request that it may have computed."""
_taken = threading.local()


class Call:
    """A paid call on its way. If its block ends without another word, the connection broke.

    Then nobody knows what was computed, and the call counts at its most.
    """

    def __init__(self, to: Ledger, sent: Sent) -> None:
        self._ledger, self._sent = to, sent
        self._is_open, self._goes_on = True, False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._goes_on:
            self._record("unknown")

    def goes_on(self) -> Self:
        """Says that the call goes on after its block: its reply is a stream, whose end calls `streamed`."""
        self._goes_on = True
        return self

    def done(self, text: str) -> None:
        """The whole reply has come. An error without token counts, or no JSON, was not paid for."""
        given = _json(text)
        reply = given if isinstance(given, dict) else {}
        tokens = counted_tokens(reply)
        if tokens is None and (reply.get("error") or not given):
            return self.refused(200)
        return self._record("done", tokens=tokens, http=200, text=text)

    def streamed(self, lines: Sequence[str]) -> None:
        """A stream has ended; these of its lines say what it costs. Without token counts, the call is unknown."""
        tokens = counted_in_stream(lines)
        self._record("done" if tokens else "unknown", tokens=tokens, http=200)

    def refused(self, status: int | None = None) -> None:
        """The server has refused, or could not be reached: nothing is paid. A time-out there says nothing of that."""
        self._record("unknown" if status in TIMED_OUT else "refused", http=status)

    def _record(self, status: Status, **known: Any) -> None:
        if self._is_open:
            self._is_open = False
            self._ledger.record(self._sent, status, **known)


class FreeCall(Call):
    """A call that nobody counts."""

    def __init__(self) -> None:
        self._is_open = self._goes_on = False


FREE = FreeCall()


def sending(model: ApiModel, url: str, body: Mapping[str, Any], content: bytes) -> Call:
    """To be called before a request leaves. `content` is the body as it is sent.

    Raises SpendingStopped if the budget has no room for it.
    """
    current = ledger()
    if current is None or not is_paid(model):
        return FREE
    most = most_tokens(content, body, model.context_tokens)
    return Call(current, current.send(model, request_sum(url, content), most))


def earlier_reply(model: ApiModel, url: str, content: bytes) -> tuple[str, float] | None:
    """The reply to this request that a killed session has paid for, if its answer was not stored; and its seconds."""
    current = ledger()
    return current.earlier_reply(request_sum(url, content)) if current is not None and is_paid(model) else None


def took_earlier(seconds: float) -> None:
    """Says that this thread was given a reply to a request that took so long when it was sent."""
    _taken.seconds = getattr(_taken, "seconds", 0.0) + seconds


class CostLines:
    """Those lines of a stream that say what it costs: what may report tokens, and the first one with words."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._has_words = False

    def add(self, line: str) -> None:
        is_first = not self._has_words and line_holds_words(line)
        self._has_words = self._has_words or is_first
        if is_first or "oken" in line or "eval_count" in line:
            self.lines.append(line)


def seconds_of_earlier_replies() -> float:
    """How long the calls took whose earlier replies this thread was given since this was asked last."""
    seconds: float = getattr(_taken, "seconds", 0.0)
    _taken.seconds = 0.0
    return seconds


def quota_used_up(model: ApiModel, message: str) -> None:
    """Stops the run if its calls are counted: no further call of this model can succeed. A server goes on."""
    current = ledger()
    if current is not None and current.stops_runs and is_paid(model):
        raise current.stop(
            LimitReachedError(
                f"The run stopped: the quota of {model.label} is used up. {message}",
                "add credit or raise the limit at the provider, then continue with --resume: everything is kept",
            )
        )


def key_refused(model: ApiModel, message: str, remedy: str) -> None:
    """Stops the run if its calls are counted: what other models are paid for these questions would be for nothing.

    Not where models are tested, which says so itself, nor for a judge, without which a run goes on.
    """
    current = ledger()
    if current is not None and current.stops_runs and is_paid(model) and asker().role not in (CHECK, JUDGE):
        raise current.stop(
            LimitReachedError(
                f"The run stopped: the key of {model.label} is refused. {message}",
                f"{remedy}; then continue with --resume: everything is kept",
            )
        )


def _json(text: str) -> dict[str, Any] | list[Any] | None:
    """An object, or the list that some rerankers answer. None for what is neither."""
    try:
        reply = plain_json(text)
    except ValueError:
        return None
    return reply if isinstance(reply, dict | list) else None
