"""Decisions about contenders that are right, wrong or declining on given questions. No model takes part."""

from bakeoff.decide.cost.model import CostInputs
from bakeoff.decide.situation.profile import Profile, validate_profile
from bakeoff.decide.verdict.case import Case
from bakeoff.decide.verdict.decide import Verdict, decide
from bakeoff.measure.comparison import Comparison
from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.graded import UNSURE, Graded, known
from bakeoff.measure.statistics import graded_share
from bakeoff.pilot.decision import Tested, decision
from bakeoff.records import Question
from tests.unit.comparison_fixture import entrants_of, measured

USD = {"base": 1_000.0, "rag": 5_000.0, "extract": 3_000.0, "tuned": 8_000.0, "hybrid": 12_000.0}
"""What setting each recipe up costs, in days of work at 1,000 USD; nothing else costs anything."""


def questions(n, phrasings=1, part="unseen", **more):
    """n test questions; `phrasings` of them ask for the same fact."""
    return [
        Question(id=str(i), text=f"Question {i}?", answers=("yes",), fact=f"f{i // phrasings}", split="test",
                 slice=part, **more)
        for i in range(n)
    ]  # fmt: skip


def chosen(spec, n):
    return set(range(spec)) if isinstance(spec, int) else set(spec)


def values_of(n, right, declined=(), unsure=(), text="", failed=()):
    """Graded values of one contender: correct, declined, wrong."""
    right, declined, unsure, failed = (chosen(spec, n) for spec in (right, declined, unsure, failed))
    asked = [i for i in range(n) if i not in failed]
    correct = {str(i): UNSURE if i in unsure else float(i in right) for i in asked}
    gone = {str(i): float(i in declined) for i in asked}
    wrong = {key: 0.0 if gone[key] else 1 - value for key, value in correct.items()}
    texts = {str(i): text or f"{i}" for i in unsure}
    return Graded(correct, texts), known(gone), Graded(wrong, texts)


def inputs_of(name, usd=None, **more):
    """Cost inputs whose set-up costs so many US dollars, and nothing else anything."""
    days = USD[name.split("-")[0]] if usd is None else usd
    situation = {"queries_per_month": 10_000.0, "horizon_months": 12, "engineering_usd_per_day": 1.0}
    return CostInputs(**{"name": name, "setup_days": days, **situation, **more})


def tested(profile=None, n=200, asked=None, usd=None, options=None, **contenders):
    """What a run measured: each contender as a number of right answers, a set of them, or arguments of `values_of`."""
    profile = profile if isinstance(profile, Profile) else validate_profile(profile or {})
    asked = questions(n) if asked is None else asked
    n = len(asked)
    names = {name.replace("_", "-"): spec for name, spec in contenders.items()}
    specs = {name: spec if isinstance(spec, dict) else {"right": spec} for name, spec in names.items()}
    values = {name: values_of(n, **spec) for name, spec in specs.items()}
    facts = {question.id: question.fact for question in asked}
    correct, declined, wrong = ({name: of[i] for name, of in values.items()} for i in range(3))
    measures = {
        name: {
            **measured({"0": 1.0}),
            "accuracy": graded_share(correct[name], facts),
            "hallucination": graded_share(wrong[name], facts),
        }
        for name in names
    }
    comparison = Comparison(
        entrants=entrants_of(names),
        measures=measures,
        contrasts=tuple(contrasts(correct, facts, "accuracy", margin=profile.margin)),
    )
    return Tested(
        **{
            "comparison": comparison,
            "profile": profile,
            "questions": asked,
            "correct": correct,
            "abstained": declined,
            "hallucinated": wrong,
            "inputs": {name: inputs_of(name, (usd or {}).get(name)) for name in names},
            **(options or {}),
        }
    )


def decided(profile=None, n=200, **more) -> Case:
    return decision(tested(profile, n, **more))


def verdict(profile=None, n=200, **more) -> Verdict:
    return decide(decided(profile, n, **more))
