"""Questions are read from the sheets of a spreadsheet."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from bakeoff.errors import InputError
from bakeoff.questions import read_with_notes
from bakeoff.questions.rows.workbook import read_sheets

Rows = Sequence[Sequence[object]]


def workbook(path: Path, sheets: dict[str, Rows], hidden: str = "") -> Path:
    """A file with these sheets, one of them hidden."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            if name == hidden:
                sheet.hide()
    path.write_bytes(buffer.getvalue())
    return path


def test_a_sheet_is_read_like_a_csv_file(tmp_path: Path) -> None:
    """Numbers have no '.0', truth values are yes and no, dates are ISO dates, '|' separates answers."""
    rows = [
        ["Question", "Answer", "Source"],
        ["Who?", "Anna | A. Berg", "a.md"],
        ["How many?", 24, ""],
        ["May I?", True, ""],
        ["When?", date(2024, 3, 3), ""],
    ]
    questions, _ = read_with_notes([workbook(tmp_path / "q.xlsx", {"Sheet1": rows})])
    assert [question.answers for question in questions] == [("Anna", "A. Berg"), ("24",), ("yes",), ("2024-03-03",)]
    assert questions[0].source_spans[0].source == "a.md"


def test_only_sheets_with_questions_are_read_and_a_note_names_the_others(tmp_path: Path) -> None:
    """Titles above the header are left out, two sheets with questions are both read, a hidden one is not."""
    asked: Rows = [["Test set of spring"], [], ["question", "answer"], ["Who?", "Anna"]]
    more: Rows = [["query", "expected"], ["Where?", "Oslo"]]
    sheets: dict[str, Rows] = {"About": [["This is a test set"], ["by Anna"]], "A": asked, "B": more, "Old": more}
    questions, notes = read_with_notes([workbook(tmp_path / "q.xlsx", sheets, hidden="Old")])
    assert [question.answers for question in questions] == [("Anna",), ("Oslo",)]
    assert "q.xlsx: Sheets without questions, and hidden ones, are not read: About, Old." in notes


def test_columns_of_a_sheet_can_be_mapped(tmp_path: Path) -> None:
    """If no sheet has a usual column, the first one is read with the mapping."""
    path = workbook(tmp_path / "q.xlsx", {"A": [["Frage", "Antwort"], ["Wer?", "Anna"]]})
    (question,), _ = read_with_notes([path], {"question": "Frage", "answers": "Antwort"})
    assert (question.text, question.answers) == ("Wer?", ("Anna",))
    with pytest.raises(InputError, match="no column holds the question"):
        read_with_notes([path])


def test_a_place_in_a_sheet_is_its_row(tmp_path: Path) -> None:
    """The row that the program shows, also below titles."""
    rows: Rows = [["Our questions"], ["question", "answer"], ["", "Anna"]]
    with pytest.raises(InputError, match=r"q.xlsx row 3"):
        read_with_notes([workbook(tmp_path / "q.xlsx", {"A": rows})])


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"question,answer\nWho?,Anna\n", "not a .xlsx file"), (b"PK\x03\x04 broken", "not a readable spreadsheet")],
)
def test_a_broken_spreadsheet_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """With one message that says what it is."""
    (tmp_path / "q.xlsx").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_with_notes([tmp_path / "q.xlsx"])


def test_an_empty_spreadsheet_has_no_questions(tmp_path: Path) -> None:
    """It is refused like an empty CSV file."""
    with pytest.raises(InputError, match="no questions in it"):
        read_with_notes([workbook(tmp_path / "q.xlsx", {"A": []})])


def test_cells_are_read_as_they_are_displayed(tmp_path: Path) -> None:
    """As in documents: an answer that is compared with what a document shows must not be another text."""
    shown = [("000000", 123, "000123"), ("0.00", 3.1, "3.10"), ("0%", 0.25, "25%"), ("#,##0", 12500, "12,500")]
    with xlsxwriter.Workbook(tmp_path / "q.xlsx") as book:
        sheet = book.add_worksheet("A")
        sheet.write_row(0, 0, ["question", "answer"])
        for row, (code, number, _) in enumerate(shown, 1):
            sheet.write_row(row, 0, [f"Which is number {row}?", number], book.add_format({"num_format": code}))
        sheet.write_row(8, 0, ["Which lines?", "one\ntwo"])
    questions, _ = read_with_notes([tmp_path / "q.xlsx"])
    assert [question.answers for question in questions] == [*((text,) for _, _, text in shown), ("one two",)]
    (read,), _ = read_sheets(".xlsx", (tmp_path / "q.xlsx").read_bytes())
    assert read.rows[-1] == (9, ["Which lines?", "one\ntwo"])


def test_error_values_are_named_as_in_a_csv_file(tmp_path: Path) -> None:
    """They are no answers, and an empty cell would not say why."""
    with xlsxwriter.Workbook(tmp_path / "q.xlsx") as book:
        sheet = book.add_worksheet("A")
        sheet.write_row(0, 0, ["question", "answer"])
        sheet.write_row(1, 0, ["Who?", "Anna"])
        sheet.write(2, 0, "Where?")
        sheet.write_formula(2, 1, "=NA()", None, "#N/A")
    (who, where), notes = read_with_notes([tmp_path / "q.xlsx"])
    assert (who.answers, where.answers) == (("Anna",), ())
    assert any("#N/A" in note for note in notes)


