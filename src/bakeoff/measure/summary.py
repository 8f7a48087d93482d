"""Scores, latencies and stage times to each contender's measures, with intervals, and the contrasts of every pair.

Takes the contents of a run folder, gives a `Comparison`. Measures are defined in `measures.py`; this file computes each
kind of estimator. Does not know how contenders work. A measure without a value says why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from bakeoff.catalogue import RECIPES
from bakeoff.measure import classification, ppi, ppi_intervals
from bakeoff.measure.comparison import Comparison, Declining, Entrant, Estimate, QuestionOrigin
from bakeoff.measure.constant import constant_answer
from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.graded import Graded, Values, graded, known
from bakeoff.measure.labelled import NO_LABELS, Labelled, Labels, labelled
from bakeoff.measure.rates import Rates, setup_usd, usd
from bakeoff.measure.redecided import Redecided, Thresholds, redecided
from bakeoff.measure.risk_coverage import (
    LEAST_COVERAGE,
    Corrections,
    Ranked,
    area,
    equal_coverage,
    hallucination_at,
    ranked,
)
from bakeoff.measure.saving import Course, cascade_curves
from bakeoff.measure.statistics import (
    MARGIN,
    NO_SHIFT,
    graded_ratio,
    graded_share,
    mean_estimate,
    quantile_estimate,
)
from bakeoff.measure.traffic import too_few_facts
from bakeoff.measures import ACCURACY, CLASSIFICATION, EVERY_SLICE, GRADED, IN_DOMAIN, MEASURES, Estimator, Measure
from bakeoff.questions.answer_lengths import LENGTHS, AnswerLength, answer_length
from bakeoff.questions.evidence.evidence import is_document_level
from bakeoff.records import Answer, Contrast, Question, Slice, Stage
from bakeoff.sentences import percent

K = TypeVar("K", bound=str)

__all__ = ["IN_DOMAIN", "Measured", "summarise"]


@dataclass(frozen=True)
class Measured:
    """What was collected about one contender.

    `values` are those of the test answers by measure, `updated` those after the update (empty if it was not asked
    again). `update` is None if it was not updated. `declining` is None if the contender decides itself when to
    decline. `course` has the settings of a cascade's thresholds.
    """

    entrant: Entrant
    values: Mapping[str, Values]
    updated: Mapping[str, Values] = field(default_factory=dict)
    answers: Sequence[Answer] = ()
    updated_answers: Sequence[Answer] = ()
    latencies_ms: Sequence[float] = ()
    setup: Sequence[Stage] = ()
    update: Sequence[Stage] | None = ()
    rates: Rates = field(default_factory=Rates)
    declining: Declining | None = None
    course: Course | None = None

    @property
    def name(self) -> str:
        return self.entrant.name


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
    view = _View(questions, facts, measured, of_labels, thresholds or {})
    of_labels_too = CLASSIFICATION if classification.have_labels(questions) else ()
    measures = [*MEASURES, *of_labels_too, *own]
    contrasted = [measure for measure in measures if measure.contrasted]
    correct = {collected.name: view.graded(collected, ACCURACY) for collected in measured}
    return Comparison(
        entrants=tuple(collected.entrant for collected in measured),
        measures={
            collected.name: {measure.name: view.estimate(collected, measure) for measure in measures}
            for collected in measured
        },
        contrasts=tuple(contrast for measure in contrasted for contrast in view.contrasts(measure, margin)),
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


@dataclass(frozen=True)
class _View:
    """The test of one run: its questions, the fact of each, and what was collected about every contender."""

    questions: Sequence[Question]
    facts: Mapping[str, str]
    measured: Sequence[Measured]
    labelled: Labelled
    thresholds: Thresholds = field(default_factory=dict)

    @cached_property
    def redecided(self) -> Mapping[str, Redecided]:
        """The test answers with the thresholds of other dev sets, of contenders that depend on one."""
        again = {
            collected.name: redecided(
                self.questions, collected.answers, collected.values.get("knows", {}), collected.name, self.thresholds
            )
            for collected in (self.measured if self.thresholds else ())
        }
        return {name: answers for name, answers in again.items() if answers is not None}

    def shift(self, name: str, score: str, weights: Values) -> np.ndarray:
        """How much a contender's weighted mean of a score changes with other dev sets."""
        return self.redecided[name].shift(score, weights) if name in self.redecided else NO_SHIFT

    def shifts(self, score: str, values: Mapping[str, Graded]) -> dict[str, np.ndarray]:
        """The shift of each contender's mean over the questions that it has values for."""
        return {name: self.shift(name, score, dict.fromkeys(given.values, 1.0)) for name, given in values.items()}

    @cached_property
    def ranked(self) -> Mapping[str, Ranked]:
        """The in-domain answers from the surest to the least sure, of contenders that say how sure they are."""
        asked = [question for question in self.questions if question.slice in IN_DOMAIN]
        by_name = {
            collected.name: ranked(
                asked,
                collected.answers,
                collected.values.get("knows", {}),
                collected.values.get("correct", {}),
                self._corrections(collected.name),
            )
            for collected in self.measured
        }
        return {name: answers for name, answers in by_name.items() if answers is not None}

    def classified(self, collected: Measured) -> classification.Classified:
        """The in-domain answers as labels."""
        asked = [question for question in self.questions if question.slice in IN_DOMAIN]
        return classification.classified(asked, collected.answers, collected.values.get("knows", {}))

    def _corrections(self, name: str) -> Corrections | None:
        """What labels say about a contender's texts; None with too few of them."""
        if not self.labelled.corrected:
            return None
        knows, hallucinated = (self.labelled.corrected[score] for score in ("knows", "hallucinated"))
        return Corrections(knows.pseudos[name], hallucinated.pseudos[name], hallucinated.n_labels)

    @cached_property
    def equal_coverage(self) -> float | None:
        """The share of the questions at which hallucination is compared."""
        # As Ranked.coverage computes it: 1 - 1/3 is more than 2/3, and nobody would answer as much as the least does.
        answered = [(len(given) - sum(given)) / len(given) for given in map(self._declined, self.measured) if given]
        return equal_coverage(answered)

    def _declined(self, collected: Measured) -> list[float]:
        return list(self.values(collected.values, "abstained", IN_DOMAIN).values())

    def values(self, values: Mapping[str, Values], score: str, slices: Sequence[Slice]) -> dict[str, float]:
        """The values of one score on these slices."""
        wanted = {question.id for question in self.questions if question.slice in slices}
        return {key: value for key, value in values.get(score, {}).items() if key in wanted}

    def values_of(
        self, collected: Measured, measure: Measure, slices: Sequence[Slice] | None = None
    ) -> dict[str, float]:
        """A measure's value for each question of its slices (or of these) whose answer did not fail."""
        slices = measure.slices if slices is None else slices
        if measure.score:
            return self.values(
                collected.updated if measure.phase == "updated" else collected.values, measure.score, slices
            )
        asked = {question.id: question for question in self.questions if question.slice in slices}
        per_question = measure.per_question
        if per_question is None:
            return {}
        given = ((asked[a.question_id], a) for a in collected.answers if a.error is None and a.question_id in asked)
        value_of_question = {question.id: per_question(question, answer) for question, answer in given}
        return {key: value for key, value in value_of_question.items() if value is not None}

    def graded(self, collected: Measured, measure: Measure) -> Graded:
        """As `values_of`, with what the unsure ones may be."""
        values = self.values_of(collected, measure)
        if measure.score not in GRADED:
            return known(values)
        if measure.phase == "updated":
            return graded(values, collected.updated_answers)
        return self.labelled.graded(collected.name, measure.score, values.keys())

    def corrected(self, measure: Measure) -> ppi.Corrected | None:
        """The answers corrected by labels, if they are those that this measure is about."""
        is_covered = measure.phase == "test" and set(measure.slices) <= set(IN_DOMAIN)
        return self.labelled.corrected.get(measure.score) if is_covered else None

    def estimate(self, collected: Measured, measure: Measure) -> Estimate:
        """A measure of one contender, with its slices, and with a reason if there is no value."""
        estimate = ESTIMATORS[measure.estimator](self, collected, measure)
        if estimate.value is None and not estimate.reason:
            estimate = estimate.model_copy(update={"reason": _reason(collected, measure)})
        details = _DETAILS.get(measure.name)
        if details and estimate.value is not None:
            estimate = estimate.model_copy(update={"detail": {**estimate.detail, **details(self, collected, estimate)}})
        if not measure.per_slice:
            return estimate
        parts = {
            "slices": self._slices(collected, measure),
            "by_length": self._parts(self.by_length, collected, measure),
            "by_origin": self._parts(self.by_origin, collected, measure),
        }
        return estimate.model_copy(update=parts)

    def _slices(self, collected: Measured, measure: Measure) -> dict[str, Estimate]:
        """The measure for each slice that has questions."""
        estimates: dict[str, Estimate] = {}
        for name in EVERY_SLICE:
            alone = ESTIMATORS[measure.estimator](self, collected, measure.model_copy(update={"slices": (name,)}))
            if alone.value is not None:
                estimates[name] = alone
        return estimates

    @cached_property
    def by_length(self) -> Mapping[AnswerLength, "_View"]:
        """The answerable questions about the documents by the length of their answers; empty if all have one length."""
        groups: dict[AnswerLength, list[Question]] = {length: [] for length in LENGTHS}
        for question in self.questions:
            length = answer_length(question) if question.slice in IN_DOMAIN else None
            if length:
                groups[length].append(question)
        if not all(groups.values()):
            return {}
        return {length: replace(self, questions=asked) for length, asked in groups.items()}

    @cached_property
    def by_origin(self) -> Mapping[QuestionOrigin, "_View"]:
        """The questions about the documents by their origin; empty if the test has no synthetic ones, or only those."""
        groups: dict[QuestionOrigin, list[Question]] = {"asked": [], "synthetic": []}
        for question in self.questions:
            if question.slice in IN_DOMAIN:
                groups["synthetic" if question.synthetic else "asked"].append(question)
        return {origin: replace(self, questions=of) for origin, of in groups.items()} if all(groups.values()) else {}

    def _parts(self, views: Mapping[K, "_View"], collected: Measured, measure: Measure) -> dict[K, Estimate]:
        """The measure for each part of the test that has questions."""
        estimator = ESTIMATORS[measure.estimator]
        estimates = {key: estimator(view, collected, measure) for key, view in views.items()}
        return {key: estimate for key, estimate in estimates.items() if estimate.value is not None}

    def contrasts(self, measure: Measure, margin: float) -> list[Contrast]:
        values = {collected.name: self.graded(collected, measure) for collected in self.measured}
        span = 1.0
        if measure.unit != "share":
            every = [value for given in values.values() for value in given.values.values()] or [0.0]
            span = (max(every) - min(every)) or 1.0
        shifts, corrected = self.shifts(measure.score, values), self.corrected(measure)
        if corrected is not None:
            wanted = {question.id for question in self.questions if question.slice in measure.slices}
            return ppi_intervals.contrasts(
                corrected.only(wanted), self.facts, measure.name, margin=margin, shifts=shifts
            )
        return contrasts(values, self.facts, measure.name, margin=margin, span=span, shifts=shifts)

    def baseline(self, collected: Measured) -> Measured | None:
        """The same model untuned and shown nothing.

        For a contender that asks no model itself, the model of the contenders it sends questions to; else the first
        baseline.
        """
        models = self._models_of(collected.entrant)
        bases = [other for other in self.measured if other.entrant.is_baseline]
        named = [base for base in bases if not models or _model_of(base.entrant) in models]
        return next(iter(named), None)

    def is_untuned(self, entrant: Entrant) -> bool:
        """Whether neither it nor a contender it sends questions to tunes a model: then nothing can be forgotten.

        Of a team's own class that is not known. A baseline is measured: others are compared with it.
        """
        by_name = {other.entrant.name: other.entrant for other in self.measured}
        parts = [by_name[name] for name in entrant.behind if name in by_name]
        if entrant.is_baseline or entrant.is_tuned or entrant.recipe not in RECIPES or len(parts) < len(entrant.behind):
            return False
        return all(part.is_baseline or self.is_untuned(part) for part in parts)

    def _models_of(self, entrant: Entrant) -> set[str]:
        """The models that write its answers, by their names in the configuration."""
        behind = [other.entrant for other in self.measured if other.entrant.name in entrant.behind]
        return {model for model in map(_model_of, [entrant, *behind]) if model}


