"""Records as lines of JSON survive a kill."""

import errno

import pytest

from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.records import Score


def score(question_id: str) -> Score:
    return Score(question_id=question_id, contender="rag", measure="correct", value=1.0)


def test_appended_records_are_read_back_in_order(tmp_path):
    """Records appended in two calls are read back complete and in order."""
    path = tmp_path / "deep" / "scores.jsonl"
    jsonl.append(path, [score("a"), score("b")])
    jsonl.append(path, [score("c")])
    assert [score.question_id for score in jsonl.read(path, Score)] == ["a", "b", "c"]


def test_a_line_cut_off_by_a_kill_is_left_out_and_then_overwritten(tmp_path):
    """Only the record of the half line is lost, also after more records are appended."""
    path = tmp_path / "scores.jsonl"
    jsonl.append(path, [score("a"), score("b")])
    path.write_bytes(path.read_bytes()[:-9])
    assert [score.question_id for score in jsonl.read(path, Score)] == ["a"]
    jsonl.append(path, [score("c")])
    assert [score.question_id for score in jsonl.read(path, Score)] == ["a", "c"]


def test_a_broken_line_in_the_middle_is_named(tmp_path):
    """A line that is not a record raises an error with its number. It is not skipped silently."""
    path = tmp_path / "scores.jsonl"
    path.write_text(score("a").model_dump_json() + "\n{broken}\n" + score("b").model_dump_json() + "\n")
    with pytest.raises(RunFolderError, match="line 2"):
        jsonl.read(path, Score)


def test_a_missing_file_holds_no_records(tmp_path):
    """A stage that has not run yet has no file, which reads as no records."""
    assert jsonl.read(tmp_path / "none.jsonl", Score) == []


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    """Replacing a file is all or nothing."""
    path = tmp_path / "scores.jsonl"
    jsonl.write(path, [score("a")])
    monkeypatch.setattr("os.fsync", _full_disk)
    with pytest.raises(OSError, match="No space"):
        jsonl.write(path, [score("b")])
    assert [score.question_id for score in jsonl.read(path, Score)] == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["scores.jsonl"]


def _full_disk(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_what_fails_names_the_file_and_no_temporary_one(tmp_path, monkeypatch):
    """A full disk names no file; a folder that may not be written named `.scores.jsonl.1k8njhu1`."""

    def refused(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / ".scores.jsonl.1k8njhu1"))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "scores.jsonl"
    for place, fails in (("tempfile.mkstemp", refused), ("os.fsync", full)):
        monkeypatch.setattr(place, fails)
        with pytest.raises(OSError) as error:
            jsonl.write(path, [score("a")])
        assert error.value.filename == str(path)
        monkeypatch.undo()
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError) as error:
        jsonl.append(path, [score("a")])
    assert error.value.filename == str(path)
