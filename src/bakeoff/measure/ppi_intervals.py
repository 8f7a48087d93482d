"""95 % intervals of shares and paired contrasts whose grades were corrected by labels, clustered by fact.

Takes the pseudo-values of `ppi.py` and the fact each question asks for; gives what `statistics.py` gives for values
that are known. Two things vary: which questions are in the test, and which answers were labelled. docs/labels.md
derives the formulas.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from bakeoff.measure.comparison import Estimate
from bakeoff.measure.ppi import Corrected, Pseudo, Pseudos
from bakeoff.measure.statistics import (
    CONFIDENCE,
    MARGIN,
    NO_SHIFT,
    Facts,
    Moments,
    Shifts,
    Values,
    Z,
    adjusted_difference,
    is_tied,
    paired_shift,
    questions_needed,
    sign_flip_p,
    t_quantile,
    weakened,
    widened,
    wilson,
    with_holm,
)
from bakeoff.records import Contrast


class Term(NamedTuple):
    """One question's value or difference: what `Pseudo` holds, without the unit."""

    value: float
    predicted: float
    doubt: float
    noise: float
    expected_noise: float

    @classmethod
    def of(cls, pseudo: Pseudo) -> "Term":
        return cls(pseudo.value, pseudo.predicted, pseudo.doubt, pseudo.noise, pseudo.expected_noise)


def share(
    pseudos: Pseudos, fact_of: Facts, n_labels: int, weights: Values | None = None, shift: np.ndarray = NO_SHIFT
) -> Estimate:
    """The (weighted) mean with its 95 % interval, which stays in 0..1 and never has zero width.

    Two distances are added in quadrature, as in `statistics.widened`: those of a score interval for the choice of
    questions (with all answers labelled, exactly `statistics.share_estimate`), and that of the choice of labels.
    `n_labels` is `Corrected.n_labels`. Where people could not tell, the interval reaches from the lower end with all of
    them 0 to the upper end with all of them 1.
    """
    if not pseudos:
        return Estimate()
    table = table_of({key: Term.of(pseudo) for key, pseudo in pseudos.items()}, fact_of, n_labels, weights)
    low, _ = _share_ends(table, -table.doubt)
    _, high = _share_ends(table, table.doubt)
    value = min(1.0, max(0.0, float(table.values.sum() / table.sizes.sum())))
    return widened(Estimate(value=value, low=min(low, value), high=max(high, value), n=len(pseudos)), shift)


class Table(NamedTuple):
    """Sums over the questions of each fact: values, predicted values, doubts, sizes (n_facts each); sums over all."""

    values: np.ndarray
    predicted: np.ndarray
    doubt: np.ndarray
    sizes: np.ndarray
    noise: float
    expected_noise: float
    squared_sizes: float
    n: int
    n_labels: int

    @property
    def label_error(self) -> float:
        """The standard error that comes from the choice of labels."""
        return math.sqrt(self.expected_noise) / float(self.sizes.sum())


def table_of(terms: Mapping[str, Term], fact_of: Facts, n_labels: int, weights: Values | None = None) -> Table:
    """The sums over the facts of at least one question. `n_labels` is `Corrected.n_labels`."""
    weight = np.array([weights[key] if weights else 1.0 for key in terms])
    rows = np.array([(*term[:3], 1.0, *term[3:]) for term in terms.values()])
    row_of: dict[str, int] = {}
    facts = np.array([row_of.setdefault(fact_of[key], len(row_of)) for key in terms])
    sums = np.zeros((len(row_of), 4))
    np.add.at(sums, facts, rows[:, :4] * weight[:, None])
    noise, expected = (float(total) for total in weight**2 @ rows[:, 4:])
    values, predicted, doubt, sizes = sums.T
    return Table(values, predicted, doubt, sizes, noise, expected, float(weight @ weight), len(weight), n_labels)


