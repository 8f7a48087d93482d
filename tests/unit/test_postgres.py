"""Documents and indexes in PostgreSQL: addresses, refusals, servers that go away, other processes, large indexes."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bakeoff.corpus.place import PLACE, checked_address, place_of
from bakeoff.corpus.postgres import database, schema
from bakeoff.corpus.postgres import store as postgres_store
from bakeoff.corpus.postgres.database import Database
from bakeoff.corpus.postgres.place import Place
from bakeoff.corpus.postgres.schema import copy_schema
from bakeoff.corpus.postgres.told import told
from bakeoff.corpus.stores import check_address, copy_store, has_store, keep_in, open_store, remove_store
from bakeoff.errors import BakeoffError, ConfigError, InputError, RunFolderError, StoreGoneError
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document, Hit
from bakeoff.retrieval import opening, syncing
from bakeoff.retrieval.opening import copy_documents, copy_documents_alone, index_names, index_sha256, open_index
from bakeoff.retrieval.postgres import nearest, ranking
from bakeoff.retrieval.postgres.index import PostgresIndex
from bakeoff.retrieval.postgres.nearest import Nearest, Vectors
from bakeoff.retrieval.searching import Filter
from bakeoff.runs.config import validate
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.routes import DocumentsApi
from bakeoff.serve.keys import Holder
from bakeoff.serve.openai.routes import exception_handlers
from tests.unit.sql_servers import (
    PASSWORD,
    Server,
    crashed,
    free_port,
    postgres_of,
    postgres_server,
    session,
    vectors_programs,
)

ROOT = Path(__file__).parents[2]


def document(name: str, text: str = "text", access: tuple[str, ...] = ()) -> Document:
    return Document(id=name, source=f"{name}.md", text=text, access=access)


@pytest.fixture
def folder(tmp_path: Path, vectors_address: str) -> Path:
    keep_in(tmp_path / "world", vectors_address)
    return tmp_path / "world"


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may stop."""
    with postgres_of(vectors_programs()) as server:
        yield server


def opened(folder: Path, embedder: Any = None, max_tokens: int = 8) -> PostgresIndex:
    index = open_index(folder, "index", embedder or HashEmbedder(dimension=32), max_tokens)
    assert isinstance(index, PostgresIndex)
    return index


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.chunk.document_id for hit in hits]


