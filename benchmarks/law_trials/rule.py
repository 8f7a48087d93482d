"""The rule by which a law counts as reproduced, and the intervals that it needs.

Takes graded answers, gives for each comparison its size, a 95 % interval and a finding. Knows nothing about models.
Arms that were asked about the same facts are paired: whole facts (or whole people, where one person has several facts)
are drawn, with everything that was asked about them. An answer that can be called neither right nor wrong counts a
half; the interval reaches from where all of these speak against the law to where all speak for it, as in a pilot's
report. There is one training for each arm: the interval does not show how much another seed would change.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from bakeoff.measure.graded import UNSURE
from bakeoff.records import Record

Finding = Literal["reproduced", "not reproduced", "undecided", "not run"]
N_DRAWS, SEED, FEWEST_UNITS = 4000, 0, 10


class Outcome(Record):
    """One graded answer. `unit` is what is drawn: a fact, or a person. `value` is what the law speaks of, 0 to 1."""

    arm: str
    unit: str
    question: str
    value: float
    text: str = ""


class Comparison(NamedTuple):
    """A sum of the mean values of arms, each with its weight, that a law says is above 0.

    One that does not decide is shown beside those that do.
    """

    says: str
    weights: Mapping[str, float]
    decides: bool = True


class Seen(NamedTuple):
    """The size of a comparison, its 95 % interval, the number of units, and the finding."""

    says: str
    value: float
    low: float
    high: float
    n_units: int
    finding: Finding
    decides: bool = True


def finding(low: float, high: float, n_units: int) -> Finding:
    """Reproduced if the whole interval is on the law's side of 0, not reproduced if it is on the other, else undecided.

    >>> finding(0.01, 0.2, 40), finding(-0.2, -0.01, 40), finding(-0.1, 0.2, 40), finding(0.1, 0.2, 9)
    ('reproduced', 'not reproduced', 'undecided', 'undecided')
    """
    if n_units < FEWEST_UNITS:
        return "undecided"
    if low > 0:
        return "reproduced"
    return "not reproduced" if high < 0 else "undecided"


def overall(findings: Sequence[Finding]) -> Finding:
    """The finding of a law with several parts: one part that is not reproduced refutes it, one that is undecided
    leaves it so.
    """
    for weaker in ("not reproduced", "not run", "undecided"):
        if weaker in findings:
            return weaker  # type: ignore[return-value]
    return "reproduced" if findings else "not run"


def seen(comparison: Comparison, outcomes: Sequence[Outcome]) -> Seen:
    """What the answers say about a comparison."""
    rows = [outcome for outcome in outcomes if outcome.arm in comparison.weights]
    missing = set(comparison.weights) - {outcome.arm for outcome in rows}
    if missing:
        raise ValueError(f"there are no answers of {', '.join(sorted(missing))}; remove the law's file to run it again")
    value, low, high = (_difference(comparison.weights, rows, doubt) for doubt in (0, -1, 1))
    n_units = len({row.unit for row in rows})
    found = finding(low[1], high[2], n_units)
    return Seen(comparison.says, value[0], low[1], high[2], n_units, found, comparison.decides)


def _difference(weights: Mapping[str, float], rows: Sequence[Outcome], doubt: int) -> tuple[float, float, float]:
    """The weighted sum of the arms' means and the ends of its interval, with every unsure answer against the law (-1),
    for it (1), or halfway (0).
    """
    number = {unit: i for i, unit in enumerate(sorted({row.unit for row in rows}))}
    drawn = np.random.default_rng(SEED).integers(len(number), size=(N_DRAWS, len(number)))
    known = _known_together(weights, rows)
    value, draws = 0.0, np.zeros(N_DRAWS)
    for arm, weight in weights.items():
        sums, counts = np.zeros(len(number)), np.zeros(len(number))
        for row in rows:
            if row.arm == arm:
                towards = 0.0 if (row.question, row.text) in known else doubt * np.sign(weight) * UNSURE
                sums[number[row.unit]] += row.value + (towards if row.value == UNSURE else 0.0)
                counts[number[row.unit]] += 1
        value += weight * sums.sum() / counts.sum()
        draws += weight * sums[drawn].sum(1) / np.maximum(1, counts[drawn].sum(1))
    low, high = (float(end) for end in np.quantile(draws, (0.025, 0.975)))
    return float(value), low, high


def _known_together(weights: Mapping[str, float], rows: Sequence[Outcome]) -> set[tuple[str, str]]:
    """Questions with texts that both sides gave: they are right or wrong together, so their doubt cancels."""
    sides: list[set[tuple[str, str]]] = [set(), set()]
    for row in rows:
        if row.text:
            sides[weights[row.arm] > 0].add((row.question, row.text))
    return sides[0] & sides[1]


def mean(arm: str, outcomes: Sequence[Outcome]) -> float:
    """The mean value of one arm."""
    return float(np.mean([outcome.value for outcome in outcomes if outcome.arm == arm]))
