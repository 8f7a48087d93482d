"""Turns the values in files (strings, numbers, lists) into times, access lists and flat metadata.

Knows no format.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bakeoff.formats import markup
from bakeoff.formats.part import UnclearAccessError

_MAX_DEPTH = 8


def time_of(value: Any) -> datetime | None:
    """A time in UTC, from ISO 8601 (UTC if no zone is given) or seconds since 1970. None for any other value."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str) and re.match(r"\d{4}-?\d{2}", value.strip()):
            time = datetime.fromisoformat(value.strip())
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


LABELS_ARE = "labels are"
NAMES = "write a list of names, such as [hr, legal]; tags that restrict nobody belong in a field tags"


def access_of(value: Any, given_as: str = "access is") -> tuple[str, ...]:
    """The names of those who may see a text, from a list or a text with commas or semicolons. Empty means everybody.

    Raises UnclearAccessError for anything else: a text must not become public because its access was not understood.
    """
    if value is None:
        return ()
    is_list = not isinstance(value, str)
    if isinstance(value, str):
        value = re.split(r"[,;]", value)
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise UnclearAccessError(f"its {given_as} {value!r:.80}, not a list of names", NAMES)
    names = tuple(dict.fromkeys(filter(None, (markup.one_line(markup.clean(name)) for name in value))))
    if not names and (len(value) > 1 or (value and value[0].strip() == "" and is_list)):
        raise UnclearAccessError(f"its {given_as} a list of empty names", NAMES)
    return names


def scalar_meta(meta: Mapping[Any, Any]) -> dict[str, Any]:
    """The entries whose value is a string, number, boolean or flat list of those, as JSON values. No empty values."""
    kept = {}
    for key, value in meta.items():
        if isinstance(value, (list, tuple)):
            value = [json_value(item) for item in value if isinstance(item, (str, int, float))][:1000]
        elif isinstance(value, dict):
            continue
        value = json_value(value)
        if value not in (None, "", []):
            kept[markup.one_line(markup.clean(str(key)))] = value
    return kept


def json_value(value: Any, depth: int = 0) -> Any:
    """The value with clean strings. Values that JSON cannot hold (NaN, infinity, too deep) become None."""
    if isinstance(value, str):
        return markup.clean(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (list, dict)) and depth >= _MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [json_value(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {markup.clean(str(key)): json_value(item, depth + 1) for key, item in value.items()}
    return value
