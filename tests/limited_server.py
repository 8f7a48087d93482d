"""A server with a limit, and threads that ask it at the pace of the client, in simulated time."""

import heapq
import itertools
import random
from collections.abc import Callable
from typing import NamedTuple

from bakeoff.models.providers.pace import Pace
from bakeoff.models.providers.retry import backoff_s

Takes = Callable[[float], bool]
RETRIES = 4


class Outcome(NamedTuple):
    """What a simulation saw after the first minute: requests a second that were taken, the share of refused ones; and
    how many were given up altogether.
    """

    taken_per_s: float
    refused: float
    dropped: int


def bucket(rate: float, burst: float) -> Takes:
    """A server that takes so many requests a second, and so many more after a pause."""
    left, last = burst, 0.0

    def takes(now: float) -> bool:
        nonlocal left, last
        left, last = min(burst, left + (now - last) * rate), now
        if left < 1:
            return False
        left -= 1
        return True

    return takes


def window(most: int, seconds: float) -> Takes:
    """A server that takes so many requests in each span of so many seconds."""
    counts: dict[int, int] = {}

    def takes(now: float) -> bool:
        span = int(now / seconds)
        counts[span] = counts.get(span, 0) + 1
        return counts[span] <= most

    return takes


def simulated(
    takes: Takes, threads: int = 32, answer_s: float = 0.2, until_s: float = 240.0, asked_wait_s: float = 0.0
) -> Outcome:
    """Threads that ask one question after another, by the rules of the client: a backoff and four retries."""
    chance, clock, number = random.Random(1), [0.0], itertools.count()
    pace = Pace(now=lambda: clock[0], wait=lambda seconds: None)
    events: list[tuple[float, int, str, int, float]] = []
    line: list[int] = []
    seen, dropped = list[tuple[float, bool]](), 0

    def later(at: float, what: str, attempt: int = 0, left: float = 0.0) -> None:
        heapq.heappush(events, (at, next(number), what, attempt, left))

    def queue(attempt: int) -> None:
        line.append(attempt)
        if len(line) == 1:
            later(clock[0], "first in line")

    for _ in range(threads):
        queue(0)
    while events and events[0][0] < until_s:
        clock[0], _, what, attempt, left = heapq.heappop(events)
        if what == "first in line":
            wait_s = pace.wait_s()
            if wait_s > 0:
                later(clock[0] + wait_s, what)
                continue
            attempt, left = line.pop(0), pace.turn()
            is_taken = takes(clock[0])
            seen.append((clock[0], is_taken))
            took_s = answer_s * chance.uniform(0.5, 1.5) if is_taken else 0.02
            later(clock[0] + took_s, "taken" if is_taken else "refused", attempt, left)
            if line:
                later(clock[0], "first in line")
        elif what == "refused":
            pace.refused(left, asked_wait_s)
            dropped += attempt == RETRIES
            if attempt == RETRIES:
                queue(0)
            else:
                later(clock[0] + (asked_wait_s or backoff_s(attempt)), "again", attempt + 1)
        else:
            if what == "taken":
                pace.taken()
            queue(attempt if what == "again" else 0)
    late = [is_taken for at, is_taken in seen if at >= 60]
    return Outcome(sum(late) / (until_s - 60), 1 - sum(late) / len(late), dropped)
