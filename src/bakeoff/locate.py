"""Quoted evidence to the place in a document where it stands, whatever the blanks, case and markup between its words.

Takes questions and documents, gives questions whose evidence is spans of the documents. Knows nothing about chunks.
"""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from bakeoff.errors import InputError
from bakeoff.records import Document, Question, SourceSpan

SHOWN = 5


def locate_evidence(questions: Sequence[Question], documents: Sequence[Document]) -> tuple[list[Question], list[str]]:
    """The questions with their evidence as spans of the documents, in order, and notes on what could not be found.

    A quote is searched whatever its blanks, quotes, case and markup; where it is not found, the evidence is the whole
    document. Raises InputError where a question names a document that is not there.
    """
    by_source = _Sources(documents)
    _refuse_unknown_sources(questions, by_source)
    notes: list[str] = []
    located = []
    for question in questions:
        spans = _spans(question, by_source, notes)
        located.append(question.model_copy(update={"source_spans": spans}))
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
        """The document's own source: its exact name, its id, or a path that ends alike if only one does."""
        if name in self.locators:
            return name
        parts = _path_parts(name)
        for i in range(len(parts)):
            found = self.names.get("/".join(parts[i:]), [])
            if len(found) == 1:
                return found[0]
            if found:
                return None
        return None


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
    told = []
    for name, ids in list(missing.items())[:SHOWN]:
        close = difflib.get_close_matches(name, sources.locators, n=1, cutoff=0.4)
        told.append(f"{name!r} (question {ids[0]}{f'; did you mean {close[0]!r}?' if close else ''})")
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    raise InputError(
        f"Questions name documents that are not there: {', '.join(told)}{more}.",
        "write each source as the document's path below the documents folder, or leave it empty",
    )


def _spans(question: Question, sources: _Sources, notes: list[str]) -> tuple[SourceSpan, ...]:
    """Where the question's quotes stand in its documents; a document with none of them counts as a whole."""
    quotes = [quote for quote in question.evidence.split("\n") if quote]
    spans, missed = [], set(quotes)
    for name in dict.fromkeys(sources.find(span.source) for span in question.source_spans):
        locator = sources.locators[str(name)]
        found = {quote: place for quote in quotes if (place := locator.find(quote))}
        missed -= set(found)
        spans += [SourceSpan(source=str(name), start=start, end=end) for start, end in found.values()]
        if not found:
            spans.append(SourceSpan(source=str(name)))
            if (
                not quotes
                and question.kind != "yesno"
                and question.answers
                and not any(map(locator.find, question.answers))
            ):
                notes.append(
                    f"Question {question.id}: none of its answers stands in {name}, and it quotes no evidence."
                )
    if missed and spans:
        quote = min(missed)
        notes.append(
            f"Question {question.id}: its quote is not found in {spans[0].source} and the whole document is taken "
            f"as its evidence: {quote[:60]!r}."
        )
    return tuple(spans)


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
