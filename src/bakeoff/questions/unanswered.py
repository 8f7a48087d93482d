"""What a row without accepted answers means: an unanswerable question, or a label that somebody forgot.

Takes the rows of one file, gives notes or raises. The rule, which docs/questions.md states for users:

1. A row that is marked (`kind`, `slice`, `answerable`, `is_impossible`) and has no answers is unanswerable.
2. Where no row of the file is marked, an empty answer means unanswerable as well, and a note counts them.
3. Where other rows are marked, where the file has no column for answers, or where at most half of its rows have an
   answer, an unmarked empty answer is refused: it is more likely one that is not filled in yet.
"""

from collections.abc import Callable, Sequence

from bakeoff.errors import InputError
from bakeoff.questions.cells import answers, marks_answerability, unanswerable
from bakeoff.questions.columns import COLUMNS, HOW_TO_MAP
from bakeoff.questions.rows import Row, RowsRead
from bakeoff.sentences import first_few

MARK = "mark questions that the documents cannot answer with kind=unanswerable"


def unanswered_notes(file: RowsRead) -> list[str]:
    """A note that counts the empty answers that are read as unanswerable. Raises InputError for those that may not be.

    Source of the half: none; a set in which most questions have no answer is read as one that is not finished.
    """
    rows, name = file.rows, file.rows[0].path.name
    empty = [row for row in rows if not answers(row) and not unanswerable(row)]
    if not empty:
        return []
    n_answered = sum(bool(answers(row)) for row in rows)
    if not any("answers" in row.cells for row in rows):
        raise InputError(
            f"No row of {name} has an answer: no column is read as one. Found: {', '.join(file.header.names)}.",
            f"name the column {' or '.join(COLUMNS['answers'][:3])}, or {HOW_TO_MAP.format(name='answers')}; {MARK}",
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
    """Raises InputError that names the places of the rows that are wrong, where there are any."""
    places = [row.place for row in rows if wrong(row)]
    if places:
        raise InputError(f"{problem}: {first_few(places)}.", remedy)
