"""What commands print: JSON for scripts, tables for people. Does not know the contents."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:  # what draws tables and writes records is imported where that is done
    from rich.console import Console
    from rich.table import Table


def print_json(content: Any) -> None:
    """Prints a record or plain values as JSON."""
    from pydantic import BaseModel

    values = content.model_dump(mode="json") if isinstance(content, BaseModel) else content
    typer.echo(json.dumps(values, indent=1, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Path | date):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def note(text: str) -> None:
    """Prints a line for a person to stderr, so that stdout holds only the result."""
    typer.echo(text, err=True)


def console() -> "Console":
    """The terminal's stdout. No text is interpreted as markup."""
    from rich.console import Console

    return Console(markup=False, highlight=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> "Table":
    """A plain table. The columns with the indices in `right` are right-aligned."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for place, column in enumerate(columns):
        grid.add_column(column, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid


def percent(value: float | None) -> str:
    """A fraction as a whole percentage, or a dash if there is none."""
    return "–" if value is None else f"{value:.0%}"
