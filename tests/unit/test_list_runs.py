"""The list of runs says what state each is in. No folder of any kind stops it."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.models.spending.ledger import LEDGER, REPLIES
from bakeoff.models.spending.rows import Reply, Row
from bakeoff.runs.environment import describe
from bakeoff.runs.folder import write_json
from bakeoff.runs.listing import list_runs, spent_in
from bakeoff.runs.run import find_run, open_run
from tests.unit.run_fixture import finished, questions


def states(runs: Path) -> dict[str, str]:
    return {run.name: run.state for run in list_runs(runs)}


def test_a_finished_run_is_listed_with_who_won(tmp_path):
    """Its contenders and the number of its test questions too."""
    finished(tmp_path / "planets")
    (run,) = list_runs(tmp_path)
    assert (run.name, run.state, run.winner, run.n_test) == ("planets", "finished", "rag", 40)
    assert run.contenders == ("base", "rag") and run.begun is not None


def test_a_copied_run_keeps_the_time_at_which_it_was_started(tmp_path):
    """It stands in the run; the time of a file, which a copy changes, counts only where it does not."""
    folder = finished(tmp_path / "planets").folder
    os.utime(folder.config_path, (1_700_000_000, 1_700_000_000))
    assert list_runs(tmp_path)[0].begun == datetime.fromtimestamp(1_700_000_000, UTC)
    before = folder.read_json(folder.environment_path)
    said = describe([], [], 0, {})
    assert abs((datetime.now(UTC) - datetime.fromisoformat(said["begun"])).total_seconds()) < 60
    write_json(folder.environment_path, {**before, "begun": "2026-03-04T12:00:00+02:00"})
    assert list_runs(tmp_path)[0].begun == datetime(2026, 3, 4, 10, tzinfo=UTC)
    for broken in ("yesterday", 5, None):
        write_json(folder.environment_path, {**before, "begun": broken})
        assert list_runs(tmp_path)[0].begun == datetime.fromtimestamp(1_700_000_000, UTC)


def test_only_the_questions_of_the_verdict_are_counted(tmp_path):
    """As the verdict does: not those about the update or of general knowledge."""
    run = finished(tmp_path / "planets")
    kinds = {0: "changed", 1: "general"}
    asked = [one.model_copy(update={"slice": kinds.get(i, one.slice)}) for i, one in enumerate(questions())]
    jsonl.write(run.folder.splits_path, asked)
    assert list_runs(tmp_path)[0].n_test == 38


def test_a_run_that_was_killed_is_half_written(tmp_path):
    """It has no comparison yet, so the configured contenders are listed."""
    finished(tmp_path / "planets").folder.comparison_path.unlink()
    (run,) = list_runs(tmp_path)
    assert (run.state, run.winner, run.contenders) == ("half-written", None, ("base", "rag"))


def test_what_a_killed_run_has_spent_is_in_its_ledger(tmp_path):
    """spending.json is written when a session ends; a call without an outcome counts at its most."""
    root = finished(tmp_path / "planets").folder.root
    at = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        Row(row="intent", id=1, at=at, model="m", calls=1, most_usd=0.5),
        Row(row="outcome", id=1, at=at, status="done", usd=0.25),
        Row(row="intent", id=2, at=at, model="m", calls=1, most_usd=0.5),
    ]
    assert list_runs(tmp_path)[0].usd is None
    jsonl.write(root / LEDGER, rows)
    assert list_runs(tmp_path)[0].usd == spent_in(root) != 0.25
    reply = Reply(outcome=rows[1].model_copy(update={"id": 2}), contender="", stage="", role="", request="", text="")
    jsonl.write(root / REPLIES, [reply])
    assert list_runs(tmp_path)[0].usd == 0.5


@pytest.mark.parametrize(
    ("name", "looked"),
    [
        ("nosuch", "neither nosuch nor runs/nosuch exists"),
        ("runs/nosuch", "runs/nosuch does not exist"),
        ("/no/such", "/no/such does not exist"),
    ],
)
def test_only_places_that_make_sense_are_named_for_a_run_that_is_not_there(tmp_path, monkeypatch, name, looked):
    """`runs/nosuch` is not looked for in runs/runs."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunFolderError, match=f"There is no run '{name}': {looked}\\."):
        find_run(name)


def test_a_run_at_work_is_running(tmp_path):
    """As long as a process holds its lock, and no longer."""
    folder = finished(tmp_path / "planets").folder
    code = (
        "import time; from pathlib import Path; from bakeoff.runs.folder import RunFolder\n"
        f"with RunFolder(Path({str(folder.root)!r})).lock():\n print('locked', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().strip() == "locked"
        assert states(tmp_path) == {"planets": "running"}
        folder.comparison_path.rename(tmp_path / "elsewhere")
        with pytest.raises(RunFolderError, match="another process is working on it"):
            open_run(folder.root)
        (tmp_path / "elsewhere").rename(folder.comparison_path)
        process.kill()
    assert states(tmp_path) == {"planets": "finished"}


def test_asking_whether_a_run_is_at_work_leaves_no_lock(tmp_path):
    """Neither a file nor a lock that would keep the run out."""
    folder = finished(tmp_path / "planets").folder
    assert not folder.is_running and not (folder.root / ".lock").exists()
    with folder.lock():
        pass
    assert not folder.is_running
    with folder.lock():
        assert folder.is_running


@pytest.mark.parametrize(
    ("name", "content", "state"),
    [
        ("config.yaml", "name: [", "unreadable"),
        ("config.yaml", "nmae: x", "unreadable"),
        ("config.yaml", b"\xff\xfe\x00", "unreadable"),
        ("environment.json", "{", "unreadable"),
        ("environment.json", '{"run_format": 99}', "other format"),
        ("comparison.json", "[]", "unreadable"),
        ("verdict.json", '"rag"', "unreadable"),
        ("splits.jsonl", '{"id": 3}\n', "unreadable"),
    ],
)
def test_a_broken_run_is_listed_with_what_is_wrong(tmp_path, name, content, state):
    """The others are listed as before."""
    finished(tmp_path / "broken")
    finished(tmp_path / "whole")
    path = tmp_path / "broken" / name
    path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content)
    listed = {run.name: run for run in list_runs(tmp_path)}
    assert listed["broken"].state == state and listed["broken"].problem
    assert listed["whole"].state == "finished"


def test_what_is_no_run_is_not_listed(tmp_path):
    """Files, other folders, broken links, and a missing folder."""
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "photos").mkdir()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert list_runs(tmp_path) == [] == list_runs(tmp_path / "missing")


def test_the_newest_run_is_first(tmp_path):
    """By the time it was started."""
    for age, name in enumerate(("new", "older", "oldest")):
        folder = finished(tmp_path / name).folder
        then = time.time() - 3600 * age
        os.utime(folder.config_path, (then, then))
    assert [run.name for run in list_runs(tmp_path)] == ["new", "older", "oldest"]
