"""Grades corrected by labels: a value for each answer by prediction-powered inference.

Takes the grade of every answer and the labels of a sample with known inclusion probabilities. Gives a pseudo-value for
each answer, with what is needed for intervals (`ppi_intervals.py`). Knows nothing about judges, models or files.
docs/labels.md derives the formulas.

The pseudo-value of an answer is psi = g + (x / pi)(Y - g): g is what its grade predicts, pi its inclusion probability,
x is 1 if it has a label and 0 if not, Y the value of the label. It is unbiased for any g that does not depend on Y. g
is a line a + lambda f in the grade f, with 0 <= lambda <= 1, fitted to the labels for each kind of grade without the
label of the answer itself. Good grades get lambda near 1, useless ones lambda near 0.

Sources: prediction-powered inference, Angelopoulos et al. 2023, arXiv:2301.09633; lambda, Angelopoulos, Duchi and Zrnic
2023, arXiv:2311.01453; predictions fitted to other labels, Zrnic and Candes 2024, arXiv:2309.16598; unequal
probabilities, Zrnic and Candes 2024, arXiv:2403.03208, after Horvitz and Thompson 1952.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Literal, NamedTuple

from bakeoff.measure.graded import UNSURE
from bakeoff.measure.labels import Unit
from bakeoff.measure.sampling import SPREADS, Sample

MIN_LABELS = 30
"""With fewer labels nothing is corrected: a labelled answer takes its label's value, all others keep theirs."""
N_OWN = 2
"""How many labels the variance over all contenders counts for when that of one contender is estimated."""

Kind = Literal["decided", "judged", "unsure"]
KINDS: tuple[Kind, ...] = ("decided", "judged", "unsure")


class Predicted(NamedTuple):
    """What is known about one answer without its label.

    `prediction` is the value of its grade: 0, 1, or UNSURE. `unit` is None if no label can change it (it was
    withheld). `kind` says where the grade comes from: answers of one kind are corrected by the same line.
    """

    prediction: float
    unit: Unit | None = None
    kind: Kind = "decided"


class Line(NamedTuple):
    """What a grade f predicts about labels: intercept + slope x f. The slope is lambda."""

    intercept: float
    slope: float

    def at(self, grade: float) -> float:
        return self.intercept + self.slope * grade


class Pseudo(NamedTuple):
    """One answer after correction.

    `value` is its pseudo-value, on average over samples the value of its label. It may lie outside 0..1. `predicted` is
    g, `probability` pi. `variance` is the expected square of label minus g. `noise` is an unbiased estimate of the
    variance of `value` over samples, of its own label only. `doubt` is how far `value` moves either way if a label that
    could not tell were 0 or 1.
    """

    value: float
    predicted: float
    probability: float = 1.0
    variance: float = 0.0
    noise: float = 0.0
    doubt: float = 0.0
    unit: Unit | None = None

    @property
    def expected_noise(self) -> float:
        """What `noise` is on average. Infinite if no label can be in the sample."""
        return (1 / self.probability - 1) * self.variance if self.probability else inf


Pseudos = Mapping[str, Pseudo]
"""Question id -> the contender's answer after correction."""


@dataclass(frozen=True)
class Corrected:
    """Every contender's answers after correction, the line of each kind of grade, and how many labels were used."""

    pseudos: Mapping[str, Pseudos]
    lines: Mapping[Kind, Line]
    n_labels: int

    def only(self, keys: Collection[str]) -> "Corrected":
        """The answers to these questions."""
        pseudos = {
            name: {key: pseudo for key, pseudo in column.items() if key in keys}
            for name, column in self.pseudos.items()
        }
        return replace(self, pseudos=pseudos)

    def values(self, name: str) -> dict[str, float]:
        """Question id -> pseudo-value, for whatever takes values per question (bootstrap draws, effects, claims)."""
        return {key: pseudo.value for key, pseudo in self.pseudos[name].items()}


