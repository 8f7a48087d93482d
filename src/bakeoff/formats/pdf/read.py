"""Turns a PDF into light Markdown: paragraphs joined from lines, headings found by size, tables by their columns.

Takes bytes, gives (title, text, metadata). Pages that are pictures of text (scans) are read if the extra `ocr` and the
program tesseract are installed.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from bakeoff.formats.part import UnreadableError
from bakeoff.formats.pdf import ocr
from bakeoff.formats.pdf.columns import unwoven
from bakeoff.formats.pdf.grids import lines_with_grids
from bakeoff.formats.pdf.lines import Line, without_running_titles
from bakeoff.formats.pdf.rules import Rules, rules_of
from bakeoff.formats.pdf.struck import without_struck
from bakeoff.formats.pdf.text import text_of
from bakeoff.formats.pdf.words import Word, words_of

_ONE_AT_A_TIME = threading.Lock()  # PDFium is not safe for threads
_NO_TITLE = re.compile(r"\.\w{2,4}$|^(?:untitled|microsoft word|\(anonymous\))", re.IGNORECASE)
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?)?")


def parse(content: bytes) -> tuple[str, str, dict[str, Any]]:
    """(title, text, metadata) of a PDF. Raises UnreadableError if it is encrypted, broken, or has no text.

    The metadata name `pages_without_text` (numbers from 1) and, if there are any, `pages_read_by_ocr` (how many).
    """
    with _opened(content) as document:
        meta = _metadata(document)
        pages = [_words(document, number) for number in range(len(document))]
    if not pages:
        raise UnreadableError("the PDF has no pages", "open it in a viewer and print it to a new PDF")
    blank = [number for number, (words, _, _) in enumerate(pages, 1) if not words]
    if len(blank) == len(pages):
        raise UnreadableError(f"there is no text on its {len(pages)} pages (scanned?)", ocr.remedy())
    n_scanned = sum(scanned for _, _, scanned in pages)
    lines: list[list[Line]] = [
        lines_with_grids(without_struck(words, rules), rules, unwoven) for words, rules, _ in pages
    ]
    title = str(meta.pop("title", ""))
    meta |= {"pages": len(pages), "pages_without_text": blank} | ({"pages_read_by_ocr": n_scanned} if n_scanned else {})
    return title, text_of(without_running_titles(lines)), meta


@contextmanager
def _opened(content: bytes) -> Iterator[Any]:
    with _ONE_AT_A_TIME:
        document = _document(content)
    try:
        yield document
    finally:
        with _ONE_AT_A_TIME:
            document.close()


def _document(content: bytes) -> Any:
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if error.err_code in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY):
            raise UnreadableError("the PDF is encrypted", "save a copy without a password") from error
        raise UnreadableError("the PDF is broken", "open it in a viewer and print it to a new PDF") from error
    document.init_forms()
    return document


def _words(document: Any, number: int) -> tuple[list[Word], Rules, bool]:
    """(the words of a page, its drawn lines, whether the words were read from a picture).

    A page that cannot be loaded has no words.
    """
    with _ONE_AT_A_TIME:
        words, rules, picture = _drawn(document, number)
    if picture is None:
        return words, rules, False
    words = ocr.words_in(picture)  # takes seconds: other PDFs are read meanwhile
    return words, Rules(), bool(words)


def _drawn(document: Any, number: int) -> tuple[list[Word], Rules, ocr.Picture | None]:
    """(the words of a page, its drawn lines, a picture if there are no words and those in pictures can be read)."""
    try:
        page = document[number]
    except pdfium.PdfiumError:
        return [], Rules(), None
    try:
        words = words_of(page, document.formenv.raw if document.formenv else None)
        scanned = not words and ocr.is_available() and _has_picture(page)
        return words, rules_of(page.raw) if words else Rules(), ocr.picture_of(page) if scanned else None
    except pdfium.PdfiumError:
        return [], Rules(), None
    finally:
        page.close()


def _has_picture(page: Any) -> bool:
    return next(page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=4), None) is not None


def _metadata(document: Any) -> dict[str, Any]:
    """The title (empty if it is a file name or a placeholder) and the time of the last change."""
    with _ONE_AT_A_TIME:
        known = document.get_metadata_dict()
    title = str(known.get("Title", "")).strip()
    changed = _time(str(known.get("ModDate", "")))
    return {"title": "" if _NO_TITLE.search(title) else title, "updated_at": changed.isoformat() if changed else ""}


def _time(date: str) -> datetime | None:
    """The time of a PDF date such as D:20250301120000+01'00'. None if it is not one."""
    match = _DATE.match(date)
    if not match:
        return None
    year, month, day, hour, minute, second, sign, hours, minutes = match.groups()
    try:
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        zone = timezone(offset)
        return datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=zone
        )
    except ValueError:
        return None
