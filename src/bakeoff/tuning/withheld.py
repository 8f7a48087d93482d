"""Which passages can be shown where a model is to learn to decline: those that do not hold the answer.

Takes a question and chunks, gives the chunks without its evidence and without an accepted answer. Answers are compared
as the grader compares them (`two years` is in `24 months`), but more is left out than the grader would accept: another
passage can be shown in place of one that is left out, while a passage that answers teaches to decline what is known.
"""

from collections.abc import Sequence

from bakeoff.grading.polarity import polarity
from bakeoff.grading.terms import Term, says_as_much, terms
from bakeoff.grading.wording import LONG, MOST, content
from bakeoff.questions.evidence.evidence import holds_evidence
from bakeoff.records import Chunk, Question

SHARED_WORDS = 0.5
"""A passage with this share of the words of a yes-or-no question may answer it, although it says neither yes nor no."""


def without_answer(question: Question, chunks: Sequence[Chunk]) -> list[Chunk]:
    """The chunks that neither overlap the question's evidence nor hold one of its accepted answers, in order."""
    return [chunk for chunk in chunks if not holds_evidence(question, chunk) and not holds_answer(question, chunk)]


def holds_answer(question: Question, chunk: Chunk) -> bool:
    """Whether an accepted answer may be in the passage: all its words and numbers, or most words of a long one."""
    passage = terms(f"{chunk.heading}\n{chunk.text}")
    return any(_holds(passage, answer, question) for answer in question.answers)


def _holds(passage: Sequence[Term], answer: str, question: Question) -> bool:
    wanted = content(terms(answer))
    if polarity(answer) and (question.kind == "yesno" or (len(wanted) == 1 and not wanted[0].dates)):
        return _share(passage, content(terms(question.text))) >= SHARED_WORDS
    return _share(passage, wanted) >= (MOST if len(wanted) >= LONG else 1)


def _share(passage: Sequence[Term], wanted: Sequence[Term]) -> float:
    """The share of the wanted terms that are in the passage; 0 if there are none."""
    words = {term.text for term in passage}
    numbers = {term.stated for term in passage if term.stated is not None}
    dates = [term for term in passage if term.dates]
    n_held = sum(
        term.text in words or term.stated in numbers or (bool(term.dates) and any(says_as_much(d, term) for d in dates))
        for term in wanted
    )
    return n_held / len(wanted) if wanted else 0.0