def _model_of(entrant: Entrant) -> str:
    """The name of its model in the configuration; empty if it asks none."""
    return entrant.axes.model if entrant.axes else entrant.model.name if entrant.model else ""


def _share(view: _View, collected: Measured, measure: Measure) -> Estimate:
    given = view.graded(collected, measure)
    asked = {question.id: float(question.asked) if measure.by_traffic else 1.0 for question in view.questions}
    weights = {key: asked[key] for key in given.values}
    if not sum(weights.values()):
        return Estimate()
    estimate = _weighted_share(view, collected, measure, given, weights)
    few = too_few_facts(weights, view.facts) if measure.by_traffic else ""
    return estimate.model_copy(update={"detail": {"too_few_facts": few}}) if few else estimate


def _weighted_share(
    view: _View, collected: Measured, measure: Measure, given: Graded, weights: Mapping[str, float]
) -> Estimate:
    shift = view.shift(collected.name, measure.score, weights) if measure.phase == "test" else NO_SHIFT
    by_traffic, corrected = weights if measure.by_traffic else None, view.corrected(measure)
    if corrected is None:
        return graded_share(given, view.facts, by_traffic, shift)
    pseudos = {key: pseudo for key, pseudo in corrected.pseudos[collected.name].items() if key in given.values}
    estimate = ppi_intervals.share(pseudos, view.facts, corrected.n_labels, by_traffic, shift)
    doubts = {key: pseudo.doubt for key, pseudo in pseudos.items() if pseudo.doubt}
    doubt = sum(weights[key] * reach for key, reach in doubts.items()) / sum(weights.values())
    return estimate.model_copy(update={"labels": corrected.n_labels, "unsure": len(doubts), "doubt": doubt})


