"""One row of a query as a document: free text, lines `Column: value`, title, labels, time.

Takes names and values as a database driver gives them, gives documents. Knows no database.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from bakeoff.corpus.sources.folders import document_id
from bakeoff.corpus.sources.sql.settings import SqlSettings
from bakeoff.errors import InputError
from bakeoff.files.plain_json import plain_json
from bakeoff.formats import encodings, markup
from bakeoff.formats.html.cells import markdown_of, words_of
from bakeoff.formats.part import UnclearAccessError, UnreadableError
from bakeoff.formats.tables.json_lines import lines_of
from bakeoff.formats.values import access_of, json_value, time_of
from bakeoff.records import Document
from bakeoff.sentences import kind_of_value

_NEVER_IN_NAMES = re.compile(r"[%#\x00-\x1f\x7f]")
_EPOCH = range(10**8, 10**11)
"""Whole numbers that are seconds since 1970 rather than versions: the years 1973 to 5138."""


_NAME_ANOTHER = "name a column of times, dates, numbers or texts that grows with every change, or leave changed: out"


class EmptyRowError(UnreadableError):
    """A row that has no text in any of its columns."""


class Columns(NamedTuple):
    """Which columns of a query have which part in a document."""

    text: tuple[str, ...]
    facts: tuple[str, ...]
    meta: tuple[str, ...]


def columns_of(settings: SqlSettings, names: Sequence[str]) -> Columns:
    """The parts of all columns of the query. Without columns of text, all that have no other part are facts."""
    roles = {*settings.key, settings.title, settings.labels_column, settings.changed}
    facts = settings.facts
    if not settings.text and not facts:
        facts = tuple(name for name in names if name not in roles)
    meta = tuple(name for name in names if name not in roles and name not in (*settings.text, *facts))
    return Columns(settings.text, facts, meta)


def source_of(settings: SqlSettings, key: str) -> str:
    """The source of a row's document, such as `articles/123`."""
    return f"{settings.rows_name}/{key}"


def key_of(values: Sequence[Any]) -> str:
    """The key of a row as text. Signs that mean something in names of sources are written as %23. Empty if NULL."""
    if len(values) == 1 and type(values[0]) is int:
        return str(values[0])
    parts = ["" if value is None else _NEVER_IN_NAMES.sub(_percent, str(plain(value))) for value in values]
    return "/".join(parts) if all(part.strip(". /") for part in parts) else ""


def _percent(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def document_of(settings: SqlSettings, columns: Columns, key: str, row: Mapping[str, Any]) -> Document:
    """The document of one row. Raises UnreadableError if it has no text, or if text or labels are not understood."""
    body = [text for name in columns.text if (text := _free_text(name, row[name]))]
    facts = [line for name in columns.facts for line in fact_lines(name, row[name])]
    title = _title(row.get(settings.title)) if settings.title else ""
    paragraphs = ["\n".join(map(markup.paragraph, facts)), *body]
    text = markup.clean("\n\n".join(filter(None, paragraphs)))
    if not text.strip():
        raise EmptyRowError(f"no text in {', '.join((*columns.text, *columns.facts))}", "nothing, if it is meant so")
    source = source_of(settings, key)
    return Document(
        id=document_id(source),
        text=text,
        title=title or (markup.first_heading(text) if body else ""),
        source=source,
        updated_at=moment_of(row[settings.changed]) if settings.changed else None,
        access=_labels(row[settings.labels_column]) if settings.labels_column else (),
        meta={name: value for name in columns.meta if (value := json_value(plain(row[name]))) not in (None, "")},
    )


def fact_lines(name: str, value: Any) -> list[str]:
    """`Name: value`, or several such lines for a JSON object. No line for NULL and for bytes.

    >>> fact_lines("price", Decimal("12.50")), fact_lines("size", {"width": 3, "unit": "cm"}), fact_lines("note", None)
    (['price: 12.50'], ['size: width: 3; unit: cm'], [])
    """
    value = plain(value)
    if isinstance(value, (dict, list)):
        return list(lines_of(value, (name,)))
    if isinstance(value, bool):
        return [f"{name}: {'yes' if value else 'no'}"]
    said = "" if value is None else markup.one_line(words_of(markup.clean(str(value))))
    return [f"{name}: {said}"] if said else []


def plain(value: Any) -> Any:
    """The value as text, number, boolean, list, dictionary or None. Bytes become None."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return str(value)  # UUID, timedelta, ranges, addresses


def moment_of(value: Any) -> datetime | None:
    """A time in UTC of what a column of times or a text says. A number only if it can be seconds since 1970."""
    try:
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        if isinstance(value, timedelta) or (isinstance(value, (int, float, Decimal)) and int(value) not in _EPOCH):
            return None
    except (ValueError, ArithmeticError):  # infinite, no number, or a day before the first one in UTC
        return None
    return time_of(float(value) if isinstance(value, Decimal) else value)


def order_of(value: Any) -> str:
    """The kind of a value of the column `changed`: values of one kind can be compared.

    Raises UnreadableError for what comes neither before nor after others: infinity, no number, bytes and the like.
    """
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise UnreadableError(f"its column of changed: is {value}", "write a time or a number into it")
    if type(value) not in dict(_WATERMARKS):
        raise UnreadableError(f"its column of changed: has {kind_of_value(value)}", _NAME_ANOTHER)
    if isinstance(value, datetime):
        return "a time with a zone" if value.tzinfo else "a time"
    return "a number" if isinstance(value, Decimal) else kind_of_value(value)


def _free_text(name: str, value: Any) -> str:
    """The text of a column; HTML becomes Markdown, bytes are read as text. Raises UnreadableError for other bytes."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        content = bytes(value)
        if b"\0" in content[:65536]:
            raise UnreadableError(f"the column '{name}' holds binary", "select a column of text, or a folder of files")
        value = encodings.decoded(content).text
    value = plain(value)
    if isinstance(value, (dict, list)):
        return "\n".join(map(markup.paragraph, lines_of(value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else markup.clean(markdown_of(str(value)))


def _title(value: Any) -> str:
    value = plain(value)
    return "" if value is None or isinstance(value, (dict, list)) else markup.one_line(markup.clean(str(value)))


def _labels(value: Any) -> tuple[str, ...]:
    """The labels in a text with commas, a list, or a JSON list. Raises UnclearAccessError for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = plain_json(value)
        except ValueError as error:
            raise UnclearAccessError(
                f"its labels are {value!r:.80}, which is no list", "write labels with commas"
            ) from error
    return access_of(value)


def as_json(value: Any) -> list[str]:
    """A value of the column `changed` as it stands in a cursor. Raises InputError if rows cannot be ordered by it."""
    for kind, write in _WATERMARKS:
        if type(value) is kind:
            return [kind.__name__, write(value)]
    raise InputError(
        f"The column of changed: has {kind_of_value(value)}, by which rows are not compared.", _NAME_ANOTHER
    )


def from_json(written: Sequence[str]) -> Any:
    """The value that `as_json` wrote. Raises ValueError and KeyError for anything else."""
    kind, text = written
    return _READ[kind](text)


_READ: Mapping[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "int": int,
    "float": float,
    "str": str,
    "Decimal": Decimal,
}
_WATERMARKS: tuple[tuple[type, Any], ...] = (
    (datetime, datetime.isoformat),
    (date, date.isoformat),
    (int, str),
    (float, repr),
    (str, str),
    (Decimal, str),
)
