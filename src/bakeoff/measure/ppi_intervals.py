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

from bakeoff.measure.bounds import observations
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.contrasts import Method, Pair, fact_columns
from bakeoff.measure.max_t import Adjusted, as_normal, flipped, scores, step_down
from bakeoff.measure.ppi import Corrected, Pseudo, Pseudos
from bakeoff.measure.sign_flips import sign_flip_p
from bakeoff.measure.statistics import (
    CONFIDENCE,
    MARGIN,
    NO_SHIFT,
    NORMAL,
    Facts,
    Moments,
    Shifts,
    Values,
    Z,
    adjusted_difference,
    finding_of,
    is_tied,
    paired_shift,
    questions_needed,
    rows_of,
    t_quantile,
    weakened,
    widened,
    wilson,
)
from bakeoff.measure.traffic import expected_variance, kish
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

    def divided(self, span: float) -> "Term":
        """The same in units of `span`."""
        value, predicted, doubt = (part / span for part in (self.value, self.predicted, self.doubt))
        return Term(value, predicted, doubt, self.noise / span**2, self.expected_noise / span**2)


def share(
    pseudos: Pseudos, fact_of: Facts, n_labels: int, weights: Values | None = None, shift: np.ndarray = NO_SHIFT
) -> Estimate:
    """The (weighted) mean with its 95 % interval, which stays in 0..1 and never has zero width.

    Two distances are added in quadrature, as in `statistics.widened`: those of a score interval for the choice of
    questions (with all answers labelled, exactly `statistics.share_estimate`), and that of the choice of labels.
    `n_labels` is `Corrected.n_labels`. Where people could not tell, the interval reaches from the lower end with all of
    them 0 to the upper end with all of them 1.
    """
    if weights is not None:
        pseudos = {key: pseudo for key, pseudo in pseudos.items() if weights[key] > 0}
    if not pseudos:
        return Estimate()
    table = table_of({key: Term.of(pseudo) for key, pseudo in pseudos.items()}, fact_of, n_labels, weights)
    below, above = (_ends_of_share(table, sign * table.doubt) for sign in (-1, 1))
    value = min(1.0, max(0.0, float(table.values.sum() / table.sizes.sum())))
    low, high = min(1.0, max(0.0, below.low)), max(0.0, min(1.0, above.high))
    n_effective = min(below.n_effective, above.n_effective, float(table.n))
    whole = Estimate(value=value, low=min(low, value), high=max(high, value), n=table.n, n_effective=n_effective)
    return widened(whole, shift)


class Table(NamedTuple):
    """Sums over the questions of each fact: values, predicted values, doubts, sizes (n_facts each); sums over all.

    `least_variance` is `traffic.expected_variance`, 0 if all questions count alike.
    """

    values: np.ndarray
    predicted: np.ndarray
    doubt: np.ndarray
    sizes: np.ndarray
    noise: float
    expected_noise: float
    squared_sizes: float
    least_variance: float
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
    facts = rows_of(list(terms), fact_of)
    sums = np.column_stack([np.bincount(facts, weights=weight * column) for column in rows[:, :4].T])
    noise, expected = (float(total) for total in weight**2 @ rows[:, 4:])
    values, predicted, doubt, sizes = sums.T
    least = expected_variance(rows[:, 1], weight, facts) if weights else 0.0
    squared = float(weight @ weight)
    return Table(values, predicted, doubt, sizes, noise, expected, squared, least, len(weight), n_labels)


class _Ends(NamedTuple):
    """The ends of an interval, which may lie outside 0..1, and how many independent observations its width means."""

    low: float
    high: float
    n_effective: float