def test_formulas_that_were_never_calculated_are_refused(tmp_path: Path) -> None:
    """Their cells are empty, so the questions would count as unanswerable."""
    book = openpyxl.Workbook()
    for row in (["question", "answer"], ["Who?", "Anna"], ["How many?", "=1+1"]):
        book.active.append(row)
    book.save(tmp_path / "q.xlsx")
    with pytest.raises(InputError, match=r"1 formula never calculated, whose values it does not hold") as error:
        read_with_notes([tmp_path / "q.xlsx"])
    assert error.value.remedy == "open it in a spreadsheet program and save it"


def test_rows_of_an_opendocument_file_have_the_numbers_that_the_program_shows(tmp_path: Path) -> None:
    """Thousands of empty rows are one element of the file."""
    rows = (
        _ods_row("question", "answer") + '<table:table-row table:number-rows-repeated="3000"/>' + _ods_row("", "Anna")
    )
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="A">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    path = tmp_path / "q.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    with pytest.raises(InputError, match="row 3002"):
        read_with_notes([path])


def _ods_row(*texts: str) -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
    )
    return f"<table:table-row>{cells}</table:table-row>"


def test_days_are_read_however_they_are_displayed(tmp_path: Path) -> None:
    """With the name of a month, or in figures."""
    with xlsxwriter.Workbook(tmp_path / "q.xlsx") as book:
        sheet = book.add_worksheet("A")
        sheet.write_row(0, 0, ["question", "answer", "date"])
        for row, code in enumerate(("mmm d, yyyy", "d mmmm yyyy", "m/d/yyyy", "dd.mm.yyyy"), 1):
            sheet.write_row(row, 0, [f"Which is number {row}?", "Anna"])
            sheet.write_datetime(row, 2, datetime(2024, 3, 4), book.add_format({"num_format": code}))
    questions, notes = read_with_notes([tmp_path / "q.xlsx"])
    assert {question.asked_on for question in questions} == {date(2024, 3, 4)} and notes == []


def test_a_crossed_out_answer_is_no_missing_one(tmp_path: Path) -> None:
    """It was asked as a question that the documents cannot answer. Notes name the rows, and those that are hidden."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        struck, sheet = book.add_format({"font_strikeout": True}), book.add_worksheet()
        sheet.write_row(0, 0, ["question", "answer", "answer 2"])
        for number, words in enumerate(
            (["Who?", "Anna"], ["Where?", ""], ["", "So"], ["How?", ""], ["When?", "May"]), 1
        ):
            sheet.write_row(number, 0, words)
        sheet.write(2, 1, "Oslo", struck)
        sheet.write(3, 0, "Why?", struck)
        sheet.write(4, 1, "By bus", struck)
        sheet.write(4, 2, "By rail")
        sheet.set_row(5, None, None, {"hidden": True})
    path = tmp_path / "q.xlsx"
    path.write_bytes(buffer.getvalue())
    questions, notes = read_with_notes([path])
    assert [one.answers for one in questions] == [("Anna",), ("By rail",), ("May",)]
    said = "\n".join(notes)
    assert "1 question left out, since the answer is crossed out (row 3)" in said
    assert "1 question left out, since the question is crossed out (row 4)" in said
    assert "1 hidden row read, too (row 6)" in said


def test_totals_and_merged_cells_without_a_question_are_named(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["nr", "question", "answer"])
        sheet.write_row(1, 0, [1, "Who?", "Anna"])
        sheet.write_row(2, 0, [2, "", "Berg"])
        sheet.merge_range(1, 1, 2, 1, "Who?")
        sheet.write_row(3, 0, ["Total", "", 2])
    path = tmp_path / "q.xlsx"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(InputError) as caught:
        read_with_notes([path])
    assert "q.xlsx row 3 (merged with row 2), q.xlsx row 4 (looks like a total)" in caught.value.message
    assert caught.value.remedy == (
        "unmerge the cells, and write the question into each row or remove the rows below it; remove rows of totals"
    )


TITLES: dict[str, Rows] = {
    "title": [["Questions of 2026", ""], ["", ""], ["question", "answer"], ["Who?", "Anna"]],
    "mapped": [["Questions of 2026", ""], ["Frage", "Antwort"], ["Who?", "Anna"]],
    "two titles": [["Team", "HR"], ["By Anna", ""], ["question", "answer"], ["Who?", "Anna"]],
    "type": [["Frage", "type", "Antwort"], ["Who?", "question", "Anna"]],
    "one column above": [["Questions of 2026"], ["question", "answer"], ["Who?", "Anna"]],
}


@pytest.mark.parametrize("rows", TITLES.values(), ids=TITLES)
def test_titles_above_the_header_are_left_out_in_csv_and_xlsx_alike(tmp_path: Path, rows: Rows) -> None:
    """'question' in a row of the table is no header."""
    text = tmp_path / "q.csv"
    text.write_text("".join(",".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    columns = {"question": "Frage", "answers": "Antwort"} if any("Frage" in row for row in rows) else {}
    for path in (text, workbook(tmp_path / "q.xlsx", {"A": rows})):
        (question,), _ = read_with_notes([path], columns)
        assert (question.text, question.answers) == ("Who?", ("Anna",))


def test_amounts_and_bounds_are_no_code(tmp_path: Path) -> None:
    rows = [["question", "answer"], ["What?", "$25|over $25"], ["How much?", "$5/day|5 dollars"], ["Max?", ">= 5 | 5"]]
    path = workbook(tmp_path / "q.xlsx", {"A": rows})
    questions, notes = read_with_notes([path])
    assert questions[0].answers == ("$25", "over $25") and not any("look like code" in note for note in notes)
    code = [["question", "answer"], ["Which?", "$HOME|~/me"], ["Which of both?", "a/b.py|b"]]
    assert any("look like code" in note for note in read_with_notes([workbook(path, {"A": code})])[1])