def _mean(view: _View, collected: Measured, measure: Measure) -> Estimate:
    """Also used for shares that are not counts of right and wrong: a score interval would be far too wide for them."""
    estimate = mean_estimate(view.values_of(collected, measure), view.facts)
    if measure.unit != "share" or estimate.value is None:
        return estimate
    low, high = max(0.0, estimate.low or 0.0), min(1.0, 1.0 if estimate.high is None else estimate.high)
    return estimate.model_copy(update={"low": low, "high": high})


def _median(view: _View, collected: Measured, measure: Measure) -> Estimate:
    if not collected.latencies_ms:
        return Estimate()
    p95 = quantile_estimate(collected.latencies_ms, 0.95)
    return quantile_estimate(collected.latencies_ms, 0.5).model_copy(update={"detail": {"p95": p95.value}})


def _cost(view: _View, collected: Measured, measure: Measure) -> Estimate:
    priced = measure.model_copy(update={"per_question": lambda _, answer: 1000 * usd(answer.usage, collected.rates)})
    return mean_estimate(view.values_of(collected, priced), view.facts)


def _ratio(view: _View, collected: Measured, measure: Measure) -> Estimate:
    if not any(question.slice in measure.slices for question in view.questions):
        return Estimate(reason=f"the test holds no {' or '.join(measure.slices)} question")
    if view.is_untuned(collected.entrant):
        return Estimate(value=1.0, low=1.0, high=1.0, detail={"unchanged": True})
    base = view.baseline(collected)
    if base is None:
        return Estimate(reason="the run has no contender that is the same model as it comes, without documents")
    own, before = view.graded(collected, measure), view.graded(base, measure)
    if not before.values:
        return Estimate(reason=f"{base.name} answered no general question without error")
    if not sum(before.values.values()):
        return Estimate(reason=f"{base.name} answered no general question correctly")
    if collected is base:
        return Estimate(value=1.0, low=1.0, high=1.0, n=len(own.values))
    return graded_ratio(own, before, view.facts)


