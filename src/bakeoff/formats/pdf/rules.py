"""Takes the lines that are drawn on a PDF page, such as the borders of tables, gives those along its sides.

Knows no words. Positions are in points, y upwards. PDFium is not safe for threads: callers hold a lock.
"""

import ctypes
from collections.abc import Iterator
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium_c

_MOST_OBJECTS = 20_000  # of a page: maps and drawings have more, and no tables
_MOST_SEGMENTS = 400
_THIN, _LEAST = 2.5, 4.0
_MAX_DEPTH = 3
_JOINT = 1.5  # points between the ends of two rules that are one

_Box = tuple[float, float, float, float]  # left, bottom, right, top
_Matrix = tuple[float, float, float, float, float, float]
_SAME: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Rule(NamedTuple):
    """A line from `start` to `end`, at `place` on the other axis."""

    place: float
    start: float
    end: float


class Rules(NamedTuple):
    """The lines of a page: `across` have a y for place, `down` an x."""

    across: tuple[Rule, ...] = ()
    down: tuple[Rule, ...] = ()


def rules_of(page: Any) -> Rules:
    """The lines of a page. None if there are too many for a page of text."""
    n_objects = pdfium_c.FPDFPage_CountObjects(page)
    if not 0 < n_objects <= _MOST_OBJECTS:
        return Rules()
    found = (pdfium_c.FPDFPage_GetObject(page, i) for i in range(n_objects))
    boxes = [box for each in found for box in _boxes(each, _SAME, 0)]
    across = [Rule((b[1] + b[3]) / 2, b[0], b[2]) for b in boxes if b[3] - b[1] <= _THIN and b[2] - b[0] >= _LEAST]
    down = [Rule((b[0] + b[2]) / 2, b[1], b[3]) for b in boxes if b[2] - b[0] <= _THIN and b[3] - b[1] >= _LEAST]
    return Rules(_joined(across), _joined(down))


def _boxes(drawn: Any, around: _Matrix, depth: int) -> Iterator[_Box]:
    """The thin boxes of an object: lines, sides of rectangles, and the lines of longer paths."""
    kind = pdfium_c.FPDFPageObj_GetType(drawn)
    if kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
        matrix = _times(_matrix(drawn), around)
        for i in range(min(pdfium_c.FPDFFormObj_CountObjects(drawn), _MOST_OBJECTS)):
            yield from _boxes(pdfium_c.FPDFFormObj_GetObject(drawn, i), matrix, depth + 1)
    if kind != pdfium_c.FPDF_PAGEOBJ_PATH:
        return
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium_c.FPDFPageObj_GetBounds(drawn, left, bottom, right, top):
        return
    box = _moved((left.value, bottom.value, right.value, top.value), around)
    if box[2] - box[0] <= _THIN or box[3] - box[1] <= _THIN:
        yield box
        return
    n_segments = pdfium_c.FPDFPath_CountSegments(drawn)
    if n_segments in (4, 5):
        yield from _sides(box)
    elif n_segments <= _MOST_SEGMENTS:
        yield from _segments(drawn, n_segments, _times(_matrix(drawn), around))


def _sides(box: _Box) -> Iterator[_Box]:
    left, bottom, right, top = box
    yield left, bottom, right, bottom
    yield left, top, right, top
    yield left, bottom, left, top
    yield right, bottom, right, top


def _segments(drawn: Any, n_segments: int, matrix: _Matrix) -> Iterator[_Box]:
    """The straight lines of a path."""
    x, y = ctypes.c_float(), ctypes.c_float()
    last = (0.0, 0.0)
    for i in range(n_segments):
        segment = pdfium_c.FPDFPath_GetPathSegment(drawn, i)
        pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
        point = _point(x.value, y.value, matrix)
        if pdfium_c.FPDFPathSegment_GetType(segment) == pdfium_c.FPDF_SEGMENT_LINETO:
            (a, b), (c, d) = last, point
            yield min(a, c), min(b, d), max(a, c), max(b, d)
        last = point


def _matrix(drawn: Any) -> _Matrix:
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(drawn, matrix):
        return _SAME
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(inner: _Matrix, outer: _Matrix) -> _Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _point(x: float, y: float, matrix: _Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _moved(box: _Box, matrix: _Matrix) -> _Box:
    if matrix is _SAME:
        return box
    (a, b), (c, d) = _point(box[0], box[1], matrix), _point(box[2], box[3], matrix)
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _joined(rules: list[Rule]) -> tuple[Rule, ...]:
    """The rules, those that go on in the same line as one."""
    joined: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: (round(rule.place), rule.start)):
        last = joined[-1] if joined else None
        if last and abs(last.place - rule.place) <= _JOINT and rule.start <= last.end + _JOINT:
            joined[-1] = Rule(last.place, last.start, max(last.end, rule.end))
        else:
            joined.append(rule)
    return tuple(joined)
