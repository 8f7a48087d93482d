"""The rows of a query as a source: what changed is found by a column that grows with changes, or by hashes of rows.

Takes the settings, gives changes. The cursor holds two hashes for each key, of its document and of its `changed`, and
the greatest value of `changed`: rows with that value or a later one are read again, for changes in the same second.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zlib import crc32

from bakeoff.corpus.sources.by_file import hash_of
from bakeoff.corpus.sources.sql.database import Reader, reading
from bakeoff.corpus.sources.sql.rows import (
    Columns,
    EmptyRowError,
    as_json,
    columns_of,
    document_of,
    from_json,
    key_of,
    order_of,
    source_of,
)
from bakeoff.corpus.sources.sql.settings import SqlSettings
from bakeoff.corpus.sources.unread import grouped
from bakeoff.errors import CursorError, InputError
from bakeoff.files.did_you_mean import unknown
from bakeoff.files.plain_json import plain_json
from bakeoff.formats.part import UnclearAccessError, UnreadableError, problem_of
from bakeoff.protocols import Changes
from bakeoff.records import Document, Problem

LATE = timedelta(minutes=5)
"""So long a transaction may take after it set the time of its change: that much is read again."""
AHEAD = timedelta(days=2)
"""A time further in the future does not count as the latest change: it would hide all changes before it."""
MOST_BY_KEY = 5000
"""More new rows than this are found by reading all rows."""
_UNREAD = "?"


class _Known(NamedTuple):
    """What a cursor holds: of which settings it is, the latest change, and for each key a hash of its document.

    The hash is empty where a row has no text, and begins with ? where the row could not be read.
    """

    of: str = ""
    mark: tuple[str, ...] = ()
    rows: Mapping[str, str] = {}
    stamps: Mapping[str, str] = {}


class SqlSource:
    """The rows of one query as a `protocols.Source`."""

    def __init__(self, settings: SqlSettings) -> None:
        self._settings = settings

    def changes_since(self, cursor: str) -> Changes:
        """New and changed rows as documents, and the sources of rows that are gone.

        Raises InputError if the database refuses, if keys are NULL or not unique, if a column is missing, and for a
        cursor of another kind.
        """
        before = _opened(cursor)
        with reading(self._settings) as reader:
            now = _Reading(self._settings, before, _checked(self._settings, reader.names()))
            if before.mark and before.of == now.of:
                now.take_changed(reader)
            else:
                now.take_all(reader.rows())
        return now.changes()


class _Reading:
    """One reading of the query: takes rows, remembers their documents and what is known of every key."""

    def __init__(self, settings: SqlSettings, before: _Known, names: Sequence[str]) -> None:
        self._settings = settings
        self._before = before
        self._columns: Columns = columns_of(settings, names)
        self._rows: dict[str, str] = {}
        self._stamps: dict[str, str] = {}
        self._documents: dict[str, Document] = {}
        self._problems: list[Problem] = []
        self._mark: Any = from_json(before.mark) if before.mark else None
        self._marks: dict[str, Any] = {}
        self._ordered: dict[str, list[str]] = {}
        self._no_order: dict[str, tuple[UnreadableError, Any]] = {}
        self.of = hashlib.sha256(settings.model_dump_json(exclude={"timeout_s", "password_env"}).encode()).hexdigest()[
            :16
        ]

    def take_all(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Reads every row."""
        for row in rows:
            self._take(self._key([row[name] for name in self._settings.key]), row)

    def take_changed(self, reader: Reader) -> None:
        """Reads the keys of all rows, and only rows that changed, are new, or could not be read the last time."""
        keys: dict[str, Sequence[Any]] = {}
        known = self._before.rows
        for values in reader.key_values():
            key = self._key(values[: len(self._settings.key)])
            if key in keys:
                raise self._twice(key)
            keys[key] = values[: len(self._settings.key)]
            self._stamps[key] = _stamp(values[-1])
        self._rows = {key: known[key] for key in keys if key in known}
        taken = set()
        for row in reader.rows_since(self._since()):
            key = key_of([row[name] for name in self._settings.key])
            taken.add(key)
            self._rows.pop(key, None)
            self._take(key, row)
        stamps = self._before.stamps
        left = [
            key
            for key in keys
            if key not in taken
            and (known.get(key, _UNREAD).startswith(_UNREAD) or stamps.get(key) != self._stamps[key])
        ]
        if len(left) > MOST_BY_KEY:
            self._rows = {}
            self.take_all(reader.rows())
            return
        for key in left:
            self._rows.pop(key, None)
        for row in reader.rows_of([keys[key] for key in left]):
            self._take(key_of([row[name] for name in self._settings.key]), row)

    def changes(self) -> Changes:
        """What is different from the cursor, ordered by source."""
        self._settle_mark()
        settings, before = self._settings, self._before.rows
        changed = [key for key in sorted(self._documents) if before.get(key, "").lstrip(_UNREAD) != self._rows[key]]
        kept = {key for key, hash_ in self._rows.items() if hash_.lstrip(_UNREAD)}
        gone = [key for key, hash_ in before.items() if hash_.lstrip(_UNREAD) and key not in kept]
        mark = as_json(self._mark) if settings.changed and self._mark is not None else []
        written = {"sql": self.of, "mark": mark, "rows": self._rows, "stamps": self._stamps}
        return Changes(
            documents=tuple(self._documents[key] for key in changed),
            deleted=tuple(source_of(settings, key) for key in sorted(gone)),
            problems=tuple(grouped(self._problems, "row")),
            cursor=json.dumps(written, ensure_ascii=False, separators=(",", ":")),
        )

    def _take(self, key: str, row: Mapping[str, Any]) -> None:
        if key in self._rows:
            raise self._twice(key)
        try:
            document = document_of(self._settings, self._columns, key, row)
        except EmptyRowError as error:
            self._rows[key] = ""
            self._note(error, key, is_read=True)
        except UnclearAccessError as error:
            self._rows[key] = _UNREAD
            self._note(error, key)
        except UnreadableError as error:
            self._rows[key] = _UNREAD + self._before.rows.get(key, "").lstrip(_UNREAD)
            self._note(error, key)
        else:
            self._rows[key] = hash_of(document)
            self._documents[key] = document
        if self._settings.changed:
            self._stamps[key] = _stamp(row[self._settings.changed])
            self._take_mark(key, row[self._settings.changed])

    def _take_mark(self, key: str, value: Any) -> None:
        """Notes the greatest value of each kind, and which rows have that kind."""
        if value is None:
            return
        try:
            kind = order_of(value)
        except UnreadableError as error:
            self._no_order[key] = error, value
            return
        self._ordered.setdefault(kind, []).append(key)
        if not _is_ahead(value):
            self._marks[kind] = max(value, self._marks.get(kind, value))

    def _settle_mark(self) -> None:
        """The greatest value of the kind that most rows have, or had the last time. The others are not read: by what
        they have, nobody would see that they change.

        Raises InputError if no kind is that of most rows: then it is the column that is wrong.
        """
        known = order_of(self._mark) if self._mark is not None else ""
        rows = sum(map(len, self._ordered.values()))
        kind = known or max(self._ordered, key=lambda one: len(self._ordered[one]), default="")
        if not kind and self._no_order:
            error, value = next(iter(self._no_order.values()))
            as_json(value)
            raise InputError(f"No row has a value to order by: {error.message}.", error.remedy)
        if not known and rows and 2 * len(self._ordered[kind]) <= rows:
            other = next(one for one in self._ordered if one != kind)
            raise InputError(
                f"The column of changed: holds values of several kinds ({kind}, {other}).",
                "name a column whose values can be compared, or leave changed: out",
            )
        for other, keys in self._ordered.items():
            if other != kind:
                reason = f"its column of changed: has {other}, where others have {kind}"
                self._no_order |= {key: (UnreadableError(reason, "write the same kind of value"), None) for key in keys}
        for key, (error, _) in self._no_order.items():
            self._documents.pop(key, None)
            self._rows[key] = _UNREAD + self._before.rows.get(key, "").lstrip(_UNREAD)
            self._note(error, key)
        if kind in self._marks:
            self._mark = max(self._marks[kind], self._marks[kind] if self._mark is None else self._mark)

    def _note(self, error: UnreadableError, key: str, is_read: bool = False) -> None:
        source = source_of(self._settings, key)
        self._problems.append(problem_of(source, error, is_read=is_read))

    def _key(self, values: Sequence[Any]) -> str:
        key = key_of(values)
        if key:
            return key
        named = ", ".join(f"{name} is {value!r}" for name, value in zip(self._settings.key, values, strict=True))
        raise InputError(
            f"{self._settings.where} has a row without a key: {named}.",
            "name columns in key: that are set in every row and differ between rows, or leave such rows out with WHERE",
        )

    def _twice(self, key: str) -> InputError:
        return InputError(
            f"{self._settings.where} has two rows with the key {key!r} ({', '.join(self._settings.key)}).",
            "name columns in key: that together differ between rows, such as key: [id, language]; a table without a "
            "key needs one, or a query that makes one",
        )

    def _since(self) -> Any:
        return self._mark - LATE if isinstance(self._mark, datetime) else self._mark


