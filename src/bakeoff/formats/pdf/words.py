"""Takes the drawn words of one PDF page, gives each with its place, size and font, in the order they were drawn.

PDFium does the decoding. Added here: raised figures keep their meaning (10⁶ is not 106), values of form fields and
typed notes are words too, text drawn twice counts once. Knows no lines and no tables. Positions are in points, y
upwards. PDFium is not safe for threads: callers hold a lock.
"""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium_c

from bakeoff.formats.raised import raised

_WORD = re.compile("[^\\s\x02\ufffe]+[\x02\ufffe]?|[\x02\ufffe]")  # both stand for a hyphen at the end of a line
_BOLD = re.compile(r"bold|black|heavy|demi|cmbx|-medi\b", re.IGNORECASE)
_MONO = re.compile(r"courier|mono|cmtt|consolas|menlo", re.IGNORECASE)
_HIDDEN = 0x02 | 0x20  # the flags of annotations that no viewer shows
_PASSWORD = 1 << 13
_LEAST_WATERMARK, _WATERMARK = 24.0, 2.5  # points, and times the usual size: smaller pale words are text
_WRITTEN = (pdfium_c.FPDF_FORMFIELD_TEXTFIELD, pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX)
_TICKED = (pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON)


@dataclass(slots=True)
class Word:
    """Characters without a gap. `x` to `right` on the baseline `y`."""

    text: str
    x: float
    y: float
    right: float
    size: float
    bold: bool = False
    mono: bool = False
    inferred_gap: bool = False  # the blank before it is no character of the page: there is only a gap
    turned: bool = False  # written in another direction than most of the page, or large and pale behind it


def words_of(page: Any, form: Any) -> list[Word]:
    """The words of a page, with the values of its form fields and its typed notes in their places."""
    text_page = page.get_textpage()
    try:
        drawn = list(_Characters(text_page, page.get_cropbox()).words())
    finally:
        text_page.close()
    if any(inside for _, _, inside in drawn):
        drawn = [item for item in drawn if item[2]]
    return _with_entries(_once(_upright([(word, angle) for word, angle, _ in drawn])), list(_entries(page, form)))


