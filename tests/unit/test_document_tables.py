"""Tables of documents: a title is no header, names beside values need none, and sections reach their rows."""

import io
from collections.abc import Sequence
from typing import Any

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from pptx import Presentation
from pptx.util import Cm

from bakeoff.corpus.chunk import chunk_document
from bakeoff.formats.parse import parse
from bakeoff.records import Document

Rows = Sequence[Sequence[str]]
RATES = [["Per diem 2026", "", ""], ["Country", "Day", "Night"], ["Germany", "28", "20"], ["France", "30", "22"]]
RATES_READ = """Per diem 2026:

| Country | Day | Night |
| --- | --- | --- |
| Germany | 28 | 20 |
| France | 30 | 22 |"""
FACTS = [["Owner", "Carly Jones"], ["Effective", "1 February 2026"], ["Limit", "1.500,00 EUR"]]
FACTS_READ = "Owner: Carly Jones\nEffective: 1 February 2026\nLimit: 1.500,00 EUR"
JOBS = [
    *(["Job", "Days"], ["Germany", ""], ["Engineer", "30"], ["Manager", "28"]),
    *(["France", ""], ["Engineer", "33"], ["Clerk", "31"]),
]
JOBS_READ = """|  | Job | Days |
| --- | --- | --- |
| Germany | Engineer | 30 |
| Germany | Manager | 28 |
| France | Engineer | 33 |
| France | Clerk | 31 |"""


def word(
    rows: Rows, wide: Sequence[int] = (), bold: Sequence[int] = (), style: str = "", bold_names: bool = False
) -> Any:
    """A document with a table; the rows `wide` are one merged cell."""
    document = docx.Document()
    table = document.add_table(len(rows), len(rows[0]), style=style or None)
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if cell:
                run = table.cell(i, j).paragraphs[0].add_run(cell)
                run.bold = True if i in bold or (bold_names and j == 0) else None
        if i in wide:
            table.cell(i, 0).merge(table.cell(i, len(row) - 1))
    return document


def text_of(document: Any) -> str:
    buffer = io.BytesIO()
    document.save(buffer)
    return parse("a.docx", buffer.getvalue()).parts[0].text


def slide_text(rows: Rows, wide: Sequence[int] = (), first_row: bool = True, first_column: bool = False) -> str:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(len(rows), len(rows[0]), Cm(1), Cm(1), Cm(9), Cm(5)).table
    table.first_row, table.first_col = first_row, first_column
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            table.cell(i, j).text = cell
        if i in wide:
            table.cell(i, 0).merge(table.cell(i, len(row) - 1))
    buffer = io.BytesIO()
    deck.save(buffer)
    return parse("a.pptx", buffer.getvalue()).parts[0].text


def page_text(rows: Rows, wide: Sequence[int] = (), names: bool = False) -> str:
    """The text of a page whose table marks no header, but the names of its rows if `names`."""
    lines = []
    for number, row in enumerate(rows):
        first, *others = row
        tag = "th" if names else "td"
        span = f" colspan={len(row)}" if number in wide else ""
        lines.append(
            f"<tr><{tag}{span}>{first}</{tag}>" + ("" if span else "".join(f"<td>{one}</td>" for one in others))
        )
    return parse("a.html", f"<table>{''.join(lines)}</table>".encode()).parts[0].text


@pytest.mark.parametrize("wide", [(), (0,)])
def test_a_title_above_the_header_is_no_header(wide: Sequence[int]) -> None:
    """Whether its cells are merged or the others are empty."""
    assert text_of(word(RATES, wide)) == slide_text(RATES, wide) == page_text(RATES, wide) == RATES_READ


@pytest.mark.parametrize("bold", [(0,), (1,), (0, 1)])
def test_a_title_is_none_the_less_where_words_are_bold(bold: Sequence[int]) -> None:
    """A single bold cell is no row of names."""
    assert text_of(word(RATES, bold=bold)) == text_of(word(RATES, style="Light Grid Accent 1")) == RATES_READ


def test_a_caption_is_a_title() -> None:
    """One that ends with a mark of its own gets no colon."""
    table = "<table><caption>{}</caption><tr><th>Model<th>Price<tr><td>K1<td>5<tr><td>K2<td>6</table>"
    for caption, title in (("Prices 2024", "Prices 2024:"), ("Prices rise.", "Prices rise.")):
        assert parse("a.html", table.format(caption).encode()).parts[0].text.startswith(f"{title}\n\n| Model |")


def test_a_title_of_a_table_without_a_header_stands_above_its_rows() -> None:
    """The row below a title may be data."""
    assert text_of(word([["Per diem 2026", ""], ["Germany", "28"], ["France", "30"]], wide=[0])) == (
        "Per diem 2026:\n\nGermany: 28\nFrance: 30"
    )


