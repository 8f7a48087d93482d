"""Asks a server for many completions at once.

Takes a function for one completion, and prompts. Knows nothing about the server.
"""

import time
from collections.abc import Callable, Sequence

from bakeoff.models.providers.asking import failed
from bakeoff.models.providers.client import ApiError
from bakeoff.models.providers.threads import in_parallel
from bakeoff.records import Completion, Prompt


def complete_all(
    complete: Callable[[Prompt], Completion], prompts: Sequence[Prompt], concurrency: int
) -> list[Completion]:
    """One completion for each prompt, in order. At most `concurrency` requests run at a time.

    If a request fails after all retries, its completion holds the error. Requests that overlap share the wall time of
    the whole call, each by how long it took: otherwise a machine paid by the hour would be counted several times.
    """

    def completion(prompt: Prompt) -> Completion:
        begun = time.perf_counter()
        try:
            return complete(prompt)
        except ApiError as error:
            return failed(error, time.perf_counter() - begun)

    begun = time.perf_counter()
    completions = in_parallel(completion, prompts, concurrency)
    wall = time.perf_counter() - begun
    together = sum(one.usage.seconds for one in completions)
    return [_scaled(one, wall / together) for one in completions] if together > wall else completions


def _scaled(completion: Completion, factor: float) -> Completion:
    usage = completion.usage.model_copy(update={"seconds": completion.usage.seconds * factor})
    return completion.model_copy(update={"usage": usage})
