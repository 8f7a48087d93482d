"""Whether answers are right less often than in the pilot, by the reviewed random sample.

Takes counts of right, wrong and needlessly declined answers by week, and the pilot's accuracy. Only a random sample of
all questions is unbiased: thumbs and complaints are not. Gives the accuracy of each week and of all weeks with
intervals, and whether it fell. Knows no log and no reviews.

The test looks again every week, for ever, and does not know when a fall began. So it bets on a fall from each week on:
the fortunes of all starts are added up, and an alarm is raised when the sum reaches 520. If accuracy is never below the
pilot's, that takes 520 weeks (ten years) on average, however often somebody looks. The pilot's accuracy is itself
an estimate: what is tested is the lower end of its 95 % interval.

Source: e-detectors, Shin, Ramdas and Rinaldo 2023, doi:10.51387/23-NEJSDS51 (the sum of e-processes over starts is an
e-detector of the Shiryaev-Roberts kind); the bets are those of `measure/anytime.py`.
"""

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
from pydantic import Field

from bakeoff.measure.anytime import STAKES, anytime, log_fortunes, mixed
from bakeoff.measure.bounds import share_bound
from bakeoff.records import Record

WEEKS_TO_A_FALSE_ALARM = 520
"""On average, at least."""
MOST_WEEKS = 104
"""Starts that are still tested. Older ones are dropped, which only makes alarms rarer."""


class ReviewedWeek(Record):
    """What people said about a random sample of a week's answers. `start` is its Monday.

    `right` are correct answers, and unanswerable questions that were declined. `declined` are answerable ones that
    were. `unanswerable` are those of all that the documents do not answer.
    """

    start: date
    right: int = Field(ge=0)
    wrong: int = Field(ge=0)
    declined: int = Field(default=0, ge=0)
    unanswerable: int = Field(default=0, ge=0)

    @property
    def n(self) -> int:
        return self.right + self.wrong + self.declined


class WeekAccuracy(Record):
    """The accuracy of one week's sample with a 95 % interval that holds for this week alone."""

    start: date
    n: int
    accuracy: float
    low: float
    high: float


class Accuracy(Record):
    """`low` and `high` hold for all weeks together, however often one looks. `pilot_low`: what is tested against.

    `evidence` is the sum of the fortunes. An alarm: it reached `WEEKS_TO_A_FALSE_ALARM`; then `since` is the week
    from which on a fall is most plausible, and `since_accuracy` the accuracy from then on. `note` says what is missing.
    """

    n: int = 0
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


def accuracy(weeks: Sequence[ReviewedWeek], pilot: float | None, pilot_low: float | None) -> Accuracy:
    """The accuracy in use. Without the pilot's accuracy nothing is tested."""
    reviewed = [week for week in sorted(weeks, key=lambda week: week.start) if week.n]
    if not reviewed:
        return Accuracy(pilot=pilot, pilot_low=pilot_low, note="No answer of the random sample was reviewed yet.")
    n, right = sum(week.n for week in reviewed), sum(week.right for week in reviewed)
    whole = anytime(np.repeat([1.0, -1.0], [right, n - right]), np.ones(n))
    shown = Accuracy(
        n=n,
        accuracy=right / n,
        low=(1 + whole.low) / 2,
        high=(1 + whole.high) / 2,
        pilot=pilot,
        pilot_low=pilot_low,
        weeks=tuple(_of_week(week) for week in reviewed),
    )
    if pilot_low is None:
        return shown.model_copy(update={"note": "The pilot's accuracy is not known, so a fall cannot be tested."})
    return shown.model_copy(update=fall(reviewed, pilot_low))


def fall(reviewed: Sequence[ReviewedWeek], limit: float) -> dict[str, object]:
    """What the bets on a fall below the limit, from each week on, came to: fields of `Accuracy`, `since` if it fell."""
    weeks = reviewed[-MOST_WEEKS:]
    of_weeks = np.array([_log_fortunes(week, limit) for week in weeks])
    logs = [mixed(sums) for sums in of_weeks[::-1].cumsum(axis=0)[::-1]]
    most = max(logs)
    evidence = math.exp(min(700.0, most)) * sum(math.exp(value - most) for value in logs)
    if evidence < WEEKS_TO_A_FALSE_ALARM:
        return {"evidence": evidence}
    start = logs.index(most)
    n, right = sum(week.n for week in weeks[start:]), sum(week.right for week in weeks[start:])
    return {"evidence": evidence, "since": weeks[start].start, "since_accuracy": right / n, "since_n": n}


def _log_fortunes(week: ReviewedWeek, limit: float) -> np.ndarray:
    """What the stakes on right answers being fewer than the limit made of 1 in a week, as logarithms."""
    differences = np.repeat([1.0 - limit, -limit], [week.right, week.n - week.right])
    return log_fortunes(differences, np.ones(week.n), 0.0, -STAKES)


def _of_week(week: ReviewedWeek) -> WeekAccuracy:
    share = week.right / week.n
    low, high = (share_bound(share, week.n, 0.975, side) for side in ("low", "high"))
    return WeekAccuracy(start=week.start, n=week.n, accuracy=share, low=low, high=high)
