"""Scores, latencies and stage times to each contender's measures, with intervals, and the contrasts of every pair.

Takes the contents of a run folder, gives a `Comparison`. Measures are defined in `measures.py`, what each kind of
estimator computes in `estimators.py`. Does not know how contenders work. A measure without a value says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from bakeoff.measure import classification, ppi_intervals
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.measure.constant import constant_answer
from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.details import DETAILS
from bakeoff.measure.estimators import ESTIMATORS
from bakeoff.measure.labelled import NO_LABELS, Labels, labelled
from bakeoff.measure.redecided import Thresholds
from bakeoff.measure.saving import cascade_curves
from bakeoff.measure.statistics import MARGIN
from bakeoff.measure.view import Measured, View
from bakeoff.measures import ACCURACY, CLASSIFICATION, EVERY_SLICE, MEASURES, Measure
from bakeoff.records import Contrast, Question

K = TypeVar("K", bound=str)

__all__ = ["Measured", "summarise"]


def summarise(
    questions: Sequence[Question],
    measured: Sequence[Measured],
    skipped: Mapping[str, str] | None = None,
    margin: float = MARGIN,
    own: Sequence[Measure] = (),
    training: Sequence[Question] = (),
    thresholds: Thresholds | None = None,
    labels: Labels = NO_LABELS,
) -> Comparison:
    """Every contender's measures, every pair's contrasts, the skipped contenders with reasons, and the constant answer.

    `questions` are those of the test. `training` are those that the most frequent answer is taken from. Pairs that
    differ by less than `margin` (a fraction) are called tied. `own` are the team's measures. `thresholds` are those of
    redrawn dev sets; how far results depend on them is part of the intervals. `labels` are those of people.
    """
    answers = {collected.name: collected.answers for collected in measured}
    of_labels = labelled(questions, answers, {collected.name: collected.values for collected in measured}, labels)
    measured = [replace(collected, values=of_labels.values[collected.name]) for collected in measured]
    facts = {question.id: question.fact for question in questions}
    view = View(questions, facts, measured, of_labels, thresholds or {})
    of_labels_too = CLASSIFICATION if classification.have_labels(questions) else ()
    measures = [*MEASURES, *of_labels_too, *own]
    contrasted = [measure for measure in measures if measure.contrasted]
    correct = {collected.name: view.graded(collected, ACCURACY) for collected in measured}
    return Comparison(
        entrants=tuple(collected.entrant for collected in measured),
        measures={
            collected.name: {measure.name: estimated(view, collected, measure) for measure in measures}
            for collected in measured
        },
        contrasts=tuple(contrast for measure in contrasted for contrast in _contrasts(view, measure, margin)),
        skipped=dict(skipped or {}),
        constant=constant_answer(training, questions, correct, margin, view.shifts("correct", correct)),
        own_measures=tuple(own),
        declining={collected.name: collected.declining for collected in measured if collected.declining},
        cascades=cascade_curves(
            [question for question in questions if question.slice in ACCURACY.slices],
            {collected.name: collected.course for collected in measured if collected.course},
            {collected.name: collected.values for collected in measured},
        ),
    )


def estimated(view: View, collected: Measured, measure: Measure) -> Estimate:
    """A measure of one contender, with its slices, and with a reason if there is no value."""
    if measure.name in collected.entrant.unmeasured:
        return Estimate(reason=collected.entrant.unmeasured[measure.name])
    estimate = ESTIMATORS[measure.estimator](view, collected, measure)
    if estimate.value is None and not estimate.reason:
        estimate = estimate.model_copy(update={"reason": _reason(collected, measure)})
    details = DETAILS.get(measure.name)
    if details and estimate.value is not None:
        estimate = estimate.model_copy(update={"detail": {**estimate.detail, **details(view, collected, estimate)}})
    if not measure.per_slice:
        return estimate
    parts = {
        "slices": _slices(view, collected, measure),
        "by_length": _parts(view.by_length, collected, measure),
        "by_origin": _parts(view.by_origin, collected, measure),
    }
    return estimate.model_copy(update=parts)


def _slices(view: View, collected: Measured, measure: Measure) -> dict[str, Estimate]:
    """The measure for each slice that has questions."""
    estimates: dict[str, Estimate] = {}
    for name in EVERY_SLICE:
        alone = ESTIMATORS[measure.estimator](view, collected, measure.model_copy(update={"slices": (name,)}))
        if alone.value is not None:
            estimates[name] = alone
    return estimates


def _parts(views: Mapping[K, View], collected: Measured, measure: Measure) -> dict[K, Estimate]:
    """The measure for each part of the test that has questions."""
    estimator = ESTIMATORS[measure.estimator]
    estimates = {key: estimator(view, collected, measure) for key, view in views.items()}
    return {key: estimate for key, estimate in estimates.items() if estimate.value is not None}


def _contrasts(view: View, measure: Measure, margin: float) -> list[Contrast]:
    values = {collected.name: view.graded(collected, measure) for collected in view.measured}
    span = 1.0
    if measure.unit != "share":
        every = [value for given in values.values() for value in given.values.values()] or [0.0]
        span = (max(every) - min(every)) or 1.0
    shifts, corrected = view.shifts(measure.score, values), view.corrected(measure)
    if corrected is not None:
        wanted = {question.id for question in view.questions if question.slice in measure.slices}
        return ppi_intervals.contrasts(corrected.only(wanted), view.facts, measure.name, margin=margin, shifts=shifts)
    return contrasts(values, view.facts, measure.name, margin=margin, span=span, shifts=shifts)


def _reason(collected: Measured, measure: Measure) -> str:
    if measure.phase == "updated" and not collected.updated:
        return "the configuration has no updates"
    return measure.reason
