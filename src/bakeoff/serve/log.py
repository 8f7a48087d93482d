"""The log of a server: an append-only SQLite file of answers, thumbs and comparisons. Nothing leaves the machine.

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
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from pydantic import ValidationError

from bakeoff.errors import ConfigError, InputError, RunFolderError
from bakeoff.files.sqlite_file import connected, explained, prepare
from bakeoff.serve.log_entries import Entry, LoggedAnswer, Preference, Thumb, now
from bakeoff.serve.log_writer import LogWriter

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x42414C47  # "BALG"
_BATCH = 500
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
)
_OLD = "SELECT number FROM entries WHERE at < ? LIMIT ?"
_ORPHANS = """SELECT number FROM entries thumb WHERE about IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM entries answer WHERE answer.id = thumb.about) LIMIT ?"""

E = TypeVar("E", LoggedAnswer, Thumb, Preference)


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
        prepare(self.path, _SCHEMA, _APPLICATION_ID, SCHEMA_VERSION)
        with self._reading() as connection:
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

    def append(self, entry: Entry) -> None:
        """Writes an entry and returns when it is on the disk.

        Raises InputError if its id exists or it refers to an answer that is not in the log, BakeoffError if it could
        not be written.
        """
        self.submit(entry).result()

    def submit(self, entry: Entry) -> Future[None]:
        """The same without waiting: the future is done when the entry is on the disk, and holds the error."""
        return self._writer.submit(entry if self.keep_texts else self._without_texts(entry))

    def post(self, entry: Entry) -> None:
        """Hands over an entry that nobody waits for. A kill within the next moments loses it.

        While the disk is full, entries wait in memory and are tried again. Raises BakeoffError if 10,000 wait.
        """
        self._writer.post(entry if self.keep_texts else self._without_texts(entry))

    def answer(self, answer_id: str) -> LoggedAnswer | None:
        """The answer with this id. None if it is not in the log (any more)."""
        with self._reading() as connection:
            row = connection.execute("SELECT kind, body FROM entries WHERE id = ?", (answer_id,)).fetchone()
        return LoggedAnswer.model_validate_json(row[1]) if row and row[0] == "answer" else None

    def newest(self, n: int, key: str | None = None) -> list[LoggedAnswer]:
        """The last n answers, newest first; only those that were given to the key of this name, if one is given."""
        mine = "" if key is None else "AND json_extract(body, '$.key') = ?"
        query = f"SELECT body FROM entries WHERE kind = 'answer' {mine} ORDER BY number DESC LIMIT ?"
        with self._reading() as connection:
            rows = connection.execute(query, (n,) if key is None else (key, n)).fetchall()
        return [LoggedAnswer.model_validate_json(body) for (body,) in rows]

    def thumbs_on(self, answers: Sequence[str]) -> dict[str, Thumb]:
        """The newest thumb on each of these answers that has one, by the answer's id."""
        query = f"SELECT body FROM entries WHERE about IN ({', '.join('?' * len(answers))}) ORDER BY number"
        with self._reading() as connection:
            rows = connection.execute(query, tuple(answers)).fetchall()
        return {thumb.answer: thumb for (body,) in rows for thumb in [Thumb.model_validate_json(body)]}

    def entries(self, kind: type[E]) -> Iterator[E]:
        """All entries of a kind, in the order they were written. Read in batches, so that nobody waits for a reader."""
        name, last = kind.model_fields["kind"].default, 0
        query = "SELECT number, body FROM entries WHERE kind = ? AND number > ? ORDER BY number LIMIT ?"
        while True:
            with self._reading() as connection:
                rows = connection.execute(query, (name, last, _BATCH)).fetchall()
            for number, body in rows:
                yield self._entry(kind, number, body)
            if not rows:
                return
            last = rows[-1][0]

    def delete_old(self, at: datetime | None = None) -> int:
        """Deletes entries older than `retention_days` at that time (default: now), and thumbs on deleted answers.

        Returns how many. Their texts are overwritten in the file. It deletes some at a time: writers wait only briefly.
        """
        if self.retention_days is None:
            return 0
        limit = ((at or now()) - timedelta(days=self.retention_days)).isoformat(timespec="microseconds")
        return self._delete(_OLD, limit) + self._delete(_ORPHANS)

    def _delete(self, numbers: str, *values: str) -> int:
        n_deleted, n = 0, -1
        while n:
            with explained(self.path), self._connected() as connection:
                n = connection.execute(f"DELETE FROM entries WHERE number IN ({numbers})", (*values, _BATCH)).rowcount
            n_deleted += n
        return n_deleted

    def _insert(self, connection: sqlite3.Connection, entry: Entry) -> None:
        for answer_id in _answers_of(entry):
            query = "SELECT 1 FROM entries WHERE id = ? AND kind = 'answer'"
            if connection.execute(query, (answer_id,)).fetchone() is None:
                days = f" It keeps {self.retention_days} days." if self.retention_days else ""
                raise InputError(
                    f"There is no answer with the id {answer_id!r} in the log.{days}", "use the id of an answer"
                )
        about = entry.answer if isinstance(entry, Thumb) else None
        row = (entry.id, entry.kind, entry.at.isoformat(timespec="microseconds"), about, entry.model_dump_json())
        query = "INSERT OR IGNORE INTO entries (id, kind, at, about, body) VALUES (?, ?, ?, ?, ?)"
        if connection.execute(query, row).rowcount == 0:
            raise InputError(f"The log already has an entry with the id {entry.id!r}.", "give each entry its own id")

    def _without_texts(self, entry: Entry) -> Entry:
        """The entry without what people and models wrote. Of an error only its kind stays: messages quote texts."""
        if isinstance(entry, Thumb):
            return entry.model_copy(update={"right_answer": None})
        if isinstance(entry, Preference):
            return entry
        normal = " ".join((entry.question or "").casefold().split())
        digest = hmac.new(self._salt, normal.encode(), hashlib.sha256).hexdigest()
        kind_of_error = re.match(r"[A-Za-z_.]+(?=:)|", entry.error or "")
        error = None if entry.error is None else (kind_of_error and kind_of_error[0]) or "error"
        texts = {"question": None, "asked": None, "text": None, "error": error}
        return entry.model_copy(update={**texts, "question_hash": digest})

    def _entry(self, kind: type[E], number: int, body: str) -> E:
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            raise RunFolderError(
                f"{self.path}: entry {number} is not a {kind.__name__} ({error.errors()[0]['msg']}).",
                "the file was changed by hand or by another version: restore a copy, or start a new log",
            ) from error

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        connection = connected(self.path)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with explained(self.path), self._connected() as connection:
            yield connection


def _answers_of(entry: Entry) -> tuple[str, ...]:
    """The ids of the answers that an entry is about."""
    if isinstance(entry, Thumb):
        return (entry.answer,)
    return entry.answers if isinstance(entry, Preference) else ()
