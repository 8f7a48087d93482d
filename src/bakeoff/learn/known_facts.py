"""Which fact each question from use asks for: so that nothing that is trained on is tested in other words.

Takes known and new questions, and documents. Gives all questions with facts, those that contradict a known answer, and
those that could ask for either of two facts. Knows nothing about splits.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from bakeoff.learn.meaning import Meanings, Meant
from bakeoff.questions import locate_evidence
from bakeoff.questions.evidence.answer_place import answer_spans
from bakeoff.questions.evidence.quotes import Locator
from bakeoff.questions.facts.facts import with_facts, with_same_places
from bakeoff.questions.facts.labels import POLAR
from bakeoff.questions.facts.near_copies import words
from bakeoff.questions.facts.same_answer import content_words
from bakeoff.records import Document, Question, SourceSpan

_KNOWN = "known "
NEW = "fact-of-"
"""A new fact has this name, followed by the id of the first question that asked for it."""


class Found(NamedTuple):
    """All questions with facts, the known ones first.

    `contradicting` are the known questions that new ones contradict, `unclear` the two that a new one could ask for,
    both by the id of the new one, which is not among `questions`. `asked` are the new ones as they came.
    """

    questions: list[Question]
    contradicting: dict[str, Question]
    unclear: dict[str, tuple[Question, Question]]
    asked: dict[str, Question]


def find_facts(
    known: Sequence[Question],
    new: Sequence[Question],
    documents: Sequence[Document],
    fixed: Mapping[str, str] | None = None,
) -> Found:
    """The facts of all questions. Known facts stay as they are; a new question gets the one it asks for.

    It gets the fact that is `fixed` for its id or named in it; or that of the known or earlier new question with the
    same answer (`Meanings.meant`); or what is inferred of any question file (wording, answer, place in the document).
    Otherwise it has a fact of its own. The new questions are taken in the given order.
    """
    there = {document.source for document in documents}
    facts: dict[str, list[Question]] = defaultdict(list)
    meanings = Meanings(documents, [question.text for question in (*known, *new)])
    for question in known:
        facts[question.fact].append(question)
        meanings.add(question)
    placed, _ = locate_evidence(_with_source(new, documents), documents)
    inferred = _inferred(known, placed, facts, documents)
    found = Found(list(known), {}, {}, {question.id: question for question in new})
    for question, located in zip(new, placed, strict=True):
        at_home = [span for span in question.source_spans if span.source in there]
        asked = question.model_copy(update={"source_spans": tuple(at_home)})
        one = _with_fact(asked, located, meanings, facts, inferred, fixed or {}, found)
        if one is not None:
            found.questions.append(one)
            facts[one.fact].append(one)
            meanings.add(one)
    return _without_pairs(found, {question.id for question in new} - (fixed or {}).keys())


def _without_pairs(found: Found, new: Set[str]) -> Found:
    """Where a new question contradicts another new one, nobody knows which is right: both are set aside."""
    texts = {question.id: question for question in found.questions}
    pairs = {other.id: key for key, other in found.contradicting.items() if other.id in new and other.id in texts}
    both = {key: found.asked[other] for key, other in pairs.items()}
    left = [question for question in found.questions if question.id not in both]
    return found._replace(questions=left, contradicting=found.contradicting | both)


def _with_fact(
    asked: Question,
    located: Question,
    meanings: Meanings,
    facts: Mapping[str, list[Question]],
    inferred: Mapping[str, str],
    fixed: Mapping[str, str],
    found: Found,
) -> Question | None:
    """The question with its fact and its place; None if it cannot be taken, which `found` then says."""
    given = asked.fact if asked.fact in facts else fixed.get(asked.id, "")
    others = facts.get(given, [])
    meant = meanings.meant(asked)
    if given and meant and meant.question.fact != given:
        meant = None
    elif given and meant:
        meant = Meant(meant.question)
    contradicted = None if meant else meanings.contradicted(asked)
    if others and not meanings.agrees(asked, others):
        contradicted = others[0]
    if contradicted is not None and (not given or contradicted.fact == given):
        found.contradicting[asked.id] = contradicted
        return None
    if meant and meant.or_else and meant.question.split != meant.or_else.split:
        found.unclear[asked.id] = meant.question, meant.or_else
        return None
    spans = meant.question.source_spans if meant else located.source_spans
    by_words = next((q.fact for q in found.questions if inferred.get(q.id) == inferred[asked.id]), "")
    if not given and not meant and inferred[asked.id].startswith(_KNOWN):
        by_words = inferred[asked.id].removeprefix(_KNOWN)
    fact = given or (meant.question.fact if meant else by_words) or f"{NEW}{asked.id}"
    return asked.model_copy(update={"fact": fact, "source_spans": spans or asked.source_spans})


def _inferred(
    known: Sequence[Question], new: Sequence[Question], facts: Mapping[str, object], documents: Sequence[Document]
) -> dict[str, str]:
    """The facts of the new questions by id, as inferred of any question file; known ones begin with _KNOWN."""
    named = [question.model_copy(update={"fact": _KNOWN + question.fact}) for question in known]
    given = [q.model_copy(update={"fact": _KNOWN + q.fact if q.fact in facts else ""}) for q in new]
    complete, _ = with_same_places(with_facts([*named, *given])[0], documents)
    return {question.id: question.fact for question in complete[len(known) :]}


def _with_source(questions: Sequence[Question], documents: Sequence[Document]) -> list[Question]:
    """The questions, each with the one document that holds its answer, where that can be told.

    Of those that were named, or else of all, it is the one that holds the answer and most of the question's words.
    """
    locators = {document.source: Locator(document.text) for document in documents}
    held = {document.source: content_words(f"{document.title} {document.text}") for document in documents}
    return [_sourced(question, locators, held) for question in questions]


def _sourced(question: Question, locators: Mapping[str, Locator], held: Mapping[str, frozenset[str]]) -> Question:
    named = [span.source for span in question.source_spans if span.source in locators]
    holders = [name for name in named if _holds(question, locators[name])]
    holders = holders or [name for name in locators if _holds(question, locators[name])] or named
    asked = content_words(question.text)
    scores = sorted(((len(asked & held[name]), name) for name in holders), reverse=True)
    is_clear = len(scores) == 1 or (len(scores) > 1 and scores[0][0] > scores[1][0])
    spans = (SourceSpan(source=scores[0][1]),) if is_clear else ()
    return question.model_copy(update={"source_spans": spans})


def _holds(question: Question, locator: Locator) -> bool:
    return bool(answer_spans(question, locator)) or any(
        locator.find(answer) for answer in question.answers if words(answer)[:1] not in [[word] for word in POLAR]
    )
