"""Reads a page that is a picture of text, with the program tesseract and the extra `ocr`, if both are installed.

Takes a PDFium page, gives a picture, and the words in it with their places. Knows no lines and no tables.
"""

import functools
import importlib.util
import shutil
from statistics import median
from typing import Any, NamedTuple

from bakeoff.apart.deadline import longer
from bakeoff.formats.pdf.words import Word

_DPI = 300
_MAX_PIXELS = 50_000_000
_MIN_CONFIDENCE = 30  # per cent; below it tesseract sees words in pictures and stains
_MAX_LANGUAGES = 5
_TIMEOUT_S = 120


@functools.cache
def is_available() -> bool:
    """Whether scanned pages can be read here."""
    return shutil.which("tesseract") is not None and importlib.util.find_spec("pytesseract") is not None


def remedy() -> str:
    """What a person can do about a page without text."""
    if is_available():
        return "no words were recognised on it: scan it again, or type the text"
    return "install tesseract and the extra: pip install 'bakeoff[ocr]'; or run OCR on it, e.g. ocrmypdf"


class Picture(NamedTuple):
    """A page as a picture: pixels to a point, and the height of the page in points."""

    image: Any
    scale: float
    height: float


def picture_of(page: Any) -> Picture:
    """A PDFium page as a picture, in shades of grey."""
    width, height = page.get_size()
    scale = min(_DPI / 72, (_MAX_PIXELS / max(width * height, 1)) ** 0.5)
    return Picture(page.render(scale=scale, grayscale=True).to_pil(), scale, height)


def words_in(picture: Picture) -> list[Word]:
    """The words that tesseract recognises, line by line. Empty if there are none, or it fails."""
    import pytesseract

    longer(_TIMEOUT_S)
    try:
        seen = pytesseract.image_to_data(
            picture.image, lang=_languages(), timeout=_TIMEOUT_S, output_type=pytesseract.Output.DICT
        )
    except (pytesseract.TesseractError, RuntimeError):
        return []
    return _placed(seen, picture.scale, picture.height)


@functools.cache
def _languages() -> str:
    """The languages tesseract has, joined by +. English alone if there are too many to try them all."""
    import pytesseract

    installed = [name for name in pytesseract.get_languages() if name not in ("osd", "equ", "snum")]
    return "+".join(installed) if 0 < len(installed) <= _MAX_LANGUAGES else "eng"


def _placed(seen: dict[str, list[Any]], scale: float, height: float) -> list[Word]:
    """Words from tesseract's table. All of one line have one baseline; small differences in size are noise."""
    lines = {_line_key(seen, i): i for i, level in enumerate(seen["level"]) if level == 4}
    usual = median([seen["height"][i] for i in lines.values()] or [1])
    words = []
    for i, text in enumerate(seen["text"]):
        if not text.strip() or float(seen["conf"][i]) < _MIN_CONFIDENCE:
            continue
        line = lines[_line_key(seen, i)]
        tall = seen["height"][line] if seen["height"][line] > 1.5 * usual else usual
        y = height - (seen["top"][line] + 0.8 * seen["height"][line]) / scale
        left = seen["left"][i] / scale
        words.append(Word(text.strip(), left, y, left + seen["width"][i] / scale, 0.8 * tall / scale))
    return words


def _line_key(seen: dict[str, list[Any]], i: int) -> tuple[int, int, int]:
    return seen["block_num"][i], seen["par_num"][i], seen["line_num"][i]
