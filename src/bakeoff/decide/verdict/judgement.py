"""What verdict.json holds, as one frozen record.

The parts are the records that `decide/` made them from, so that a report and a verdict cannot drift apart. Knows
nothing about files or how anything is shown.
"""

from bakeoff.decide.advise.roadmap import Roadmap
from bakeoff.decide.cost.break_even import BreakEven
from bakeoff.decide.cost.model import CostBreakdown, CostInputs, CostRow, Swing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.verdict.claims import Entry
from bakeoff.decide.verdict.decide import Verdict
from bakeoff.decide.verdict.effects import Effect
from bakeoff.decide.verdict.grid import Grid
from bakeoff.decide.verdict.measured_matrix import MeasuredMatrix
from bakeoff.decide.verdict.sensitivity import Sensitivity
from bakeoff.records import Record


class Costs(Record):
    """The cheapest contender first in `table`; the tornado is the winner's, empty where there is none."""

    table: tuple[CostRow, ...]
    inputs: dict[str, CostInputs]
    breakdown: dict[str, CostBreakdown]
    tornado: tuple[Swing, ...]


class Judgement(Verdict):
    """The verdict with all it stands on. There is a grid for each model with at least two measured contenders."""

    profile: Profile
    effects: tuple[Effect, ...]
    grids: tuple[Grid, ...]
    matrix: MeasuredMatrix
    cost: Costs
    break_even: tuple[BreakEven, ...]
    sensitivity: Sensitivity
    claims: tuple[Entry, ...]
    roadmap: Roadmap | None
