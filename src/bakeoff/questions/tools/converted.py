"""What a format's module takes and gives: numbered records, as mappings from the name of a column to its value."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Cells = Mapping[str, Any]
Numbered = tuple[int, Cells]


class Recorded(NamedTuple):
    """The records of one file: each with its line (or its place in a list), from 1, and its cells."""

    path: Path
    rows: Sequence[Numbered]

    @property
    def names(self) -> set[str]:
        """The names of all columns."""
        return {name for _, cells in self.rows for name in cells}

    @property
    def is_table(self) -> bool:
        """Whether the cells are texts, as in CSV."""
        return self.path.suffix.lower() in (".csv", ".tsv")


class Converted(NamedTuple):
    """The records under Bakeoff's names. `tool` names the format; `notes` say what was left out."""

    tool: str
    rows: Sequence[Numbered]
    notes: tuple[str, ...] = ()


def left_out(n: int, what: str, why: str) -> tuple[str, ...]:
    """A note that n records were left out. None for 0.

    >>> left_out(2, "ticket", "no agent answered")
    ('2 tickets were left out: no agent answered.',)
    """
    return (f"{n} {what}{'s were' if n != 1 else ' was'} left out: {why}.",) if n else ()
