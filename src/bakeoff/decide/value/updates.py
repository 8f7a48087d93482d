"""What changing documents do to a contender's answers: facts that changed, and facts that it does not know yet.

Takes how often documents change, how much changes and how long an update takes. Gives shares of the questions. Knows
nothing about answers. `verdict.js` has the same arithmetic; a test compares the two.

Model: each update changes a share `s` of the facts, picked at random. After i updates a fact has changed with
probability 1 - (1 - s)^i. What changed is answered as the pilot's changed questions were after the update; until the
update is in (its own duration, at most the time to the next one), as they were before it.
"""

from bakeoff.decide.cost.model import HOUR, CostInputs
from bakeoff.records import Record

DAYS_PER_MONTH = 365.25 / 12


class Changes(Record):
    """The documents' changes over the horizon. `interval_days` is None if they never change."""

    interval_days: float | None
    share: float
    horizon_months: int

    @property
    def changed(self) -> float:
        """The share of the questions, on average over the horizon, whose fact has changed at least once."""
        if self.interval_days is None:
            return 0.0
        n = self.horizon_months * DAYS_PER_MONTH / self.interval_days
        return 1 - (1 - (1 - self.share) ** n) / (n * self.share) if n * self.share > 1e-9 else 0.0

    def stale(self, update_days: float) -> float:
        """The share of the questions whose fact has changed and is not yet known, if an update takes so many days."""
        if self.interval_days is None:
            return 0.0
        return min(self.changed, self.share * update_days / self.interval_days)


def update_days(c: CostInputs) -> float:
    """How many days one update of a contender takes: its machine's time, and the approval of a retraining."""
    seconds = c.retraining_seconds_per_update + c.reindexing_seconds_per_update
    return seconds / (24 * HOUR) + c.approval_days_per_update
