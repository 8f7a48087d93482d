"""Models behind OpenAI's chat completions protocol: OpenAI, Azure, vLLM, llama.cpp's server and many others.

Takes prompts, gives completions. If a server refuses a prompt, that completion holds the error. If the server returns
no token counts, they are estimated, since the model's tokenizer is not available. Knows nothing about retrieval.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from bakeoff.models.control_tokens import escaped_messages
from bakeoff.models.engines.negotiated import note_about
from bakeoff.models.engines.openai_dialect import STREAM_USAGE, Dialect, named_parameters, negotiation_with
from bakeoff.models.engines.openai_reading import StreamedReply, completion_of, pieces_of
from bakeoff.models.providers.asking import asked_of, estimated_tokens
from bakeoff.models.providers.client import ApiClient, ApiError
from bakeoff.models.providers.concurrent import complete_all
from bakeoff.models.providers.keys import key_of
from bakeoff.models.providers.remedies import REFUSED_KEY, remedy_for
from bakeoff.models.providers.retry import FIRST_WAIT_S
from bakeoff.models.settings import ApiModel
from bakeoff.models.stops import pieces_before_stop
from bakeoff.models.thinking import pieces_without_thinking
from bakeoff.records import Completion, GenerationSettings, Prompt

Reply = TypeVar("Reply")

UNPROCESSABLE = (400, 422)
"""The statuses with which servers refuse a parameter."""


class OpenAiGenerator:
    """A model behind a server. Safe to use from several threads, which share connections and negotiated parameters."""

    def __init__(
        self, settings: ApiModel, first_wait_s: float = FIRST_WAIT_S, more: Mapping[str, Any] | None = None
    ) -> None:
        """`more` are further fields of each request."""
        self.name = settings.model
        self._more = dict(more or {})
        self.context_tokens = settings.context_tokens
        self.n_parallel = settings.concurrency
        self._settings = settings
        self._client = ApiClient(settings, first_wait_s)
        self._url = f"{settings.base_url}/chat/completions"
        self._known = negotiation_with(settings)

    @property
    def refused_parameters(self) -> tuple[str, ...]:
        """The parameters that are no longer sent. Without `temperature` the server draws its answers at random."""
        return tuple(sorted(self._known.dialect.refused))

    @property
    def note(self) -> str:
        """What a reader of the report should know of what was negotiated; empty if nothing was refused."""
        return note_about(self._settings, self.refused_parameters)

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order.

        If a request fails after all retries, its completion holds the error.

        At most `concurrency` requests run at a time. `usage.seconds` is the request's share of the wall time of the
        call, including retries and waits. Raises ConfigError before any request if the key's environment variable is
        not set.
        """
        key_of(self._settings)
        return complete_all(lambda prompt: self.complete(prompt, settings), prompts, self._settings.concurrency)

    def complete(self, prompt: Prompt, settings: GenerationSettings) -> Completion:
        """One completion. Raises ApiError where it fails after all retries."""
        return self.replied(prompt, settings)[0]

    def replied(self, prompt: Prompt, settings: GenerationSettings) -> tuple[Completion, dict[str, Any]]:
        """One completion, and the whole reply that it was read from. Raises as `complete`."""
        begun, asked = time.perf_counter(), asked_of(self._settings, settings)
        reply = self._known.alone_at_first(lambda: self._post(prompt, asked))
        with self._client.key_hidden():
            return completion_of(reply, prompt, asked, time.perf_counter() - begun, self.context_tokens), reply

    def _post(self, prompt: Prompt, settings: GenerationSettings) -> dict[str, Any]:
        def send(parameters: dict[str, Any]) -> dict[str, Any]:
            return self._client.post(self._url, self._body(prompt, parameters))

        return self._negotiated(send, settings, {"logprobs": True})

    def _negotiated(
        self, send: Callable[[dict[str, Any]], Reply], settings: GenerationSettings, more: dict[str, Any]
    ) -> Reply:
        """What `send(parameters)` gives, once the server takes the parameters; what it takes is remembered."""
        dialect = self._known.dialect
        while True:
            parameters = dialect.parameters(settings, more)
            try:
                reply = send(parameters)
            except ApiError as refusal:
                dialect = self._plainer(refusal, dialect, parameters)
            else:
                self._known.dialect = dialect
                self._known.accepted |= parameters.keys()
                return reply

    def _plainer(self, refusal: ApiError, tried: Dialect, parameters: dict[str, Any]) -> Dialect:
        """The dialect to try after a refusal; raises the refusal where parameters cannot be the reason for it."""
        if refusal.status not in UNPROCESSABLE or parameters.keys() <= self._known.accepted:
            raise refusal
        if self._known.dialect != tried and not tried.refused:
            return self._known.dialect  # another thread was faster
        named = named_parameters(refusal.body) & parameters.keys()
        rest_is_taken = tried.refused or parameters.keys() - self._known.accepted <= {"stream", STREAM_USAGE}
        if not named and STREAM_USAGE in parameters and rest_is_taken:
            named = frozenset({STREAM_USAGE})
        plainer = tried.without(named)
        if plainer == tried or (tried.refused and not named):
            raise refusal
        return plainer

    def _body(self, prompt: Prompt, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"model": self.name, "messages": escaped_messages(prompt), **parameters, **self._more}

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """The pieces of one completion as the server sends them, then the completion; closing ends the request.

        Raises ApiError if the server refuses, reports an error in the stream, or ends the stream before the answer. The
        pieces received by then are not the whole answer.
        """
        key_of(self._settings)
        return self._streamed(prompt, asked_of(self._settings, settings))

    def _streamed(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        begun, reply = time.perf_counter(), StreamedReply()
        with self._client.key_hidden():
            answer = pieces_without_thinking(self._pieces(prompt, settings, reply))
            yield from pieces_before_stop(answer, settings.stop)
            seconds = time.perf_counter() - begun
            yield completion_of(reply.whole(), prompt, settings, seconds, self.context_tokens)

    def _pieces(self, prompt: Prompt, settings: GenerationSettings, reply: StreamedReply) -> Iterator[str]:
        def send(parameters: dict[str, Any]) -> Generator[str]:
            return self._client.lines(self._url, self._body(prompt, parameters))

        more = {"logprobs": True, "stream": True, STREAM_USAGE: {"include_usage": True}}
        lines = self._negotiated(send, settings, more)
        try:
            yield from pieces_of(lines, self._settings.timeout_s, reply)
        except ApiError as error:
            if REFUSED_KEY.search(error.body):
                error.remedy = remedy_for(self._settings, None, error.body)
            raise
        finally:
            lines.close()

    def count_tokens(self, text: str) -> int:
        """An estimate: one token for every four characters, rounded up."""
        return estimated_tokens(text)
