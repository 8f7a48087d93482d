"""The feedback API: thumbs, right answers, comparisons, the history of answers, and exports of the log.

Takes a `Log` and a function that says who asks, gives routes. A key judges and sees the answers that it was given; a
key that manages, all of them. Another key's answer is as unknown as one that does not exist. Knows neither contenders
nor documents.
"""

import asyncio
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, get_args

from anyio import to_thread
from pydantic import ConfigDict, Field
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bakeoff.errors import BakeoffError, InputError
from bakeoff.serve.guard import bearer
from bakeoff.serve.keys import Holder
from bakeoff.serve.links import Links
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, LoggedHit, Preference, Thumb
from bakeoff.serve.log_exports import Chosen, chat_lines, csv_lines, preference_lines
from bakeoff.serve.openai.body import json_body
from bakeoff.serve.openai.errors import ApiError
from bakeoff.serve.openai.requests import Sent, parse

LONGEST_RIGHT_ANSWER = 32_000
MOST_IN_HISTORY = 1_000
IN_HISTORY = 50
BLOCK_CHARACTERS = 64 * 1024
"""An export is sent in blocks of about this size."""
WAITS_S = (0.05, 0.1, 0.2, 0.4)
"""An answer is written to the log shortly after it was sent; feedback on it may come sooner."""

Exporter = Callable[[Log, Chosen], Iterator[str]]
EXPORTS: dict[str, tuple[Exporter, str, str]] = {
    "chat": (chat_lines, "bakeoff-chats.jsonl", "application/x-ndjson"),
    "preferences": (lambda log, _: preference_lines(log), "bakeoff-preferences.jsonl", "application/x-ndjson"),
    "trl": (lambda log, _: preference_lines(log, "trl"), "bakeoff-preferences-trl.jsonl", "application/x-ndjson"),
    "csv": (lambda log, _: csv_lines(log), "bakeoff-answers.csv", "text/csv"),
}
"""By name: what writes the lines, the name of the file, and its media type."""


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


class FeedbackApi:
    """The API for one log. `holder_of` says who sent a request; by default, whom the guard recognised.

    `links` makes those to cited passages.
    """

    def __init__(
        self,
        log: Log,
        holder_of: Callable[[Request], Holder] | None = None,
        links: Callable[[Request], Links] | None = None,
    ) -> None:
        self._log = log
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
        """Stores a thumb, with the right answer if one is given. The newest thumb on an answer counts."""
        sent = parse(SentThumb, await json_body(request))
        holder = self._holder_of(request)
        answer = await self._own(request.path_params["id"], holder)
        right_answer = (sent.right_answer or "").strip() or None
        entry = Thumb(answer=answer.id, up=sent.up, right_answer=right_answer, key=holder.name)
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
        """The newest answers first: those of the caller's key, or for a key that manages those of all, or of `key`."""
        holder = self._holder_of(request)
        n, key = _number(request, "n", IN_HISTORY, MOST_IN_HISTORY), request.query_params.get("key")
        if not holder.manages and key not in (None, holder.name):
            raise ApiError("This key sees only its own answers.", status=403, code="not_allowed", param="key")
        answers, thumbs = await to_thread.run_sync(self._newest, n, key if holder.manages else holder.name)
        links = self._links(request)
        return JSONResponse({"answers": [_shown_answer(answer, thumbs.get(answer.id), links) for answer in answers]})

    async def export(self, request: Request) -> Response:
        """The log as a file, sent as it is read. Only for a key that manages."""
        if not self._holder_of(request).manages:
            raise ApiError("This key may not export the log.", "use a key that manages", 403, "not_allowed")
        form = _choice(request, "form", tuple(EXPORTS))
        which = _choice(request, "which", get_args(Chosen), "approved")
        lines, filename, media_type = EXPORTS[form]
        blocks = _blocks(lines(self._log, which))  # type: ignore[arg-type]
        first = await to_thread.run_sync(next, blocks, "")  # an unreadable log is an error, not half a file
        headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
        content = iterate_in_threadpool(chain([first], blocks))
        return StreamingResponse(content, headers=headers, media_type=f"{media_type}; charset=utf-8")

    def _newest(self, n: int, key: str | None) -> tuple[list[LoggedAnswer], dict[str, Thumb]]:
        answers = self._log.newest(n, key)
        return answers, self._log.thumbs_on([answer.id for answer in answers])

    async def _own(self, id: str, holder: Holder) -> LoggedAnswer:
        """The answer with this id, if the holder may judge it. Raises ApiError with status 404 otherwise."""
        answer = await to_thread.run_sync(self._log.answer, id)
        for seconds in WAITS_S:
            if answer is not None:
                break
            await asyncio.sleep(seconds)
            answer = await to_thread.run_sync(self._log.answer, id)
        if answer is None or not (holder.manages or answer.key == holder.name):
            raise _unknown(id)
        return answer

    async def _append(self, entry: Thumb | Preference) -> None:
        """Returns when the entry is on the disk."""
        try:
            await asyncio.wrap_future(self._log.submit(entry))
        except InputError:  # the answer was deleted meanwhile: its days are over
            raise _unknown(entry.answer if isinstance(entry, Thumb) else entry.answers[0]) from None
        except BakeoffError as error:
            raise ApiError(
                "The feedback could not be written to the log.", "try again later", 503, "log_unavailable"
            ) from error


def _unknown(id: str) -> ApiError:
    return ApiError(
        f"There is no answer with the id '{id[:128]}' in the log of this key.",
        "use the id of a reply that was sent to this key",
        status=404,
        code="answer_not_found",
    )


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
        return Preference(answers=tuple(sent.answers), **said, key=holder.name)
    except ValueError:  # not the form of an id: no answer has it
        raise _unknown(sent.answers[0]) from None


def _shown_answer(answer: LoggedAnswer, thumb: Thumb | None, links: Links) -> dict[str, Any]:
    """An answer in the history. A text that was withheld stays withheld."""
    fields = answer.model_dump(
        mode="json",
        exclude={"kind", "hits", "text", "question_hash", "first_token_ms", "prompt_tokens", "completion_tokens"},
    )
    return {
        **fields,
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
