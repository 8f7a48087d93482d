"""Releases are whole or absent, one of them is live, and each of these can be taken back."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bakeoff.errors import RunFolderError
from bakeoff.files.unreadable import NOT_READABLE
from bakeoff.retrieval.settings import Retrieval, index_folder_name
from bakeoff.runs.run import open_run
from bakeoff.serve import release_files
from bakeoff.serve import releases as module
from bakeoff.serve.deployment import deploy
from bakeoff.serve.documents.order import only_writer
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Decision
from bakeoff.serve.releases import (
    Release,
    add_release,
    current,
    history,
    is_deployment,
    make_current,
    numbers,
    previous,
    promoting,
    prune,
    read_release,
    releases,
    remove_release,
    remove_unused_indexes,
    rollback,
)
from bakeoff.serve.standing import standing_of
from tests.unit.refused import no_rights
from tests.unit.released import ADAPTER, released_run
from tests.unit.test_layout import ENGINES


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run."""
    return released_run(tmp_path_factory.mktemp("runs") / "planets")


@pytest.fixture
def root(run, tmp_path):
    """A deployment of it that serves `rag` as release 1."""
    return deploy(run, tmp_path / "planets", ["rag"]).root


def promote(root, run, *contenders: str) -> Release:
    """Adds a release and makes it the live one."""
    release = add_release(root, run, contenders or ["rag"], "better")
    make_current(root, release.number, release.reason)
    return release


def test_a_release_is_added_whole_and_is_not_live_until_it_is_made_so(root, run):
    added = add_release(root, run, ["base", "rag"], "a trial")
    assert (added.number, added.contender, current(root)) == (2, "base", 1)
    folder = root / "releases" / "2"
    assert (folder / "adapters" / ADAPTER / "weights.bin").read_bytes() == b"weights"
    assert (folder / "contenders" / "rag" / "contender.json").exists() and (folder / "evidence" / "data.json").exists()
    make_current(root, 2, "it was better")
    assert (current(root), read_release(root, 2), previous(root)) == (2, added, 1)
    assert [(one.number, one.before, one.by) for one in history(root)] == [(1, None, "serve"), (2, 1, "promotion")]
    assert history(root)[-1].reason == "it was better"


def test_a_rollback_goes_back_a_second_one_takes_it_back_and_any_can_be_named(root, run):
    promote(root, run)
    promote(root, run)
    assert rollback(root).number == 2 == current(root)
    assert rollback(root).number == 3 == current(root)
    assert rollback(root, to=1, reason="users complain").number == 1 == current(root)
    assert (previous(root), history(root)[-1].reason, history(root)[-1].by) == (3, "users complain", "rollback")


def test_what_cannot_be_gone_back_to_is_said(root, run):
    """Nothing before the first release; no release of that number; one whose file is damaged."""
    with pytest.raises(RunFolderError, match="before release 1") as error:
        rollback(root)
    assert "no other release" in error.value.remedy
    with pytest.raises(RunFolderError, match=r"no release 7 in .*; there are: 1"):
        rollback(root, to=7)
    promote(root, run)
    (root / "releases" / "1" / "release.json").write_text("{}")
    with pytest.raises(RunFolderError, match=r"Cannot read .*release\.json"):
        rollback(root)
    assert current(root) == 2


def test_a_change_that_was_announced_and_never_happened_does_not_count(root, run, monkeypatch):
    """A kill between the line of the history and the pointer: the pointer is the truth."""
    promote(root, run)
    third = add_release(root, run, ["rag"], "better")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.jsonl, "write_text", killed)
    with pytest.raises(KeyboardInterrupt):
        make_current(root, third.number)
    monkeypatch.undo()
    assert history(root)[-1].number == 3 and (current(root), previous(root)) == (2, 1)
    assert rollback(root).number == 1


def test_a_deployment_of_an_older_version_has_no_history(root):
    """It is served as before, and any release can still be named."""
    (root / "history.jsonl").unlink()
    assert (current(root), previous(root)) == (1, None)
    assert rollback(root, to=1).number == 1


