"""From a compared run to its verdict: everything in `verdict.json`.

Takes a run folder and a profile, gives a `Judgement`. Reads scores, answers and stages, never a model. All decisions
are made in `decide/`; this file only passes it what the run measured.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import combinations

import numpy as np

from bakeoff.contenders.load import standard_entrants
from bakeoff.decide.advise.matrix import decision_matrix
from bakeoff.decide.advise.roadmap import Roadmap, next_monday, roadmap
from bakeoff.decide.cost.break_even import break_even
from bakeoff.decide.cost.draws import CostDraws, drawn_totals, spread
from bakeoff.decide.cost.fixed import fixed_contradictions
from bakeoff.decide.cost.inputs import inputs_from_run, setup_calendar_days, without_assumed_days
from bakeoff.decide.cost.model import (
    CostInputs,
    compute_only,
    cost_breakdown,
    setup_usd,
    total_usd,
    upkeep_usd_per_month,
)
from bakeoff.decide.cost.payment import pricing_warnings, rates_for
from bakeoff.decide.cost.peak import peak_warnings
from bakeoff.decide.cost.table import MOST_SWINGS, cost_table, tornado
from bakeoff.decide.situation.approaches import Standing, stand_for
from bakeoff.decide.situation.needs import unmet_needs
from bakeoff.decide.situation.profile import Profile, check_names
from bakeoff.decide.situation.questionnaire import Inspection, estimated_tokens
from bakeoff.decide.value.joint import changes_of, mixed_shares
from bakeoff.decide.value.outcomes import UNIT
from bakeoff.decide.value.updates import update_days
from bakeoff.decide.value.worth import NOTHING, Shares
from bakeoff.decide.verdict.case import Case
from bakeoff.decide.verdict.claims import Evidence, ledger
from bakeoff.decide.verdict.decide import Verdict, decide
from bakeoff.decide.verdict.effects import Effect, effects
from bakeoff.decide.verdict.grid import grids
from bakeoff.decide.verdict.judgement import Costs, Judgement
from bakeoff.decide.verdict.measured_matrix import MeasuredMatrix, measured_matrix
from bakeoff.decide.verdict.sensitivity import Choice, Sensitivity, sensitivity
from bakeoff.measure.comparison import Comparison, Entrant
from bakeoff.measure.graded import Graded, graded
from bakeoff.measure.labelled import Labelled, labelled
from bakeoff.measure.ppi import Corrected
from bakeoff.measure.resample import redraw
from bakeoff.measure.score import values_by_phase
from bakeoff.measures import IN_DOMAIN, Measure
from bakeoff.pilot.decision import Tested, decision
from bakeoff.records import Answer, Question
from bakeoff.runs.data import DataSummary
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.labels import labels_of
from bakeoff.sentences import listed

SCORE_OF = {
    "accuracy": "correct",
    "hallucination": "hallucinated",
    "consistency": "consistent",
    "declined": "abstained",
}

ByContender = dict[str, dict[str, Graded]]
"""Values by measure and contender."""


def judge(folder: RunFolder, profile: Profile, today: date | None = None) -> Judgement:
    """The content of verdict.json. Raises RunFolderError if the run is not finished, ConfigError as `check_profile`.

    For the matrix, values that are missing in the profile but follow from the run's data (labelled examples, tokens of
    the corpus) are filled in.
    """
    run = _run_of(folder, profile)
    check_profile(profile, run.comparison.entrants, run.comparison.own_measures, run.comparison.skipped)
    found_effects = run.effects()
    verdict, tested, case = run.verdict, run.tested, run.case
    return Judgement(
        **{key: getattr(verdict, key) for key in Verdict.model_fields},
        profile=profile,
        stakes_usd=profile.stakes_usd,
        worth=case.worth,
        information=case.information,
        draws=tested.value_draws,
        effects=tuple(found_effects),
        grids=tuple(grids(run.comparison, found_effects)),
        matrix=run.matrix(),
        cost=_costs(run.inputs, tested.cost_draws, verdict),
        break_even=tuple(break_even(a, b) for a, b in _pairs(run.inputs, run.costs, verdict)),
        sensitivity=run.sensitivity(),
        claims=tuple(ledger(run.evidence())),
        roadmap=_roadmap(run, verdict, today or date.today()),
    )


def check_profile(
    profile: Profile,
    entrants: Sequence[Entrant] = (),
    own: Sequence[Measure] = (),
    skipped: Iterable[str] = (),
) -> None:
    """Raises ConfigError if this profile allows no verdict on these contenders.

    Reasons: a price is missing, weights sum to zero, or days or weights are given for something that the run does not
    have. `own` are the team's own measures; `skipped` are contenders that could not be built, which a profile may name.
    Called before the work of a run, so that the error does not come after it. Without `entrants`, only what holds for
    every run is checked.
    """
    standard = standard_entrants()
    decision_matrix(profile, stand_for(standard))
    for entrant in entrants:
        rates_for(entrant, profile, entrants)
    if entrants:
        named = [Entrant(name=name, recipe=name, title=name) for name in skipped]
        check_names(profile, (*entrants, *named, *standard), [measure.name for measure in own])


def _run_of(folder: RunFolder, profile: Profile) -> "_Run":
    folder.require(folder.comparison_path, folder.scores_path, folder.data_path, folder.splits_path)
    comparison = folder.comparison()
    folder.require(*(folder.answers_path(name) for name in comparison.names))
    asked = folder.questions()
    questions = [question for question in asked if question.split == "test"]
    of = graded_answers(folder, questions, comparison.names)
    values = per_question_values(folder, questions, comparison.names, of)
    return _Run(folder, profile, comparison, folder.data(), asked, questions, values, of)


@dataclass(frozen=True)
class _Run:
    """What a run measured, passed to each part of the decision. `asked` are all of its questions."""

    folder: RunFolder
    profile: Profile
    comparison: Comparison
    data: DataSummary
    asked: Sequence[Question]
    questions: Sequence[Question]
    values: ByContender
    labelled: Labelled

    @cached_property
    def facts(self) -> dict[str, str]:
        return {question.id: question.fact for question in self.questions}

    @cached_property
    def slices(self) -> dict[str, str]:
        return {question.id: str(question.slice) for question in self.questions}

    @cached_property
    def inputs(self) -> dict[str, CostInputs]:
        return inputs_from_run(self.comparison, self.profile, self.folder.stages())

    @cached_property
    def work(self) -> dict[str, CostInputs]:
        """What each contender takes, in days and machine time, also where the profile says what that costs."""
        plain = self.profile.model_copy(update={"fixed": {}})
        return inputs_from_run(self.comparison, plain, self.folder.stages()) if self.profile.fixed else self.inputs

    @cached_property
    def costs(self) -> dict[str, float]:
        """What each contender costs over the horizon, in US dollars."""
        return {name: total_usd(inputs) for name, inputs in self.inputs.items()}

    @cached_property
    def standing(self) -> Standing:
        """For each approach the standard contender that represents it where the run measured none."""
        return stand_for(standard_entrants())

    @cached_property
    def in_domain(self) -> ByContender:
        """The values on questions that users ask about the current documents."""
        keys = {key for key, part in self.slices.items() if part in IN_DOMAIN}
        return {
            measure: {name: values.only(keys) for name, values in self.values[measure].items()} for measure in SCORE_OF
        }

    @cached_property
    def verdict(self) -> Verdict:
        warnings = [
            *_data_warnings(self.data, self.comparison.entrants),
            *_penalty_warnings(self.comparison, self.profile),
            *pricing_warnings(self.comparison.entrants, self.profile),
            *fixed_contradictions(self.profile, self.comparison.entrants),
            *peak_warnings(self.inputs, self.profile.machines),
        ]
        return decide(self.case, warnings)

    @property
    def corrected(self) -> Corrected | None:
        """How right the answers in the domain are, corrected by labels; None with too few of them."""
        keys = {question.id for question in self.questions if question.slice in IN_DOMAIN}
        of = self.labelled.corrected.get("correct")
        return of and of.only(keys)

    @cached_property
    def case(self) -> Case:
        return decision(self.tested)

    @cached_property
    def tested(self) -> Tested:
        """What the decision rests on."""
        changed = [question for question in self.questions if question.slice == "changed"]
        entrants, names = self.comparison.entrants, self.comparison.names
        days = {name: update_days(inputs) for name, inputs in self.work.items()}
        return Tested(
            comparison=self.comparison,
            profile=self.profile,
            questions=[question for question in self.questions if question.slice in IN_DOMAIN],
            correct=self.in_domain["accuracy"],
            abstained=self.in_domain["declined"],
            hallucinated=self.in_domain["hallucination"],
            inputs=self.inputs,
            corrected=self.corrected,
            changed=changed,
            before=(self.values["before_update"], self.values["declined_before_update"]),
            after=(self.values["freshness"], self.values["declined_after_update"]),
            latencies_ms={name: _times(self.folder.answers(name, "latency")) for name in names},
            update_days=days,
            days={name: setup_calendar_days(inputs) for name, inputs in self.work.items()},
            needs={one.name: unmet_needs(self.profile, one, entrants, days.get(one.name)) for one in entrants},
        )

    def effects(self) -> list[Effect]:
        accuracy, margin = self.in_domain["accuracy"], self.profile.margin
        return effects(self.comparison.entrants, accuracy, self.facts, self.slices, margin=margin)

    @cached_property
    def filled(self) -> Profile:
        """The profile with what the run's own data show, if the profile does not say it."""
        return _inspected(self.data, self.asked).fill(self.profile)

    def matrix(self) -> MeasuredMatrix:
        profile = self.filled
        return measured_matrix(profile, self.comparison, self.standing, self.costs, needs=self.tested.needs)

    def sensitivity(self) -> Sensitivity:
        verdict = self.verdict
        eligible = [name for name in self.comparison.names if name not in verdict.excluded]
        per_question = {**self.in_domain, "freshness": self.values["freshness"]}
        return sensitivity(
            self.comparison, self.profile, eligible, redraw(per_question, self.facts, eligible), self._choice(verdict)
        )

    def _choice(self, verdict: Verdict) -> Choice | None:
        leader = verdict.winner or (NOTHING if self._does_nothing() else None)
        if leader is None:
            return None
        stakes = self.profile.stakes_usd
        rivals = self.case.worth.candidates if stakes else verdict.as_good
        mean = self.case.total_usd
        return Choice(
            leader=leader,
            candidates=tuple(dict.fromkeys([leader, *rivals])),
            utility={name: of.value for name, of in self.case.worth.utility.items()},
            inputs=self.inputs,
            right_usd=stakes.right if stakes else None,
            today_usd=_today_usd(self.profile),
            wrong=self._wrong(verdict),
            handed=self._handed(),
            penalty=self.profile.penalty,
            cost_times={name: mean[name] / usd for name, usd in self.costs.items() if usd and name in mean},
        )

    def _does_nothing(self) -> bool:
        """Whether doing nothing is worth the most of what can be chosen, and not less than nobody answering."""
        nets = self.case.worth.nets
        return self.case.leader == NOTHING and NOTHING in nets and nets[NOTHING].net.value >= 0

    def _wrong(self, verdict: Verdict) -> dict[str, float]:
        """The mean share of wrong answers of each contender that could be chosen, and today's.

        Only those at the usual cost: of slices and kinds without a cost of wrong answers of their own. Wrong answers of
        today's people to questions that a contender handed to them are among its own.
        """
        bases = () if self.profile.value else verdict.baselines
        value, draws = self.profile.value, self.tested.outcome_draws
        usual = [own is None or own.wrong is None for own in draws.own]
        today = value.today.shares.wrong if value else 0.0
        handed = today if value and value.hand_over() else 0.0
        shares = {
            name: _mean_sum(of.wrong[:, usual]) + handed * _mean_sum(of.declined[:, usual])
            for name, of in self._mixed().items()
            if name not in verdict.excluded and name not in bases
        }
        return {**shares, NOTHING: today * _mean_sum(np.array(draws.mass).T[:, usual] / UNIT)}

    def _handed(self) -> dict[str, float]:
        """The mean share of questions that each contender declines, where those go to today's people; else empty."""
        if self.profile.value is None or self.profile.value.hand_over() is None:
            return {}
        return {name: _mean_sum(of.declined) for name, of in self._mixed().items()}

    def _mixed(self) -> dict[str, Shares]:
        draws, changes = self.tested.value_draws, changes_of(self.profile)
        return {name: mixed_shares(draws, name, changes) for name in draws.outcomes.names}

    def evidence(self) -> Evidence:
        return Evidence(
            entrants=self.comparison.entrants,
            values=self.values,
            estimates=_estimates(self.comparison) | _calculated(self.inputs, self.tested.cost_draws),
            routes=_routes(self.folder, self.comparison.entrants, self.slices),
            fact_of=self.facts,
            slice_of=self.slices,
            margin=self.profile.margin,
        )