class _Characters:
    """The characters of one page, asked of PDFium one by one only where that is needed: each question is a C call."""

    def __init__(self, text_page: Any, visible: tuple[float, float, float, float]) -> None:
        self.page = text_page.raw
        self.visible = visible
        self.n_chars = text_page.count_chars()
        self.fonts: dict[int, tuple[bool, bool]] = {}
        self.styles: dict[int, tuple[float, float, bool, bool]] = {}
        self.point = ctypes.c_double(), ctypes.c_double()
        self.box = ctypes.c_double(), ctypes.c_double(), ctypes.c_double(), ctypes.c_double()

    def words(self) -> Iterator[tuple[Word, float, bool]]:
        """Each word with the direction it is written in, in radians, and whether it is on the visible page."""
        end = 0
        for match in _WORD.finditer(self._text()):
            start, before, end = match.start(), end, match.end()
            x, y = self._origin(start)
            word, angle = self._word(match[0], start, end, x, y)
            if not all(map(math.isfinite, (word.x, word.y, word.right, angle))):
                continue
            word.inferred_gap = self._is_inferred(before, start)
            left, bottom, right, top = self.visible
            yield word, angle, left - 3 <= x <= right + 3 and bottom - 3 <= y <= top + 3

    def _is_inferred(self, start: int, end: int) -> bool:
        return 0 < start < end and all(pdfium_c.FPDFText_IsGenerated(self.page, i) == 1 for i in range(start, end))

    def _text(self) -> str:
        """One character of text for each character of the page."""
        buffer = (ctypes.c_ushort * (self.n_chars + 1))()
        pdfium_c.FPDFText_GetText(self.page, 0, self.n_chars, buffer)
        text = bytes(buffer)[: 2 * self.n_chars].decode("utf-16-le", "replace").rstrip("\0")
        if len(text) == self.n_chars and "\0" not in text:
            return text
        codes = (pdfium_c.FPDFText_GetUnicode(self.page, i) for i in range(self.n_chars))
        return "".join(chr(code) if 0 < code < 0x110000 else " " for code in codes)

    def _word(self, text: str, start: int, end: int, x: float, y: float) -> tuple[Word, float]:
        drawn = self._object(start)
        size, angle, bold, mono = self._style(drawn, start)
        left, right, bottom, top = self.box
        pdfium_c.FPDFText_GetCharBox(self.page, end - 1, left, right, bottom, top)
        along, across = (math.cos(angle), math.sin(angle)) if angle else (1.0, 0.0)
        corners = ((a, b) for a in (left.value, right.value) for b in (bottom.value, top.value))
        far = max(a * along + b * across for a, b in corners) if angle else right.value
        near = x * along + y * across
        if far < near:  # written from right to left: the last character is the leftmost one
            near, far = left.value, near + size / 2
        if end - start > 1 and self._object(end - 1) != drawn:
            text = self._with_raised(text, start)
        text = text.replace("\x02", "-").replace("\ufffe", "-")
        word = Word(text, near, y * along - x * across, far, size, bold, mono)
        word.turned = size > _LEAST_WATERMARK and self._is_pale(start)
        return word, angle

    def _is_pale(self, index: int) -> bool:
        """Whether a character is light grey, or can be seen through."""
        drawn = pdfium_c.FPDFText_GetTextObject(self.page, index)
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        if not drawn or not pdfium_c.FPDFPageObj_GetFillColor(drawn, red, green, blue, alpha):
            return False
        colour = [red.value, green.value, blue.value]
        grey = max(colour) - min(colour) < 30 and 150 < min(colour) < 248
        return grey or alpha.value < 128

    def _origin(self, index: int) -> tuple[float, float]:
        x, y = self.point
        pdfium_c.FPDFText_GetCharOrigin(self.page, index, x, y)
        return x.value, y.value

    def _object(self, index: int) -> int:
        """The address of the text object that a character is part of: all of one object has one style. 0 for none."""
        drawn = pdfium_c.FPDFText_GetTextObject(self.page, index)
        return ctypes.addressof(drawn.contents) if drawn else 0

    def _style(self, drawn: int, index: int) -> tuple[float, float, bool, bool]:
        """(size in points, direction in radians, bold, mono) of a character of a text object."""
        if drawn not in self.styles or not drawn:
            matrix = pdfium_c.FS_MATRIX()
            pdfium_c.FPDFText_GetMatrix(self.page, index, matrix)
            size = pdfium_c.FPDFText_GetFontSize(self.page, index) * math.hypot(matrix.c, matrix.d)
            size = abs(size) if 0.1 < abs(size) < 10_000 else 10.0  # broken files have any number here
            self.styles[drawn] = size, math.atan2(matrix.b, matrix.a), *self._font(index)
        return self.styles[drawn]

    def _font(self, index: int) -> tuple[bool, bool]:
        """(bold, mono) by the name of the font."""
        drawn = pdfium_c.FPDFText_GetTextObject(self.page, index)
        font = pdfium_c.FPDFTextObj_GetFont(drawn) if drawn else None
        if not font:
            return False, False
        key = ctypes.addressof(font.contents)
        if key not in self.fonts:
            buffer = ctypes.create_string_buffer(256)
            pdfium_c.FPDFFont_GetBaseFontName(font, buffer, 256)
            name = buffer.value.decode("utf-8", "replace")
            self.fonts[key] = bool(_BOLD.search(name)), bool(_MONO.search(name))
        return self.fonts[key]

    def _with_raised(self, text: str, start: int) -> str:
        """The word with its raised characters as Unicode superscripts. Lowered ones stay plain: H2O."""
        indexes = range(start, start + len(text))
        places = [(self._origin(i)[1], self._style(self._object(i), i)[0]) for i in indexes]
        full = max(size for _, size in places)
        line = Counter(round(y, 1) for y, size in places if size > 0.9 * full).most_common(1)[0][0]
        marked, run = "", ""
        for character, (y, size) in zip(text, places, strict=True):
            if size < 0.9 * full and y - line > 0.15 * full:
                run += character
            else:
                within = run.isalpha() and character.isalpha()  # as in the name LaTeX
                marked, run = marked + (run if within else raised(run, marked)) + character, ""
        return marked + raised(run, marked)


def _upright(words: list[tuple[Word, float]]) -> list[Word]:
    """The words. Those written in another direction than most of the page, and large pale ones, are `turned`."""
    drawn: Counter[float] = Counter()
    sizes: Counter[float] = Counter()
    for word, angle in words:
        drawn[angle] += len(word.text)
        sizes[word.size] += len(word.text)
    quarter_of = {angle: _quarter(angle) for angle in drawn}
    quarters: Counter[int] = Counter()
    for angle, n_characters in drawn.items():
        quarters[quarter_of[angle]] += n_characters
    reading = quarters.most_common(1)[0][0] if quarters else 0
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    for word, angle in words:
        is_watermark = word.turned and word.size > _WATERMARK * usual
        word.turned = is_watermark or quarter_of[angle] != reading
    return [word for word, _ in words]


