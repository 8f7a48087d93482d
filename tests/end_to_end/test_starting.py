"""How a run begins: what is refused at once, and what is told while files are read and presentations are chosen."""

import json
from itertools import pairwise

import pytest

from bakeoff.errors import ModelUnavailableError, RunFolderError
from bakeoff.models import weights
from bakeoff.pilot import run as running
from bakeoff.pilot.run import run
from bakeoff.runs.folder import RunFolder
from tests.end_to_end.small import make


def test_a_run_that_another_process_works_on_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    path = make(tmp_path, contenders=["extract"])
    finished = run(path, runs=tmp_path / "runs")
    monkeypatch.setattr(running, "prepare", lambda config: pytest.fail("files were read"))
    with (
        RunFolder(finished.folder.root).lock(),
        pytest.raises(RunFolderError, match="Another process is using"),
    ):
        run(path, runs=tmp_path / "runs", resume=True)


@pytest.mark.parametrize(
    ("models", "found"),
    [
        ({"generator": "bakeof-reader"}, "The model 'bakeof-reader' was not found"),
        ({"embedder": "no/such-embedder"}, "The model 'no/such-embedder' was not found"),
        ({"generator": "/no/such/folder"}, "The model folder '/no/such/folder' does not exist"),
    ],
)
def test_a_model_that_is_nowhere_is_told_before_anything_is_read(tmp_path, monkeypatch, models, found):
    path = make(tmp_path, contenders=["rag"], models=models)
    monkeypatch.setattr(running, "prepare", lambda config: pytest.fail("files were read"))
    monkeypatch.setattr(weights, "_reachable", lambda endpoint: False)
    with pytest.raises(ModelUnavailableError, match=found):
        run(path, runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_reading_is_told_file_by_file(tmp_path):
    """Documents of a pilot can take minutes; storing them is a stage of its own."""
    events = []
    run(make(tmp_path, contenders=["extract"]), runs=tmp_path / "runs", listener=events.append)
    reading = [event for event in events if event.stage == "reading"]
    assert events[0] == reading[0] and reading[-1].note == "done"
    assert [(event.done, event.total) for event in reading[1:-1]] == [(n, 12) for n in range(12)]


def test_choosing_how_passages_are_shown_counts_all_that_is_tried(tmp_path):
    """Not each try from nothing: the progress never falls, and its total is what was announced."""
    planets = {f"Planet{i}": (f"{10 + 7 * i} days", "blue") for i in range(60)}
    events = []
    run(make(tmp_path, planets, contenders=["rag"]), runs=tmp_path / "runs", listener=events.append)
    told = [event for event in events if event.stage == "present" and event.total > 1]
    (line,) = (event.note for event in events if "How passages are shown to" in event.note)
    most = int(line.rpartition("at most ")[2].split()[0])
    assert {event.total for event in told} == {most}
    assert all(before.done <= after.done for before, after in pairwise(told))
    assert max(event.done for event in told) > most / 6


def test_questions_without_an_answer_are_counted_once(tmp_path):
    """A help desk's log holds each as often as it was asked."""
    path = make(tmp_path, contenders=["extract"])
    rows = [json.loads(line) for line in (tmp_path / "questions.jsonl").read_text().splitlines()]
    asked = [{"question": row["question"], "answers": row.get("answers", [])} for row in rows]
    lost = [row for row in asked if not row["answers"]]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*asked, *lost]))
    notes = []
    run(path, runs=tmp_path / "runs", listener=lambda event: notes.append(event.note))
    assert any(f"{len(lost)} questions ({2 * len(lost)} rows) have no answer" in note for note in notes)
