"""Cells of spreadsheets are read as they are displayed, without what is hidden; what is left out is named."""

import io
import time
from collections.abc import Callable
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
import xlsxwriter
import xlwt

from bakeoff.formats.parse import parse
from bakeoff.formats.part import Parsed, UnreadableError
from bakeoff.formats.sheets import book as book_module
from bakeoff.formats.sheets import date_formats, number_formats
from bakeoff.formats.sheets.book import displayed
from tests.hostile import archives


def xlsx(build: Callable[[xlsxwriter.Workbook], None]) -> Parsed:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        build(book)
    return parse("a.xlsx", buffer.getvalue())


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (0.25, "0%", "25%"),
        (0.1234, "0.0 %", "12.3 %"),
        (1234.5, '"$"#,##0.00', "$1,234.50"),
        (1234.5, "#,##0.00 €", "1,234.50 €"),
        (49, "[$£-809]#,##0.00", "£49.00"),
        (-1234.5, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$(1,234.50)"),
        (-5, "#,##0;[Red]-#,##0", "-5"),
        (0, '0;-0;"none"', "none"),
        (7, '[>=10]"many";[<10]"few"', "few"),
        (1234, "00000", "01234"),
        (4712345678, "00 00 00 00 00", "47 12 34 56 78"),
        (5, '0" °C"', "5 °C"),
        (1234567, '0.0,,"M"', "1.2M"),
        (2.5, "0", "3"),
        (-0.2, "0", "0"),
        (0.5, "#.##", ".5"),
        (1.5, "0.##", "1.5"),
        (3, "General", None),
        (1.5, "# ?/?", None),
        (123456, "0.00E+00", None),
    ],
)
def test_numbers_are_written_by_their_formats(value: float, code: str, text: str | None) -> None:
    """Percent, currencies, thousands, leading zeros, units, conditions; None for formats that are not known."""
    assert number_formats.shown(value, code) == text


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("yyyy-mm-dd", "2023-03-04"),
        ("dd.mm.yyyy", "04.03.2023"),
        ("m/d/yyyy", "2023-03-04"),
        ("dd.mm.yy", "2023-03-04"),
        ("mmm yyyy", "Mar 2023"),
        ("dddd, d mmmm yyyy", "Saturday, 4 March 2023"),
        ("[$-407]d. mmmm yyyy", "4. March 2023"),
        ("yyyy", "2023"),
        ("yyyy-mm-dd hh:mm", "2023-03-04 18:05"),
        ("m/d/yy h:mm", "2023-03-04 18:05"),
        ("General", "2023-03-04 18:05"),
    ],
)
def test_dates_are_displayed_unless_they_could_be_read_in_two_ways(code: str, text: str) -> None:
    """3/4 is March or April: such dates are written as in ISO 8601."""
    assert date_formats.shown(datetime(2023, 3, 4, 18, 5), code) == text


def test_excel_files_of_both_kinds_are_read_as_displayed() -> None:
    """Formats hold in xlsx and in xls."""

    def build(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["What", "Value"])
        for number, (name, value, code) in enumerate(values, 1):
            sheet.write(number, 0, name)
            sheet.write(number, 1, value, book.add_format({"num_format": code}))

    values = [("VAT", 0.25, "0%"), ("Price", 1234.5, "#,##0.00 €"), ("From", 45000, "mmm yyyy"), ("At", 0.75, "hh:mm")]
    lines = "What: VAT; Value: 25%\nWhat: Price; Value: 1,234.50 €\nWhat: From; Value: Mar 2023\nWhat: At; Value: 18:00"
    assert xlsx(build).parts[0].text == lines
    old = xlwt.Workbook()
    sheet = old.add_sheet("A")
    for column, name in enumerate(("What", "Value")):
        sheet.write(0, column, name)
    for number, (name, value, code) in enumerate(values, 1):
        sheet.write(number, 0, name)
        sheet.write(number, 1, value, xlwt.easyxf(num_format_str=code))
    buffer = io.BytesIO()
    old.save(buffer)
    assert parse("a.xls", buffer.getvalue()).parts[0].text == lines


def _ods_cell(text: str, value: str = 'office:value-type="string"', more: str = "") -> str:
    return f"<table:table-cell {value}><text:p>{text}</text:p>{more}</table:table-cell>"


