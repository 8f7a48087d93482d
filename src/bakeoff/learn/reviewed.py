"""A question from use that a person has reviewed: what learning takes from the log.

Knows neither the log nor a file.
"""

from collections.abc import Sequence
from datetime import datetime

from bakeoff.records import Question, Record, SourceSpan

FROM_USE = "use-"
"""The ids of questions from use begin with this, followed by the id of the answer that was reviewed."""


class Reviewed(Record):
    """A question as users asked it, with the answers that a person accepts.

    Without answers the documents do not answer it. `id` is that of the answer that was reviewed, `fact` the known fact
    that it asks for (empty: not said). `sampled`: it was drawn at random from all questions. `key_id` is who asked it,
    `sources` the documents that hold the answer, if they were named. `asked` is how often it was asked in these words.
    `documents_version` is the version of the documents that the review is about, `passages` the places in them that the
    answer was made from.
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    fact: str = ""
    sampled: bool = False
    key_id: str = ""
    sources: tuple[str, ...] = ()
    asked: int = 1
    at: datetime
    documents_version: int | None = None
    passages: tuple[SourceSpan, ...] = ()

    def as_question(self) -> Question:
        """The question as pilots read it, without a split."""
        return Question(
            id=f"{FROM_USE}{self.id}",
            text=self.question,
            answers=self.answers,
            fact=self.fact,
            asked=self.asked,
            asked_on=self.at.date(),
            source_spans=tuple(SourceSpan(source=source) for source in self.sources),
        )


def without_changed(questions: Sequence[Question], reviewed: Sequence[Reviewed]) -> list[Question]:
    """The questions without those from use that were reviewed again since and have other answers or words now."""
    now = {one.as_question().id: (one.question, set(one.answers)) for one in reviewed}
    return [q for q in questions if q.id not in now or now[q.id] == (q.text, set(q.answers))]
