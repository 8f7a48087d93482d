"""The log of a server keeps what it acknowledged, deletes what is old, and writes no text that it is to keep out."""

import json
import random
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import BakeoffError, ConfigError, InputError, RunFolderError
from bakeoff.files.sqlite_file import connected, prepare
from bakeoff.records import Answer, Hit, Usage
from bakeoff.serve import log as log_module
from bakeoff.serve import log_writer
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Decision, LoggedAnswer, Preference, Thumb, logged_answer, now
from tests.unit.fakes import chunk


def answered(name: str, question: str = "How long?", text: str = "two years", **more: object) -> LoggedAnswer:
    return LoggedAnswer(id=name, question=question, text=text, contender="rag", **more)


@pytest.fixture
def log(tmp_path: Path):
    with Log(tmp_path / "deep" / "log.sqlite") as opened:
        yield opened


def everything(log: Log) -> list[object]:
    return [entry for kind in (LoggedAnswer, Thumb, Preference) for entry in log.entries(kind)]


def test_an_answer_comes_back_whole_and_its_passages_as_references(log):
    """With hits, times, route and version; the passages' texts stay in the document store."""
    hit = Hit(chunk=chunk("care.md", "The warranty is two years."), score=0.5, rank=1)
    answer = Answer(
        question_id="asked",
        contender="rag",
        text="two years 日本",
        citations=(hit,),
        usage=Usage(prompt_tokens=9, completion_tokens=2),
        latency_ms=12.5,
        route="rag",
        abstained=True,
    )
    entry = logged_answer(answer, "How long?", id="chatcmpl-1", version="abc", documents_version=7, key="desk")
    log.append(entry)
    assert log.answer("chatcmpl-1") == entry
    assert (entry.hits[0].source, entry.hits[0].end, entry.declined) == ("care.md", hit.chunk.end, True)
    assert "warranty is two" not in entry.model_dump_json()
    assert log.answer("other") is None


@pytest.mark.parametrize(
    ("text", "more", "order", "cited"),
    [
        ("two years", {}, 1, (2,)),
        ("The warranty is two years.", {}, 1, (2,)),
        ("Two years [3].", {}, 1, (1, 2, 3)),
        ("Two years [2].", {}, -1, (3, 2)),
        ("two years [3]", {}, 0, (2,)),
        ("two years", {"abstained": True}, 1, ()),
        ("two years", {"error": "TimeoutError: no reply"}, 1, ()),
    ],
)
def test_an_answer_is_logged_with_the_passages_that_its_reply_cites(text, more, order, cited):
    """By their numbers in the reply; a declined or failed answer cites none. `order` is that in the prompt."""
    texts = ("How to clean it.", "The warranty is two years.", "Spare parts.")
    hits = [Hit(chunk=chunk(f"{i}.md", text), score=1 / i, rank=i) for i, text in enumerate(texts, 1)]
    answer = Answer(question_id="asked", contender="rag", text=text, citations=tuple(hits), **more)
    entry = logged_answer(answer, "How long?", hits[::order] if order else (), id="chatcmpl-1")
    assert (entry.cited, entry.marked) == (cited, bool(order) and "[" in text)


def test_entries_keep_their_order_and_the_newest_come_first(log):
    """More than one batch of them; only those of one key where a key is named."""
    for i in range(1200):
        log.post(answered(f"a{i}", key="desk" if i % 2 else "hr"))
    log.append(answered("last"))
    assert [entry.id for entry in log.entries(LoggedAnswer)] == [*(f"a{i}" for i in range(1200)), "last"]
    assert [entry.id for entry in next(log.newest_first(2))] == ["last", "a1199"]
    batches = list(log.newest_first(500, key="hr"))
    assert [len(batch) for batch in batches] == [500, 100]
    assert [entry.id for batch in batches for entry in batch] == [f"a{i}" for i in range(1198, -1, -2)]