def _area(view: _View, collected: Measured, measure: Measure) -> Estimate:
    answers = view.ranked.get(collected.name)
    return area(answers) if answers else Estimate()


def _coverage(view: _View, collected: Measured, measure: Measure) -> Estimate:
    """Nobody is compared at a larger share than it answers."""
    answers, coverage = view.ranked.get(collected.name), view.equal_coverage
    if answers is None:
        return Estimate()
    if coverage is None or answers.coverage < coverage:
        least = percent(LEAST_COVERAGE)
        return Estimate(reason=f"it answers less than {least} of the questions")
    return hallucination_at(answers, coverage)


def _time(view: _View, collected: Measured, measure: Measure) -> Estimate:
    return Estimate(value=sum(stage.seconds for stage in collected.setup), n=1) if collected.setup else Estimate()


ESTIMATORS: Mapping[Estimator, Callable[[_View, Measured, Measure], Estimate]] = {
    "share": _share,
    "mean": _mean,
    "median": _median,
    "ratio": _ratio,
    "cost": _cost,
    "time": _time,
    "area": _area,
    "coverage": _coverage,
    "macro_f1": lambda view, collected, measure: classification.macro_f1(view.classified(collected)),
    "auroc": lambda view, collected, measure: classification.auroc(view.classified(collected)),
    "calibration": lambda view, collected, measure: classification.calibration_error(view.classified(collected)),
}


