"""Citations of an answer: "[1]" marks in its text, and for each number a link to the passage in its document.

Takes an answer's text and its hits, gives the text to add and numbered links. Knows no wire format. The text itself is
never changed: it may be on its way already. A mark in it is a citation only if the model's prompt numbered the
passages; else it was copied or invented, and stays plain text. A text without citations gets marks at its end.
"""

import re
from collections.abc import Mapping, Sequence

from bakeoff.records import Chunk, Hit, Record
from bakeoff.serve.links import Links

MOST_ADDED = 3
"""At most this many passages are cited for a text without marks."""
FEWEST_COPIED = 4
"""A text of at least this many words that stands in a passage once, word for word, was copied from there."""

_CODE = re.compile(r"(```|~~~).*?(?:\1|\Z)|`[^`\n]*`", re.DOTALL)
_MARK = re.compile(r"\[(\d{1,3})\](?![(:])")
_MARK_AND_BLANKS = re.compile(r"(?<![ \t])[ \t]*\[\d{1,3}\](?![(:])")  # each run of blanks is tried once
_WORD = re.compile(r"\w+")
_OWN_LINE = re.compile(r"(?:```|~~~|\|)[^\n]*\Z")


class Citation(Record):
    """One numbered source of an answer: characters start..end of the text are its first mark.

    The span is empty, at the end of the text, if the text does not mark this number. That happens only to numbers below
    the highest one marked: clients that number sources by their position need a complete list.
    """

    number: int
    url: str
    title: str
    start: int
    end: int


class Cited(Record):
    """What to add to the end of a text, and the citations of the text with it, by their numbers from 1.

    `sources` are the passages that they cite, in the same order.
    """

    added: str = ""
    citations: tuple[Citation, ...] = ()
    sources: tuple[Hit, ...] = ()


def cite(
    text: str, hits: Sequence[Hit], versions: Mapping[str, int], links: Links, numbered: Sequence[Hit] = ()
) -> Cited:
    """The citations of a text. `hits` are the passages it was made from, best first.

    `numbered` are those that the prompt showed with numbers, in their order: a mark [n] in the text means the n-th of
    them. A mark with no such passage, and one in code, is plain text. If no mark counts, the passages are cited that
    contain most of the text's words (`supporting`), numbered from 1. So a client that takes any [n] for the n-th source
    finds a passage that supports the text.
    """
    sources, marks = cited_hits(text, hits, numbered)
    added = ""
    if not marks:
        added, marks = _added(text, len(sources))
    end = len(text) + len(added)
    citations = [
        Citation(
            number=number, url=passage_link(links, hit, versions, text), title=title(hit), start=span[0], end=span[1]
        )
        for number, hit in enumerate(sources, 1)
        for span in [marks.get(number, (end, end))]
    ]
    return Cited(added=added if sources else "", citations=tuple(citations), sources=tuple(sources))


def cited_hits(
    text: str, hits: Sequence[Hit], numbered: Sequence[Hit]
) -> tuple[Sequence[Hit], dict[int, tuple[int, int]]]:
    """The passages that `cite` numbers from 1, and where the text's own marks stand, by number; none if none counts."""
    if not text or not hits:
        return (), {}
    marks = {number: span for number, span in _marks(text).items() if 1 <= number <= len(numbered)}
    return (numbered[: max(marks)], marks) if marks else (supporting(text, hits), {})


def supporting(text: str, hits: Sequence[Hit]) -> list[Hit]:
    """The hits that contain the largest share of the text's words, best rank first, at most MOST_ADDED.

    If no hit contains any of them: the best hit alone for a yes or no, which may be what a passage says in other words;
    none for any other text, which the model has from elsewhere.
    """
    words = _words(text)
    shared = [len(words & _words(hit.chunk.passage)) for hit in hits]
    most = max(shared)
    if most == 0:
        from bakeoff.grading.polarity import opens_with_polarity  # the log is read without it, as by a rollback

        return list(hits[:1]) if opens_with_polarity(text) else []
    return [hit for hit, n in zip(hits, shared, strict=True) if n == most][:MOST_ADDED]


def title(hit: Hit) -> str:
    """The document's title, or its source if it has none."""
    lines = hit.chunk.heading.strip().splitlines()
    return lines[0] if lines else hit.chunk.source


def without_marks(text: str) -> str:
    """The text without its marks and the blanks before them.

    >>> without_marks("30 days [1][2]. See list[0].")
    '30 days. See list.'
    """
    return _MARK_AND_BLANKS.sub("", text)


def copied_span(text: str, chunk: Chunk) -> tuple[int, int]:
    """Which characters of the document a text was copied from; those of the whole passage if it was not copied.

    >>> chunk = Chunk(id="c", document_id="d", source="d.md", text="New. It has one year of warranty.", start=9, end=41)
    >>> copied_span("It has one year of warranty.", chunk), copied_span("One year", chunk)
    ((14, 42), (9, 41))
    """
    is_copied = len(_WORD.findall(text)) >= FEWEST_COPIED and chunk.text.count(text) == 1
    start = chunk.start + chunk.text.index(text) if is_copied else chunk.start
    return start, start + len(text) if is_copied else chunk.end


def passage_link(links: Links, hit: Hit, versions: Mapping[str, int], text: str = "") -> str:
    """The address of the page that shows the document, as it was when it was cited, with the source marked.

    That is where `text` was copied from, or else the whole passage.
    """
    chunk = hit.chunk
    start, end = copied_span(text.strip(), chunk)
    return links.passage(chunk.document_id, start, end, versions.get(chunk.document_id))


def _marks(text: str) -> dict[int, tuple[int, int]]:
    """The first place of each number, outside code."""
    prose = _CODE.sub(lambda code: " " * len(code.group()), text)
    places: dict[int, tuple[int, int]] = {}
    for match in _MARK.finditer(prose):
        places.setdefault(int(match.group(1)), match.span())
    return places


def _added(text: str, n: int) -> tuple[str, dict[int, tuple[int, int]]]:
    """Marks 1 to n for the end of a text, and where they stand. After code or a table they start a new paragraph."""
    added = "\n\n" if _OWN_LINE.search(text.rstrip()) else " "
    places = {}
    for number in range(1, n + 1):
        start = len(text) + len(added)
        added += f"[{number}]"
        places[number] = (start, len(text) + len(added))
    return added, places


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
