"""A lock is held by one at a time, and ends with the process that holds it."""

import subprocess
import sys

import pytest

from bakeoff.errors import BakeoffError, RunFolderError
from bakeoff.files.locks import held
from tests.end_to_end.small import environment

HOLDS = """
import sys, time
from pathlib import Path
from bakeoff.errors import BakeoffError
from bakeoff.files.locks import held
with held(Path(sys.argv[1]), BakeoffError("somebody else")):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_one_is_refused_until_the_first_has_ended(tmp_path):
    """In the same process too; the refusal is the error that was given."""
    path = tmp_path / "work.lock"
    with (
        held(path, BakeoffError("first")),
        pytest.raises(RunFolderError, match="second"),
        held(path, RunFolderError("second")),
    ):
        pass
    with held(path, BakeoffError("third")):
        assert path.exists()


def test_a_kill_frees_the_lock(tmp_path):
    """Nothing has to be cleaned up by a person."""
    path = tmp_path / "work.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(BakeoffError, match="refused"), held(path, BakeoffError("refused")):
        pass
    holder.kill()
    holder.communicate()
    with held(path, BakeoffError("still held")):
        pass
