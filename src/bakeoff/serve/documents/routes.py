"""The routes for documents: list, show, add, replace, delete, and what changed.

Takes `LiveDocuments` and a function that says who asks. A key sees only what its labels allow; changing needs a key
that manages. What may not be seen answers as if it did not exist, except that its id and its source are taken.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import anyio
from anyio import to_thread
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from bakeoff.corpus.access import may_see
from bakeoff.errors import BakeoffError, InputError
from bakeoff.formats.part import Problem
from bakeoff.records import Document, Labels
from bakeoff.serve.documents.layout import lines_of, span_in
from bakeoff.serve.documents.live import Edit, LiveDocuments, NotShownError, PutResult
from bakeoff.serve.documents.names import checked_id, clean_source
from bakeoff.serve.documents.page import document_page
from bakeoff.serve.documents.received import (
    MOST_FILE_BYTES,
    SentBatch,
    SentDocument,
    SentFile,
    check_labels,
    document_of,
    file_name,
    folder_in,
    in_place_of,
    labels_in,
    only_document,
    parsed_as,
    path_of,
    read_files,
)
from bakeoff.serve.keys import Holder
from bakeoff.serve.openai.body import JSON, json_body
from bakeoff.serve.openai.errors import ApiError

MOST_LISTED = 1000
MOST_FILES = 1000
MOST_BODY_BYTES = 2 * MOST_FILE_BYTES
"""For `BodyLimits.larger`: the largest body that a path below /documents takes."""
LARGER = (("/documents", MOST_BODY_BYTES),)
MULTIPART = "multipart/form-data"
NONE: Mapping[str, str] = MappingProxyType({})


class DocumentsApi:
    """The routes for one `LiveDocuments`. `holder_of` says who asks."""

    def __init__(self, documents: LiveDocuments, holder_of: Callable[[Request], Holder]) -> None:
        self._documents = documents
        self._holder_of = holder_of
        self._parsing = anyio.CapacityLimiter(2)
        self._writing = anyio.CapacityLimiter(16)
        self._reading = anyio.CapacityLimiter(16)

    def routes(self) -> list[Route]:
        """All routes. The id of a document is the rest of the path, percent-decoded."""
        return [
            Route("/documents", self.listing, methods=["GET"]),
            Route("/documents", self.add, methods=["POST"]),
            Route("/documents/changes", self.changes, methods=["GET"]),
            Route("/documents/{id:path}", self.show, methods=["GET"]),
            Route("/documents/{id:path}", self.put, methods=["PUT"]),
            Route("/documents/{id:path}", self.delete, methods=["DELETE"]),
        ]

    async def listing(self, request: Request) -> Response:
        """A page of the documents that the key may see, by source."""
        query = request.query_params
        limit = min(_number(query.get("limit"), "limit", 100, least=1) or 100, MOST_LISTED)
        page = await self._read(
            self._documents.page, self._labels(request), query.get("after", ""), limit, query.get("query", "")[:1000]
        )
        return JSONResponse(page.model_dump(mode="json"))

    async def changes(self, request: Request) -> Response:
        """The newest changes first, and how many documents the first version has, which was copied from the run."""
        n = min(_number(request.query_params.get("n"), "n", 50, least=1) or 50, MOST_LISTED)
        changes = await self._read(self._documents.changes, self._labels(request), n)
        n_copied = await self._read(self._documents.views.n_copied, self._labels(request))
        return JSONResponse({"changes": [change.model_dump(mode="json") for change in changes], "n_copied": n_copied})

    async def show(self, request: Request) -> Response:
        """A document as of a version, as a page or as JSON."""
        query, id = request.query_params, request.path_params["id"]
        version = _number(query.get("version"), "version", None)
        start, end = _number(query.get("start"), "start", None), _number(query.get("end"), "end", None)
        shown = await self._read(self._documents.version_of, id, self._labels(request), version)
        if shown is None:
            raise _unknown(id)
        span = span_in(shown.text, start, end)
        headers = {"Vary": "Accept"}
        if _wants_page(request):
            return HTMLResponse(await self._read(document_page, shown, span), headers=headers)
        fields = {**shown.model_dump(mode="json"), "start": None, "end": None, **(span._asdict() if span else {})}
        if query.get("form"):
            if query["form"] != "lines":
                raise ApiError("form can only be 'lines'.", code="invalid_parameter", param="form")
            del fields["text"]
            fields["lines"] = await self._read(lines_of, shown.text, span)
        return JSONResponse(fields, headers=headers)

    async def put(self, request: Request) -> Response:
        """Adds or replaces one document."""
        holder, query = self._manager(request), request.query_params
        id = checked_id(request.path_params["id"])
        content_type = _content_type(request)
        if content_type == JSON and "filename" not in query:
            sent = parsed_as(SentDocument, await json_body(request))
            document_of(sent, id, None)  # what is wrong with it is said before it waits

            def prepare() -> Edit:
                return Edit((document_of(sent, id, self._replaced(id, holder.labels)),))
        else:
            labels = labels_in(query.get("labels"))
            name = clean_source(file_name(id, query.get("filename"), content_type), "filename")
            file = SentFile(name=name, content=await request.body())
            read = await to_thread.run_sync(only_document, file, limiter=self._parsing)
            document = read.model_copy(update={"id": id})

            def prepare() -> Edit:
                return Edit((in_place_of(self._replaced(id, holder.labels), document, labels),))

        (result,) = await self._edit(holder, prepare, lambda: prepare().documents)
        return JSONResponse(result.model_dump(mode="json"), 201 if result.kind == "added" else 200)

    async def delete(self, request: Request) -> Response:
        """Deletes one document. Its old versions stay readable for citations, unless `erase=true` drops them, too."""
        holder = self._manager(request)
        id = request.path_params["id"]
        if _erases(request):
            n_erased = await self._write(self._documents.erase, id, holder.labels)
            if n_erased is None:
                raise _unknown(id)
            return JSONResponse({"id": id, "version": self._documents.version, "n_erased": n_erased})
        version = await self._write(self._documents.delete, id, holder.labels)
        if version is None:
            raise _unknown(id)
        return JSONResponse({"id": id, "version": version})

    async def add(self, request: Request) -> Response:
        """Adds or replaces many documents as one change: files, or a batch in JSON.

        With `same_name=ask`, files are left out whose names documents in other folders have; the reply says which.
        """
        holder = self._manager(request)
        if _content_type(request) == JSON:
            return await self._add_batch(request, holder)
        if _content_type(request) != MULTIPART:
            raise ApiError(
                f"The content type is '{_content_type(request)[:80]}'.",
                f"send files as '{MULTIPART}', or a batch as '{JSON}'",
                status=415,
                code="unsupported_media_type",
            )
        labels, folder = labels_in(request.query_params.get("labels")), folder_in(request.query_params.get("folder"))
        files = await _files(request)
        alike = await self._alike(files, folder, holder.labels) if _asks(request) else {}
        chosen = [file for file in files if path_of(file, folder) not in alike]
        reading = await to_thread.run_sync(read_files, chosen, folder, limiter=self._parsing)
        problems, documents = list(reading.problems), list[Document]()

        def prepare() -> Edit:
            for document in reading.documents:
                before = self._documents.store.get_by_source(document.source)
                if before is not None and not may_see(holder.labels, before.access):
                    reason = "another document has this source, and this key may not change it"
                    problems.append(Problem(source=document.source, reason=reason, remedy="rename the file"))
                else:
                    documents.append(in_place_of(before, document, labels))
            return Edit(tuple(documents))

        def likely() -> list[Document]:
            get = self._documents.store.get_by_source
            return [in_place_of(get(one.source), one, labels) for one in reading.documents]

        results = await self._edit(holder, prepare, likely)
        added = [document for document, one in zip(documents, results, strict=True) if one.kind == "added"]
        same = await self._read(self._documents.views.same_text, added, holder.labels)
        report = _report(documents, results, problems, self._documents.version, same)
        return JSONResponse(
            {**report, "same_name": [{"source": path, "there": there} for path, there in alike.items()]}
        )

    async def _alike(self, files: Sequence[SentFile], folder: str, labels: Labels) -> dict[str, list[str]]:
        """By the path of a file that was sent: the files in use that have its name in other folders."""
        found: dict[str, list[str]] = await self._read(
            self._documents.views.alike, [path_of(file, folder) for file in files], labels
        )
        return found

    async def _add_batch(self, request: Request, holder: Holder) -> Response:
        batch, labels = parsed_as(SentBatch, await json_body(request)), holder.labels
        documents = list[Document]()
        for sent in batch.documents:
            document_of(sent, checked_id(sent.id), None)

        def prepare() -> Edit:
            documents.extend(document_of(sent, sent.id, self._replaced(sent.id, labels)) for sent in batch.documents)
            hidden = {id for id in batch.deleted if self._documents.is_hidden(id, labels)}
            return Edit(tuple(documents), tuple(id for id in batch.deleted if id not in hidden))

        def likely() -> list[Document]:
            get = self._documents.store.get
            return [document_of(sent, sent.id, get(sent.id)) for sent in batch.documents]

        results = await self._edit(holder, prepare, likely)
        return JSONResponse(_report(documents, results, (), self._documents.version))

    def _replaced(self, id: str, labels: Labels) -> Document | None:
        """The document that is there. Raises ApiError if the key may not see it: then it may not replace it either.

        That an id is taken is all it learns, as of a source: what is hidden cannot be overwritten, and must be kept.
        """
        if self._documents.is_hidden(id, labels):
            raise ApiError(f"The id '{id}' is taken.", "choose another id", status=409, code="conflict", param="id")
        return self._documents.store.get(id)

    async def _edit(
        self, holder: Holder, prepare: Callable[[], Edit], likely: Callable[[], Iterable[Document]]
    ) -> list[PutResult]:
        """Makes the change as a whole. Raises ApiError, and changes nothing, if the key may not give such labels.

        `likely` is as in `LiveDocuments.edit`.
        """

        def allowed() -> Edit:
            edit = prepare()
            for document in edit.documents:
                check_labels(document, self._documents.store.get(document.id), holder.labels)
            return edit

        results: list[PutResult] = await self._write(self._documents.edit, allowed, likely)
        return results

    def _labels(self, request: Request) -> Labels:
        return self._holder_of(request).labels

    def _manager(self, request: Request) -> Holder:
        holder = self._holder_of(request)
        if not holder.manages:
            raise ApiError(
                "This key may not change documents.", "use one made with: bakeoff keys add NAME --manages",
                status=403, code="not_allowed",
            )  # fmt: skip
        return holder

    async def _read(self, work: Callable[..., Any], *arguments: Any) -> Any:
        with _as_api_errors():
            return await to_thread.run_sync(work, *arguments, limiter=self._reading)

    async def _write(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """The change is made as a whole, even if the client goes away."""
        with _as_api_errors():
            return await to_thread.run_sync(work, *arguments, limiter=self._writing)


class _as_api_errors:  # noqa: N801 - used like a function
    """Turns errors of the store and the indexes into replies."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ApiError):
            return
        if isinstance(error, NotShownError):
            raise ApiError(
                f"The change is stored as version {error.version}, but searches do not find it yet: an index could "
                "not be written; the server's log says why.",
                "nothing needs to be sent again; the server tries again by itself, first after half a minute, with "
                "every change, and when it is started",
                status=503,
                code="not_searchable_yet",
            ) from error
        if isinstance(error, InputError):
            raise ApiError(error.message, error.remedy, status=409, code="conflict") from error
        if isinstance(error, BakeoffError):
            raise ApiError(
                "The documents cannot be changed or read at the moment; the server's log says why.",
                "try again, or ask the operator",
                status=503,
                code="documents_unavailable",
                retry_after_s=5,
            ) from error


