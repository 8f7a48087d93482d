"""Quoted evidence to the place in a document where it stands, whatever the blanks, case and markup between its words.

Takes questions and documents, gives questions whose evidence is spans of the documents. Knows nothing about chunks.
"""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

from bakeoff.errors import InputError
from bakeoff.records import Document, Question, SourceSpan
from bakeoff.sentences import SHOWN, first_few


def locate_evidence(questions: Sequence[Question], documents: Sequence[Document]) -> tuple[list[Question], list[str]]:
    """The questions with their evidence as spans of the documents, in order, and notes on what could not be found.

    A quote is searched whatever its blanks, quotes, case and markup; where it is not found, the evidence is the whole
    document. Raises InputError where a question names a document that is not there.
    """
    sources = _Sources(documents)
    _refuse_unknown_sources(questions, sources)
    located, not_found, not_said = [], [], []
    for question in questions:
        names = list(dict.fromkeys(str(sources.find(span.source)) for span in question.source_spans))
        locators = {name: sources.locators[name] for name in names}
        spans, missed = _spans(question, locators)
        located.append(question.model_copy(update={"source_spans": spans}))
        if missed and locators:
            not_found.append(f"{question.id}: {missed[0][:60]!r} in {names[0]}")
        elif locators and not question.evidence and not _says_an_answer(question, locators):
            not_said.append(question.id)
    notes = []
    if not_found:
        notes.append(
            f"Quoted evidence is not found, so the whole document counts as evidence: {first_few(not_found, '; ')}."
        )
    if not_said:
        notes.append(
            "Questions without a quote, none of whose answers stands in the documents they name: "
            f"{first_few(not_said)}."
        )
    return located, notes


class _Sources:
    """The documents by the names that a question may use for them."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.locators = {document.source: Locator(document.text) for document in documents}
        self.names: dict[str, list[str]] = defaultdict(list)
        for document in documents:
            parts = _path_parts(document.source)
            for name in dict.fromkeys(["/".join(parts[i:]) for i in range(len(parts))] + [document.id]):
                self.names[name].append(document.source)

    def find(self, name: str) -> str | None:
        """The document's own source: its exact name or id, or the one path that ends in the name or that it ends in."""
        if name in self.locators:
            return name
        parts = _path_parts(name)
        ending = self.names.get("/".join(parts), self.names.get(name, []))
        if ending:
            return ending[0] if len(ending) == 1 else None
        return next((path for i in range(len(parts)) if (path := "/".join(parts[i:])) in self.locators), None)


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
    told: list[str] = []
    for name, ids in missing.items():
        close = difflib.get_close_matches(name, sources.locators, n=1, cutoff=0.4) if len(told) < SHOWN else []
        told.append(f"{name!r} (question {ids[0]}{f'; did you mean {close[0]!r}?' if close else ''})")
    raise InputError(
        f"Questions name documents that are not there: {first_few(told)}.",
        "write each source as the document's path below the documents folder, or leave it empty",
    )


def _spans(question: Question, locators: Mapping[str, "Locator"]) -> tuple[tuple[SourceSpan, ...], list[str]]:
    """Where the question's quotes stand in its documents, a document with none of them whole; and quotes not found."""
    quotes = [quote for quote in question.evidence.split("\n") if quote]
    spans, missed = [], dict.fromkeys(quotes)
    for name, locator in locators.items():
        found = {quote: place for quote in quotes if (place := locator.find(quote))}
        spans += [SourceSpan(source=name, start=start, end=end) for start, end in found.values()]
        spans += [] if found else [SourceSpan(source=name)]
        missed = {quote: None for quote in missed if quote not in found}
    return tuple(spans), list(missed)


def _says_an_answer(question: Question, locators: Mapping[str, "Locator"]) -> bool:
    """Whether a document holds one of the answers; yes and no, and no answer, stand in any."""
    if question.kind == "yesno" or not question.answers:
        return True
    return any(locator.find(answer) for locator in locators.values() for answer in question.answers)


class Locator:
    """Finds quotes in one text. Only letters and digits are compared, so that '**24** months |' holds '24 months'."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._squashed: str | None = None
        self._offsets: list[int] = []

    def find(self, quote: str) -> tuple[int, int] | None:
        """(start, end) of the first place where the quote stands in whole words, or None."""
        if self._squashed is None:
            self._squashed, self._offsets = _squash(_blank_link_targets(self._text))
        wanted, _ = _squash(quote)
        at = self._squashed.find(wanted) if wanted else -1
        while at >= 0:
            start, end = self._offsets[at], self._offsets[at + len(wanted) - 1] + 1
            if not self._splits_a_word(start) and not self._splits_a_word(end):
                return start, end
            at = self._squashed.find(wanted, at + 1)
        return None

    def _splits_a_word(self, offset: int) -> bool:
        """Whether letters or digits stand on both sides of the offset."""
        return 0 < offset < len(self._text) and self._text[offset - 1].isalnum() and self._text[offset].isalnum()


def _squash(text: str) -> tuple[str, list[int]]:
    """The letters and digits of the text, folded, and the offset that each comes from."""
    squashed, offsets = [], []
    for offset, character in enumerate(text):
        for folded in unicodedata.normalize("NFKD", character.casefold()):
            if folded.isalnum():
                squashed.append(folded)
                offsets.append(offset)
    return "".join(squashed), offsets


def _blank_link_targets(text: str) -> str:
    """Markdown links without their targets, every character at its place."""
    return re.sub(r"(?<=\])\([^()\s]*\)", lambda match: " " * len(match[0]), text)
