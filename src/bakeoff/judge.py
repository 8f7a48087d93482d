"""From a compared run to its verdict: everything `verdict.json` holds.

Takes a run folder and a profile, gives plain values. Reads scores, answers and stages, never a model. What each part
says is decided in `decide/`; this file only hands it what the run measured.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bakeoff.decide.advise import next_monday
from bakeoff.decide.break_even import break_even
from bakeoff.decide.claims import Evidence, ledger
from bakeoff.decide.cost import CostInputs, cost_breakdown, cost_table, tornado, total_usd
from bakeoff.decide.cost_inputs import inputs_from_run
from bakeoff.decide.effects import effects
from bakeoff.decide.measured import measured_matrix
from bakeoff.decide.profile import Profile
from bakeoff.decide.roadmap import roadmap
from bakeoff.decide.sensitivity import sensitivity
from bakeoff.decide.verdict import Verdict, decide
from bakeoff.measure.score import score_answers
from bakeoff.measure.summary import IN_DOMAIN
from bakeoff.records import Question, Score
from bakeoff.run_folder import RunFolder

APPROACH_OF = {
    "rag": "rag",
    "extract": "rag",
    "long-context": "rag",
    "tuned": "ft",
    "hybrid": "hybrid",
    "router": "hybrid",
}
SCORE_OF = {"accuracy": "correct", "hallucination": "hallucinated", "consistency": "consistent"}
TORNADO_LINES = 12

Values = dict[str, dict[str, dict[str, float]]]


def judge(folder: RunFolder, profile: Profile, today: date | None = None) -> dict[str, Any]:
    """The content of verdict.json. Raises RunFolderError where the run is not compared yet."""
    comparison = folder.read_json(folder.comparison_path)
    data = folder.read_json(folder.data_path)
    questions = [question for question in folder.questions() if question.split == "test"]
    inputs = inputs_from_run(comparison, profile, folder.stages())
    totals = {name: total_usd(one) for name, one in inputs.items()}
    found = decide(comparison, profile, totals, _data_warnings(data))
    eligible = [name for name in comparison["contenders"] if name not in found.excluded]
    values = per_question_values(folder, questions, list(comparison["contenders"]))
    facts = {question.id: question.fact for question in questions}
    slices = {question.id: str(question.slice) for question in questions}

    def costing(changed: Profile) -> Mapping[str, float]:
        """Each contender's total under a changed volume or horizon: the measured usage stays."""
        horizon = {"queries_per_month": changed.queries_per_month, "horizon_months": changed.horizon_months}
        return {name: total_usd(one.model_copy(update=horizon)) for name, one in inputs.items()}

    evidence = Evidence(values=values, estimates=_estimates(comparison), fact_of=facts, slice_of=slices)
    grid = {name: _of_slices(one, slices) for name, one in values["accuracy"].items()}
    return {
        **found.model_dump(mode="json"),
        "profile": profile.model_dump(mode="json"),
        "effects": [one.model_dump(mode="json") for one in effects(grid, facts, slices)],
        "matrix": measured_matrix(profile, comparison).model_dump(mode="json"),
        "cost": _cost(inputs, found),
        "break_even": [break_even(a, b).model_dump(mode="json") for a, b in _pairs(inputs, found)],
        "sensitivity": sensitivity(comparison, profile, eligible, found.winner, costing).model_dump(mode="json"),
        "claims": [entry.model_dump(mode="json") for entry in ledger(evidence)],
        "roadmap": _roadmap(found, profile, today or date.today()),
    }


def per_question_values(folder: RunFolder, questions: Sequence[Question], names: Sequence[str]) -> Values:
    """Values by measure, contender and question: what effects and claims are tested on.

    `freshness` is accuracy on what changed, after the update; `without_retraining` the same for a contender that is not
    retrained (one that is, is taken as it was before).
    """
    scores: dict[str, list[Score]] = {name: score_answers(questions, folder.answers(name)) for name in names}
    updated = {name: score_answers(questions, folder.answers(name, "updated")) for name in names}
    changed = {question.id for question in questions if question.slice == "changed"}
    retrained = {stage.contender for stage in folder.stages() if stage.stage == "update-train"}
    values: Values = {
        measure: {name: _values(scores[name], score, changed, False) for name in names}
        for measure, score in SCORE_OF.items()
    }
    values["freshness"] = {name: _values(updated[name], "correct", changed, True) for name in names}
    values["without_retraining"] = {
        name: _values(scores[name] if name in retrained else updated[name], "correct", changed, True) for name in names
    }
    return values


def _values(scores: Sequence[Score], measure: str, changed: set[str], wants_changed: bool) -> dict[str, float]:
    return {
        one.question_id: one.value
        for one in scores
        if one.measure == measure and one.value is not None and (one.question_id in changed) == wants_changed
    }


def _of_slices(values: Mapping[str, float], slices: Mapping[str, str]) -> dict[str, float]:
    return {key: value for key, value in values.items() if slices[key] in IN_DOMAIN}


def _estimates(comparison: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float | None]]]:
    """What is no per-question value: times and costs, with their intervals where they have one."""
    found: dict[str, dict[str, dict[str, float | None]]] = {
        measure: {
            name: {key: one[measure][key] for key in ("value", "low", "high")}
            for name, one in comparison["contenders"].items()
        }
        for measure in ("latency_ms", "cost_per_1k", "setup_s")
    }
    found["update_seconds"] = {
        name: {"value": one["freshness"]["detail"]["update_seconds"], "low": None, "high": None}
        for name, one in comparison["contenders"].items()
        if one["freshness"]["value"] is not None
    }
    return found


def _data_warnings(data: Mapping[str, Any]) -> list[str]:
    leaks = [leak for leak in data["leaks"] if not leak["excused"]]
    told = [f"{len(leaks)} test questions nearly copy a training question: the tuned contenders may look too good."]
    unread = len(data["documents"]["problems"])
    missing = [f"{unread} files could not be read; questions about them count against every contender."]
    return [*data["warnings"], *(told if leaks else []), *(missing if unread else [])]


def _cost(inputs: Mapping[str, CostInputs], found: Verdict) -> dict[str, Any]:
    """The table, each contender's inputs and breakdown, and what moves the winner's total most."""
    winner = inputs.get(found.winner or "")
    return {
        "table": cost_table(inputs),
        "inputs": {name: one.model_dump(mode="json") for name, one in inputs.items()},
        "breakdown": {name: cost_breakdown(one).model_dump(mode="json") for name, one in inputs.items()},
        "tornado": [one.model_dump(mode="json") for one in tornado(winner)[:TORNADO_LINES]] if winner else [],
    }


def _pairs(inputs: Mapping[str, CostInputs], found: Verdict) -> list[tuple[CostInputs, CostInputs]]:
    """The winner (else the first) against each other contender."""
    if not inputs:
        return []
    first = found.winner if found.winner and found.winner in inputs else next(iter(inputs))
    return [(inputs[first], one) for name, one in inputs.items() if name != first]


def _roadmap(found: Verdict, profile: Profile, today: date) -> dict[str, Any] | None:
    """The plan for the winner's approach, None where there is no winner or it needs none (the base model as it is)."""
    approach = APPROACH_OF.get(found.winner or "")
    return roadmap(profile, approach, next_monday(today)).model_dump(mode="json") if approach else None