def _report(
    documents: Sequence[Document],
    results: Sequence[PutResult],
    problems: Sequence[Problem],
    version: int,
    same: Mapping[str, str] = NONE,
) -> dict[str, Any]:
    """`same` gives the source of another document with the same text, by id."""
    kinds: dict[str, list[dict[str, str]]] = {"added": [], "updated": [], "unchanged": []}
    for document, outcome in zip(documents, results, strict=True):
        about = {"id": document.id, "source": document.source, "title": document.title}
        kinds[outcome.kind].append({**about, "same_as": same[document.id]} if document.id in same else about)
    return {
        **kinds,
        "problems": [problem.model_dump() for problem in problems],
        "version": results[0].version if results else version,
    }


async def _files(request: Request) -> list[SentFile]:
    """The files of a form."""
    try:
        async with request.form(max_files=MOST_FILES, max_fields=MOST_FILES) as form:
            parts = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
            files = [SentFile(name=part.filename or "", content=await part.read()) for part in parts]
    except (MultiPartException, HTTPException) as error:
        reason = getattr(error, "message", "") or getattr(error, "detail", "") or "it is incomplete"
        raise ApiError(f"The form cannot be read: {reason.rstrip('.')}.", code="invalid_form") from error
    if not files:
        raise ApiError("The form has no files.", "send files in any fields of the form", code="no_files")
    return files


