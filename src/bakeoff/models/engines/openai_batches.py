"""Models behind OpenAI's batch API: cheaper, and answered within a day. Never where latency is measured.

Takes prompts, gives completions, as `openai.py`, which answers wherever a batch is not allowed and for lines that
failed in one.
"""

from collections.abc import Sequence

from bakeoff.models.engines.openai import OpenAiGenerator
from bakeoff.models.engines.openai_reading import completion_of
from bakeoff.models.providers.asking import asked_of
from bakeoff.models.providers.batches import Batches, named
from bakeoff.models.providers.client import ApiError
from bakeoff.models.providers.keys import key_of
from bakeoff.models.providers.retry import FIRST_WAIT_S
from bakeoff.models.settings import ApiModel
from bakeoff.models.spending.ledger import ledger
from bakeoff.models.spending.who import JUDGE, JUDGE_AGAIN, JUDGE_CANARIES, asker
from bakeoff.records import Completion, GenerationSettings, Prompt

BATCHED = ("calibrate", "present", "answer", "answer-updated", JUDGE, JUDGE_AGAIN, JUDGE_CANARIES)
"""The stages of a run that ask many questions and measure no time."""


class BatchingGenerator(OpenAiGenerator):
    """The same model. In the stages of a run that measure no time, several prompts are one batch."""

    def __init__(self, settings: ApiModel, first_wait_s: float = FIRST_WAIT_S) -> None:
        super().__init__(settings, first_wait_s)
        self._batches = Batches(self._client, settings, 10 * first_wait_s)

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order. Those of a batch say so in their usage.

        Raises SpendingStopped if a batch ends early; the rest as in OpenAI's protocol.
        """
        current = ledger()
        if current is None or not current.is_kept or asker().stage not in BATCHED or len(prompts) < 2:
            return super().generate(prompts, settings)
        key_of(self._settings)
        asked = asked_of(self._settings, settings)
        parameters = self._known.dialect.parameters(asked, {"logprobs": True})
        bodies = named([self._body(prompt, parameters) for prompt in prompts])
        replies = self._batches.replies(bodies, current)
        found: dict[int, Completion] = {}
        for i, name in enumerate(bodies):
            if name in replies:
                self._client.known(self._url, bodies[name], replies[name])
            try:
                completion = completion_of(replies[name], prompts[i], asked, 0.0, self.context_tokens)
            except (KeyError, ApiError):  # this line failed: it is asked again by itself
                continue
            usage = completion.usage.model_copy(update={"batched": True})
            found[i] = completion.model_copy(update={"usage": usage})
        left = [i for i in range(len(prompts)) if i not in found]
        found.update(zip(left, super().generate([prompts[i] for i in left], settings), strict=True))
        return [found[i] for i in range(len(prompts))]