def test_half_a_release_is_never_taken_for_one_and_goes_with_the_next_promotion(root, run):
    """A kill left it, and a pointer that did not get to its place. Indexes are cleared as if it was not there."""
    half = root / "releases" / ".2"
    (half / "contenders" / "rag").mkdir(parents=True)
    (half / "contenders" / "rag" / "contender.json").write_text('{"spec": ')
    (root / ".current.abc").write_text("2")
    (root / "indexes" / "embedder-7").mkdir()
    assert numbers(root) == [1] and [one.number for one in releases(root)] == [1]
    with pytest.raises(RunFolderError, match=r"no release 2 in .*; there are: 1"):
        rollback(root, to=2)
    assert remove_unused_indexes(root) == ["embedder-7"]
    assert promote(root, run).number == 2
    assert [path.name for path in (root / "releases").iterdir() if path.name.startswith(".")] == []
    assert not (root / ".current.abc").exists()


@pytest.mark.parametrize("place", ["copy2", "copytree", "write_record"])
def test_a_full_disk_leaves_the_live_release_and_no_half_one(root, run, monkeypatch, place):
    """While files are copied, or while the release's own file is written."""

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(release_files if place == "write_record" else shutil, place, full)
    with pytest.raises(RunFolderError, match="No space left") as error:
        add_release(root, run, ["base"], "better")
    assert "free some space" in error.value.remedy
    monkeypatch.undo()
    assert [path.name for path in (root / "releases").iterdir()] == ["1"] and current(root) == 1
    assert promote(root, run).number == 2


def test_a_full_disk_while_the_pointer_is_written_leaves_it(root, run, monkeypatch):
    added = add_release(root, run, ["base"], "better")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.jsonl, "write_text", full)
    with pytest.raises(RunFolderError, match="No space left"):
        make_current(root, added.number)
    assert current(root) == 1


def test_the_pointer_and_its_folder_are_flushed_to_the_disk(root, run, monkeypatch):
    """Otherwise a power failure may bring the former pointer back, or none."""
    added, flushed, fsync = add_release(root, run, ["base"], "better"), [], os.fsync

    def noted(descriptor):
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("only where open files have names")
    monkeypatch.setattr(os, "fsync", noted)
    make_current(root, added.number)
    assert any("/.current." in path for path in flushed) and flushed[-1] == str(root.resolve())


def test_a_second_promotion_at_the_same_time_is_refused(root, run):
    """In another thread or process. The same thread may nest what it does."""
    with promoting(root), promoting(root):
        added = add_release(root, run, ["base"], "better")
        refused = []

        def other():
            try:
                make_current(root, 1)
            except RunFolderError as error:
                refused.append(str(error))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert "nother promotion is in progress" in refused[0]
    make_current(root, added.number)
    assert current(root) == added.number


def test_pruning_keeps_the_newest_the_live_one_and_the_one_before_it(root, run):
    for _ in range(6):
        promote(root, run)
    rollback(root, to=2)
    rollback(root, to=1)
    assert prune(root, keep=2) == [3, 4, 5] and numbers(root) == [1, 2, 6, 7]
    make_current(root, 7)
    make_current(root, 6)
    assert prune(root, keep=0) == [1, 2] and numbers(root) == [6, 7]
    assert add_release(root, run, ["rag"], "better").number == 8


def test_a_number_is_never_used_again(root, run):
    """The log of a server names releases by their numbers."""
    promote(root, run)
    make_current(root, 1)
    shutil.rmtree(root / "releases" / "2")
    assert add_release(root, run, ["rag"], "better").number == 3


def test_what_a_kill_left_is_swept_away(root, run):
    for name in (".9", ".2.gone"):
        (root / "releases" / name).mkdir()
    assert [one.number for one in releases(root)] == [1]
    prune(root)
    assert [path.name for path in (root / "releases").iterdir()] == ["1"]


def test_an_index_goes_with_the_last_release_that_uses_it(root, tmp_path):
    """It is shared: one that any remaining release uses stays. While a server runs, the server removes it."""
    other = released_run(tmp_path / "runs" / "other", chunk_tokens=32)
    (root / "indexes" / "embedder-32").mkdir()
    promote(root, other)
    assert prune(root, keep=1) == [] and _indexes(root) == ["embedder-32", "embedder-64"]
    promote(root, other)
    with only_writer(root):
        assert prune(root, keep=1) == [1] and _indexes(root) == ["embedder-32", "embedder-64"]
    assert prune(root, keep=1) == [] and _indexes(root) == ["embedder-32"]