def test_an_open_document_sheet_is_read_as_displayed() -> None:
    """What the file says that a cell displays; hidden rows and comments are left out and named."""
    comment = "<office:annotation><text:p>no</text:p></office:annotation>"
    rows = [
        _ods_cell("What") + _ods_cell("Value"),
        _ods_cell("VAT") + _ods_cell("25 %", 'office:value-type="percentage" office:value="0.25"'),
        _ods_cell("From") + _ods_cell("03/04/23", 'office:value-type="date" office:date-value="2023-03-04"'),
        _ods_cell("Price") + _ods_cell("5,00 €", 'office:value-type="float" office:value="5"', comment),
    ]
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    body += f'<table:table-row table:visibility="collapse">{_ods_cell("Secret")}</table:table-row>'
    names = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<office:document {names}><table:table table:name="A">{body}</table:table></office:document>',
        )
    parsed = parse("a.ods", buffer.getvalue())
    assert parsed.parts[0].text == "What: VAT; Value: 25 %\nWhat: From; Value: 2023-03-04\nWhat: Price; Value: 5,00 €"
    assert [problem.reason for problem in parsed.problems] == ["1 hidden row and 1 comment left out"]


def test_hidden_rows_and_columns_are_left_out_and_named() -> None:
    """But a folded outline is read: every reader can open it."""

    def build(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for number, row in enumerate([["Model", "Cost", "Price"], ["K1", 10, 49], ["K2", 11, 59], ["K3", 12, 69]]):
            sheet.write_row(number, 0, row)
        sheet.set_column(1, 1, None, None, {"hidden": True})
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_row(3, None, None, {"hidden": True, "level": 1})

    parsed = xlsx(build)
    assert parsed.parts[0].text == "Model: K1; Price: 49\nModel: K3; Price: 69"
    assert [problem.reason for problem in parsed.problems] == ["1 hidden row and 1 hidden column left out"]


def test_struck_words_are_not_valid_and_raised_figures_join_no_number() -> None:
    """In cells with several fonts, and in cells struck as a whole."""

    def build(book: xlsxwriter.Workbook) -> None:
        struck, up = book.add_format({"font_strikeout": True}), book.add_format({"font_script": 1})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["What", "Value"])
        for number, name in enumerate(("cycles", "price", "fee"), 1):
            sheet.write(number, 0, name)
        sheet.write_rich_string(1, 1, "10", up, "6", " cycles")
        sheet.write_rich_string(2, 1, struck, "£199", " £149")
        sheet.write(3, 1, "£99", struck)

    assert xlsx(build).parts[0].text == "What: cycles; Value: 10⁶ cycles\nWhat: price; Value: £149\nWhat: fee"