def _asks(request: Request) -> bool:
    """Whether a file is left out, and named in the reply, if a document in another folder has its name."""
    value = request.query_params.get("same_name", "add")
    if value not in ("add", "ask"):
        raise ApiError(
            f"same_name is {value[:40]!r}; it can be 'add' or 'ask'.", code="invalid_parameter", param="same_name"
        )
    return value == "ask"


def _erases(request: Request) -> bool:
    """Whether the texts that would be kept of a deleted document go, too."""
    value = request.query_params.get("erase", "false")
    if value not in ("false", "true"):
        raise ApiError(f"erase is {value[:40]!r}; write 'true' or 'false'.", code="invalid_parameter", param="erase")
    return value == "true"


def _unknown(id: str) -> ApiError:
    shown = id if len(id) <= 200 else f"{id[:200]}…"
    return ApiError(f"There is no document '{shown}'.", status=404, code="document_not_found")


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _wants_page(request: Request) -> bool:
    """Whether the client prefers HTML: a browser does. JSON otherwise."""
    accepted = request.headers.get("accept", "")
    page, plain = _quality(accepted, "text/html"), _quality(accepted, JSON)
    return page > 0 and page >= plain


def _quality(accepted: str, wanted: str) -> float:
    """The q-value of a type that is named in an Accept header; 0 if it is not named."""
    for item in accepted.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        if name == wanted:
            given = next((part[2:] for part in parameters if part.startswith("q=")), "1")
            try:
                return float(given)
            except ValueError:
                return 1.0
    return 0.0


def _number(text: str | None, param: str, default: int | None, least: int = 0) -> int | None:
    if text is None or text == "":
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 15) or int(text) < least:
        raise ApiError(
            f"{param} is {text[:40]!r}, not a whole number from {least}.", code="invalid_parameter", param=param
        )
    return int(text)
