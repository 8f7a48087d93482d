"""The passages of the documents that a question's accepted answer stands in, short, for a person who compares.

Takes a question and the documents of the run. Gives passages as lines, the evidence marked; the whole document is given
on demand. Knows no answer and no contender.
"""

import re
from typing import NamedTuple

from bakeoff.corpus.store import DocumentStore
from bakeoff.records import Document, Question, SourceSpan
from bakeoff.serve.documents.layout import Line, Span, lines_of

MOST_PASSAGES = 3
MOST_CHARACTERS = 700
"""Of a passage. A longer paragraph is cut around the evidence."""
AROUND = 250
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(?P<text>\S.*)$", re.MULTILINE)


class Passage(NamedTuple):
    """A part of a document. `start` and `end` are the evidence in the document, None if that is not known.

    `heading` is the one above it. `cut_before` and `cut_after`: the paragraph goes on there.
    """

    document_id: str
    title: str
    source: str
    heading: str
    start: int | None
    end: int | None
    cut_before: bool
    cut_after: bool
    lines: list[Line]


def passages_of(question: Question, store: DocumentStore) -> list[Passage]:
    """The passages with the question's evidence, at most MOST_PASSAGES. Documents that are gone are left out."""
    passages = []
    for span in list(dict.fromkeys(question.source_spans))[:MOST_PASSAGES]:
        document = store.get_by_source(span.source)
        if document is not None:
            passages.append(_passage(document, span))
    return passages


def _passage(document: Document, span: SourceSpan) -> Passage:
    text = document.text
    known = span.start is not None and span.end is not None
    marked = Span(span.start or 0, span.end or 0) if known else Span(0, 0)
    start, end = _paragraph(text, marked) if known else (0, _cut_at(text, MOST_CHARACTERS))
    above = [match["text"].strip("# ") for match in _HEADING.finditer(text, 0, start)]
    return Passage(
        document_id=document.id,
        title=document.title or document.source,
        source=document.source,
        heading=above[-1] if above and known and above[-1] != document.title else "",
        start=span.start if known else None,
        end=span.end if known else None,
        cut_before=bool(text[:start].strip()) and text[start - 1] != "\n",
        cut_after=bool(text[end:].strip()) and (not known or text[end] != "\n"),
        lines=lines_of(text[start:end], Span(marked.start - start, marked.end - start) if known else None),
    )


def _paragraph(text: str, marked: Span) -> Span:
    """The paragraphs that hold the evidence, or, if they are long, what is around it."""
    before = [match.end() for match in _BLANK_LINE.finditer(text, 0, marked.start)]
    start = before[-1] if before else 0
    after = _BLANK_LINE.search(text, marked.end)
    end = after.start() if after else len(text.rstrip())
    if end - start > MOST_CHARACTERS:
        start = max(start, _word_start(text, marked.start - AROUND))
        end = min(end, max(marked.end, _cut_at(text, marked.end + AROUND)))
    return Span(start, max(end, marked.end))


def _word_start(text: str, place: int) -> int:
    """The beginning of the first word after this place."""
    if place <= 0:
        return 0
    blank = re.compile(r"\s").search(text, place)
    return blank.end() if blank and blank.end() - place < AROUND else place


def _cut_at(text: str, place: int) -> int:
    """The end of the last word before this place."""
    if place >= len(text):
        return len(text)
    blank = max(text.rfind(" ", 0, place), text.rfind("\n", 0, place))
    return blank if place - blank < AROUND else place
