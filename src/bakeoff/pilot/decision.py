"""From what a run measured to what its verdict rests on: outcomes, draws, worth, standings and contrasts.

Takes the test questions, graded values, costs and a profile. Gives the `Case` of the verdict and the draws that the
report's page calculates with. Reads no file. All rules are in `decide/`; this file passes them what was measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from bakeoff.decide.cost.draws import CostDraws, cost_draws, drawn_inputs
from bakeoff.decide.cost.model import CostInputs, nominal_running_usd_per_month, setup_usd
from bakeoff.decide.requirements.standing import Known, Standing, standings
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.stakes import Stakes
from bakeoff.decide.value.in_use import InUse, Updated, in_use
from bakeoff.decide.value.joint import Terms, ValueDraws, changes_of, joint_draws, terms_of
from bakeoff.decide.value.learning import Learning, information_left
from bakeoff.decide.value.outcomes import (
    Drawn,
    OutcomeDraws,
    Outcomes,
    corrected_utilities,
    draw_outcomes,
    mean_stakes,
    outcomes,
    stakes_of,
    utilities,
)
from bakeoff.decide.value.weights import Counts, question_weights
from bakeoff.decide.value.worth import NOTHING, Draws, best_ranges, worth
from bakeoff.decide.verdict.case import Case, WrongPart
from bakeoff.decide.verdict.rule import cheapest, picked_level, top
from bakeoff.decide.verdict.thin_stakes import own_facts
from bakeoff.measure.base_then_leader import base_then_leader
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.measure.contrasts import Span, whole
from bakeoff.measure.graded import Graded
from bakeoff.measure.ppi import Corrected
from bakeoff.measure.statistics import graded_share
from bakeoff.records import Contrast, Question

WAYS: Mapping[Counts, str] = {
    "question": "If each question counts once",
    "fact": "If each fact counts once",
    "traffic": "By traffic",
}

LEAST_SPAN = 1e-6
"""For questions at which nothing is at stake."""

Values = Mapping[str, Graded]


@dataclass(frozen=True)
class Tested:
    """What a run measured, for the decision. Values are by contender, then question id.

    `questions` are those of the test in the domain, `changed` those about changed documents, which were asked `before`
    and `after` the update (`correct`, `abstained`). `update_days` says how long an update takes by contender, `needs`
    which needs it cannot meet, `days` the range of its days of set-up. `corrected` is `correct` with what labels of
    people leave open, None with too few of them.
    """

    comparison: Comparison
    profile: Profile
    questions: Sequence[Question]
    correct: Values
    abstained: Values
    hallucinated: Values
    inputs: Mapping[str, CostInputs]
    corrected: Corrected | None = None
    changed: Sequence[Question] = ()
    before: tuple[Values, Values] = field(default_factory=lambda: ({}, {}))
    after: tuple[Values, Values] = field(default_factory=lambda: ({}, {}))
    latencies_ms: Mapping[str, Sequence[float]] = field(default_factory=dict)
    update_days: Mapping[str, float] = field(default_factory=dict)
    needs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    days: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def facts(self) -> dict[str, str]:
        return {question.id: question.fact for question in self.questions}

    @cached_property
    def weights(self) -> dict[str, float]:
        return question_weights(self.questions, self.profile.counts, self.profile.slice_weights)

    @cached_property
    def outcomes(self) -> Outcomes:
        return outcomes(self.questions, self.correct, self.abstained, self.weights, self.profile.value)

    @cached_property
    def drawn(self) -> Drawn:
        return draw_outcomes(self.outcomes)

    @cached_property
    def outcome_draws(self) -> OutcomeDraws:
        return self.drawn.rounded()

    @cached_property
    def updates(self) -> tuple[OutcomeDraws | None, OutcomeDraws | None]:
        """Draws of the changed questions before and after the update; None if they were not asked."""
        if not self.changed or self.profile.update_interval_days is None:
            return None, None
        weights = question_weights(self.changed)
        return tuple(
            draw_outcomes(outcomes(self.changed, *values, weights), seed=1).rounded() if values[0] else None
            for values in (self.before, self.after)
        )  # type: ignore[return-value]

    @cached_property
    def cost_draws(self) -> CostDraws:
        return cost_draws(self.inputs)

    @cached_property
    def value_draws(self) -> ValueDraws:
        before, after = self.updates
        return ValueDraws(
            outcomes=self.outcome_draws,
            costs=self.cost_draws,
            before=before,
            after=after,
            update_days=dict(self.update_days),
        )

    @property
    def freshness_assumed(self) -> list[str]:
        """The contenders whose answers about changed documents were not measured, although documents change."""
        if not changes_of(self.profile).changed:
            return []
        return [name for name in self.correct if self.updates[1] is None or name not in self.updates[1].right]

    def unchanged(self, name: str) -> float:
        """The share of the questions that a contender answers as in the test, although documents change."""
        changes = changes_of(self.profile)
        if not changes.changed:
            return 1.0
        is_measured = name not in self.freshness_assumed
        return 1 - (changes.changed if is_measured else changes.stale(self.update_days.get(name, 0.0)))

    @cached_property
    def terms(self) -> Terms:
        return terms_of(self.profile, self.outcomes.own)

    @cached_property
    def span(self) -> Span:
        """What an answer to each question can be worth at most more than another one, in right answers."""
        if len(self.terms.own) == 1:
            return self.terms.span
        own = {q.id: stakes_of(q, self.profile.utility, self.profile.value).span for q in self.questions}
        changed = self.stakes_of_changed(self.weights).span
        return {key: max(LEAST_SPAN, span) for key, span in {**own, **{q.id: changed for q in self.changed}}.items()}

    def stakes_of_changed(self, weights: Mapping[str, float]) -> Stakes:
        """What an answer to a question about changed documents is worth, in right answers."""
        return mean_stakes(self.questions, weights, self.profile.utility, self.profile.value)

    @cached_property
    def draws(self) -> Draws:
        return joint_draws(self.value_draws, self.inputs, self.terms)

    def utility_values(self) -> dict[str, Graded]:
        return self._worth(self.correct, self.abstained)

    def in_use(self, weights: Mapping[str, float]) -> InUse:
        """What every question is worth as it is asked over a year, those about changed documents among them."""
        wrong = {question.id: 0.0 for question in self.questions}
        changed = (self.before, self.after) if self.updates[1] is not None else (({}, {}), ({}, {}))
        of_changed = self.stakes_of_changed(weights)
        before, after = (utilities(self.changed, _of(right, self.changed), gone, of_changed) for right, gone in changed)
        updated = Updated(
            questions=self.changed,
            before=before,
            after=after,
            wrong=self._worth({"": Graded(wrong)}, {})[""],
            days=self.update_days,
        )
        return in_use(self.questions, self.utility_values(), weights, changes_of(self.profile), updated)

    def _worth(self, correct: Values, abstained: Values) -> dict[str, Graded]:
        profile = self.profile
        return utilities(self.questions, _of(correct, self.questions), abstained, profile.utility, profile.value)

    def shares_estimates(self, name: str) -> dict[str, Estimate]:
        """Accuracy and hallucination as the profile counts questions, and the other measures."""
        weights = None if len(set(self.weights.values())) == 1 else self.weights
        known = dict(self.comparison.measures[name])
        keys = {key for key, weight in self.weights.items() if weight > 0}
        for measure, values in (("accuracy", self.correct), ("hallucination", self.hallucinated)):
            estimate = known.get(measure, Estimate())
            if name in values and (weights is not None or not estimate.n_effective):
                of = graded_share(values[name].only(keys), self.facts, weights)
                known[measure] = of.model_copy(update={"labels": estimate.labels})
        return known


def _of(values: Values, questions: Sequence[Question]) -> Values:
    """The values of these questions."""
    asked = {question.id for question in questions}
    return {name: of.only(asked) for name, of in values.items()}


def decision(tested: Tested) -> Case:
    """What the verdict rests on. Facts whose questions have no weight do not count."""
    n_facts = len({question.fact for question in tested.questions if tested.weights[question.id] > 0})
    profile, comparison, draws = tested.profile, tested.comparison, tested.draws
    in_money = profile.value is not None and bool(tested.inputs)
    estimates = {name: tested.shares_estimates(name) for name in comparison.names}
    known = {name: _known(tested, name, estimates[name]) for name in comparison.names}
    excluded = {name: why for name, of in known.items() if (why := _excluded(standings(of, profile)))}
    baselines = [entrant.name for entrant in comparison.entrants if entrant.is_baseline]
    candidates = [name for name in comparison.names if name not in excluded]
    builds = [name for name in candidates if name not in baselines]
    to_choose = [*candidates, NOTHING] if in_money else builds
    drawn = draws.net(profile.stakes_usd.right) if in_money and profile.stakes_usd else draws.utility
    expected = {name: float(values.mean()) for name, values in drawn.items()}
    cost = draws.mean_total_usd
    first = top(expected, to_choose, cost)
    values = tested.in_use(tested.weights)
    as_counted = _means(values.values, values.weights)
    contrasts = _contrasts(tested, values, baselines, builds, first, expected)
    as_good = [c.b for c in contrasts if c.a == first and c.finding == "tied" and c.b in builds and not in_money]
    leader = cheapest(first, as_good, cost) if first is not None and not in_money else first
    if leader is not None and leader != first and leader != NOTHING:
        contrasts = _contrasts(tested, values, baselines, builds, leader, expected)
    level = picked_level(drawn, [name for name in to_choose if name != NOTHING])
    of_worth = worth(draws, profile.stakes_usd.right if in_money and profile.stakes_usd else None, to_choose)
    of_worth = of_worth.model_copy(
        update={
            "freshness_assumed": tuple(tested.freshness_assumed),
            "ranges": tuple(best_ranges(draws, [*candidates, NOTHING])),
        }
    )
    return Case(
        comparison=comparison,
        profile=profile,
        n_facts=n_facts,
        accuracy={name: of["accuracy"] for name, of in estimates.items()},
        wrong={name: of["hallucination"] for name, of in estimates.items() if "hallucination" in of},
        wrong_parts={
            name: _wrong_parts(tested, name, of["hallucination"])
            for name, of in estimates.items()
            if "hallucination" in of
        },
        worth=of_worth,
        draws=draws,
        standings={name: standings(of, profile, level) for name, of in known.items()},
        excluded=excluded,
        leader=leader,
        as_good=[name for name in (first, *as_good) if name is not None and name != leader] if as_good else [],
        contrasts=contrasts,
        level=level,
        information=information_left(_learning(tested, draws, to_choose, in_money)),
        declined_right=_declined_right(tested),
        as_counted=as_counted,
        orders=_orders(tested, as_counted),
        own_facts=own_facts(tested.questions, tested.weights, profile),
    )


def _wrong_parts(tested: Tested, name: str, wrong: Estimate) -> list[WrongPart]:
    """The shares of wrong answers by what is at stake. `wrong` is that over all questions."""
    of, values = tested.outcomes, tested.hallucinated.get(name)
    ids = [question.id for question in tested.questions if tested.weights.get(question.id)]
    total, unchanged = sum(tested.weights[key] for key in ids), tested.unchanged(name)
    if len(of.own) == 1 or values is None:
        parts = [WrongPart(tested.terms.stakes[0], unchanged, wrong)]
    else:
        keys = [{key for key, group in zip(ids, of.groups, strict=True) if group == g} for g in range(len(of.own))]
        parts = [
            WrongPart(stakes, unchanged * sum(tested.weights[key] for key in asked) / total,
                      graded_share(values.only(asked), tested.facts, tested.weights))
            for stakes, asked in zip(tested.terms.stakes, keys, strict=True)
        ]  # fmt: skip
    return [*parts, *_wrong_about_changes(tested, name, 1 - unchanged)]


def _wrong_about_changes(tested: Tested, name: str, share: float) -> list[WrongPart]:
    """The wrong answers about changed documents after the update, if they were asked and documents change."""
    correct, abstained = (values.get(name) for values in tested.after)
    if share <= 0 or correct is None or not correct.values:
        return []
    declined = {key for key, value in (abstained.values if abstained else {}).items() if value > 0}
    values = {key: 0.0 if key in declined else 1 - right for key, right in correct.values.items()}
    unsure = {key: text for key, text in correct.unsure.items() if key not in declined}
    facts = {question.id: question.fact for question in tested.changed}
    return [
        WrongPart(tested.stakes_of_changed(tested.weights), share, graded_share(Graded(values, unsure), facts, None))
    ]


def _declined_right(tested: Tested) -> dict[str, float]:
    """The share of all questions that each contender correctly declined, because the documents do not answer them."""
    unanswerable = {question.id for question in tested.questions if not question.answerable}
    total = sum(tested.weights.values())
    return {
        name: sum(tested.weights[key] * of.values[key] for key in unanswerable if key in of.values) / total
        for name, of in tested.correct.items()
        if total
    }


def _known(tested: Tested, name: str, estimates: Mapping[str, Estimate]) -> Known:
    drawn = drawn_inputs({name: tested.inputs[name]}, tested.cost_draws) if name in tested.inputs else {}
    return Known(
        estimates=estimates,
        latencies_ms=tested.latencies_ms.get(name, ()),
        setup_usd=np.atleast_1d(setup_usd(drawn[name])) if drawn else np.zeros(0),
        running_usd=np.atleast_1d(nominal_running_usd_per_month(drawn[name])) if drawn else np.zeros(0),
        needs=tested.needs.get(name, {}),
        days=tested.days.get(name),
    )


def _excluded(standings: Sequence[Standing]) -> str:
    """Why a contender cannot be chosen: the first need or limit that it misses; empty if none."""
    missed = next((of for of in standings if of.kind != "goal" and of.state == "missed"), None)
    if missed is None:
        return ""
    return missed.why if missed.kind == "need" else f"{missed.text}: {missed.why}"


def _contrasts(
    tested: Tested,
    in_use: InUse,
    baselines: Sequence[str],
    builds: Sequence[str],
    leader: str | None,
    expected: Mapping[str, float],
) -> list[Contrast]:
    """The contrasts of the decision: contenders against the base models, and the leader against the others."""
    if leader is None or leader == NOTHING:
        return []
    if leader in baselines and len(baselines) > 1:  # it has to beat the other base models itself
        baselines, builds = [name for name in baselines if name != leader], [leader, *builds]
    profile = tested.profile
    span = tested.span
    worth: Values | Corrected = in_use.values
    if tested.corrected is not None:
        labelled = corrected_utilities(
            tested.questions, tested.corrected, tested.abstained, profile.utility, profile.value
        )
        worth = in_use.with_labels(labelled)
    found = base_then_leader(
        _only(worth, [*builds, *baselines]),
        in_use.facts,
        baselines,
        lambda passed: leader if leader in passed else max(passed, key=lambda name: expected[name]),
        margin=profile.margin / whole(span),
        weights=None if len(set(in_use.weights.values())) == 1 else in_use.weights,
        span=span,
    )
    return [*found.against_base, *(pair for pair in found.against_leader if pair.a == leader)]


def _only(values: Values | Corrected, names: Sequence[str]) -> Values | Corrected:
    """The values of these contenders."""
    if isinstance(values, Corrected):
        return replace(values, pseudos={name: values.pseudos[name] for name in names if name in values.pseudos})
    return {name: values[name] for name in dict.fromkeys(names) if name in values}


def _orders(tested: Tested, as_counted: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """The mean utilities as measured, by each other way to count questions that changes them."""
    orders: dict[str, dict[str, float]] = {}
    for way, title in WAYS.items():
        values = tested.in_use(question_weights(tested.questions, way))
        means = _means(values.values, values.weights)
        if means not in (as_counted, *orders.values()):
            orders[title] = means
    return orders


def _means(values: Values, weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {
        name: round(sum(weights[key] * value for key, value in of.values.items()) / total, 12)
        for name, of in values.items()
    }


def _learning(tested: Tested, draws: Draws, to_choose: Sequence[str], in_money: bool) -> Learning:
    """What the value of more data is calculated from."""
    names = [name for name in to_choose if name in draws.utility]
    is_updated = tested.updates[1] is not None and bool(changes_of(tested.profile).changed)
    return Learning(
        outcomes=tested.outcomes,
        drawn=tested.drawn,
        draws=draws,
        profile=tested.profile,
        names=names,
        unchanged=[tested.unchanged(name) for name in names],
        n_changed=len({asked.fact for asked in tested.changed}) if is_updated else 0,
        day_usd=next(iter(tested.inputs.values())).engineering_usd_per_day if tested.inputs else 0.0,
        in_money=in_money,
    )
