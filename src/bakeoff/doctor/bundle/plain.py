"""What of a record may leave this machine: numbers, yes or no, and values that its type lists by name.

Takes a record of Bakeoff's own, gives plain values. Any other text is left out, and so is every key that a user may
choose. Lists keep their length, so that one sees how many there are.
"""

from collections.abc import Collection
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

OTHER = "other"
"""Stands for a name that is not in Bakeoff's code."""
LONGEST_NUMBER = 1e15
"""A larger number is left out: a number with more digits may be a secret."""


def plain(record: BaseModel) -> dict[str, Any]:
    """The values of a record that may leave, by the names of its fields."""
    if not type(record).__module__.startswith("bakeoff."):
        return {}
    fields = type(record).model_fields
    kept = {name: _kept(getattr(record, name), field.annotation) for name, field in fields.items()}
    return {name: value for name, value in kept.items() if value is not None}


def _kept(value: Any, annotation: Any) -> Any:
    """One value; None if nothing of it may leave."""
    if isinstance(value, bool | int | float):
        return number(value)
    if isinstance(value, str):
        return value if value in _listed(annotation) else None
    if isinstance(value, BaseModel):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_kept(item, annotation) for item in value]
    return None


def number(value: bool | int | float) -> bool | int | float | None:
    """The number, if it is not too large to be one that somebody measured or set."""
    return value if isinstance(value, bool) or abs(value) < LONGEST_NUMBER else None


def _listed(annotation: Any) -> set[str]:
    """The texts that a type lists: those of its Literals, at any depth."""
    if get_origin(annotation) is Literal:
        return {text for text in get_args(annotation) if isinstance(text, str)}
    return {text for part in get_args(annotation) for text in _listed(part)}


def known(name: str, names: Collection[str]) -> str:
    """The name if it is one of these, which stand in the code; else OTHER."""
    return name if name in names else OTHER