def test_passages_of_a_table_carry_its_title_and_its_header() -> None:
    """However many passages it is cut into."""
    rows = [*RATES, *([f"Country {number}", "28", "20"] for number in range(40))]
    document = Document(id="a", source="a.docx", text=text_of(word(rows)))
    _, *later = chunk_document(document, 60, lambda text: len(text.split()))
    assert len(later) > 3
    assert {chunk.heading for chunk in later} == {"Per diem 2026: > Country | Day | Night"}


def test_an_empty_name_keeps_its_place_in_the_header_of_a_passage() -> None:
    """So that each other name stays above its column."""
    rows = [JOBS[0], *(row for number in range(20) for row in ([f"Country {number}", ""], *JOBS[2:4]))]
    document = Document(id="a", source="a.docx", text=text_of(word(rows)))
    assert {chunk.heading for chunk in chunk_document(document, 60, lambda text: len(text.split()))[1:]} == {
        "| | Job | Days |"
    }


def test_names_and_values_are_lines_without_a_header() -> None:
    """Where values are of several kinds, also where the look of a header is set that nobody chose."""
    assert text_of(word(FACTS)) == text_of(word(FACTS, style="Light Grid Accent 1")) == FACTS_READ
    assert slide_text(FACTS) == page_text(FACTS) == FACTS_READ


@pytest.mark.parametrize(
    "rows", [[["Owner:", "Carly Jones"], ["Team:", "Payroll"]], [["From", "1 May 2026"], ["Team", "Payroll"]]]
)
def test_a_colon_or_a_value_in_the_first_row_shows_that_it_is_no_header(rows: Rows) -> None:
    """In documents and in files of rows."""
    lines = "\n".join(f"{name.rstrip(':')}: {value}" for name, value in rows)
    csv = parse("a.csv", "\n".join(map(";".join, rows)).encode()).parts[0].text
    assert text_of(word(rows)) == page_text(rows) == csv == lines


def test_what_a_file_says_of_the_names_of_rows_counts() -> None:
    """Bold names, a style that is to show no first row, a slide's column of names, and `th` on a page."""
    rows = [["Owner", "Carly Jones"], ["Team", "Payroll"], ["Site", "Berlin"]]
    lines = "Owner: Carly Jones\nTeam: Payroll\nSite: Berlin"
    unstyled = word(rows, style="Light Grid Accent 1")
    unstyled.tables[0]._tbl.tblPr.find(qn("w:tblLook")).set(qn("w:firstRow"), "0")
    assert text_of(word(rows, bold_names=True)) == text_of(unstyled) == lines
    assert slide_text(rows, first_row=False, first_column=True) == page_text(rows, names=True) == lines


@pytest.mark.parametrize("mark", ["bold", "repeated"])
def test_a_row_that_is_marked_as_header_is_one(mark: str) -> None:
    """Whatever stands below it."""
    document = word([["Property", "Value"], *FACTS], bold=[0] if mark == "bold" else [])
    if mark == "repeated":
        document.tables[0].rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    assert text_of(document).startswith("| Property | Value |\n| --- | --- |\n| Owner | Carly Jones |")


@pytest.mark.parametrize(
    "rows",
    [
        [["Trip", "Limit"], ["Team", "$1,850"], ["Education", "$1,000"], ["Other", "N/A"]],
        [["Phase", "2026"], ["Start", "1 May"], ["End", "30 June 2026"]],
        [["Team", "Contact"], ["Payroll", "pay@shop.example"], ["IT", "555 1234"]],
        [["Milestone", "Due"], ["Plan", "2026-01-05"], ["Build", "2026-03-01"], ["Test", "2026-05-01"], ["Runs", "30"]],
    ],
)
def test_a_header_above_values_of_one_kind_stays(rows: Rows) -> None:
    """Also above a year, or where one value is of another kind."""
    assert text_of(word(rows)) == page_text(rows)
    assert text_of(word(rows)).split("\n")[1] == "| --- | --- |"


def test_a_first_row_of_data_is_no_header() -> None:
    """It has numbers where the rows below it have them. The look of a header makes it one."""
    rows = [["K1", "5", "red"], ["K2", "6", "blue"]]
    assert text_of(word(rows)).split("\n")[:3] == [
        "| column 1 | column 2 | column 3 |",
        "| --- | --- | --- |",
        "| K1 | 5 | red |",
    ]
    assert text_of(word(rows, style="Light Grid Accent 1")).startswith("| K1 | 5 | red |\n| --- |")


def test_a_single_row_is_no_header() -> None:
    """It would be one of nothing. One that is marked as header stays one."""
    assert text_of(word([["#people", "A private channel"]])) == "#people: A private channel"
    assert page_text([["Prices 2024", ""], ["K1", "5"]], wide=[0]) == "Prices 2024:\n\nK1: 5"
    marked = b"<table><thead><tr><th>Model<th>Price</thead><tr><td></table>"
    assert parse("a.html", marked).parts[0].text == "| Model | Price |\n| --- | --- |"


