"""What a reviewer looks at, in order, with all reasons for each answer.

Takes a log. Gives items: the random sample of each week first (only that one shows how good answers are in use), then
what users corrected or did not like, what contenders disagree on, what was declined, and what a contender was unsure
about. Caps hold for everything but the sample. Knows no documents and no page. Threads can share a queue.
"""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from bakeoff.learn.review.caps import COPIES, PER_KEY, Brought, Capped, capped
from bakeoff.learn.review.causes import Cause, Causes, Reason
from bakeoff.learn.review.weekly import DRAWN, Drawn, week_of
from bakeoff.questions.facts.near_copies import words
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Review


class Limits(NamedTuple):
    """`drawn` answers of each week are the random sample. One key brings `per_key` others a week, and of one question
    `copies` near-copies.
    """

    drawn: int = DRAWN
    per_key: int = PER_KEY
    copies: int = COPIES


class Item(NamedTuple):
    """An answer to review, the reasons, and the week of the first of them."""

    answer: str
    reasons: tuple[Reason, ...]
    week: str

    @property
    def is_sampled(self) -> bool:
        return Reason.SAMPLE in self.reasons


class Queue:
    """The queue of one log, brought up to date whenever it is asked."""

    def __init__(self, log: Log, limits: Limits | None = None, at: datetime | None = None) -> None:
        self.limits = limits or Limits()
        self._log = log
        self._causes = Causes(log, self.limits.drawn, at)
        self._lock = threading.Lock()
        self._words: dict[str, str] = {}
        self._gone: set[str] = set()
        self._made = -1
        self._items: dict[str, Item] = {}
        self._capped = Capped()

    def items(self) -> list[Item]:
        """All items in order, reviewed ones too."""
        with self._lock:
            self._update()
            return list(self._items.values())

    def open(self, n: int | None = None) -> list[Item]:
        """The next n items without a review (all without n). Answers that the log has deleted are left out."""
        with self._lock:
            self._update()
            found: list[Item] = []
            waiting = [item for item in self._items.values() if item.answer not in self._causes.reviews]
            size = len(waiting) if n is None else 2 * n
            for start in range(0, len(waiting), max(1, size)):
                some = waiting[start : start + size]
                there = self._log.answers_of([item.answer for item in some])
                found += [item for item in some if item.answer in there]
                if n is not None and len(found) >= n:
                    break
            return found[:n]

    def item(self, answer: str) -> Item | None:
        """The item of this answer, None if it is not in the queue."""
        with self._lock:
            self._update()
            return self._items.get(answer)

    def drawn(self) -> list[Drawn]:
        """The random sample of each week, the newest first."""
        with self._lock:
            self._update()
            return self._causes.drawn()

    def reviews(self) -> dict[str, Review]:
        """The newest review of each answer, in the order of the first ones."""
        with self._lock:
            self._update()
            return dict(self._causes.reviews)

    def corrections(self) -> dict[str, str]:
        """The users' corrections that are in the queue, by the answer that they correct."""
        with self._lock:
            self._update()
            return {answer: text for answer, text in self._causes.corrections.items() if answer in self._items}

    def thumbs(self) -> dict[str, bool]:
        """Whether the newest thumb on an answer is up, for each that has one."""
        with self._lock:
            self._update()
            return dict(self._causes.thumbs)

    def correction(self, answer: str) -> str:
        """What a user said is the right answer; empty if nobody did."""
        with self._lock:
            self._update()
            return self._causes.corrections.get(answer, "")

    def n_questions_corrected_to(self, text: str) -> int:
        """Under how many different questions users gave this correction, those that are not shown too."""
        with self._lock:
            self._update()
            wanted = " ".join(words(text))
            same = [answer for answer, said in self._causes.corrections.items() if " ".join(words(said)) == wanted]
            return len({self._words[answer] for answer in same if answer in self._words})

    def others(self, answer: str) -> tuple[list[str], LoggedAnswer | None]:
        """The ids of answers to the same question that a user compared, and the differing answer of a candidate."""
        with self._lock:
            self._update()
            return list(self._causes.compared.get(answer, ())), self._causes.shadows.get(answer)

    @property
    def set_aside(self) -> Capped:
        """How much the caps keep out."""
        with self._lock:
            self._update()
            return self._capped

    @property
    def n_without_texts(self) -> int:
        """Answers of the last weeks that the log holds without their texts."""
        with self._lock:
            self._update()
            return self._causes.n_without_texts

    def _update(self) -> None:
        self._causes.update()
        if self._made != self._causes.changes:
            self._make()
            self._made = self._causes.changes

    def _make(self) -> None:
        causes = self._causes.of()
        self._learn_words(causes)
        there = {answer: found for answer, found in causes.items() if answer in self._words}
        brought = [_brought(answer, found[0]) for answer, found in there.items()]
        self._capped = capped(brought, self._words, self.limits.per_key, self.limits.copies)
        items: dict[str, Item] = {}
        for drawn in self._causes.drawn():
            for answer in drawn.answers:
                others = tuple(cause.reason for cause in there.get(answer, ()))
                items[answer] = Item(answer, (Reason.SAMPLE, *others), drawn.week)
        shown = [(answer, there[answer]) for answer in self._capped.shown if answer not in items]
        for answer, found in _ordered(shown):
            items[answer] = Item(answer, tuple(cause.reason for cause in found), week_of(found[0].at))
        self._items = items

    def _learn_words(self, causes: dict[str, list[Cause]]) -> None:
        """The words of each question, which near-copies are found by."""
        new = [answer for answer in causes if answer not in self._words and answer not in self._gone]
        found = self._log.answers_of(new)
        for answer in new:
            entry = found.get(answer)
            if entry is None or not entry.question or entry.error is not None:
                self._gone.add(answer)
            else:
                self._words[answer] = " ".join(words(entry.question)) or entry.question


def _brought(answer: str, cause: Cause) -> Brought:
    return Brought(answer, cause.key_id, week_of(cause.at), (cause.reason, cause.at, answer))


def _ordered(shown: Sequence[tuple[str, list[Cause]]]) -> list[tuple[str, list[Cause]]]:
    """By the first reason; of one reason the newest week first, within a week the oldest first."""
    by_time = sorted(shown, key=lambda one: (one[1][0].at, one[0]))
    by_week = sorted(by_time, key=lambda one: week_of(one[1][0].at), reverse=True)
    return sorted(by_week, key=lambda one: one[1][0].reason)
