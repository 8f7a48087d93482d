"""Simulated repetitions of the pilot: facts are drawn again, and every pair is tested again in each draw.

Takes values per question, gives arrays over (draw, contender, ...). Knows nothing about prices, models or files. Facts
are drawn with replacement, the same ones for all contenders, so contenders stay paired.

Source: the cluster bootstrap, Davison and Hinkley 1997, section 3.8. In each draw, the exact sign-flip test of
`statistics` and its adjustment over the same pairs are replaced by the step-down method of `max_t.py`, with the largest
scores by chance of the pilot that was measured.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bakeoff.measure.graded import NONE, Graded
from bakeoff.measure.max_t import flipped
from bakeoff.measure.statistics import CONFIDENCE, NORMAL, Facts, Moments, is_tied

N_DRAWS = 2000

PerQuestion = Mapping[str, Mapping[str, Graded]]


@dataclass(frozen=True)
class Redrawn:
    """`means`: measure -> (draw, contender). `ahead[d, i, j]`: i significantly above j; `tied`: within the margin.

    `least` are the means of the tested measure with every unsure answer counted as 0: (draw, contender).
    """

    names: tuple[str, ...]
    means: dict[str, np.ndarray]
    least: np.ndarray
    ahead: np.ndarray
    tied: np.ndarray

    def only(self, names: Sequence[str]) -> "Redrawn":
        """The same draws with these contenders only. The tests stay adjusted for all contenders that were tested."""
        picks = [self.names.index(name) for name in names]
        return Redrawn(
            names=tuple(names),
            means={measure: values[:, picks] for measure, values in self.means.items()},
            least=self.least[:, picks],
            ahead=self.ahead[:, picks][:, :, picks],
            tied=self.tied[:, picks][:, :, picks],
        )


def redraw(
    per_question: PerQuestion, fact_of: Facts, names: Sequence[str], tested: str, margin: float, seed: int = 0
) -> Redrawn:
    """N_DRAWS redrawn pilots of these contenders. `per_question` is measure -> contender -> values by question.

    The pairs are tested on the measure `tested`, as `statistics.paired` does: findings hold whether unsure
    answers are right or wrong. Means count them half. A contender without a value for a measure has nan there.
    """
    first = _facts(per_question[tested], fact_of, names)
    others = sorted(set().union(*(_facts(values, fact_of, names) for values in per_question.values())) - set(first))
    rng = np.random.default_rng(seed)
    drawn = np.concatenate([_drawn(len(first), rng), _drawn(len(others), rng)], axis=1)
    row_of = {fact: i for i, fact in enumerate((*first, *others))}
    tables = {measure: _Table(values, fact_of, names, row_of) for measure, values in per_question.items()}
    means = {measure: _means(table, table.values, drawn) for measure, table in tables.items()}
    of_tested = tables[tested]
    least = _means(of_tested, of_tested.values - of_tested.half, drawn)
    ahead, tied = _tested(of_tested, drawn, margin)
    return Redrawn(tuple(names), means, least, ahead, tied)


def _facts(columns: Mapping[str, Graded], fact_of: Facts, names: Sequence[str]) -> list[str]:
    return sorted({fact_of[key] for name in names for key in columns.get(name, NONE).values})


def _drawn(n_facts: int, rng: np.random.Generator) -> np.ndarray:
    """How often each fact was drawn: (draw, fact)."""
    picks = rng.integers(0, max(1, n_facts), (N_DRAWS, n_facts)) + n_facts * np.arange(N_DRAWS)[:, None]
    return np.bincount(picks.ravel(), minlength=N_DRAWS * n_facts).reshape(N_DRAWS, n_facts).astype(float)


class _Table:
    """One measure's values (question, contender), nan if missing, and the fact of each question.

    `unsure` numbers the unsure texts of each question from 1, 0 where the value is known: equal texts are right or
    wrong together. `half` is how far each value may lie from its middle.
    """

    def __init__(
        self, columns: Mapping[str, Graded], fact_of: Facts, names: Sequence[str], row_of: Mapping[str, int]
    ) -> None:
        given = [columns.get(name, NONE) for name in names]
        keys = list(dict.fromkeys(key for of in given for key in of.values))
        shape = (len(names), len(keys))
        self.values = np.array([[of.values.get(key, np.nan) for key in keys] for of in given]).reshape(shape).T
        self.unsure = np.array([_numbers(key, given) for key in keys], dtype=int).reshape(shape[::-1])
        self.half = np.array([[of.half(key) for key in keys] for of in given]).reshape(shape).T
        self._facts = np.array([row_of[fact_of[key]] for key in keys], dtype=int)
        self._n_facts = len(row_of)

    def by_fact(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each fact the sum of the values and their number: one value for each question, nan not counted."""
        there = ~np.isnan(values)
        facts = self._facts[there]
        return (
            np.bincount(facts, weights=values[there], minlength=self._n_facts),
            np.bincount(facts, minlength=self._n_facts).astype(float),
        )


