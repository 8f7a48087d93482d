"""Finding: which passages a question is answered from, and what finding them took.

Takes questions, each with the labels of who asks; gives hits with usage. Without rewriting, the question itself is
searched for (`Plain`); `rewriting.py` has the other ways. Knows nothing about prompts that answer.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from bakeoff.models.kept.clock import now
from bakeoff.protocols import Retriever
from bakeoff.records import Hit, Question, Usage
from bakeoff.retrieval.visible import hits_for


class Found(NamedTuple):
    """The hits of one question, best first, and the tokens and time of finding them; or why there are none."""

    hits: Sequence[Hit]
    usage: Usage
    error: str | None = None


@runtime_checkable
class Finder(Protocol):
    """A way to find passages for questions."""

    def find(self, questions: Sequence[Question], k: int) -> list[Found]:
        """At most k hits for each question, in order, only from documents that its `access` lets see."""
        ...


class Plain:
    """Searches for the question as it is."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    def find(self, questions: Sequence[Question], k: int) -> list[Found]:
        """The retriever's hits. Each question has an equal share of the time."""
        begun = now()
        hits = hits_for(self._retriever, questions, k)
        usage = share_since(begun, len(questions))
        return [Found(found, usage) for found in hits]


def share_since(begun: float, n: int) -> Usage:
    """The share of each of n questions in the time since then (kept/clock.py)."""
    return Usage(seconds=(now() - begun) / max(1, n))