def _share_ends(table: Table, doubt: np.ndarray) -> tuple[float, float]:
    total = float(table.sizes.sum())
    n_facts = len(table.sizes)
    raw = float((table.values + doubt).sum()) / total
    mean = min(1.0, max(0.0, raw))
    binomial = mean * (1 - mean)
    error = math.sqrt(_question_variance(table, doubt))
    if table.expected_noise > 0:  # of values that are 0 or 1, at least this much varies
        error = max(error, math.sqrt(binomial * table.squared_sizes) / total)
    n_effective = binomial / error**2 if error > 0 and binomial > 0 else float(n_facts)
    n_effective = max(1.0, min(n_effective, float(table.n)))
    low, high = wilson(mean, n_effective, t_quantile(0.5 + CONFIDENCE / 2, n_facts - 1))
    reach = t_quantile(0.5 + CONFIDENCE / 2, table.n_labels - 1) * table.label_error
    low, high = raw - math.hypot(mean - low, reach), raw + math.hypot(high - mean, reach)
    return min(1.0, max(0.0, low)), max(0.0, min(1.0, high))


def _question_variance(table: Table, doubt: np.ndarray) -> float:
    """The variance of the mean over other test questions: that of the pseudo-values without the noise of labels."""
    total, n_facts = float(table.sizes.sum()), len(table.sizes)
    if n_facts < 2:
        return 0.0
    correction = n_facts / (n_facts - 1)
    squares = correction * _squares(table.values + doubt, table.sizes) - table.noise
    return max(squares, correction * _squares(table.predicted + doubt, table.sizes)) / total**2


def _squares(sums: np.ndarray, sizes: np.ndarray) -> float:
    residuals = sums - sums.sum() / sizes.sum() * sizes
    return float(residuals @ residuals)


def contrasts(
    of: Corrected,
    fact_of: Facts,
    measure: str,
    margin: float = MARGIN,
    shifts: Shifts | None = None,
    only: Sequence[str] | None = None,
) -> list[Contrast]:
    """Every pair of contenders on the questions that both answered. p-values are Holm-adjusted over the pairs.

    `only` are the ids of the questions that count; all if it is None.
    """
    wanted = None if only is None else set(only)
    columns = {
        name: column if wanted is None else {key: pseudo for key, pseudo in column.items() if key in wanted}
        for name, column in of.pseudos.items()
    }
    pairs = list(combinations(columns, 2))
    between = {(a, b): differences(columns[a], columns[b]) for a, b in pairs}
    return with_holm([
        contrast(
            a, b, table_of(terms, fact_of, of.n_labels), measure, margin, len(pairs), paired_shift(shifts or {}, a, b)
        )
        for (a, b), terms in between.items()
        if terms
    ])  # fmt: skip


def differences(a: Pseudos, b: Pseudos) -> dict[str, Term]:
    """a - b for each question that both answered. Where both gave the same text there is nothing to estimate."""
    return {key: _difference(a[key], b[key]) for key in a if key in b}


def _difference(a: Pseudo, b: Pseudo) -> Term:
    if a.unit is not None and a.unit == b.unit:
        return Term(0.0, 0.0, 0.0, 0.0, 0.0)
    return Term(
        a.value - b.value,
        a.predicted - b.predicted,
        a.doubt + b.doubt,
        a.noise + b.noise,
        a.expected_noise + b.expected_noise,
    )