def _ends_of_share(table: Table, doubt: np.ndarray) -> _Ends:
    total = float(table.sizes.sum())
    n_facts = len(table.sizes)
    raw = float((table.values + doubt).sum()) / total
    mean = min(1.0, max(0.0, raw))
    binomial = mean * (1 - mean)
    error = math.sqrt(_question_variance(table, doubt))
    least = max(table.least_variance, table.squared_sizes / total**2 if table.expected_noise > 0 else 0.0)
    n_observations = binomial / error**2 if error > 0 and binomial > 0 else float(n_facts)
    n_observations = max(1.0, min(n_observations, float(table.n), 1 / least if least else math.inf))
    low, high = wilson(mean, n_observations, t_quantile(0.5 + CONFIDENCE / 2, n_facts - 1))
    reach = t_quantile(0.5 + CONFIDENCE / 2, table.n_labels - 1) * table.label_error
    low, high = math.hypot(mean - low, reach), math.hypot(high - mean, reach)
    return _Ends(raw - low, raw + high, observations(mean, mean - low, mean + high, NORMAL))


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
    pairs: Sequence[Pair] | None = None,
    margin: float = MARGIN,
    weights: Values | None = None,
    span: float = 1.0,
    shifts: Shifts | None = None,
    method: Method = step_down,
) -> list[Contrast]:
    """The contrasts of these pairs as one family; the arguments are those of `contrasts.contrasts`.

    Each pair keeps its own p-value, of Student's t where a choice of labels matters. How large the largest of them is
    by chance follows from flipping the signs of whole facts' pseudo-values, which keeps the correlation of pairs, with
    each pair's scores made normal. Flips alone would not do: with few labels, pseudo-values show too little of what
    other labels would have changed.
    """
    chosen = list(combinations(of.pseudos, 2)) if pairs is None else pairs
    tests = [
        Test.of(
            a, b, {key: term.divided(span) for key, term in terms.items()}, fact_of, of.n_labels, measure, margin,
            weights, paired_shift(shifts or {}, a, b) / span,
        )
        for a, b in chosen
        if (terms := differences(of.pseudos[a], of.pseudos[b], weights))
    ]  # fmt: skip
    return as_family(tests, margin, span, method)


class Test(NamedTuple):
    """The contrast of two contenders, with what a family of tests needs: its sums by fact and its cases."""

    contrast: Contrast
    facts: tuple[str, ...]
    table: Table
    cases: tuple["_Case", ...]

    @classmethod
    def of(
        cls,
        a: str,
        b: str,
        terms: Mapping[str, Term],
        fact_of: Facts,
        n_labels: int,
        measure: str,
        margin: float = MARGIN,
        weights: Values | None = None,
        shift: np.ndarray = NO_SHIFT,
    ) -> "Test":
        table = table_of(terms, fact_of, n_labels, weights)
        cases = _cases(table, margin, shift)
        facts = tuple(dict.fromkeys(fact_of[key] for key in terms))
        return cls(_contrast(a, b, table, measure, margin, cases), facts, table, cases)

    def sums(self, sign: int) -> dict[str, float]:
        """The sum of each fact, with what people could not tell at one end."""
        return dict(zip(self.facts, self.table.values + sign * self.table.doubt, strict=True))


def as_family(
    tests: Sequence[Test], margin: float = MARGIN, span: float = 1.0, method: Method = step_down
) -> list[Contrast]:
    """The contrasts of tests on the same facts, with p-values and `more_questions` of the whole family."""
    if not tests:
        return []
    signs = (-1, 1) if any(test.table.doubt.any() for test in tests) else (0,)
    given = [_adjusted(tests, sign, method) for sign in signs]
    p_adjusted = np.array([test.contrast.p for test in tests])
    if len(tests) > 1:
        p_adjusted = np.max([p_adjusted, *(of.p for of in given)], axis=0)
    critical = np.max([of.critical for of in given], axis=0)
    return [
        _concluded(test, float(p), float(score), margin, span)
        for test, p, score in zip(tests, p_adjusted, critical, strict=True)
    ]


def _adjusted(tests: Sequence[Test], sign: int, method: Method) -> Adjusted:
    columns = fact_columns([test.sums(sign) for test in tests])
    if any(test.table.label_error for test in tests):
        observed = np.array([-Z.inv_cdf(max(test.contrast.p / 2, 1e-300)) for test in tests])
        by_chance = as_normal(flipped(columns))
        return method(observed, by_chance.scores, by_chance.own)
    strength = np.array([test.cases[0].strength * (test.contrast.p < 1) for test in tests])
    return method(strength * scores(columns), flipped(columns), None)


