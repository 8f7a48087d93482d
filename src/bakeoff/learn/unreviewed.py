"""Which unreviewed synthetic questions a round trains on: none that a person contradicts, none that gives a test away.

Takes the questions of people with their splits, and synthetic ones of the release. Gives those that stay, and notes. A
person's question always comes first: synthetic questions decide no fact and no split. Knows nothing about models.
"""

from collections.abc import Mapping, Sequence

from bakeoff.learn.admitted import contradicting
from bakeoff.learn.meaning import Meanings
from bakeoff.learn.reviewed import FROM_USE
from bakeoff.questions.splits.synthetic import admit
from bakeoff.records import Document, Question
from bakeoff.sentences import counted, first_few, listed


def still_trained(
    made: Sequence[Question],
    asked: Sequence[Question],
    documents: Sequence[Document],
    named: Mapping[str, str] | None = None,
) -> tuple[list[Question], list[str]]:
    """The synthetic questions `made` that stay in training beside `asked`, which have their splits, and notes.

    One that a question from use contradicts is left out, and so is one that gives away a tested question by the rules
    of a pilot (`admit`). `named` are facts of synthetic questions that a review names, with the fact they now have.
    """
    facts = named or {}
    renamed = [one.model_copy(update={"fact": facts.get(one.fact, one.fact)}) for one in made]
    wrong = _contradicted(renamed, [one for one in asked if one.id.startswith(FROM_USE)], documents)
    admitted = admit([one for one in renamed if one.id not in wrong], asked, documents)
    notes = []
    if wrong:
        pairs = [f"“{one.text}” against “{wrong[one.id]}”" for one in renamed if one.id in wrong]
        notes.append(
            f"{counted(len(wrong), 'synthetic question')} that nobody reviewed left out, since a reviewed question has "
            f"another answer: {first_few(pairs, '; ')}."
        )
    if admitted.left_out:
        reasons = [f"{n} {reason}" for reason, n in sorted(admitted.left_out.items())]
        notes.append(f"Synthetic questions that nobody reviewed are not trained on any more: {listed(reasons)}.")
    return admitted.questions, notes


def _contradicted(made: Sequence[Question], used: Sequence[Question], documents: Sequence[Document]) -> dict[str, str]:
    """The text of the question from use that each of these contradicts, by id: in nearly the same or in other words."""
    if not made or not used:
        return {}
    meanings = Meanings(documents, [question.text for question in (*made, *used)])
    for question in used:
        meanings.add(question)
    found = contradicting(made, used, each_other=False)
    for question in made:
        other = meanings.contradicted(question)
        if other is not None:
            found.setdefault(question.id, other.text)
    return found
