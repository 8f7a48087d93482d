"""Labelling in a spreadsheet: the file gives nothing away, and is read as a whole or not at all."""

import csv

import pytest

from bakeoff.errors import InputError
from bakeoff.files import jsonl
from bakeoff.labelling.labelling import Labelling
from bakeoff.labelling.sheet import read_sheet, write_sheet
from bakeoff.records import SourceSpan
from tests.unit.fakes import question
from tests.unit.run_fixture import finished


@pytest.fixture
def labelling(tmp_path):
    return Labelling(finished(tmp_path / "run").folder, "ada")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels.csv"


def cells(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def fill(path, *verdicts, change=lambda row: None, **options):
    """Write verdicts into the first rows, as a spreadsheet would save them."""
    rows = cells(path)
    for row, verdict in zip(rows, verdicts, strict=False):
        row["verdict"] = verdict
    for row in rows:
        change(row)
    with path.open("w", encoding=options.pop("encoding", "utf-8"), newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), **options)
        writer.writeheader()
        writer.writerows(rows)


def verdicts(labelling):
    return [label.verdict for label in labelling.labels().values()]


def test_what_is_written_and_filled_in_comes_back(labelling, path):
    """The next answers in order; rows without a verdict are skipped, and come again in the next file."""
    ids = labelling.pending(6)
    assert write_sheet(labelling, path, 6) == 6
    fill(path, "right", "", "W", "d", "Cannot tell", "0")
    assert read_sheet(labelling, path) == (5, 0, 0, 1)
    assert verdicts(labelling) == ["right", "wrong", "declined", "unsure", "wrong"]
    assert labelling.pending(1) == [ids[1]]


def test_the_file_names_no_contender_and_no_grade(labelling, path):
    """The labeller is not to be led."""
    write_sheet(labelling, path, 10)
    assert list(cells(path)[0]) == ["id", "question", "accepted answers", "source", "answer", "verdict", "note"]
    words = path.read_text(encoding="utf-8-sig").lower().split('"')
    assert not {"base", "rag"} & set(words)


def test_formulas_do_not_run_and_do_not_change_the_text(tmp_path, path):
    """An apostrophe guards them, which is taken off again; also of notes."""
    asked = [question("q0", "=1+1?", ["right 0"], split="test", slice="unseen")]
    folder = finished(tmp_path / "run", asked, base=[], rag=[0]).folder
    answers = folder.answers("base")
    jsonl.write(folder.answers_path("base"), [answers[0].model_copy(update={"text": '=cmd|" /C calc"!A0\nand more'})])
    labelling = Labelling(folder, "ada")
    write_sheet(labelling, path, 2)
    assert all(not text.startswith("=") for row in cells(path) for text in row.values())
    fill(path, "w", "w", change=lambda row: row.update(note="'=odd"))
    assert read_sheet(labelling, path).new == 2
    assert {label.note for label in labelling.labels().values()} == {"=odd"}


def test_the_source_passage_is_in_the_file(tmp_path, path):
    """Below the title of its document."""
    span = SourceSpan(source="aldra.md", start=0, end=5)
    asked = [question("q0", "How long?", ["314 days"], split="test", slice="unseen", source_spans=(span,))]
    labelling = Labelling(finished(tmp_path / "run", asked).folder, "ada")
    write_sheet(labelling, path, 1)
    assert cells(path)[0]["source"] == "aldra.md: Aldra circles its star in 314 days."


def test_a_file_that_exists_is_not_overwritten(labelling, path):
    """It may hold an hour of work."""
    path.write_text("my labels")
    with pytest.raises(InputError, match="exists already"):
        write_sheet(labelling, path, 3)
    assert path.read_text() == "my labels"


@pytest.mark.parametrize(
    "options", [{"delimiter": ";"}, {"delimiter": "\t"}, {"encoding": "utf-16"}, {"encoding": "cp1252"}]
)
def test_a_spreadsheet_may_save_it_in_its_own_way(labelling, path, options):
    """Other delimiters and encodings."""
    write_sheet(labelling, path, 3)
    fill(path, "r", "w", "r", change=lambda row: row.update(note="größer"), **options)
    assert read_sheet(labelling, path).new == 3
    assert {label.note for label in labelling.labels().values()} == {"größer"}


