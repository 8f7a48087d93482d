"""Why an answer is looked at, and the random sample of each week, read from the log of a deployment.

Takes a log. Gives the causes for each answer, the sample of each week and the newest reviews. What was read is never
read again. Knows no caps and no order.
"""

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from bakeoff.learn.review.weekly import DRAWN, Drawn, WeeklySamples, week_of
from bakeoff.questions.facts.same_gold import same_answers
from bakeoff.records import Question
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Entry, LoggedAnswer, Preference, Review, Thumb, now

WEEKS = 13
"""Answers of so many weeks are looked at: older ones say little about what is served now."""
LOWEST_SHARE, MOST_LOW, FEWEST = 0.05, 20, 20
"""Low is a confidence among the lowest 5 % of one contender's in a week, at most 20. Fewer than 20 are not ranked."""


class Reason(IntEnum):
    """Why an answer is looked at, the most important reason first."""

    SAMPLE = 0
    CORRECTION = 1
    DOWN = 2
    NONE_RIGHT = 3
    CANDIDATE = 4
    DECLINED = 5
    LOW_CONFIDENCE = 6


class Cause(NamedTuple):
    """One reason, who gave it (the id of the key) and when."""

    reason: Reason
    key_id: str
    at: datetime


@dataclass
class _Week:
    """Of one week: the lowest confidences of each contender, and how many confidences there were."""

    low: dict[str, list[tuple[float, str, str, datetime]]] = field(default_factory=lambda: defaultdict(list))
    n_confident: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Causes:
    """What was read so far. `n_drawn` answers of each week are drawn. Not safe for threads."""

    def __init__(self, log: Log, n_drawn: int = DRAWN, at: datetime | None = None) -> None:
        self._log = log
        self._at = at
        self._since = self._oldest()
        self._last = 0
        self._samples = WeeklySamples(log, n_drawn)
        self._weeks: dict[str, _Week] = defaultdict(_Week)
        self._of: dict[str, dict[Reason, Cause]] = defaultdict(dict)
        self.corrections: dict[str, str] = {}
        self.thumbs: dict[str, bool] = {}
        self.compared: dict[str, tuple[str, ...]] = {}
        self.shadows: dict[str, LoggedAnswer] = {}
        self.reviews: dict[str, Review] = {review.answer: review for review in log.entries(Review)}
        self.n_without_texts = 0
        self.changes = 0
        """Grows with everything that was read, reviews apart."""

    def update(self) -> None:
        """Reads what was written since the last call, and forgets what is too old."""
        if self._since != self._oldest():
            self._since = self._oldest()
            self._forget()
        for number, entry in self._log.written_after(self._last, self._since):
            self._last = number
            self._add(entry)
            self.changes += not isinstance(entry, Review)

    def _oldest(self) -> datetime:
        return _monday(self._at or now()) - timedelta(weeks=WEEKS)

    def _forget(self) -> None:
        """Forgets weeks that are over and what was said in them. Reviews stay."""
        self._samples.forget(week_of(self._since))
        for week in [week for week in self._weeks if week < week_of(self._since)]:
            del self._weeks[week]
        for answer, causes in list(self._of.items()):
            kept = {reason: cause for reason, cause in causes.items() if cause.at >= self._since}
            if kept:
                self._of[answer] = kept
                continue
            del self._of[answer]
            for known in (self.corrections, self.compared, self.shadows, self.thumbs):
                known.pop(answer, None)  # type: ignore[attr-defined]
        self.changes += 1

    def of(self) -> dict[str, list[Cause]]:
        """The causes for each answer apart from the sample, the most important first."""
        found = {answer: sorted(causes.values()) for answer, causes in self._of.items() if causes}
        for week in self._weeks.values():
            for contender, lowest in week.low.items():
                n = min(len(lowest), int(LOWEST_SHARE * week.n_confident[contender]))
                if week.n_confident[contender] < FEWEST:
                    continue
                for _, answer, key_id, at in sorted(lowest, reverse=True)[:n]:
                    found.setdefault(answer, []).append(Cause(Reason.LOW_CONFIDENCE, key_id, at))
        return found

    def drawn(self) -> list[Drawn]:
        """The sample of each week, the newest week first."""
        return self._samples.drawn(self.reviews.values(), self._at or now())

    def _add(self, entry: Entry) -> None:
        if isinstance(entry, LoggedAnswer):
            if entry.shadow_of:
                self._add_shadow(entry, entry.shadow_of)
            else:
                self._add_answer(entry)
        elif isinstance(entry, Thumb):
            self._add_thumb(entry)
        elif isinstance(entry, Preference):
            if entry.none_right:
                first = entry.answers[0]
                self._of[first][Reason.NONE_RIGHT] = Cause(Reason.NONE_RIGHT, entry.key_id, entry.at)
                self.compared[first] = entry.answers[1:]
        elif isinstance(entry, Review):
            self.reviews[entry.answer] = entry

    def _add_answer(self, answer: LoggedAnswer) -> None:
        """A failed answer is not reviewed: there is nothing to judge. Monitoring counts it."""
        if answer.error is not None:
            return
        if not answer.question:
            self.n_without_texts += 1
            return
        self._samples.add(answer)
        week = self._weeks[week_of(answer.at)]
        if answer.declined:
            self._of[answer.id][Reason.DECLINED] = Cause(Reason.DECLINED, answer.key_id, answer.at)
        elif answer.confidence is not None:
            of = f"{answer.contender} {answer.release}"
            week.n_confident[of] += 1
            lowest = (-answer.confidence, answer.id, answer.key_id, answer.at)
            if len(week.low[of]) < MOST_LOW:
                heapq.heappush(week.low[of], lowest)
            else:
                heapq.heappushpop(week.low[of], lowest)

    def _add_thumb(self, thumb: Thumb) -> None:
        """The newest thumb on an answer counts."""
        causes = self._of[thumb.answer]
        self.thumbs[thumb.answer] = thumb.up
        causes.pop(Reason.CORRECTION, None)
        causes.pop(Reason.DOWN, None)
        self.corrections.pop(thumb.answer, None)
        if thumb.right_answer:
            causes[Reason.CORRECTION] = Cause(Reason.CORRECTION, thumb.key_id, thumb.at)
            self.corrections[thumb.answer] = thumb.right_answer
        if not thumb.up:
            causes[Reason.DOWN] = Cause(Reason.DOWN, thumb.key_id, thumb.at)

    def _add_shadow(self, shadow: LoggedAnswer, of: str) -> None:
        """A candidate's answer is a reason to look if it says something else than the answer that the user got."""
        answer = self._log.answer(of)
        if answer is not None and answer.question and shadow.error is None and differ(answer, shadow):
            self._of[of][Reason.CANDIDATE] = Cause(Reason.CANDIDATE, answer.key_id, answer.at)
            self.shadows[of] = shadow


def differ(answer: LoggedAnswer, other: LoggedAnswer) -> bool:
    """Whether two answers to one question say different things, as far as the rules can tell."""
    if answer.error is not None:
        return False
    one, two = (said_by(of) for of in (answer, other))
    if one is None or two is None:
        return (one is None) != (two is None)
    first, second = (Question(id="", text="", fact="", answers=(text,)) for text in (one, two))
    return not same_answers(first, second)


def said_by(answer: LoggedAnswer) -> str | None:
    """The text that the user saw; None if the contender declined or failed."""
    return None if answer.declined or answer.error is not None else (answer.text or "").strip() or None


def _monday(at: datetime) -> datetime:
    at = at.astimezone(UTC)
    return datetime(at.year, at.month, at.day, tzinfo=UTC) - timedelta(days=at.weekday())