def _quarter(angle: float) -> int:
    """0 for text to the right, 1 upwards, 2 upside down, 3 downwards, and -1 for text that is aslant."""
    quarters = angle / (math.pi / 2)
    return round(quarters) % 4 if abs(quarters - round(quarters)) < 0.08 else -1


def _once(words: list[Word]) -> list[Word]:
    """The words without copies drawn over them, for boldness or a shadow."""
    kept: list[Word] = []
    seen: dict[str, dict[int, list[Word]]] = {}
    for word in words:
        bands, band = seen.setdefault(word.text, {}), int(word.y // 8)
        if not bands or not any(_covers(copy, word) for b in (band - 1, band, band + 1) for copy in bands.get(b, ())):
            kept.append(word)
        bands.setdefault(band, []).append(word)
    return kept


def _covers(copy: Word, word: Word) -> bool:
    near = 0.2 * word.size
    return abs(copy.x - word.x) < near and abs(copy.y - word.y) < near


def _entries(page: Any, form: Any) -> Iterator[Word]:
    """What was typed or ticked on the page, line by line, each as one word."""
    for i in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
        entry = pdfium_c.FPDFPage_GetAnnot(page, i)
        if not entry:
            continue
        try:
            text = "" if pdfium_c.FPDFAnnot_GetFlags(entry) & _HIDDEN else _entered(entry, form)
            rect = pdfium_c.FS_RECTF()
            if text.strip() and pdfium_c.FPDFAnnot_GetRect(entry, rect):
                yield from _placed(text, rect)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(entry)


def _entered(entry: Any, form: Any) -> str:
    """The text of a form field or of a note typed onto the page. Pop-up comments are not part of the page."""
    kind = pdfium_c.FPDFAnnot_GetSubtype(entry)
    if kind == pdfium_c.FPDF_ANNOT_FREETEXT:
        return _string(lambda buffer, size: pdfium_c.FPDFAnnot_GetStringValue(entry, b"Contents", buffer, size))
    if kind != pdfium_c.FPDF_ANNOT_WIDGET or not form:
        return ""
    field = pdfium_c.FPDFAnnot_GetFormFieldType(form, entry)
    if field in _TICKED:
        return "[x]" if pdfium_c.FPDFAnnot_IsChecked(form, entry) else "[ ]"
    if field not in _WRITTEN or pdfium_c.FPDFAnnot_GetFormFieldFlags(form, entry) & _PASSWORD:
        return ""
    return _string(lambda buffer, size: pdfium_c.FPDFAnnot_GetFormFieldValue(form, entry, buffer, size))


def _string(ask: Any) -> str:
    """The answer of a PDFium function that fills a buffer with UTF-16 and returns the number of bytes."""
    n_bytes = ask(None, 0)
    buffer = (ctypes.c_ushort * (n_bytes // 2 + 1))()
    ask(buffer, n_bytes)
    return bytes(buffer)[:n_bytes].decode("utf-16-le", "replace").rstrip("\0")


def _placed(text: str, rect: Any) -> Iterator[Word]:
    lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    pitch = (rect.top - rect.bottom) / len(lines)
    size = min(max(0.7 * pitch, 6.0), 11.0)
    for number, line in enumerate(lines):
        y = rect.top - (number + 0.5) * pitch - 0.35 * size
        yield Word(line, rect.left, y, max(rect.right, rect.left + size), size)


def _with_entries(words: list[Word], entries: list[Word]) -> list[Word]:
    """The words with each entry after those on its line that are left of it, or after those above it."""
    for entry in entries:
        beside = [word for word in words if abs(word.y - entry.y) < 0.6 * entry.size and not word.turned]
        if beside:
            nearest = min(beside, key=lambda word: abs(word.right - entry.x))
            entry.y, entry.size = nearest.y, nearest.size
        before = [i for i, word in enumerate(words) if _comes_before(word, entry)]
        words.insert(max(before, default=-1) + 1, entry)
    return words


def _comes_before(word: Word, entry: Word) -> bool:
    same_line = abs(word.y - entry.y) < 0.5 * entry.size
    return not word.turned and (word.x < entry.x if same_line else word.y > entry.y)
