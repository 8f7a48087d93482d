"""Rows that repeat an earlier one: a log of questions holds a question as often as it was asked.

Takes rows and the questions that they were read as. Does not compare wordings: only equal questions are merged.
"""

from collections.abc import Sequence

from bakeoff.questions.rows.cells import cell
from bakeoff.questions.rows.rows import Row
from bakeoff.records import Question
from bakeoff.sentences import counted, first_few


def merged(rows: Sequence[Row], questions: Sequence[Question]) -> tuple[list[Row], list[Question], list[str]]:
    """One row and one question for all that differ only in their count and day, and a note that names them.

    `asked` is the sum of the counts; the days are the first and the last one. A row with an id is nobody's repeat: the
    id says that it is a question of its own.
    """
    groups: dict[object, list[int]] = {}
    for i, (row, question) in enumerate(zip(rows, questions, strict=True)):
        same = question.model_copy(update={"asked": 1, "asked_on": None})
        groups.setdefault(i if cell(row, "id") else same, []).append(i)
    kept = list(groups.values())
    repeated = [rows[group[0]].place for group in kept if len(group) > 1]
    notes = []
    if repeated:
        n = len(rows) - len(kept)
        notes = [
            f"{counted(n, 'row')} {'repeats' if n == 1 else 'repeat'} an earlier one word for word "
            f"({first_few(repeated)}): each question is kept once, and the counts are added up."
        ]
    return [rows[group[0]] for group in kept], [_one([questions[i] for i in group]) for group in kept], notes


def _one(same: Sequence[Question]) -> Question:
    if len(same) == 1:
        return same[0]
    days = sorted(question.asked_on for question in same if question.asked_on)
    return same[0].model_copy(
        update={
            "asked": sum(question.asked for question in same),
            "asked_on": days[0] if days else None,
            "asked_until": days[-1] if days else None,
        }
    )
