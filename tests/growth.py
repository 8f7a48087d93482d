"""How the time of some work grows with its size, measured in one run: what a test holds in place of absolute times."""

import time
from collections.abc import Callable


def growth(work: Callable[[int], object], size: int, factor: int = 4, repeats: int = 3) -> float:
    """Processor time of the work at `factor` times the size, over that at the size; each the best of `repeats`.

    Work that grows in proportion to its size gives about `factor`, quadratic work about its square.
    """
    return _best(work, factor * size, repeats) / _best(work, size, repeats)


def _best(work: Callable[[int], object], size: int, repeats: int) -> float:
    """The least processor seconds of several runs: what other work on the machine adds is left out."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        work(size)
        times.append(time.process_time() - started)
    return min(times)
