"""What commands print: JSON for scripts, tables for people. Knows nothing about what is in them."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_json(content: Any) -> None:
    """Print a record or plain values as JSON."""
    values = content.model_dump(mode="json") if isinstance(content, BaseModel) else content
    typer.echo(json.dumps(values, indent=1, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Path | date):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def note(text: str) -> None:
    """Print a line for a person to stderr, so that stdout holds the result alone."""
    typer.echo(text, err=True)


def console() -> Console:
    """The terminal's stdout; no text is read as markup."""
    return Console(markup=False, highlight=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> Table:
    """A plain table; the columns at the places in `right` are aligned to the right."""
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for place, column in enumerate(columns):
        grid.add_column(column, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid


def percent(value: float | None) -> str:
    """A fraction as a whole percentage; a dash where there is none."""
    return "–" if value is None else f"{value:.0%}"
