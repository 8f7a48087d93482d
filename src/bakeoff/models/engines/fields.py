"""Fields of a server's reply, which may hold anything. Takes JSON values, raises nothing."""

from typing import Any

from bakeoff.models.spending.tokens import as_count


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def count(counted: dict[str, Any], name: str) -> int | None:
    """A number of tokens; None if it is none."""
    return as_count(counted.get(name))
