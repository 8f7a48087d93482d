"""The questions that a deployment is tested and trained with, checked against its documents as they are now.

Takes the questions of a release, and the document store that has lived on since. Gives those that still hold, and those
whose evidence is gone: their accepted answers may be out of date. Knows nothing about reviews or models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.corpus.store import DocumentStore
from bakeoff.questions.evidence.quotes import Locator
from bakeoff.records import Document, Question, SourceSpan


@dataclass(frozen=True)
class Standing:
    """The questions that hold, and those that documents have made doubtful since they were written."""

    kept: tuple[Question, ...]
    outdated: tuple[Question, ...]


def standing(questions: Sequence[Question], store: DocumentStore, version: int) -> Standing:
    """Divides a release's questions by whether the documents still say what the answers rest on.

    `version` is the version of the documents that the questions' evidence refers to. A question is outdated if its
    document was deleted, or changed so that a passage which held its evidence is gone. Without marked passages, its
    accepted answers are looked for instead. Questions about an update, which the pilot asked after it, are kept if
    the update is in: if a document holds their evidence or an answer.
    """
    touched = store.changes_since(version) if 0 <= version <= store.version else None
    if touched is not None and not touched.any:
        return Standing(tuple(q for q in questions if q.slice != "changed"), ())
    documents = {document.source: document for document in store.documents()}
    before = _Before(store, version)
    kept, outdated = [], []
    for question in questions:
        if question.slice == "changed":
            if _is_applied(question, documents):
                kept.append(question.model_copy(update={"slice": None}))
        elif all(_holds(question, span, documents, before) for span in question.source_spans):
            kept.append(question)
        else:
            outdated.append(question)
    return Standing(tuple(kept), tuple(outdated))


class _Before:
    """The documents as they were at a version, by source."""

    def __init__(self, store: DocumentStore, version: int) -> None:
        self._store, self._version = store, version
        self._texts: dict[str, str] = {}

    def text(self, document: Document) -> str:
        """What the document said then; its present text if it was not there."""
        if document.id not in self._texts:
            versions = [
                one.document
                for one in self._store.history(document.id)
                if one.version <= self._version and one.document is not None
            ]
            self._texts[document.id] = versions[-1].text if versions else document.text
        return self._texts[document.id]


def _holds(question: Question, span: SourceSpan, documents: dict[str, Document], before: _Before) -> bool:
    """Whether the document still says what it said in this span."""
    document = documents.get(span.source)
    if document is None:
        return False
    then = before.text(document)
    if then == document.text:
        return True
    if span.start is not None and span.end is not None:
        return Locator(document.text).find(then[span.start : span.end]) is not None
    said = [answer for answer in question.answers if Locator(then).find(answer) is not None]
    return not said or any(Locator(document.text).find(answer) is not None for answer in said)


def _is_applied(question: Question, documents: dict[str, Document]) -> bool:
    """Whether the documents now say what a question about an update expects."""
    quotes = question.evidence.split("\n") if question.evidence else list(question.answers)
    sources = [documents[span.source] for span in question.source_spans if span.source in documents]
    return any(quote and Locator(document.text).find(quote) for quote in quotes for document in sources)
