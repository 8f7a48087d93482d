"""Asks a server for many completions at once.

Takes a function for one completion, and prompts. Knows nothing about the server.
"""

import time
from collections.abc import Callable, Sequence

from bakeoff.models.providers.asking import failed
from bakeoff.models.providers.client import ApiError
from bakeoff.models.providers.threads import in_parallel
from bakeoff.models.spending.calls import seconds_of_earlier_replies
from bakeoff.records import Completion, Prompt


def complete_all(
    complete: Callable[[Prompt], Completion], prompts: Sequence[Prompt], concurrency: int
) -> list[Completion]:
    """One completion for each prompt, in order. At most `concurrency` requests run at a time.

    If a request fails after all retries, its completion holds the error. Requests that overlap share the wall time of
    the whole call, each by how long it took: otherwise a machine paid by the hour would be counted several times.
    A reply that a killed session has paid for counts with its share of the time that it took then.
    """
    again: dict[int, float] = {}

    def completion(i: int) -> Completion:
        seconds_of_earlier_replies()  # those of embeddings in this thread are no part of this completion
        begun = time.perf_counter()
        try:
            return complete(prompts[i])
        except ApiError as error:
            return failed(error, time.perf_counter() - begun)
        finally:
            again[i] = seconds_of_earlier_replies()

    begun = time.perf_counter()
    completions = in_parallel(completion, range(len(prompts)), concurrency)
    wall = time.perf_counter() - begun
    together = sum(one.usage.seconds for one in completions)
    factor = wall / together if together > wall else 1.0
    return [_took(one, factor, again[i] / concurrency) for i, one in enumerate(completions)]


def _took(completion: Completion, factor: float, more_s: float) -> Completion:
    if factor == 1.0 and not more_s:
        return completion
    usage = completion.usage.model_copy(update={"seconds": completion.usage.seconds * factor + more_s})
    return completion.model_copy(update={"usage": usage})
