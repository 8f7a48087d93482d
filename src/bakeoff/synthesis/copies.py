"""Drops what is already asked: copies of existing questions and of one another, by the rules that find leaks.

Takes drafts in order, gives for each why it is dropped, or nothing. Remembers what it let through. Knows no model.
"""

from collections.abc import Iterable, Sequence

from bakeoff.questions.evidence.quotes import Locator
from bakeoff.questions.facts.near_copies import NEAR_COPY, similar_pairs, words
from bakeoff.questions.facts.same_answer import same_answer_groups
from bakeoff.questions.facts.same_gold import same_answers
from bakeoff.questions.facts.same_place import same_place_groups
from bakeoff.questions.splits.leaks import ALMOST_EXACT
from bakeoff.questions.splits.synthetic import overlap
from bakeoff.records import Document, Question, SourceSpan
from bakeoff.synthesis.drafts import Draft

COPY = "it nearly copies a question that exists, or that was made before"
SAME_FACT = "a question that exists, or that was made before, asks for the same fact"
AMBIGUOUS = "the same words ask for something else at another place"


class Copies:
    """What is asked already: the existing questions, and the drafts that were let through.

    Another wording may be near its own source: it must differ from it, and from all other wordings, in its words or
    their order; of any other question it must be no near copy.
    """

    def __init__(self, existing: Sequence[Question], documents: Sequence[Document], made: Iterable[Draft] = ()) -> None:
        self._questions = list(existing)
        self._documents = {document.source: document for document in documents}
        self._locators: dict[str, Locator] = {}
        self._wordings = {tuple(words(question.text)) for question in existing}
        for draft in made:
            self._add(draft)

    def reasons(self, drafts: Sequence[Draft]) -> list[str]:
        """Why each draft is dropped, in order; empty if it is let through. A dropped draft is not remembered."""
        reasons = []
        for draft in drafts:
            reason = self._reason(draft)
            reasons.append(reason)
            if not reason:
                self._add(draft)
        return reasons

    def forget(self, drafts: Iterable[Draft]) -> None:
        """Removes drafts that a later check dropped."""
        gone = {draft.id for draft in drafts}
        for question in (question for question in self._questions if question.id in gone):
            self._wordings.discard(tuple(words(question.text)))
        self._questions = [question for question in self._questions if question.id not in gone]

    def _add(self, draft: Draft) -> None:
        self._questions.append(self._located(draft))
        self._wordings.add(tuple(words(draft.question)))

    def _reason(self, draft: Draft) -> str:
        question = self._located(draft)
        if tuple(words(draft.question)) in self._wordings:
            return COPY
        others = self._questions
        if draft.paraphrase_of:
            others = [other for other in others if not _is_of_source(other, draft)]
        texts = [other.text for other in others]
        for _, j, similarity in similar_pairs([draft.question], texts, NEAR_COPY):
            if draft.paraphrase_of or similarity >= ALMOST_EXACT or same_answers(question, others[j]):
                return COPY
        return SAME_FACT if not draft.paraphrase_of and self._is_same_fact(question) else ""

    def _located(self, draft: Draft) -> Question:
        """The draft as a question whose evidence is the place of its quote."""
        question, document = draft.as_question(), self._documents.get(draft.source)
        if document is None or not draft.quote:
            return question
        if draft.source not in self._locators:
            self._locators[draft.source] = Locator(document.text)
        place = self._locators[draft.source].find(draft.quote)
        if place is None:
            return question
        span = SourceSpan(source=draft.source, start=place[0], end=place[1])
        return question.model_copy(update={"source_spans": (span,)})

    def _is_same_fact(self, question: Question) -> bool:
        """Whether another question of the same document has the same answer at the same place."""
        sources = {span.source for span in question.source_spans}
        near = [other for other in self._questions if sources & {span.source for span in other.source_spans}]
        if any(_same_place(question, other) and same_answers(question, other) for other in near):
            return True
        documents = [self._documents[source] for source in sorted(sources) if source in self._documents]
        groups = [*same_place_groups([*near, question], documents), *same_answer_groups([*near, question])]
        return any(question.id in {member.id for member in group} for group in groups)


def _same_place(a: Question, b: Question) -> bool:
    return any(overlap(span, other) for span in a.source_spans for other in b.source_spans)


def _is_of_source(other: Question, draft: Draft) -> bool:
    """Whether a question is the source of a wording, or asks for its fact."""
    of = other.synthetic.paraphrase_of if other.synthetic else other.id
    return draft.paraphrase_of in (other.id, of) or other.fact == draft.fact


def ambiguous(drafts: Iterable[Draft]) -> set[str]:
    """The questions, in small letters, that ask in the same words for different answers."""
    answers: dict[str, set[tuple[str, ...]]] = {}
    for draft in drafts:
        answers.setdefault(draft.question.lower(), set()).add(draft.answers)
    return {text for text, of in answers.items() if len(of) > 1}
