"""The log of a server: an append-only SQLite file of answers, thumbs, comparisons, reviews and decisions.

Nothing leaves the machine. Reviews and decisions are the team's own records: no retention deletes them.

Takes and gives the records of `log_entries`. Knows neither HTTP nor contenders. It uses a rollback journal and
`synchronous=FULL`: an entry whose `append` returned survives a kill and a power failure. Threads can share a log, and
processes can share its file. Open it after a fork, not before.
"""

import hashlib
import hmac
import re
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from pydantic import TypeAdapter, ValidationError

from bakeoff.errors import ConfigError, InputError, RunFolderError
from bakeoff.files.plain_types import message_of
from bakeoff.files.sqlite_file import connected, explained, prepare
from bakeoff.serve.log_entries import Decision, Entry, LoggedAnswer, Preference, Review, Thumb, now
from bakeoff.serve.log_writer import LogWriter

SCHEMA_VERSION = 3
_APPLICATION_ID = 0x42414C47  # "BALG"
_BATCH = 500
_SHADOW = "shadow"
_GONE = "NOT EXISTS (SELECT 1 FROM entries AS answer WHERE answer.id = {id})"
_IS_ORPHAN = f"""(({{entry}}.about IS NOT NULL AND {_GONE.format(id="{entry}.about")})
    OR ({{entry}}.kind = 'preference' AND EXISTS (
        SELECT 1 FROM json_each({{entry}}.body, '$.answers') AS compared WHERE {_GONE.format(id="compared.value")})))"""
"""Whether an answer that the entry is about was deleted."""
_IS_KEPT = "{entry}.kind IN ('decision', 'review')"
"""Whether an entry is kept whatever the retention says."""
_ONLY_OLD = f"""CREATE TRIGGER only_old_entries_are_deleted BEFORE DELETE ON entries
    WHEN {_IS_KEPT.format(entry="OLD")}
    OR (OLD.at >= COALESCE((SELECT MAX(before) FROM retention), '') AND NOT {_IS_ORPHAN.format(entry="OLD")})
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"""
_GUARDS = (
    "CREATE TABLE retention (before TEXT NOT NULL)",
    "INSERT INTO retention VALUES ('')",
    _ONLY_OLD,
    """CREATE TRIGGER nothing_is_replaced BEFORE INSERT ON entries
    WHEN EXISTS (SELECT 1 FROM entries WHERE id = NEW.id OR number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
)
"""What keeps SQL from changing what was written. `retention` says which entries are old enough to be deleted."""
_SCHEMA = (
    "CREATE TABLE log (salt BLOB NOT NULL)",
    "INSERT INTO log VALUES (randomblob(32))",
    """CREATE TABLE entries (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, at TEXT NOT NULL,
        about TEXT, body TEXT NOT NULL
    )""",
    "CREATE INDEX entries_by_time ON entries (at)",
    "CREATE INDEX entries_by_answer ON entries (about) WHERE about IS NOT NULL",
    """CREATE TRIGGER append_only BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
    *_GUARDS,
)
_UPGRADES = {1: _GUARDS, 2: ("DROP TRIGGER only_old_entries_are_deleted", _ONLY_OLD)}
_NOT_KEPT = f"NOT {_IS_KEPT.format(entry='entries')}"
_OLD = f"SELECT number FROM entries WHERE at < ? AND {_NOT_KEPT} LIMIT ?"
_ORPHANS = f"SELECT number FROM entries WHERE {_IS_ORPHAN.format(entry='entries')} AND {_NOT_KEPT} LIMIT ?"

_ANY: TypeAdapter[Entry] = TypeAdapter(Entry)
NO_TEXTS = "This log keeps no questions and answers, so there is nothing to review."
NO_TEXTS_REMEDY = "serve with --log-texts; answers that are given from then on can be reviewed"

E = TypeVar("E", LoggedAnswer, Thumb, Preference, Review, Decision)
K = TypeVar("K", bound=LoggedAnswer | Thumb | Preference | Review | Decision)


