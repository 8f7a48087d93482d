"""Takes the words of PDF pages, gives their lines in the order they were drawn, without running titles.

A new cell on the same baseline is a line of its own. Knows no paragraphs and no tables.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bakeoff.formats import markup
from bakeoff.formats.pdf.words import Word
from bakeoff.formats.raised import raised

BULLET = re.compile("^(?:[•◦▪▫‣⁃●○■□∙·➢➔►❖✓✔\uf000-\uf0ff\x7f]|\\(cid:127\\))\\s*")
LEADER = re.compile(r"(?:\s?\.){4,}")
_DASHES = ("-", "–", "—", "*")
_SECTION = re.compile(r"\d+(?:\.\d+)*\.?")
_NUMBER = re.compile(r"^(?:\d{1,3}|[a-z])[.)]$")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_MIN_SPACED_LETTERS = 4
_PRINTED_AT = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}[:.]\d{2}\b")
_ADDRESS_AND_PAGE = re.compile(r"(?:https?|file)://\S+ \d{1,4}/\d{1,4}|about:blank \d{1,4}/\d{1,4}")

_Gap = tuple[float, float]  # from x to x, in points


@dataclass
class Line:
    """Words drawn on one baseline. Positions and sizes are in points, y points upwards."""

    words: list[Word]
    x: float
    y: float
    right: float
    size: float
    bold: bool
    mono: bool
    text: str = ""
    in_row: bool = False  # another line begins beside it, on the same baseline
    kept_apart: bool = False  # begins a paragraph, whatever stands above
    turned: bool = False  # written in another direction than the page: a watermark, a note in the margin
    cells: list[list[list[str]]] | None = None  # of a table with borders, row by row, each as its lines
    columns: tuple[float, ...] = ()  # where its columns begin and end

    @property
    def first_width(self) -> float:
        """The width of the first word with the blank before it, in points."""
        return self.words[0].right - self.words[0].x + 0.28 * self.size


def line_of(words: list[Word]) -> Line:
    """One line of the words, which stand on one baseline."""
    first = words[0]
    full = max(words, key=lambda word: word.size)
    return Line(
        words,
        min(word.x for word in words),
        full.y if not is_marker(first.text) else words[-1].y,
        max(word.right for word in words),
        full.size,
        all(word.bold for word in words if not is_marker(word.text)),
        all(word.mono for word in words),
    )


def page_lines(words: Sequence[Word]) -> list[Line]:
    """The lines of a page in the order they were drawn, then those written in another direction."""
    pieces: list[list[Word]] = []
    for word in _despaced([word for word in words if not word.turned]):
        if pieces and (_continues(pieces[-1], word) or _is_item(pieces, word)):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    drawn = [line for line in map(_written, _in_cells(pieces)) if line.text]
    for left, right in pairwise(drawn):
        if beside(left, right):
            left.in_row = right.in_row = True
    return drawn + _turned([word for word in words if word.turned])


def beside(left: Line, right: Line) -> bool:
    """Whether `right` begins on the baseline of `left`, to the right of its end."""
    return abs(left.y - right.y) < 0.5 * max(left.size, right.size) and right.x > left.right


def _continues(line: list[Word], word: Word) -> bool:
    """Whether the word belongs to the line: on its baseline, and not in another column."""
    last = line[-1]
    size = max(last.size, word.size, max(other.size for other in line) if len(line) < 3 else 0)
    if abs(word.y - last.y) >= 0.5 * size:
        return False
    is_plain = word.text.isascii() and last.text.isascii()
    if not is_plain and (_RIGHT_TO_LEFT.search(word.text) or _RIGHT_TO_LEFT.search(last.text)):
        return word.right > last.x - 3 * size
    before = " ".join([other.text for other in line[-4:]])
    if ("." in before and LEADER.search(before)) or (word.text[0] == "." and LEADER.match(word.text)):
        return word.x > last.x
    return -0.5 * size < word.x - last.right < size


def _is_item(lines: list[list[Word]], word: Word) -> bool:
    """Whether the last line is only the mark of a list item or a heading's number, and the word begins its text."""
    mark = lines[-1][0]
    number = mark.bold and word.bold and _SECTION.fullmatch(mark.text) is not None
    if (
        len(lines[-1]) > 1
        or BULLET.fullmatch(word.text)
        or not (is_marker(mark.text) or mark.text in _DASHES or number)
    ):
        return False
    first = len(lines) == 1 or abs(lines[-2][-1].y - mark.y) >= 0.5 * mark.size
    if not first and not BULLET.fullmatch(mark.text):
        return False
    near = 0 < word.x - mark.right < (4.0 if first and mark.text not in _DASHES else 2.5) * word.size
    return near and abs(word.y - mark.y) < 0.5 * word.size


