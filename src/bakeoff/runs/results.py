"""The results of a run: its comparison and its verdict, read from the run folder.

Takes a run folder, gives records and plain values. Does not know how they were made.
"""

from typing import Any

from pydantic import ConfigDict, Field

from bakeoff.records import Record
from bakeoff.runs.folder import RunFolder


class Outcome(Record):
    """The main content of a verdict, without its details (`decide.verdict.judgement` reads all of it)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    decision: str = "none"
    winner: str | None = None
    headline: str = ""
    tied_with: tuple[str, ...] = ()
    as_good: tuple[str, ...] = ()
    reason: str = ""
    short_of: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    excluded: dict[str, str] = Field(default_factory=dict)
    untested: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_outcome(folder: RunFolder) -> Outcome:
    """The run's verdict, or an empty one if the run was not judged. Raises RunFolderError if the file is broken."""
    return folder.record(folder.verdict_path, Outcome) if folder.verdict_path.exists() else Outcome()


def result_of(folder: RunFolder) -> dict[str, Any]:
    """A run's results for scripts: the verdict, every measure with its interval, and what was skipped."""
    comparison = folder.comparison()
    return {
        "run": folder.root.name,
        "folder": str(folder.root),
        "report": str(folder.report_path),
        **read_outcome(folder).model_dump(mode="json"),
        "measures": {
            name: {
                measure: estimate.model_dump(mode="json", include={"value", "low", "high", "n", "reason"})
                for measure, estimate in comparison.measures[name].items()
            }
            for name in comparison.names
        },
        "skipped": comparison.skipped,
    }