def test_reading_a_file_twice_adds_nothing(labelling, path):
    """A verdict that was changed in the file replaces the former one."""
    write_sheet(labelling, path, 3)
    fill(path, "r", "r", "r")
    read_sheet(labelling, path)
    assert read_sheet(labelling, path) == (0, 0, 3, 0)
    fill(path, "r", "1.0", "wrong")
    assert read_sheet(labelling, path) == (0, 1, 2, 0)
    assert verdicts(labelling) == ["right", "right", "wrong"]


def test_numbers_that_a_spreadsheet_writes_anew_are_the_same(tmp_path, path):
    """'1,500.0' becomes '1500'."""
    asked = [question("q0", "How many?", ["1500"], split="test", slice="unseen")]
    folder = finished(tmp_path / "run", asked).folder
    for name in ("base", "rag"):
        answers = [answer.model_copy(update={"text": "1,500.0"}) for answer in folder.answers(name)]
        jsonl.write(folder.answers_path(name), answers)
    labelling = Labelling(folder, "ada")
    write_sheet(labelling, path, 1)
    fill(path, "r", change=lambda row: row.update(answer="1500"))
    assert read_sheet(labelling, path).new == 1


def test_every_wrong_row_is_named_and_none_is_read(labelling, path):
    """Unknown ids, odd verdicts, texts that do not belong to the id, contradictions."""
    ids = labelling.pending(5)
    write_sheet(labelling, path, 5)
    rows = cells(path)
    changes = [{"id": "u00000000000"}, {"verdict": "good"}, {"answer": "another"}, {"question": "another?"}, {}]

    def change(row):
        row.update(changes[[one["id"] for one in rows].index(row["id"])])

    fill(path, *["r"] * 5, change=change)
    with pytest.raises(InputError) as error:
        read_sheet(labelling, path)
    assert error.value.message == (
        f"{path}: row 2: no answer of this run has the id 'u00000000000'; "
        "row 3: 'good' is no verdict (right, wrong, declined, unsure; or r, w, d, u); "
        f"row 4: the answer is not the one of {ids[2]}; were columns sorted apart?; "
        f"row 5: the question is not the one of {ids[3]}; were columns sorted apart?."
    )
    assert "no row of it was read" in error.value.remedy
    assert labelling.labels() == {}


def test_two_rows_must_not_contradict_each_other(labelling, path):
    """A row that was copied."""
    write_sheet(labelling, path, 1)
    row = cells(path)[0]
    path.write_text(f"id,verdict\n{row['id']},r\n{row['id']},w\n")
    with pytest.raises(InputError, match=f"row 3: {row['id']} has another verdict in a row above"):
        read_sheet(labelling, path)


def test_columns_that_are_not_needed_may_be_deleted(labelling, path):
    """Order and case of the columns do not matter either."""
    (id,) = labelling.pending(1)
    path.write_text(f"Verdict,ID\nwrong,{id}\n")
    assert read_sheet(labelling, path) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    "content, message",
    [
        ("id,grade\nu1,r\n", "there is no column 'verdict'"),
        ("", "there is no column 'id' and no column 'verdict'"),
        ("id,verdict\nu1,r\nu2,w\n", "none of its 2 labels is about an answer of"),
        ('id,verdict\n"u1,r\n', "a quote is never closed"),
        ("PK\x03\x04", "is a spreadsheet, not a CSV file"),
    ],
)
def test_other_files_are_refused(labelling, path, content, message):
    """One message each, and what to do."""
    path.write_text(content)
    with pytest.raises(InputError, match=message) as error:
        read_sheet(labelling, path)
    assert error.value.remedy


def test_a_missing_file_is_named(labelling, path):
    """No traceback."""
    with pytest.raises(InputError, match="Cannot read the labels"):
        read_sheet(labelling, path)