def test_a_thumb_or_comparison_of_an_unknown_answer_is_refused_alone(log):
    """What is written in the same moment is not affected."""
    futures = [
        log.submit(answered("a")),
        log.submit(Thumb(answer="a", up=True)),
        log.submit(Thumb(answer="nowhere", up=True)),
        log.submit(Preference(answers=("a", "gone"), preferred="a")),
        log.submit(answered("a")),
        log.submit(answered("b")),
    ]
    errors = [future.exception() for future in futures]
    assert [type(error) for error in errors] == [type(None), type(None), InputError, InputError, InputError, type(None)]
    assert "no answer with the id 'nowhere'" in str(errors[2]) and "already has an entry" in str(errors[4])
    assert len(everything(log)) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"answers": ("a",), "preferred": "a"},
        {"answers": ("a", "a"), "preferred": "a"},
        {"answers": ("a", "b"), "preferred": "c"},
        {"answers": ("a", "b; DROP TABLE entries"), "preferred": "a"},
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused(wrong):
    """One answer, the same twice, a winner that was not shown, an id that is none."""
    with pytest.raises(ValidationError):
        Preference(**wrong)


def test_half_characters_are_replaced(log):
    """JSON can hold them, a file in UTF-8 cannot."""
    log.append(answered("a", json.loads('"why \\ud800?"')))
    assert log.answer("a").question == "why \N{REPLACEMENT CHARACTER}?"


CHANGES = (
    "UPDATE entries SET body = '{}'",
    "DELETE FROM entries",
    "DELETE FROM entries WHERE kind = 'thumb'",
    "INSERT OR REPLACE INTO entries (id, kind, at, body) VALUES ('a', 'answer', '2099', '{}')",
    "REPLACE INTO entries (number, id, kind, at, body) VALUES (1, 'other', 'answer', '2099', '{}')",
)


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_written_can_be_changed(log, change):
    """The file itself refuses to change, delete or replace an entry."""
    log.append(answered("a"))
    log.append(Thumb(answer="a", up=True))
    before = everything(log)
    with sqlite3.connect(log.path) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(change)
    assert everything(log) == before and len(before) == 2


def test_only_what_is_older_than_the_retention_can_be_deleted(tmp_path):
    """By whatever SQL; with no retention nothing can."""
    path = tmp_path / "log.sqlite"
    with Log(path, retention_days=1) as log:
        log.append(answered("new"))
        log.append(answered("old", at=now() - timedelta(days=2)))
        with sqlite3.connect(path) as connection:
            connection.execute("DELETE FROM entries WHERE id = 'old'")
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute("DELETE FROM entries WHERE id = 'new'")


@pytest.mark.parametrize("change", CHANGES)
def test_a_log_of_an_older_version_is_brought_up_to_date(tmp_path, monkeypatch, change):
    """Its entries stay, without ids of keys, and are as safe from then on."""
    path, tables = tmp_path / "log.sqlite", tuple(s for s in log_module._SCHEMA if s not in log_module._GUARDS)
    with monkeypatch.context() as older:
        older.setattr(log_module, "SCHEMA_VERSION", 1)
        older.setattr(log_module, "_SCHEMA", tables)
        older.setattr(log_module, "_GUARDS", ())
        older.setattr(log_module, "prepare", lambda path, *rest: prepare(path, *rest[:3]))
        with Log(path) as log:
            log.append(answered("a", key="desk"))
            log.append(Thumb(answer="a", up=True))
    with Log(path) as log, sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == log_module.SCHEMA_VERSION
        assert (log.answer("a").key, log.answer("a").key_id) == ("desk", "")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change)
    with Log(path, retention_days=1) as log:
        assert log.delete_old(at=now() + timedelta(days=2)) == 2


GUARD_OF_VERSION_2 = f"""CREATE TRIGGER only_old_entries_are_deleted BEFORE DELETE ON entries
    WHEN OLD.at >= COALESCE((SELECT MAX(before) FROM retention), '')
    AND NOT {log_module._IS_ORPHAN.format(entry="OLD")}
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"""


def decided(**more: object) -> Decision:
    values = {"round": 1, "live": 1, "candidate": "2", "outcome": "keep", "reason": "It is not shown to be better."}
    return Decision(**values | more)


