"""Reviewing in a spreadsheet: the next answers as CSV, and the filled-in file back as reviews.

Takes a `Reviewing` and a path. A file is read as a whole or not at all: each row that is wrong is named. A correction
of a user stands in a column of its own, and is never filled in as the right answer.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

from bakeoff.errors import InputError
from bakeoff.files.jsonl import write_text
from bakeoff.files.spreadsheet_csv import written
from bakeoff.formats.encodings import decoded
from bakeoff.formats.part import UnreadableError
from bakeoff.formats.tables.csv_rows import csv_rows
from bakeoff.labelling.sheet import same_cell
from bakeoff.learn.review.reviewing import Reviewing, Said, View
from bakeoff.questions.rows.aliases import split_aliases
from bakeoff.sentences import listed
from bakeoff.serve.log_entries import Action

SHOWN = ("id", "why", "question", "answer shown", "sources", "user's correction", "warnings")
TO_FILL = ("action", "right answers", "fact", "documents", "document is", "note")
COLUMNS = (*SHOWN, *TO_FILL)
ACTIONS: tuple[Action, ...] = get_args(Action)
BETWEEN = "|"
MOST_NAMED = 5
LONGEST_CELL = 30_000  # spreadsheets cut cells at 32,767 characters
DECLINED = "(declined)"


class Filled(NamedTuple):
    """How many rows held a new or changed review, how many none, and how many one that was stored before."""

    reviewed: int
    blank: int
    same: int = 0


def write_sheet(reviewing: Reviewing, path: Path, n: int) -> int:
    """Writes the next n answers as CSV. Returns how many there were.

    Raises InputError if the file exists, since it may hold reviews that were not read yet.
    """
    if path.exists():
        raise InputError(f"{path} exists; it may hold reviews.", "read it with --read, or name another file")
    views = reviewing.views(n)
    write_text(path, "\ufeff" + written([COLUMNS, *map(_row, views)]))
    return len(views)  # the mark at the file's start makes Excel read UTF-8


def _row(view: View) -> tuple[str, ...]:
    question, shown = _texts(view)
    cells = (view.answer.id, ", ".join(view.reasons), question, shown, f" {BETWEEN} ".join(view.sources),
             view.correction, " ".join(view.flags))  # fmt: skip
    return (*(cell[:LONGEST_CELL] for cell in cells), *("" for _ in TO_FILL))


def _texts(view: View) -> tuple[str, str]:
    """Question and answer, as they stand in the file."""
    shown = DECLINED if view.shown is None else view.shown
    return (view.answer.question or "")[:LONGEST_CELL], shown[:LONGEST_CELL]


def read_sheet(reviewing: Reviewing, path: Path) -> Filled:
    """Stores the reviews of a filled-in file. Raises InputError that names every wrong row; then nothing is stored.

    A file that is read twice stores nothing twice.
    """
    rows = list(_rows(path))
    filled = [(number, row) for number, row in rows if row["action"].strip()]
    said: dict[str, Said] = {}
    problems = []
    for number, row in filled:
        problem = _problem(reviewing, row, said)
        if problem:
            problems.append(f"row {number}: {problem}")
    if problems:
        more = f" and {len(problems) - MOST_NAMED} more" if len(problems) > MOST_NAMED else ""
        raise InputError(
            f"{path} was not read: {'; '.join(problems[:MOST_NAMED])}{more}.",
            f"an action is one of {', '.join(ACTIONS)}, or empty; several right answers are divided by '{BETWEEN}'",
        )
    new = {answer: one for answer, one in said.items() if not reviewing.is_said(answer, one)}
    for answer, one in new.items():
        reviewing.say(answer, one)
    return Filled(len(new), len(rows) - len(filled), len(said) - len(new))


def _problem(reviewing: Reviewing, row: dict[str, str], said: dict[str, Said]) -> str:
    """What is wrong with a row, empty if nothing is; then what it says is added."""
    answer, action = row["id"].strip(), row["action"].strip().lower()
    if action not in ACTIONS:
        return f"action '{row['action'][:40]}'"
    one = _said(action, row)
    problem = reviewing.problem(answer, one)
    if problem:
        return problem
    for name, text in zip(("question", "answer shown"), _texts(reviewing.view(answer)), strict=True):
        if name in row and not same_cell(row[name], text):
            return f"the {name} is not the one of {answer}; were columns sorted apart?"
    if said.setdefault(answer, one) != one:
        return f"{answer} has another review in a row above"
    return ""


def _said(action: str, row: dict[str, str]) -> Said:
    def several(name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in split_aliases(row[name]) if part.strip())

    return Said(
        action=action,  # type: ignore[arg-type]
        answers=several("right answers"),
        fact=row["fact"].strip(),
        documents=several("documents"),
        document_is=row["document is"].strip().lower(),
        note=row["note"].strip(),
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows with their lines in the file, by column."""
    try:
        text = decoded(path.read_bytes()).text.replace("\r\n", "\n").replace("\r", "\n")
        lines = list(csv_rows(text, strict=True))
    except OSError as error:
        raise InputError(f"{path}: the reviews cannot be read ({error.strerror}).", "check the path") from error
    except UnreadableError as error:
        raise InputError(f"{path}: {error.message}.", error.remedy) from error
    header = [cell.strip().lower() for cell in lines[0][1]] if lines else []
    missing = [name for name in ("id", *TO_FILL) if name not in header]
    if missing:
        raise InputError(
            f"{path} has no column {listed(missing)}.", "fill in a file that --out wrote; keep its first row"
        )
    for line, cells in lines[1:]:
        values = dict(zip(header, cells, strict=False))
        yield line, {name: values.get(name, "") for name in COLUMNS if name in header}
