"""What engines that ask a server share: many prompts at once, the key checked first, what was negotiated in words.

Takes a model's settings and prompts, gives completions. Knows no server's protocol: each engine completes one prompt.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence

from bakeoff.models.engines.negotiated import note_about
from bakeoff.models.engines.openai_dialect import negotiation_with
from bakeoff.models.providers.asking import asked_of, estimated_tokens
from bakeoff.models.providers.client import ApiClient
from bakeoff.models.providers.concurrent import complete_all
from bakeoff.models.providers.keys import key_of
from bakeoff.models.settings import ApiModel
from bakeoff.records import Completion, GenerationSettings, Prompt

UNPROCESSABLE = (400, 422)
"""The statuses with which servers refuse a parameter."""


class ServerGenerator(ABC):
    """A model behind a server. Safe to use from several threads, which share the connections."""

    def __init__(self, settings: ApiModel, first_wait_s: float) -> None:
        self.name = settings.model
        self.context_tokens = settings.context_tokens
        self.n_parallel = settings.concurrency
        self._settings = settings
        self._client = ApiClient(settings, first_wait_s)

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order.

        If a request fails after all retries, its completion holds the error.

        At most `concurrency` requests run at a time. `usage.seconds` is the request's share of the wall time of the
        call, including retries and waits. Raises ConfigError before any request if the key's environment variable is
        not set.
        """
        key_of(self._settings)
        return complete_all(lambda prompt: self.complete(prompt, settings), prompts, self._settings.concurrency)

    @abstractmethod
    def complete(self, prompt: Prompt, settings: GenerationSettings) -> Completion:
        """One completion. Raises ApiError where it fails after all retries, or where the model refuses to answer."""

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """The pieces of one completion as the server sends them, then the completion; closing ends the request.

        Raises ApiError if the server refuses, reports an error in the stream, or ends the stream before the answer. The
        pieces received by then are not the whole answer.
        """
        key_of(self._settings)
        return self._client.shown(self._streamed(prompt, asked_of(self._settings, settings)))

    @abstractmethod
    def _streamed(self, prompt: Prompt, asked: GenerationSettings) -> Generator[str | Completion]:
        """The same, with the settings of this call and the model together."""

    def count_tokens(self, text: str) -> int:
        """An estimate: one token for every four characters, rounded up."""
        return estimated_tokens(text)


class NegotiatingGenerator(ServerGenerator):
    """One whose server may refuse parameters. All objects for the same model share what was negotiated."""

    def __init__(self, settings: ApiModel, first_wait_s: float) -> None:
        super().__init__(settings, first_wait_s)
        self._known = negotiation_with(settings)

    @property
    def refused_parameters(self) -> tuple[str, ...]:
        """The parameters that are no longer sent. Without `temperature` the server draws its answers at random."""
        return tuple(sorted(self._known.dialect.refused))

    @property
    def note(self) -> str:
        """What a reader of the report should know of what was negotiated; empty if nothing was refused."""
        return note_about(self._settings, self.refused_parameters)
