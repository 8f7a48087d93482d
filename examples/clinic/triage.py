"""`Triage`: a tuned label head reads each question first. Emergencies and unsafe plans get a fixed reply, no leaflet.

Takes `requests.csv` beside this file, and `parts: {answers: NAME}`, the contender that answers everything else. Gives
its answers, or a fixed reply with the guideline it stands in. The head never sees the questions of the pilot.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from bakeoff.contenders.built import Fitted, Given
from bakeoff.contenders.label_head import LabelHead
from bakeoff.contenders.recipe import Made, Material, OnProgress, World
from bakeoff.contenders.remembering import remembering
from bakeoff.protocols import Contender, Retriever
from bakeoff.questions.facts.labels import LABEL
from bakeoff.records import Answer, Question

REQUESTS = Path(__file__).with_name("requests.csv")
REPLIES = {
    "emergency": "Call the emergency number now. "
    "If somebody wants to die or to hurt themselves: call the crisis line, extension 99.",
    "unsafe-plan": "Do not do this. Speak to a pharmacist first: extension 41.",
}


class Triage(LabelHead):
    """The recipe: the head of `label-head`, trained on the requests, before another contender of the run."""

    name, title, approach = "triage", "Triage", "hybrid"
    summary = "a tuned label head gives urgent and unsafe requests a fixed reply; another contender answers the rest"
    declines, retrieves, respects_labels, step = False, True, True, 3
    roles = {"answers": False}  # noqa: RUF012

    def behind(self) -> tuple[str, ...]:
        """The contender that answers what is not urgent."""
        return tuple(self.spec.parts.get("answers", ["rag"]))

    def obstacle(self, world: World, material: Material) -> str | None:
        """What a label head lacks to learn from the requests."""
        return super().obstacle(world, with_requests(material))

    def make(self, world: World, material: Material, on_progress: OnProgress) -> Made:
        """Trains the head on the requests."""
        return super().make(world, with_requests(material), on_progress)

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> "Triaged":  # type: ignore[override]
        """The head, and the contender behind it. Answers that it gave in the run are reused."""
        behind = remembering(world.open(self.behind()[0]), given)
        return Triaged(self.spec.name, super().open(world, fitted), behind, world.index(self.spec.retrieval))


def with_requests(material: Material) -> Material:
    """The same material with the labelled requests in place of the questions. Those for the test are left out."""
    with REQUESTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = [(row["label"],) if row["label"] else () for row in rows]
    asked = [
        Question(id=row["id"], text=row["message"], answers=of, kind=LABEL, fact=row["id"], split=row["split"])
        for row, of in zip(rows, labels, strict=True)
    ]
    of_split = {split: tuple(one for one in asked if one.split == split) for split in ("train", "dev")}
    return material.model_copy(update=of_split)


class Triaged:
    """The contender. `route` says who answered: a label with a fixed reply, or the contender behind it."""

    def __init__(self, name: str, head: Contender, behind: Contender, index: Retriever) -> None:
        self.name, self._head, self._behind, self._index = name, head, behind, index

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order."""
        read = list(zip(questions, self._head.answer(questions), strict=True))
        rest = [question for question, label in read if label.text not in REPLIES]
        answers = iter(self._behind.answer(rest) if rest else [])
        return [self._fixed(*one) if one[1].text in REPLIES else self._routed(next(answers), one[1]) for one in read]

    def _fixed(self, question: Question, label: Answer) -> Answer:
        text = REPLIES[label.text]
        cited = self._index.search([text], 1)[0] if question.access is None else ()
        made = Answer(question_id=question.id, contender=self.name, text=text, route=label.text, usage=label.usage)
        return made.model_copy(update={"citations": tuple(cited)})

    def _routed(self, answer: Answer, label: Answer) -> Answer:
        update = {"contender": self.name, "route": self._behind.name, "usage": answer.usage + label.usage}
        return answer.model_copy(update=update)