def _numbers(key: str, given: Sequence[Graded]) -> list[int]:
    """The number of each contender's unsure text for a question, 0 if its value is known."""
    seen: dict[object, int] = {}
    return [
        seen.setdefault(of.unsure[key] or place, len(seen) + 1) if key in of.unsure else 0
        for place, of in enumerate(given)
    ]


def _means(table: _Table, values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The mean of each contender in each draw. If a draw holds none of its facts, the mean over all facts."""
    sums, sizes = (
        np.stack(column, axis=1) for column in zip(*(table.by_fact(column) for column in values.T), strict=True)
    )
    with np.errstate(invalid="ignore"):
        whole = sums.sum(axis=0) / sizes.sum(axis=0)
    total, n = drawn @ sums, drawn @ sizes
    return np.divide(total, n, out=np.broadcast_to(whole, total.shape).copy(), where=n > 0)


def _tested(table: _Table, drawn: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """Which contenders are significantly above which, and which pairs are tied: (draw, contender, contender)."""
    n_names = table.values.shape[1]
    ahead, tied = (np.zeros((N_DRAWS, n_names, n_names), dtype=bool) for _ in range(2))
    pairs = [
        (pair, sides)
        for pair in combinations(range(n_names), 2)
        if (sides := [table.by_fact(side) for side in _sides(table, *pair)])[0][1].any()
    ]
    if not pairs:
        return ahead, tied
    columns = [column for _, sides in pairs for d, m in sides for column in (d, m, d * d, d * m, m * m)]
    moments = (drawn @ np.stack(columns, axis=1)).reshape(N_DRAWS, len(pairs), -1, 5)
    scores = np.zeros((len(pairs), N_DRAWS))
    for k, ((i, j), sides) in enumerate(pairs):
        of_sides = [Moments(int((m > 0).sum()), *moments[:, k, side].T) for side, (_, m) in enumerate(sides)]
        by_side = [
            _score(of.differences, of.squared_differences, _step(sums))
            for of, (sums, _) in zip(of_sides, sides, strict=True)
        ]
        scores[k] = np.min(by_side, axis=0)
        tied[:, i, j] = tied[:, j, i] = np.all([is_tied(of, margin) for of in of_sides], axis=0)
    middle = np.stack([np.mean([sums for sums, _ in sides], axis=0) for _, sides in pairs], axis=1)
    for k, different in enumerate(_step_down(scores, flipped(middle, N_DRAWS))):
        i, j = pairs[k][0]
        for a, b, sign in ((i, j, 1), (j, i, -1)):
            ahead[:, a, b] = different & (sign * moments[:, k, :, 0] > 0).all(axis=1)
    return ahead & ~tied, tied


def _sides(table: _Table, i: int, j: int) -> list[np.ndarray]:
    """The differences i - j with all unsure answers at their lowest and at their highest."""
    differences = table.values[:, i] - table.values[:, j]
    is_same = table.unsure[:, i] == table.unsure[:, j]
    reach = np.where(is_same, 0.0, table.half[:, i] + table.half[:, j])
    return [differences - reach, differences + reach]


def _step(sums: np.ndarray) -> float:
    """Half the distance between neighbouring sums under sign flips, for the continuity correction."""
    whole = np.rint(sums).astype(int)
    return float(np.gcd.reduce(whole)) if np.allclose(sums, whole) else 0.0


def _score(total: np.ndarray, squares: np.ndarray, step: float) -> np.ndarray:
    """The sum divided by its standard deviation under sign flips; 0 if the pair alone is not significant."""
    spread = np.sqrt(squares)
    is_clear = np.abs(total) - step > NORMAL * spread
    return np.divide(np.abs(total), spread, out=np.zeros(len(total)), where=is_clear & (spread > 0))


def _step_down(scores: np.ndarray, by_chance: np.ndarray) -> np.ndarray:
    """Which pairs differ significantly in each draw: (pair, draw).

    Every score above the 95 % quantile of the largest one by chance counts; then the other pairs are tested again on
    their own, until none is above.
    """
    different = np.zeros(scores.shape, dtype=bool)
    groups = {np.ones(len(scores), dtype=bool).tobytes(): np.arange(scores.shape[1])}
    while groups:
        smaller: dict[bytes, list[int]] = defaultdict(list)
        for key, draws in groups.items():
            left = np.frombuffer(key, dtype=bool)
            limit = np.quantile(by_chance[:, left].max(axis=1), CONFIDENCE)
            above = (scores[:, draws] > limit) & left[:, None]
            different[:, draws] |= above
            for draw, clear in zip(draws, above.T, strict=True):
                if clear.any() and (rest := left & ~clear).any():
                    smaller[rest.tobytes()].append(int(draw))
        groups = {key: np.array(draws) for key, draws in smaller.items()}
    return different