def _mean_sum(table: np.ndarray) -> float:
    """The sum over groups, (draw, group), on average over the draws."""
    return float(table.sum(axis=1).mean())


def _today_usd(profile: Profile) -> tuple[float, float]:
    """What today's process costs for a question and for a month."""
    if profile.value is None:
        return 0.0, 0.0
    today, usd = profile.value.today, profile.usd_of(profile.value.currency)
    return usd * today.per_question, usd * today.per_month


def _times(answers: Sequence[Answer]) -> list[float]:
    """How long answers that did not fail took, in milliseconds."""
    return [answer.latency_ms for answer in answers if answer.error is None and answer.latency_ms is not None]


def _inspected(data: DataSummary, questions: Sequence[Question]) -> Inspection:
    """What the run's documents and its own questions (without those of general knowledge) show."""
    own = [question for question in questions if question.slice != "general"]
    return Inspection(
        n_documents=data.documents.n,
        corpus_tokens=estimated_tokens(data.documents.n_words),
        n_questions=len(own),
        n_answerable=sum(question.answerable for question in own),
    )


def graded_answers(folder: RunFolder, questions: Sequence[Question], names: Sequence[str]) -> Labelled:
    """The scores of the test answers, with the labels of people."""
    answers = {name: folder.answers(name) for name in names}
    tested = values_by_phase(folder.scores()).get("test", {})
    return labelled(questions, answers, {name: tested.get(name, {}) for name in names}, labels_of(folder))


