"""Finds questions that are asked twice with different accepted answers, or once with and once without an answer.

Takes rows and their questions, gives notes, or an error where the rows cannot be separate questions.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from bakeoff.errors import InputError
from bakeoff.questions.facts.same_gold import same_answers
from bakeoff.questions.naming import shortened
from bakeoff.questions.rows.cells import cell
from bakeoff.questions.rows.rows import Row
from bakeoff.records import Question
from bakeoff.sentences import first_few

Asked = tuple[Row, Question]


def conflict_notes(rows: Sequence[Row], questions: Sequence[Question]) -> list[str]:
    """Notes that name both places and both answers.

    Raises InputError if two rows of one text have different answers and neither an id: they would have the same id.
    """
    same_text: dict[str, list[Asked]] = defaultdict(list)
    for row, question in zip(rows, questions, strict=True):
        same_text[_folded(question.text)].append((row, question))
    pairs = [pair for asked in same_text.values() if len(asked) > 1 for pair in _differing(asked)]
    without_id = [_described(a, b) for a, b in pairs if a[1].id == b[1].id and not cell(a[0], "id")]
    if without_id:
        raise InputError(
            f"The same question has different answers: {first_few(without_id, '; ')}.",
            "keep the right answer, or give both rows an id and say in the question what it is about",
        )
    both = [_described(a, b) for a, b in pairs if a[1].answerable != b[1].answerable]
    other = [_described(a, b) for a, b in pairs if a[1].answerable == b[1].answerable]
    return [*_notes(both, other)]


def _differing(asked: Sequence[Asked]) -> Iterator[tuple[Asked, Asked]]:
    """The first question of a text with the first one that has another answer."""
    first = asked[0]
    for other in asked[1:]:
        if not same_answers(first[1], other[1]):
            yield first, other
            return


def _notes(both: Sequence[str], other: Sequence[str]) -> Iterator[str]:
    if both:
        yield (
            f"The same question is answerable and unanswerable: {first_few(both, '; ')}. One of the two is always "
            "graded as wrong: correct the files."
        )
    if other:
        yield (
            f"The same question has different answers: {first_few(other, '; ')}. One of the two is always graded as "
            "wrong. Correct the files, or say in the question what it is about."
        )


def _described(a: Asked, b: Asked) -> str:
    places = [f"{row.place}: {_answer(question)}" for row, question in (a, b)]
    return f"{shortened(a[1].text)} ({places[0]}; {places[1]})"


def _answer(question: Question) -> str:
    return shortened(question.answers[0]) if question.answers else "no answer"


def _folded(text: str) -> str:
    """The text without case, and without spaces and marks at its end: 'Who is it ?' is 'who is it?'."""
    return re.sub(r"[\s?!.\N{FULLWIDTH QUESTION MARK}]+$", "", " ".join(text.casefold().split()))
