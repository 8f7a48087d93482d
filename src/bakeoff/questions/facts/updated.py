"""Matches questions about an update with those asked before it: a question asked again is the same fact.

Takes both lists, gives the questions about the update with the slice `changed`, unique ids and matching facts. Knows
nothing about documents.
"""

from collections.abc import Sequence

from bakeoff.errors import InputError
from bakeoff.questions.facts.facts import is_inferred
from bakeoff.questions.facts.near_copies import wording
from bakeoff.records import Question

SUFFIX = "@update"
"""The ending of the id of a question that is asked again after the update with the same id."""


def asked_again(before: Sequence[Question], after: Sequence[Question]) -> tuple[list[Question], list[str]]:
    """The questions about the update, in order, as `changed`, and a note on those that were asked before.

    A question whose text was asked before keeps the fact it had then, and so do all others of its fact after the
    update, unless the files give two different facts. If both lists have an id, the one after the update ends in
    `SUFFIX`. Raises InputError if an id has different texts before and after the update.
    """
    _refuse_other_texts(before, after)
    ids = {question.id for question in before}
    earlier = {wording(question.text): question for question in reversed(before)}
    facts = _facts(
        before, [(question, earlier[wording(question.text)]) for question in after if wording(question.text) in earlier]
    )
    changed = [
        question.model_copy(
            update={
                "id": question.id + SUFFIX if question.id in ids else question.id,
                "fact": facts.get(question.fact, question.fact),
                "slice": "changed",
            }
        )
        for question in after
    ]
    n = sum(wording(question.text) in earlier for question in after)
    if not n:
        return changed, []
    return changed, [
        f"Questions that are asked both before and after the update: {n}. Each is one fact. If both have the same id, "
        f"the id after the update ends in {SUFFIX}."
    ]


def _facts(before: Sequence[Question], pairs: Sequence[tuple[Question, Question]]) -> dict[str, str]:
    """The fact before the update for each fact after it. A fact that the files give on both sides is left out."""
    known = {question.fact for question in before}
    facts: dict[str, str] = {}
    for after, earlier in pairs:
        if is_inferred(after.fact) or (is_inferred(earlier.fact) and after.fact not in known):
            facts.setdefault(after.fact, earlier.fact)
    return facts


def _refuse_other_texts(before: Sequence[Question], after: Sequence[Question]) -> None:
    by_id = {question.id: question for question in before}
    for question in after:
        earlier = by_id.get(question.id)
        if earlier and wording(earlier.text) != wording(question.text):
            raise InputError(
                f"The id {question.id} stands for {earlier.text[:60]!r} before the update, "
                f"and for {question.text[:60]!r} after it.",
                "give the other question its own id; a question that is asked again may keep its id and its text",
            )
