"""What a run came to: its comparison and its verdict, read from the run folder.

Takes a run folder, gives records and plain values. Knows nothing about how they were made.
"""

from typing import Any

from bakeoff.measure.comparison import Comparison, Entrant, Estimate
from bakeoff.records import Contrast
from bakeoff.runs.folder import RunFolder


def read_comparison(folder: RunFolder) -> Comparison:
    """The comparison as a record. Raises RunFolderError where there is none or it is broken."""
    found: Any = folder.comparison()
    if isinstance(found, Comparison):
        return found
    return Comparison(
        entrants=tuple(Entrant(name=name, recipe=name, title=name) for name in found["contenders"]),
        measures={
            name: {
                measure: Estimate(**{key: one[key] for key in ("value", "low", "high", "n")})
                for measure, one in by_measure.items()
            }
            for name, by_measure in found["contenders"].items()
        },
        contrasts=tuple(Contrast(**contrast) for contrast in found["contrasts"]),
        skipped=found["skipped"],
    )


def read_verdict(folder: RunFolder) -> dict[str, Any]:
    """What verdict.json holds; nothing where the run was not judged. Raises RunFolderError where it is broken."""
    if not folder.verdict_path.exists():
        return {}
    verdict = folder.read_json(folder.verdict_path)
    return verdict if isinstance(verdict, dict) else {}


def result_of(folder: RunFolder) -> dict[str, Any]:
    """What a script wants of a run: the verdict, every measure with its interval, what was skipped."""
    comparison, verdict = read_comparison(folder), read_verdict(folder)
    return {
        "run": folder.root.name,
        "folder": str(folder.root),
        "report": str(folder.report_path),
        "winner": verdict.get("winner"),
        "as_good": verdict.get("as_good", []),
        "reason": verdict.get("reason", ""),
        "excluded": verdict.get("excluded", {}),
        "warnings": verdict.get("warnings", []),
        "measures": {
            name: {
                measure: estimate.model_dump(mode="json", include={"value", "low", "high", "n"})
                for measure, estimate in comparison.measures[name].items()
            }
            for name in comparison.names
        },
        "skipped": comparison.skipped,
    }
