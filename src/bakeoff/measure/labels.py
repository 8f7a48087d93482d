"""What people say about answers: the record of one label, and what a label says about each score.

Takes and gives records. Does not know how answers are chosen for labelling, shown, or corrected by labels.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from bakeoff.records import Question, Record

LabelVerdict = Literal["right", "wrong", "declined", "unsure"]


class Unit(NamedTuple):
    """What one label is about: the text that one or more contenders gave for a question, without outer blanks."""

    question_id: str
    text: str


class Label(Record):
    """One person's verdict on one answer. 'unsure': the person cannot tell.

    `text` is the answer without outer blanks: the label holds for every contender that gave it. `seconds` is how long
    the person looked at it, None if that is not known.
    """

    question_id: str
    text: str
    verdict: LabelVerdict
    labeller: str
    at: datetime
    seconds: float | None = None
    note: str = ""

    @property
    def unit(self) -> Unit:
        return Unit(self.question_id, self.text)


def latest(labels: Iterable[Label]) -> dict[tuple[Unit, str], Label]:
    """The last label of each labeller for each unit: people may change their minds."""
    return {(label.unit, label.labeller): label for label in labels}


def settled(labels: Iterable[Label]) -> dict[Unit, LabelVerdict]:
    """The verdict that counts for each unit, from the last label of each labeller.

    The most frequent verdict of those who could tell; 'unsure' where two are equally frequent, or nobody could tell. So
    a disagreement of two people counts as not decided, until one of them changes the label or a third one decides.
    """
    verdicts: dict[Unit, Counter[LabelVerdict]] = defaultdict(Counter)
    for (unit, _), label in latest(labels).items():
        verdicts[unit][label.verdict] += 1
    return {unit: _most(counted) for unit, counted in verdicts.items()}


def _most(counted: Counter[LabelVerdict]) -> LabelVerdict:
    told = [(n, verdict) for verdict, n in counted.items() if verdict != "unsure"]
    most = max(told, default=(0, "unsure"))[0]
    leading = [verdict for n, verdict in told if n == most]
    return leading[0] if len(leading) == 1 else "unsure"


def label_scores(question: Question, verdict: LabelVerdict) -> Mapping[str, float]:
    """What a label says about each score: 0 or 1, and 0.5 where the person could not tell.

    To decline is correct where the documents hold no answer. There 'right' means the same as 'declined'.
    """
    if verdict == "unsure":
        return dict.fromkeys(
            ("correct", "hallucinated", "knows") if question.answerable else ("correct", "hallucinated"), 0.5
        )
    right = verdict == "right" or (verdict == "declined" and not question.answerable)
    scores = {"correct": float(right), "hallucinated": float(verdict == "wrong")}
    return scores | {"knows": float(right)} if question.answerable else scores
