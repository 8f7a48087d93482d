"""Detects whether answers are labels of a closed set: few distinct short answers for many questions (classification).

Takes questions, gives the label of each. Such questions are split within each label, and two questions with the same
label are not therefore the same fact. Knows nothing about documents.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bakeoff.grading.label import label_key
from bakeoff.grading.languages import plain
from bakeoff.grading.normalise import word_set
from bakeoff.questions.facts.near_copies import words
from bakeoff.records import Question

LABEL = "label"
"""The kind of a question whose accepted answers are labels."""
LONG_ANSWER = 8
"""An answer of this many words or more is long: two questions with the same long answer ask for the same fact."""
FACTS_PER_LABEL = 10
"""The fewest facts per shared answer, on average. A fact is rarely asked in ten wordings, and labelled sets start at
about ten. Source: Casanueva et al. 2020, Efficient Intent Detection with Dual Sentence Encoders, arXiv:2003.04807,
whose smallest setting has ten examples of each label."""
SHARED_BY, CLOSED = 5, 0.9
"""An answer can be a label if at least this many facts share it (fewer do not reach train, dev and test at the default
shares: 5 x 0.15 < 1), and at least this share of all facts must have such an answer. In ordinary sets most answers
belong to one question only, and yes, no and numbers do not reach this share."""
POLAR = word_set("yes no true false")


def answer_labels(questions: Iterable[Question]) -> dict[str, str]:
    """The label of each answerable question by its id. Empty if the answers are not a closed set of labels.

    They are if every question has the kind 'label', because the file or the configuration says so, or if all of this
    is true. It counts facts, not questions; a question without a fact counts as one.

    - At least two answers are shared by `SHARED_BY` or more facts, and a share of `CLOSED` of the facts has such an
      answer.
    - Such an answer has at least `FACTS_PER_LABEL` facts on average.
    - At most half of the facts have an answer that is yes, no, a number or long.

    Questions about updates and general knowledge do not count.
    """
    known = [question for question in questions if question.answerable and is_own(question)]
    labels = {question.id: label_of(question) for question in known}
    if all(question.kind == LABEL for question in known):
        return labels
    facts = defaultdict(set)
    for question in known:
        facts[labels[question.id]].add(question.fact or f"question {question.id}")
    n_facts = sum(map(len, facts.values()))
    shared = [len(of_label) for of_label in facts.values() if len(of_label) >= SHARED_BY]
    n_plain = sum(len(of_label) for label, of_label in facts.items() if proves_little(label) or is_long(label))
    closed = len(shared) > 1 and sum(shared) >= CLOSED * n_facts and sum(shared) >= FACTS_PER_LABEL * len(shared)
    return labels if closed and n_plain <= n_facts / 2 else {}


def label_keys(questions: Iterable[Question]) -> frozenset[str]:
    """The labels that are accepted for these questions, as keys: none of them is a refusal, not even 'unknown'."""
    return frozenset(
        label_key(answer) for question in questions if question.kind == LABEL for answer in question.answers
    )


def is_own(question: Question) -> bool:
    """Whether the question is about the documents before any update, and not about general knowledge."""
    return question.slice not in ("changed", "general")


def label_of(question: Question) -> str:
    """The wording of the first accepted answer."""
    return wording_of(question.answers[0])


def wording_of(answer: str) -> str:
    """The answer in lower case, without accents and the punctuation around words. Symbols stay: C++ is not C.

    >>> wording_of("'Café au lait'."), wording_of("C++"), wording_of("!=")
    ('cafe au lait', 'c++', '!=')
    """
    text = re.sub(r"(?<!\S)[\"'(\[]+(?=\w)|(?<=\w)[.,;:!?\"')\]]+(?=\s|$)", " ", plain(answer))
    return " ".join(text.split()) or answer


def proves_little(answer: str) -> bool:
    """Whether the answer is a yes, a no or a number, with or without a unit: many facts have such an answer."""
    first = (words(answer) or [""])[0]
    return first in POLAR or re.fullmatch(r"\d+", first) is not None


def is_long(answer: str) -> bool:
    return len(words(answer)) >= LONG_ANSWER


def examples_by_label(questions: Sequence[Question], labels: Mapping[str, str]) -> dict[str, list[Question]]:
    """The questions of each label. Labels are in alphabetical order, questions in the given order."""
    by_label = defaultdict(list)
    for question in questions:
        if question.id in labels:
            by_label[labels[question.id]].append(question)
    return dict(sorted(by_label.items()))
