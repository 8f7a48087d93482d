"""Locates the evidence of questions in the documents: the quotes, or else the accepted answers.

Takes questions and documents, gives questions whose evidence is spans of the documents. Knows nothing about chunks.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bakeoff.errors import InputError
from bakeoff.files.did_you_mean import similar
from bakeoff.formats.part import Problem
from bakeoff.questions.evidence.answer_place import answer_spans
from bakeoff.questions.evidence.evidence import is_document_level
from bakeoff.questions.evidence.number_place import number_places
from bakeoff.questions.evidence.quotes import Locator
from bakeoff.questions.naming import named
from bakeoff.records import Document, Question, SourceSpan
from bakeoff.sentences import SHOWN, first_few

SHORTEST_QUOTE = 20
"""The fewest characters of a quote by which a document is found."""
MOST_HOLDERS = 3
"""A quote in more documents than this does not tell which one is meant."""


def locate_evidence(
    questions: Sequence[Question],
    documents: Sequence[Document],
    other_documents: Sequence[Document] = (),
    unread: Sequence[Problem] = (),
) -> tuple[list[Question], list[str]]:
    """The questions with their evidence as spans of the documents, in order, and notes on what was not found.

    The search for quotes ignores whitespace, quotation marks, case and markup. For a question without a quote, the
    accepted answers are searched in the documents that it names (`answer_place`). If neither is found, the evidence is
    the whole document. `other_documents` are used for names that are not in `documents`. Raises InputError if a
    question names a document that is in neither; for one of `unread`, the files that were left out, with the reason.

    If a question names no document, its quotes are searched in all of them; it gets those that hold one, if they are
    at most `MOST_HOLDERS`.
    """
    sources = _Sources(documents, other_documents)
    _refuse_unknown_sources(questions, sources, unread)
    questions, found_by_quote = _with_sources(questions, sources)
    located, not_found, without_answer = [], [], []
    for question in questions:
        names = list(dict.fromkeys(str(sources.find(span.source)) for span in question.source_spans))
        locators = {name: sources.locators[name] for name in names}
        spans, missed = _spans(question, locators)
        located.append(question.model_copy(update={"source_spans": spans}))
        if missed and locators:
            not_found.append(f"{named(question)}: {missed[0][:60]!r} in {names[0]}")
        elif locators and not question.evidence and not _says_an_answer(question, locators):
            without_answer.append(named(question))
    return located, [*found_by_quote, *_notes(located, not_found, without_answer)]


def _with_sources(questions: Sequence[Question], sources: "_Sources") -> tuple[list[Question], list[str]]:
    """The questions, those with quotes and without a document with the documents that hold a quote; and a note."""
    quoted = [question for question in questions if question.evidence and not question.source_spans]
    holders = {question.id: sources.holding(question.evidence.split("\n")) for question in quoted}
    known = {key: names for key, names in holders.items() if 0 < len(names) <= MOST_HOLDERS}
    if not quoted:
        return list(questions), []
    note = (
        f"For {len(known)} of {len(quoted)} questions that quote evidence and name no document, the document was found "
        "by the quote."
    )
    spans = {key: tuple(SourceSpan(source=name) for name in names) for key, names in known.items()}
    return [
        question.model_copy(update={"source_spans": spans[question.id]}) if question.id in spans else question
        for question in questions
    ], [note]


def _notes(located: Sequence[Question], not_found: Sequence[str], without_answer: Sequence[str]) -> Iterator[str]:
    if not_found:
        yield (
            f"Quoted evidence was not found, so the whole document counts as evidence: {first_few(not_found, '; ')}."
        )
    if without_answer:
        yield (
            "Questions without a quote whose answers were not found in the documents they name: "
            f"{first_few(without_answer)}."
        )
    sourced = [question for question in located if question.source_spans and question.answerable]
    n = sum(map(is_document_level, sourced))
    if n:
        yield (
            f"For {n} of {len(sourced)} answerable questions with a source, only the document with the answer is "
            "known: any passage of it counts as correct. Add a column 'evidence' with a quote to mark the passage."
        )


class _Sources:
    """Finds documents by the names that a question may use for them."""

    def __init__(self, documents: Sequence[Document], others: Sequence[Document] = ()) -> None:
        self._others = _Sources(others) if others else None
        self.locators = {document.source: Locator(document.text) for document in (*others, *documents)}
        self._own = {document.source for document in documents}
        self.names: dict[str, list[str]] = defaultdict(list)
        for document in documents:
            key = document.source.partition("#")[2]
            for name in dict.fromkeys([*_endings(document.source), document.id, *([key] if key else [])]):
                self.names[name].append(document.source)

    def holding(self, quotes: Sequence[str]) -> list[str]:
        """The sources of the documents that hold one of the quotes. Short quotes are in many, and not searched."""
        long = [quote for quote in quotes if len(quote) >= SHORTEST_QUOTE]
        return [name for name, locator in self.locators.items() if any(locator.find(quote) for quote in long)]

    def find(self, name: str) -> str | None:
        """The source of the document with this name. None if there is no such document, or several.

        The name can be the exact source, the id, the end of the source's path, a path that ends in the source, or the
        id of a row of a table of documents.
        """
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


def _endings(path: str) -> list[str]:
    """The path and what is left of it without its first folders: 'a/b.md', 'b.md'."""
    parts = _path_parts(path)
    return ["/".join(parts[i:]) for i in range(len(parts))]


def _refuse_unknown_sources(questions: Sequence[Question], sources: _Sources, unread: Sequence[Problem]) -> None:
    missing = defaultdict(list)
    for question in questions:
        for span in question.source_spans:
            if sources.find(span.source) is None:
                missing[span.source].append(question)
    if not missing:
        return
    left_out = {name: problem for name in missing if (problem := _left_out(name, unread))}
    unknown = {name: asked for name, asked in missing.items() if name not in left_out}
    messages, remedies = [], []
    if left_out:
        shown = [f"{name!r} ({_first(missing[name])}; {problem.reason})" for name, problem in left_out.items()]
        messages.append(f"Questions name documents that exist but were not read: {first_few(shown)}.")
        repairs = [problem.remedy for problem in left_out.values() if problem.remedy]
        remedies.append(f"{'; '.join(dict.fromkeys(repairs)) or 'give a file that can be read'}, and name it as source")
    if unknown:
        messages.append(f"Questions name documents that do not exist: {first_few(_with_meant(unknown, sources))}.")
        remedies.append("write each source as the document's path below the documents folder")
    raise InputError(" ".join(messages), f"{'; '.join(remedies)}, or leave it empty")


def _left_out(name: str, unread: Sequence[Problem]) -> Problem | None:
    """The file of this name (or with the end of its path) that was not read. None if there is none, or several."""
    wanted = "/".join(_path_parts(name))
    matches = [problem for problem in unread if wanted in _endings(problem.source) or problem.source in _endings(name)]
    return matches[0] if len(matches) == 1 else None


def _with_meant(unknown: Mapping[str, Sequence[Question]], sources: _Sources) -> list[str]:
    """The unknown names, each with its first question; the first few also with the most similar known name."""
    names: list[str] = []
    for name, asked in unknown.items():
        close = similar(name, sources.locators, cutoff=0.4) if len(names) < SHOWN else []
        names.append(f"{name!r} ({_first(asked)}{f'; did you mean {close[0]!r}?' if close else ''})")
    return names


def _first(asked: Sequence[Question]) -> str:
    return f"question {named(asked[0])}"


def _spans(question: Question, locators: Mapping[str, Locator]) -> tuple[tuple[SourceSpan, ...], list[str]]:
    """(spans of the question's quotes, or else of its answers, in its documents; quotes that were not found).

    A document without any of them is a span as a whole. But if the question has no quotes and another document holds
    an answer, only the answers are spans.
    """
    quotes = [quote for quote in question.evidence.split("\n") if quote]
    spans, missed = [], dict.fromkeys(quotes)
    for name, locator in locators.items():
        located = {quote: place for quote in quotes if (place := locator.find(quote))}
        spans += [SourceSpan(source=name, start=start, end=end) for start, end in located.values()]
        spans += [] if located else [SourceSpan(source=name)]
        missed = {quote: None for quote in missed if quote not in located}
    if not quotes:
        places = {name: answer_spans(question, locator) for name, locator in locators.items()}
        answers = [SourceSpan(source=name, start=start, end=end) for name in places for start, end in places[name]]
        spans = answers or spans
    return tuple(spans), list(missed)


def _says_an_answer(question: Question, locators: Mapping[str, Locator]) -> bool:
    """Whether a document contains one of the answers. Always true for yes-or-no and unanswerable questions."""
    if question.kind == "yesno" or not question.answers:
        return True
    pairs = [(locator, answer) for locator in locators.values() for answer in question.answers]
    return any(locator.find(answer) for locator, answer in pairs) or any(
        number_places(answer, locator.text) for locator, answer in pairs
    )
