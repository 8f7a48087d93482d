"""The estimators that measures name: each gives one contender's value with its interval.

Takes a `View` of the test, a contender and a measure. Gives an `Estimate`, without a value where it cannot be measured.
"""

from collections.abc import Callable, Mapping

from bakeoff.measure import classification, ppi_intervals
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.graded import Graded
from bakeoff.measure.rates import usd
from bakeoff.measure.risk_coverage import LEAST_COVERAGE, area, hallucination_at
from bakeoff.measure.statistics import NO_SHIFT, graded_ratio, graded_share, mean_estimate, quantile_estimate
from bakeoff.measure.traffic import too_few_facts
from bakeoff.measure.view import Measured, View
from bakeoff.measures import Estimator, Measure
from bakeoff.sentences import percent


def _share(view: View, collected: Measured, measure: Measure) -> Estimate:
    given = view.graded(collected, measure)
    asked = {question.id: float(question.asked) if measure.by_traffic else 1.0 for question in view.questions}
    weights = {key: asked[key] for key in given.values}
    if not sum(weights.values()):
        return Estimate()
    estimate = _weighted_share(view, collected, measure, given, weights)
    few = too_few_facts(weights, view.facts) if measure.by_traffic else ""
    return estimate.model_copy(update={"detail": {"too_few_facts": few}}) if few else estimate


def _weighted_share(
    view: View, collected: Measured, measure: Measure, given: Graded, weights: Mapping[str, float]
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


def _mean(view: View, collected: Measured, measure: Measure) -> Estimate:
    """Also used for shares that are not counts of right and wrong: a score interval would be far too wide for them."""
    estimate = mean_estimate(view.values_of(collected, measure), view.facts)
    if measure.unit != "share" or estimate.value is None:
        return estimate
    low, high = max(0.0, estimate.low or 0.0), min(1.0, 1.0 if estimate.high is None else estimate.high)
    return estimate.model_copy(update={"low": low, "high": high})


def _median(view: View, collected: Measured, measure: Measure) -> Estimate:
    if not collected.latencies_ms:
        return Estimate()
    p95 = quantile_estimate(collected.latencies_ms, 0.95)
    return quantile_estimate(collected.latencies_ms, 0.5).model_copy(update={"detail": {"p95": p95.value}})


def _cost(view: View, collected: Measured, measure: Measure) -> Estimate:
    priced = measure.model_copy(update={"per_question": lambda _, answer: 1000 * usd(answer.usage, collected.rates)})
    return mean_estimate(view.values_of(collected, priced), view.facts)


def _ratio(view: View, collected: Measured, measure: Measure) -> Estimate:
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


def _area(view: View, collected: Measured, measure: Measure) -> Estimate:
    answers = view.ranked.get(collected.name)
    return area(answers) if answers else Estimate()


def _coverage(view: View, collected: Measured, measure: Measure) -> Estimate:
    """Nobody is compared at a larger share than it answers."""
    answers, coverage = view.ranked.get(collected.name), view.equal_coverage
    if answers is None:
        return Estimate()
    if coverage is None or answers.coverage < coverage:
        least = percent(LEAST_COVERAGE)
        return Estimate(reason=f"it answers less than {least} of the questions")
    return hallucination_at(answers, coverage)


def _time(view: View, collected: Measured, measure: Measure) -> Estimate:
    return Estimate(value=sum(stage.seconds for stage in collected.setup), n=1) if collected.setup else Estimate()


ESTIMATORS: Mapping[Estimator, Callable[[View, Measured, Measure], Estimate]] = {
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
"""The estimator of each name."""
