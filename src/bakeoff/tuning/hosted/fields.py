"""Fields of a host's reply, which may hold anything.

Takes JSON values, gives them in the form that a protocol promises, or nothing. Raises HostError only where a reply does
not name what was made: then nobody knows, and the host's list is looked at.
"""

import math
from typing import Any

from bakeoff.models.engines.fields import mapping
from bakeoff.models.providers.shown import SHOWN_CHARACTERS
from bakeoff.tuning.hosted.http import HostError


def named(state: dict[str, Any], field: str = "id") -> str:
    """The name or id in a reply. Raises HostError if there is none."""
    value = state.get(field)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        keys = ", ".join(state)[:SHOWN_CHARACTERS] or "nothing"
        raise HostError(
            f"The host answered without '{field}': the reply holds {keys}.",
            "check base_url and tuning.host.api: they must be of the same host",
            200,
            again_s=None,
        )
    return str(value)


def text(state: dict[str, Any], field: str) -> str:
    """A text; empty if it is none."""
    value = state.get(field)
    return value if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """A number that is not negative, also where it is written as text; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def tokens(value: Any) -> int | None:
    """A number of tokens; None if it is none."""
    found = number(value)
    return None if found is None else round(found)


def rows(page: dict[str, Any], field: str = "data") -> list[dict[str, Any]]:
    """The objects in a list."""
    given = page.get(field)
    return [row for row in given if isinstance(row, dict)] if isinstance(given, list) else []


def message_in(value: Any) -> str:
    """The words of an error, which is a text or an object with a message."""
    return value if isinstance(value, str) else text(mapping(value), "message")
