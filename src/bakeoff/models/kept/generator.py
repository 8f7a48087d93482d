"""A generator that asks its model only for what no earlier run has asked.

Takes a generator, the key of its model and kept results. Gives the completions that it would give, with the usage that
they had. Where latency is measured, or a model is tested, the model is always asked.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from bakeoff.models.kept.results import Kept, KeptResults
from bakeoff.models.spending.who import LATENCY, LOADING, asker
from bakeoff.protocols import Generator, SteppingGenerator
from bakeoff.records import Completion, GenerationSettings, Prompt

KIND = "answers"


class KeptGenerator:
    """A generator with the completions of earlier runs. What it has besides `generate` is that of the generator.

    `model` is a key of all that an answer depends on besides prompt and settings. `days` limits how old a completion
    may be.
    """

    def __init__(self, generator: Generator, model: str, results: KeptResults, days: int | None = None) -> None:
        self.name = generator.name
        self.context_tokens = generator.context_tokens
        self._generator = generator
        self._model = model
        self._results = results
        self._days = days

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order: a kept one, or a new one, which is kept unless it failed."""
        if asker().stage in (LATENCY, LOADING):
            return self._generator.generate(prompts, settings)
        keys = [self._key(prompt, settings) for prompt in prompts]
        found = self._results.get(KIND, keys, self._days)
        missing = [i for i, key in enumerate(keys) if key not in found]
        new = self._generator.generate([prompts[i] for i in missing], settings) if missing else []
        fresh = dict(zip(missing, new, strict=True))
        self._results.put(
            KIND,
            {
                keys[i]: Kept(completion.model_dump_json().encode(), completion.usage.seconds)
                for i, completion in fresh.items()
                if completion.error is None
            },
        )
        return [fresh[i] if i in fresh else self._completion(found[key]) for i, key in enumerate(keys)]

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """As the generator does: a stream is for somebody who waits."""
        return self._generator.stream(prompt, settings)

    def count_tokens(self, text: str) -> int:
        return self._generator.count_tokens(text)

    def _completion(self, kept: Kept) -> Completion:
        return Completion.model_validate_json(kept.value)

    def _key(self, prompt: Prompt, settings: GenerationSettings) -> bytes:
        content = "\0".join([KIND, self._model, settings.model_dump_json(), prompt.model_dump_json()])
        return hashlib.sha256(content.encode()).digest()


class KeptSteppingGenerator(KeptGenerator):
    """The same for a generator that shows the probability of every next token."""

    def steps(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> Any:
        """As the generator does: probabilities are not kept."""
        return self._generator.steps(prompts, settings)  # type: ignore[attr-defined]


def keeping(generator: Generator, model: str, results: KeptResults, days: int | None = None) -> KeptGenerator:
    """The generator with the completions of earlier runs."""
    kind = KeptSteppingGenerator if isinstance(generator, SteppingGenerator) else KeptGenerator
    return kind(generator, model, results, days)
