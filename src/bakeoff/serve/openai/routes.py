"""The routes of the API: each reads a request, asks, and replies.

Takes an `Answering`, gives routes and exception handlers for a Starlette application. Does not know how callers are
recognised: a function says what the caller of a request may see.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing
from typing import Any

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bakeoff.errors import BakeoffError, error_line
from bakeoff.models.providers.client import ApiError as UpstreamError
from bakeoff.records import Answer
from bakeoff.serve.answering import Answered, Answering, Asked, RefusedError, answered
from bakeoff.serve.conversation import Conversation, by_model, by_rule
from bakeoff.serve.failures import UNAVAILABLE, shown_in_log
from bakeoff.serve.follow_ups import courtesy_reply
from bakeoff.serve.front_ends import chore_reply
from bakeoff.serve.guard.failed import failed_message
from bakeoff.serve.guard.request_id import request_id_of
from bakeoff.serve.keys import Holder
from bakeoff.serve.links import Links
from bakeoff.serve.openai.body import json_body
from bakeoff.serve.openai.chat import ChatWriter
from bakeoff.serve.openai.embeddings import embeddings
from bakeoff.serve.openai.errors import (
    AnsweringFailedError,
    ApiError,
    error_object,
    headers_of,
    plain_error,
    status_of,
    told_as,
)
from bakeoff.serve.openai.models import asked_contender, model_list, one_model
from bakeoff.serve.openai.replies import GONE, Writer, object_reply, stream_reply
from bakeoff.serve.openai.requests import (
    MOST_QUESTION_CHARACTERS,
    ChatRequest,
    EmbeddingsRequest,
    ResponsesRequest,
    chat_conversation,
    parse,
    refuse_form,
    refuse_long,
    responses_conversation,
)
from bakeoff.serve.openai.responses import ResponseWriter
from bakeoff.serve.outcome import Ended, Observer, Unobserved, observed
from bakeoff.serve.queue import AnswerQueue
from bakeoff.serve.request_log import note_ended
from bakeoff.serve.showing import Showing
from bakeoff.serve.streams import Stepper, unless_gone

_log = logging.getLogger(__name__)
LinksFor = Callable[[Request], Links]
PREFIXES = ("/v1", "")
"""Clients take a base address with or without /v1."""


class OpenAiApi:
    """The API for one `Answering`.

    `holder_of` says who asks, and so which documents they may see. `links` makes those of citations; None makes
    plain ones, to the address of each request. `observer` is told how each answer ended. `most_characters` is the limit
    of a question with its system messages.
    """

    def __init__(
        self,
        answering: Answering,
        holder_of: Callable[[Request], Holder],
        links: LinksFor | None = None,
        observer: Observer | None = None,
        most_characters: int = MOST_QUESTION_CHARACTERS,
    ) -> None:
        self._answering = answering
        self._most_characters = most_characters
        self._holder_of = holder_of
        self._links = links or (lambda request: Links(str(request.base_url).rstrip("/")))
        self._observer = observer or Unobserved()
        self._stepper: Stepper[str | Answered] = Stepper()
        self._embedding_queue = AnswerQueue()
        self._embedding: Stepper[dict[str, Any]] = Stepper()

    def routes(self) -> list[Route]:
        """The routes, with /v1 and without."""
        return [
            Route(prefix + path, endpoint, methods=[method])
            for prefix in PREFIXES
            for method, path, endpoint in (
                ("GET", "/models", self.models),
                ("GET", "/models/{name:path}", self.model),
                ("POST", "/chat/completions", self.chat),
                ("POST", "/responses", self.responses),
                ("POST", "/embeddings", self.embeddings),
            )
        ]

    async def models(self, request: Request) -> Response:
        labels = self._holder_of(request).labels
        return JSONResponse(await to_thread.run_sync(model_list, self._answering, labels))

    async def model(self, request: Request) -> Response:
        name, labels = request.path_params["name"], self._holder_of(request).labels
        return JSONResponse(await to_thread.run_sync(one_model, self._answering, name, labels))

    async def chat(self, request: Request) -> Response:
        """A chat completion."""
        sent = parse(ChatRequest, await json_body(request))
        await self._check_contender(request, sent.model)
        conversation = chat_conversation(sent)
        fixed = _fixed_reply(conversation)
        if fixed is None:
            refuse_long(conversation, self._most_characters, "messages")
            refuse_form(sent.response_format, sent.tool_choice, "response_format")
        include_usage = bool(sent.stream_options and sent.stream_options.include_usage)
        writer = ChatWriter(id=_new_id("chatcmpl-"), created=_now(), model=sent.model, include_usage=include_usage)
        items = self._items(request, writer.id, sent.model, conversation, fixed)
        return await self._reply(request, items, writer, bool(sent.stream), named=False)

    async def responses(self, request: Request) -> Response:
        """A response."""
        sent = parse(ResponsesRequest, await json_body(request))
        await self._check_contender(request, sent.model)
        conversation = responses_conversation(sent)
        fixed = _fixed_reply(conversation)
        if fixed is None:
            refuse_long(conversation, self._most_characters, "input")
            refuse_form(sent.text.format if sent.text else None, sent.tool_choice, "text.format")
        id = _new_id("resp_")
        writer = ResponseWriter(id, _now(), sent.model, sent.instructions, sent.metadata)
        items = self._items(request, id, sent.model, conversation, fixed)
        return await self._reply(request, items, writer, bool(sent.stream), named=True)

    async def embeddings(self, request: Request) -> Response:
        """Embeddings, one request at a time: they share the machine with the answers."""
        sent = parse(EmbeddingsRequest, await json_body(request))
        async with aclosing(self._embedding.items(self._embedded(sent))) as items:
            reply = await unless_gone(request.receive, items.__anext__)
        return Response(status_code=GONE) if reply is None else JSONResponse(reply)

    def _embedded(self, sent: EmbeddingsRequest) -> Iterator[dict[str, Any]]:
        """The one reply, in its turn."""
        with self._embedding_queue.turn():
            yield embeddings(sent, self._answering.embedder, self._answering.models)

    async def _check_contender(self, request: Request, name: str) -> None:
        """Raises ApiError if there is none of this name. One that the caller may not ask is refused later."""
        if name not in self._answering.models:
            labels = self._holder_of(request).labels
            await to_thread.run_sync(asked_contender, self._answering, name, labels)

    async def _reply(
        self, request: Request, items: Iterator[str | Answered], writer: Writer, stream: bool, named: bool
    ) -> Response:
        stepped = self._stepper.items(items)
        showing = Showing(self._links(request))
        if stream:
            return await stream_reply(request, stepped, writer, showing, named)
        return await object_reply(request, stepped, writer, showing)

    def _items(
        self, request: Request, id: str, model: str, conversation: Conversation, fixed: str | None
    ) -> Iterator[str | Answered]:
        """The stream of the answer, or the fixed reply, which is no contender's."""
        if fixed is not None:
            yield Answered(answer=Answer(question_id=id, contender="", text=fixed))
            return

        def ended(how: Ended) -> None:
            note_ended(request.scope, how)
            self._observer.ended(how)

        yield from observed(self._asked(request, id, model, conversation), model, ended)

    def _asked(self, request: Request, id: str, model: str, conversation: Conversation) -> Iterator[str | Answered]:
        """The stream of the answer to the last question."""
        holder, rewriter = self._holder_of(request), self._answering.rewriter
        question = by_rule(conversation) if rewriter is None else by_model(conversation, rewriter)
        if len(question) + len(conversation.system) > self._most_characters:
            question = conversation.question  # with the earlier questions it would be too long to read
        asked = Asked(
            id=id,
            model=model,
            question=question,
            typed=conversation.question,
            system=conversation.system,
            n_turns=len(conversation.turns),
            key=holder.name,
            key_id=holder.id,
            address=request.client.host if request.client else "",
        )
        yield from answered(self._answering, asked, holder.labels)


