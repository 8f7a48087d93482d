"""The questions that a deployment is tested and trained with, checked against its documents as they are now.

Takes the questions of a release or reviewed ones, and the document store that has lived on since. Gives those that
still hold, and those whose evidence is gone: their accepted answers may be out of date. In doubt a question is set
aside: a person can review it again, while a wrong accepted answer would be tested and trained on without a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bakeoff.errors import ForgottenError
from bakeoff.learn.reviewed import Reviewed
from bakeoff.learn.said import Place, heading_above, sentence_at, sentences, words_around
from bakeoff.protocols import DocumentStore, StoredChanges
from bakeoff.questions.evidence.answer_place import answer_spans
from bakeoff.questions.evidence.quotes import Locator
from bakeoff.questions.facts.labels import POLAR
from bakeoff.questions.facts.near_copies import words
from bakeoff.questions.facts.same_answer import content_words
from bakeoff.records import Document, Question, SourceSpan

MOST_PLACES = 12
"""So many places of an answer in a document are looked at."""
NOW_SAID = 0.75
"""A question without an answer is doubtful if a new sentence, with its headings, has this share of its words."""


@dataclass(frozen=True)
class Standing:
    """The questions that hold, and those that documents have made doubtful since they were written."""

    kept: tuple[Question, ...]
    outdated: tuple[Question, ...]


def standing(questions: Sequence[Question], store: DocumentStore, version: int) -> Standing:
    """Divides a release's questions by whether the documents still say what the answers rest on.

    `version` is the version of the documents that the questions' evidence refers to. A question is outdated if its
    document was deleted, or changed so that a passage which held its evidence is gone (`_Changes.holds`). Those that
    are kept have their marks where the evidence stands now. Questions
    about an update, which the pilot asked after it, are kept if the update is in: if a document holds their evidence
    or an answer.
    """
    changes = _Changes(store, version)
    kept, outdated = [], []
    for question in questions:
        if question.slice == "changed":
            if changes.any and _is_applied(question, changes.now):
                kept.append(question.model_copy(update={"slice": None}))
        elif question.slice == "general":
            kept.append(question)
        elif changes.holds(question):
            kept.append(changes.placed(question))
        else:
            outdated.append(question)
    return Standing(tuple(kept), tuple(outdated))


def standing_reviews(
    reviewed: Sequence[Reviewed], store: DocumentStore, version: int
) -> tuple[list[Reviewed], list[Reviewed]]:
    """(those that still hold, those that documents have made doubtful since they were reviewed), each in order.

    Each is compared with the documents that its answer was reviewed with; with those of `version` if that is not known.
    """
    changes: dict[int, _Changes] = {}
    kept: list[Reviewed] = []
    outdated: list[Reviewed] = []
    for one in reviewed:
        at = version if one.documents_version is None else one.documents_version
        if at not in changes:
            changes[at] = _Changes(store, at)
        question = one.as_question()
        rests_on = question.model_copy(update={"source_spans": one.passages or question.source_spans})
        (kept if changes[at].holds(rests_on, is_marked=False) else outdated).append(one)
    return kept, outdated


def known_changes(store: DocumentStore, version: int) -> StoredChanges | None:
    """The changes since a version. None if they are not known: it is of another store, or too old."""
    try:
        return store.changes_since(version) if 0 <= version <= store.version else None
    except ForgottenError:
        return None


class _Changes:
    """The documents at a version and now, by source."""

    def __init__(self, store: DocumentStore, version: int) -> None:
        self._store, self._version = store, version
        touched = known_changes(store, version)
        self._is_known = touched is not None
        self.any = touched is None or touched.any
        self._before: dict[str, Document | None] = {}
        self._forgotten: set[str] = set()
        self._locators: dict[str, Locator] = {}

    @cached_property
    def now(self) -> dict[str, Document]:
        return {document.source: document for document in self._store.documents()}

    def then(self, source: str) -> Document | None:
        """The document as it was; as it is now if it was not there; None if it was deleted."""
        if source not in self._before:
            document = self.now.get(source)
            versions = self._store.history(document.id) if document else []
            before = [one for one in versions if one.version <= self._version and one.kind != "deleted"]
            if (before and before[-1].document is None) or (document and not before and not self._is_known):
                self._forgotten.add(source)
            self._before[source] = before[-1].document if before else document
        return self._before[source]

    def _is_forgotten(self, source: str) -> bool:
        """Whether the document has changed and its text at the version is no longer kept."""
        self.then(source)
        return source in self._forgotten

    def holds(self, question: Question, is_marked: bool = True) -> bool:
        """Whether the documents still say what the answers rest on.

        Marked evidence must still be there. Without it the place of an accepted answer is looked for: the sentence that
        has most of the question's words. If the documents do not state the answer in these words, the passages it was
        made from must be the same, or the sentences that are nearest to question and answer. A question without
        answers is doubtful once a new sentence seems to answer it. If a document has changed and its text of that time
        is no longer kept, nobody knows: the question is doubtful.
        """
        if not self.any:
            return True
        if not question.answers:
            return not self._is_said_now(question)
        spans = question.source_spans
        if any(self._is_forgotten(span.source) for span in spans):
            return False
        if is_marked and spans and all(_has_place(span) for span in spans):
            return all(self._stands(question, span) for span in spans)
        documents = [self.now[name] for name in dict.fromkeys(span.source for span in spans) if name in self.now]
        before = [document for document in map(self.then, (document.source for document in documents)) if document]
        places = self._best_places(question, before)
        if places:
            return all(self._stands(question, place) for place in places)
        if self._best_places(question, documents):
            return True  # the documents say now what they did not say then
        return all(self._is_unchanged(question, span) for span in spans)

    def placed(self, question: Question) -> Question:
        """The question with its marked evidence where it stands in the documents now."""
        if not self.any or not question.answers:
            return question
        spans = tuple(self._moved(question, span) for span in question.source_spans)
        return question.model_copy(update={"source_spans": spans})

    def _moved(self, question: Question, span: SourceSpan) -> SourceSpan:
        """Where the evidence stands now; the whole document if that cannot be told."""
        then, now = self.then(span.source), self.now.get(span.source)
        if self._is_forgotten(span.source):
            return SourceSpan(source=span.source)
        if not _has_place(span) or then is None or now is None or then.text == now.text:
            return span
        quote = then.text[span.start : span.end]
        stated = self._best_places(question, [now]) if self._is_answer(question, quote) else []
        if stated:
            return stated[0]
        at = self._locator(now.text).find(quote)
        return SourceSpan(source=span.source, start=at[0], end=at[1]) if at else SourceSpan(source=span.source)

    def _best_places(self, question: Question, documents: Sequence[Document]) -> list[SourceSpan]:
        """Where the documents state an accepted answer, with the most words of the question around it."""
        asked = content_words(question.text)
        found = [
            (len(asked & words_around(document.text, place, document.title)), document.source, place)
            for document in documents
            for place in self._places(question, document)
        ]
        best = max((score for score, _, _ in found), default=0)
        return [SourceSpan(source=name, start=at[0], end=at[1]) for score, name, at in found if score == best]

    def _places(self, question: Question, document: Document) -> list[Place]:
        """Where the document states an accepted answer; yes, no and single characters are anywhere by chance."""
        locator = self._locator(document.text)
        telling = [answer for answer in question.answers if _is_telling(answer)]
        verbatim = [place for answer in telling for place in locator.find_all(answer, MOST_PLACES)]
        return sorted(set(verbatim)) or answer_spans(question, locator)

    def _locator(self, text: str) -> Locator:
        return self._locators.setdefault(text, Locator(text))

    def _stands(self, question: Question, span: SourceSpan) -> bool:
        """Whether the document still says what it said in this span."""
        then, now = self.then(span.source), self.now.get(span.source)
        if then is None or now is None:
            return False
        if then.text == now.text or not _has_place(span):
            return True
        place = span.start or 0, span.end or 0
        quote = then.text[place[0] : place[1]]
        if not self._is_answer(question, quote):
            return self._locator(now.text).find(quote) is not None
        if self._locator(now.text).find(sentence_at(then.text, place)) is not None:
            return True
        needed = content_words(question.text) & words_around(then.text, place, then.title)
        return any(needed <= words_around(now.text, at, now.title) for at in self._places(question, now))

    def _is_answer(self, question: Question, quote: str) -> bool:
        return not question.evidence and len(words(quote)) <= max(len(words(answer)) for answer in question.answers)

    def _is_unchanged(self, question: Question, span: SourceSpan) -> bool:
        """Whether the passage, or what the document says nearest to question and answer, still stands."""
        then, now = self.then(span.source), self.now.get(span.source)
        if then is None or now is None:
            return False
        if then.text == now.text:
            return True
        locator = self._locator(now.text)
        if _has_place(span):
            there = [at for at in sentences(then.text) if at[0] < (span.end or 0) and at[1] > (span.start or 0)]
            return all(locator.find(then.text[start:end]) for start, end in there)
        wanted = content_words(" ".join([question.text, *question.answers]))
        scores = {at: len(wanted & content_words(then.text[at[0] : at[1]])) for at in sentences(then.text)}
        near = max(scores.values(), default=0) / 2
        return all(locator.find(then.text[at[0] : at[1]]) for at, score in scores.items() if score >= near)

    def _is_said_now(self, question: Question) -> bool:
        asked = content_words(question.text)
        return any(len(asked & said) >= NOW_SAID * len(asked) for said in self._new) if asked else False

    @cached_property
    def _new(self) -> list[frozenset[str]]:
        """The words of each sentence that the documents did not have, with its headings."""
        found = []
        for document in self.now.values():
            then = self._text_before(document)
            if then != document.text:
                before = self._locator(then)
                found += [
                    words_around(document.text, at, document.title)
                    for at in sentences(document.text)
                    if not before.find(document.text[at[0] : at[1]])
                    and document.text[at[0] : at[1]] != heading_above(document.text, at[0] + 1)
                ]
        return found

    def _text_before(self, document: Document) -> str:
        """The text at the version; empty if the document was not there."""
        before = [one for one in self._store.history(document.id) if one.version <= self._version]
        return before[-1].document.text if before and before[-1].document is not None else ""


def _is_telling(answer: str) -> bool:
    in_words = words(answer)
    return len("".join(in_words)) > 1 and in_words[0] not in POLAR


def _has_place(span: SourceSpan) -> bool:
    return span.start is not None and span.end is not None


def _is_applied(question: Question, documents: dict[str, Document]) -> bool:
    """Whether the documents now say what a question about an update expects."""
    quotes = question.evidence.split("\n") if question.evidence else list(question.answers)
    sources = [documents[span.source] for span in question.source_spans if span.source in documents]
    return any(quote and Locator(document.text).find(quote) for quote in quotes for document in sources)
