"""Cuts a document into chunks along its structure: sections, then blocks, then sentences or rows, then words.

Takes a document in the light Markdown of `markup` and a function that counts tokens. Gives chunks whose texts are
verbatim parts of the document. Knows no tokenizer and no format.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bakeoff.corpus.lead_ins import items_above, lead_in_of
from bakeoff.errors import ConfigError
from bakeoff.formats import markup
from bakeoff.formats.line_kinds import LineKinds, line_kinds
from bakeoff.formats.readable import readable
from bakeoff.records import Chunk, Document
from bakeoff.writing.scripts import HAS_NO_BLANKS
from bakeoff.writing.sentence_ends import sentence_ends
from bakeoff.writing.words import whole_letter, word_ends

CountTokens = Callable[[str], int]

_ROW = re.compile(r"[^\s:;][^:;\n]{0,60}: \S")
_SPACE = re.compile(r"\s")
_OUTSIDE_NUMBERS = re.compile(r"(?<!\d)\s|\s(?!\d)")
_NEAR = 200
_CLAUSE_END = "、，；،؛,;:："


class _Span(NamedTuple):
    start: int
    end: int


class _Run(NamedTuple):
    """Neighbouring lines of one kind: code, table, list, rows or prose."""

    kind: str
    lines: list[_Span]


class _Atom(NamedTuple):
    """A piece of text that is not cut again. `lead_in` says what it belongs to, if that stands before it: the header of
    its table, or the sentence before its list and the items above its own.
    """

    span: _Span
    n_tokens: int
    lead_in: str = ""
    n_lead_in: int = 0


def chunk_document(document: Document, max_tokens: int, count_tokens: CountTokens) -> list[Chunk]:
    """The document's chunks in order, without overlap. They hold all of its text except whitespace, heading lines and
    passages without anything to read, such as a lone picture.

    A chunk never crosses a heading. Its text has at most max_tokens tokens. Text and heading path together also fit in
    max_tokens if the path takes at most half of them. The only exception is a single character of more tokens than
    that. Raises ConfigError for max_tokens below 1.
    """
    if max_tokens < 1:
        raise ConfigError(f"Chunks of at most {max_tokens} tokens cannot hold text.", "set 1 or more (256 is usual)")
    chunks: list[Chunk] = []
    lines = _Lines(document)
    for path, runs in _sections(document.text, lines):
        heading = heading_path((document.title, *path))
        left = max_tokens - (count_tokens(heading) if heading else 0)
        cutter = _Cutter(document.text, max(left, (max_tokens + 1) // 2), count_tokens)
        for span, lead_in in cutter.pack(runs):
            above = " > ".join(filter(None, (heading, lead_in)))
            chunk = _chunk(document, span, above, lines.kinds(span))
            if chunk.shown.strip():
                chunks.append(chunk)
    return chunks


class _Lines:
    """The kinds of a document's lines, found once, for each part of it."""

    def __init__(self, document: Document) -> None:
        self.spans = _lines(document.text)
        self.whole = line_kinds(document.text, document.title, document.source)
        self._starts = [line.start for line in self.spans]
        self._text = document.text
        self._words: dict[int, _Span] = {}

    def kinds(self, span: _Span) -> LineKinds:
        """The kinds of the lines of which the span holds a part."""
        first = bisect_right(self._starts, span.start) - 1
        n_lines = bisect_left(self._starts, span.end) - first
        begins = span.start <= self._stripped(first).start
        ends = span.end >= self._stripped(first + n_lines - 1).end
        return self.whole.part(first, n_lines, begins=begins, ends=ends)

    def _stripped(self, number: int) -> _Span:
        """A line without the white space at its ends: looked for once, however many chunks are in it."""
        if number not in self._words:
            self._words[number] = _stripped(self._text, self.spans[number])
        return self._words[number]


def _chunk(document: Document, span: _Span, heading: str, kinds: LineKinds) -> Chunk:
    chunk = passage(document, span.start, span.end, heading)
    shown = readable(chunk.text, kinds)
    return chunk if shown == chunk.text else chunk.model_copy(update={"readable": shown})


