"""What a run asked, with what a contender answered: the rows of the forms for other evaluation tools.

Takes a finished run, gives its test questions, the passages that hold their answers, and the answers as users see them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bakeoff.errors import InputError
from bakeoff.files.did_you_mean import unknown
from bakeoff.records import Answer, Document, Question
from bakeoff.runs.documents import run_store
from bakeoff.runs.run import Run
from bakeoff.sentences import counted, one_of

DECLINED = "I don't know."
"""What a user reads of a declined answer."""
ADD_THEM = "add them with --restricted if whoever gets the file may see them."


class Asked(NamedTuple):
    """A question with the passages that hold its answer, and the contender's answer to it, if there is one."""

    question: Question
    passages: tuple[str, ...]
    answer: Answer | None = None

    @property
    def is_of_all(self) -> bool:
        """Whether there is an answer that names no passages."""
        return self.answer is not None and not self.answer.abstained and not self.answer.citations

    @property
    def text(self) -> str:
        """The answer as a user reads it."""
        return "" if self.answer is None else DECLINED if self.answer.abstained else self.answer.text


def documents_of(run: Run) -> dict[str, Document]:
    """The documents that the run was measured with, by source."""
    with run_store(run.folder) as store:
        return {document.source: document for document in store.documents()}


def open_documents(documents: Mapping[str, Document], restricted: bool) -> tuple[dict[str, Document], list[str]]:
    """The documents that everybody may see, or all if the `restricted` ones are asked for; and a note on the others."""
    kept = {source: one for source, one in documents.items() if restricted or not one.access}
    n = len(documents) - len(kept)
    return kept, [f"{counted(n, 'document')} with labels left out, with what rests on them; {ADD_THEM}"] if n else []


def without_restricted(run: Run, asked: Sequence[Asked], restricted: bool) -> tuple[list[Asked], list[str]]:
    """The questions that rest on documents that everybody may see, or all if `restricted`; and a note on the others.

    An answer that names no passages may have been made from any document.
    """
    closed = {source for source, one in documents_of(run).items() if one.access and not restricted}
    kept = [one for one in asked if closed.isdisjoint(_rests_on(one)) and not (closed and one.is_of_all)]
    n = len(asked) - len(kept)
    return kept, [f"{counted(n, 'question')} left out that rest on documents with labels; {ADD_THEM}"] if n else []


def _rests_on(asked: Asked) -> Iterator[str]:
    yield from (span.source for span in asked.question.source_spans)
    yield from (hit.chunk.source for hit in (asked.answer.citations if asked.answer else ()))


def asked_of(run: Run, contender: str = "") -> list[Asked]:
    """The test questions about the documents, in order, with the answers of a contender if one is named.

    Raises InputError for a contender that the run has not.
    """
    if contender and contender not in run.contenders:
        raise InputError(
            f"{unknown('contender', contender, run.contenders)} in {run.folder.root}.", f"name {one_of(run.contenders)}"
        )
    documents = documents_of(run)
    answers = {answer.question_id: answer for answer in (run.answers(contender) if contender else ())}
    return [
        Asked(question, tuple(_passages(question, documents)), answers.get(question.id))
        for question in run.folder.questions()
        if question.split == "test" and question.slice != "general"
    ]


def without_errors(asked: Sequence[Asked]) -> tuple[list[Asked], list[str]]:
    """Those that were answered, and a note that counts the others."""
    kept = [one for one in asked if one.answer is None or one.answer.error is None]
    n = len(asked) - len(kept)
    return kept, [f"{n} question{'s' if n != 1 else ''} left out: the contender returned an error."] if n else []


def _passages(question: Question, documents: Mapping[str, Document]) -> Iterator[str]:
    """The text of each place of the evidence; of a whole document, the quotes of the question file."""
    for span in question.source_spans:
        document = documents.get(span.source)
        if document is not None and span.start is not None and span.end is not None:
            yield document.text[span.start : span.end]
    if not any(span.start is not None for span in question.source_spans):
        yield from filter(None, question.evidence.split("\n"))