def per_question_values(
    folder: RunFolder, questions: Sequence[Question], names: Sequence[str], of: Labelled
) -> ByContender:
    """Values by measure, contender and question. Effects and claims are tested on these.

    `freshness` is accuracy on changed facts after the update, `before_update` the same before it. `without_retraining`
    is accuracy after the update for contenders without a retrained part, and accuracy before it for the others.
    """
    changed = {question.id for question in questions if question.slice == "changed"}
    others = {question.id for question in questions} - changed
    phase = values_by_phase(folder.scores()).get("updated", {})
    updated = {name: phase.get(name, {}) for name in names}
    values: ByContender = {
        measure: {name: of.graded(name, score, others) for name in names} for measure, score in SCORE_OF.items()
    }
    before = {name: of.graded(name, "correct", changed) for name in names}
    after = {
        name: graded(updated[name].get("correct", {}), folder.answers(name, "updated")).only(changed) for name in names
    }
    retrained = _retrained(folder)
    values["freshness"], values["before_update"] = after, before
    values["declined_before_update"] = {name: of.graded(name, "abstained", changed) for name in names}
    values["declined_after_update"] = {name: graded(updated[name].get("abstained", {})).only(changed) for name in names}
    values["without_retraining"] = {name: before[name] if name in retrained else after[name] for name in names}
    return values


