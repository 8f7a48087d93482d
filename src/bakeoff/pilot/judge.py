"""From a compared run to its verdict: everything `verdict.json` holds.

Takes a run folder and a profile, gives plain values. Reads scores, answers and stages, never a model. What each part
says is decided in `decide/`; this file only hands it what the run measured.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Any

from bakeoff.decide.advise.factors import APPROACH_OF
from bakeoff.decide.advise.matrix import decision_matrix
from bakeoff.decide.advise.roadmap import next_monday, roadmap
from bakeoff.decide.cost.break_even import break_even
from bakeoff.decide.cost.inputs import assumed_inputs, inputs_from_run, without_assumed_days
from bakeoff.decide.cost.model import (
    MOST_SWINGS,
    CostInputs,
    compute_only,
    cost_breakdown,
    cost_table,
    running_usd_per_month,
    setup_usd,
    tornado,
    total_interval,
    total_usd,
    upkeep_usd_per_month,
)
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.questionnaire import Inspection, estimated_tokens
from bakeoff.decide.verdict.claims import Evidence, ledger
from bakeoff.decide.verdict.decide import Cost, Verdict, decide
from bakeoff.decide.verdict.effects import effects
from bakeoff.decide.verdict.measured_matrix import measured_matrix
from bakeoff.decide.verdict.sensitivity import sensitivity
from bakeoff.measure.resample import redraw
from bakeoff.measure.score import score_answers, values_of
from bakeoff.measure.summary import IN_DOMAIN
from bakeoff.models.reference import host_of, location_of
from bakeoff.pilot.build import KINDS
from bakeoff.records import Question, Score
from bakeoff.runs.folder import RunFolder

SCORE_OF = {
    "accuracy": "correct",
    "hallucination": "hallucinated",
    "consistency": "consistent",
    "declined": "abstained",
}
ROUTER = "router"
"""The contender whose answers say in `route` who gave them."""

ByContender = dict[str, dict[str, dict[str, float]]]


def judge(folder: RunFolder, profile: Profile, generator: str, today: date | None = None) -> dict[str, Any]:
    """The content of verdict.json. Raises RunFolderError where the run is not finished.

    `generator` names the model that the contenders ask: the profile may not allow where it answers.
    For the matrix, what the profile does not name and the run's data show (labelled examples, tokens of the corpus) is
    filled in.
    """
    folder.require(folder.comparison_path, folder.scores_path, folder.data_path, folder.splits_path)
    comparison, data = folder.comparison(), folder.data()
    folder.require(*(folder.answers_path(name) for name in comparison["contenders"]))
    asked = folder.questions()
    questions = [question for question in asked if question.split == "test"]
    inputs = inputs_from_run(comparison, profile, folder.stages())
    names = list(comparison["contenders"])
    values = per_question_values(folder, questions, names)
    facts = {question.id: question.fact for question in questions}
    slices = {question.id: str(question.slice) for question in questions}
    costs = {name: _cost_of(one) for name, one in inputs.items()}
    found = decide(
        comparison,
        profile,
        costs,
        len({question.fact for question in questions if question.slice in IN_DOMAIN}),
        _unfit(generator, profile, names),
        [*_data_warnings(data), *_pricing_warning(generator, profile)],
    )
    eligible = [name for name in names if name not in found.excluded]
    equals = [found.winner, *found.as_good] if found.winner else []
    evidence = Evidence(
        values=values,
        estimates=_estimates(comparison) | _reckoned(inputs),
        routes=_routes(folder, slices) if ROUTER in comparison["contenders"] else {},
        fact_of=facts,
        slice_of=slices,
        margin=profile.margin,
    )
    in_domain = {
        measure: {name: _of_slices(one, slices) for name, one in values[measure].items()} for measure in SCORE_OF
    }
    found_effects = effects(in_domain["accuracy"], facts, slices, margin=profile.margin)
    drawn = redraw({**in_domain, "freshness": values["freshness"]}, facts, names, "accuracy", profile.margin)
    return {
        **found.model_dump(mode="json"),
        "profile": profile.model_dump(mode="json"),
        "effects": [one.model_dump(mode="json") for one in found_effects],
        "matrix": measured_matrix(_inspected(data, asked).fill(profile), comparison).model_dump(mode="json"),
        "cost": _cost(inputs, found),
        "break_even": [break_even(a, b).model_dump(mode="json") for a, b in _pairs(inputs, costs, found)],
        "sensitivity": sensitivity(comparison, profile, equals, inputs, drawn.only(eligible)).model_dump(mode="json"),
        "claims": [entry.model_dump(mode="json") for entry in ledger(evidence)],
        "roadmap": _roadmap(found, profile, today or date.today()),
    }


def check_profile(profile: Profile) -> None:
    """Raise ConfigError where no verdict could be reached with this profile (a price missing, weights of zero).

    So that it is said before the work of a run, not after.
    """
    assumed_inputs(profile)
    decision_matrix(profile)


def _cost_of(inputs: CostInputs) -> Cost:
    return Cost(
        setup_usd=setup_usd(inputs),
        running_usd_per_month=running_usd_per_month(inputs),
        total_usd=total_usd(inputs),
    )


def _unfit(generator: str, profile: Profile, names: Sequence[str]) -> dict[str, str]:
    """The contenders that ask a model where the profile does not allow it; what a team's own ask is not known."""
    place, host = location_of(_url(generator)), host_of(_url(generator))
    if profile.privacy_on_premises and place == "internet":
        why = f"it sends questions and documents to {host}; the profile keeps them on the premises"
    elif profile.must_run_offline and place != "here":
        why = f"it asks {host}; the profile says that it must run offline"
    else:
        return {}
    return {name: why for name in names if KINDS.get(name, "extract") != "extract"}