def test_an_index_stays_whatever_its_embedder_is_called(root):
    """The folder of an index has a hyphen for the slash of a name such as BAAI/bge."""
    path = root / "releases" / "1" / "contenders" / "rag" / "contender.json"
    built = json.loads(path.read_text())
    built["spec"]["retrieval"]["embedder"] = "BAAI/bge"
    path.write_text(json.dumps(built))
    name = Retrieval(**built["spec"]["retrieval"]).index
    folder = root / "indexes" / index_folder_name(name)
    folder.mkdir()
    asked_for = root / "indexes" / index_folder_name("other/one-32")
    asked_for.mkdir()
    remove_unused_indexes(root, ["other/one-32"])
    assert folder.parent == root / "indexes" and {folder.name, asked_for.name} <= set(_indexes(root))


def test_no_index_is_removed_while_a_contender_cannot_be_read(root, run, caplog):
    (root / "indexes" / "embedder-32").mkdir()
    path = root / "releases" / "1" / "contenders" / "rag" / "contender.json"
    path.write_text("{")
    prune(root)
    assert _indexes(root) == ["embedder-32", "embedder-64"] and "cannot be read" in caplog.text


def _indexes(root):
    return sorted(path.name for path in (root / "indexes").iterdir())


def test_a_restart_takes_no_promotion_back(root, run):
    """`bakeoff serve RUN` with the choice that was served before keeps what was promoted, or rolled back to."""
    promote(root, run, "base")
    assert deploy(run, root, ["rag"]).release.number == 2
    rollback(root)
    assert deploy(run, root, ["base"]).release.number == 1
    assert deploy(run, root, ["base", "rag"]).release.number == 3  # a choice that is new is what was asked for
    assert deploy(run, root, ["rag"]).release.number == 1  # and nobody promoted since


def test_a_restart_without_a_choice_keeps_what_was_decided(root, run):
    """A deployment that was first served with `-c` is served by its name alone after a restart."""
    promote(root, run, "base")
    rollback(root)
    promote(root, run, "base")
    decided = current(root)
    assert deploy(run, root).release.number == decided
    assert deploy(run, root, ["rag"]).release.number == decided
    assert deploy(run, root, ["base", "rag"]).release.contenders == ("base", "rag")
    assert deploy(run, root).release.contenders == deploy(run, root, ["rag", "base"]).release.contenders


@pytest.mark.parametrize("outcome", ["keep", "waits", "refused", "rolled back"])
def test_a_restart_keeps_what_the_gate_kept(root, run, caplog, monkeypatch, outcome):
    """Whatever was decided: the verdict of the run, which labels may change, replaces nothing by itself."""
    with Log(root / "log.sqlite") as log:
        log.append(Decision(round=1, live=1, candidate="rounds/1", outcome=outcome, reason="no better", by="Ann"))
    best = run.best.model_copy(update={"contender": "base", "reason": "the winner of the verdict"})
    monkeypatch.setattr(type(run), "best", best)
    assert deploy(run, root).release.number == 1 == current(root)
    (said,) = (record.getMessage() for record in caplog.records)
    assert said.startswith(
        "Release 1 (rag) stays live, as was decided here. By itself the run planets would serve base"
    )
    assert ": the winner of the verdict. " in said
    deployments = f"--deployments {root.parent}"
    assert said.endswith(f"To serve that: bakeoff serve {run.folder.root} -c base {deployments}")
    assert deploy(run, root, ["base"]).release.contenders == ("base",)  # it does
    caplog.clear()
    assert deploy(run, root).release.number == 2 and not caplog.records


def test_a_start_that_changes_what_is_live_says_so(root, run, caplog, monkeypatch):
    """What was live, what is, why, and how to go back. One that changes nothing says nothing."""
    deploy(run, root, ["rag"])
    assert not caplog.records
    best = run.best.model_copy(update={"contender": "base", "reason": "the winner of the verdict"})
    monkeypatch.setattr(type(run), "best", best)
    assert deploy(run, root).release.number == 2
    assert [record.getMessage() for record in caplog.records] == [
        "Release 1 (rag) was live; release 2 (base) is live now: the winner of the verdict. To go back: "
        f"bakeoff rollback planets --to 1 --deployments {root.parent}"
    ]