def is_marker(text: str) -> bool:
    """Whether the text is the bullet or the number of a list item."""
    return BULLET.fullmatch(text) is not None or _NUMBER.match(text) is not None


def _in_cells(pieces: Sequence[list[Word]]) -> list[Line]:
    """The lines of a page: gaps are columns where the row above or below has gaps in the same places, or wide ones."""
    rows: list[list[list[Word]]] = []
    has_code = 2 * sum(word.mono for piece in pieces for word in piece) < sum(map(len, pieces))
    for piece in pieces:
        if rows and has_code and piece[0].mono and rows[-1][-1][-1].mono and _is_beside(rows[-1][-1], piece):
            rows[-1][-1].extend(piece)  # a line of code, whatever its blanks
        elif rows and _is_beside(rows[-1][-1], piece):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    rows = [_divided(row, near) for row, near in _with_gaps_near(rows)]
    return [line_of(piece) for row, near in _with_gaps_near(rows) for piece in _undivided(row, near)]


def _with_gaps_near(rows: list[list[list[Word]]]) -> Iterator[tuple[list[list[Word]], list[list[_Gap]]]]:
    """Each row with the gaps of the rows above and below that have any."""
    gaps = [[(left[-1].right, right[0].x) for left, right in pairwise(row)] for row in rows]
    for number, row in enumerate(rows):
        around = [i for i in (number - 1, number + 1) if 0 <= i < len(rows) and gaps[i]]
        yield row, [gaps[i] for i in around if abs(rows[i][0][0].y - row[0][0].y) < 4 * row[0][0].size]


def _is_beside(left: list[Word], right: list[Word]) -> bool:
    size = max(left[-1].size, right[0].size)
    return abs(left[-1].y - right[0].y) < 0.5 * size and right[0].x > left[-1].right


def _undivided(row: list[list[Word]], near: list[list[_Gap]]) -> list[list[Word]]:
    """The row, put together again where a gap is only a wide blank of justified text."""
    pieces = [row[0]]
    for piece in row[1:]:
        gap = pieces[-1][-1].right, piece[0].x
        wide = gap[1] - gap[0] > 2.5 * piece[0].size
        contents = _SECTION.fullmatch(pieces[-1][0].text) and LEADER.search(" ".join(word.text for word in piece))
        if not contents and (wide or any(_overlap(gap, other) for gaps in near for other in gaps)):
            pieces.append(piece)
        else:
            pieces[-1] = pieces[-1] + piece
    return pieces


def _divided(row: list[list[Word]], near: list[list[_Gap]]) -> list[list[Word]]:
    """The row, divided where its blanks are wider than others of it and stand at the gaps of a row above or below."""
    words = [word for piece in row for word in piece]
    blanks = [(left.right, right.x) for left, right in pairwise(words)]
    for gaps in near:
        cuts = sorted({_widest(blanks, gap) for gap in gaps} - {0})
        others = [blank[1] - blank[0] for i, blank in enumerate(blanks, 1) if i not in cuts]
        narrowest = min((blanks[i - 1][1] - blanks[i - 1][0] for i in cuts), default=0.0)
        if len(cuts) >= max(len(gaps), len(row)) and narrowest > max(
            0.4 * words[0].size, 1.3 * max(others, default=0.0)
        ):
            return [words[start:end] for start, end in pairwise([0, *cuts, len(words)])]
    return row


def _widest(blanks: list[_Gap], gap: _Gap) -> int:
    """The number, from 1, of the widest blank at the gap. 0 if there is none."""
    at = [i for i, blank in enumerate(blanks, 1) if _overlap(blank, gap)]
    return max(at, key=lambda i: blanks[i - 1][1] - blanks[i - 1][0], default=0)


def _overlap(gap: _Gap, other: _Gap) -> bool:
    return min(gap[1], other[1]) - max(gap[0], other[0]) > 0


