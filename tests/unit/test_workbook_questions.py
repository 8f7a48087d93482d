"""Questions are read from the sheets of a spreadsheet."""

import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from bakeoff.errors import InputError
from bakeoff.questions import read_with_notes

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
