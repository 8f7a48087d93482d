"""Which known fact a question from use asks for: so that nothing that is trained on is tested in other words.

Takes known and new questions, and documents. Gives all questions with facts. Errs on the side of one fact: two that are
one by mistake cost a test question, one that is two by mistake lets a test be trained on. Knows nothing about splits.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

from bakeoff.questions import locate_evidence
from bakeoff.questions.evidence.answer_place import answer_spans
from bakeoff.questions.evidence.quotes import Locator
from bakeoff.questions.facts.facts import with_facts, with_same_places
from bakeoff.questions.facts.labels import POLAR
from bakeoff.questions.facts.near_copies import words
from bakeoff.questions.facts.same_answer import content_words
from bakeoff.questions.facts.same_gold import answer_key, same_answers
from bakeoff.records import Document, Question, SourceSpan

ALIKE = 0.5
"""Questions with the same answer are one fact if they have this share of their content words in common."""
_KNOWN = "known "


def with_known_facts(
    known: Sequence[Question], new: Sequence[Question], documents: Sequence[Document]
) -> list[Question]:
    """All questions, the known ones first. Known facts stay as they are; a new question gets the one it asks for.

    It gets it by what is inferred of any question file (wording, answer, place in the document), or if it has the
    same answer and half of the content words. A new question that asks for no known fact gets one of its own, which it
    shares with other new ones that ask for the same.
    """
    named = [question.model_copy(update={"fact": _KNOWN + question.fact}) for question in known]
    facts = {question.fact for question in known}
    placed, _ = locate_evidence(_with_source(new, documents), documents)
    given = [q.model_copy(update={"fact": _KNOWN + q.fact if q.fact in facts else ""}) for q in placed]
    found, _ = with_facts([*named, *given])
    found, _ = with_same_places(found, documents)
    every = _by_words(found[: len(known)], found[len(known) :])
    return [question.model_copy(update={"fact": question.fact.removeprefix(_KNOWN)}) for question in every]


def _with_source(questions: Sequence[Question], documents: Sequence[Document]) -> list[Question]:
    """The questions, each with the one document that holds its answer, where that can be told.

    Of those that were named, or else of all, it is the one that holds the answer and most of the question's words.
    """
    locators = {document.source: Locator(document.text) for document in documents}
    held = {document.source: content_words(f"{document.title} {document.text}") for document in documents}
    return [_sourced(question, locators, held) for question in questions]


def _sourced(question: Question, locators: Mapping[str, Locator], held: Mapping[str, frozenset[str]]) -> Question:
    named = [span.source for span in question.source_spans if span.source in locators]
    holders = [name for name in named or locators if _holds(question, locators[name])] or named
    asked = content_words(question.text)
    scores = sorted(((len(asked & held[name]), name) for name in holders), reverse=True)
    is_clear = len(scores) == 1 or (len(scores) > 1 and scores[0][0] > scores[1][0])
    spans = (SourceSpan(source=scores[0][1]),) if is_clear else ()
    return question.model_copy(update={"source_spans": spans})


def _holds(question: Question, locator: Locator) -> bool:
    return bool(answer_spans(question, locator)) or any(
        locator.find(answer) for answer in question.answers if words(answer)[:1] not in [[word] for word in POLAR]
    )


def _by_words(known: Sequence[Question], new: Sequence[Question]) -> list[Question]:
    """The questions, where new ones with the answer of a known one and half of its content words have its fact."""
    by_answer: dict[Hashable, list[Question]] = defaultdict(list)
    for question in known:
        for answer in question.answers or ("",):
            by_answer[answer_key(answer)].append(question)
    joined: dict[str, str] = {}
    for question in new:
        if question.fact.startswith(_KNOWN) or question.fact in joined:
            continue
        others = [other for answer in question.answers or ("",) for other in by_answer[answer_key(answer)]]
        alike = max(others, key=lambda other: _alike(question, other), default=None)
        if alike is not None and _alike(question, alike) >= ALIKE and same_answers(question, alike):
            joined[question.fact] = alike.fact
    return [*known, *(q.model_copy(update={"fact": joined.get(q.fact, q.fact)}) for q in new)]


def _alike(a: Question, b: Question) -> float:
    """The share of content words that two questions have in common, from 0 to 1."""
    one, other = content_words(a.text), content_words(b.text)
    return len(one & other) / len(one | other) if one | other else 0.0
