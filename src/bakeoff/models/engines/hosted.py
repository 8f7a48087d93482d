"""Models behind a protocol other than OpenAI's or Ollama's: what Anthropic's and Google's engines share.

Takes prompts and a `Protocol` that writes requests and reads replies, gives completions. If a server refuses a prompt,
that completion holds the error. Optional parameters that a server's refusal names are left out from then on, each
after one extra request. Knows no server's protocol, and nothing about retrieval.
"""

import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from typing import Protocol as Interface

from bakeoff.models.engines.behind_server import UNPROCESSABLE, NegotiatingGenerator
from bakeoff.models.engines.openai_reading import answer_in
from bakeoff.models.providers.asking import asked_of, estimated_prompt_tokens, estimated_tokens
from bakeoff.models.providers.client import ApiError, ApiTimeoutError
from bakeoff.models.providers.remedies import remedy_for
from bakeoff.models.providers.retry import FIRST_WAIT_S
from bakeoff.models.providers.shown import SHOWN_CHARACTERS, error_message
from bakeoff.models.settings import ApiModel
from bakeoff.models.stops import pieces_before_stop
from bakeoff.models.thinking import pieces_without_thinking
from bakeoff.records import Completion, GenerationSettings, Origin, Prompt, Usage

Reply = TypeVar("Reply")
CHECK = "ask again; check the server's log"


@dataclass
class Written:
    """What a server wrote: its text without thinking, how it ended, and the tokens it counted (None: not counted).

    `ended`: the model ended the answer itself, or wrote a stop text. `limited`: a limit ended it. `over`: nothing more
    comes. `n_prompt` holds all tokens of the prompt, `n_cached` those of them that came from the server's cache.
    """

    text: str = ""
    ended: bool = False
    limited: bool = False
    over: bool = False
    n_prompt: int | None = None
    n_cached: int = 0
    n_new: int | None = None
    logprob: float | None = None
    model: str = ""


class Protocol(Interface):
    """How one protocol writes requests and reads replies."""

    def address(self, model: ApiModel, streamed: bool) -> str:
        """Where a request goes."""

    def body(
        self, model: ApiModel, prompt: Prompt, settings: GenerationSettings, refused: frozenset[str], streamed: bool
    ) -> dict[str, Any]:
        """The request, without the refused parameters."""

    def named(self, refusal: str) -> frozenset[str]:
        """The optional parameters that the body of a refusal names."""

    def add(self, written: Written, sent: dict[str, Any]) -> str:
        """Takes a whole reply or one event of a stream into `written`. Gives its piece of text.

        Raises ApiError for a refusal to answer, a blocked prompt, and what is no reply.
        """


class HostedGenerator(NegotiatingGenerator):
    """A model behind a server with this protocol."""

    def __init__(self, settings: ApiModel, protocol: Protocol, first_wait_s: float = FIRST_WAIT_S) -> None:
        super().__init__(settings, first_wait_s)
        self._protocol = protocol

    def complete(self, prompt: Prompt, settings: GenerationSettings) -> Completion:
        """One completion. Raises ApiError where it fails after all retries, or where the model refuses to answer."""
        begun, asked = time.perf_counter(), asked_of(self._settings, settings)
        address = self._protocol.address(self._settings, streamed=False)

        def send(refused: frozenset[str]) -> dict[str, Any]:
            body = self._protocol.body(self._settings, prompt, asked, refused, streamed=False)
            return self._client.post(address, body)

        reply = self._known.alone_at_first(lambda: self._negotiated(send))
        written = Written()
        with self._client.key_hidden():
            self._add(written, reply, 200)
            if not written.over:
                raise ApiError("The reply does not say how the answer ended, so it is not the whole answer.", CHECK)
            return self._completion(written, prompt, asked, time.perf_counter() - begun)

    def _negotiated(self, send: Callable[[frozenset[str]], Reply]) -> Reply:
        """What `send(refused)` gives once the server takes the parameters; what it refuses is remembered."""
        while True:
            refused = self._known.dialect.refused
            try:
                return send(refused)
            except ApiError as refusal:
                more = self._protocol.named(refusal.body) - refused
                if refusal.status not in UNPROCESSABLE or not more:
                    raise
                self._known.refuse(more)

    def _add(self, written: Written, sent: dict[str, Any], status: int | None) -> str:
        """The piece of text in a reply or an event. Raises ApiError where it is an error."""
        if sent.get("error"):
            body = json.dumps(sent)
            place = "in the stream" if status is None else "in place of an answer"
            words = error_message(body)[:SHOWN_CHARACTERS]
            raise ApiError(
                f"The server reported an error {place}: {words}", remedy_for(self._settings, status, body), status, body
            )
        return self._protocol.add(written, sent)

    def _completion(self, written: Written, prompt: Prompt, asked: GenerationSettings, seconds: float) -> Completion:
        text, stopped, looped = answer_in(written.text, asked, written.ended)
        n_prompt, n_new = written.n_prompt, written.n_new
        full = n_prompt is not None and n_new is not None and n_prompt + n_new >= self.context_tokens
        return Completion(
            text=text,
            usage=Usage(
                prompt_tokens=n_prompt or estimated_prompt_tokens(prompt),  # some servers report 0 for all
                completion_tokens=n_new or estimated_tokens(written.text),
                cached_tokens=written.n_cached,
                seconds=seconds,
            ),
            logprob=written.logprob,
            truncated=not (stopped or looped) and (written.limited or full),
            looped=looped,
            origin=Origin(model=written.model, on=datetime.now(UTC).date()),
        )

    def _streamed(self, prompt: Prompt, asked: GenerationSettings) -> Generator[str | Completion]:
        begun, written = time.perf_counter(), Written()
        with self._client.key_hidden():
            answer = pieces_without_thinking(self._pieces(prompt, asked, written))
            yield from pieces_before_stop(answer, asked.stop)
            yield self._completion(written, prompt, asked, time.perf_counter() - begun)

    def _pieces(self, prompt: Prompt, asked: GenerationSettings, written: Written) -> Iterator[str]:
        address = self._protocol.address(self._settings, streamed=True)
        lines = self._negotiated(
            lambda refused: self._client.lines(
                address, self._protocol.body(self._settings, prompt, asked, refused, streamed=True)
            )
        )
        heard = time.monotonic()
        try:
            for event in events_in(lines):
                piece = self._add(written, event, None) if event else ""
                if piece:
                    heard = time.monotonic()
                    yield piece
                elif time.monotonic() - heard > self._settings.timeout_s:
                    raise ApiTimeoutError(
                        f"The stream held no text for {self._settings.timeout_s:g} seconds.", "raise timeout_s"
                    )
        finally:
            lines.close()
        if not written.over:
            raise ApiError(
                f"The stream ended after {len(written.text)} characters, before the end of the answer.",
                CHECK,
            )


def events_in(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The objects in the lines of server-sent events; an empty one for a line without any, such as a comment.

    Raises ApiError for what is not JSON.
    """
    for line in lines:
        if not line.startswith(("data:", "{")):
            yield {}
            continue
        content = line.removeprefix("data:").strip()
        try:
            event = json.loads(content)
        except ValueError:
            raise ApiError(
                f"The stream holds something that is not JSON: {content[:SHOWN_CHARACTERS]!r}.", "check base_url"
            ) from None
        yield event if isinstance(event, dict) else {}


def no_reply(sent: dict[str, Any], api: str) -> ApiError:
    """The error for an object that holds no answer."""
    return ApiError(
        f"The reply holds no answer: {json.dumps(sent)[:SHOWN_CHARACTERS]}",
        f"check that base_url is the address of a server with {api}",
        200,
    )
