"""Whether a candidate's answers cost less than those of what is served, by more than prices and clocks vary.

Takes what both used on the same questions, gives the share that is saved. Knows nothing about how good answers are.

Costs are compared question by question, as the ratio of two means with an interval clustered by fact (`statistics.py`).
Tokens are the same each time, so where both pay by the token, the interval's lower end has to reach `CHEAPER`. Machine
time is not: the same contender, built again, took 13 to 30 % more or less on the same machine. So there the saving must
have a reason that no clock can give: the same model reads and writes fewer tokens (the lower end has to reach
`CHEAPER`, too), or the answers cost less than half.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bakeoff.measure.graded import Values
from bakeoff.measure.statistics import ratio_estimate

CHEAPER = 0.05
BY_CLOCK = 0.5
"""Where only machine time differs, the saving has to be at least this share."""


@dataclass(frozen=True)
class Paid:
    """What a contender's answers used, by question id: US dollars, and tokens that were read and written.

    `by_time`: the dollars are machine time. `model` is the name of the model that answers; empty if there is none, or
    more than one.
    """

    usd: Values
    tokens: Values = field(default_factory=dict)
    by_time: bool = False
    model: str = ""


def saving(live: Paid, candidate: Paid, facts: Mapping[str, str]) -> float | None:
    """The share of the cost that the candidate saves, as measured. None if it is not shown to be cheaper."""
    saved, at_least = _saved(live.usd, candidate.usd, facts)
    if at_least < CHEAPER:
        return None
    by_time = live.by_time or candidate.by_time
    if not by_time or at_least >= BY_CLOCK:
        return saved
    is_same_model = bool(live.model) and live.model == candidate.model
    return saved if is_same_model and _saved(live.tokens, candidate.tokens, facts)[1] >= CHEAPER else None


def _saved(live: Values, candidate: Values, facts: Mapping[str, str]) -> tuple[float, float]:
    """The saved share, and the lower end of its 95 % interval; both 0 if nothing was paid or little was measured."""
    both = {facts[key] for key in live if key in candidate}
    ratio = ratio_estimate(candidate, live, facts)
    if ratio.value is None or ratio.high is None or len(both) < 2:
        return 0.0, 0.0
    return 1 - ratio.value, 1 - ratio.high
