"""Whether a contender may answer somebody who may not see every document, and a guard that refuses if it may not.

Takes a world and the labels that somebody holds, gives a reason or None. Knows neither keys nor servers. A contender is
refused to them unless

- its class says that it respects labels (`Recipe.respects_labels`): one that says nothing is refused, not trusted;
- they may see every document that was in the store when its model was tuned: what weights have learned cannot be left
  out of an answer;
- the same holds for each contender behind it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.streaming import stream_of
from bakeoff.corpus.access import may_see
from bakeoff.files import jsonl
from bakeoff.protocols import Contender
from bakeoff.records import Answer, Document, Labels, Question

if TYPE_CHECKING:
    from bakeoff.contenders.world import WorldFolder

LEARNED_WITH = "access.json"
"""The file of a tuned model that lists the distinct labels of the documents in the store when it was tuned."""
Why = Callable[[Labels], str | None]
"""Takes the labels that somebody holds, gives the reason to refuse them, or None."""


def why_refused(world: "WorldFolder", name: str, labels: Labels) -> str | None:
    """Why the contender of that name must not answer somebody who holds these labels; None if it may.

    Raises RunFolderError if the contender is missing or broken.
    """
    if labels is None:
        return None
    built = world.built(name)
    recipe = make_recipe(built.spec, world.imports_from)
    if not recipe.keeps_to_labels:
        return (
            f"'{name}' does not declare that it leaves out documents that a key may not see. Ask with a key that may "
            "see every document, or another contender."
        )
    if recipe.adapter:
        access = learned_with(world.adapter_folder(recipe.adapter))
        if access is None:
            return (
                f"It is not recorded which documents the model of '{name}' was tuned with. "
                "bakeoff run CONFIG --resume records it."
            )
        if not all(may_see(labels, one) for one in access):
            return (
                f"The model of '{name}' was tuned when there were documents that this key may not see. Ask with a key "
                "that may see them, or another contender."
            )
    reasons = (why_refused(world, other, labels) for other in recipe.sends_to(built.fitted))
    return next((reason for reason in reasons if reason), None)


def record_learned(folder: Path, documents: Iterable[Document], start_from: Path | None = None) -> None:
    """Writes beside a tuned model which labels the documents had that it may have learned from.

    `start_from` is the tuned model that it was tuned further from. If nothing is known of that one, nothing is written.
    """
    before = learned_with(start_from) if start_from else set()
    if before is not None:
        access = sorted(before | {tuple(sorted(document.access)) for document in documents})
        jsonl.write_text(folder / LEARNED_WITH, json.dumps(access) + "\n")


def learned_with(folder: Path) -> set[tuple[str, ...]] | None:
    """The distinct labels of the documents that a tuned model may have learned from; None if that is not known."""
    try:
        access = json.loads((folder / LEARNED_WITH).read_text(encoding="utf-8"))
        return {tuple(one) for one in access}
    except (OSError, ValueError, TypeError):
        return None


class Guarded:
    """A contender that gives an error to those it must not answer, and its answers to all others."""

    decides_before_streaming = True

    def __init__(self, contender: Contender, why: Why) -> None:
        self.name = contender.name
        self._contender = contender
        self._why = why

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order. Only the questions that it may answer are passed on."""
        reasons = [self._why(question.access) for question in questions]
        asked = [question for question, reason in zip(questions, reasons, strict=True) if reason is None]
        answers = iter(self._contender.answer(asked) if asked else ())
        return [
            next(answers) if reason is None else self._refused(question, reason)
            for question, reason in zip(questions, reasons, strict=True)
        ]

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The contender's stream, or the error alone."""
        reason = self._why(question.access)
        if reason is None:
            yield from stream_of(self._contender, question)
        else:
            yield self._refused(question, reason)

    def _refused(self, question: Question, reason: str) -> Answer:
        return Answer(question_id=question.id, contender=self.name, error=reason)