def test_a_log_of_version_2_keeps_decisions_from_now_on(tmp_path, monkeypatch):
    """Its entries stay and its guard is replaced: the retention deletes an old answer, and no decision."""
    path = tmp_path / "log.sqlite"
    with monkeypatch.context() as older:
        older.setattr(log_module, "SCHEMA_VERSION", 2)
        schema = (GUARD_OF_VERSION_2 if s == log_module._ONLY_OLD else s for s in log_module._SCHEMA)
        older.setattr(log_module, "_SCHEMA", tuple(schema))
        older.setattr(log_module, "prepare", lambda path, *rest: prepare(path, *rest[:3]))
        with Log(path) as log:
            log.append(answered("a"))
    with Log(path) as log, sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == log_module.SCHEMA_VERSION == 3
        log.append(decided())
        assert log.answer("a") is not None
    with Log(path, retention_days=1) as log:
        assert log.delete_old(at=now() + timedelta(days=2)) == 1
        assert [entry.reason for entry in log.entries(Decision)] == ["It is not shown to be better."]


@pytest.mark.parametrize("kind", ["decision", "review"])
def test_no_retention_deletes_what_the_team_wrote(tmp_path, kind):
    """Neither the log itself nor SQL, however old it is, and although the answer that it is about is gone."""
    path, old = tmp_path / "log.sqlite", (now() - timedelta(days=900)).isoformat(timespec="microseconds")
    with Log(path, retention_days=1) as log:
        log.append(answered("gone", at=now() - timedelta(days=900)))
        with sqlite3.connect(path) as connection:
            row = ("own", kind, old, "gone", "{}")
            connection.execute("INSERT INTO entries (id, kind, at, about, body) VALUES (?, ?, ?, ?, ?)", row)
        assert log.delete_old() == 1 and log.answer("gone") is None
        with sqlite3.connect(path) as connection:
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute("DELETE FROM entries WHERE id = 'own'")
            assert connection.execute("SELECT kind FROM entries").fetchall() == [(kind,)]


def test_a_decision_comes_back_whole_also_from_a_log_without_texts(tmp_path):
    """It holds no user's words."""
    entry = decided(outcome="promote", level=0.035, p=0.001, difference=0.1, facts=("f1", "f2"), evidence_sha256="ab")
    with Log(tmp_path / "log.sqlite", keep_texts=False) as log:
        log.append(entry)
        assert list(log.entries(Decision)) == [entry]


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "maybe"}, {"outcome": "approved"}, {"outcome": "refused", "by": " "}, {"round": 0}, {"p": 1.5},
        {"p": 0.5},
    ],
)  # fmt: skip
def test_a_decision_that_makes_no_sense_is_refused(wrong):
    """An unknown outcome, nobody who approved, no round, a p-value that is none or has no level."""
    with pytest.raises(ValidationError):
        decided(**wrong)


def test_the_file_is_as_safe_as_the_document_store_and_private(log, tmp_path):
    """Rollback journal, synchronous=FULL, readable for its owner only."""
    log.append(answered("a"))
    connection = connected(log.path)
    pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    connection.close()
    assert pragmas == ["delete", 2]
    assert log.path.stat().st_mode & 0o777 == 0o600
    assert not list(log.path.parent.glob("*-wal"))


def test_many_threads_share_commits(log):
    """Every entry is there once, and far fewer transactions than entries were made."""
    before = transactions(log.path)

    def write(thread: int) -> None:
        for i in range(40):
            log.append(answered(f"t{thread}-{i}"))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.id for entry in log.entries(LoggedAnswer)) == sorted(
        f"t{n}-{i}" for n in range(16) for i in range(40)
    )
    assert transactions(log.path) - before < 320


def transactions(path: Path) -> int:
    """The file change counter of SQLite's header: one more for each transaction that changed the file."""
    return int.from_bytes(path.read_bytes()[24:28], "big")


WRITER = """
import sys, threading
from pathlib import Path
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Thumb
log, name, lock = Log(Path(sys.argv[1])), sys.argv[2], threading.Lock()
def answer(thread, i):
    return LoggedAnswer(id=f"{name}-{thread}-{i}", question="q" * 200, text="a" * 3000, contender="rag")
def write(thread):
    for i in range(100_000):
        log.post(answer(thread, f"posted{i}"))
        entry = answer(thread, i)
        log.append(entry)
        with lock:
            sys.stdout.write(entry.id + "\\n")
            sys.stdout.flush()
for thread in range(4):
    threading.Thread(target=write, args=(thread,)).start()
"""


