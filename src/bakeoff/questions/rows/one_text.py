"""Refuses lists and mappings where a text belongs: read as one, they would be the words of a program.

Takes the value of a cell and its field. Files of text and spreadsheets have only texts; JSON and YAML have all kinds.
"""

from collections.abc import Mapping
from typing import Any

from bakeoff.errors import InputError
from bakeoff.questions.rows.columns import PUBLIC
from bakeoff.sentences import kind_of_value

SEVERAL = ("answers", "source", "evidence", "key_points")
"""Fields that may hold a list of texts."""
ONE, WRITE_ONE = "one text belongs", "write one text; if the column holds something else, give it another name"
LIST, WRITE_LIST = "texts belong", 'write a text, or a list of texts: ["...", "..."]'


def check_cell(place: str, column: str, field: str, value: Any) -> None:
    """Raises InputError that names the place and the column if no text can be read there."""
    found = _unreadable(value, field)
    if not found:
        return
    named = PUBLIC.get(field, field)
    read_as = "" if column.strip().lower() == named else f", which is read as {named},"
    what, remedy = (LIST, WRITE_LIST) if field in SEVERAL else (ONE, WRITE_ONE)
    raise InputError(f"{place}: the column {column!r}{read_as} holds {found} where {what}.", remedy)


def _unreadable(value: Any, field: str) -> str:
    """What was found in place of a text; empty if it can be read."""
    several = field in SEVERAL
    if several and field != "evidence" and isinstance(value, Mapping) and "text" in value:  # as SQuAD writes answers
        value = value["text"]
    if several and isinstance(value, list | tuple):
        texts = [one["text"] if isinstance(one, Mapping) and "text" in one else one for one in value]
        return next(
            (f"{kind_of_value(one)} within a list" for one in texts if isinstance(one, Mapping | list | tuple)), ""
        )
    return kind_of_value(value) if isinstance(value, Mapping | list | tuple) else ""
