"""The random sample of each week: which answers were drawn, of how many.

Takes a log's answers and its reviews. The review queue and monitoring both read the sample here, so both count the same
answers. Memory grows with weeks, not with answers. Knows no outcome of a review.

The sample of a week holds the answers with the smallest keyed hashes of their ids: it is uniformly random, always the
same, and nothing that anybody says about an answer changes it. Source: bottom-k sketches, Cohen and Kaplan 2007,
doi:10.1145/1281100.1281133. While a week lasts, later answers push earlier ones out of it. So what counts is the sample
as it is now, not whether an answer belonged to it when somebody reviewed it.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from bakeoff.questions.facts.near_copies import words
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Review

DRAWN = 50
KEPT = 500
"""So many answers of a week are kept, for weeks of which somebody drew more than the others."""


class DrawnAnswer(NamedTuple):
    """An answer in the log: its id, the words of its question, and who gave it."""

    id: str
    asked: str
    contender: str
    release: int | None
    declined: bool


class Drawn(NamedTuple):
    """The random sample of a week, in the order in which it was drawn: `n` of so many answers.

    `answers` are fewer than `n` if the log has deleted some before anybody reviewed them. `logged` are those that it
    still holds. `is_over`: no further answer of the week will change the sample.
    """

    week: str
    answers: tuple[str, ...]
    n: int
    n_answers: int
    is_over: bool = True
    logged: Mapping[str, DrawnAnswer] = {}


@dataclass
class _Week:
    """A heap of (negated place, answer) and how many answers there were."""

    kept: list[tuple[int, DrawnAnswer]] = field(default_factory=list)
    n_answers: int = 0


class WeeklySamples:
    """The samples of one log. `n_drawn` answers of each week are drawn, or as many as a review says. Not safe for
    threads.
    """

    def __init__(self, log: Log, n_drawn: int = DRAWN) -> None:
        self._log = log
        self._n_drawn = n_drawn
        self._n_kept = max(KEPT, n_drawn)
        self._weeks: dict[str, _Week] = defaultdict(_Week)

    def add(self, answer: LoggedAnswer) -> None:
        """Takes an answer that can be drawn: failed ones, candidates' and those without a question cannot."""
        if answer.error is not None or answer.shadow_of or not answer.question:
            return
        week = self._weeks[week_of(answer.at)]
        week.n_answers += 1
        place = self._place(answer.id)
        if len(week.kept) >= self._n_kept and -place <= week.kept[0][0]:
            return
        asked = " ".join(words(answer.question)) or answer.question
        drawn = DrawnAnswer(answer.id, asked, answer.contender, answer.release, answer.declined)
        (heapq.heappush if len(week.kept) < self._n_kept else heapq.heappushpop)(week.kept, (-place, drawn))

    def forget(self, before: str) -> None:
        """Forgets the answers of weeks before this one."""
        for week in [week for week in self._weeks if week < before]:
            del self._weeks[week]

    def drawn(self, reviews: Iterable[Review], at: datetime) -> list[Drawn]:
        """The sample of each week, the newest week first. `reviews` are the newest ones of their answers.

        Of weeks whose answers the log has deleted, those that were reviewed are left.
        """
        of_week: dict[str, list[Review]] = defaultdict(list)
        for review in reviews:
            if review.sampled:
                of_week[week_of(review.asked_at)].append(review)
        found = [self._of(week, of_week[week], at) for week in sorted({*self._weeks, *of_week}, reverse=True)]
        return [drawn for drawn in found if drawn.answers]

    def _of(self, week: str, reviews: Sequence[Review], at: datetime) -> Drawn:
        here = self._weeks.get(week, _Week())
        size = max([self._n_drawn, *(review.drawn for review in reviews)])
        known = max((review.drawn_of for review in reviews), default=0)
        if here.n_answers < max(known, bool(reviews)):
            return self._of_deleted(week, reviews, here, size)
        logged = {answer.id: answer for _, answer in heapq.nlargest(size, here.kept)}
        return Drawn(week, tuple(logged), len(logged), here.n_answers, week < week_of(at), logged)

    def _of_deleted(self, week: str, reviews: Sequence[Review], here: _Week, size: int) -> Drawn:
        """The sample of a week of which the log has deleted answers, as far as reviews tell.

        Reviews that were made when the week was over say which answers belonged to its whole sample: those up to the
        last one of theirs. Without any, the sample is that of the last review, and the week does not become over.
        """
        known = max(review.drawn_of for review in reviews)
        late = [review for review in reviews if week_of(review.at) > week]
        last = late or [review for review in reviews if review.drawn_of == known]
        limit = max(self._place(review.answer) for review in last)
        logged = {answer.id: answer for _, answer in here.kept}
        there = {*logged, *(review.answer for review in reviews)}
        answers = sorted((answer for answer in there if self._place(answer) <= limit), key=self._place)[:size]
        n = max(len(answers), *(review.drawn for review in last))
        logged = {answer: logged[answer] for answer in answers if answer in logged}
        return Drawn(week, tuple(answers), n, max(known, len(answers)), bool(late), logged)

    def _place(self, answer: str) -> int:
        return int(self._log.keyed(answer)[:16], 16)


def week_of(at: datetime) -> str:
    """The ISO week of a time in UTC, such as 2026-W10."""
    year, week, _ = at.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"