def contrast(
    a: str,
    b: str,
    table: Table,
    measure: str,
    margin: float = MARGIN,
    n_pairs: int = 1,
    shift: np.ndarray = NO_SHIFT,
) -> Contrast:
    """The contrast of two contenders from the table of their `differences`.

    Like `statistics.paired`, and exactly that if all answers are labelled. Otherwise p is that of Student's t, because
    flipping signs does not repeat the choice of labels. Where people could not tell, the interval reaches over both
    cases, and p, `tied` and `more_questions` are those of the less clear one. If the sign depends on them, more
    questions do not help. `more_questions` assumes more labels in proportion. Without any label the interval is -1..1.
    """
    signs = (0.0, -1.0, 1.0) if table.doubt.any() else (0.0,)
    cases = [_Case.of(table, sign * table.doubt, margin, shift) for sign in signs]
    middle, nearest = cases[0], min(cases, key=lambda case: abs(case.centre))
    tied = all(case.tied for case in cases)
    crossed = min(case.centre for case in cases) < 0 < max(case.centre for case in cases)
    p = 1.0 if crossed else max(case.p for case in cases)
    return Contrast(
        a=a, b=b, measure=measure, difference=min(1.0, max(-1.0, middle.difference)),
        low=max(-1.0, min(1.0, *(case.low for case in cases))),
        high=min(1.0, max(-1.0, *(case.high for case in cases))),
        p=p, p_adjusted=p, n=table.n, tied=tied,
        finding="tied" if tied else "different" if p < 1 - CONFIDENCE else "open",
        more_questions=0 if crossed else _more_questions(nearest, table.n, margin, n_pairs),
    )  # fmt: skip


class _Case(NamedTuple):
    """One way to fill in what people could not tell: the centre of the interval, its ends, the total error."""

    difference: float
    centre: float
    low: float
    high: float
    error: float
    p: float
    tied: bool

    @classmethod
    def of(cls, table: Table, doubt: np.ndarray, margin: float, shift: np.ndarray) -> "_Case":
        moments = moments_of(table, doubt)
        centre, of_questions = (float(number) for number in adjusted_difference(moments))
        of_labels, spread = table.label_error, float(np.std(shift))
        degrees = degrees_of(of_questions, table)
        of_test = math.hypot(of_questions, of_labels)
        half = t_quantile(0.5 + CONFIDENCE / 2, degrees) * of_test
        down, up = (float(end) for end in np.quantile(shift, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]))
        error = math.hypot(of_test, spread)
        if of_labels > 0:
            p = _student_p(centre / error, degrees)
        else:
            p = weakened(sign_flip_p(table.values + doubt), of_questions / error)
        return cls(
            moments.differences / moments.sizes, centre,
            centre - math.hypot(half, min(0.0, down)), centre + math.hypot(half, max(0.0, up)), error, p,
            bool(is_tied(moments, margin, math.hypot(of_labels, spread))),
        )  # fmt: skip


def moments_of(table: Table, doubt: np.ndarray) -> Moments:
    """The sums that `statistics.adjusted_difference` takes, without the noise of labels in the squares."""
    d, m, n_facts = table.values + doubt, table.sizes, len(table.sizes)
    correction = n_facts / (n_facts - 1) if n_facts > 1 else 1.0
    least = _squares(table.predicted + doubt, m) - _squares(d, m)
    squared = float(d @ d) + max(least, -table.noise / correction)
    return Moments(n_facts, float(d.sum()), float(m.sum()), squared, float(d @ m), float(m @ m))


def degrees_of(of_questions: float, table: Table) -> int:
    """The degrees of freedom of a sum of two variances (Welch 1947, Satterthwaite 1946)."""
    n_facts, of_labels = len(table.sizes), table.label_error
    if of_labels == 0:
        return n_facts - 1
    if math.isinf(of_labels):
        return 1
    parts = of_questions**4 / max(1, n_facts - 1) + of_labels**4 / max(1, table.n_labels - 1)
    return max(1, int((of_questions**2 + of_labels**2) ** 2 / parts))


def _student_p(t: float, degrees: int) -> float:
    """The two-sided p-value of Student's t, by Wallace's normal score (1959, doi:10.1214/aoms/1177706094)."""
    score = (8 * degrees + 1) / (8 * degrees + 3) * math.sqrt(degrees * math.log1p(t * t / degrees))
    return min(1.0, 2 * Z.cdf(-score))


def _more_questions(case: _Case, n: int, margin: float, n_pairs: int) -> int:
    """0 without any label: more questions would not help."""
    return 0 if math.isinf(case.error) else questions_needed(case.difference, case.error, margin, n, n_pairs)
