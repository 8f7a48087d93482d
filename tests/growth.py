"""How the time of some work grows with its size, measured in one run: what a test holds in place of absolute times."""

import gc
import time
from collections.abc import Callable

LINEAR = 8
"""The most that four times the work may take, as a multiple: between proportional (4) and quadratic (16) growth."""

ATTEMPTS = 3
"""How often it is measured before it counts as more: what runs beside it may slow down one attempt."""


def growth(work: Callable[[int], object], size: int, factor: int = 4, repeats: int = 3, goal: float = LINEAR) -> float:
    """Processor time of the work at `factor` times the size, over that at the size; each the best of `repeats`.

    Work that grows in proportion to its size gives about `factor`, quadratic work about its square. A ratio above the
    goal is measured again, up to `ATTEMPTS` times, and the least one counts.
    """
    least = float("inf")
    for _ in range(ATTEMPTS):
        least = min(least, _best(work, factor * size, repeats) / _best(work, size, repeats))
        if least <= goal:
            break
    return least


def _best(work: Callable[[int], object], size: int, repeats: int) -> float:
    """The least processor seconds of several runs, without collecting garbage: other tests' objects would count."""
    times = []
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(repeats):
            started = time.process_time()
            work(size)
            times.append(time.process_time() - started)
    finally:
        if collecting:
            gc.enable()
    return min(times)
