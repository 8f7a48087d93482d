"""Decides what a row without accepted answers means: an unanswerable question, or an answer that was forgotten.

Takes the rows of one file, gives notes or raises an error. The rules, which docs/questions.md explains to users:

1. A row that is marked (`kind`, `slice`, `answerable`, `is_impossible`) and has no answers is unanswerable.
2. So is a row whose answers are all placeholders (N/A, nan) or refusals (I don't know), and a note names them.
3. If no row of the file is marked, an empty answer also means unanswerable, and a note counts them.
4. If other rows are marked, if the file has no column for answers, or if more rows are without an answer than with one,
   an unmarked empty answer is an error: it was probably not filled in yet.
"""

from collections.abc import Callable, Iterator, Sequence

from bakeoff.errors import InputError
from bakeoff.questions.naming import shortened
from bakeoff.questions.rows.cells import (
    answers,
    marked_answerable,
    marks_answerability,
    no_answers,
    question_text,
    unanswerable,
    written_answers,
)
from bakeoff.questions.rows.columns import USUAL, how_to_map, shown
from bakeoff.questions.rows.no_answer import is_doubtful, is_placeholder, without_no_answers
from bakeoff.questions.rows.rows import Row, RowsRead
from bakeoff.sentences import first_few

MARK = "mark questions that the documents cannot answer with kind=unanswerable"
MARK_OUT = "mark messages that have none of the labels with kind=out of scope"
"""The same where the answers are labels: then there are no documents."""


def unanswered_notes(file: RowsRead) -> list[str]:
    """Notes on the rows that are read as unanswerable without a mark. Raises InputError for the cases of rule 4.

    The limit of one half has no source. A set in which most questions have no answer is taken to be unfinished.
    """
    rows, name = file.rows, file.rows[0].path.name
    empty = [row for row in rows if not written_answers(row) and not unanswerable(row)]
    said = [row for row in rows if written_answers(row) and not answers(row)]
    refuse_rows(said, marked_answerable, "Marked answerable, but the answer is none", "fill in the answer")
    notes = [*_said_notes(name, said), *_left_out_notes(name, rows), *_doubtful_notes(name, rows)]
    if not empty:
        return notes
    labelled = rows[0].has_label
    mark = MARK_OUT if labelled else MARK
    if not any("answers" in row.cells for row in rows):
        named, mapping = " or ".join(USUAL["answers"]), how_to_map("answers", file.unused)
        raise InputError(
            f"{name} has no column for answers. Its columns are: {shown(file.header.names)}.",
            (f"name the column {named}, or {mapping}" if mapping else f"add a column {named}") + f"; {mark}",
        )
    n_answered = sum(bool(answers(row)) for row in rows)
    n_missing = len(empty) + sum(all(map(is_placeholder, written_answers(row))) for row in said)
    if any(map(marks_answerability, rows)):
        reason = "other rows of the file say whether they can be answered"
    elif n_missing > n_answered:
        reason = f"only {n_answered} of {len(rows)} rows have one"
    else:
        asked = _asked(empty)
        return [f"{name}: {asked} no {'label' if labelled else 'answer'}: treated as {_without(labelled)}.", *notes]
    refuse_rows(empty, lambda row: True, f"No answer, and {reason}", f"fill in the answers, and {mark}")
    return []


def _without(labelled: bool) -> str:
    """What a question without an answer is."""
    return "out of scope" if labelled else "unanswerable"


def _asked(rows: Sequence[Row]) -> str:
    """How many questions the rows ask: a log holds a question as often as it was asked."""
    n = len({question_text(row) for row in rows})
    in_rows = f" ({len(rows)} rows)" if n < len(rows) else ""
    return f"1 question{in_rows} has" if n == 1 else f"{n} questions{in_rows} have"


def _said_notes(name: str, said: Sequence[Row]) -> Iterator[str]:
    """A note on rows whose answers are placeholders or refusals."""
    if said:
        shown = first_few([f"{row.unit} {row.line}: {shortened(written_answers(row)[0])}" for row in said], "; ")
        asked = _asked(said)
        yield (
            f"{name}: {asked} a placeholder or a refusal in place of an answer: treated as "
            f"{_without(said[0].has_label)} ({shown}). If one is the right answer, write it as a sentence."
        )


def _left_out_notes(name: str, rows: Sequence[Row]) -> Iterator[str]:
    """A note on placeholders and refusals beside other answers."""
    both = [row for row in rows if answers(row) and no_answers(row)]
    if both:
        shown = first_few([f"{row.unit} {row.line}: {shortened(no_answers(row)[0])}" for row in both], "; ")
        yield f"{name}: placeholders and refusals beside other accepted answers were left out ({shown})."


def _doubtful_notes(name: str, rows: Sequence[Row]) -> Iterator[str]:
    """A note on answers such as 'None', which may stand for a missing value."""
    doubtful = [row for row in rows if answers(row) and all(_is_doubtful(row, answer) for answer in answers(row))]
    if doubtful:
        shown = first_few(
            [f"{row.unit} {row.line}: {shortened(question_text(row))} {answers(row)[0]}" for row in doubtful], "; "
        )
        yield (
            f"{name}: answers that can also stand for a missing one were read as written ({shown}). "
            f"{'If they are no labels' if rows[0].has_label else 'If the documents hold no answer'}, leave them empty."
        )


def _is_doubtful(row: Row, answer: str) -> bool:
    return is_doubtful(answer) or (row.has_label and not without_no_answers([answer]))


def refuse_rows(rows: Sequence[Row], wrong: Callable[[Row], bool], problem: str, remedy: str) -> None:
    """Raises InputError with the places of the rows for which `wrong` is true, if there are any."""
    places = [row.place for row in rows if wrong(row)]
    if places:
        raise InputError(f"{problem}: {first_few(places)}.", remedy)
