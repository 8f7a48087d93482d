"""The feedback API: thumbs, right answers, comparisons, the history of answers, and exports of the log.

Takes a `Log`, and functions that say who asks and which documents are hidden from them; gives routes. A key judges and
sees the answers that it was given, as long as it may see every document that they were made from. A key that oversees
(manages, and sees all documents) judges and sees all answers. Any other answer is as unknown as one that does not
exist. Knows neither contenders nor how documents are stored.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, Protocol, get_args

from anyio import to_thread
from pydantic import ConfigDict, Field
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bakeoff.errors import BakeoffError, InputError
from bakeoff.records import Labels
from bakeoff.serve.documents.views import Cited
from bakeoff.serve.failures import shown_to_client
from bakeoff.serve.guard import bearer
from bakeoff.serve.keys import Holder
from bakeoff.serve.links import Links
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, LoggedHit, Preference, Thumb
from bakeoff.serve.log_exports import (
    NOTHING,
    Chosen,
    Trusted,
    chat_lines,
    csv_lines,
    preference_lines,
    question_lines,
)
from bakeoff.serve.openai.body import json_body
from bakeoff.serve.openai.errors import ApiError
from bakeoff.serve.openai.requests import Sent, parse
from bakeoff.serve.resting import Past, resting

LONGEST_RIGHT_ANSWER = 32_000
MOST_IN_HISTORY = 1_000
IN_HISTORY = 50
BLOCK_CHARACTERS = 64 * 1024
"""An export is sent in blocks of about this size."""
WAITS_S = (0.05, 0.1, 0.2, 0.4)
"""An answer is written to the log shortly after it was sent; feedback on it may come sooner."""
RETRY_S = 30
"""When to send feedback again that cannot be written: a full disk takes a while to get room."""

_NOT_SHOWN = {
    "kind",
    "key_id",
    "hits",
    "text",
    "question_hash",
    "shadow_of",
    "first_token_ms",
    "prompt_tokens",
    "completion_tokens",
}

LINES = "application/x-ndjson"
Exporter = Callable[[Log, Chosen, Trusted], Iterator[str]]
EXPORTS: dict[str, tuple[Exporter, str, str]] = {
    "chat": (chat_lines, "bakeoff-chats.jsonl", LINES),
    "preferences": (lambda log, _, of: preference_lines(log, "openai", of), "bakeoff-preferences.jsonl", LINES),
    "trl": (lambda log, _, of: preference_lines(log, "trl", of), "bakeoff-preferences-trl.jsonl", LINES),
    "csv": (lambda log, _, __: csv_lines(log), "bakeoff-answers.csv", "text/csv"),
    "questions": (lambda log, _, __: question_lines(log), "bakeoff-questions.csv", "text/csv"),
}
"""By name: what writes the lines, the name of the file, and its media type. Trainers read those of the type LINES."""
LEFT_OUT = "X-Left-Out"


class SentFeedback(Sent):
    """A record of what a client sent. An unknown key is an error: nobody's correction is lost to a typing error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SentThumb(SentFeedback):
    up: bool
    right_answer: str | None = Field(default=None, max_length=LONGEST_RIGHT_ANSWER)


class SentComparison(SentFeedback):
    """`preferred` must be given; null says that all are equally good, or that none is right with `none_right`."""

    answers: list[str] = Field(min_length=2, max_length=3)
    preferred: str | None
    none_right: bool = False
    blind: bool = False


class Visibility(Past, Protocol):
    """What somebody who holds some labels may see, as `documents.live.LiveDocuments` knows it."""

    def narrowed(self, labels: Labels) -> int:
        """The newest version of the documents at which one was hidden, or erased, that could be seen until then."""
        ...


