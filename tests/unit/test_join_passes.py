"""Two judges' verdicts become rows of the graded answers. The set is made here."""

import csv
from pathlib import Path

import pytest
from benchmarks import graded_public, join_passes
from benchmarks.quotations import Quotations

TEXT = "The lamp of the north pier was lit in 1874 for the ferries."
ANSWER = f"So: {TEXT}"


@pytest.fixture
def graded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty file of graded answers, and a set with one document and one question."""
    path = tmp_path / "graded.csv"
    path.write_text(",".join(graded_public.COLUMNS) + "\n", encoding="utf-8")
    known = {"q1": {"id": "q1", "question": "When was it lit?", "answers": ["1874"]}}
    for module in (graded_public, join_passes):
        monkeypatch.setattr(module, "GRADED", path)
        monkeypatch.setattr(module, "questions", lambda name, source: known)
        monkeypatch.setattr(module, "quotations", lambda name, source: Quotations({"pier.md": TEXT}))
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path))
    return path


def join(folder: Path, monkeypatch: pytest.MonkeyPatch, *verdicts: str) -> dict[str, str]:
    """The only row after a join of one answer with these verdicts, one of each judge."""
    drawn = {"number": "1", "set": "s", "question_id": "q1", "kind": "", "contenders": "extract", "answer": ANSWER}
    with (folder / "drawn.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([drawn, drawn.values()])
    paths = [folder / f"pass{number}.csv" for number, _ in enumerate(verdicts, start=1)]
    for path, verdict in zip(paths, verdicts, strict=True):
        path.write_text(f"number,verdict\n1,{verdict}\n", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["join", str(folder / "drawn.csv"), *map(str, paths), "--batch", "10"])
    join_passes.main()
    (row,) = graded_public.rows()
    return row


def test_the_second_pass_fills_correct_and_keeps_what_the_rules_said_first(
    graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although the rules have changed since."""
    first = join(graded.parent, monkeypatch, "right")
    assert (first["correct"], first["pass_2"], first["first_met"]) == ("", "", "right")
    stored = graded.read_text(encoding="utf-8").replace("right,,right", "right,,unsure")
    graded.write_text(stored, encoding="utf-8")
    second = join(graded.parent, monkeypatch, "right", "right")
    assert (second["correct"], second["pass_2"], second["first_met"]) == ("1", "right", "unsure")


def test_the_file_gets_a_reference_instead_of_the_document(graded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judges who disagree leave `correct` empty."""
    row = join(graded.parent, monkeypatch, "right", "wrong")
    assert row["answer"] == f"So: ⟦pier.md:0-{len(TEXT) - 1}⟧."
    assert row["correct"] == "" and "north pier" not in graded.read_text(encoding="utf-8")
