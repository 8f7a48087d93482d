"""Whether answers are right less often than in the pilot, by the reviewed random sample.

Takes what reviews say about the sample of each week (`learn/review/accuracy.py`, which `bakeoff review --accuracy`
shows, too) and the pilot's accuracy. Only a random sample of all questions is unbiased: thumbs and complaints are not.
Gives the accuracy of each week and of all weeks with intervals, and whether it fell. Knows no log and no reviews.

The test looks again every week, for ever, and does not know when a fall began. So it bets on a fall from each week on:
the fortunes of all starts are added up, and an alarm is raised when the sum reaches 520. If accuracy is never below the
pilot's, that takes 520 weeks (ten years) on average, however often somebody looks. The pilot's accuracy is itself
an estimate: what is tested is the lower end of its 95 % interval.

Answers to the same question or fact are right or wrong together, so there is one bet for each fact and week. An answer
that is not decided counts as right here, and a week takes part once it is over: both only make alarms rarer.

Source: e-detectors, Shin, Ramdas and Rinaldo 2023, doi:10.51387/23-NEJSDS51 (the sum of e-processes over starts is an
e-detector of the Shiryaev-Roberts kind); the bets are those of `measure/anytime.py`.
"""

import math
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from bakeoff.learn.review.accuracy import SeenWeek, share_of, that_count
from bakeoff.measure.anytime import STAKES, anytime, log_fortunes, mixed
from bakeoff.records import Record
from bakeoff.sentences import counted

WEEKS_TO_A_FALSE_ALARM = 520
"""On average, at least."""
MOST_WEEKS = 104
"""Starts that are still tested. Older ones are dropped, which only makes alarms rarer."""


class FactsOfWeek(NamedTuple):
    """The facts that a week's sample asked about: how many answers to each could be right, and how many there are."""

    right: np.ndarray
    n: np.ndarray


class WeekAccuracy(Record):
    """The accuracy of one week's sample with a 95 % interval that holds for this week alone. `n` were reviewed."""

    start: date
    n: int
    accuracy: float
    low: float
    high: float
    is_over: bool = True


class Accuracy(Record):
    """`low` and `high` hold for all weeks together, however often one looks. `pilot_low`: what is tested against.

    `n` of `drawn` answers were reviewed, `undecided` of them without a result; `passed_over` were drawn before the last
    reviewed one and nobody looked. `evidence` is the sum of the fortunes. An alarm: it reached
    `WEEKS_TO_A_FALSE_ALARM`; then `since` is the week from which on a fall is most plausible, and `since_accuracy` the
    accuracy from then on. `note` says what is missing.
    """

    n: int = 0
    drawn: int = 0
    undecided: int = 0
    passed_over: int = 0
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    pilot: float | None = None
    pilot_low: float | None = None
    weeks: tuple[WeekAccuracy, ...] = ()
    evidence: float = 0.0
    since: date | None = None
    since_accuracy: float | None = None
    since_n: int = 0
    note: str = ""

    @property
    def reviewed_line(self) -> str:
        """How much of the sample the accuracy rests on, and what widens its interval."""
        parts = [f"{self.n} of {self.drawn} drawn answers are reviewed"]
        if self.undecided:
            parts.append(f"{self.undecided} of them undecided")
        if self.passed_over:
            parts.append(f"{self.passed_over} were passed over")
        unknown = " The interval covers what is not known." if self.undecided or self.passed_over else ""
        return f"{', '.join(parts)}.{unknown}"

    @property
    def interval_line(self) -> str:
        """Why the interval is wider than that of the same reviews elsewhere."""
        nothing = " So few reviewed answers do not narrow it yet." if (self.low, self.high) == (0.0, 1.0) else ""
        return (
            "This interval holds however often you look, so it is wider than that of bakeoff review --accuracy, which "
            f"holds for one look.{nothing}"
        )


