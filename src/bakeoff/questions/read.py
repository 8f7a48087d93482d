"""Reads all question files into questions with unique ids, days and facts.

Takes paths, gives records, and notes on how the files were read.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

from bakeoff.errors import InputError
from bakeoff.questions.facts.facts import with_facts
from bakeoff.questions.facts.label_kind import with_label_kind
from bakeoff.questions.facts.label_set import as_labels
from bakeoff.questions.rows.cells import (
    answers,
    cell,
    has_html,
    is_rejected,
    question_of,
    question_text,
    unanswerable,
)
from bakeoff.questions.rows.columns import Mapped, check_columns, check_fields
from bakeoff.questions.rows.conflicts import conflict_notes
from bakeoff.questions.rows.dates import days_of
from bakeoff.questions.rows.repeats import merged
from bakeoff.questions.rows.row_notes import row_notes
from bakeoff.questions.rows.rows import Row, RowsRead, rows_of
from bakeoff.questions.rows.table import read_table
from bakeoff.questions.rows.unanswered import refuse_rows, unanswered_notes
from bakeoff.questions.splits.synthetic import apart, with_source_facts
from bakeoff.questions.tools.recognise import converted
from bakeoff.records import Question
from bakeoff.sentences import counted, first_few

NO_COLUMNS: Mapped = MappingProxyType({})


def read_questions(paths: Sequence[Path], columns: Mapped = NO_COLUMNS) -> list[Question]:
    """The questions of `read_with_notes` alone."""
    return read_with_notes(paths, columns)[0]


def read_with_notes(
    paths: Sequence[Path], columns: Mapped = NO_COLUMNS, other_paths: Sequence[Path] = (), are_labels: bool = False
) -> tuple[list[Question], list[str]]:
    """The questions of all files, in order, and notes on everything that was interpreted or left out.

    `are_labels`: accepted answers are labels of a closed set (`label_set.as_labels`).

    `columns` maps fields (docs/questions.md) to column names. A file without such a column is read by the usual names.
    At least one of the files, or of `other_paths` (read elsewhere with the same mapping), must have the column.
    `source_spans` are whole documents until `locate_evidence` is called. Raises InputError, with the lines and a
    remedy, if a file cannot be read as questions.
    """
    read = [_without_rejected(file) for file in _files(paths, columns, other_paths)]
    if are_labels:
        read = [file._replace(rows=[row._replace(has_label=True) for row in file.rows]) for file in read]
    rows = [row for file in read for row in file.rows]
    notes = [note for file in read for note in file.notes]
    _refuse_without_text(rows)
    notes += [note for file in read if file.rows for note in (*row_notes(file), *unanswered_notes(file))]
    refuse_rows(
        rows,
        lambda row: bool(answers(row)) and unanswerable(row),
        "Questions that are marked unanswerable but have answers",
        "remove the mark or the answers",
    )
    days, more_notes = _days(rows)
    questions = [question_of(row, day) for row, day in zip(rows, days, strict=True)]
    rows, questions, repeat_notes = merged(rows, questions)
    conflicts = conflict_notes(rows, questions)
    _refuse_duplicates(rows, questions)
    questions, label_notes = as_labels(questions) if are_labels else (questions, [])
    asked, made = apart(questions)
    complete, fact_notes = with_facts(asked if are_labels else with_label_kind(asked))
    complete = with_source_facts(complete)
    facts = {question.id: question for question in (*complete, *with_source_facts(made, complete))}
    in_order = [facts[question.id] for question in questions]
    return in_order, [*notes, *repeat_notes, *conflicts, *_html_notes(rows), *more_notes, *label_notes, *fact_notes]


def _refuse_without_text(rows: Sequence[Row]) -> None:
    """Raises InputError with the places of rows without a question, and what each of them seems to be."""
    empty = [row for row in rows if not question_text(row)]
    if not empty:
        return
    places = [row.place + (f" ({row.why_empty.words})" if row.why_empty.words else "") for row in empty]
    remedies = dict.fromkeys(row.why_empty.remedy for row in empty)
    raise InputError(f"No question text: {first_few(places)}.", "; ".join(remedies))


def _without_rejected(file: RowsRead) -> RowsRead:
    """The file without the synthetic questions that a person rejected, and a note that counts them."""
    kept = [row for row in file.rows if not is_rejected(row)]
    n_rejected = len(file.rows) - len(kept)
    if not n_rejected:
        return file
    note = f"{file.rows[0].path.name}: {counted(n_rejected, 'synthetic question')} left out, rejected in review."
    return file._replace(rows=kept, notes=[*file.notes, note])


def column_lines(paths: Sequence[Path], columns: Mapped = NO_COLUMNS) -> list[str]:
    """One line per file: the field that each column is read as, and the columns that are not used."""
    return [file.header.line(path.name) for path, file in zip(paths, _files(paths, columns), strict=True)]


def _files(paths: Sequence[Path], columns: Mapped, other_paths: Sequence[Path] = ()) -> list[RowsRead]:
    """The rows of each file. Raises InputError for a mapping with an unknown field or a column that does not exist."""
    check_fields(columns)
    tables = [converted(read_table(path), columns) for path in paths]
    others = [converted(read_table(path), columns) for path in other_paths] if columns else []
    check_columns(columns, [name for table in (*tables, *others) for name in table.names])
    return [rows_of(table, columns) for table in tables]


def _days(rows: Sequence[Row]) -> tuple[list[date | None], list[str]]:
    """The day of each row, and a note for each file whose dates are not used."""
    days: list[date | None] = []
    notes = []
    for path, of_file in groupby(rows, key=lambda row: row.path):
        file_days, reason = days_of([cell(row, "asked_on") for row in of_file])
        days += file_days
        if reason:
            notes.append(f"The dates in {path.name} are not used: {reason}. Write days as 2026-03-31.")
    return days, notes


def _html_notes(rows: Sequence[Row]) -> Iterator[str]:
    n = sum(map(has_html, rows))
    if n:
        yield f"HTML tags and entities were removed from the question or answers of {n} row{'s' if n != 1 else ''}."


def _refuse_duplicates(rows: Sequence[Row], questions: Sequence[Question]) -> None:
    places = defaultdict(list)
    for row, question in zip(rows, questions, strict=True):
        places[question.id].append(row)
    twice = {name: same_id for name, same_id in places.items() if len(same_id) > 1}
    if twice:
        shown = [f"{name} ({first_few([row.place for row in same_id])})" for name, same_id in twice.items()]
        made = any(not cell(row, "id") for same_id in twice.values() for row in same_id)
        raise InputError(
            f"Question ids must be unique; these are not: {first_few(shown)}.",
            "merge rows with the same question (add up asked)"
            + (" or give them ids" if made else ", or give one of them a new id"),
        )
