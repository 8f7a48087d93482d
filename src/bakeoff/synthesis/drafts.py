"""What is made before it is checked, and what is kept of it.

Knows passages (chunks) and questions as records, no model and no rule.
"""

import hashlib
import re
from collections.abc import Mapping

from pydantic import Field

from bakeoff.records import Chunk, Question, Record, SourceSpan, Synthetic

_MARKS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)")


class Draft(Record):
    """A question that was made, not yet checked. No `answers` mean that no document should answer it.

    `quote` is the sentence or row of the document that holds the answer. `paraphrase_of` is the id of the question that
    it asks in other words, `paraphrase_sum` a sum of that question's text, `fact` its fact.
    """

    question: str
    answers: tuple[str, ...] = ()
    quote: str = ""
    source: str = ""
    method: str
    kind: str = ""
    paraphrase_of: str = ""
    paraphrase_sum: str = ""
    fact: str = ""

    @property
    def id(self) -> str:
        """The same for the same text, whatever else is made."""
        return "syn-" + hashlib.sha256(self.question.encode()).hexdigest()[:10]

    def as_question(self) -> Question:
        """The question as a run reads it: synthetic, and accepted by nobody."""
        return Question(
            id=self.id,
            text=self.question,
            answers=self.answers,
            kind=self.kind if self.answers else "unanswerable",
            fact=self.fact or f"synthetic-{self.id}",
            source_spans=(SourceSpan(source=self.source),) if self.source else (),
            evidence=self.quote if self.answers else "",
            synthetic=Synthetic(
                method=self.method, paraphrase_of=self.paraphrase_of, paraphrase_sum=self.paraphrase_sum
            ),
        )


class Kept(Record):
    """A draft that passed every check, with the passage that a reviewer is shown."""

    draft: Draft
    passage: str = ""
    heading: str = ""


class Done(Record):
    """One unit of work that is finished: a passage, or a question to reword. `dropped` counts by reason."""

    unit: str
    kept: tuple[Kept, ...] = ()
    dropped: Mapping[str, int] = Field(default_factory=dict)


def plain(text: str) -> str:
    """The text on one line, without the marks of emphasis and code.

    >>> plain("Choose **Rotate** in the `console`,\\nthen wait_for it.")
    'Choose Rotate in the console, then wait_for it.'
    """
    return " ".join(_MARKS.sub("", text).split())


def holds(passage: Chunk, span: str) -> bool:
    """Whether the passage, as it is shown, holds these words literally: same letters, case and signs, whole words."""
    wanted = plain(span)
    if not wanted:
        return False
    before = r"(?<!\w)" if wanted[0].isalnum() else ""
    after = r"(?!\w)" if wanted[-1].isalnum() else ""
    return re.search(before + re.escape(wanted) + after, plain(passage.shown)) is not None