def _retrained(folder: RunFolder) -> set[str]:
    """The contenders with a part that was trained again after the update, including routers with such a contender."""
    stages = [stage for stage in folder.stages() if stage.stage == "update-train"]
    parts, names = {stage.part for stage in stages if stage.part}, {stage.contender for stage in stages}
    entrants = folder.comparison().entrants
    own = {entrant.name for entrant in entrants if entrant.name in names or parts.intersection(entrant.parts)}
    return own | {entrant.name for entrant in entrants if own.intersection(entrant.behind)}


def _estimates(comparison: Comparison) -> dict[str, dict[str, dict[str, float | None]]]:
    """Measures without per-question values: times and costs, with their intervals if they have one."""
    estimates: dict[str, dict[str, dict[str, float | None]]] = {
        measure: {
            name: {key: getattr(comparison.estimate(name, measure), key) for key in ("value", "low", "high")}
            for name in comparison.names
        }
        for measure in ("latency_ms", "cost_per_1k")
    }
    updates = {name: comparison.estimate(name, "freshness").detail for name in comparison.names}
    estimates["update_seconds"] = {
        name: {"value": detail["update_seconds"], "low": None, "high": None}
        for name, detail in updates.items()
        if "update_seconds" in detail
    }
    return estimates


def _calculated(inputs: Mapping[str, CostInputs], draws: CostDraws) -> dict[str, dict[str, dict[str, float | None]]]:
    """The costs from the cost model: computing over the horizon, set-up, and a year of upkeep."""
    usd: dict[str, dict[str, dict[str, float | None]]] = {"compute_usd": {}, "setup_usd": {}, "upkeep_usd": {}}
    for name, c in inputs.items():
        computing, firm = compute_only(c), without_assumed_days(c)
        of = spread(drawn_totals({name: computing}, draws)[name])
        low, high = (of.low, of.high) if c.intervals else (None, None)
        usd["compute_usd"][name] = {"value": of.mean, "low": low, "high": high}
        usd["setup_usd"][name] = {"value": setup_usd(c), "firm": setup_usd(firm)}
        yearly, firm_yearly = (12 * upkeep_usd_per_month(cost_inputs) for cost_inputs in (c, firm))
        usd["upkeep_usd"][name] = {"value": yearly, "firm": firm_yearly}
    return usd


