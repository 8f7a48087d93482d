"""A candidate on trial: which users it answers (canary), and which questions it answers unseen (shadow).

Takes shares and questions, gives decisions, and asks a candidate in a thread of its own. Knows no HTTP and no pointer.
"""

import hashlib
import logging
import random
import threading
from collections.abc import Callable

from pydantic import Field

from bakeoff.measure.collect import ANSWERING_ERRORS
from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.records import Labels, Record
from bakeoff.serve.answering import Asked
from bakeoff.serve.serving import Serving

_log = logging.getLogger(__name__)


class Trial(Record):
    """The candidate is release `candidate`; None: there is none.

    `shadow` is the share of questions that it answers too, unseen; `canary` the share of users whom it answers.
    """

    candidate: int | None = None
    shadow: float = Field(default=0.0, ge=0, le=1)
    canary: float = Field(default=0.0, ge=0, le=1)

    def is_canary(self, asked: Asked) -> bool:
        """Whether the candidate answers this user: always the same answer for one key, or one address without a key.

        Another candidate gets other users.
        """
        user = f"{self.candidate}:{asked.key_id or asked.address}"
        place = int.from_bytes(hashlib.sha256(user.encode()).digest()[:8], "big")
        return place < self.canary * 2**64


class Shadow:
    """Asks the candidate a share of real questions, one at a time, while no user waits for an answer.

    A question that comes at another time is dropped, and so is an answer that is being made when a user asks.
    `n_answered` and `n_dropped` count both.
    """

    def __init__(self, share: float, is_idle: Callable[[], bool], draw: Callable[[], float] = random.random) -> None:
        self.n_answered = self.n_dropped = 0
        self._share = share
        self._is_idle = is_idle
        self._draw = draw
        self._caller = Caller()
        self._free = threading.Lock()

    def offer(self, candidate: Serving, asked: Asked, labels: Labels) -> None:
        """Has the candidate answer this question, which was answered just now, if it is drawn and nobody waits."""
        if self._draw() >= self._share:
            return
        if not self._free.acquire(blocking=False):
            self.n_dropped += 1
            return
        self._caller = Caller()
        given = (self._caller, candidate, asked, labels)
        threading.Thread(target=self._work, args=given, name="bakeoff-shadow", daemon=True).start()

    def interrupt(self) -> None:
        """Gives up the answer that is being made, since a user asks."""
        self._caller.leave()

    def close(self) -> None:
        """Gives up the answer that is being made, and takes no more questions."""
        self._share = 0.0
        self.interrupt()

    def _ask(self, caller: Caller, candidate: Serving, asked: Asked, labels: Labels) -> bool:
        """Whether the candidate answered."""
        if caller.is_gone or not self._is_idle() or not candidate.may_answer(asked.model, labels):
            return False
        try:
            with on_behalf_of(caller):
                candidate.shadow(asked, labels)
        except CallerGoneError:
            return False
        return True

    def _work(self, caller: Caller, candidate: Serving, asked: Asked, labels: Labels) -> None:
        is_answered = False
        try:
            is_answered = self._ask(caller, candidate, asked, labels)
        except ANSWERING_ERRORS as error:  # while it is opened; an error of its answer is logged with the answer
            _log.warning("The candidate could not be asked a question unseen.", exc_info=error)
        finally:
            self.n_answered += is_answered
            self.n_dropped += not is_answered
            self._free.release()
