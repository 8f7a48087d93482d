"""The store keeps every version, loses nothing on a kill or a full disk, and reports exactly what changed."""

import sqlite3
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakeoff.corpus import sqlite_store
from bakeoff.corpus.sqlite_store import SCHEMA_VERSION, SqliteStore
from bakeoff.errors import BakeoffError, RunFolderError
from bakeoff.records import Document


def document(name: str, text: str = "text", **more: object) -> Document:
    return Document(id=name, source=f"{name}.md", text=text, **more)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "deep" / "documents.sqlite")


def ids(store: SqliteStore) -> list[str]:
    return [stored.id for stored in store.documents()]


def test_reading_the_same_again_touches_nothing_even_with_another_time(store):
    """Writing the same documents again changes nothing, even with another time."""
    store.replace_all([document("a"), document("b")])
    before = store.path.read_bytes()
    later = datetime(2030, 1, 1, tzinfo=UTC)
    changes = store.replace_all([document("a", updated_at=later), document("b")])
    assert (changes.any, changes.unchanged, changes.version) == (False, 2, 1)
    assert not store.upsert([document("a")]).any
    assert store.path.read_bytes() == before


def test_it_writes_with_a_rollback_journal_and_full_synchronisation(store):
    """It writes with a rollback journal and full synchronisation."""
    store.upsert([document("a")])
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    connection.close()
    with store._writing() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert [path.name for path in store.path.parent.iterdir()] == ["documents.sqlite"]


def test_a_store_of_another_schema_is_refused(store):
    """A store of another schema is refused."""
    connection = sqlite3.connect(store.path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(RunFolderError, match=f"has schema {SCHEMA_VERSION + 1}"):
        SqliteStore(store.path)


def test_a_file_of_another_program_is_refused(tmp_path):
    """A file of another program is refused."""
    foreign = tmp_path / "foreign.sqlite"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(RunFolderError, match="another program"):
        SqliteStore(foreign)
    (tmp_path / "text.sqlite").write_text("not a database, but long enough to be looked at" * 20)
    with pytest.raises(RunFolderError, match="not a SQLite file"):
        SqliteStore(tmp_path / "text.sqlite")
    with pytest.raises(BakeoffError, match="cannot be written"):
        SqliteStore(tmp_path)


def in_a_process(code: str, *arguments: object) -> subprocess.Popen[str]:
    preamble = (
        "import sys\nfrom pathlib import Path\nfrom bakeoff.corpus.sqlite_store import SqliteStore\n"
        "from bakeoff.records import Document\n"
        "def document(name, text='text'): return Document(id=name, source=name + '.md', text=text)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", preamble + textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes need POSIX")
def test_a_full_disk_is_told_and_nothing_is_lost(store):
    """A full disk raises a clear error, and nothing is lost."""
    store.replace_all([document("a", "kept " * 1000)])
    writer = in_a_process(
        """
        import resource, signal
        from bakeoff.errors import BakeoffError
        store = SqliteStore(Path(sys.argv[1]))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            store.replace_all([document(str(i), "x" * 50_000) for i in range(100)])
        except BakeoffError as error:
            print(error)
        """,
        store.path,
    )
    output, errors = writer.communicate()
    assert "The disk could not be used" in output, errors
    assert "free some space, or allow files of more than 100,000 bytes" in output
    assert (ids(SqliteStore(store.path)), store.version) == (["a"], 1)


def test_a_read_uses_the_connection_of_the_one_before_and_sees_every_change(tmp_path: Path) -> None:
    """Also what another store, which is another connection, wrote."""
    path = tmp_path / "store.sqlite"
    store, other = SqliteStore(path), SqliteStore(path)
    for number in range(3):
        other.upsert([Document(id="a", text=f"Text {number}.", source="a.md")])
        found = store.get("a")
        assert found is not None and found.text == f"Text {number}."
        assert len(store._readers._idle) == 1
    with store._reading() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM live")
    store.close()
    assert store._readers._idle == [] and store.get("a") is not None


def test_a_file_that_was_put_in_the_place_of_another_is_read(tmp_path: Path) -> None:
    """A restored copy: the connection that waits would read the old one."""
    path = tmp_path / "store.sqlite"
    store, other = SqliteStore(path), SqliteStore(tmp_path / "other.sqlite")
    store.upsert([Document(id="a", text="Old.", source="a.md")])
    other.upsert([Document(id="a", text="New.", source="a.md")])
    assert store.get("a") is not None
    with store.reading():  # one that is in use meanwhile
        (tmp_path / "other.sqlite").replace(path)
    for _ in range(3):
        found = store.get("a")
        assert found is not None and found.text == "New."


def test_reads_of_many_threads_keep_a_few_connections(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    store.upsert([Document(id="a", text="Text.", source="a.md")])
    barrier, texts = threading.Barrier(40), list[str]()

    def read() -> None:
        with store.reading() as reading:
            barrier.wait(20)
            texts.extend(text for (text,) in reading.select("SELECT text FROM versions"))

    threads = [threading.Thread(target=read) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["Text."] * 40 and 1 <= len(store._readers._idle) <= sqlite_store.IDLE