def test_the_box_of_facts_of_a_page_is_lines() -> None:
    """Below its title, with its sections."""
    rows = [["Ovens Ltd", ""], ["Founded", "1998"], ["Seat", "Oslo"], ["Shops", ""], ["Norway", "12"], ["Sweden", "7"]]
    assert page_text(rows, wide=[0, 3], names=True) == (
        "Ovens Ltd:\n\nFounded: 1998\nSeat: Oslo\nShops, Norway: 12\nShops, Sweden: 7"
    )


def test_an_empty_corner_above_names_in_bold_is_part_of_a_header() -> None:
    """The cell beside it names the values."""
    rows = [["", "Days"], ["Clerk", "30"], ["Manager", "28"]]
    assert text_of(word(rows, bold_names=True)).startswith("|  | Days |\n| --- | --- |\n| Clerk | 30 |")


def test_cells_that_are_names_and_values_are_lines() -> None:
    """As in the head of a policy."""
    assert text_of(word([["Owner: Legal", "Revised: 27 July"], ["Author: Counsel", "Approved by: VP"]])) == (
        "Owner: Legal\nRevised: 27 July\nAuthor: Counsel\nApproved by: VP"
    )


@pytest.mark.parametrize("wide", [(), (1, 4)])
def test_a_row_that_names_a_section_goes_before_its_rows(wide: Sequence[int]) -> None:
    """Whether its cells are merged or the others are empty."""
    assert text_of(word(JOBS, wide)) == slide_text(JOBS, wide) == page_text(JOBS, wide) == JOBS_READ


def test_sections_of_a_file_of_rows_go_before_their_rows() -> None:
    """Also below a title."""
    text = "\n".join(["Leave 2026,", *map(",".join, JOBS)])
    (part,) = parse("a.csv", text.encode()).parts
    assert part.title == "Leave 2026"
    assert part.text.split("\n")[0] == "Germany; Job: Engineer; Days: 30"
    assert part.text.split("\n")[-1] == "France; Job: Clerk; Days: 31"


def test_sections_need_no_header() -> None:
    """The first row may name one."""
    lines = "Germany, Engineer: 30\nGermany, Manager: 28\nFrance, Engineer: 33\nFrance, Clerk: 31"
    assert text_of(word(JOBS[1:])) == text_of(word(JOBS[1:], wide=[0, 3])) == lines


@pytest.mark.parametrize(
    "rows",
    [
        [["Country", "Rate"], ["Germany", ""], ["France", "30"], ["Spain", ""], ["Italy", "20"]],
        [["Country", "Rate"], ["Norway", "28"], ["France", ""], ["Spain", "30"], ["Italy", "20"], ["Malta", "20"]],
        [["Model", "Weight", "Note"], ["A1", "", ""], ["A2", "", ""], ["A3", "7", "new"], ["A4", "8", "old"]],
    ],
)
def test_a_missing_value_makes_no_section(rows: Rows) -> None:
    """Without merged cells, a table that does not divide into sections keeps every row."""
    assert text_of(word(rows)).count("\n") == len(rows)
    assert text_of(word(rows)).startswith(f"| {rows[0][0]} |")


def test_a_remark_over_the_whole_width_is_no_section() -> None:
    """A sentence, or the last row."""
    rows = [["Job", "Days"], ["Engineer", "30"], ["All days are working days.", ""], ["Clerk", "31"], ["Note 1", ""]]
    assert text_of(word(rows, wide=[2, 4])).split("\n")[-3:] == [
        "| All days are working days. |  |",
        "| Clerk | 31 |",
        "| Note 1 |  |",
    ]


def test_tables_that_stand_in_one_below_each_other_have_headers_of_their_own() -> None:
    """The same names below each title, or short names above texts."""
    same = [["North", ""], ["Job", "Site"], ["Clerk", "Oslo"], ["South", ""], ["Job", "Site"], ["Clerk", "Rome"]]
    assert text_of(word(same)).split("\n\n")[2:] == ["South:", "| Job | Site |\n| --- | --- |\n| Clerk | Rome |"]
    long = "Knows the products, and writes to customers without help in most of the cases that come up."
    levels = [
        *(["Sales", "", ""], ["Level", "Junior", "Senior"], ["Skills", long, long]),
        *(["Support", "", ""], ["Level", "First line", "Second line"], ["Skills", long, long]),
    ]
    assert text_of(word(levels)).split("\n\n")[2] == "Support:"
    assert text_of(word(levels)).split("\n\n")[3].startswith("| Level | First line | Second line |\n| --- |")
