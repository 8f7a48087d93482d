"""All rows of all question files to questions with unique ids, days and facts.

Takes paths, gives records and notes on what was made of the files.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

from bakeoff.errors import InputError
from bakeoff.questions.cells import answers, cell, has_html, question_of, question_text, unanswerable
from bakeoff.questions.dates import days_of
from bakeoff.questions.facts import with_facts
from bakeoff.questions.rows import COLUMNS, Row, read_rows
from bakeoff.records import Question
from bakeoff.sentences import first_few


def read_questions(paths: Sequence[Path]) -> list[Question]:
    """The questions of `read_with_notes` alone."""
    return read_with_notes(paths)[0]


def read_with_notes(paths: Sequence[Path]) -> tuple[list[Question], list[str]]:
    """The questions of all files, in order, and notes on what in them was read otherwise than it stands there.

    `source_spans` name whole documents until `locate_evidence` has been asked. Raises InputError where a file cannot be
    read as questions, naming the lines and what to do.
    """
    read = [read_rows(path) for path in paths]
    rows = [row for of_file, _ in read for row in of_file]
    notes = [note for _, of_file in read for note in of_file]
    _refuse(rows, lambda row: not question_text(row), "No question text", "fill the question column or remove the rows")
    if rows and not any(answers(row) or unanswerable(row) for row in rows):
        raise InputError(
            f"No row of {first_few([path.name for path in paths])} has an answer: no column is read as one.",
            f"name the column {' or '.join(COLUMNS['answers'][:3])}; docs/questions.md lists the names that are read",
        )
    _refuse(
        rows,
        lambda row: not answers(row) and not unanswerable(row),
        "No answer",
        "fill in the answers, or mark a question that the documents cannot answer with kind=unanswerable",
    )
    _refuse(
        rows,
        lambda row: bool(answers(row)) and unanswerable(row),
        "Questions marked unanswerable that have answers all the same",
        "remove the mark or the answers",
    )
    days, more_notes = _days(rows)
    questions = [question_of(row, day) for row, day in zip(rows, days, strict=True)]
    _refuse_duplicates(rows, questions)
    found, fact_notes = with_facts(questions)
    return found, [*notes, *_html_notes(rows), *more_notes, *fact_notes]


def _days(rows: Sequence[Row]) -> tuple[list[date | None], list[str]]:
    """The day of each row, each file's column read as a whole, and a note for each column that is not used."""
    days: list[date | None] = []
    notes = []
    for path, of_file in groupby(rows, key=lambda row: row.path):
        found, reason = days_of([cell(row, "asked_on") for row in of_file])
        days += found
        if reason:
            notes.append(f"The dates in {path.name} are not used: {reason}. Write days as 2026-03-31.")
    return days, notes


def _html_notes(rows: Sequence[Row]) -> Iterator[str]:
    n = sum(map(has_html, rows))
    if n:
        yield f"Rows whose HTML tags and entities are left out of the question or answers: {n}."


def _refuse(rows: Sequence[Row], wrong: Callable[[Row], bool], problem: str, remedy: str) -> None:
    places = [row.place for row in rows if wrong(row)]
    if places:
        raise InputError(f"{problem}: {first_few(places)}.", remedy)


def _refuse_duplicates(rows: Sequence[Row], questions: Sequence[Question]) -> None:
    places = defaultdict(list)
    for row, question in zip(rows, questions, strict=True):
        places[question.id].append(row)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    if twice:
        told = [f"{name} ({first_few([row.place for row in found])})" for name, found in twice.items()]
        made = any(not cell(row, "id") for found in twice.values() for row in found)
        raise InputError(
            f"Question ids must be unique; these are not: {first_few(told)}.",
            "merge rows with the same question (add up asked)"
            + (" or give them ids" if made else ", or give one a new id"),
        )