def _routes(
    folder: RunFolder, entrants: Sequence[Entrant], slices: Mapping[str, str]
) -> dict[str, dict[str, dict[str, int]]]:
    """How many questions each router sent to which contender: test questions in its domain, and those timed alone."""
    routes: dict[str, dict[str, dict[str, int]]] = {"accuracy": {}, "latency_ms": {}}
    for router in (entrant.name for entrant in entrants if entrant.behind):
        tested = [answer for answer in folder.answers(router) if slices.get(answer.question_id) in IN_DOMAIN]
        for measure, answers in (("accuracy", tested), ("latency_ms", folder.answers(router, "latency"))):
            routes[measure][router] = dict(Counter(answer.route for answer in answers if answer.route))
    return routes


def _data_warnings(data: DataSummary, entrants: Sequence[Entrant]) -> list[str]:
    """Near-copies between test and training if they favour a contender, warnings from the data summary, and files that
    could not be read.
    """
    warnings = []
    n_leaks = sum(not leak.excused for leak in data.leaks)
    favoured = [entrant.name for entrant in entrants if entrant.is_tuned or entrant.learns_answers]
    if n_leaks and favoured:
        copies = "question nearly copies" if n_leaks == 1 else "questions nearly copy"
        warnings.append(f"{n_leaks} test {copies} a training question: {listed(favoured)} may look too good.")
    warnings += data.warnings
    unread = sum(problem.reason != "hidden" and not problem.is_read for problem in data.documents.problems)
    if unread:
        files = "file" if unread == 1 else "files"
        warnings.append(
            f"{unread} {files} could not be read; questions about what is missing count against every contender."
        )
    return warnings


def _penalty_warnings(comparison: Comparison, profile: Profile) -> list[str]:
    """A warning if thresholds for declining were fitted for another penalty than this profile's."""
    fitted = {found.wrong_answer_penalty for found in comparison.declining.values() if found.fitted}
    other = sorted(fitted - {profile.penalty})
    if not other:
        return []
    return [
        f"Contenders decline as if a wrong answer cost {other[0]:g}, because the run was made so. This profile says "
        f"{profile.penalty:g}; a new run would fit it."
    ]


def _costs(inputs: Mapping[str, CostInputs], draws: CostDraws, verdict: Verdict) -> Costs:
    """The table, each contender's inputs and breakdown, and the inputs with the largest effect on the winner's
    total.
    """
    winner = inputs.get(verdict.winner or "")
    return Costs(
        table=tuple(cost_table(inputs, draws)),
        inputs=dict(inputs),
        breakdown={name: cost_breakdown(c) for name, c in inputs.items()},
        tornado=tuple(tornado(winner)[:MOST_SWINGS]) if winner else (),
    )


def _pairs(
    inputs: Mapping[str, CostInputs], costs: Mapping[str, float], verdict: Verdict
) -> Iterator[tuple[CostInputs, CostInputs]]:
    """All pairs of contenders: the winner with every other one, then the cheapest of the rest with the others, and so
    on.
    """
    order = sorted(inputs, key=lambda name: (name != verdict.winner, costs[name]))
    return ((inputs[a], inputs[b]) for a, b in combinations(order, 2))


def _roadmap(run: _Run, verdict: Verdict, today: date) -> Roadmap | None:
    """The plan for the winner's approach. None if there is no winner, or if it is an untuned model without documents.

    A winner in the grid represents its approach itself, with its own days of work.
    """
    if verdict.winner is None or verdict.approach is None:
        return None
    winner = run.comparison.entrant(verdict.winner)
    standing = {**run.standing, verdict.approach: winner} if winner.axes else run.standing
    return roadmap(run.filled, verdict.approach, next_monday(today), standing)
