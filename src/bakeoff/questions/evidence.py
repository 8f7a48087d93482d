"""Gold evidence against chunks: does this passage hold what the question's answer rests on?

Knows only the records. Evidence is kept as spans of documents, so any chunking can be held against it.
"""

from collections.abc import Iterable

from bakeoff.records import Chunk, Question


def holds_evidence(question: Question, chunk: Chunk) -> bool:
    """Whether the chunk overlaps one of the question's gold spans (any part, for a whole document)."""
    for span in question.source_spans:
        if span.source != chunk.source:
            continue
        if span.start is None or span.end is None or (chunk.start < span.end and span.start < chunk.end):
            return True
    return False


def evidence_hit(question: Question, chunks: Iterable[Chunk]) -> bool | None:
    """Whether any of the chunks holds the evidence; None where the question names none."""
    if not question.source_spans:
        return None
    return any(holds_evidence(question, chunk) for chunk in chunks)


def is_document_level(question: Question) -> bool:
    """Whether some of the evidence is a whole document, as no quote or answer was found in it.

    A hit then says that a passage of the right document was found, not that it holds the answer. False where the
    question names no source.
    """
    return any(span.start is None or span.end is None for span in question.source_spans)
