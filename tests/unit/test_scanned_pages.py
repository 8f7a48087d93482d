"""A page that is a picture of text is read with tesseract where that is installed, and named where it is not."""

import io

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader

from bakeoff.formats.parse import parse
from bakeoff.formats.part import UnreadableError
from bakeoff.formats.pdf import ocr
from tests.unit.pages import Drawing, drawn, grid, texts

needs_tesseract = pytest.mark.skipif(
    not ocr.is_available(), reason="needs the program tesseract and the extra: pip install 'bakeoff[ocr]'"
)
LINES = ["Returns are accepted within thirty days", "if the box has not been opened."]


def picture(rows: list[list[str]], columns: tuple[int, ...] = (150,)) -> Drawing:
    """Draws the rows into a picture that fills the page, as a scanner does."""
    scan = Image.new("L", (1240, 1754), 255)
    font = ImageFont.load_default(size=34)
    for i, row in enumerate(rows):
        for x, cell in zip(columns, row, strict=True):
            ImageDraw.Draw(scan).text((x, 200 + 60 * i), cell, fill=0, font=font)
    buffer = io.BytesIO()
    scan.save(buffer, "PNG")
    buffer.seek(0)
    return lambda page: page.drawImage(ImageReader(buffer), 0, 0, 595, 842)


@needs_tesseract
def test_a_scanned_page_is_read_and_the_number_of_such_pages_is_noted():
    """The words of a scanned page are read in their order, and the document says how many pages were scanned."""
    part = parse("a.pdf", drawn(texts((60, 700, "Terms.")), picture([[line] for line in LINES]))).parts[0]
    assert part.text == "Terms.\n\n" + " ".join(LINES)
    assert part.meta == {"pages": 2, "pages_read_by_ocr": 1}


@needs_tesseract
def test_a_scanned_table_keeps_its_rows():
    """A table on a scanned page keeps its rows and columns."""
    rows = [["Service", "Price"], ["Repair", "45"], ["Cleaning", "20"]]
    part = parse("a.pdf", drawn(picture(rows, columns=(150, 800)))).parts[0]
    assert part.text == "| Service | Price |\n| --- | --- |\n| Repair | 45 |\n| Cleaning | 20 |"


@needs_tesseract
def test_a_picture_without_words_is_named():
    """A picture without words is a page without text, which is named."""
    parsed = parse("a.pdf", drawn(texts((60, 700, "Terms.")), picture([])))
    assert parsed.problems[0].reason == "no text on 1 of its 2 pages, page 2 first (blank, or scanned?)"


def test_pages_with_text_are_never_given_to_tesseract(monkeypatch):
    """Pages with text, and blank pages without a picture, do not start tesseract."""
    monkeypatch.setattr(ocr, "is_available", lambda: True)
    monkeypatch.setattr(ocr, "words_in", lambda page: pytest.fail("tesseract was started"))
    assert "Service" in parse("a.pdf", drawn(grid([["Service", "Price"]], [60, 300]), lambda page: None)).parts[0].text


def test_without_tesseract_a_scan_is_named_with_what_to_install(monkeypatch):
    """Without tesseract a scan is refused, and the message says what to install."""
    monkeypatch.setattr(ocr, "is_available", lambda: False)
    with pytest.raises(UnreadableError) as caught:
        parse("a.pdf", drawn(picture([["Terms"]])))
    assert caught.value.message == "there is no text on its 1 pages (scanned?)"
    assert "pip install 'bakeoff[ocr]'" in caught.value.remedy
    problem = parse("a.pdf", drawn(texts((60, 700, "Terms.")), picture([["Terms"]]))).problems[0]
    assert "pip install 'bakeoff[ocr]'" in problem.remedy


@needs_tesseract
def test_if_tesseract_fails_the_page_is_named(monkeypatch):
    """If tesseract fails, the page is one without text, and the rest is read."""
    monkeypatch.setattr(ocr, "_languages", lambda: "no-such-language")
    parsed = parse("a.pdf", drawn(texts((60, 700, "Terms.")), picture([["Terms"]])))
    assert parsed.parts[0].text == "Terms." and "page 2 first" in parsed.problems[0].reason