def _written(line: Line) -> Line:
    """The line with its text: raised and lowered words attached to their neighbours, bullets as '- '."""
    written, last = "", None
    for word in line.words:
        small = word.size < 0.9 * line.size
        attached = last is not None and word.inferred_gap and word.x - last.right < 0.1 * line.size
        up = small and word.y - line.y > 0.15 * line.size
        text = raised(word.text, written[-1:] if attached else "") if up else word.text
        written, last = written + ("" if attached else " ") + text, word
    written = BULLET.sub("- ", written.strip()) if len(line.words) > 1 else written
    line.text = markup.one_line(LEADER.sub(" .... ", written))
    return line


def _despaced(words: Sequence[Word]) -> Iterator[Word]:
    """The words, those that are drawn letter by letter with wide gaps put together: W A R R A N T Y."""
    run: list[Word] = []
    for word in words:
        if run and not _spaced_like(run, word):
            yield from _put_together(run)
            run = []
        if len(word.text) == 1 and word.text.isalpha():
            run.append(word)
        else:
            yield from _put_together(run)
            run = []
            yield word
    yield from _put_together(run)


def _spaced_like(run: list[Word], word: Word) -> bool:
    """Whether the letter follows the run with the gap, or at the pitch, that its letters have."""
    last = run[-1]
    gap = word.x - last.right
    on_line = len(word.text) == 1 and word.inferred_gap and abs(word.y - last.y) < 0.1 * word.size
    if not on_line or not 0 < gap < word.size:
        return False
    pairs = list(pairwise(run)) or [(last, word)]
    usual_gap = sum(right.x - left.right for left, right in pairs) / len(pairs)
    usual_pitch = sum(right.x - left.x for left, right in pairs) / len(pairs)
    return abs(gap - usual_gap) < 0.2 * word.size or abs(word.x - last.x - usual_pitch) < 0.1 * word.size


def _put_together(run: list[Word]) -> list[Word]:
    if len(run) < _MIN_SPACED_LETTERS:
        return run
    first, last = run[0], run[-1]
    first.text, first.right = "".join(word.text for word in run), last.right
    return [first]


def _turned(words: Sequence[Word]) -> list[Line]:
    lines: list[list[Word]] = []
    for word in words:
        if lines and abs(word.y - lines[-1][-1].y) < 0.5 * word.size:
            lines[-1].append(word)
        else:
            lines.append([word])
    turned = [_written(line_of(line)) for line in lines]
    for line in turned:
        line.turned = True
    return turned


def without_running_titles(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without lines at one place at the top or bottom of three pages, and without repeated watermarks.

    What a browser prints around a page goes from each: the time above, the address and the number of the page below.
    """
    usual = Counter(round(line.size) for page in pages for line in page).most_common(1)
    large = 1.15 * usual[0][0] if usual else 0.0
    edges = Counter(_place(line, large) for page in pages for line in _edge(page))
    turned: Counter[str] = Counter()
    kept = []
    for page in pages:
        edge = {id(line) for line in _edge(page) if edges[_place(line, large)] >= 3}
        edge |= {id(line) for line in _edge(page) if _is_printed_by_browser(page)}
        turned.update(line.text for line in page if line.turned)
        kept.append([line for line in page if id(line) not in edge and (not line.turned or turned[line.text] == 1)])
    return kept


def _is_printed_by_browser(page: Sequence[Line]) -> bool:
    """Whether a time stands first at the top of a page, and at its bottom an address with '1/2'."""
    by_height: dict[bool, list[Line]] = {}
    edge = _edge(page)
    middle = sum(line.y for line in edge) / max(1, len(edge))
    for line in sorted(edge, key=lambda line: line.x):
        by_height.setdefault(line.y > middle, []).append(line)
    top, bottom = (" ".join(line.text for line in by_height.get(is_top, [])) for is_top in (True, False))
    return bool(_PRINTED_AT.match(top) and _ADDRESS_AND_PAGE.fullmatch(bottom))


def _place(line: Line, large: float) -> tuple[str, int]:
    """What a running title has on each page: its words and its height. Numbers differ, unless it is a heading."""
    return line.text if line.size >= large else re.sub(r"\d+", "#", line.text), round(line.y)


def _edge(page: Sequence[Line]) -> list[Line]:
    """The lines on the highest and on the lowest baseline of a page, unless they are a row of a table."""
    upright = [line for line in page if not line.turned and line.cells is None]
    edge = []
    for y in {max(line.y for line in upright), min(line.y for line in upright)} if upright else ():
        row = [line for line in upright if abs(line.y - y) < 2]
        edge.extend(row if len(row) < 3 else [])
    return edge
