"""An export appears at a new path when it is complete, or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.errors import BakeoffError, ConfigError
from bakeoff.exports.target import new_path
from bakeoff.exports.tracking import tracking_of
from tests.unit.file_limit import files_of_at_most


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_and_a_folder_appear_at_the_end(tmp_path):
    """While they are written, only `PATH.part` is there; missing folders above it are made."""
    with new_path(tmp_path / "deep" / "a.txt") as path:
        path.write_text("whole")
        assert left(tmp_path / "deep") == ["a.txt.part"]
    with new_path(tmp_path / "deep" / "model") as path:
        path.mkdir()
    assert left(tmp_path / "deep") == ["a.txt", "model"]
    assert (tmp_path / "deep" / "a.txt").read_text() == "whole"


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_exists_is_never_overwritten(tmp_path, kind):
    """Not even an empty folder, or a link to nothing."""
    path = tmp_path / "out"
    {"file": path.touch, "folder": path.mkdir, "link": lambda: path.symlink_to("nowhere")}[kind]()
    with pytest.raises(ConfigError, match="overwrites nothing"), new_path(path):
        pytest.fail("nothing may be written")
    assert left(tmp_path) == ["out"]


def test_what_appears_meanwhile_is_kept(tmp_path):
    """The path is looked at again before it is renamed."""
    with pytest.raises(ConfigError, match="exists already"), new_path(tmp_path / "out") as path:
        path.write_text("mine")
        (tmp_path / "out").write_text("theirs")
    assert left(tmp_path) == ["out"] and (tmp_path / "out").read_text() == "theirs"


def test_a_path_below_a_file_is_refused(tmp_path):
    """Nothing can be written there."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="Cannot write"), new_path(tmp_path / "file" / "out"):
        pytest.fail("nothing may be written")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_export_leaves_nothing(tmp_path, error):
    """Whatever stops it."""
    with pytest.raises(error), new_path(tmp_path / "out") as path:
        path.write_text("half")
        raise error
    assert left(tmp_path) == []


def test_a_full_disk_leaves_nothing_and_says_so(tmp_path):
    """With what would help."""
    with files_of_at_most(1000), pytest.raises(BakeoffError, match="not enough room") as caught:  # noqa: SIM117
        with new_path(tmp_path / "out") as path:
            path.write_bytes(b"x" * 5000)
    assert "ulimit" in caught.value.remedy and left(tmp_path) == []


def test_a_killed_export_is_cleared_by_the_next_and_a_running_one_is_not(tmp_path):
    """The system's lock tells them apart."""
    code = (
        "import sys, time; from pathlib import Path; from bakeoff.exports.target import new_path\n"
        "with new_path(Path(sys.argv[1])) as path:\n"
        "    path.write_text('half'); print('ready', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "ready\n"
        with pytest.raises(ConfigError, match=r"Another export writes to .*/out now"), new_path(tmp_path / "out"):
            pytest.fail("two exports must not write to one path")
        os.kill(other.pid, signal.SIGKILL)
    assert left(tmp_path) == ["out.part"]
    with new_path(tmp_path / "out") as path:
        path.write_text("whole")
    assert left(tmp_path) == ["out"]


def test_a_file_called_like_the_part_is_kept(tmp_path):
    """It is somebody's own."""
    (tmp_path / "out.part").write_text("mine")
    with pytest.raises(ConfigError, match=r"out\.part exists already"), new_path(tmp_path / "out"):
        pytest.fail("nothing may be written")
    assert (tmp_path / "out.part").read_text() == "mine"


def test_a_tracking_store_is_a_sqlite_file_a_folder_or_a_server(tmp_path):
    """By the ending of its name, or by its address."""
    file, folder = tracking_of(str(tmp_path / "runs.db")), tracking_of(str(tmp_path / "mlruns"))
    assert file.address == f"sqlite:///{tmp_path}/runs.db" and file.artifacts.endswith("/runs-artifacts")
    assert folder.address == (tmp_path / "mlruns").as_uri() and folder.made == (tmp_path / "mlruns",)
    assert tracking_of(f"sqlite:///{tmp_path}/runs.db") == file
    assert tracking_of((tmp_path / "mlruns").as_uri()) == folder
    assert tracking_of("https://mlflow.example") == ("https://mlflow.example", "", ())


@pytest.mark.parametrize(
    ("out", "told"),
    [("s3://bucket/x", "'s3:' is no address"), ("https://me:secret@mlflow.example", "no user or password")],
)
def test_other_addresses_are_refused(out, told):
    """A password is not repeated."""
    with pytest.raises(ConfigError, match=told) as caught:
        tracking_of(out)
    assert "secret" not in str(caught.value)


def test_a_path_that_holds_something_else_is_refused(tmp_path):
    """A folder of other files, an empty folder, a file that is no database, a database of another program."""
    import sqlite3

    (tmp_path / "docs").mkdir()
    (tmp_path / "text.db").write_text("no database")
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute("CREATE TABLE mine (a)")
    connection.close()
    for name in ("docs", "text.db", "other.db"):
        with pytest.raises(ConfigError, match="holds no runs of MLflow"):
            tracking_of(str(tmp_path / name))
    (tmp_path / "new-artifacts").mkdir()
    with pytest.raises(ConfigError, match="new-artifacts exists already"):
        tracking_of(str(tmp_path / "new.db"))
