"""What verdict.json holds, as one frozen record.

The parts are the records that `decide/` made them from, so that a report and a verdict cannot drift apart. Knows
nothing about how anything is shown.
"""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bakeoff.decide.advise.roadmap import Roadmap
from bakeoff.decide.cost.break_even import BreakEven
from bakeoff.decide.cost.model import CostBreakdown, CostInputs, Swing
from bakeoff.decide.verdict.claims import Entry
from bakeoff.decide.verdict.decide import Verdict
from bakeoff.decide.verdict.effects import Effect
from bakeoff.decide.verdict.measured_matrix import MeasuredMatrix
from bakeoff.decide.verdict.sensitivity import Sensitivity
from bakeoff.errors import RunFolderError
from bakeoff.records import Record
from bakeoff.runs.folder import RunFolder


class CostRow(Record):
    """One contender's cost in US dollars; the interval is that of the measured numbers only."""

    contender: str
    setup_usd: float
    per_1k_queries_usd: float
    first_month_usd: float
    last_month_usd: float
    upkeep_usd_per_month: float
    total_usd: float
    people_usd: float
    total_low_usd: float
    total_high_usd: float
    horizon_months: int


class Costs(Record):
    """The cheapest contender first in `table`; the tornado is the winner's, empty where there is none."""

    table: tuple[CostRow, ...]
    inputs: dict[str, CostInputs]
    breakdown: dict[str, CostBreakdown]
    tornado: tuple[Swing, ...]


class Judgement(Verdict):
    """The verdict with all it stands on."""

    profile: dict[str, Any]
    effects: tuple[Effect, ...]
    matrix: MeasuredMatrix
    cost: Costs
    break_even: tuple[BreakEven, ...]
    sensitivity: Sensitivity
    claims: tuple[Entry, ...]
    roadmap: Roadmap | None


def read_judgement(run_folder: Path) -> Judgement | None:
    """The run's judgement, None where it was not judged. Raises RunFolderError where the file does not fit."""
    folder = RunFolder(run_folder)
    if not folder.verdict_path.exists():
        return None
    try:
        return Judgement.model_validate(folder.read_json(folder.verdict_path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RunFolderError(
            f"{folder.verdict_path}: '{where}': {first['msg']}.",
            f"the file was changed by hand or by another version: judge the run again with bakeoff report {run_folder}",
        ) from error