def _url(generator: str) -> str:
    return generator.removeprefix("openai:").partition("#")[0] if generator.startswith("openai:") else ""


def _pricing_warning(generator: str, profile: Profile) -> list[str]:
    if location_of(_url(generator)) != "internet" or profile.answers_on == "api":
        return []
    return [
        f"Answers come from {host_of(_url(generator))} but are priced as time of a machine of your own: where they are "
        "paid by the token, set answers_on: api in the profile."
    ]


def _inspected(data: Mapping[str, Any], questions: Sequence[Question]) -> Inspection:
    """What the run's documents and its own questions (not those of general knowledge) show."""
    own = [question for question in questions if question.slice != "general"]
    return Inspection(
        n_documents=data["documents"]["n"],
        corpus_tokens=estimated_tokens(data["documents"]["n_words"]),
        n_questions=len(own),
        n_answerable=sum(question.answerable for question in own),
    )


def per_question_values(folder: RunFolder, questions: Sequence[Question], names: Sequence[str]) -> ByContender:
    """Values by measure, contender and question: what effects and claims are tested on.

    `freshness` is accuracy on what changed, after the update, `before_update` the same before it; `without_retraining`
    is the former for a contender that is not retrained (one that is, is taken as it was before).
    """
    changed = [question for question in questions if question.slice == "changed"]
    about_changed = {question.id for question in changed}
    found = values_of(folder.scores())
    scored = {name: found.get(name, {}) for name in names}
    values: ByContender = {
        measure: {name: _without(scored[name].get(score, {}), about_changed) for name in names}
        for measure, score in SCORE_OF.items()
    }
    before = {name: _only(scored[name].get("correct", {}), about_changed) for name in names}
    after = {name: _correct_of(name, score_answers(changed, folder.answers(name, "updated"))) for name in names}
    retrained = {stage.contender for stage in folder.stages() if stage.stage == "update-train"}
    values["freshness"], values["before_update"] = after, before
    values["without_retraining"] = {name: before[name] if name in retrained else after[name] for name in names}
    return values


def _correct_of(name: str, scores: Sequence[Score]) -> dict[str, float]:
    return dict(values_of(scores).get(name, {}).get("correct", {}))


def _only(values: Mapping[str, float], ids: set[str]) -> dict[str, float]:
    return {key: value for key, value in values.items() if key in ids}


def _without(values: Mapping[str, float], ids: set[str]) -> dict[str, float]:
    return {key: value for key, value in values.items() if key not in ids}


def _of_slices(values: Mapping[str, float], slices: Mapping[str, str]) -> dict[str, float]:
    return {key: value for key, value in values.items() if slices[key] in IN_DOMAIN}


