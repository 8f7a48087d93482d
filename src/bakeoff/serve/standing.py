"""How the contenders did in the pilot's test, and the verdict in a sentence: what whoever reads an answer should know.

Takes the folder of a release's evidence. Loads no engine.
"""

from pathlib import Path
from typing import TypeVar

from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.measure.comparison import Comparison
from bakeoff.records import Record
from bakeoff.report.verdict_text import verdict_sentence

AnyRecord = TypeVar("AnyRecord", bound=Record)


class Shares(Record):
    """Shares of the test questions that a contender answered correctly, answered wrongly and declined, 0 to 1.

    A share that was not measured is None.
    """

    n_questions: int
    right: float | None
    wrong: float | None
    declined: float | None


class Standing(Record):
    """`verdict` is empty for a run that was not judged."""

    verdict: str = ""
    tested: dict[str, Shares]


def standing_of(evidence: Path) -> Standing:
    """The standing of a release's contenders; empty where a file is missing or of another version."""
    judgement, comparison = _read(evidence / "verdict.json", Judgement), _read(evidence / "comparison.json", Comparison)
    tested = {name: _shares(comparison, name) for name in comparison.names} if comparison else {}
    return Standing(verdict=verdict_sentence(judgement) if judgement else "", tested=tested)


def _shares(comparison: Comparison, name: str) -> Shares:
    right, wrong, declined = (
        comparison.estimate(name, measure) for measure in ("accuracy", "hallucination", "abstention")
    )
    return Shares(n_questions=right.n, right=right.value, wrong=wrong.value, declined=declined.value)


def _read(path: Path, kind: type[AnyRecord]) -> AnyRecord | None:
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