def accuracy(weeks: Sequence[SeenWeek], pilot: float | None, pilot_low: float | None, of_others: int = 0) -> Accuracy:
    """The accuracy in use. Without the pilot's accuracy nothing is tested.

    `of_others` of the reviewed answers are of contenders and releases that are not live.
    """
    reviewed = [week for week in sorted(weeks, key=lambda week: week.week) if week.answers]
    if not any(week.reviewed for week in reviewed):
        return Accuracy(pilot=pilot, pilot_low=pilot_low, note=_nothing_reviewed(of_others))
    kept = that_count(reviewed)
    answers = [answer for week in kept for answer in week.answers]
    low, high = _ends(kept)
    shown = Accuracy(
        n=sum(answer.reviewed for answer in answers),
        drawn=sum(week.n for week in that_count(weeks)),
        undecided=sum(answer.reviewed and answer.outcome is None for answer in answers),
        passed_over=sum(not answer.reviewed for answer in answers),
        accuracy=share_of(kept).value,
        low=low,
        high=high,
        pilot=pilot,
        pilot_low=pilot_low,
        weeks=tuple(_of_week(week) for week in reviewed if week.reviewed),
    )
    if pilot_low is None:
        return shown.model_copy(update={"note": "The pilot's accuracy is not known, so a fall cannot be tested."})
    over = [week for week in reviewed if week.is_over][-MOST_WEEKS:]
    evidence, start = fall([facts_of(week) for week in over], pilot_low)
    since = {"evidence": evidence}
    if start is None:
        return shown.model_copy(update=since)
    fallen = over[start:]
    n, share = sum(len(week.reviewed) for week in fallen), share_of(fallen).value
    fell = {"since": monday(over[start].week), "since_accuracy": share, "since_n": n}
    return shown.model_copy(update=since | fell)


def _nothing_reviewed(of_others: int) -> str:
    if not of_others:
        return "No answer of the random sample was reviewed yet."
    verb = "is" if of_others == 1 else "are"
    return (
        f"No answer of what is live was reviewed in the random sample yet: the {counted(of_others, 'reviewed answer')} "
        f"{verb} of other releases or contenders. bakeoff review --accuracy counts those, too."
    )


def fall(weeks: Sequence[FactsOfWeek], limit: float) -> tuple[float, int | None]:
    """What the bets on a fall below the limit, from each week on, came to; and the week it began, if it fell."""
    if not weeks:
        return 0.0, None
    of_weeks = np.array([_log_fortunes(week, limit) for week in weeks])
    logs = [mixed(sums) for sums in of_weeks[::-1].cumsum(axis=0)[::-1]]
    most = max(logs)
    evidence = math.exp(min(700.0, most)) * sum(math.exp(value - most) for value in logs)
    return evidence, None if evidence < WEEKS_TO_A_FALSE_ALARM else logs.index(most)


def facts_of(week: SeenWeek) -> FactsOfWeek:
    """The facts of a week. What is not decided could be right."""
    right: dict[str, float] = {}
    n: dict[str, float] = {}
    for answer in week.answers:
        right[answer.fact] = right.get(answer.fact, 0.0) + answer.ends("right")[1]
        n[answer.fact] = n.get(answer.fact, 0.0) + 1.0
    return FactsOfWeek(np.array(list(right.values())), np.array(list(n.values())))


def monday(week: str) -> date:
    """The first day of an ISO week such as 2026-W10."""
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def _log_fortunes(week: FactsOfWeek, limit: float) -> np.ndarray:
    """What the stakes on right answers being fewer than the limit made of 1 in a week, as logarithms."""
    return log_fortunes(week.right - limit * week.n, week.n, 0.0, -STAKES)


def _ends(weeks: Sequence[SeenWeek]) -> tuple[float, float]:
    """The interval for all weeks that holds at all looks: with what is not decided wrong, and with it right."""
    sums: dict[str, list[float]] = {}
    for week in weeks:
        for answer in week.answers:
            of_fact, weight = sums.setdefault(answer.fact, [0.0, 0.0, 0.0]), week.n_answers / len(week.answers)
            for place, value in enumerate(answer.ends("right")):
                of_fact[place] += weight * (2 * value - 1)
            of_fact[2] += weight
    lowest, highest, sizes = np.array(list(sums.values())).T
    low = anytime(lowest, sizes)
    high = low if (lowest == highest).all() else anytime(highest, sizes)
    return (1 + low.low) / 2, (1 + high.high) / 2


def _of_week(week: SeenWeek) -> WeekAccuracy:
    share = share_of([week])
    assert share.value is not None and share.low is not None and share.high is not None
    return WeekAccuracy(
        start=monday(week.week),
        n=len(week.reviewed),
        accuracy=share.value,
        low=share.low,
        high=share.high,
        is_over=week.is_over,
    )
