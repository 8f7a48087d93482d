"""Labelling in a spreadsheet: the next answers as CSV, and the filled-in file back as labels.

Takes a `Labelling` and a path. A file is read as a whole or not at all: each row that is wrong is named. The file says
neither which contender gave an answer nor how the rules graded it. Does not know the page.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import InputError
from bakeoff.files.jsonl import write_text
from bakeoff.files.spreadsheet_csv import written
from bakeoff.formats.tables.filled_in import rows_in
from bakeoff.labelling.labelling import MOST_NOTE, Labelling
from bakeoff.labelling.passages import passages_of
from bakeoff.measure.labels import LabelVerdict
from bakeoff.measure.units import GradedUnit
from bakeoff.protocols import DocumentStore
from bakeoff.runs.documents import run_store
from bakeoff.serve.documents.layout import Line

COLUMNS = ("id", "question", "accepted answers", "source", "answer", "verdict", "note")
LONGEST_CELL = 30_000  # spreadsheets cut cells at 32,767 characters
WORDS: dict[str, LabelVerdict] = {
    **dict.fromkeys(("r", "right", "correct", "yes", "y", "true", "1"), "right"),
    **dict.fromkeys(("w", "wrong", "incorrect", "no", "n", "false", "0"), "wrong"),
    **dict.fromkeys(("d", "declined", "declines", "declining", "refused", "refuses"), "declined"),
    **dict.fromkeys(("u", "unsure", "cannot tell", "can't tell", "cant tell", "not sure", "?"), "unsure"),
}
"""What may stand in the column 'verdict', in any case. An empty cell is no label."""
NO_ANSWER = "(the documents hold no answer: to decline is right)"
MOST_NAMED = 5


class Filled(NamedTuple):
    """What a file held: new labels, labels that replaced another verdict, those known before, and empty rows."""

    new: int
    changed: int
    same: int
    blank: int


class _Row(NamedTuple):
    """One filled-in row."""

    id: str
    verdict: LabelVerdict
    note: str


def write_sheet(labelling: Labelling, path: Path, n: int) -> int:
    """Writes the next n answers for this labeller as CSV. Returns how many there were.

    Raises InputError if the file exists, since it may hold labels that were not read yet.
    """
    if path.exists():
        raise InputError(
            f"{path} exists already and may hold labels.",
            f"choose another name; or read it with --read {path}, then delete it",
        )
    rows = []
    with run_store(labelling.folder) as store:
        for id in labelling.pending(n):
            question, accepted, answer = _texts(labelling.by_id[id])
            rows.append((id, question, accepted, _source(labelling.by_id[id], store), answer, "", ""))
    write_text(path, "\ufeff" + written([COLUMNS, *rows]))  # the mark makes Excel read UTF-8
    return len(rows)


def read_sheet(labelling: Labelling, path: Path) -> Filled:
    """Adds the labels of a filled-in file. Rows without a verdict are skipped.

    Raises InputError that names every wrong row (the first few of many); then no row was read.
    """
    table = rows_in(path, "labels")
    header = [name.strip().lower() for name in table[0]] if table else []
    missing = [name for name in ("id", "verdict") if name not in header]
    if missing:
        raise InputError(
            f"{path}: there is no column {' and no column '.join(map(repr, missing))}.",
            "write such a file with: bakeoff label RUN --out FILE.csv, and keep its first row",
        )
    cells = [dict(zip(header, row, strict=False)) for row in table[1:]]
    filled = [(number, row) for number, row in enumerate(cells, 2) if row.get("verdict", "").strip()]
    _check_run(labelling, path, [row.get("id", "").strip() for _, row in filled])
    problems, rows = _checked(labelling, filled)
    if problems:
        more = f"; and {len(problems) - MOST_NAMED} more" if len(problems) > MOST_NAMED else ""
        raise InputError(
            f"{path}: {'; '.join(problems[:MOST_NAMED])}{more}.",
            "correct these rows, or clear their verdicts, and read the file again; no row of it was read",
        )
    return _added(labelling, rows, len(cells) - len(filled))


def _texts(graded: GradedUnit) -> tuple[str, str, str]:
    """Question, accepted answers and answer, as they stand in the file."""
    accepted = " | ".join(graded.question.answers) or NO_ANSWER
    return graded.question.text[:LONGEST_CELL], accepted[:LONGEST_CELL], graded.unit.text[:LONGEST_CELL]


def _source(graded: GradedUnit, store: DocumentStore) -> str:
    """The passages that hold the accepted answer, each below the title of its document."""
    passages = passages_of(graded.question, store)
    return "\n\n".join(f"{passage.title}: {_plain(passage.lines)}" for passage in passages)[:LONGEST_CELL]


def _plain(lines: Sequence[Line]) -> str:
    return "".join(run.text for line in lines for cell in line.cells for run in cell).strip()


def _check_run(labelling: Labelling, path: Path, ids: Sequence[str]) -> None:
    """Raises InputError if the file is about another run altogether."""
    if ids and not any(id in labelling.by_id for id in ids):
        raise InputError(
            f"{path}: none of its {len(ids)} labels is about an answer of {labelling.folder.root}.",
            "it was written for another run: name that run, or write a file for this one with --out",
        )


def _checked(labelling: Labelling, filled: Sequence[tuple[int, dict[str, str]]]) -> tuple[list[str], list[_Row]]:
    """What is wrong with these rows, and the rows."""
    problems: list[str] = []
    rows: dict[str, _Row] = {}
    for number, cells in filled:
        id, word = cells.get("id", "").strip(), " ".join(cells["verdict"].lower().split())
        verdict, problem = WORDS.get(_whole(word)), ""
        if id not in labelling.by_id:
            problem = f"no answer of this run has the id '{id[:40]}'"
        elif verdict is None:
            problem = f"'{cells['verdict'].strip()[:40]}' is no verdict (right, wrong, declined, unsure; or r, w, d, u)"
        elif changed := _changed(labelling.by_id[id], cells):
            problem = f"the {changed} is not the one of {id}; were columns sorted apart?"
        elif len(cells.get("note", "")) > MOST_NOTE:
            problem = f"the note is longer than {MOST_NOTE:,} characters"
        elif id in rows and rows[id].verdict != verdict:
            problem = f"{id} has another verdict in a row above"
        if problem:
            problems.append(f"row {number}: {problem}")
        elif verdict is not None:
            rows[id] = _Row(id, verdict, _without_guard(cells.get("note", "").strip()))
    return problems, list(rows.values())


def _whole(word: str) -> str:
    """'1' for '1.0' or '1,0': spreadsheets write numbers in several ways."""
    return re.sub(r"^([01])[.,]0+$", r"\1", word)


def _changed(graded: GradedUnit, cells: dict[str, str]) -> str:
    """The column whose text is not that of the unit; empty if all are."""
    question, _, answer = _texts(graded)
    for name, text in (("answer", answer), ("question", question)):
        if not same_cell(cells.get(name, text), text):
            return name
    return ""


def same_cell(given: str, text: str) -> bool:
    """Whether a cell still holds this text, as spreadsheets and our own guard against formulas may have changed it."""
    return _comparable(given) == _comparable(text) or _number(given) == _number(text)


def _comparable(text: str) -> str:
    """The text without what spreadsheets and our own guard against formulas change."""
    return " ".join(_without_guard(text.strip()).split())


def _without_guard(text: str) -> str:
    return text[1:].strip() if text.startswith("'") else text


def _number(text: str) -> float | str:
    """The value of a number, which spreadsheets write in their own way ('3.10' becomes '3.1'); other texts as such."""
    plain = _comparable(text).replace(",", "")
    return float(plain) if re.fullmatch(r"[+-]?\d+(\.\d+)?", plain) else text


def _added(labelling: Labelling, rows: Sequence[_Row], n_blank: int) -> Filled:
    """Writes what is new or changed at once, so that a kill leaves all of it or nothing."""
    known = {row.id: labelling.mine(row.id) for row in rows}
    fresh = [
        row
        for row in rows
        if (label := known[row.id]) is None or (label.verdict, label.note) != (row.verdict, row.note)
    ]
    if fresh:
        labelling.add(*(labelling.label(row.id, row.verdict, row.note) for row in fresh))
    n_changed = sum(known[row.id] is not None for row in fresh)
    return Filled(len(fresh) - n_changed, n_changed, len(rows) - len(fresh), n_blank)
