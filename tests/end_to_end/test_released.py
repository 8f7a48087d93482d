"""What every release wrote opens here, and what a later one may write is refused: found, allowed, what to do."""

import json
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import bakeoff as package
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import RunFolderError
from bakeoff.models.embed import load_embedder
from bakeoff.records import Question
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.runs.labels import labels_of
from bakeoff.runs.run import open_run
from bakeoff.serve.deployment import open_deployment
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Thumb
from tests.end_to_end.small import bakeoff
from tests.released.make import FOLDER, PLACE

ARCHIVES = sorted(FOLDER.glob("*.zip"))
ASKED = "How long does Aldra take to circle its star?"


def unpacked(archive: Path, folder: Path) -> Path:
    """The folder of an archive, with this place in it."""
    with zipfile.ZipFile(archive) as file:
        for name in file.namelist():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.read(name))
    for path in (*folder.rglob("config.yaml"), *folder.rglob("*.json")):
        path.write_bytes(path.read_bytes().replace(f"{PLACE}/".encode(), f"{folder}/".encode()))
    return folder


@pytest.fixture(scope="module")
def once(tmp_path_factory) -> Callable[[Path], Path]:
    """Each archive unpacked once; tests copy what they change."""
    there: dict[Path, Path] = {}

    def folder(archive: Path) -> Path:
        if archive not in there:
            there[archive] = unpacked(archive, tmp_path_factory.mktemp(archive.stem.replace(".", "-")))
        return there[archive]

    return folder


@pytest.fixture
def written(once, tmp_path) -> Path:
    """A copy of what the newest release wrote."""
    return Path(shutil.copytree(once(ARCHIVES[-1]), tmp_path / "pilot", dirs_exist_ok=True))


def test_this_version_has_an_archive():
    """Made when it is released: python -m tests.released.make"""
    assert package.__version__ in [archive.stem for archive in ARCHIVES]


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.stem)
def test_a_run_of_every_release_is_shown_asked_and_reported(once, archive, tmp_path):
    pilot = Path(shutil.copytree(once(archive), tmp_path / "pilot", dirs_exist_ok=True))
    run = open_run(pilot / "runs" / "planets")
    assert run.contenders == ("extract", "faq") and len(run.to_pandas())
    assert "314 days" in (run.ask(ASKED, "extract").text or "")
    assert list(labels_of(run.folder).verdicts.values()) == ["right"]
    told = bakeoff("report", "runs/planets", cwd=pilot)
    assert told.returncode == 0, told.stderr
    assert "extract" in (pilot / "runs" / "planets" / "report.html").read_text(encoding="utf-8")
    shown = bakeoff("runs", cwd=pilot)
    assert "planets" in shown.stdout


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.stem)
def test_a_store_and_a_deployment_of_every_release_open_and_answer(once, archive, tmp_path):
    pilot = Path(shutil.copytree(once(archive), tmp_path / "pilot", dirs_exist_ok=True))
    store = SqliteStore(pilot / "runs" / "planets" / "store.sqlite")
    assert len(list(store.documents())) == 6
    deployment = open_deployment(pilot / "deployment")
    assert deployment.release.number == 1 and deployment.release.contender == "extract"
    question = Question(id="q", text=ASKED, fact="q")
    assert "314 days" in deployment.world.open("extract").answer([question])[0].text
    assert deployment.identity("faq").contender == "faq"
    with Log(pilot / "deployment" / "log.sqlite") as log:
        assert [one.text for one in log.entries(LoggedAnswer)] == ["314 days"] and log.thumbs_on(["a1"])["a1"].up


def numbered(path: Path, number: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {number}")


def fields(path: Path, **more: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | more))


def later_run(pilot: Path) -> None:
    fields(pilot / "runs/planets/environment.json", run_format=99, bakeoff="9.0.0")
    open_run(pilot / "runs" / "planets").folder.config()


def later_store(pilot: Path) -> None:
    numbered(pilot / "runs/planets/store.sqlite", 99)
    SqliteStore(pilot / "runs/planets/store.sqlite")


def later_log(pilot: Path) -> None:
    numbered(pilot / "deployment/log.sqlite", 99)
    Log(pilot / "deployment/log.sqlite")


def later_index(pilot: Path) -> None:
    (index,) = (pilot / "runs/planets/indexes").iterdir()
    fields(index / "index.json", schema_version=99, invented="field")
    HybridIndex.open(index, load_embedder("hash"))


def later_release(pilot: Path) -> None:
    fields(pilot / "deployment/releases/1/release.json", format=99, bakeoff="9.0.0", invented=1)
    _ = open_deployment(pilot / "deployment").release


@pytest.mark.parametrize("later", [later_run, later_store, later_log, later_index, later_release])
def test_a_later_format_is_refused_with_what_was_found_and_what_is_allowed(written, later):
    """And nothing is changed by the attempt."""
    with pytest.raises(RunFolderError) as told:
        later(written)
    assert re.search(r"\b99\b", told.value.message) and re.search(r"reads .*\d", told.value.message)
    assert told.value.remedy
    if later in (later_run, later_release):
        assert "9.0.0" in told.value.message


def test_a_release_without_a_number_is_of_the_first_format(written):
    """Those were written before formats of releases had numbers."""
    path = written / "deployment/releases/1/release.json"
    values = json.loads(path.read_text())
    del values["format"]
    path.write_text(json.dumps(values))
    assert open_deployment(written / "deployment").release.format == 1


def logs_of_earlier_schemas(path: Path) -> Iterator[int]:
    """The log as schemas 1 and 2 had it: without the guards against deletion, or with an older one."""
    for number in (1, 2):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DROP TRIGGER only_old_entries_are_deleted")
            if number == 1:
                connection.execute("DROP TRIGGER nothing_is_replaced")
                connection.execute("DROP TABLE retention")
            else:
                connection.execute(
                    "CREATE TRIGGER only_old_entries_are_deleted BEFORE DELETE ON entries WHEN 0 BEGIN SELECT 1; END"
                )
            connection.execute(f"PRAGMA user_version = {number}")
        yield number


def test_logs_of_earlier_schemas_are_brought_forward(written):
    path = written / "deployment/log.sqlite"
    for _ in logs_of_earlier_schemas(path):
        with Log(path) as log:
            assert [one.up for one in log.entries(Thumb)] == [True]
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone()[0] == 3
            (guard,) = connection.execute(
                "SELECT sql FROM sqlite_master WHERE name = 'only_old_entries_are_deleted'"
            ).fetchone()
            assert "decision" in guard
