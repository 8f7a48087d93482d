"""A generator that follows a script: deterministic, without a model. It ships, for tests and dry runs.

Takes a function from the last user message to a reply. Counts words as tokens.
"""

from collections.abc import Callable, Iterator, Sequence

from bakeoff.prompts import DECLINE
from bakeoff.records import Completion, Prompt, Usage


def decline(message: str) -> str:
    """The reply of a model that knows nothing."""
    return DECLINE


class ScriptedGenerator:
    """Replies by a function; every reply has the same log-probability."""

    def __init__(
        self, reply: Callable[[str], str] = decline, context_tokens: int = 1_000_000, logprob: float = -0.1
    ) -> None:
        self.name = "scripted"
        self.context_tokens = context_tokens
        self._reply = reply
        self._logprob = logprob

    def generate(self, prompts: Sequence[Prompt], max_tokens: int) -> list[Completion]:
        """One completion for each prompt, in order, cut after max_tokens words."""
        return [self._complete(prompt, max_tokens) for prompt in prompts]

    def _complete(self, prompt: Prompt, max_tokens: int) -> Completion:
        words = self._reply(prompt.messages[-1].content).split(" ")[:max_tokens]
        n_prompt = sum(self.count_tokens(message.content) for message in prompt.messages)
        return Completion(
            text=" ".join(words),
            usage=Usage(prompt_tokens=n_prompt, completion_tokens=len(words), seconds=1e-6),
            logprob=self._logprob,
        )

    def stream(self, prompt: Prompt, max_tokens: int) -> Iterator[str]:
        """The words of the reply."""
        for i, word in enumerate(self._complete(prompt, max_tokens).text.split(" ")):
            yield word if i == 0 else f" {word}"

    def count_tokens(self, text: str) -> int:
        return len(text.split())
