"""Reviewing in a spreadsheet: the next answers as CSV, and the filled-in file back as reviews.

Takes a `Reviewing` and a path. A file is read as a whole or not at all: each row that is wrong is named. A correction
of a user stands in a column of its own, and is never filled in as the right answer. Only answers without a review are
written, so a review of somebody else is newer than the file: it stays, unless it is to be replaced.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, get_args

from bakeoff.errors import InputError
from bakeoff.files.jsonl import write_text
from bakeoff.files.spreadsheet_csv import written
from bakeoff.formats.tables.filled_in import rows_in
from bakeoff.labelling.sheet import same_cell
from bakeoff.learn.review.checks import quoted
from bakeoff.learn.review.reviewing import Reviewing, Said, View
from bakeoff.questions.rows.aliases import split_aliases
from bakeoff.records import Question
from bakeoff.sentences import listed
from bakeoff.serve.log_entries import Action

SHOWN = (
    "id", "why", "question", "answer shown", "short form", "sources", "user's correction", "warnings", "known facts"
)  # fmt: skip
TO_FILL = ("action", "right answers", "fact", "documents", "document is", "note")
COLUMNS = (*SHOWN, *TO_FILL)
DECIDING = ("action", "right answers", "fact", "documents", "document is")
"""A row in which one of these is filled in is a review. A note alone is none."""
ACTIONS: tuple[Action, ...] = get_args(Action)
BETWEEN = "|"
MOST_NAMED = 5
LONGEST_CELL = 30_000  # spreadsheets cut cells at 32,767 characters
DECLINED = "(declined)"
ASK_SHORT = "? If you accept it, write it in a few words in 'right answers'"


class Filled(NamedTuple):
    """How many rows held a new review, one that replaces another, the same as before, and none.

    `of_others` says whose reviews were replaced, other than the reviewer's own, and `kept` whose were not; both count
    by name. `corrections` of the rows had a right answer and no action.
    """

    new: int = 0
    changed: int = 0
    of_others: Mapping[str, int] = {}
    kept: Mapping[str, int] = {}
    same: int = 0
    blank: int = 0
    corrections: int = 0


def write_sheet(reviewing: Reviewing, path: Path, n: int) -> int:
    """Writes the next n answers as CSV. Returns how many there were.

    Raises InputError if the file exists, since it may hold reviews that were not read yet.
    """
    if path.exists():
        raise InputError(f"{path} exists; it may hold reviews.", "read it with --read, or name another file")
    views = reviewing.views(n)
    rows = [_row(view, reviewing.similar(view.answer.question or "")) for view in views]
    write_text(path, "\ufeff" + written([COLUMNS, *rows]))
    return len(views)  # the mark at the file's start makes Excel read UTF-8


def _row(view: View, known: Sequence[Question]) -> tuple[str, ...]:
    question, shown = _texts(view)
    short = ASK_SHORT if view.needs_short else view.short
    cells = (view.answer.id, ", ".join(view.reasons), question, shown, short, f" {BETWEEN} ".join(view.sources),
             view.correction, " ".join(view.flags), _known_facts(known))  # fmt: skip
    return (*(cell[:LONGEST_CELL] for cell in cells), *("" for _ in TO_FILL))


def _known_facts(known: Sequence[Question]) -> str:
    """The names of the facts to merge with, each with a question and an answer to it."""
    facts = [f"{one.fact}: {quoted(one.text)} = {quoted(one.answers[0])}" for one in known if one.answers]
    return f" {BETWEEN} ".join(facts)


def _texts(view: View) -> tuple[str, str]:
    """Question and answer, as they stand in the file."""
    shown = DECLINED if view.shown is None else view.shown
    return (view.answer.question or "")[:LONGEST_CELL], shown[:LONGEST_CELL]


def read_sheet(reviewing: Reviewing, path: Path, overwrite: bool = False) -> Filled:
    """Stores the reviews of a filled-in file. Raises InputError that names every wrong row; then nothing is stored.

    A file that is read twice stores nothing twice, also if what it says was changed since. With `overwrite` it replaces
    what was said since, by others too.
    """
    rows = list(_rows(path))
    filled = [(number, row) for number, row in rows if any(row[name].strip() for name in DECIDING)]
    said: dict[str, Said] = {}
    problems = []
    for number, row in filled:
        problem = _problem(reviewing, row, said)
        if problem:
            problems.append(f"row {number}: {problem}")
    if problems:
        n = len(problems)
        of = f"{n} rows are" if n > 1 else "1 row is"
        shown = f"; the first {MOST_NAMED}" if n > MOST_NAMED else ""
        raise InputError(
            f"{path} was not read: {of} wrong{shown}.\n  " + "\n  ".join(problems[:MOST_NAMED]),
            f"fix them and read the file again; an action is one of {', '.join(ACTIONS)}, or empty",
        )
    n_corrections = sum(not row["action"].strip() for _, row in filled)
    return _stored(reviewing, said, overwrite)._replace(blank=len(rows) - len(filled), corrections=n_corrections)


def _stored(reviewing: Reviewing, said: Mapping[str, Said], overwrite: bool) -> Filled:
    new, changed, same = [], [], 0
    of_others: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for answer, one in said.items():
        newest, is_same, was_said = reviewing.before(answer, one)
        if newest is None:
            new.append(answer)
        elif is_same:
            same += 1
        elif not overwrite and (was_said or newest.by != reviewing.reviewer):
            kept[newest.by] += 1
        else:
            changed.append(answer)
            of_others.update([newest.by] if newest.by != reviewing.reviewer else [])
    for answer in (*new, *changed):
        reviewing.say(answer, said[answer])
    return Filled(len(new), len(changed), dict(of_others), dict(kept), same)


def _problem(reviewing: Reviewing, row: dict[str, str], said: dict[str, Said]) -> str:
    """What is wrong with a row and what to do, empty if nothing is; then what it says is added."""
    answer, action = row["id"].strip(), row["action"].strip().lower()
    if not action and (row["fact"].strip() or row["documents"].strip() or row["document is"].strip()):
        return "it has no action, but a fact or document: write 'merge', 'document' or 'correct'"
    if (action or "correct") not in ACTIONS:
        return f"'{quoted(row['action'])}' is no action: write {', '.join(ACTIONS)}, or nothing"
    one = _said(action or "correct", row)
    problem = reviewing.problem(answer, one)
    if problem:
        return problem
    for name, text in zip(("question", "answer shown"), _texts(reviewing.view(answer)), strict=True):
        if name in row and not same_cell(row[name], text):
            return f"the {name} is not the one of {answer}: were columns sorted apart? Write the file again with --out"
    if said.setdefault(answer, one) != one:
        return f"{answer} has another review in a row above: keep one of them"
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
    """The rows by column, with the numbers that a spreadsheet shows: a cell may have several lines."""
    lines = rows_in(path, "reviews")
    header = [cell.strip().lower() for cell in lines[0]] if lines else []
    missing = [name for name in ("id", *TO_FILL) if name not in header]
    if missing:
        raise InputError(
            f"{path} has no column {listed(missing)}.", "fill in a file that --out wrote; keep its first row"
        )
    for number, cells in enumerate(lines[1:], start=2):
        values = dict(zip(header, cells, strict=False))
        yield number, {name: values.get(name, "") for name in COLUMNS if name in header}