def test_a_run_that_was_moved_takes_no_rollback_back(root, run, tmp_path, caplog, monkeypatch):
    """Restored from a backup, or mounted elsewhere: it is the same run. One with other figures of the test is not."""
    promote(root, run, "base")
    rollback(root)
    shutil.copytree(run.folder.root, tmp_path / "elsewhere" / "planets")
    moved = open_run(tmp_path / "elsewhere" / "planets")
    assert deploy(moved, root, ["rag"]).release.number == deploy(moved, root, ["base"]).release.number == 1
    assert [change.number for change in history(root)] == [1, 2, 1]
    figures = standing_of(moved.folder.root)
    more = figures.tested["rag"].model_copy(update={"n_questions": 900})
    monkeypatch.setattr(module, "standing_of", lambda _: figures.model_copy(update={"tested": {"rag": more}}))
    assert deploy(open_run(moved.folder.root), root, ["rag"]).release.number == 3
    changed = "since it was promoted or rolled back to; release 3 (rag) is live now: as you named it. To go back: "
    assert changed + "bakeoff rollback planets --to 1" in caplog.text


def test_a_run_that_was_renamed_is_told_where_its_decisions_are(root, run, tmp_path, caplog):
    """Its deployment has the name that it had, and a new one begins without decisions and changed documents."""
    promote(root, run, "base")
    shutil.copytree(run.folder.root, tmp_path / "elsewhere" / "stars")
    (root.parent / "notes.txt").touch()
    deploy(open_run(tmp_path / "elsewhere" / "stars"), root.parent / "stars", ["rag"])
    assert f"{root} is of the same run" in caplog.text and f"bakeoff serve {root}" in caplog.text
    caplog.clear()
    deploy(open_run(tmp_path / "elsewhere" / "stars"), root.parent / "stars", ["rag"])
    assert "same run" not in caplog.text


def test_releases_are_read_and_rolled_back_without_an_engine():
    """The command has one second."""
    code = "import sys, bakeoff.serve.releases; print(*(name for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "bakeoff.serve.releases" in loaded and not {*loaded} & {*ENGINES, "starlette", "uvicorn"}


def test_a_release_that_cannot_be_read_names_one_to_go_back_to_only_if_there_is_one(root, run):
    """The command names the folder, so it can be copied anywhere."""
    (root / "releases" / "1" / "release.json").write_text("{}")
    with pytest.raises(RunFolderError, match=r"Cannot read") as error:
        read_release(root, 1)
    assert error.value.remedy == "make the deployment again from its run"
    promote(root, run)
    with pytest.raises(RunFolderError, match=r"Cannot read") as error:
        read_release(root, 1)
    assert f"bakeoff rollback {root} --to 2; or make" in error.value.remedy


@pytest.mark.parametrize(
    "closed", ["current", "history.jsonl", "releases", "releases/1", "releases/1/release.json", ""]
)
def test_what_may_not_be_read_is_neither_lost_nor_damaged(root, run, closed, monkeypatch):
    """One that may not read `current` was told that it is lost, and to roll back."""
    promote(root, run, "base")
    rollback(root)
    no_rights(monkeypatch, root / closed)
    with pytest.raises(RunFolderError, match="Permission denied") as error:
        is_deployment(root), current(root), history(root), numbers(root), read_release(root, 1)
    assert error.value.remedy == NOT_READABLE
    assert "Cannot read" in error.value.message or "Cannot look into" in error.value.message


def test_a_pointer_that_may_not_be_read_is_not_replaced(root, run, monkeypatch):
    """The history would not know what was live before."""
    promote(root, run, "base")
    with monkeypatch.context() as refusing:
        no_rights(refusing, root / "current")
        for change in (lambda: rollback(root), lambda: rollback(root, to=1), lambda: make_current(root, 1)):
            with pytest.raises(RunFolderError, match=r"Cannot read .*current: Permission denied"):
                change()
    assert (current(root), len(history(root))) == (2, 2)


def test_the_last_number_that_may_not_be_read_is_not_given_again(root, run, monkeypatch):
    removed = add_release(root, run, ["base"], "a trial")
    remove_release(root, removed.number)
    with monkeypatch.context() as refusing:
        no_rights(refusing, root / "last-number")
        with pytest.raises(RunFolderError, match="last-number: Permission denied"):
            add_release(root, run, ["base"], "a trial")
    assert add_release(root, run, ["base"], "a trial").number == removed.number + 1
