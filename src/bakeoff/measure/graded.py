"""Values of graded answers, some of them unsure, and weighted sums of several contenders' values.

Takes one value (0 to 1) per question and the texts of answers, gives what the values can be at the lowest and at the
highest. An answer that can be called neither right nor wrong has the value `UNSURE`, halfway: its true value may be 0
or 1. Nothing is known about which, so a sum is shown with both ends. These are the worst-case bounds of Manski 1989,
"Anatomy of the Selection Problem". Two contenders that gave the same text for a question are right or wrong together.
Knows nothing about intervals, rules or models.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bakeoff.records import Answer

UNSURE = 0.5
"""The value of an answer that can be called neither right nor wrong."""

Values = Mapping[str, float]
"""One measure's values, by question id."""


@dataclass(frozen=True)
class Graded:
    """One contender's values by question id. `unsure` holds the text of each answer that may be right or wrong.

    `reach` is how far the value of an unsure answer may lie from its middle, where that is not `UNSURE`: labels by
    which people could not tell count for other answers too.
    """

    values: Values
    unsure: Mapping[str, str] = field(default_factory=dict)
    reach: Values = field(default_factory=dict)

    def half(self, key: str) -> float:
        """How far the value may lie from its middle; 0 if it is known."""
        return self.reach.get(key, UNSURE) if key in self.unsure else 0.0

    def only(self, keys: Collection[str]) -> "Graded":
        """The values of these questions."""
        unsure = {key: text for key, text in self.unsure.items() if key in keys}
        return Graded(_only(self.values, keys), unsure, _only(self.reach, keys))


NONE = Graded({})


@dataclass(frozen=True)
class Ranged:
    """Values by question id, and the same with each unsure answer at its lowest and at its highest.

    `scales` say how far each value can reach on either side; 1 where not given.
    """

    values: Values
    low: Values
    high: Values
    scales: Values = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether no value is unsure."""
        return self.low is self.high

    @property
    def n_unsure(self) -> int:
        """The number of questions whose value is not known."""
        return 0 if self.is_known else sum(self.low[key] != self.high[key] for key in self.values)

    def only(self, keys: Collection[str]) -> "Ranged":
        """The values of these questions."""
        if self.is_known:
            return replace(exactly(_only(self.values, keys)), scales=self.scales)
        values, low, high = (_only(side, keys) for side in (self.values, self.low, self.high))
        return Ranged(values, low, high, self.scales)


def exactly(values: Values) -> Ranged:
    """Values that are all known."""
    return Ranged(values, values, values)


def _only(values: Values, keys: Collection[str]) -> Values:
    return {key: value for key, value in values.items() if key in keys}


def graded(values: Values, answers: Sequence[Answer] = ()) -> Graded:
    """Values of which each `UNSURE` one may be 0 or 1. `answers` say which contenders gave the same text."""
    texts = {answer.question_id: answer.text.strip() for answer in answers}
    return Graded(values, {key: texts.get(key, "") for key, value in values.items() if value == UNSURE})


def known(values: Values) -> Graded:
    """Values that are all known, even where one of them happens to be a half."""
    return Graded(values)


def combined(terms: Sequence[tuple[float, Graded]]) -> Ranged:
    """The weighted sum of the contenders' values for each question that all of them have a value for.

    Contenders with the same unsure text for a question count as one unknown. An unsure answer without text is an
    unknown of its own.
    """
    sums = _sums(terms)
    unsure = [key for key in set().union(*(graded.unsure for _, graded in terms)) if key in sums]
    reach = {key: reach for key in unsure if (reach := _reach(key, terms))}
    if not reach:
        return exactly(sums)
    return Ranged(
        sums,
        sums | {key: sums[key] - reach for key, reach in reach.items()},
        sums | {key: sums[key] + reach for key, reach in reach.items()},
    )


def _sums(terms: Sequence[tuple[float, Graded]]) -> dict[str, float]:
    (weight, first), *others = terms
    sums = {key: weight * value for key, value in first.values.items()}
    for weight, graded in others:
        values = graded.values
        sums = {key: total + weight * values[key] for key, total in sums.items() if key in values}
    return sums


def _reach(key: str, terms: Sequence[tuple[float, Graded]]) -> float:
    """How far the sum can lie from its middle on either side."""
    by_text: dict[object, float] = defaultdict(float)
    for place, (weight, graded) in enumerate(terms):
        if key in graded.unsure:
            by_text[graded.unsure[key] or place] += weight * graded.half(key)
    return sum(map(abs, by_text.values()))