# Addresses


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://me:secret@host/db", "holds a password"),
        ("postgresql://me@host/db?password=secret", "'password' looks like a secret"),
        ("mysql://me@host/db", "address of a database"),
        ("store.sqlite", "address of a database"),
        ("postgresql://me@host", "names no database"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(address: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        validate({"name": "x", "documents": ["d"], "questions": ["q"], "store": address})
    assert "secret@" not in str(caught.value) and "=secret" not in str(caught.value)


def test_the_run_folder_says_the_address_and_the_schema(tmp_path: Path) -> None:
    """Two worlds on one database have schemas of their own, named after their folders."""
    address = checked_address("postgresql://me@host/db?sslmode=require")
    for name in ("Help desk", "other"):
        keep_in(tmp_path / name, address)
    first, second = place_of(tmp_path / "Help desk"), place_of(tmp_path / "other")
    assert first and second and first.address == address
    assert first.schema_name.startswith("bakeoff_help_desk_") and first.schema_name != second.schema_name
    keep_in(tmp_path / "other", "postgresql://me@elsewhere/db")
    assert place_of(tmp_path / "other") == second  # documents that are there stay there
    keep_in(tmp_path / "files", "")
    assert not has_store(tmp_path / "files")


@pytest.mark.parametrize("content", ["", "{}", '{"address": "postgresql://a:b@c/d", "schema_name": "x"}'])
def test_a_damaged_place_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / PLACE).write_text(content)
    with pytest.raises(RunFolderError, match=r"store\.json does not say"):
        open_store(tmp_path)


def test_a_schema_name_is_no_syntax(tmp_path: Path) -> None:
    values = {"address": "postgresql://a@c/d", "schema_name": 'x"; DROP SCHEMA public; --'}
    (tmp_path / PLACE).write_text(json.dumps(values))
    with pytest.raises(RunFolderError, match="no plain name"):
        open_store(tmp_path)


# Refusals


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    keep_in(tmp_path, f"postgresql://me@127.0.0.1:{free_port()}/db")
    with pytest.raises(BakeoffError, match="cannot be reached") as caught:
        open_store(tmp_path)
    assert "check the address in store:" in caught.value.remedy


def test_a_wrong_password_is_refused_and_the_right_one_comes_from_the_environment(
    tmp_path: Path, own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password stands in PGPASSWORD, and in no message and no file."""
    own_server.run(
        f"CREATE USER team PASSWORD '{PASSWORD.replace('%', '%')}'",
        "CREATE EXTENSION vector",
        "GRANT CREATE ON DATABASE postgres TO team",
    )
    keep_in(tmp_path, own_server.owner_address.replace("owner@", "team@"))
    for given in ("", "wrong"):
        monkeypatch.setenv("PGPASSWORD", given)
        with pytest.raises(StoreGoneError, match="refuses the user or the password") as caught:
            open_store(tmp_path)
        assert "PGPASSWORD" in caught.value.remedy
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with open_store(tmp_path) as store:
        assert store.upsert([document("a")]).version == 1
        assert PASSWORD not in store.where and PASSWORD not in (tmp_path / PLACE).read_text()


def test_a_database_that_is_not_there_is_named(tmp_path: Path, vectors_address: str) -> None:
    keep_in(tmp_path, vectors_address.rpartition("/")[0] + "/nowhere")
    with pytest.raises(BakeoffError, match="nowhere"):
        open_store(tmp_path)


def test_a_server_without_pgvector_is_refused(tmp_path: Path) -> None:
    """Before anything is made there."""
    with postgres_server() as server:
        with server.engine.connect() as connection:
            if connection.exec_driver_sql("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone():
                pytest.skip("the PostgreSQL of this machine has pgvector")
        keep_in(tmp_path, server.owner_address)
        with pytest.raises(ConfigError, match="does not have pgvector") as caught:
            open_store(tmp_path)
        assert "pgvector" in caught.value.remedy


def test_a_user_who_may_not_add_pgvector_is_told_what_to_ask_for(tmp_path: Path, own_server: Server) -> None:
    own_server.run("CREATE USER weak", "GRANT CREATE ON DATABASE postgres TO weak")
    (own_server.folder / "pg" / "pg_hba.conf").write_text("host all all 127.0.0.1/32 trust\n")
    own_server.run("SELECT pg_reload_conf()")
    time.sleep(0.3)
    keep_in(tmp_path, own_server.owner_address.replace("owner@", "weak@"))
    with pytest.raises(ConfigError, match="may not add it") as caught:
        open_store(tmp_path)
    assert "CREATE EXTENSION vector" in caught.value.remedy


def test_a_user_who_may_make_no_schema_is_told_before_a_run(tmp_path: Path, own_server: Server) -> None:
    own_server.run('CREATE USER "a weak one"')
    (own_server.folder / "pg" / "pg_hba.conf").write_text("host all all 127.0.0.1/32 trust\n")
    own_server.run("SELECT pg_reload_conf()")
    time.sleep(0.3)
    address = own_server.owner_address.replace("owner@", "a%20weak%20one@")
    with pytest.raises(ConfigError, match="The user a weak one may not make a schema") as caught:
        check_address(address)
    own_server.run(caught.value.remedy.rpartition(": ")[2])
    assert "pgvector" in check_address(address)


def test_a_reader_searches_and_cannot_change(tmp_path: Path, own_server: Server) -> None:
    """A role with SELECT only: everything is found, and a change is one message."""
    keep_in(tmp_path, own_server.owner_address)
    with open_store(tmp_path) as store:
        store.upsert([document("zebra", "Zebras graze.")])
        opened(tmp_path).sync(store)
    name = place_of(tmp_path).schema_name  # type: ignore[union-attr]
    own_server.run(
        "CREATE USER reads", f"GRANT USAGE ON SCHEMA {name} TO reads",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO reads",
    )  # fmt: skip
    (own_server.folder / "pg" / "pg_hba.conf").write_text("host all all 127.0.0.1/32 trust\n")
    own_server.run("SELECT pg_reload_conf()")
    time.sleep(0.3)
    path = tmp_path / PLACE
    path.write_text(path.read_text().replace("owner@", "reads@"))
    with open_store(tmp_path) as store:
        index = opened(tmp_path)
        assert ids(index.search(["zebra"], 3)[0]) == ["zebra"] and index.sync(store).n_written == 0
        with pytest.raises(BakeoffError, match="may only be read") as caught:
            store.upsert([document("yak")])
        assert "grant" in caught.value.remedy and store.version == 1


def test_a_schema_of_a_later_version_is_refused(folder: Path) -> None:
    with open_store(folder) as store, store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE schema_version SET version = 99")
    with pytest.raises(RunFolderError, match="has version 99") as caught:
        open_store(folder)
    assert "a later one" in caught.value.remedy
    with pytest.raises(RunFolderError, match="has version 99"):
        opened(folder)


def test_a_schema_of_an_earlier_version_is_brought_forward(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all documents in it; a step that fails changes nothing."""
    with open_store(folder) as store:
        store.upsert([document("a")])
    steps = schema.STEPS
    monkeypatch.setattr(schema, "STEPS", (*steps, ("ALTER TABLE live ADD COLUMN more INTEGER", "SELECT 1 / 0")))
    with pytest.raises(BakeoffError, match="division by zero"):
        open_store(folder)
    monkeypatch.setattr(schema, "STEPS", (*steps, ("ALTER TABLE live ADD COLUMN more INTEGER",)))
    with open_store(folder) as store, store.database.reading() as connection:  # type: ignore[attr-defined]
        assert connection.execute("SELECT more FROM live").fetchall() == [(None,)]
        assert connection.execute("SELECT version FROM schema_version").fetchone() == (len(steps) + 1,)


def test_a_schema_of_another_program_is_refused(folder: Path) -> None:
    with open_store(folder) as store, store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.execute("DROP TABLE schema_version")
    with pytest.raises(RunFolderError, match="another program"):
        open_store(folder)


def test_a_text_with_nul_is_refused_and_nothing_changes(folder: Path) -> None:
    """SQLite keeps it, PostgreSQL cannot."""
    store = open_store(folder)
    with pytest.raises(InputError, match="character NUL"):
        store.upsert([document("a"), document("b", "one\0two")])
    assert store.version == 0 and store.get("a") is None


def test_an_index_that_somebody_dropped_is_told(folder: Path) -> None:
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras.")])
    index.sync(store)
    with store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.execute("DELETE FROM indexes")
    with pytest.raises(RunFolderError, match="is gone"):
        index.search(["zebras"], 3)
    again = opened(folder)
    again.sync(store)
    assert ids(again.search(["zebras"], 3)[0]) == ["a"]


def test_a_reader_does_not_wait_for_ever_for_a_lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(folder)
    store.upsert([document("a", "Zebras.")])
    monkeypatch.setattr(database, "SNAPSHOT", database.SNAPSHOT.replace(str(database.READ_MS), "200"))
    with Database(place_of(folder)).writing() as connection:  # type: ignore[arg-type]
        connection.execute("LOCK TABLE live IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreGoneError, match="took too long"):
            store.get("a")
    assert store.get("a") is not None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are waited for 200 milliseconds instead of 30 seconds."""
    for module, name in ((database, "SNAPSHOT"), (database, "PATIENCE"), (postgres_store, "PATIENCE")):
        shorter = getattr(module, name).replace(f"lock_timeout = {database.LOCK_MS}", "lock_timeout = 200")
        assert shorter != getattr(module, name)
        monkeypatch.setattr(module, name, shorter)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("table", ["versions", "store", "texts_1"])
def test_a_table_that_another_session_locks_is_not_waited_for_for_ever(folder: Path, table: str) -> None:
    """Questions are told that the database is busy, changes get a 503, and all goes on when the lock is gone."""
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras.")])
    index.sync(store)
    with LiveDocuments(store, [index]) as live:
        one = client(live)
        with Database(place_of(folder)).writing() as connection:  # type: ignore[arg-type]
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            refused = one.put("/documents/b", json={"text": "Yaks."})
            assert refused.status_code == 503
            with pytest.raises(StoreGoneError, match="is busy: another session holds a lock") as caught:
                _ = index.search(["zebras"], 3), store.get("a"), store.version
            assert "pg_stat_activity" in caught.value.remedy
        assert one.put("/documents/b", json={"text": "Yaks."}).status_code in (200, 201)
        assert ids(index.search_bm25(["yaks"], 3)[0]) == ["b"]


@pytest.mark.usefixtures("impatient")
def test_a_sync_of_another_process_is_waited_for_as_long_as_it_takes(folder: Path) -> None:
    """It may be embedding for hours. So may one that makes an index of vectors."""
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras.")])
    synced = threading.Thread(target=index.sync, args=(store,))
    with opened(folder)._database.alone("index index"):
        synced.start()
        synced.join(1)
        assert synced.is_alive()
    synced.join(30)
    assert ids(index.search(["zebras"], 3)[0]) == ["a"]


def test_rows_that_somebody_changed_are_doubted(folder: Path) -> None:
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras graze."), document("b", "Yaks.")])
    index.sync(store)
    assert index.doubts(store) == ()
    with store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE texts_1 SET text = 'Lions graze.' WHERE text = 'Zebras graze.'")
    assert index.doubts(store) == ("a",)
    index.sync(store, again=["a"])
    assert index.doubts(store) == ()
    with store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.execute("TRUNCATE postings_1")
    with pytest.raises(RunFolderError, match="does not find words"):
        index.check()


# A server that goes away


@contextmanager
def stopping(server: Server) -> Iterator[None]:
    """The server waits for its last session to end."""
    with session(server):
        os.kill(server.pid, signal.SIGTERM)
        yield


@contextmanager
def full(server: Server) -> Iterator[None]:
    """All connections are taken."""
    import psycopg

    with ExitStack() as taken:
        with suppress(psycopg.OperationalError):
            while True:
                taken.enter_context(session(server))
        yield


@contextmanager
def standing_by(server: Server) -> Iterator[None]:
    """A copy of another server that answers nobody."""
    server.stop()
    (server.folder / "pg" / "standby.signal").touch()
    with (server.folder / "log").open("a") as log:
        server.process = subprocess.Popen([*server.command, "-c", "hot_standby=off"], stdout=log, stderr=log, cwd="/")
        yield


STATES = {
    crashed: "in recovery mode",
    stopping: "shutting down",
    full: "too many clients",
    standing_by: "not accepting connections",
}


@pytest.mark.parametrize("state", STATES)
def test_a_server_that_takes_no_connections_is_away(
    state: Callable[[Server], AbstractContextManager[None]], tmp_path: Path, own_server: Server
) -> None:
    """Whatever asked: no question is taken for one that could not be answered."""
    import psycopg

    keep_in(tmp_path, own_server.owner_address)
    store, index = open_store(tmp_path), opened(tmp_path)
    store.upsert([document("a", "Zebras.")])
    index.sync(store)
    store.close()  # type: ignore[attr-defined]
    index._database.close()
    said = ""
    with state(own_server):
        until = time.monotonic() + 20
        while STATES[state] not in said and time.monotonic() < until:  # it was on its way there
            try:
                psycopg.connect(own_server.owner_address).close()
            except psycopg.OperationalError as error:
                said = str(error)
                with pytest.raises(StoreGoneError):
                    index.search(["zebras"], 3)
                with pytest.raises(StoreGoneError):
                    store.get("a")
    assert STATES[state] in said


REFUSALS = {
    "the database system is starting up": "takes no connections now",
    "the database system is not yet accepting connections\nDETAIL:  Consistent recovery state ...": "takes no",
    "remaining connection slots are reserved for roles with the SUPERUSER attribute": "has no connection left",
    'too many connections for role "bakeoff"': "has no connection left",
    "das Datenbanksystem startet": "gives no connection",
    "Passwort-Authentifizierung für Benutzer »bakeoff« fehlgeschlagen": "gives no connection",
    'database "help" is not currently accepting connections': "gives no connection",
    "the connection is lost": "ended the connection",
    "server closed the connection unexpectedly": "ended the connection",
    "SSL error: unexpected eof while reading": "gives no connection, or ended one",
    "could not receive data from server: No route to host": "gives no connection, or ended one",
}


@pytest.mark.parametrize("words", REFUSALS)
def test_an_error_without_a_code_that_is_about_the_connection_means_a_server_that_is_away(words: str) -> None:
    """In whatever words and language; one about a value is not."""
    psycopg = pytest.importorskip("psycopg")
    for kind in (psycopg.OperationalError, psycopg.errors.ConnectionTimeout, psycopg.DatabaseError):
        error = told("There", kind(f"connection failed: FATAL:  {words}"))
        assert isinstance(error, StoreGoneError) and REFUSALS[words] in error.message and error.remedy


def test_an_error_without_a_code_about_a_statement_is_none_of_a_server_that_is_away() -> None:
    psycopg = pytest.importorskip("psycopg")
    for kind in (psycopg.DataError, psycopg.ProgrammingError, psycopg.NotSupportedError, psycopg.InterfaceError):
        assert not isinstance(told("There", kind("a value of another type")), StoreGoneError)


@pytest.mark.parametrize("code", ["57P03", "57P01", "53300", "53200", "08006", "25P03", "40P01", "55P03", "57014"])
def test_a_code_that_says_nothing_about_what_asked_means_a_server_that_is_away(code: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    assert isinstance(told("There", psycopg.errors.lookup(code)("in any words")), StoreGoneError)


class Stopping(HashEmbedder):
    """Stops the server when it embeds for the nth time; remembers what it embedded."""

    def __init__(self) -> None:
        super().__init__(dimension=32)
        self.stop: Callable[[], None] | None = None
        self.embedded: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded += texts
        if self.stop is not None and len(self.embedded) >= 3:
            self.stop()
            self.stop = None
        return super().embed_passages(texts)


def test_a_server_that_goes_away_in_a_sync_loses_one_group_at_most(
    tmp_path: Path, own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message; when it is back, the next sync embeds only what was not committed, with the same objects."""
    monkeypatch.setattr(syncing, "GROUP_CHUNKS", 1)
    keep_in(tmp_path, own_server.owner_address)
    store, embedder = open_store(tmp_path), Stopping()
    store.upsert([document(f"d{i}", f"Animal number{i} lives here.") for i in range(6)])
    index = opened(tmp_path, embedder, 16)
    embedder.stop = own_server.stop
    with pytest.raises(BakeoffError, match="ended the connection") as caught:
        index.sync(store)
    assert "what was stored is kept" in caught.value.remedy
    for use in (lambda: index.search(["animal"], 3), lambda: store.version, lambda: store.upsert([document("x")])):
        with pytest.raises(BakeoffError, match=r"cannot be reached|ended the connection"):
            use()
    own_server.start()
    assert (store.version, index.n_chunks) == (1, 0)
    report = index.sync(store)
    assert (index.n_chunks, report.n_chunks, len([one for one in embedder.embedded if "number" in one])) == (6, 6, 7)
    assert index.doubts(store) == () and len(index.search(["animal"], 9)[0]) == 6


def test_a_connection_that_ends_in_the_middle_of_a_search_is_one_message(tmp_path: Path, own_server: Server) -> None:
    keep_in(tmp_path, own_server.owner_address)
    store, index = open_store(tmp_path), opened(tmp_path)
    store.upsert([document("a", "Zebras.")])
    index.sync(store)

    class Cut(HashEmbedder):
        def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
            own_server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bakeoff'")
            return super().embed_queries(texts)

    index._embedder = Cut(dimension=32)
    assert ids(index.search(["zebras"], 3)[0]) == ["a"]  # it was idle: a new connection is opened
    with pytest.raises(BakeoffError, match="ended the connection"), index._reading() as (connection, *_):
        own_server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bakeoff'")
        connection.execute("SELECT 1")


@pytest.mark.parametrize("way", ["search", "search_bm25", "search_dense"])
def test_a_connection_that_ends_at_any_statement_of_a_search_is_one_message(
    folder: Path, vectors_address: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the passages are read that were found. Only before its first statement, a search begins again."""
    import psycopg

    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras graze."), document("b", "Zebras sleep.")])
    index.sync(store)
    search = getattr(index, way)
    whole = search(["zebras", "graze"], 3)
    execute, left = psycopg.Cursor.execute, [0]

    def cut(cursor: Any, *values: Any, **more: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            with psycopg.connect(vectors_address) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [cursor.connection.info.backend_pid])
        return execute(cursor, *values, **more)

    monkeypatch.setattr(psycopg.Cursor, "execute", cut)
    said = []
    for statement in range(1, 100):
        left[0] = statement
        try:
            assert search(["zebras", "graze"], 3) == whole
        except StoreGoneError as error:
            said.append(error.message)
        if left[0] > 0:
            break
    assert len(said) == statement - 2 > 5 and all("ended the connection" in one for one in said)


CHILD = """
import sys, time
from pathlib import Path
from bakeoff.corpus.stores import open_store
from bakeoff.models.embed import HashEmbedder
from bakeoff.retrieval import syncing
from bakeoff.retrieval.opening import open_index
syncing.GROUP_CHUNKS = 1
class Slow(HashEmbedder):
    def embed_passages(self, texts):
        print("embedding", len(texts), flush=True)
        time.sleep(float(sys.argv[2]))
        return super().embed_passages(texts)
folder = Path(sys.argv[1])
index = open_index(folder, "index", Slow(dimension=32), 8)
print("synced", index.sync(open_store(folder)).n_written, index.n_chunks, flush=True)
"""


def child(folder: Path, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CHILD, str(folder), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_a_killed_sync_is_taken_over_by_another_process(folder: Path) -> None:
    """`kill -9` frees the index at once; what was committed is not embedded again."""
    with open_store(folder) as store:
        store.upsert([document(f"d{i}", f"Animal number{i}.") for i in range(5)])
    first = child(folder, 0.3)
    assert first.stdout
    for _ in range(3):
        assert first.stdout.readline() == "embedding 1\n"
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    second = child(folder, 0.0)
    lines = second.communicate(timeout=60)[0].splitlines()
    assert lines.count("embedding 1") == 3 and lines[-1] == "synced 5 5"


def test_two_processes_that_sync_at_once_embed_each_document_once(folder: Path) -> None:
    with open_store(folder) as store:
        store.upsert([document(f"d{i}", f"Animal number{i}.") for i in range(5)])
    opened(folder)
    printed = [one.communicate(timeout=60)[0] for one in [child(folder, 0.05) for _ in range(3)]]
    assert sum(text.count("embedding 1") for text in printed) == 5
    assert all("synced" in text and text.rstrip().endswith(" 5") for text in printed)


# Several servers


def client(documents: LiveDocuments) -> TestClient:
    routes = DocumentsApi(documents, lambda request: Holder(name="test", labels=None, manages=True)).routes()
    return TestClient(Starlette(routes=routes, exception_handlers=exception_handlers()))


def test_servers_on_one_database_see_a_change_at_once(folder: Path) -> None:
    """Through the REST of documents: what one server has acknowledged, another one shows, finds and counts."""

    def server() -> LiveDocuments:
        return LiveDocuments(open_store(folder), [opened(folder)])

    with server() as first, server() as second:
        one, other = client(first), client(second)
        for number in range(5):
            text = f"The walrus has number{number}."
            assert one.put("/documents/walrus", json={"text": text}).json()["version"] == 2 * number + 1
            assert second.version == 2 * number + 1
            assert other.get("/documents/walrus").json()["text"] == text
            (hits,) = second._indexes[0].search([f"number{number}"], 3)
            assert [hit.chunk.text for hit in hits] == [text]
            assert other.delete("/documents/walrus").json()["version"] == 2 * number + 2
            assert first.version == 2 * number + 2
            assert first._indexes[0].search(["walrus"], 3) == [[]]
            assert one.get("/documents/walrus").status_code == 404


def test_servers_that_change_at_once_lose_nothing_and_show_no_half(folder: Path) -> None:
    """Two servers write pairs of documents while a third searches: it finds both of a pair, or neither."""
    halves: list[int] = []
    ended = threading.Event()

    def write(name: str) -> None:
        with LiveDocuments(open_store(folder), [opened(folder)]) as live:
            for number in range(8):
                live.put_all([document(f"{name}{number}{half}", f"Pair {name}{number}x.") for half in "ab"])

    def search() -> None:
        index = opened(folder)
        while not ended.is_set():
            found = ids(index.search_bm25(["pair"], 100)[0])
            halves.extend(1 for id in found if id[:-1] + ("b" if id[-1] == "a" else "a") not in found)

    opened(folder)
    reader = threading.Thread(target=search)
    writers = [threading.Thread(target=write, args=(name,)) for name in ("left", "right")]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    reader.join()
    store, index = open_store(folder), opened(folder)
    assert not halves and store.version == 16 and index.version == 16
    assert len({*ids(index.search_bm25(["pair"], 100)[0])}) == 32 and index.doubts(store) == ()


# Copies


def test_a_copy_has_the_same_contents_and_goes_its_own_way(folder: Path, tmp_path: Path) -> None:
    """Documents with their versions, and indexes. A copy that was killed is made again in the same schema."""
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras."), document("b", "Yaks.", ("staff",))])
    store.delete(["a"])
    index.sync(store)
    copy = tmp_path / "copy"
    copy.mkdir()
    copy_documents(folder, copy)
    other = open_store(copy)
    assert (other.identity, other.version) == (store.identity, store.version)
    assert other.history("a") == store.history("a")
    assert index_names(copy) == ["index"] and index_sha256(copy, "index") == index_sha256(folder, "index") != ""
    other.upsert([document("c", "Walrus.")])
    copied = opened(copy)
    copied.sync(other)
    assert ids(copied.search_bm25(["walrus"], 3)[0]) == ["c"] and index.search_bm25(["walrus"], 3) == [[]]
    assert index_sha256(copy, "index") != index_sha256(folder, "index")
    opening.remove_indexes(copy, ["index"])
    assert index_names(copy) == [] and index_names(folder) == ["index"]
    alone = tmp_path / "alone"
    alone.mkdir()
    copy_documents_alone(folder, alone)
    assert open_store(alone).version == store.version and index_names(alone) == []
    assert opened(alone).sync(open_store(alone)).n_chunks == 1


def test_a_copy_that_was_killed_leaves_no_second_schema(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, copy = open_store(folder), tmp_path / "copy"
    store.upsert([document("a")])
    made: list[Place] = []

    def killed(source: Place, target: Place, but: Sequence[str] = ()) -> None:
        made.append(target)
        copy_schema(source, target, but)
        if len(made) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(schema, "copy_schema", killed)
    copy.mkdir()
    with pytest.raises(KeyboardInterrupt):
        copy_store(folder, copy)
    assert not has_store(copy)
    copy_store(folder, copy)
    assert made[0] == made[1] == place_of(copy) and open_store(copy).version == 1
    remove_store(copy)
    query = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
    with store.database.reading() as connection:  # type: ignore[attr-defined]
        assert connection.execute(query, [made[0].schema_name]).fetchone() is None


# Many chunks


class Clustered(HashEmbedder):
    """Vectors in groups, as those of texts are."""

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        made = []
        for text in texts:
            group = np.random.default_rng(int(text.split()[1].rstrip(".")) % 40).standard_normal(self.dimension)
            made.append(group + 0.5 * np.random.default_rng(abs(hash(text)) % 2**32).standard_normal(self.dimension))
        vectors = np.array(made, np.float32).reshape(len(texts), self.dimension)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    embed_queries = embed_passages


@pytest.fixture
def many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> PostgresIndex:
    """An index of 3,000 chunks that is searched like one of many. One in three chunks may be seen by `third`."""
    monkeypatch.setattr(ranking, "EXACT_AT_MOST", 200)
    store, chance = open_store(folder), random.Random(5)
    documents = [
        Document(
            id=f"d{i}",
            source=f"{'ab'[i % 2]}/{i:04}.md",
            text=f"Number {i} {chance.random()}.",
            access=[(), ("third",), ("other",)][i % 3] if i >= 30 else ("few",),
        )
        for i in range(3000)
    ]
    store.upsert(documents)
    index = opened(folder, Clustered(dimension=32), 64)
    index.sync(store)
    return index


WHERES = [Filter(), Filter(access=("third",)), Filter(access=("few",)), Filter(source_prefix="a/", access=())]
FEW = Filter(source_prefix="a/000")
VERSIONS = {"0.8": None, "0.7": Vectors(True, False), "0.6": Vectors(False, False)}


@pytest.mark.parametrize("version", VERSIONS)
def test_many_vectors_are_found_by_their_index_behind_filters(
    many: PostgresIndex, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """Recall@10 is at least 0.99 of comparing all of them, with what each version of pgvector can do."""
    with many._database.reading() as connection:
        server = Vectors.of(connection)
    given = VERSIONS[version]
    if given and given > server:
        pytest.skip("the server's pgvector is older")
    if given:
        monkeypatch.setattr(Vectors, "of", lambda connection: given)
    with many._database.writing() as connection:
        connection.execute("DROP INDEX vectors_1_hnsw")
    assert many.is_untidy
    many.tidy()
    assert not many.is_untidy
    queries = [f"Number {i} x." for i in range(60)]
    monkeypatch.setattr(nearest, "CHECKED_FIRST", 0)
    for where in WHERES:
        found = [set(ids(hits)) for hits in many.search_dense(queries, 10, where)]
        with monkeypatch.context() as exact:
            exact.setattr(ranking, "EXACT_AT_MOST", 10**9)
            wanted = [set(ids(hits)) for hits in many.search_dense(queries, 10, where)]
        assert sum(len(a & b) for a, b in zip(found, wanted, strict=True)) >= 0.99 * sum(map(len, wanted)) > 0


def test_the_index_of_vectors_is_used_where_much_may_be_seen(
    many: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And comparing one by one where the filter leaves few, or more are wanted than the index gives at once."""
    monkeypatch.setattr(nearest, "CHECKED_FIRST", 0)
    used: list[str] = []
    for name in ("_all_compared", "_by_hnsw"):
        monkeypatch.setattr(nearest, name, _noting(getattr(nearest, name), name, used))
    with many._reading() as (connection, tables, state):
        if not Vectors.of(connection).has_iterative:
            pytest.skip("the server's pgvector has no iterative scan")
        vector = many._embedder.embed_queries(["Number 7 x."])[0]
        for where, n, depth, way in (
            (WHERES[0], 3000, 10, "_by_hnsw"),
            (WHERES[1], 1980, 10, "_by_hnsw"),
            (FEW, 5, 10, "_all_compared"),
            (WHERES[0], 3000, 400, "_all_compared"),
        ):
            seen = ranking.seen_by(connection, tables, where, state.chunks)
            del used[:]
            assert len(Nearest().best(connection, tables, vector, depth, seen)[0]) >= min(n, depth)
            assert (seen.n, used) == (n, [way])


def _noting(work: Callable[..., Any], name: str, used: list[str]) -> Callable[..., Any]:
    def noted(*values: Any) -> Any:
        used.append(name)
        return work(*values)

    return noted


def test_an_index_of_vectors_that_finds_too_little_is_not_used(
    many: PostgresIndex, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Every hit of the first searches is right, since they are checked; then all vectors are compared."""
    query = ["Number 7 x."]
    (exact,) = many.search_dense(query, 10)
    found, used = nearest._by_hnsw, list[str]()

    def half(*values: Any) -> Any:
        numbers, cosines = found(*values)
        return numbers[::2], cosines[::2]

    monkeypatch.setattr(nearest, "_by_hnsw", _noting(half, "hnsw", used))
    many._nearest = Nearest()
    assert [many.search_dense(query, 10)[0] for _ in range(5)] == [exact] * 5
    assert used == ["hnsw"] and caplog.text.count("From now on all vectors are compared") == 1
    monkeypatch.setattr(nearest, "_by_hnsw", _noting(found, "hnsw", used))
    many._nearest = Nearest()
    assert [many.search_dense(query, 10)[0] for _ in range(12)] == [exact] * 12
    assert used == ["hnsw"] * 13 and many._nearest.is_trusted


def test_an_index_of_vectors_that_a_kill_left_half_made_is_made_again(many: PostgresIndex) -> None:
    with many._database.writing() as connection:
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'vectors_1_hnsw'::regclass")
    assert many.is_untidy
    before = many.search(["Number 7 x."], 5)  # compared one by one meanwhile
    many.tidy()
    assert not many.is_untidy and many.search(["Number 7 x."], 5) == before


def test_more_rows_of_equal_score_than_are_looked_at_are_in_the_order_of_their_sources(folder: Path) -> None:
    store, index = open_store(folder), opened(folder)
    store.upsert([document(f"d{i:03}", "The very same words.") for i in random.Random(2).sample(range(400), 400)])
    index.sync(store)
    for search in (index.search, index.search_bm25, index.search_dense):
        assert ids(search(["same words"], 5)[0]) == [f"d{i:03}" for i in range(5)]