def test_twenty_kills_lose_nothing_that_was_acknowledged(tmp_path):
    """A writer with four threads is killed at random moments. The file stays whole, and its entries complete."""
    path, acknowledged = tmp_path / "log.sqlite", set()
    chance = random.Random(7)
    for n in range(20):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), f"w{n}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        first = writer.stdout.readline()
        time.sleep(chance.uniform(0, 0.15))
        writer.kill()
        rest, errors = writer.communicate()
        assert first and errors == ""
        acknowledged.update(line[:-1] for line in (first + rest).splitlines(keepends=True) if line.endswith("\n"))
    with Log(path) as log:
        entries = {entry.id: entry for entry in log.entries(LoggedAnswer)}
        connection = connected(path)
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        connection.close()
        log.append(answered("after"))
    assert len(acknowledged) >= 20 and acknowledged <= set(entries)
    assert {len(entry.text) for entry in entries.values()} == {3000}


def test_entries_older_than_the_retention_are_deleted_with_their_texts(tmp_path):
    """At opening. Thumbs on them and comparisons with them too, whatever their age. The bytes are gone from the file,
    not only from the table.
    """
    path, old = tmp_path / "log.sqlite", now() - timedelta(days=31)
    with Log(path) as log:
        log.append(answered("old", "A secret of long ago?", at=old))
        log.append(Thumb(answer="old", up=False, right_answer="An old correction"))
        log.append(answered("new", "A fresh question?", at=now() - timedelta(days=29)))
        log.append(Thumb(answer="new", up=True))
        log.append(answered("newer", "A fresh question?"))
        log.append(Preference(answers=("new", "old"), preferred="old"))
        log.append(Preference(answers=("new", "newer"), preferred=None))
    assert b"A secret of long ago" in path.read_bytes()
    with Log(path, retention_days=30) as log:
        assert [entry.id for entry in log.entries(LoggedAnswer)] == ["new", "newer"]
        assert [entry.answers for entry in log.entries(Preference)] == [("new", "newer")]
        assert [entry.answer for entry in log.entries(Thumb)] == ["new"]
        assert b"A secret of long ago" not in path.read_bytes() and b"An old correction" not in path.read_bytes()
        with pytest.raises(InputError, match="It keeps 30 days"):
            log.append(Thumb(answer="old", up=True))
        assert log.delete_old(at=now() + timedelta(days=2)) == 3


def test_old_entries_are_deleted_while_the_server_runs(tmp_path, monkeypatch):
    """Once an hour, without anybody writing."""
    monkeypatch.setattr(log_writer, "CHORE_SECONDS", 0.05)
    with Log(tmp_path / "log.sqlite", retention_days=1) as log:
        log.append(answered("old", at=now() - timedelta(days=2)))
        deadline = time.monotonic() + 20
        while log.answer("old") and time.monotonic() < deadline:
            time.sleep(0.02)
        assert log.answer("old") is None


def test_times_in_other_zones_are_compared_as_moments(tmp_path):
    """An entry of 23 hours ago is kept for a day, whatever its zone writes."""
    at = (datetime.now(UTC) - timedelta(hours=23)).isoformat()[:-6]
    moment = datetime.fromisoformat(at + "+00:00").astimezone(tz=datetime.fromisoformat("2026-01-01T00-11:00").tzinfo)
    with Log(tmp_path / "log.sqlite", retention_days=1) as log:
        log.append(answered("a", at=moment))
        assert log.delete_old() == 0
        assert log.answer("a").at.utcoffset() == timedelta(0)
    with pytest.raises(ValidationError, match="timezone"):
        answered("b", at=datetime(2026, 1, 1))


@pytest.mark.parametrize("days", [0, -3])
def test_a_retention_below_a_day_is_refused(tmp_path, days):
    """It would be a log that keeps nothing."""
    with pytest.raises(ConfigError, match=f"{days} days"):
        Log(tmp_path / "log.sqlite", retention_days=days)