class FeedbackApi:
    """The API for one log. `holder_of` says who sent a request; by default, whom the guard recognised.

    `documents` says what somebody may see now. `links` makes links to cited passages.
    """

    def __init__(
        self,
        log: Log,
        documents: Visibility,
        holder_of: Callable[[Request], Holder] | None = None,
        links: Callable[[Request], Links] | None = None,
    ) -> None:
        self._log = log
        self._documents = documents
        self._links = links or (lambda _: Links())
        self._holder_of = holder_of or (lambda request: bearer.holder_of(request.scope))

    def routes(self) -> list[Route]:
        return [
            Route("/answers/{id}/thumb", self.thumb, methods=["POST"]),
            Route("/comparisons", self.compare, methods=["POST"]),
            Route("/history", self.history, methods=["GET"]),
            Route("/log/export", self.export, methods=["GET"]),
        ]

    async def thumb(self, request: Request) -> Response:
        """Stores a thumb, with the right answer if one is given. The newest thumb on an answer counts.

        The reply shows what is stored: no right answer where the log keeps no texts.
        """
        sent = parse(SentThumb, await json_body(request))
        holder = self._holder_of(request)
        answer = await self._own(request.path_params["id"], holder)
        right_answer = (sent.right_answer or "").strip() or None
        thumb = Thumb(answer=answer.id, up=sent.up, right_answer=right_answer, key=holder.name, key_id=holder.id)
        entry = self._log.kept(thumb)
        await self._append(entry)
        return JSONResponse({"id": entry.id, "answer": answer.id, **_shown_thumb(entry)}, 201)

    async def compare(self, request: Request) -> Response:
        """Stores which of two or three answers to one question is the best."""
        sent = parse(SentComparison, await json_body(request))
        holder = self._holder_of(request)
        entry = _preference(sent, holder)
        answers = [await self._own(id, holder) for id in sent.answers]
        if len({(answer.question, answer.question_hash) for answer in answers}) > 1:
            raise ApiError(
                "These answers are not answers to the same question.",
                "ask each contender the same question, then compare",
                param="answers",
                code="different_questions",
            )
        await self._append(entry)
        return JSONResponse(
            {"id": entry.id, **entry.model_dump(include={"answers", "preferred", "none_right", "blind"})}, 201
        )

    async def history(self, request: Request) -> Response:
        """The newest answers first: those of the caller's key, or for one that oversees those of all, or of `key`."""
        holder = self._holder_of(request)
        n, key = _number(request, "n", IN_HISTORY, MOST_IN_HISTORY), request.query_params.get("key")
        if not holder.oversees and key not in (None, holder.name):
            raise ApiError("This key sees only its own answers.", status=403, code="not_allowed", param="key")
        answers, thumbs = await to_thread.run_sync(self._newest, n, holder, key)
        links = self._links(request)
        return JSONResponse(
            {"answers": [_shown_answer(answer, thumbs.get(answer.id), links, holder) for answer in answers]}
        )

    async def export(self, request: Request) -> Response:
        """The log as a file, sent as it is read. Only for a key that oversees.

        What trainers read has no answers that rest on documents with labels, or on erased ones; a header counts them.
        """
        if not self._holder_of(request).oversees:
            remedy = "use a key that manages and sees all documents"
            raise ApiError("This key may not export the log.", remedy, 403, "not_allowed")
        form = _choice(request, "form", tuple(EXPORTS))
        which = _choice(request, "which", get_args(Chosen), "approved")
        lines, filename, media_type = EXPORTS[form]
        headers, of = {"Content-Disposition": f'attachment; filename="{filename}"'}, NOTHING
        if media_type == LINES:
            rests = await to_thread.run_sync(resting, self._log, self._documents)
            of = Trusted(hidden=rests.restricted | rests.erased)
            headers[LEFT_OUT] = f"restricted={len(rests.restricted)}, erased={len(rests.erased)}"
        blocks = _blocks(lines(self._log, which, of))  # type: ignore[arg-type]
        first = await to_thread.run_sync(next, blocks, "")  # an unreadable log is an error, not half a file
        content = iterate_in_threadpool(chain([first], blocks))
        return StreamingResponse(content, headers=headers, media_type=f"{media_type}; charset=utf-8")

    def _newest(self, n: int, holder: Holder, key: str | None) -> tuple[list[LoggedAnswer], dict[str, Thumb]]:
        """The last n answers that the holder may see, and the newest thumbs on them: its own if it does not oversee.

        Answers that wait to be written are among them.
        """
        key_id = None if holder.oversees else holder.id
        waiting = [answer for answer in reversed(self._log.waiting()) if key in (None, answer.key)]
        answers = self._visible(waiting, holder)
        there = {answer.id for answer in answers}
        for batch in self._log.newest_first(n, key, key_id):
            answers += self._visible([answer for answer in batch if answer.id not in there], holder)
            if len(answers) >= n:
                break
        answers = answers[:n]
        return answers, self._log.thumbs_on([answer.id for answer in answers], key_id)

    def _visible(self, answers: Sequence[LoggedAnswer], holder: Holder) -> list[LoggedAnswer]:
        """The answers that the holder may see.

        Its own, if no document that they cite was hidden from it, or erased. An answer that names no passages may have
        been made from any document that could be seen then, as those of `long-context` are: it is shown as long as none
        of them was hidden or erased since.
        """
        if holder.oversees:
            return list(answers)
        own = [answer for answer in answers if holder.id and answer.key_id == holder.id]
        every = {cited for answer in own for cited in _cited(answer)}
        hidden = self._documents.hidden(every, holder.labels) | self._documents.erased(every)
        least = self._documents.narrowed(holder.labels) if any(map(_is_of_all, own)) else 0
        seen = [answer for answer in own if hidden.isdisjoint(_cited(answer))]
        return [answer for answer in seen if not _is_of_all(answer) or (answer.documents_version or 0) >= least]

    async def _own(self, id: str, holder: Holder) -> LoggedAnswer:
        """The answer with this id, if the holder may see it.

        Raises ApiError with status 404 if there is none, and with 503 if it waits to be written.
        """
        waiting, answer = await to_thread.run_sync(self._find, id)
        for seconds in WAITS_S:
            if answer is not None:
                break
            await asyncio.sleep(seconds)
            waiting, answer = await to_thread.run_sync(self._find, id)
        found = answer or waiting
        if found is None or not await to_thread.run_sync(self._visible, [found], holder):
            raise _unknown(id)
        if answer is None:
            raise _not_written("The answer still waits to be written to the log, so feedback on it cannot be stored.")
        return answer

    def _find(self, id: str) -> tuple[LoggedAnswer | None, LoggedAnswer | None]:
        """The answer as it waits to be written, and as it is written."""
        waiting = next((answer for answer in self._log.waiting() if answer.id == id), None)
        return waiting, self._log.answer(id)

    async def _append(self, entry: Thumb | Preference) -> None:
        """Returns when the entry is on the disk."""
        try:
            await asyncio.wrap_future(self._log.submit(entry))
        except InputError:  # the answer was deleted meanwhile: its days are over
            raise _unknown(entry.answer if isinstance(entry, Thumb) else entry.answers[0]) from None
        except BakeoffError as error:
            raise _not_written("The feedback could not be written to the log.") from error