def corrected(graded: Mapping[str, Mapping[str, Predicted]], labels: Mapping[Unit, float], sample: Sample) -> Corrected:
    """All answers (contender -> question id -> grade) of one score, corrected by the labels of the sample.

    `labels` are values in 0..1. Labels of units outside `sample.labelled` are not used: their probability is not known.
    """
    of = {answer.unit: answer for column in graded.values() for answer in column.values() if answer.unit is not None}
    used = {unit: labels[unit] for unit in of if unit in sample.labelled and unit in labels}
    fits: dict[Kind, _Fit] = defaultdict(_Fit)
    for unit, label in used.items():
        fits[of[unit].kind].add(of[unit].prediction, label)
    residuals = {
        unit: label - fits[of[unit].kind].without(of[unit].prediction, label).at(of[unit].prediction)
        for unit, label in used.items()
    }
    lines = {kind: fits[kind].line for kind in KINDS}
    pooled = {kind: _pooled_variance(kind, of, residuals) for kind in KINDS}
    of_units = _OfUnits(used, residuals, lines, sample.probability)
    return Corrected(
        {name: of_units.pseudos(column, _own_variances(column, pooled, residuals)) for name, column in graded.items()},
        lines,
        len(used),
    )


@dataclass
class _Fit:
    """Least squares of labels on grades. Starts with two labels that agree with their grades, 0 and 1."""

    n: float = 2.0
    grade: float = 1.0
    label: float = 1.0
    grade_squared: float = 1.0
    product: float = 1.0

    def add(self, grade: float, label: float, times: float = 1.0) -> None:
        self.n += times
        self.grade += times * grade
        self.label += times * label
        self.grade_squared += times * grade * grade
        self.product += times * grade * label

    @property
    def line(self) -> Line:
        grade, label = self.grade / self.n, self.label / self.n
        variance = self.grade_squared / self.n - grade * grade
        slope = min(1.0, max(0.0, (self.product / self.n - grade * label) / variance))
        return Line(label - slope * grade, slope)

    def without(self, grade: float, label: float) -> Line:
        """The line without one of the labels."""
        self.add(grade, label, -1.0)
        line = self.line
        self.add(grade, label)
        return line


def _pooled_variance(kind: Kind, of: Mapping[Unit, Predicted], residuals: Mapping[Unit, float]) -> float:
    """The mean squared residual of a kind over all contenders.

    Two labels with the variance 1/4 are added, so that a kind in which no label contradicted a grade is not thought to
    be without errors. What is expected in general is taken if the kind has no label.
    """
    squares = [residual**2 for unit, residual in residuals.items() if of[unit].kind == kind]
    return (sum(squares) + 2 * 0.25) / (len(squares) + 2) if squares else SPREADS[kind] ** 2


def _own_variances(
    column: Mapping[str, Predicted], pooled: Mapping[Kind, float], residuals: Mapping[Unit, float]
) -> dict[Kind, float]:
    """The mean squared residual of each kind for one contender, to which all contenders' counts as N_OWN labels."""
    squares: dict[Kind, list[float]] = defaultdict(list)
    for answer in column.values():
        if answer.unit is not None and answer.unit in residuals:
            squares[answer.kind].append(residuals[answer.unit] ** 2)
    return {
        kind: (sum(squares[kind]) + N_OWN * variance) / (len(squares[kind]) + N_OWN)
        for kind, variance in pooled.items()
    }


class _OfUnits(NamedTuple):
    """What labels say about units."""

    labels: Mapping[Unit, float]
    residuals: Mapping[Unit, float]
    lines: Mapping[Kind, Line]
    probability: Mapping[Unit, float]

    def pseudos(self, column: Mapping[str, Predicted], variances: Mapping[Kind, float]) -> dict[str, Pseudo]:
        return {key: self._pseudo(answer, variances) for key, answer in column.items()}

    def _pseudo(self, answer: Predicted, variances: Mapping[Kind, float]) -> Pseudo:
        unit, grade = answer.unit, answer.prediction
        if unit is None:
            return Pseudo(grade, grade, doubt=_doubt(grade))
        probability, variance = self.probability[unit], variances[answer.kind]
        if unit not in self.labels:
            predicted = self.lines[answer.kind].at(grade)
            return Pseudo(predicted, predicted, probability, variance, unit=unit)
        label, residual = self.labels[unit], self.residuals[unit]
        predicted = label - residual if probability < 1 else label
        noise = (1 - probability) / probability**2 * residual**2
        value = predicted + (label - predicted) / probability
        return Pseudo(value, predicted, probability, variance, noise, _doubt(label) / probability, unit)


def _doubt(value: float) -> float:
    return 0.5 if value == UNSURE else 0.0