def exception_handlers() -> Mapping[Any, Callable[[Request, Exception], Any]]:
    """For a Starlette application: every error becomes an error object with its status."""
    return {
        ApiError: _on_error,
        RefusedError: _on_error,
        UpstreamError: _on_upstream,
        BakeoffError: _on_unavailable,
        HTTPException: _on_http,
        ClientDisconnect: _on_gone,
        Exception: _on_crash,
    }


async def _on_error(request: Request, error: Exception) -> Response:
    """What the server itself failed at stands in its log, since the reply may not name files and addresses."""
    assert isinstance(error, ApiError | RefusedError)
    cause = error.__cause__
    if status_of(error) >= 500 and isinstance(cause, BakeoffError):
        is_upstream = isinstance(cause, UpstreamError)
        _log.error("%s", shown_in_log(error_line(cause)) if is_upstream else " ".join(str(cause).split()))
    return JSONResponse(error_object(error), status_of(error), headers_of(error))


async def _on_upstream(request: Request, error: Exception) -> Response:
    """A model behind a server that failed outside an answer: an embedder."""
    failed = AnsweringFailedError(error_line(error))
    failed.__cause__ = error
    return await _on_error(request, failed)


async def _on_unavailable(request: Request, error: Exception) -> Response:
    """Data that are gone, full or damaged, outside an answer. Files and addresses stand in the log alone."""
    failed = told_as(UNAVAILABLE)
    failed.__cause__ = error
    return await _on_error(request, failed)


async def _on_gone(request: Request, error: Exception) -> Response:
    """The client went away in the middle of its body: nobody reads this, but the log has the status."""
    return Response(status_code=GONE)


async def _on_http(request: Request, error: Exception) -> Response:
    """Unknown addresses and wrong methods."""
    assert isinstance(error, HTTPException)
    messages = {
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.url.path} does not take {request.method}.",
    }
    message = messages.get(error.status_code, error.detail)
    return JSONResponse(plain_error(message, error.status_code), error.status_code, error.headers)


async def _on_crash(request: Request, error: Exception) -> Response:
    """An error of the server's own. What it is stands in the server's log: the HTTP server writes it there."""
    return JSONResponse(plain_error(failed_message(request_id_of(request.scope)), 500), 500)


def _fixed_reply(conversation: Conversation) -> str | None:
    """The reply to a chore of a chat front end, to thanks or to a greeting, for which nobody is asked."""
    chore = chore_reply(conversation)
    return courtesy_reply(conversation.question) if chore is None else chore


def _new_id(prefix: str) -> str:
    return prefix + uuid.uuid4().hex


def _now() -> int:
    return int(time.time())
