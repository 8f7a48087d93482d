"""How an answer ended, and after how many seconds: for metrics and for the server's own log.

Takes the stream of an answer, passes it on unchanged, and tells when it has ended. Knows no wire format and no text.
"""

import time
from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from bakeoff.models.cancelling import CallerGoneError
from bakeoff.records import Answer, Record
from bakeoff.serve.answering import Answered, RefusedError
from bakeoff.serve.failures import failure_of, shown_in_log

Outcome = Literal["answered", "declined", "failed", "cancelled", "refused"]


class Ended(Record):
    """The end of an answer.

    `seconds` is the time until it was complete, `first_s` until its first piece; None if there was none. `error` is
    what the server's own lines may show of an error (`serve/failures.py`).
    """

    contender: str
    outcome: Outcome
    seconds: float
    first_s: float | None = None
    error: str = ""


class Observer(Protocol):
    """Is told how each answer ended, in worker threads, several at once."""

    def ended(self, ended: Ended) -> None: ...


class Unobserved:
    """Ignores what it is told."""

    def ended(self, ended: Ended) -> None: ...


def observed(
    stream: Iterator[str | Answered], contender: str, ended: Callable[[Ended], None]
) -> Iterator[str | Answered]:
    """The items of the stream. `ended` is called once: before its last item, or when it is closed or raises."""
    begun, first_s = time.perf_counter(), None
    outcome: Outcome = "failed"
    error = ""
    try:
        for item in stream:
            seconds = time.perf_counter() - begun
            if isinstance(item, Answered):
                outcome, error = _outcome(item.answer), shown_in_log(item.answer.error)
                ended(Ended(contender=contender, outcome=outcome, seconds=seconds, first_s=first_s, error=error))
                ended = _nothing
            first_s = seconds if first_s is None else first_s
            yield item
    except (GeneratorExit, CallerGoneError):
        outcome = "cancelled"
        raise
    except RefusedError as refusal:
        outcome, error = "refused", refusal.code
        raise
    finally:
        seconds = time.perf_counter() - begun
        ended(Ended(contender=contender, outcome=outcome, seconds=seconds, first_s=first_s, error=error))


def _outcome(answer: Answer) -> Outcome:
    if answer.error is not None:
        return "failed" if failure_of(answer.error).status >= 500 else "refused"
    return "declined" if answer.abstained else "answered"


def _nothing(ended: Ended) -> None:
    pass
