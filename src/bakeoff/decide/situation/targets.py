"""What is good enough: one target for each measure, from a profile.

Takes a `Profile`, gives targets in the measures' own units. Each says whether the team gave it or Bakeoff assumed it.
Knows nothing about approaches or measurements.
"""

from bakeoff.decide.situation.profile import Profile
from bakeoff.records import Record
from bakeoff.sentences import as_given

ACCURACY_AT = {1: 0.60, 2: 0.70, 3: 0.80, 4: 0.90, 5: 0.95}
"""Share of correct answers that an accuracy requirement of 1 to 5 stands for. A judgement: docs/matrix.md."""
ASSUMED_MAX_HALLUCINATION = 0.05
ASSUMED_LATENCY_MS = 3000.0
MIN_RETENTION = 0.95
MIN_CONSISTENCY = 0.90
RUNNING = "running_usd_per_month"
LOWER_IS_BETTER = ("hallucination", "latency_ms", "cost_per_1k", "setup_s", RUNNING)
TIMES_TARGET = (0.5, 1.0, 1.0, 1.5)
"""Upper bounds of the scores 5, 4, 3 and 2, as multiples of the limit or budget. Above the last the score is 1.

A judgement: docs/matrix.md.
"""


class Target(Record):
    """The value a measure must reach, or not exceed where lower is better. `given` is false if Bakeoff assumed it."""

    measure: str
    value: float
    given: bool

    @property
    def text(self) -> str:
        """Such as 'accuracy of at least 80 %'."""
        name, unit, scale = _WORDS[self.measure]
        bound = "at most" if self.measure in LOWER_IS_BETTER else "at least"
        value = f"{self.value * scale:,.4g}" if unit == "%" else as_given(self.value)
        return f"{name} of {bound} {value} {unit}{'' if self.given else ' (assumed)'}"


_WORDS = {
    "accuracy": ("accuracy", "%", 100),
    "hallucination": ("hallucination", "%", 100),
    "latency_ms": ("95th percentile latency", "ms", 1),
    RUNNING: ("running cost, work included,", "USD a month", 1),
    "retention": ("retention of general knowledge", "%", 100),
    "freshness": ("freshness (accuracy on changed documents)", "%", 100),
    "consistency": ("consistency", "%", 100),
}


def targets(profile: Profile) -> dict[str, Target]:
    """Every target by its measure. The running cost has a target only if the profile gives a monthly budget."""
    accuracy = ACCURACY_AT[profile.accuracy_requirement]
    named = profile.model_fields_set
    goals = [
        Target(measure="accuracy", value=accuracy, given="accuracy_requirement" in named),
        _limit("hallucination", profile.max_hallucination, ASSUMED_MAX_HALLUCINATION),
        _limit("latency_ms", profile.latency_limit_ms, ASSUMED_LATENCY_MS),
        Target(measure="retention", value=MIN_RETENTION, given=False),
        Target(measure="freshness", value=accuracy, given="accuracy_requirement" in named),
        Target(measure="consistency", value=MIN_CONSISTENCY, given=False),
    ]
    if profile.budget_usd_per_month is not None:
        goals.append(Target(measure=RUNNING, value=profile.budget_usd_per_month, given=True))
    return {target.measure: target for target in goals}


def required(profile: Profile) -> dict[str, Target]:
    """The targets that must be met, by measure: those that apply to the profile.

    Where the profile gives a `value`, that says whether answers are good enough, also those on changed documents. Then
    only the goals that it gives itself are required (an `accuracy_requirement` is one for changed documents too), and
    consistency if the profile says that it is needed: no value of single answers holds it.
    """
    applies = {
        "freshness": profile.update_interval_days is not None,
        "consistency": profile.consistency_needed,
    }
    return {
        name: goal
        for name, goal in targets(profile).items()
        if applies.get(name, True) and (goal.given or profile.value is None or name == "consistency")
    }


def _limit(measure: str, given: float | None, assumed: float) -> Target:
    return Target(measure=measure, value=assumed if given is None else given, given=given is not None)