def test_formulas_without_a_value_comments_and_shapes_are_named() -> None:
    """Nothing that a person would see on the screen is lost without a word."""
    book = openpyxl.Workbook()
    book.active.append(["Model", "Net", "Gross"])
    book.active.append(["K1", 100, "=B2*1.2"])
    buffer = io.BytesIO()
    book.save(buffer)
    assert [one.reason for one in parse("a.xlsx", buffer.getvalue()).problems] == ["1 formula never calculated"]

    def build(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Model", "Price"])
        sheet.write_row(1, 0, ["K1", 5])
        sheet.write_formula(2, 0, '="K"&2', None, "K2")
        sheet.write_comment(1, 1, "only in the EU")
        sheet.insert_textbox(4, 0, "Returns within 30 days")

    assert {one.reason for one in xlsx(build).problems} == {"text in shapes is not read", "1 comment left out"}


def test_sheets_that_the_usual_reader_refuses_are_read_without_formats() -> None:
    """And the problem says what that may have changed."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet().write_row(0, 0, ["a", "b"])
        book.worksheets()[0].write_row(1, 0, ["VAT", 0.25], book.add_format({"num_format": "0%"}))
    broken = io.BytesIO()
    with ZipFile(buffer) as good, ZipFile(broken, "w") as archive:
        for name in good.namelist():
            archive.writestr(name, good.read(name).replace(b' s="1"', b' s="99"'))
    parsed = parse("a.xlsx", broken.getvalue())
    assert parsed.parts[0].text == "a: VAT; b: 0.25"
    assert parsed.problems[0].is_read and "25 % may be 0.25" in parsed.problems[0].reason


@pytest.mark.parametrize(("name", "unpacked"), [("a.ods", 101_000_000), ("a.xlsx", 1_001_000_000)])
def test_an_archive_that_unpacks_to_far_more_is_refused_before_it_is_unpacked(name: str, unpacked: int) -> None:
    """A file of a megabyte may hold a gigabyte of zeros."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive, archive.open("content.xml", "w") as part:
        for _ in range(unpacked // 1_000_000):
            part.write(bytes(1_000_000))
    assert len(buffer.getvalue()) < 2_000_000
    with pytest.raises(UnreadableError, match="unpacks to"):
        parse(name, buffer.getvalue())


@pytest.mark.parametrize("member", archives.members(".xlsx"))
def test_xml_that_is_broken_in_any_part_is_told(member: str) -> None:
    """The file is read without its formats, or refused with a reason; no library's own error gets out."""
    good = archives.good(".xlsx")
    with ZipFile(io.BytesIO(good)) as archive:
        part = archive.read(member)
    try:
        parsed = parse("a.xlsx", archives.changed(good, {member: part.replace(b"</", b"</x", 1)}))
    except UnreadableError as error:
        assert "it is not a readable spreadsheet" in error.message
    else:
        assert "kettle" in parsed.parts[0].text


@pytest.mark.parametrize(
    ("row", "columns"),
    [("r='1048576'", '<c r="XFD1048576">'), ('r="9"', '<c r="A2999999999999">'), ('r="99999999"', "<c>")],
)
def test_cells_in_far_corners_are_refused_before_all_between_them_are_made(row: str, columns: str) -> None:
    main = archives.MAIN[".xlsx"]
    with ZipFile(io.BytesIO(archives.good(".xlsx"))) as archive:
        sheet = archive.read(main)
    far = f"<row {row}>{columns}<v>2</v></c></row></sheetData>".encode()
    with pytest.raises(UnreadableError, match="the cells of a sheet are spread over"):
        parse("a.xlsx", archives.changed(archives.good(".xlsx"), {main: sheet.replace(b"</sheetData>", far)}))


def test_a_single_cell_far_from_the_table_costs_no_time_and_no_formats() -> None:
    """openpyxl would make an object for each of the 19 million empty cells between them."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Tax", "Rate"])
        sheet.write_row(1, 0, ["VAT", 0.25], book.add_format({"num_format": "0%"}))
        sheet.write(2, 1, "old", book.add_format({"font_strikeout": True}))
        sheet.write(1_048_575, 17, "far")
    begun = time.monotonic()
    (read,), problems = displayed(".xlsx", buffer.getvalue())
    assert time.monotonic() - begun < 60
    assert not problems and len(read.rows) == 1_048_576
    assert [row[:3] for row in read.rows[:4]] == [["Tax", "Rate", ""], ["VAT", "25%", ""], [""] * 3, [""] * 3]
    assert read.rows[-1] == [*[""] * 17, "far"] and read.struck == {(2, 1)}


def test_an_open_document_sheet_of_too_many_cells_without_formats_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where its formats cannot be read, each cell that is repeated is made."""
    monkeypatch.setattr("bakeoff.formats.sheets.book.MOST_CELLS", 5)
    with pytest.raises(UnreadableError, match=r"a sheet has \d+ rows and \d+ columns: more than 5 cells"):
        book_module._bare(archives.good(".ods"))


def test_an_old_file_whose_sectors_form_a_ring_is_refused_at_once() -> None:
    """calamine would follow them until the memory is full, and end the process."""
    buffer = io.BytesIO()
    book = xlwt.Workbook()
    book.add_sheet("S").write(0, 0, "kettle")
    book.save(buffer)
    content = bytearray(buffer.getvalue())
    fat = 512 * (1 + int.from_bytes(content[76:80], "little"))
    first = int.from_bytes(content[48:52], "little")  # the first sector of the directory
    content[fat + 4 * first : fat + 4 * first + 4] = first.to_bytes(4, "little")
    with pytest.raises(UnreadableError, match="not a readable spreadsheet"):
        parse("a.xls", bytes(content))
