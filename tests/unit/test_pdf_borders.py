"""The borders and lines that are drawn on a page say what is a cell, and what is struck out."""

import io
from collections.abc import Callable

import pytest
from reportlab.lib import colors
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Table, TableStyle

from bakeoff.formats.parse import parse
from bakeoff.formats.part import Part

BORDERS = ("GRID", (0, 0), (-1, -1), 0.5, colors.black)
STYLE = getSampleStyleSheet()["BodyText"]
PROSE = "This text stands above the table and fills more than one line of the page, as the text of a manual does. " * 2


def set_out(*blocks: Flowable) -> Part:
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer).build(list(blocks))
    return parse("a.pdf", buffer.getvalue()).parts[0]


def drawn(draw: Callable[[Canvas], None]) -> Part:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    draw(canvas)
    canvas.save()
    return parse("a.pdf", buffer.getvalue()).parts[0]


def with_borders(rows: list[list[object]], *more: tuple[object, ...], **options: object) -> Table:
    return Table(rows, style=TableStyle([BORDERS, *more]), **options)


def test_a_header_that_spans_columns_and_rows_names_each_column() -> None:
    """However the words stand in their cells."""
    rows = [["Model", "Warranty", "", "Price", ""], ["", "EU", "US", "Net", "Gross"], ["K1", "24", "12", "40", "49"]]
    spans = [("SPAN", (1, 0), (2, 0)), ("SPAN", (3, 0), (4, 0)), ("SPAN", (0, 0), (0, 1))]
    looks = [("ALIGN", (0, 0), (-1, 0), "CENTER"), ("VALIGN", (0, 0), (0, 1), "MIDDLE")]
    text = set_out(Paragraph(PROSE, STYLE), with_borders(rows, *spans, *looks, colWidths=80)).text
    assert text.split("\n\n")[1].split("\n") == [
        "| Model | Warranty EU | Warranty US | Price Net | Price Gross |",
        "| --- | --- | --- | --- | --- |",
        "| K1 | 24 | 12 | 40 | 49 |",
    ]


def test_a_cell_of_several_lines_is_one_cell() -> None:
    """Its neighbours stand beside it, whether they are set above or below."""
    note = "boils one litre in two minutes and has a filter that can be washed in the machine"
    rows = [
        ["Model", "Notes", "Price"],
        ["K1", Paragraph(note, STYLE), "£49"],
        ["K2", Paragraph("of glass", STYLE), "£59"],
    ]
    text = set_out(with_borders(rows, colWidths=[60, 150, 60])).text
    assert f"| K1 | {note} | £49 |\n| K2 | of glass | £59 |" in text


def test_empty_cells_stay_empty_and_close_columns_stay_apart() -> None:
    """Values stand below their own headers."""
    rows = [["Model", "EU", "US", "Asia"], ["K1", "24", "", "12"], ["K2", "", "36", ""], ["K3", "1", "2", "3"]]
    assert set_out(with_borders(rows)).text.endswith("| K1 | 24 |  | 12 |\n| K2 |  | 36 |  |\n| K3 | 1 | 2 | 3 |")


def test_a_cell_over_several_rows_holds_for_each() -> None:
    """As in the other formats."""
    rows = [["Country", "City", "Days"], ["Norway", "Oslo", "2"], ["", "Bergen", "3"], ["Sweden", "Malmö", "1"]]
    middle = ("VALIGN", (0, 1), (0, 2), "MIDDLE")
    text = set_out(with_borders(rows, ("SPAN", (0, 1), (0, 2)), middle)).text
    assert "| Norway | Oslo | 2 |\n| Norway | Bergen | 3 |\n| Sweden | Malmö | 1 |" in text


def test_rows_without_borders_between_them_are_rows() -> None:
    """Numbers side by side, line by line, are not one cell."""
    rows = [["Item", "Net", "Gross"], ["Pump\nHose\nLid", "4\n5\n6", "7\n8\n9"]]
    assert set_out(with_borders(rows)).text.endswith("| Pump | 4 | 7 |\n| Hose | 5 | 8 |\n| Lid | 6 | 9 |")


def test_a_title_in_the_first_row_is_no_header() -> None:
    """One cell as wide as the table."""
    rows = [["Prices 2024", ""], ["Item", "Price"], ["Pump", "£4"], ["Hose", "£5"]]
    text = set_out(with_borders(rows, ("SPAN", (0, 0), (1, 0)), colWidths=90)).text
    assert text == "Prices 2024\n\n| Item | Price |\n| --- | --- |\n| Pump | £4 |\n| Hose | £5 |"


