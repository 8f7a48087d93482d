"""Models behind OpenAI's chat completions protocol: OpenAI, Azure, vLLM, llama.cpp's server and many others.

Takes prompts, gives completions. If a server refuses a prompt, that completion holds the error. If the server returns
no token counts, they are estimated, since the model's tokenizer is not available. Knows nothing about retrieval.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, TypeVar

from bakeoff.models.control_tokens import escaped_messages
from bakeoff.models.engines.behind_server import UNPROCESSABLE, NegotiatingGenerator
from bakeoff.models.engines.openai_dialect import STREAM_USAGE, Dialect, named_parameters
from bakeoff.models.engines.openai_reading import StreamedReply, completion_of, pieces_of
from bakeoff.models.providers.asking import asked_of
from bakeoff.models.providers.client import ApiError
from bakeoff.models.providers.remedies import REFUSED_KEY, remedy_for
from bakeoff.models.providers.retry import FIRST_WAIT_S
from bakeoff.models.settings import ApiModel
from bakeoff.models.stops import pieces_before_stop
from bakeoff.models.thinking import pieces_without_thinking
from bakeoff.records import Completion, GenerationSettings, Prompt

Reply = TypeVar("Reply")


class OpenAiGenerator(NegotiatingGenerator):
    """A model behind a server of OpenAI's protocol."""

    def __init__(
        self, settings: ApiModel, first_wait_s: float = FIRST_WAIT_S, more: Mapping[str, Any] | None = None
    ) -> None:
        """`more` are further fields of each request."""
        super().__init__(settings, first_wait_s)
        self._more = dict(more or {})
        self._url = f"{settings.base_url}/chat/completions"

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

    def _streamed(self, prompt: Prompt, asked: GenerationSettings) -> Generator[str | Completion]:
        begun, reply = time.perf_counter(), StreamedReply()
        with self._client.key_hidden():
            answer = pieces_without_thinking(self._pieces(prompt, asked, reply))
            yield from pieces_before_stop(answer, asked.stop)
            seconds = time.perf_counter() - begun
            yield completion_of(reply.whole(), prompt, asked, seconds, self.context_tokens)

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
