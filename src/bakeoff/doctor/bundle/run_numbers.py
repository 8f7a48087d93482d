"""What a run measured and how long its stages took, as numbers; its contenders by their place in the configuration.

Takes a run folder, gives plain values without names that a team chose.
"""

from collections import Counter
from pathlib import Path
from typing import Any, get_args

from bakeoff.catalogue import RECIPES
from bakeoff.doctor.bundle.failures import kind_of
from bakeoff.doctor.bundle.plain import known, plain
from bakeoff.measure.comparison import Comparison, Entrant, Estimate
from bakeoff.measures import MEASURES
from bakeoff.records import Slice, Split
from bakeoff.runs.folder import RunFolder

STAGES = (
    "read",
    "load",
    "index",
    "present",
    "train",
    "prepare",
    "calibrate",
    "race",
    "latency",
    "answer",
    "judge",
    "compare",
    "served-dev",
    "answer-updated",
    "update-index",
    "update-train",
    "update-prepare",
)
SHOWN = ("value", "low", "high", "n", "unsure", "labels")
FILES = (
    "config.yaml",
    "environment.json",
    "data.json",
    "splits.jsonl",
    "store.sqlite",
    "store.json",
    "stages.jsonl",
    "scores.jsonl",
    "labels.jsonl",
    "comparison.json",
    "verdict.json",
    "identities.json",
    "spending.json",
    "spending.jsonl",
    "report.html",
    "report.md",
    "current",
    "history.jsonl",
    "log.sqlite",
    "promotion.lock",
    ".lock",
)
NAMES = tuple(measure.name for measure in MEASURES)
"""The measures that Bakeoff names; those of the team are left out."""
PHASES = ("", "dev", "latency", "updated")


def stages(folder: RunFolder) -> list[dict[str, Any]]:
    """The seconds and tokens of each stage; `contender` is its place, -1 if the stage is for several."""
    names = [spec.name for spec in folder.config().specs]
    return [
        {
            "stage": known(stage.stage, STAGES),
            "contender": names.index(stage.contender) if stage.contender in names else -1,
            "seconds": stage.seconds,
            "tokens": stage.tokens,
        }
        for stage in folder.stages()
    ]


def numbers(folder: RunFolder) -> dict[str, Any]:
    """The measures of each contender, and how large the data were."""
    comparison = folder.comparison() if folder.comparison_path.exists() else None
    spending = folder.spending()
    return {
        "contenders": [_measured(comparison, entrant) for entrant in comparison.entrants] if comparison else [],
        "skipped": len(comparison.skipped) if comparison else 0,
        "data": _data(folder) if folder.data_path.exists() else {},
        "spending": plain(spending.total) if spending else {},
    }


def _measured(comparison: Comparison, entrant: Entrant) -> dict[str, Any]:
    measures = comparison.measures.get(entrant.name, {})
    return {
        "recipe": known(entrant.recipe, RECIPES),
        "outside": entrant.outside,
        "measures": {name: _estimate(measures[name]) for name in NAMES if name in measures},
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {name: getattr(estimate, name) for name in SHOWN}


def _data(folder: RunFolder) -> dict[str, Any]:
    """The numbers of documents and questions, by split and slice."""
    data = folder.data()
    questions = data.questions
    counts = questions.counts if questions else {}
    return {
        "documents": data.documents.n,
        "words": data.documents.n_words,
        "chunks": data.documents.n_chunks,
        "not_read": len(data.documents.problems),
        "warnings": len(data.warnings) + (len(questions.warnings) if questions else 0),
        "leaks": len(data.leaks),
        "questions": {
            split: {name: counts[split][name] for name in get_args(Slice) if name in counts[split]}
            for split in get_args(Split)
            if split in counts
        },
    }


def failures(folder: RunFolder) -> list[dict[str, Any]]:
    """For each contender: how many answers there are in each phase, how many failed, and in which ways."""
    found = []
    for place, spec in enumerate(folder.config().specs):
        for phase in PHASES:
            if not folder.answers_path(spec.name, phase).exists():
                continue
            answers = folder.answers(spec.name, phase)
            errors = Counter(kind_of(answer.error) for answer in answers if answer.error is not None)
            counts = {"answers": len(answers), "truncated": sum(answer.truncated for answer in answers)}
            found.append({"contender": place, "phase": phase or "test", **counts, "failed": dict(errors)})
    return found


def files(root: Path) -> dict[str, Any]:
    """The sizes of the files that Bakeoff itself names, and how many others there are."""
    there = [path for path in root.iterdir()]
    sizes = {path.name: path.stat().st_size for path in there if path.is_file() and path.name in FILES}
    return {"bytes": sizes, "others": len(there) - len(sizes)}
