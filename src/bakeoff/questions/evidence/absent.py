"""Finds questions whose accepted answers stand in no document: a sign that documents are missing, or answers are wrong.

Takes questions and documents. Compares word for word, and amounts and dates in any spelling. Does not know whether the
documents say the same in other words.
"""

from collections.abc import Iterator, Sequence

from bakeoff.questions.evidence.number_place import number_places
from bakeoff.questions.facts.labels import LONG_ANSWER
from bakeoff.questions.facts.near_copies import words
from bakeoff.questions.naming import named
from bakeoff.records import Document, Question
from bakeoff.sentences import first_few

MANY = 0.25
"""A smaller share of absent answers is usual: answers are written in other words than the documents."""
MOST_SEARCHED = 500
"""Questions that are searched: enough for a share, and quick in many documents."""


def absent_answers(questions: Sequence[Question], documents: Sequence[Document]) -> list[str]:
    """A warning if many answers stand in none of the documents; empty if few do, or without documents.

    Yes-or-no questions, labels and answers of many words are not searched: they are seldom in a text word for word.
    """
    searched = [question for question in questions if documents and _is_searchable(question)]
    searched = searched[:: -(-len(searched) // MOST_SEARCHED) or 1]
    texts = [f" {' '.join(words(document.text))} " for document in documents]
    absent = [one for one in searched if not _stands(one, texts, documents)]
    if len(absent) < 3 or len(absent) < MANY * len(searched):
        return []
    return [
        f"The answers to {len(absent)} of {len(searched)} questions stand word for word in none of the documents: "
        f"{first_few([named(question) for question in absent])}. If the documents do not say them in other words, no "
        "contender that reads can be right: add the documents that do, correct the answers, or leave them empty where "
        "there is none."
    ]


def _is_searchable(question: Question) -> bool:
    if question.kind in ("yesno", "label", "list") or question.slice in ("general", "changed"):
        return False
    return any(0 < len(words(answer)) < LONG_ANSWER for answer in question.answers)


def _stands(question: Question, texts: Sequence[str], documents: Sequence[Document]) -> bool:
    in_words = [" ".join(words(answer)) for answer in question.answers]
    if any(f" {said} " in text for said in in_words if said for text in texts):
        return True
    return any(_numbers(question, documents))


def _numbers(question: Question, documents: Sequence[Document]) -> Iterator[bool]:
    for answer in question.answers:
        if any(letter.isdigit() for letter in answer):
            yield from (bool(number_places(answer, document.text)) for document in documents)