def _cited(answer: LoggedAnswer) -> set[Cited]:
    """The documents that an answer was made from, as of the version of the store that answered."""
    return {(hit.document_id, answer.documents_version) for hit in answer.hits}


def _is_of_all(answer: LoggedAnswer) -> bool:
    """Whether a text is shown that names no passages."""
    return bool(answer.text) and not answer.declined and not answer.hits


def _unknown(id: str) -> ApiError:
    return ApiError(
        f"There is no answer with the id '{id[:128]}' in the log of this key.",
        "use the id of a reply that was sent to this key",
        status=404,
        code="answer_not_found",
    )


def _not_written(message: str) -> ApiError:
    """What is not on the disk is not acknowledged."""
    return ApiError(message, "try again later", status=503, code="log_unavailable", retry_after_s=RETRY_S)


def _preference(sent: SentComparison, holder: Holder) -> Preference:
    """The comparison as the log keeps it. Raises ApiError if it contradicts itself."""
    if len(set(sent.answers)) < len(sent.answers):
        raise ApiError("'answers' names the same answer twice.", "name each answer once", param="answers")
    if sent.preferred is not None and sent.none_right:
        raise ApiError(
            "'none_right' is true, but one answer is preferred.",
            "'preferred' must be null if none is right",
            param="none_right",
        )
    if sent.preferred is not None and sent.preferred not in sent.answers:
        raise ApiError(
            f"'preferred' is '{sent.preferred[:128]}', which is not one of 'answers'.",
            "name one of them, or null if all are equally good",
            param="preferred",
        )
    try:
        said = sent.model_dump(include={"preferred", "none_right", "blind"})
        return Preference(answers=tuple(sent.answers), **said, key=holder.name, key_id=holder.id)
    except ValueError:  # not the form of an id: no answer has it
        raise _unknown(sent.answers[0]) from None


def _shown_answer(answer: LoggedAnswer, thumb: Thumb | None, links: Links, holder: Holder) -> dict[str, Any]:
    """An answer in the history. A text that was withheld stays withheld, and so does an error, except from keys that
    oversee: it may name the addresses of models.
    """
    error = answer.error
    if error and not holder.oversees:
        error = shown_to_client(error)
    fields = answer.model_dump(mode="json", exclude=_NOT_SHOWN)
    return {
        **fields,
        "error": error,
        "text": None if answer.declined else answer.text,
        "citations": [_shown_hit(hit, answer.documents_version, links) for hit in answer.hits],
        "thumb": thumb and _shown_thumb(thumb),
    }


def _shown_hit(hit: LoggedHit, version: int | None, links: Links) -> dict[str, Any]:
    url = links.passage(hit.document_id, hit.start, hit.end, version)
    return {**hit.model_dump(include={"document_id", "source", "start", "end"}), "url": url}


def _shown_thumb(thumb: Thumb) -> dict[str, Any]:
    return thumb.model_dump(mode="json", include={"up", "right_answer", "at"})


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise ApiError(f"'{name}' is '{text[:40]}'; it must be a whole number from 1 to {most:,}.", param=name)
    return int(text)


def _choice(request: Request, name: str, allowed: tuple[str, ...], default: str = "") -> str:
    value = request.query_params.get(name, default)
    if value not in allowed:
        found = f"'{name}' is '{value[:40]}'" if value else f"'{name}' is missing"
        raise ApiError(f"{found}.", f"it can be {', '.join(allowed[:-1])} or {allowed[-1]}", param=name)
    return value


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    """The lines, many at a time: each block costs a change of threads."""
    block: list[str] = []
    size = 0
    for line in lines:
        block.append(line)
        size += len(line)
        if size >= BLOCK_CHARACTERS:
            yield "".join(block)
            block, size = [], 0
    yield "".join(block)