def test_a_log_without_texts_holds_no_word_of_them(tmp_path):
    """Neither of questions, answers, corrections nor of errors that quote them. Equal questions have equal hashes."""
    path = tmp_path / "log.sqlite"
    with Log(path, keep_texts=False) as log:
        log.append(answered("a", "My secret diagnosis?", "a secret answer", asked="and the secret one?"))
        log.append(answered("b", "my  SECRET diagnosis?", "", error="ValueError: cannot answer 'My secret diagnosis?'"))
        log.append(answered("c", "Another?", "", error="no colon secret"))
        log.append(Thumb(answer="a", up=False, right_answer="the secret truth"))
        first, second, third = log.entries(LoggedAnswer)
        (thumb,) = log.entries(Thumb)
    assert b"secret" not in path.read_bytes().lower()
    assert (first.question, first.text, first.asked, thumb.right_answer, thumb.up) == (None, None, None, None, False)
    assert first.question_hash == second.question_hash != third.question_hash
    assert (second.error, third.error, first.error) == ("ValueError", "error", None)
    with Log(tmp_path / "other.sqlite", keep_texts=False) as log:
        log.append(answered("a", "My secret diagnosis?"))
        assert log.answer("a").question_hash != first.question_hash


def test_files_of_others_are_refused(tmp_path):
    """A document store, a text, a folder."""
    store = SqliteStore(tmp_path / "store.sqlite")
    with pytest.raises(RunFolderError, match="another program"):
        Log(store.path)
    (tmp_path / "text").write_text("not a database, but long enough to be looked at" * 20)
    with pytest.raises(RunFolderError, match="not a SQLite file"):
        Log(tmp_path / "text")
    with pytest.raises(BakeoffError, match=r"Cannot write|cannot be written"):
        Log(tmp_path)


def test_a_closed_log_takes_no_more_and_has_written_what_waited(tmp_path):
    """Posted entries are on the disk after `close`."""
    log = Log(tmp_path / "log.sqlite")
    for i in range(300):
        log.post(answered(f"a{i}"))
    log.close()
    with pytest.raises(BakeoffError, match="is closed"):
        log.append(answered("late"))
    assert len(everything(log)) == 300


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes need POSIX")
def test_a_full_disk_is_an_error_for_who_waits_and_a_delay_for_who_does_not(tmp_path):
    """Posted entries are written once there is space again. Nothing that was written before is lost."""
    code = """
    import resource, signal, sys
    from pathlib import Path
    from bakeoff.errors import BakeoffError
    from bakeoff.serve.log import Log
    from bakeoff.serve.log_entries import LoggedAnswer
    def answer(name): return LoggedAnswer(id=name, question="q", text="x" * 200_000, contender="rag")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    log = Log(Path(sys.argv[1]))
    log.append(answer("before"))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    log.post(answer("posted"))
    try:
        log.append(answer("waited"))
    except BakeoffError as error:
        print(error.message, "|", log.problem != "")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    log.append(answer("after"))
    log.close()
    print(sorted(entry.id for entry in log.entries(LoggedAnswer)), repr(log.problem))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), tmp_path / "log.sqlite"],
        capture_output=True,
        text=True,
    )
    warnings = done.stderr.splitlines()
    assert len(warnings) == 2 and "The disk could not be used" in warnings[0] and "can be written again" in warnings[1]
    first, second = done.stdout.splitlines()
    assert "The disk could not be used" in first and first.endswith("| True")
    assert second == "['after', 'before', 'posted'] ''"


def test_a_log_that_cannot_keep_up_says_so(tmp_path, monkeypatch):
    """Instead of filling the memory. What it took before is written when the file is free again."""
    monkeypatch.setattr(log_writer, "MAX_WAITING", 5)
    log = Log(tmp_path / "log.sqlite")
    other = connected(log.path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BakeoffError, match="5 entries wait"):
        for i in range(50):
            log.post(answered(f"a{i}"))
    other.execute("COMMIT")
    other.close()
    log.close()
    assert len(everything(log)) >= 5
