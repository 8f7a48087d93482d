"""What clients send, as documents: JSON with a text, or a file in any format that a pilot reads.

Takes bytes and plain values, gives records with problems. Raises ApiError for what cannot be a document.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field, JsonValue, ValidationError

from bakeoff.corpus.access import may_see
from bakeoff.corpus.sources.folders import Reading, documents_in
from bakeoff.files.plain_types import message_of
from bakeoff.formats import markup
from bakeoff.formats.parse import SUFFIXES
from bakeoff.formats.part import Problem
from bakeoff.records import Document, Labels, Record
from bakeoff.sentences import listed
from bakeoff.serve.documents.folder_sync import placed
from bakeoff.serve.documents.names import checked_id, checked_source, clean_source, is_hidden, source_of_id
from bakeoff.serve.openai.errors import ApiError

LABELS_NOT_ALLOWED = "labels_not_allowed"
MOST_LABELS = 64
MOST_META = 1000
MOST_FILE_BYTES = 50_000_000
"""As in a pilot."""
SUFFIX_OF = {
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/plain": ".txt",
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "message/rfc822": ".eml",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".ndjson",
}

R = TypeVar("R", bound=Record)
Label = Annotated[str, Field(min_length=1, max_length=200)]


class SentDocument(Record):
    """A document as JSON. Labels that are not given stay as they are."""

    text: str
    title: str = Field(default="", max_length=1000)
    source: str | None = None
    labels: tuple[Label, ...] | None = Field(default=None, max_length=MOST_LABELS)
    meta: dict[str, JsonValue] = Field(default_factory=dict, max_length=MOST_META)
    updated_at: datetime | None = None


class SentBatchDocument(SentDocument):
    """The same with its id."""

    id: str


class SentBatch(Record):
    """Documents to add or replace and ids to delete, as one change."""

    documents: tuple[SentBatchDocument, ...] = Field(default=(), max_length=1000)
    deleted: tuple[str, ...] = Field(default=(), max_length=1000)


class SentFile(Record):
    """A file with the path that the client gave it."""

    name: str
    content: bytes


def parsed_as(kind: type[R], value: Any) -> R:
    """The value as a record. The error names the place that is wrong, and of several documents the source."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or None
        said = message_of(first).replace("Input should be", "it should be")
        raise ApiError(
            f"{place or 'The body'}: {said}.{_which(value, first['loc'])}",
            "see docs/documents.md",
            code="invalid_document",
            param=place,
        ) from None


def _which(value: Any, place: tuple[int | str, ...]) -> str:
    """A sentence that names the document of a batch that this place is in, '' if it is in none or has no name."""
    if len(place) < 2 or place[0] != "documents" or not isinstance(place[1], int):
        return ""
    sent = value["documents"][place[1]]
    given = sent if isinstance(sent, dict) else {}
    name = next((given[key] for key in ("source", "id") if isinstance(given.get(key), str)), "")
    return f" The document: {name[:200]!r}." if name else ""


def document_of(sent: SentDocument, id: str, before: Document | None) -> Document:
    """The document with this id. Source and labels that are not given are those that it had before."""
    text, title = as_held(sent.text, sent.title)
    if not text.strip():
        raise ApiError(
            f"The document '{id}' has no text.", "send a text, or DELETE it", code="empty_document", param="text"
        )
    source = checked_source(sent.source) if sent.source is not None else before.source if before else source_of_id(id)
    return Document(
        id=checked_id(id),
        text=text,
        title=title,
        source=source,
        access=_labels(sent.labels, before),
        updated_at=sent.updated_at,
        meta=sent.meta,
    )


def as_held(text: str, title: str) -> tuple[str, str]:
    """A text and a title as a document has them: without control characters, and with the first heading as title."""
    text = markup.clean(text)
    return text, markup.one_line(markup.clean(title)) or markup.first_heading(text)


def only_document(file: SentFile) -> Document:
    """The one document in a file. Raises ApiError if it has none or several."""
    reading = read_files([file])
    if len(reading.documents) > 1:
        raise ApiError(
            f"{file.name} holds {len(reading.documents)} documents.",
            "send it with POST /documents, which gives each its own id",
            code="several_documents",
        )
    if not reading.documents:
        problem = reading.problems[0]
        is_empty = "empty" in problem.reason or "no text" in problem.reason
        code = "empty_document" if is_empty else "unreadable_document"
        raise ApiError(f"{problem.source}: {problem.reason}.", problem.remedy, code=code)
    return reading.documents[0]