class Log:
    """The log in one SQLite file. The file is created, readable for its owner only, if it does not exist.

    `retention_days`: older entries are deleted when the log is opened and once an hour; None keeps all.
    `keep_texts` False: questions, answers and right answers are not written. A hash of the question is, so that equal
    questions can be counted; it is keyed with a random number of this file.

    Raises ConfigError for a retention below one day, RunFolderError for a file that is not such a log, BakeoffError if
    it cannot be written.
    """

    def __init__(self, path: Path, retention_days: int | None = None, keep_texts: bool = True) -> None:
        if retention_days is not None and retention_days < 1:
            raise ConfigError(
                f"The log cannot keep entries for {retention_days} days.",
                "give at least 1 day, or leave it out to keep all; to write no texts, turn texts off instead",
            )
        self.path = Path(path)
        self.retention_days = retention_days
        self.keep_texts = keep_texts
        prepare(self.path, _SCHEMA, _APPLICATION_ID, SCHEMA_VERSION, _UPGRADES)
        with self._opened() as connection:
            self._salt = bytes(connection.execute("SELECT salt FROM log").fetchone()[0])
        self.delete_old()
        self._writer: LogWriter[Entry] = LogWriter(self.path, self._insert, self.delete_old)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Writes what waits. Raises BakeoffError if some of it could not be written. Reading stays possible."""
        self._writer.close()

    @property
    def problem(self) -> str:
        """Why the last attempt to write failed. Empty if it succeeded."""
        return self._writer.problem

    @property
    def backlog(self) -> int:
        """How many entries wait to be written."""
        return self._writer.n_waiting

    def waiting(self) -> list[LoggedAnswer]:
        """The answers that somebody got and that wait to be written, in the order in which they came.

        One that was just written may be among them. Who looks here first, and then at what is written, misses none.
        """
        waiting = self._writer.waiting()
        return [entry for entry in waiting if isinstance(entry, LoggedAnswer) and not entry.shadow_of]

    def append(self, entry: Entry) -> None:
        """Writes an entry and returns when it is on the disk.

        Raises InputError if its id exists or it refers to an answer that is not in the log, BakeoffError if it could
        not be written.
        """
        self.submit(entry).result()

    def submit(self, entry: Entry) -> Future[None]:
        """The same without waiting: the future is done when the entry is on the disk, and holds the error."""
        return self._writer.submit(self.kept(entry))

    def post(self, entry: Entry) -> None:
        """Hands over an entry that nobody waits for. A kill within the next moments loses it.

        While the disk is full, entries wait in memory and are tried again. Raises BakeoffError if 10,000 wait.
        """
        self._writer.post(self.kept(entry))

    def answer(self, answer_id: str) -> LoggedAnswer | None:
        """The answer with this id. None if it is not in the log (any more)."""
        with self._opened() as connection:
            row = connection.execute("SELECT kind, body FROM entries WHERE id = ?", (answer_id,)).fetchone()
        return LoggedAnswer.model_validate_json(row[1]) if row and row[0] == "answer" else None

    def newest_first(self, n: int, key: str | None = None, key_id: str | None = None) -> Iterator[list[LoggedAnswer]]:
        """The answers, newest first, n at a time: all, those to keys of this name, or those to the key with this id."""
        mine, last = "", 2**63 - 1
        if key is not None:
            mine += " AND json_extract(body, '$.key') = :key"
        if key_id is not None:
            mine += " AND json_extract(body, '$.key_id') = :key_id"
        query = f"SELECT number, body FROM entries WHERE kind = 'answer' AND number < :last{mine}"
        while True:
            values = {"key": key, "key_id": key_id, "last": last, "n": n}
            with self._opened() as connection:
                rows = connection.execute(f"{query} ORDER BY number DESC LIMIT :n", values).fetchall()
            if not rows:
                return
            yield [self._entry(LoggedAnswer, number, body) for number, body in rows]
            last = rows[-1][0]

    def thumbs_on(self, answers: Sequence[str], key_id: str | None = None) -> dict[str, Thumb]:
        """The newest thumb on each of these answers that has one, by the answer's id; only those of a key, if given."""
        places = ", ".join("?" * len(answers))
        query = f"SELECT body FROM entries WHERE about IN ({places}) AND kind = 'thumb' ORDER BY number"
        with self._opened() as connection:
            rows = connection.execute(query, tuple(answers)).fetchall()
        thumbs = [Thumb.model_validate_json(body) for (body,) in rows]
        return {thumb.answer: thumb for thumb in thumbs if key_id is None or thumb.key_id == key_id}

    def entries(self, kind: type[E]) -> Iterator[E]:
        """All entries of a kind, in the order they were written. Read in batches, so that nobody waits for a reader.

        Answers are those that somebody got; `shadows` gives the others.
        """
        yield from self._entries(kind, kind.model_fields["kind"].default)

    def numbered(self, after: int = 0, since: datetime | None = None) -> Iterator[tuple[int, LoggedAnswer | Thumb]]:
        """Answers that somebody got and thumbs, with their numbers, in the order they were written, in batches.

        Only those with a number larger than `after`, written at `since` or later: who remembers the last number reads
        nothing twice.
        """
        if since is not None:
            query = "SELECT COALESCE(MIN(number), ?) FROM entries WHERE at >= ?"
            with self._opened() as connection:
                values = (2**62, since.isoformat(timespec="microseconds"))
                after = max(after, connection.execute(query, values).fetchone()[0] - 1)
        query = (
            "SELECT number, kind, body FROM entries WHERE number > ? AND kind IN ('answer', 'thumb') ORDER BY number"
        )
        while True:
            with self._opened() as connection:
                rows = connection.execute(f"{query} LIMIT ?", (after, _BATCH)).fetchall()
            for number, kind, body in rows:
                is_answer = kind == "answer"
                yield number, self._entry(LoggedAnswer, number, body) if is_answer else self._entry(Thumb, number, body)
            if not rows:
                return
            after = rows[-1][0]

    def shadows(self) -> Iterator[LoggedAnswer]:
        """The answers of a candidate that nobody saw, in the order they were written."""
        yield from self._entries(LoggedAnswer, _SHADOW)

    def written_after(self, number: int, since: datetime) -> Iterator[tuple[int, Entry]]:
        """What was written after the entry with this number, and not before `since`, each with its number, in order.

        A reader that remembers the last number reads nothing twice. Shadows are among the answers.
        """
        at = since.astimezone(UTC).isoformat(timespec="microseconds")
        query = "SELECT number, body FROM entries WHERE number > ? AND at >= ? ORDER BY number LIMIT ?"
        while True:
            with self._opened() as connection:
                rows = connection.execute(query, (number, at, _BATCH)).fetchall()
            for number, body in rows:
                yield number, self._any_entry(number, body)
            if not rows:
                return
            number = rows[-1][0]

    def answers_of(self, ids: Sequence[str]) -> dict[str, LoggedAnswer]:
        """Those of these answers that are in the log (still), by their id."""
        found: dict[str, LoggedAnswer] = {}
        for start in range(0, len(ids), _BATCH):
            some = tuple(ids[start : start + _BATCH])
            places = ", ".join("?" * len(some))
            query = f"SELECT number, body FROM entries WHERE id IN ({places}) AND kind = 'answer'"
            with self._opened() as connection:
                rows = connection.execute(query, some).fetchall()
            for number, body in rows:
                answer = self._entry(LoggedAnswer, number, body)
                found[answer.id] = answer
        return found

    def keyed(self, text: str) -> str:
        """A hash of a text that nobody can predict without this file, the same each time."""
        return hmac.new(self._salt, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _entries(self, kind: type[E], name: str) -> Iterator[E]:
        last = 0
        query = "SELECT number, body FROM entries WHERE kind = ? AND number > ? ORDER BY number LIMIT ?"
        while True:
            with self._opened() as connection:
                rows = connection.execute(query, (name, last, _BATCH)).fetchall()
            for number, body in rows:
                yield self._entry(kind, number, body)
            if not rows:
                return
            last = rows[-1][0]

    def delete_old(self, at: datetime | None = None) -> int:
        """Deletes entries older than `retention_days` at that time (default: now), and thumbs on, comparisons of and
        shadows of deleted answers. Reviews and decisions stay.

        Returns how many. Their texts are overwritten in the file. It deletes some at a time: writers wait only briefly.
        """
        if self.retention_days is None:
            return 0
        limit = ((at or now()) - timedelta(days=self.retention_days)).isoformat(timespec="microseconds")
        with self._opened() as connection:
            connection.execute("UPDATE retention SET before = ?", (limit,))
        return self._delete(_OLD, limit) + self._delete(_ORPHANS)

    def _delete(self, numbers: str, *values: str) -> int:
        n_deleted, n = 0, -1
        while n:
            with self._opened() as connection:
                n = connection.execute(f"DELETE FROM entries WHERE number IN ({numbers})", (*values, _BATCH)).rowcount
            n_deleted += n
        return n_deleted

    def _insert(self, connection: sqlite3.Connection, entry: Entry) -> None:
        for answer_id in _answers_of(entry):
            query = "SELECT 1 FROM entries WHERE id = ? AND kind = 'answer'"
            known = connection.execute(query, (answer_id,)).fetchone()
            if known is None and isinstance(entry, Review):  # the answer may be gone, but not its review
                again = "SELECT 1 FROM entries WHERE about = ? AND kind = 'review'"
                known = connection.execute(again, (answer_id,)).fetchone()
            if known is None:
                days = f" It keeps {self.retention_days} days." if self.retention_days else ""
                raise InputError(
                    f"There is no answer with the id {answer_id!r} in the log.{days}", "use the id of an answer"
                )
        if connection.execute("SELECT 1 FROM entries WHERE id = ?", (entry.id,)).fetchone():
            raise InputError(f"The log already has an entry with the id {entry.id!r}.", "give each entry its own id")
        row = (
            entry.id,
            _kind_of(entry),
            entry.at.isoformat(timespec="microseconds"),
            _about(entry),
            entry.model_dump_json(),
        )
        connection.execute("INSERT INTO entries (id, kind, at, about, body) VALUES (?, ?, ?, ?, ?)", row)

    def kept(self, entry: K) -> K:
        """The entry as the log writes it: without texts if it keeps none."""
        return entry if self.keep_texts else self._without_texts(entry)

    def _without_texts(self, entry: K) -> K:
        """The entry without what people and models wrote. Of an error only its kind stays: messages quote texts."""
        if isinstance(entry, Thumb):
            return entry.model_copy(update={"right_answer": None})
        if isinstance(entry, Preference | Decision):
            return entry
        if isinstance(entry, Review):
            raise InputError(NO_TEXTS, NO_TEXTS_REMEDY)
        digest = self.keyed(" ".join((entry.question or "").casefold().split()))
        kind_of_error = re.match(r"[A-Za-z_.]+(?=:)|", entry.error or "")
        error = None if entry.error is None else (kind_of_error and kind_of_error[0]) or "error"
        texts = {"question": None, "asked": None, "text": None, "error": error}
        return entry.model_copy(update={**texts, "question_hash": digest})

    def _any_entry(self, number: int, body: str) -> Entry:
        try:
            return _ANY.validate_json(body)
        except ValidationError as error:
            raise self._unreadable(number, "known entry", error) from error

    def _unreadable(self, number: int, kind: str, error: ValidationError) -> RunFolderError:
        return RunFolderError(
            f"{self.path}: entry {number} is not a {kind} ({message_of(error.errors()[0])}).",
            "the file was changed by hand or by another version: restore a copy, or start a new log",
        )

    def _entry(self, kind: type[E], number: int, body: str) -> E:
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            raise self._unreadable(number, kind.__name__, error) from error

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with explained(self.path), closing(connected(self.path)) as connection:
            yield connection


def _answers_of(entry: Entry) -> tuple[str, ...]:
    """The ids of the answers that an entry is about."""
    about = _about(entry)
    if about is not None:
        return (about,)
    return entry.answers if isinstance(entry, Preference) else ()


def _about(entry: Entry) -> str | None:
    """The answer that an entry belongs to: it is deleted with it, unless it is a review."""
    if isinstance(entry, Thumb | Review):
        return entry.answer
    return entry.shadow_of if isinstance(entry, LoggedAnswer) else None


def _kind_of(entry: Entry) -> str:
    """How the table names the kind. Nothing that reads answers sees a shadow."""
    return _SHADOW if isinstance(entry, LoggedAnswer) and entry.shadow_of else entry.kind
