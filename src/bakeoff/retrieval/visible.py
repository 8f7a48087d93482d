"""The passages that the caller may see: hidden documents are left out before the best passages are chosen.

Takes a retriever and questions, each with the labels of who asks. Every contender searches through this. A retriever
that cannot leave documents out is never asked for somebody who may not see all of them.
"""

from collections.abc import Callable, Sequence

import numpy as np

from bakeoff.errors import ContenderError
from bakeoff.protocols import LabelledRetriever, Retriever, VectorRetriever
from bakeoff.records import Hit, Labels, Question


def hits_for(retriever: Retriever, questions: Sequence[Question], k: int) -> list[list[Hit]]:
    """At most k hits for each question, best first, from the documents that its `access` lets see.

    Questions with equal access are searched together. Raises ContenderError if a question is restricted and the
    retriever has no `search_visible`.
    """
    return _by_access(questions, lambda texts, numbers, access: _search(retriever, texts, k, access))


def hits_by_vectors(
    retriever: VectorRetriever, questions: Sequence[Question], vectors: np.ndarray, k: int
) -> list[list[Hit]]:
    """The same, searched by a row of `vectors` in place of each question's embedding."""
    return _by_access(
        questions, lambda texts, numbers, access: retriever.search_vectors(texts, vectors[numbers], k, access)
    )


def _by_access(
    questions: Sequence[Question], search: Callable[[list[str], list[int], Labels], list[list[Hit]]]
) -> list[list[Hit]]:
    """The hits of questions, those with equal access searched together: their texts and their numbers."""
    hits: dict[int, list[Hit]] = {}
    for access in dict.fromkeys(question.access for question in questions):
        numbers = [i for i, question in enumerate(questions) if question.access == access]
        hits |= zip(numbers, search([questions[i].text for i in numbers], numbers, access), strict=True)
    return [hits[i] for i in range(len(questions))]


def _search(retriever: Retriever, texts: Sequence[str], k: int, access: Labels) -> list[list[Hit]]:
    """The hits of each text. Raises ContenderError if the retriever may not be asked, or gives something else."""
    found = _found(retriever, texts, k, access)
    if len(found) == len(texts) and all(isinstance(hit, Hit) for hits in found for hit in hits):
        return found
    raise ContenderError(
        f"{type(retriever).__name__} was asked {len(texts)} queries, and did not return a list of Hit for each.",
        "search(queries, k) must return one list of bakeoff.records.Hit for each query, best first",
    )


def _found(retriever: Retriever, texts: Sequence[str], k: int, access: Labels) -> list[list[Hit]]:
    if access is None:
        return retriever.search(texts, k)
    if not isinstance(retriever, LabelledRetriever):
        raise ContenderError(
            f"{type(retriever).__name__} cannot leave out documents that the caller may not see, so it was not "
            "searched.",
            "ask with a key that may see every document, or give the class search_visible(queries, k, access)",
        )
    return retriever.search_visible(texts, k, access)