def passage(document: Document, start: int, end: int, heading: str = "") -> Chunk:
    """Characters start..end of a document."""
    return Chunk(
        id=f"{document.id}:{start}-{end}",
        document_id=document.id,
        source=document.source,
        text=document.text[start:end],
        start=start,
        end=end,
        heading=heading,
    )


def heading_path(headings: Sequence[str]) -> str:
    """The headings joined as `Title > Section`. A heading whose words another one repeats is left out."""
    path: list[str] = []
    for heading in filter(None, map(markup.one_line, headings)):
        words = _words(heading)
        if any(words == _words(above) for above in path) or (path and _contains(_words(path[-1]), words)):
            continue
        if path and _contains(words, _words(path[-1])):
            path.pop()
        path.append(heading)
    return " > ".join(path)


def _words(heading: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", heading.casefold())) or (heading,)


def _contains(words: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return any(words[i : i + len(part)] == part for i in range(len(words) - len(part) + 1))


def _lines(text: str) -> list[_Span]:
    """Every line with its newline, in order."""
    spans, start = [], 0
    for line in text.split("\n"):
        end = min(start + len(line) + 1, len(text))
        spans.append(_Span(start, end))
        start = end
    return spans


def _stripped(text: str, span: _Span) -> _Span:
    """The span without the white space at its ends. One of nothing else ends before it starts."""
    part = text[span.start : span.end]
    return _Span(span.start + len(part) - len(part.lstrip()), span.start + len(part.rstrip()))


def _sections(text: str, known: _Lines) -> Iterator[tuple[tuple[str, ...], list[_Run]]]:
    """(headings above, runs) of the text between each two headings. A heading with nothing under it is its own run."""
    spans, code = known.spans, known.whole.fenced
    lines = [text[span.start : span.end] for span in spans]
    headings = [None if code[i] else markup.heading_of(line) for i, line in enumerate(lines)]
    starts = [i for i, heading in enumerate(headings) if heading]
    kinds = _kinds(lines, code)
    yield (), _runs(spans, kinds, 0, starts[0] if starts else len(lines))
    above: list[tuple[int, str]] = []
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=False):
        level, words = headings[start] or (0, "")
        outer = [heading for heading in above if heading[0] < level]
        above = [*outer, (level, markup.plain(readable(words, known.whole.part(start, 1))))]
        following = headings[stop] if stop < len(lines) else None
        runs = _runs(spans, kinds, start + 1, stop)
        if runs:
            yield tuple(words for _, words in above), runs
        elif following is None or following[0] <= level:
            yield tuple(words for _, words in outer), [_Run("prose", [spans[start]])]


def _kinds(lines: Sequence[str], code: Sequence[bool]) -> list[str]:
    """The kind of each line: blank, code, table, list, rows or prose. A line below a list item belongs to the item."""
    kinds: list[str] = []
    for line, in_code in zip(lines, code, strict=True):
        if in_code:
            kinds.append("code")
        elif not line.strip():
            kinds.append("blank")
        elif markup.is_table_row(line):
            kinds.append("table")
        elif markup.is_list_item(line) or kinds[-1:] == ["list"]:
            kinds.append("list")
        else:
            kinds.append("rows" if _ROW.match(line) else "prose")
    return kinds


def _runs(spans: Sequence[_Span], kinds: Sequence[str], start: int, stop: int) -> list[_Run]:
    """The lines start..stop as runs. Blank lines end a run and are added to the end of its last line."""
    runs: list[_Run] = []
    previous = "blank"
    for span, kind in zip(spans[start:stop], kinds[start:stop], strict=True):
        if kind == "blank":
            if runs:
                runs[-1].lines[-1] = _Span(runs[-1].lines[-1].start, span.end)
        elif kind == previous:
            runs[-1].lines.append(span)
        elif {kind, previous} == {"rows", "prose"}:
            runs[-1].lines.append(span)
            runs[-1] = _Run("prose", runs[-1].lines)
            kind = "prose"
        else:
            runs.append(_Run(kind, [span]))
        previous = kind
    return runs


class _Cutter:
    """Cuts the runs of one section into spans of at most `budget` tokens. Counts the tokens of each piece once."""

    def __init__(self, text: str, budget: int, count_tokens: CountTokens) -> None:
        self.text = text
        self.budget = budget
        self.count_tokens = count_tokens

    def pack(self, runs: Sequence[_Run]) -> Iterator[tuple[_Span, str]]:
        """(span, what stands before the table or list that it continues, usually empty), in order. Each span is filled
        greedily.
        """
        begun: _Atom | None = None
        end = n_tokens = 0
        for atom in self._atoms(runs):
            gap = self._count(_Span(end, atom.span.start)) if begun and atom.span.start > end else 0
            if begun and n_tokens + gap + atom.n_tokens > self.budget:
                yield _stripped(self.text, _Span(begun.span.start, end)), begun.lead_in
                begun = None
            if begun is None:
                begun, n_tokens = self._opening(atom)
                gap = 0
            n_tokens += gap + atom.n_tokens
            end = atom.span.end
        if begun:
            yield _stripped(self.text, _Span(begun.span.start, end)), begun.lead_in

    def _opening(self, atom: _Atom) -> tuple[_Atom, int]:
        """The atom as the first of a chunk, and the tokens of what leads in to it. That is dropped if too long."""
        if atom.n_lead_in + atom.n_tokens > self.budget:
            return atom._replace(lead_in=""), 0
        return atom, atom.n_lead_in

    def _atoms(self, runs: Sequence[_Run]) -> Iterator[_Atom]:
        before: _Run | None = None
        for run in runs:
            whole = _Span(run.lines[0].start, run.lines[-1].end)
            n_tokens = self._count(whole)
            sentence = self._within_half(self._sentence_before(before, run))
            n_sentence = self.count_tokens(sentence) if sentence else 0
            if n_tokens + (n_sentence if run.kind == "list" else 0) <= self.budget:
                yield _Atom(whole, n_tokens, sentence, n_sentence)
            elif run.kind == "prose":
                yield from self._sentences(whole)
            else:
                yield from self._units(run, sentence)
            before = run

    def _units(self, run: _Run, sentence: str) -> Iterator[_Atom]:
        """The rows, items or lines of a run that is too long for one chunk, below the sentence that leads in to it."""
        header = self._table_header(run)
        units = self._grouped(run, bool(header))
        above = items_above([self._slice(unit) for unit in units]) if run.kind == "list" else [()] * len(units)
        for number, unit in enumerate(units):
            if not self._slice(unit).strip():
                continue
            lead_in = self._within_half(" > ".join(filter(None, (sentence, *above[number]))))
            yield from self._led(unit, lead_in, header if number else "", is_item=run.kind == "list")

    def _led(self, unit: _Span, lead_in: str, header: str, is_item: bool) -> Iterator[_Atom]:
        """The row or item with what leads in to it. An item that does not fit beside that is cut; a row goes alone."""
        n_tokens = self._count(unit)
        both = " > ".join(filter(None, (lead_in, header)))
        for above in dict.fromkeys((both, header)) if header else (both,):
            n_above = self.count_tokens(above) if above else 0
            if n_tokens + n_above <= self.budget:
                yield _Atom(unit, n_tokens, above, n_above)
                return
        cutter = _Cutter(self.text, self.budget - n_above, self.count_tokens) if is_item else self
        atoms = [_Atom(unit, n_tokens)] if n_tokens <= cutter.budget else cutter._sentences(unit)
        yield from (atom._replace(lead_in=above, n_lead_in=n_above) for atom in atoms)

    def _within_half(self, lead_in: str) -> str:
        """What leads in to a piece, unless it takes more than half of a chunk."""
        return lead_in if lead_in and 2 * self.count_tokens(lead_in) <= self.budget else ""

    def _sentence_before(self, before: _Run | None, run: _Run) -> str:
        """The sentence that leads in to a list or table, if what stands before it ends with a colon."""
        if before is None or before.kind not in ("prose", "rows") or run.kind not in ("list", "table"):
            return ""
        return lead_in_of(self.text[before.lines[0].start : before.lines[-1].end])

    def _table_header(self, run: _Run) -> str:
        if run.kind != "table" or len(run.lines) < 2 or not markup.is_table_delimiter(self._slice(run.lines[1])):
            return ""
        header = markup.one_line(self._slice(run.lines[0]))
        names = header.removeprefix("|").removesuffix("|").strip()
        keeps_its_pipes = names.startswith("|") or names.endswith("|")  # so that an empty name keeps its place
        return header if keeps_its_pipes and names.strip("| ") else names.strip("| ")

    def _grouped(self, run: _Run, has_header: bool) -> list[_Span]:
        """The lines of the run. The lines of a list item are joined, and so are a table's header and first row."""
        units: list[_Span] = []
        for number, line in enumerate(run.lines):
            goes_on = run.kind == "list" and not markup.is_list_item(self._slice(line))
            if units and (goes_on or (has_header and number <= 2)):
                units[-1] = _Span(units[-1].start, line.end)
            else:
                units.append(line)
        return units

    def _sentences(self, span: _Span) -> Iterator[_Atom]:
        start = span.start
        for end in sentence_ends(self.text, span.start, span.end):
            yield from self._words(_Span(start, end))
            start = end
        if start < span.end:
            yield from self._words(_Span(start, span.end))

    def _words(self, span: _Span) -> Iterator[_Atom]:
        """The span, halved between the two words nearest to its middle until each piece fits. A word that is too long
        is cut in its middle, but no letter from its marks.

        Whitespace alone is not a piece: the space between two pieces of a chunk is counted when they are packed.
        """
        n_tokens = self._count(span)
        if n_tokens <= self.budget or span.end - span.start <= 1:
            yield _Atom(span, n_tokens)
            return
        inner = _stripped(self.text, span)
        if inner.end - inner.start <= 1:
            if inner.end > inner.start:
                yield _Atom(inner, self._count(inner))
            return
        cut = self._middle(inner)
        yield from self._words(_Span(inner.start, cut))
        yield from self._words(_Span(cut, inner.end))

    def _middle(self, span: _Span) -> int:
        """Where to halve a span: at a blank or between words, in scripts without blanks rather after a clause."""
        middle = (span.start + span.end) // 2
        if HAS_NO_BLANKS.search(self.text, span.start, span.end):
            near = [span.start + end for end in word_ends(self._slice(span))]
            quarter = (span.end - span.start) // 4
            clauses = [cut for cut in near if self.text[cut - 1] in _CLAUSE_END and abs(cut - middle) <= quarter]
            near = clauses or [*near, *self._blanks(span, middle)]
        else:
            near = self._blanks(span, middle)
        if near:
            return min(near, key=lambda cut: abs(cut - middle))
        return whole_letter(self.text, middle, span.start)

    def _blanks(self, span: _Span, middle: int) -> list[int]:
        """The blanks next to the middle, before and after it. Those inside numbers only if there are no others."""
        blanks = self._next_to(_OUTSIDE_NUMBERS, span, middle) or self._next_to(_SPACE, span, middle)
        return [cut for cut in blanks if cut > span.start]

    def _next_to(self, blank: re.Pattern[str], span: _Span, middle: int) -> list[int]:
        after = blank.search(self.text, middle, span.end)
        before = self._last(blank, max(span.start, middle - _NEAR), middle)
        if before < 0:
            before = self._last(blank, span.start, middle)
        return [cut for cut in (before, after.start() if after else -1) if cut >= 0]

    def _last(self, blank: re.Pattern[str], start: int, stop: int) -> int:
        """Where the last of them begins in text[start:stop]; -1 if there is none."""
        starts = map(re.Match.start, blank.finditer(self.text, start, stop + 1))  # what follows a blank counts
        return max((place for place in starts if place < stop), default=-1)

    def _slice(self, span: _Span) -> str:
        return self.text[span.start : span.end]

    def _count(self, span: _Span) -> int:
        return self.count_tokens(self._slice(span))