def _checked(settings: SqlSettings, names: Sequence[str]) -> Sequence[str]:
    """The columns, if they have names of their own and all that the settings name are there."""
    plain = [name.rpartition(":")[0] if re.fullmatch(r".+:\d+", name) else name for name in names]  # id:1 in SQLite
    twice = next((name for name in plain if plain.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"The query of {settings.where} has two columns '{twice}'.",
            f"give one of them another name: SELECT ..., t.{twice} AS other_{twice}",
        )
    named = {
        "key": settings.key,
        "title": (settings.title,),
        "text": settings.text,
        "facts": settings.facts,
        "labels_column": (settings.labels_column,),
        "changed": (settings.changed,),
    }
    for setting, columns in named.items():
        for column in filter(None, columns):
            if column not in names:
                raise InputError(
                    f"{setting}: {unknown('column', column, names)} in the query of {settings.where}.",
                    f"its columns are {', '.join(names)}",
                )
    return names


def _stamp(value: Any) -> str:
    return format(crc32(repr(value).encode()), "x")


def _is_ahead(value: Any) -> bool:
    limit = datetime.now(UTC) + AHEAD
    if isinstance(value, datetime):
        return value > (limit if value.tzinfo else limit.replace(tzinfo=None))
    if isinstance(value, date):
        return value > limit.date()
    return isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-" and value > limit.isoformat(sep=" ")


def _opened(cursor: str) -> _Known:
    """What a cursor holds. Raises CursorError if it is of another kind of source."""
    if not cursor:
        return _Known()
    try:
        opened = plain_json(cursor)
        known = _Known(str(opened["sql"]), tuple(opened["mark"]), dict(opened["rows"]), dict(opened["stamps"]))
        if known.mark:
            from_json(known.mark)
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise CursorError(
            f"{cursor[:40]!r} is not a cursor of a database.", "pass the cursor of an earlier result, or an empty text"
        ) from error
    return known