def _concluded(test: Test, p: float, critical: float, margin: float, span: float) -> Contrast:
    finding = finding_of(p, test.contrast.tied)
    helps = finding == "open" and not _is_crossed(test.cases)
    more = _more_questions(_nearest(test.cases), test.table.n, margin, critical) if helps else 0
    scaled = {key: span * getattr(test.contrast, key) for key in ("difference", "low", "high")}
    return test.contrast.model_copy(update={**scaled, "p_adjusted": p, "finding": finding, "more_questions": more})


def differences(a: Pseudos, b: Pseudos, weights: Values | None = None) -> dict[str, Term]:
    """a - b for each question with a weight that both answered.

    Where both gave the same text there is nothing to estimate.
    """
    return {key: _difference(a[key], b[key]) for key in a if key in b and (weights is None or weights[key] > 0)}


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
    shift: np.ndarray = NO_SHIFT,
) -> Contrast:
    """The contrast of two contenders from the table of their `differences`.

    Like `statistics.paired`, and exactly that if all answers are labelled. Otherwise p is that of Student's t, because
    flipping signs does not repeat the choice of labels. Where people could not tell, the interval reaches over both
    cases, and p, `tied` and `more_questions` are those of the less clear one. If the sign depends on them, more
    questions do not help. `more_questions` assumes more labels in proportion. Without any label the interval is -1..1.
    """
    return _contrast(a, b, table, measure, margin, _cases(table, margin, shift))


def _cases(table: Table, margin: float, shift: np.ndarray) -> tuple["_Case", ...]:
    """The middle, and both ends if people could not tell."""
    signs = (0.0, -1.0, 1.0) if table.doubt.any() else (0.0,)
    return tuple(_Case.of(table, sign * table.doubt, margin, shift) for sign in signs)


def _nearest(cases: Sequence["_Case"]) -> "_Case":
    """The least clear case."""
    return min(cases, key=lambda case: abs(case.centre))


def _is_crossed(cases: Sequence["_Case"]) -> bool:
    """Whether the sign depends on answers about which people could not tell."""
    return min(case.centre for case in cases) < 0 < max(case.centre for case in cases)


def _contrast(a: str, b: str, table: Table, measure: str, margin: float, cases: tuple["_Case", ...]) -> Contrast:
    middle, nearest = cases[0], _nearest(cases)
    tied = all(case.tied for case in cases)
    crossed = _is_crossed(cases)
    p = 1.0 if crossed else max(case.p for case in cases)
    return Contrast(
        a=a, b=b, measure=measure, difference=min(1.0, max(-1.0, middle.difference)),
        low=max(-1.0, min(1.0, *(case.low for case in cases))),
        high=min(1.0, max(-1.0, *(case.high for case in cases))),
        p=p, p_adjusted=p, n=table.n, tied=tied,
        finding=finding_of(p, tied),
        more_questions=0 if crossed else _more_questions(nearest, table.n, margin),
    )  # fmt: skip


class _Case(NamedTuple):
    """One way to fill in what people could not tell: the centre of the interval, its ends, the total error.

    `strength` is the standard error over questions divided by the total one.
    """

    difference: float
    centre: float
    low: float
    high: float
    error: float
    strength: float
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
            centre - math.hypot(half, min(0.0, down)), centre + math.hypot(half, max(0.0, up)), error,
            of_questions / error, p,
            bool(is_tied(moments, margin, math.hypot(of_labels, spread))),
        )  # fmt: skip


def moments_of(table: Table, doubt: np.ndarray) -> Moments:
    """The sums that `statistics.adjusted_difference` takes, without the noise of labels in the squares."""
    d, m, n_facts = table.values + doubt, table.sizes, len(table.sizes)
    correction = n_facts / (n_facts - 1) if n_facts > 1 else 1.0
    least = _squares(table.predicted + doubt, m) - _squares(d, m)
    squared = float(d @ d) + max(least, -table.noise / correction)
    n_equal = kish(m) if table.least_variance else None
    return Moments(n_facts, float(d.sum()), float(m.sum()), squared, float(d @ m), float(m @ m), n_equal)


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


def _more_questions(case: _Case, n: int, margin: float, critical: float = NORMAL) -> int:
    """0 without any label: more questions would not help."""
    return 0 if math.isinf(case.error) else questions_needed(case.difference, case.error, margin, n, critical)
