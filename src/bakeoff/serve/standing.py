"""How the contenders did in the pilot's test, and the verdict in a sentence: what a reader of an answer should know.

Takes a run's folder. Made once for a release: what reads verdicts takes half a second to import.
"""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from bakeoff.records import Record
from bakeoff.sentences import percent

if TYPE_CHECKING:
    from bakeoff.measure.comparison import Comparison

EXACT = 9
"""Digits of a share that are kept: what is left of 1 - 0.8 - 0.2 is no share of any question."""

AnyRecord = TypeVar("AnyRecord", bound=Record)


class Shares(Record):
    """Shares of the test questions, 0 to 1, which add up to 1; None if they were not measured.

    `right` are correct answers, and questions without an answer that were declined. `wrong` are wrong answers.
    `declined` is the rest: questions that have an answer and got none.
    """

    n_questions: int
    right: float | None
    wrong: float | None
    declined: float | None

    @property
    def sentence(self) -> str:
        """The shares in words; empty if nothing was measured."""
        shares = {"right": self.right, "wrong": self.wrong, "declined": self.declined}
        parts = [f"{percent(share)} {what}" for what, share in shares.items() if share is not None]
        return f"In the test: {', '.join(parts)}, of {self.n_questions} questions." if parts else ""


class Standing(Record):
    """`verdict` is empty for a run that was not judged."""

    verdict: str = ""
    tested: dict[str, Shares] = Field(default_factory=dict)


def standing_of(folder: Path) -> Standing:
    """The standing of a run's contenders; empty where a file is missing or of another version."""
    from bakeoff.decide.verdict.judgement import Judgement
    from bakeoff.measure.comparison import Comparison

    judgement, comparison = (
        read_or_none(folder / "verdict.json", Judgement),
        read_or_none(folder / "comparison.json", Comparison),
    )
    tested = {name: _shares(comparison, name) for name in comparison.names} if comparison else {}
    return Standing(verdict=judgement.headline if judgement else "", tested=tested)


def _shares(comparison: "Comparison", name: str) -> Shares:
    accuracy = comparison.estimate(name, "accuracy")
    right, wrong = accuracy.value, comparison.estimate(name, "hallucination").value
    declined = None if right is None or wrong is None else max(0.0, round(1 - right - wrong, EXACT))
    return Shares(n_questions=accuracy.n, right=right, wrong=wrong, declined=declined)


def read_or_none(path: Path, kind: type[AnyRecord]) -> AnyRecord | None:
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
