"""The busiest hour: how many machines it needs, compared with those that the profile pays for.

Takes cost inputs and the profile's number of machines, gives warnings. A contender that is paid by the token, by a
fixed price or by the busy second needs no machine of the team. Knows nothing about queues: an hour that is full on
average makes some answers wait.
"""

import math
from collections.abc import Mapping

from bakeoff.decide.cost.break_even import HOURS_PER_MONTH
from bakeoff.decide.cost.model import HOUR, CostInputs
from bakeoff.decide.plan.tasks import PEAK
from bakeoff.sentences import listed


def machines_at_peak(c: CostInputs) -> int:
    """The machines that answer the questions of the busiest hour of the first month; 0 if none is kept online."""
    seconds = c.compute_seconds_per_query + c.retrieval_seconds_per_query
    if not c.online_hours_per_month:
        return 0
    return math.ceil(PEAK * c.queries_per_month / HOURS_PER_MONTH * seconds / HOUR - 1e-9)


def peak_warnings(inputs: Mapping[str, CostInputs], machines: int) -> list[str]:
    """One sentence if the busiest hour of some contender needs more machines than the profile pays for."""
    needed = {name: machines_at_peak(c) for name, c in inputs.items()}
    short = {name: n for name, n in needed.items() if n > machines}
    if not short:
        return []
    volume = next(iter(inputs.values())).queries_per_month
    return [
        f"At {volume:,.0f} queries a month the busiest hour (assumed: {PEAK:g} times the average) needs "
        f"{listed([f'{n:,} machines for {name}' for name, n in short.items()])}; the profile pays for {machines:,}. "
        "Set `machines` to what you will run, or answers will wait."
    ]
