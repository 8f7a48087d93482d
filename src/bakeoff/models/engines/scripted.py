"""A generator that follows a script: deterministic, without a model. For tests and dry runs, also those of users.

Takes a function or a mapping from the last user message to a reply. Counts words as tokens.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bakeoff.errors import InputError
from bakeoff.models.prompts import DECLINE
from bakeoff.models.stops import before_stop
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage

Script = Callable[[str], str] | Mapping[str, str]


class ScriptedGenerator:
    """Replies by a script.

    Declines messages that a mapping does not hold. All replies have the same log-probability.
    """

    n_parallel = 64

    def __init__(self, script: Script | None = None, context_tokens: int = 1_000_000, logprob: float = -0.1) -> None:
        self.name = "scripted"
        self.context_tokens = context_tokens
        self._script: Script = script if script is not None else {}
        self._logprob = logprob

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order, cut before a stop text and after max_new_tokens words."""
        return [self._complete(prompt, settings) for prompt in prompts]

    def _complete(self, prompt: Prompt, settings: GenerationSettings) -> Completion:
        n_prompt = sum(self.count_tokens(message.content) for message in prompt.messages)
        if n_prompt + settings.max_new_tokens > self.context_tokens:
            error = (
                f"A prompt of {n_prompt:,} words and an answer of {settings.max_new_tokens} exceed "
                f"{self.context_tokens:,} words."
            )
            return Completion(text="", usage=Usage(), error=error)
        reply = before_stop(self._reply(prompt.messages[-1].content), settings.stop)[0].split(" ")
        words = reply[: settings.max_new_tokens]
        return Completion(
            text=" ".join(words),
            usage=Usage(prompt_tokens=n_prompt, completion_tokens=len(words), seconds=1e-6),
            logprob=self._logprob,
            truncated=len(reply) > settings.max_new_tokens,
        )

    def _reply(self, message: str) -> str:
        return self._script.get(message, DECLINE) if isinstance(self._script, Mapping) else self._script(message)

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """The words of the reply, then the completion. Raises InputError where the prompt is too long."""
        completion = self._complete(prompt, settings)
        if completion.error:
            raise InputError(completion.error, "give a shorter prompt")
        for i, word in enumerate(completion.text.split(" ")):
            yield word if i == 0 else f" {word}"
        yield completion

    def count_tokens(self, text: str) -> int:
        return len(text.split())
