"""Batches with paged attention: prompts of any length continued together, none padded, each ending on its own.

Takes token ids, gives new token ids with their log-probabilities, greedy only. A prompt that it cannot continue has
none, and is for padded batches. Beginnings that prompts share are read once.
Sources: transformers, `ContinuousBatchingManager` (https://huggingface.co/docs/transformers/continuous_batching); Kwon
et al. 2023, "Efficient Memory Management for Large Language Model Serving with PagedAttention" (arXiv 2309.06180).
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from transformers import GenerationConfig

from bakeoff.models.cancelling import LOOK_EVERY_S, caller
from bakeoff.models.weights import quiet_libraries

SHARE_OF_FREE_MEMORY = 0.8
"""Of a GPU: the rest is for the layers' own results, and for an embedder beside it."""
PAGE_TOKENS, BATCH_TOKENS = 64, 512
"""Of a CPU, whose free memory transformers does not divide."""

_log = logging.getLogger(__name__)


class Written(NamedTuple):
    """New tokens of one prompt, and the log-probability of each."""

    tokens: list[int]
    logprobs: list[float]


class PagedBatches:
    """A model of transformers with paged attention. `problem` says why it is not used any more; empty if it is."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.problem = "" if _can_give_logprobs() else "this version of transformers gives no log-probabilities"

    def continued(
        self, ids: Sequence[Sequence[int]], settings: GenerationConfig, is_stopped: Callable[[Sequence[int]], bool]
    ) -> list[Written | None]:
        """For each prompt what follows, up to an end token, or until `is_stopped` of its new tokens.

        All are None where the model cannot be run so. Raises CallerGoneError if the caller leaves.
        """
        found: dict[str, Written] = {}
        names: list[str] = []
        try:
            with quiet_libraries(), self._running(ids, settings) as manager:
                names = manager.add_requests(
                    [list(one) for one in ids], max_new_tokens=settings.max_new_tokens, streaming=True
                )
                found = _finished(manager, set(names), is_stopped)
        except (ValueError, NotImplementedError, AttributeError, RuntimeError) as error:  # what models are refused with
            self.problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        caller().raise_if_gone()
        if not found and not self.problem:
            self.problem = "it continued no prompt"
        if self.problem:
            _log.warning("Paged attention is not used for this model, and batches are padded (%s).", self.problem)
        return [found.get(name) for name in names] or [None] * len(ids)

    def _running(self, ids: Sequence[Sequence[int]], settings: GenerationConfig) -> Any:
        from transformers.generation import ContinuousBatchingConfig
        from transformers.generation.continuous_batching.utils import WorkloadHints

        longest = max(len(one) for one in ids)
        most_new = settings.max_new_tokens or 0
        n_pages = sum(-(-(len(one) + most_new) // PAGE_TOKENS) for one in ids)
        on_cpu = {"num_blocks": n_pages + 1, "page_size": PAGE_TOKENS, "max_batch_tokens": BATCH_TOKENS}
        on_gpu = {"max_memory_percent": SHARE_OF_FREE_MEMORY}
        return self._model.continuous_batching_context_manager(
            generation_config=settings,
            continuous_batching_config=ContinuousBatchingConfig(
                return_logprobs=True,
                auto_switch_to_flash=False,  # it would look for kernels on the hub
                **(on_cpu if self._model.device.type == "cpu" else on_gpu),
            ),
            workload_hints=WorkloadHints(longest, most_new, len(ids)),
            warmup=False,
            timeout=5,
        )


def _finished(manager: Any, open_: set[str], is_stopped: Callable[[Sequence[int]], bool]) -> dict[str, Written]:
    """What was written for the requests that are open, by name; what failed is missing. Those that stop are ended."""
    found: dict[str, Written] = {}
    for output in _outputs(manager, open_):
        name, written = output.request_id, Written(list(output.generated_tokens), list(output.logprobs))
        if name not in open_:
            continue  # tokens that were under way when it was ended
        if output.error is not None:
            open_.discard(name)
        elif output.is_finished():
            open_.discard(name)
            found[name] = written
        elif is_stopped(written.tokens):
            manager.cancel_request(name)
            open_.discard(name)
            found[name] = written
    return found


def _outputs(manager: Any, open_: set[str]) -> Iterator[Any]:
    """What the manager delivers, until no request is open, it has ended, or nobody waits for it any more."""
    while open_ and not caller().is_gone:
        output = manager.get_result(timeout=LOOK_EVERY_S)
        if output is not None:
            yield output
        elif not manager.is_running():
            return


def _can_give_logprobs() -> bool:
    try:
        from transformers.generation import ContinuousBatchingConfig
    except ImportError:
        return False
    return "return_logprobs" in ContinuousBatchingConfig.__dataclass_fields__
