"""A generator whose every next-token probability is known: a stand-in for models that show theirs."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from bakeoff.errors import TooLongError
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.models.stops import before_stop, pieces_before_stop
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage

END = "<end>"
LIKELY = 0.9


class WordSteps:
    """Each prompt has a reply. Its next word has probability .9 as long as nothing else was said; else all are equal.

    What .9 leaves is shared by the other words of the vocabulary.
    """

    def __init__(self, replies: Sequence[str], words: list[str], n_prompt: Sequence[int], settings: GenerationSettings):
        self.prompt_tokens = tuple(n_prompt)
        self.words, self._settings = words, settings
        self._replies = [[*(words.index(word) for word in reply.split()), words.index(END)] for reply in replies]
        self._said: list[list[int]] = [[] for _ in replies]

    def next_log_probs(self) -> np.ndarray:
        return np.array([self._log_probs(i, said) for i, said in enumerate(self._said)])

    def advance(self, tokens: Sequence[int]) -> None:
        for said, token in zip(self._said, tokens, strict=True):
            said.append(token)

    def log_probs_of(self, continuation: Sequence[int]) -> np.ndarray:
        return np.array(
            [
                sum(self._log_probs(i, continuation[:n])[token] for n, token in enumerate(continuation))
                for i in range(len(self._replies))
            ]
        )

    def _log_probs(self, prompt: int, said: Sequence[int]) -> np.ndarray:
        n, reply = len(self.words), self._replies[prompt]
        if list(said) != reply[: len(said)] or len(said) >= len(reply):
            return np.full(n, -np.log(n))
        row = np.full(n, np.log((1 - LIKELY) / (n - 1)))
        row[reply[len(said)]] = np.log(LIKELY)
        return row

    def is_ended(self, ids: Sequence[int]) -> bool:
        text = self._text(ids)
        limit = len(ids) >= self._settings.max_new_tokens
        return limit or self.words[ids[-1]] == END or before_stop(text, self._settings.stop)[1]

    def written(self, ids: Sequence[int]) -> Completion:
        text, stopped = before_stop(self._text(ids), self._settings.stop)
        cut = not stopped and self.words[ids[-1]] != END
        return Completion(text=text, usage=Usage(), truncated=cut)

    def pieces(self, chosen: Iterable[Sequence[int]]) -> Iterator[str]:
        def texts() -> Iterator[str]:
            for number, (token,) in enumerate(chosen):
                if self.words[token] != END:
                    yield f" {self.words[token]}" if number else self.words[token]

        return pieces_before_stop(texts(), self._settings.stop)

    def _text(self, ids: Sequence[int]) -> str:
        return " ".join(self.words[token] for token in ids if self.words[token] != END)


class WordGenerator(ScriptedGenerator):
    """Replies by a script, and shows the probabilities of all words."""

    def __init__(self, script: Callable[[str], str], context_tokens: int = 1_000_000) -> None:
        super().__init__(script, context_tokens)

    def steps(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> WordSteps:
        lengths = [sum(self.count_tokens(message.content) for message in prompt.messages) for prompt in prompts]
        if max(lengths) + settings.max_new_tokens > self.context_tokens:
            raise TooLongError("The prompt is too long.", "ask a shorter question")
        replies = [self._reply(prompt.messages[-1].content) for prompt in prompts]
        words = list(dict.fromkeys([*" ".join(replies).split(), END, "other"]))
        return WordSteps(replies, words, lengths, settings)
