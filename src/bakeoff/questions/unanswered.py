"""Decides what a row without accepted answers means: an unanswerable question, or an answer that was forgotten.

Takes the rows of one file, gives notes or raises an error. The rules, which docs/questions.md explains to users:

1. A row that is marked (`kind`, `slice`, `answerable`, `is_impossible`) and has no answers is unanswerable.
2. If no row of the file is marked, an empty answer also means unanswerable, and a note counts them.
3. If other rows are marked, if the file has no column for answers, or if more rows are without an answer than with one,
   an unmarked empty answer is an error: it was probably not filled in yet.
"""

from collections.abc import Callable, Sequence

from bakeoff.errors import InputError
from bakeoff.questions.cells import answers, marks_answerability, unanswerable
from bakeoff.questions.columns import COLUMNS, how_to_map
from bakeoff.questions.rows import Row, RowsRead
from bakeoff.sentences import first_few

MARK = "mark questions that the documents cannot answer with kind=unanswerable"


def unanswered_notes(file: RowsRead) -> list[str]:
    """A note that counts the empty answers that are read as unanswerable. Raises InputError for the cases of rule 3.

    The limit of one half has no source. A set in which most questions have no answer is taken to be unfinished.
    """
    rows, name = file.rows, file.rows[0].path.name
    empty = [row for row in rows if not answers(row) and not unanswerable(row)]
    if not empty:
        return []
    n_answered = sum(bool(answers(row)) for row in rows)
    if not any("answers" in row.cells for row in rows):
        named, mapping = " or ".join(COLUMNS["answers"][:3]), how_to_map("answers", file.unused)
        raise InputError(
            f"{name} has no column for answers. Its columns are: {', '.join(file.header.names)}.",
            (f"name the column {named}, or {mapping}" if mapping else f"add a column {named}") + f"; {MARK}",
        )
    if any(map(marks_answerability, rows)):
        reason = "other rows of the file say whether they can be answered"
    elif len(empty) > n_answered:
        reason = f"only {n_answered} of {len(rows)} rows have one"
    else:
        asked = "1 question has" if len(empty) == 1 else f"{len(empty)} questions have"
        return [f"{name}: {asked} no answer: treated as unanswerable."]
    refuse_rows(empty, lambda row: True, f"No answer, and {reason}", f"fill in the answers, and {MARK}")
    return []


def refuse_rows(rows: Sequence[Row], wrong: Callable[[Row], bool], problem: str, remedy: str) -> None:
    """Raises InputError with the places of the rows for which `wrong` is true, if there are any."""
    places = [row.place for row in rows if wrong(row)]
    if places:
        raise InputError(f"{problem}: {first_few(places)}.", remedy)
