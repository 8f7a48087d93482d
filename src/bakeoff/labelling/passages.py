"""The passages of the documents that a question's accepted answer stands in, short, for a person who compares.

Takes a question and the documents of the run. Gives passages as lines, the evidence marked; the whole document is given
on demand. Knows no answer and no contender.
"""

import re
from typing import NamedTuple

from bakeoff.protocols import DocumentStore
from bakeoff.records import Document, Question, SourceSpan
from bakeoff.serve.documents.layout import Line, Span, lines_of, span_in

MOST_PASSAGES = 3
MOST_CHARACTERS = 700
"""Of a passage. A longer paragraph is cut around the evidence."""
AROUND = 250
LINES_AROUND = 2
"""How much of a long paragraph is shown on each side of the evidence: characters of a long line, or whole lines."""
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
            passages.append(passage_in(document, span))
    return passages


def passage_in(document: Document, span: SourceSpan) -> Passage:
    """The paragraph of the document with this evidence; its beginning if the place is not known."""
    text = document.text
    marked = span_in(text, span.start, span.end) if span.end is not None else None
    if marked is None:
        shown = _Shown(lines_of(text[: _cut_at(text, MOST_CHARACTERS)]), False, len(text) > MOST_CHARACTERS)
        heading = ""
    else:
        paragraph = _paragraph(text, marked)
        shown = _shown(text, paragraph, marked)
        heading = _heading(text[: paragraph.start])
    title = document.title or document.source
    return Passage(
        document_id=document.id,
        title=title,
        source=document.source,
        heading="" if heading == title else heading,
        start=marked.start if marked else None,
        end=marked.end if marked else None,
        cut_before=shown.cut_before,
        cut_after=shown.cut_after,
        lines=shown.lines,
    )


class _Shown(NamedTuple):
    """Lines, and whether something of the paragraph before and after them is left out."""

    lines: list[Line]
    cut_before: bool
    cut_after: bool


def _heading(before: str) -> str:
    """The last heading of a text, empty if there is none."""
    headings = [match["text"].strip("# ") for match in _HEADING.finditer(before)]
    return headings[-1] if headings else ""


def _paragraph(text: str, marked: Span) -> Span:
    """The paragraphs that hold the evidence, from the first to the last."""
    before = [match.end() for match in _BLANK_LINE.finditer(text, 0, marked.start)]
    after = _BLANK_LINE.search(text, marked.end)
    return Span(before[-1] if before else 0, max(marked.end, after.start() if after else len(text.rstrip())))


def _shown(text: str, paragraph: Span, marked: Span) -> _Shown:
    """The paragraph; of a long one the lines, or else the words, around the evidence."""
    lines = _lines(text, paragraph, marked)
    if paragraph.end - paragraph.start <= MOST_CHARACTERS:
        return _Shown(lines, False, False)
    first, last = _near(lines)
    if sum(map(_length, lines[first : last + 1])) <= MOST_CHARACTERS:
        head = (
            [line for line in lines[:first] if line.kind in ("head", "separator")] if lines[first].kind == "row" else []
        )
        return _Shown(head + lines[first : last + 1], len(head) < first, last + 1 < len(lines))
    start = max(paragraph.start, _word_start(text, marked.start - AROUND))
    end = min(paragraph.end, max(marked.end, _cut_at(text, marked.end + AROUND)))
    return _Shown(_lines(text, Span(start, end), marked), start > paragraph.start, end < paragraph.end)


def _lines(text: str, part: Span, marked: Span) -> list[Line]:
    return lines_of(text[part.start : part.end], Span(marked.start - part.start, marked.end - part.start))


def _near(lines: list[Line]) -> tuple[int, int]:
    """The first and the last line with evidence, and as many around them as there is room for."""
    with_evidence = [
        place for place, line in enumerate(lines) if any(run.marked for cell in line.cells for run in cell)
    ]
    first, last = with_evidence[0], with_evidence[-1]
    room = MOST_CHARACTERS - sum(map(_length, lines[first : last + 1]))
    for _ in range(LINES_AROUND):
        for place in (first - 1, last + 1):
            if 0 <= place < len(lines) and _length(lines[place]) <= room:
                room -= _length(lines[place])
                first, last = min(first, place), max(last, place)
    return first, last


def _length(line: Line) -> int:
    return sum(len(run.text) for cell in line.cells for run in cell)


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
