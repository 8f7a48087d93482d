"""labels.jsonl and label_weights.jsonl: nothing is lost, and what was broken by hand is named with its line."""

from datetime import UTC, datetime
from multiprocessing import get_context

import pytest

from bakeoff.errors import RunFolderError
from bakeoff.measure.labels import Label, Unit
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.labels import append_labels, read_labels, read_weights, set_weights

UNITS = {Unit("q1", "yes"), Unit("q2", "no")}


def label(question_id="q1", text="yes", **more):
    fields = {"verdict": "right", "labeller": "ada", "at": datetime(2026, 1, 1, tzinfo=UTC)}
    return Label(question_id=question_id, text=text, **{**fields, **more})


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "labels.jsonl"
    append_labels(path, [label(), label("q2", "no", verdict="wrong", note="1 km\r2 km")])
    return path


def test_labels_come_back_in_order(path):
    """A carriage return inside a note does not end a line."""
    assert [(one.question_id, one.verdict, one.note) for one in read_labels(path, UNITS)] == [
        ("q1", "right", ""),
        ("q2", "wrong", "1 km\r2 km"),
    ]


def test_no_file_means_no_labels(tmp_path):
    """Nobody has begun."""
    assert read_labels(tmp_path / "labels.jsonl") == []


@pytest.mark.parametrize(
    "line, reason",
    [
        ("{broken", "Invalid JSON"),
        ('{"question_id":"q1","text":"yes","verdict":"good","labeller":"a","at":"2026-01-01T00:00:00Z"}', "'verdict'"),
        ('{"question_id":"q1","text":"yes","verdict":"right","at":"2026-01-01T00:00:00Z"}', "'labeller'"),
        ('{"question_id":"q1","text":"yes!","verdict":"right","labeller":"a","at":"2026-01-01T00:00:00Z"}', "'yes!'"),
    ],
)
def test_a_line_broken_by_hand_is_named(path, line, reason):
    """File, line, reason, and how to get a verdict without labels. The file stays as it is."""
    content = path.read_text() + line + "\n"
    path.write_text(content)
    with pytest.raises(RunFolderError) as error:
        read_labels(path, UNITS)
    assert f"{path}, line 3: " in error.value.message and reason in error.value.message
    assert "bakeoff report RUN" in error.value.remedy
    assert path.read_text() == content


def test_a_last_line_that_an_editor_left_open_counts(path):
    """It is read, and the next label does not overwrite it."""
    path.write_text(path.read_text().rstrip("\n"))
    assert len(read_labels(path)) == 2
    append_labels(path, [label(verdict="unsure")])
    assert [one.verdict for one in read_labels(path)] == ["right", "wrong", "unsure"]


def test_a_line_cut_off_by_a_kill_is_left_out(path):
    """It was never acknowledged."""
    path.write_bytes(path.read_bytes() + b'{"question_id":"q1","te')
    assert len(read_labels(path)) == 2
    append_labels(path, [label(verdict="unsure")])
    assert [one.verdict for one in read_labels(path)] == ["right", "wrong", "unsure"]


def _append_many(path, labeller):
    for _ in range(30):
        append_labels(path, [label(labeller=labeller, note="x" * 500)])


def test_two_processes_can_append_at_the_same_time(tmp_path):
    """No label of either is lost or mixed with another."""
    path = tmp_path / "labels.jsonl"
    processes = [get_context("spawn").Process(target=_append_many, args=(path, name)) for name in ("ada", "bob")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    labellers = [one.labeller for one in read_labels(path)]
    assert sorted(labellers) == ["ada"] * 30 + ["bob"] * 30


def test_weights_are_set_once(tmp_path):
    """Probabilities must not depend on labels, so the first weights stay."""
    folder = RunFolder(tmp_path)
    assert read_weights(folder) == {}
    assert set_weights(folder, {Unit("q1", "yes"): 0.5}) == {Unit("q1", "yes"): 0.5}
    assert set_weights(folder, {Unit("q1", "yes"): 0.9}) == {Unit("q1", "yes"): 0.5}


def test_labels_without_their_weights_are_refused(path):
    """How the answers were drawn would be unknown."""
    with pytest.raises(RunFolderError, match="it is not known how their answers were drawn"):
        read_weights(RunFolder(path.parent))