def _estimates(comparison: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float | None]]]:
    """What is no per-question value: times and costs, with their intervals where they have one."""
    found: dict[str, dict[str, dict[str, float | None]]] = {
        measure: {
            name: {key: one[measure][key] for key in ("value", "low", "high")}
            for name, one in comparison["contenders"].items()
        }
        for measure in ("latency_ms", "cost_per_1k")
    }
    found["update_seconds"] = {
        name: {"value": one["freshness"]["detail"]["update_seconds"], "low": None, "high": None}
        for name, one in comparison["contenders"].items()
        if "update_seconds" in (one["freshness"].get("detail") or {})
    }
    return found


def _reckoned(inputs: Mapping[str, CostInputs]) -> dict[str, dict[str, dict[str, float | None]]]:
    """What the cost model makes of the run: computing over the horizon, set-up, a year's upkeep."""
    found: dict[str, dict[str, dict[str, float | None]]] = {"compute_usd": {}, "setup_usd": {}, "upkeep_usd": {}}
    for name, one in inputs.items():
        computing, firm = compute_only(one), without_assumed_days(one)
        low, high = total_interval(computing) if one.intervals else (None, None)
        found["compute_usd"][name] = {"value": total_usd(computing), "low": low, "high": high}
        found["setup_usd"][name] = {"value": setup_usd(one), "firm": setup_usd(firm)}
        yearly, firm_yearly = (12 * upkeep_usd_per_month(c) for c in (one, firm))
        found["upkeep_usd"][name] = {"value": yearly, "firm": firm_yearly}
    return found


def _routes(folder: RunFolder, slices: Mapping[str, str]) -> dict[str, dict[str, dict[str, int]]]:
    """How many questions the router sent to whom: of the test in its domain, and of those timed alone."""
    tested = [one for one in folder.answers(ROUTER) if slices.get(one.question_id) in IN_DOMAIN]
    asked = {"accuracy": tested, "latency_ms": folder.answers(ROUTER, "latency")}
    return {
        measure: {ROUTER: dict(Counter(one.route for one in answers if one.route))}
        for measure, answers in asked.items()
    }


def _data_warnings(data: Mapping[str, Any]) -> list[str]:
    leaks = [leak for leak in data["leaks"] if not leak["excused"]]
    copies = "question nearly copies" if len(leaks) == 1 else "questions nearly copy"
    told = [f"{len(leaks)} test {copies} a training question: the tuned contenders may look too good."]
    unread = sum(one.get("reason") != "hidden" for one in data["documents"]["problems"])
    files = "file" if unread == 1 else "files"
    missing = [f"{unread} {files} could not be read; questions about what is missing count against every contender."]
    return [*data["warnings"], *(told if leaks else []), *(missing if unread else [])]


def _cost(inputs: Mapping[str, CostInputs], found: Verdict) -> dict[str, Any]:
    """The table, each contender's inputs and breakdown, and what moves the winner's total most."""
    winner = inputs.get(found.winner or "")
    return {
        "table": cost_table(inputs),
        "inputs": {name: one.model_dump(mode="json") for name, one in inputs.items()},
        "breakdown": {name: cost_breakdown(one).model_dump(mode="json") for name, one in inputs.items()},
        "tornado": [one.model_dump(mode="json") for one in tornado(winner)[:MOST_SWINGS]] if winner else [],
    }


def _pairs(
    inputs: Mapping[str, CostInputs], costs: Mapping[str, Cost], found: Verdict
) -> Iterator[tuple[CostInputs, CostInputs]]:
    """Every two contenders: the winner against each other first, then the cheapest of those left, and so on."""
    order = sorted(inputs, key=lambda name: (name != found.winner, costs[name].total_usd))
    return ((inputs[a], inputs[b]) for a, b in combinations(order, 2))


def _roadmap(found: Verdict, profile: Profile, today: date) -> dict[str, Any] | None:
    """The plan for the winner's approach, None where there is no winner or it needs none (the base model as it is)."""
    approach = APPROACH_OF.get(found.winner or "")
    return roadmap(profile, approach, next_monday(today)).model_dump(mode="json") if approach else None
