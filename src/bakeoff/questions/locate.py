"""The evidence of questions as spans of documents: quotes where they stand, else the accepted answers.

Takes questions and documents, gives questions whose evidence is spans of the documents. Knows nothing about chunks.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bakeoff.errors import InputError
from bakeoff.questions.answer_place import answer_spans
from bakeoff.questions.evidence import is_document_level
from bakeoff.questions.quotes import Locator
from bakeoff.records import Document, Question, SourceSpan
from bakeoff.sentences import SHOWN, first_few


def locate_evidence(
    questions: Sequence[Question], documents: Sequence[Document], other_documents: Sequence[Document] = ()
) -> tuple[list[Question], list[str]]:
    """The questions with their evidence as spans of the documents, in order, and notes on what could not be found.

    A quote is searched whatever its blanks, quotes, case and markup. Without one, the accepted answers are searched in
    the documents that the question names (`answer_place`). Where neither is found, the evidence is the whole document.
    `other_documents` are looked up where the first ones have no such name. Raises InputError where a question names a
    document that is in neither.
    """
    sources = _Sources(documents, other_documents)
    _refuse_unknown_sources(questions, sources)
    located, not_found, without_answer = [], [], []
    for question in questions:
        names = list(dict.fromkeys(str(sources.find(span.source)) for span in question.source_spans))
        locators = {name: sources.locators[name] for name in names}
        spans, missed = _spans(question, locators)
        located.append(question.model_copy(update={"source_spans": spans}))
        if missed and locators:
            not_found.append(f"{question.id}: {missed[0][:60]!r} in {names[0]}")
        elif locators and not question.evidence and not _says_an_answer(question, locators):
            without_answer.append(question.id)
    return located, list(_notes(located, not_found, without_answer))


def _notes(located: Sequence[Question], not_found: Sequence[str], without_answer: Sequence[str]) -> Iterator[str]:
    if not_found:
        yield f"Quoted evidence is not found, so the whole document counts as evidence: {first_few(not_found, '; ')}."
    if without_answer:
        yield (
            "Questions without a quote, none of whose answers stands in the documents they name: "
            f"{first_few(without_answer)}."
        )
    sourced = [question for question in located if question.source_spans and question.answerable]
    n = sum(map(is_document_level, sourced))
    if n:
        yield (
            f"Evidence is known by document only for {n} of {len(sourced)} answerable questions with a source: any "
            "passage of the document counts as the right one. A column 'evidence' with a quote says which one it is."
        )


class _Sources:
    """The documents by the names that a question may use for them."""

    def __init__(self, documents: Sequence[Document], others: Sequence[Document] = ()) -> None:
        self._others = _Sources(others) if others else None
        self.locators = {document.source: Locator(document.text) for document in (*others, *documents)}
        self._own = {document.source for document in documents}
        self.names: dict[str, list[str]] = defaultdict(list)
        for document in documents:
            parts = _path_parts(document.source)
            for name in dict.fromkeys(["/".join(parts[i:]) for i in range(len(parts))] + [document.id]):
                self.names[name].append(document.source)

    def find(self, name: str) -> str | None:
        """The document's own source: its exact name or id, or the one path that ends in the name or that it ends in."""
        return self._find(name) or (self._others.find(name) if self._others else None)

    def _find(self, name: str) -> str | None:
        if name in self._own:
            return name
        parts = _path_parts(name)
        ending = self.names.get("/".join(parts), self.names.get(name, []))
        if ending:
            return ending[0] if len(ending) == 1 else None
        return next((path for i in range(len(parts)) if (path := "/".join(parts[i:])) in self._own), None)


def _path_parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]


def _refuse_unknown_sources(questions: Sequence[Question], sources: _Sources) -> None:
    missing = defaultdict(list)
    for question in questions:
        for span in question.source_spans:
            if sources.find(span.source) is None:
                missing[span.source].append(question.id)
    if not missing:
        return
    names: list[str] = []
    for name, ids in missing.items():
        close = difflib.get_close_matches(name, sources.locators, n=1, cutoff=0.4) if len(names) < SHOWN else []
        names.append(f"{name!r} (question {ids[0]}{f'; did you mean {close[0]!r}?' if close else ''})")
    raise InputError(
        f"Questions name documents that are not there: {first_few(names)}.",
        "write each source as the document's path below the documents folder, or leave it empty",
    )


def _spans(question: Question, locators: Mapping[str, Locator]) -> tuple[tuple[SourceSpan, ...], list[str]]:
    """Where the question's quotes, or else its answers, stand in its documents; and quotes not found.

    A document without any of them is whole, unless another one holds an answer to a question that quotes nothing.
    """
    quotes = [quote for quote in question.evidence.split("\n") if quote]
    spans, missed = [], dict.fromkeys(quotes)
    for name, locator in locators.items():
        found = {quote: place for quote in quotes if (place := locator.find(quote))}
        spans += [SourceSpan(source=name, start=start, end=end) for start, end in found.values()]
        spans += [] if found else [SourceSpan(source=name)]
        missed = {quote: None for quote in missed if quote not in found}
    if not quotes:
        places = {name: answer_spans(question, locator) for name, locator in locators.items()}
        found_spans = [SourceSpan(source=name, start=start, end=end) for name in places for start, end in places[name]]
        spans = found_spans or spans
    return tuple(spans), list(missed)


def _says_an_answer(question: Question, locators: Mapping[str, Locator]) -> bool:
    """Whether a document holds one of the answers; yes and no, and no answer, stand in any."""
    if question.kind == "yesno" or not question.answers:
        return True
    return any(locator.find(answer) for locator in locators.values() for answer in question.answers)
