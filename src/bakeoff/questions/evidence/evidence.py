"""Compares gold evidence with chunks: does this passage hold the evidence for the question's answer?

Knows only the records. Evidence is stored as spans of documents, so it works with any way of cutting chunks.
"""

from collections.abc import Iterable

from bakeoff.records import Chunk, Question


def holds_evidence(question: Question, chunk: Chunk) -> bool:
    """Whether the chunk overlaps a gold span of the question. For a whole document, any chunk of it does."""
    for span in question.source_spans:
        if span.source != chunk.source:
            continue
        if span.start is None or span.end is None or (chunk.start < span.end and span.start < chunk.end):
            return True
    return False


def evidence_hit(question: Question, chunks: Iterable[Chunk]) -> bool | None:
    """Whether any of the chunks holds evidence. None if the question has no evidence."""
    if not question.source_spans:
        return None
    return any(holds_evidence(question, chunk) for chunk in chunks)


def is_document_level(question: Question) -> bool:
    """Whether some of the evidence is a whole document, because no quote or answer was found in it.

    A hit then only means that a passage of the right document was retrieved, not that it holds the answer. False if
    the question names no source.
    """
    return any(span.start is None or span.end is None for span in question.source_spans)
