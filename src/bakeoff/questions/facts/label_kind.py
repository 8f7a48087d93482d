"""Gives questions whose answers are labels of a closed set the kind 'label': they are graded by the whole label.

Takes and gives questions. A kind that the question file names is kept.
"""

from collections.abc import Sequence

from bakeoff.questions.facts.labels import answer_labels, proves_little
from bakeoff.records import Question


def with_label_kind(questions: Sequence[Question]) -> list[Question]:
    """All questions, in order, with the kind 'label' where answers repeat as labels do (`answer_labels`).

    Yes, no and numbers keep their own rules, also beside labels.
    """
    labels = {name: label for name, label in answer_labels(questions).items() if not proves_little(label)}
    return [
        question.model_copy(update={"kind": "label"}) if question.id in labels and not question.kind else question
        for question in questions
    ]
