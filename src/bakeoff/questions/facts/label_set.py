"""Reads accepted answers as labels of a closed set (`task: classify`): one spelling for each, and the kind 'label'.

Takes and gives questions. Questions without an accepted answer are out of scope: they have none of the labels. Does not
know where labels are used.
"""

import re
from collections import Counter
from collections.abc import Sequence

from bakeoff.errors import InputError
from bakeoff.grading.label import label_key, without_lead_in
from bakeoff.questions.facts.labels import LABEL, is_own
from bakeoff.records import Question
from bakeoff.sentences import first_few

MOSTLY = 0.5
"""If a larger share of the questions has a label that no other question has, these are not labels of a closed set."""


def as_labels(questions: Sequence[Question]) -> tuple[list[Question], list[str]]:
    """All questions, in order, with the kind 'label' where they have a label, and notes on spellings that are joined.

    Labels that differ only in case or separators are one label, spelled as most questions spell it. Raises InputError
    for a label without a letter, digit or sign, for fewer than two labels, and for two labels of which the grader would
    take one for the other.
    """
    spelled = Counter(answer for question in questions for answer in question.answers)
    by_key: dict[str, list[str]] = {}
    for answer in spelled:
        by_key.setdefault(label_key(answer), []).append(answer)
    _check(by_key)
    usual = {key: max(spellings, key=lambda spelling: spelled[spelling]) for key, spellings in by_key.items()}
    return [_as_label(question, usual) for question in questions], _notes(by_key, usual)


def like_known(questions: Sequence[Question], known: Sequence[Question]) -> list[Question]:
    """New questions as labels, spelled as in the known ones, if all answers of these are labels; else as they are.

    A label that is not known yet is kept as it is written.
    """
    own = [question for question in known if question.answerable and is_own(question)]
    if not own or any(question.kind != LABEL for question in own):
        return list(questions)
    usual = {label_key(answer): answer for question in own for answer in question.answers}
    unknown = {label_key(answer): answer for question in questions for answer in question.answers}
    return [_as_label(question, {**unknown, **usual}) for question in questions]


def _as_label(question: Question, usual: dict[str, str]) -> Question:
    if not question.answerable:
        return question
    labels = tuple(dict.fromkeys(usual[label_key(answer)] for answer in question.answers))
    return question.model_copy(update={"answers": labels, "kind": LABEL})


def _check(by_key: dict[str, list[str]]) -> None:
    if empty := by_key.get(""):
        raise InputError(
            "A label must hold a letter, a digit or a sign such as + or *; these hold none: "
            f"{first_few([repr(text) for text in empty])}.",
            "write the label in words, or leave it out and mark the question with kind=unanswerable (out of scope)",
        )
    if len(by_key) < 2:
        named = (
            f"all questions with a label have '{next(iter(by_key.values()))[0]}'" if by_key else "no question has one"
        )
        raise InputError(
            f"task: classify needs at least two labels, and {named}.",
            "add questions with other labels, or name the column that holds them, such as columns: {answers: category}",
        )
    for spellings in by_key.values():
        said = {label_key(without_lead_in(way)) for spelling in spellings for way in (spelling, _in_words(spelling))}
        shorter = next((by_key[key] for key in said if key in by_key and by_key[key] is not spellings), None)
        if shorter is not None:
            raise InputError(
                f"The labels '{spellings[0]}' and '{shorter[0]}' cannot be held apart: an answer '{spellings[0]}' is "
                f"also a way to say '{shorter[0]}'.",
                "rename one of them in the question file",
            )


def check_repeats(questions: Sequence[Question]) -> None:
    """Raises InputError if most questions share no label with another question: then none can be learned and tested."""
    labels = [{label_key(answer) for answer in question.answers} for question in questions if question.answerable]
    examples = Counter(label for of_question in labels for label in of_question)
    n_alone = sum(max(examples[label] for label in of_question) == 1 for of_question in labels)
    if n_alone > MOSTLY * len(labels):
        raise InputError(
            f"task: classify found {len(examples):,} labels for {len(labels):,} questions; {n_alone:,} of these are "
            "the only example of their label.",
            "give at least 2 examples of each label (one to train on, one to test), better 10 or more; if these are "
            "answers in free words, not labels, leave out task: classify and name `documents:`",
        )


def _in_words(label: str) -> str:
    """The label as a model may write it: 'ProductIssue' and 'product_issue' as 'product issue'."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=\w)[-_](?=\w)", " ", label.replace("_", " "))


def _notes(by_key: dict[str, list[str]], usual: dict[str, str]) -> list[str]:
    joined = [
        f"{' and '.join(map(repr, spellings))} as {usual[key]!r}"
        for key, spellings in by_key.items()
        if len(spellings) > 1
    ]
    if not joined:
        return []
    return [f"Labels that differ only in case or separators are one label: {first_few(joined, '; ')}."]