@pytest.mark.parametrize("repeated", [0, 1])
def test_a_table_over_two_pages_is_one(repeated: int) -> None:
    """With its header repeated or not: the rows of the second page are not named by the first of them."""
    rows = [["Item", "Price"], *([f"Item {i}", f"£{i}"] for i in range(60))]
    text = set_out(with_borders(rows, repeatRows=repeated)).text
    assert text.count("| Item | Price |") == text.count("| --- |") == 1
    assert text.count("\n| Item ") == 60 and "| Item 59 | £59 |" in text


def test_boxes_around_text_are_no_table() -> None:
    """Long texts side by side, each in a box, are read one after the other."""
    boxes = Table([[Paragraph(PROSE * 2, STYLE), Paragraph("Second. " * 60, STYLE)]] * 2, style=TableStyle([BORDERS]))
    text = set_out(boxes, PageBreak(), Paragraph("End.", STYLE)).text
    assert not any(line.startswith("|") and len(line) > 500 for line in text.split("\n"))


@pytest.mark.parametrize(("height", "text"), [(3.5, "Price £149 each"), (-1.5, "Price £199 £149 each")])
def test_a_word_that_is_struck_out_is_not_valid(height: float, text: str) -> None:
    """A line below a word only underlines it."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 11)
        canvas.drawString(72, 700, "Price £199 £149 each")
        start, end = (72 + canvas.stringWidth(words, "Helvetica", 11) for words in ("Price ", "Price £199"))
        canvas.line(start, 700 + height, end, 700 + height)

    assert drawn(draw).text == text


def test_a_large_pale_watermark_is_no_title() -> None:
    """Even if it is not turned; a large black line is."""

    def draw(canvas: Canvas, grey: float) -> None:
        canvas.setFont("Helvetica-Bold", 60)
        canvas.setFillGray(grey)
        canvas.drawString(80, 500, "DRAFT COPY")
        canvas.setFillGray(0)
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(72, 780, "Kettle terms")
        canvas.setFont("Helvetica", 11)
        for line in range(12):
            canvas.drawString(72, 750 - 14 * line, "The text says that the warranty is 24 months for all kettles.")

    assert drawn(lambda canvas: draw(canvas, 0.85)).title == "Kettle terms"
    assert drawn(lambda canvas: draw(canvas, 0.0)).title == "DRAFT COPY"


def test_numbered_headings_at_the_top_of_each_page_are_no_running_title() -> None:
    """Page numbers are."""

    def draw(canvas: Canvas) -> None:
        for page in range(3):
            canvas.setFont("Helvetica-Bold", 18)
            canvas.drawString(72, 780, f"Part {page}")
            canvas.setFont("Helvetica", 11)
            for line in range(8):
                canvas.drawString(72, 740 - 14 * line, "The text says that the warranty is 24 months for all kettles.")
            canvas.drawString(300, 40, f"Page {page}")
            canvas.showPage()

    text = drawn(draw).text
    assert all(f"# Part {page}" in text for page in range(3)) and "Page" not in text


@pytest.mark.parametrize(("below", "stays"), [("https://example.org/kettle.html", False), ("see example.org", True)])
def test_what_a_browser_prints_around_a_page_is_no_text(below: str, stays: bool) -> None:
    """On a single page, too. A time at the top alone may be the author's."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(20, 820, "11/30/26, 12:40 PM")
        canvas.drawString(280, 820, "Kettle terms")
        canvas.setFont("Helvetica", 11)
        for line in range(8):
            canvas.drawString(72, 740 - 14 * line, "The text says that the warranty is 24 months for all kettles.")
        canvas.setFont("Helvetica", 8)
        canvas.drawString(20, 14, below)
        canvas.drawString(560, 14, "1/1")

    text = drawn(draw).text
    assert "24 months" in text and ("12:40" in text) == ("1/1" in text) == stays


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            "La garantie du pro-|duit est le rendez-|vous pour les pos-|sibles.",
            "produit est le rendez-vous pour les poss",
        ),
        ("Die Garantie und das Gold-|band ist für den Kinder-|garten.", "Goldband ist für den Kindergarten"),
        ("The gold-|plated ring of the kinder-|garten is for you.", "gold-plated ring of the kindergarten"),
    ],
)
def test_hyphens_at_the_ends_of_lines_follow_the_language(lines: str, text: str) -> None:
    """French keeps those within words; German has none between the parts of a compound."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 11)
        for number, line in enumerate(lines.split("|")):
            canvas.drawString(72, 700 - 13 * number, line)

    assert text in drawn(draw).text.replace("\n\n", " ")