def read_files(files: Sequence[SentFile], folder: str = "") -> Reading:
    """The documents in files, as a pilot reads them, below `folder`, with the problems of the rest."""
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for file in files:
        reading = _read(file)
        problems.extend(reading.problems)
        for document in placed(reading.documents, folder):
            if documents.setdefault(document.source, document) is not document:
                reason = "an earlier document has the same source"
                problems.append(Problem(source=document.source, reason=reason, remedy="rename one of them"))
    return Reading(documents=tuple(documents.values()), problems=tuple(problems))


def _read(file: SentFile) -> Reading:
    try:
        source = clean_source(file.name, "filename")
    except ApiError as error:
        return _left_out(file.name[:80] or "(no name)", error.message.rstrip("."), error.remedy)
    if is_hidden(source):
        return _left_out(source, "hidden", "rename it if it should be read")
    if len(file.content) > MOST_FILE_BYTES:
        return _left_out(source, f"it is larger than {MOST_FILE_BYTES:,} bytes", "split it")
    return documents_in(source, file.content)


def folder_in(value: str | None) -> str:
    """The folder in a query as the beginning of sources: empty, or with '/' at its end."""
    return f"{clean_source(value, 'folder')}/" if value and value.strip() else ""


def path_of(file: SentFile, folder: str) -> str:
    """The source of the document in a file, if it has one. A name that is not allowed stays as it is."""
    try:
        return folder + clean_source(file.name, "filename")
    except ApiError:
        return folder + file.name


def _left_out(source: str, reason: str, remedy: str) -> Reading:
    return Reading(documents=(), problems=(Problem(source=source, reason=reason, remedy=remedy),))


def in_place_of(before: Document | None, document: Document, labels: Sequence[str] | None) -> Document:
    """A document from a file, with the id and the source of the one that it replaces.

    Labels that neither the request nor the file gives stay as they are.
    """
    access = _labels(labels if labels is not None else document.access or None, before)
    same = {"id": before.id, "source": before.source} if before else {}
    return document.model_copy(update={**same, "access": access})


def check_labels(document: Document, before: Document | None, held: Labels) -> None:
    """Raises ApiError if somebody who holds these labels may not give them to the document.

    It gives only labels that it holds, or that the document had before, and sees the document afterwards: what it could
    not see it could neither change again nor take back.
    """
    had = frozenset(before.access if before else ())
    if held is None or had == frozenset(document.access):
        return
    foreign = [label for label in document.access if label not in had.union(held)]
    if not foreign and may_see(held, document.access):
        return
    own = listed(held) or "none, so it adds documents for everybody"
    what = f"the label {foreign[0][:80]!r}" if foreign else f"only labels of others ({listed(document.access):.200})"
    raise ApiError(
        f"This key may not give the document '{document.source[:200]}' {what}. Nothing was changed. "
        f"The labels of the key: {own}.",
        "give at least one label of the key and no others, or use a key that holds them or sees all documents",
        status=403,
        code=LABELS_NOT_ALLOWED,
        param="labels",
    )


def labels_in(value: str | None) -> tuple[str, ...] | None:
    """The labels in a query: names separated by commas. None if none were given; empty for no labels at all."""
    if value is None:
        return None
    labels = tuple(dict.fromkeys(label.strip() for label in value.split(",") if label.strip()))
    if len(labels) > MOST_LABELS or any(len(label) > 200 for label in labels):
        raise ApiError(
            f"{len(labels)} labels were given, or a very long one.",
            f"give at most {MOST_LABELS}",
            code="invalid_labels",
            param="labels",
        )
    return labels


def file_name(id: str, given: str | None, content_type: str) -> str:
    """The name of a file that is the body of a request: the one given, or the id with the ending of its type."""
    if given:
        return given
    suffix = SUFFIX_OF.get(content_type)
    if suffix is None:
        raise ApiError(
            f"The content type '{content_type[:80]}' says no format that is read here.",
            f"add ?filename= with one of {', '.join(SUFFIXES)}, or send JSON",
            status=415,
            code="unsupported_media_type",
        )
    return source_of_id(id, suffix)


def _labels(given: Sequence[str] | None, before: Document | None) -> tuple[str, ...]:
    """What is not said stays: forgetting the labels must not show a document to everybody."""
    if given is None:
        return before.access if before else ()
    return tuple(dict.fromkeys(given))
