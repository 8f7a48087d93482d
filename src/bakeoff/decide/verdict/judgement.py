"""The content of verdict.json as one frozen record.

Its parts are the records of `decide/`, so report and verdict cannot disagree. Knows nothing about files or how anything
is shown.
"""

from bakeoff.decide.advise.roadmap import Roadmap
from bakeoff.decide.cost.break_even import BreakEven
from bakeoff.decide.cost.model import CostBreakdown, CostInputs
from bakeoff.decide.cost.table import CostRow, Swing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.stakes import Stakes
from bakeoff.decide.value.information import Information
from bakeoff.decide.value.joint import ValueDraws
from bakeoff.decide.value.worth import Worth
from bakeoff.decide.verdict.claims import Entry
from bakeoff.decide.verdict.decide import Verdict
from bakeoff.decide.verdict.effects import Effect
from bakeoff.decide.verdict.grid import Grid
from bakeoff.decide.verdict.measured_matrix import MeasuredMatrix
from bakeoff.decide.verdict.sensitivity import Sensitivity
from bakeoff.records import Record


class Costs(Record):
    """What each contender costs; `table` is cheapest first. `tornado` is the winner's, else empty."""

    table: tuple[CostRow, ...]
    inputs: dict[str, CostInputs]
    breakdown: dict[str, CostBreakdown]
    tornado: tuple[Swing, ...]


class Judgement(Verdict):
    """The verdict with everything it is based on. Each model with at least two measured contenders has a grid.

    `stakes_usd` is what a right, a wrong and a declined answer are worth; None if the profile does not say.
    """

    profile: Profile
    stakes_usd: Stakes | None = None
    worth: Worth
    information: Information
    draws: ValueDraws
    effects: tuple[Effect, ...]
    grids: tuple[Grid, ...]
    matrix: MeasuredMatrix
    cost: Costs
    break_even: tuple[BreakEven, ...]
    sensitivity: Sensitivity
    claims: tuple[Entry, ...]
    roadmap: Roadmap | None