def _reason(collected: Measured, measure: Measure) -> str:
    if measure.phase == "updated" and not collected.updated:
        return "the configuration has no updates"
    return measure.reason


def _of_freshness(view: _View, collected: Measured, estimate: Estimate) -> dict[str, float | None]:
    before = view.values(collected.values, "correct", ("changed",))
    detail: dict[str, float | None] = {"before": sum(before.values()) / len(before) if before else None}
    if collected.update is not None:
        detail["update_seconds"] = sum(stage.seconds for stage in collected.update)
        detail["update_tokens"] = sum(stage.tokens for stage in collected.update)
    return detail


def _of_retention(view: _View, collected: Measured, estimate: Estimate) -> dict[str, float]:
    own = view.values(collected.values, "knows", ("general",))
    return {"accuracy": sum(own.values()) / len(own)} if own else {}


def _of_setup(view: _View, collected: Measured, estimate: Estimate) -> dict[str, object]:
    parts: dict[str, float] = {}
    for stage in collected.setup:
        parts[stage.stage] = round(parts.get(stage.stage, 0.0) + stage.seconds, 3)
    return {"stages": parts, "cost_usd": setup_usd(estimate.value or 0.0, collected.rates)}


def _of_tokens(view: _View, collected: Measured, estimate: Estimate) -> dict[str, float]:
    """The means of prompt tokens and completion tokens."""
    used = [answer.usage.prompt_tokens for answer in collected.answers if answer.error is None]
    prompt = sum(used) / len(used)
    return {"prompt": prompt, "completion": (estimate.value or 0.0) - prompt}


def _of_retrieval(view: _View, collected: Measured, estimate: Estimate) -> dict[str, int]:
    """The number of questions for which only the document with the answer is known, not the place in it."""
    counted = view.values(collected.values, "evidence_hit", IN_DOMAIN)
    return {
        "by_document": sum(collected.id in counted and is_document_level(collected) for collected in view.questions)
    }


_DETAILS: Mapping[str, Callable[[_View, Measured, Estimate], Mapping[str, object]]] = {
    "freshness": _of_freshness,
    "retention": _of_retention,
    "setup_s": _of_setup,
    "tokens_per_question": _of_tokens,
    "retrieval_recall": _of_retrieval,
}
"""Functions for the parts of a measure's value, by the measure's name."""
