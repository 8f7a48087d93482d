"""A store that is lost is named by whoever reads it, and never made anew, empty."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.corpus.stores import check_store, copy_store, existing_store, fill_store, is_filled, open_store
from bakeoff.errors import RunFolderError
from bakeoff.records import Document

SOURCE = Path(__file__).parents[2] / "src" / "bakeoff"
ONE = Document(id="a", text="The planet Aldra has a moon.", source="a.md")
MAKERS = {"corpus/stores.py", "synthesis/reading.py", "pilot/data_files.py"}
"""Who may open a store that is not there: who fills it in the next line."""


def test_a_store_that_is_gone_is_not_made_by_reading_it(tmp_path):
    for open_it in (existing_store, check_store, lambda folder: copy_store(folder, tmp_path / "copy")):
        with pytest.raises(RunFolderError, match="are gone"):
            open_it(tmp_path)
    assert not is_filled(tmp_path) and not list(tmp_path.iterdir())


def test_an_empty_store_is_not_believed_where_documents_were_read(tmp_path):
    open_store(tmp_path).close()
    assert not is_filled(tmp_path)
    existing_store(tmp_path).close()  # a run that classifies may have none
    for open_it in (existing_store, check_store):
        with pytest.raises(RunFolderError, match="has never held one"):
            open_it(tmp_path, holds=True)


def test_a_store_from_which_all_was_deleted_is_no_lost_one(tmp_path):
    fill_store(tmp_path, [ONE])
    with existing_store(tmp_path, holds=True) as store:
        store.delete(["a"])
    check_store(tmp_path, holds=True)
    assert is_filled(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_filling_a_store_that_is_killed_leaves_none(tmp_path):
    """Its tables were committed before its documents: what was left was taken for a whole store without documents."""
    code = """
import os, signal, sys
from pathlib import Path
from bakeoff.corpus.store import SqlStore
from bakeoff.corpus.stores import fill_store
SqlStore.replace_all = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
fill_store(Path(sys.argv[1]), [])
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(RunFolderError, match="are gone"):
        existing_store(tmp_path)
    fill_store(tmp_path, [ONE])
    assert is_filled(tmp_path) and [path.name for path in tmp_path.iterdir()] == ["store.sqlite"]


def test_a_new_store_does_not_take_over_the_journal_of_the_one_that_is_lost(tmp_path):
    (tmp_path / "store.sqlite-journal").write_bytes(b"of another store")
    fill_store(tmp_path, [ONE])
    assert [path.name for path in tmp_path.iterdir()] == ["store.sqlite"]


def test_only_those_who_fill_a_store_may_make_one():
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if re.search(r"\bopen_store\(", path.read_text(encoding="utf-8"))
    }
    assert found == MAKERS
