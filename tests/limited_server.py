"""A server with a limit, and threads that ask it at the pace of the client, in simulated time."""

import heapq
import itertools
import math
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bakeoff.models.providers.pace import Pace
from bakeoff.models.providers.retry import backoff_s

Takes = Callable[[float], bool]
RETRIES = 4


class Outcome(NamedTuple):
    """What a simulation saw after the first minute: requests a second that were taken, the share of refused ones; and
    how many were given up altogether. `end_s` is when the last one was taken.
    """

    taken_per_s: float
    refused: float
    dropped: int
    end_s: float


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
    takes: Takes,
    threads: int = 32,
    answer_s: float = 0.2,
    until_s: float = 240.0,
    asked_wait_s: float = 0.0,
    questions: Sequence[float] = (math.inf,),
    apart_s: float = 0.0,
) -> Outcome:
    """Threads that ask one question after another, by the rules of the client: a backoff and four retries.

    `questions` are those of each of several processes with as many threads, which know nothing of one another. Each
    begins so many seconds after the one before.
    """
    random.seed(1)  # of the client's own backoff
    chance, clock, number = random.Random(1), [0.0], itertools.count()
    paces = [Pace(now=lambda: clock[0], wait=lambda seconds: None) for _ in questions]
    events: list[tuple[float, int, str, int, int, float]] = []
    lines: list[list[int]] = [[] for _ in questions]
    left_to_ask = [*questions]
    seen, dropped, end_s = list[tuple[float, bool]](), 0, 0.0

    def later(at: float, what: str, who: int, attempt: int = 0, left: float = 0.0) -> None:
        heapq.heappush(events, (at, next(number), what, who, attempt, left))

    def queue(who: int, attempt: int) -> None:
        lines[who].append(attempt)
        if len(lines[who]) == 1:
            later(clock[0], "first in line", who)

    def ask(who: int) -> None:
        if left_to_ask[who] > 0:
            left_to_ask[who] -= 1
            queue(who, 0)

    for who in range(len(questions)):
        for _ in range(threads):
            later(who * apart_s, "begins", who)
    while events and events[0][0] < until_s:
        clock[0], _, what, who, attempt, left = heapq.heappop(events)
        pace, line = paces[who], lines[who]
        if what == "first in line":
            wait_s = pace.wait_s()
            if wait_s > 0:
                later(clock[0] + wait_s, what, who)
                continue
            attempt, left = line.pop(0), pace.turn()
            is_taken = takes(clock[0])
            seen.append((clock[0], is_taken))
            took_s = answer_s * chance.uniform(0.5, 1.5) if is_taken else 0.02
            later(clock[0] + took_s, "taken" if is_taken else "refused", who, attempt, left)
            if line:
                later(clock[0], "first in line", who)
        elif what == "refused":
            pace.refused(left, asked_wait_s)
            dropped += attempt == RETRIES
            if attempt == RETRIES:
                ask(who)
            else:
                later(clock[0] + (asked_wait_s or backoff_s(attempt)), "again", who, attempt + 1)
        elif what == "begins":
            ask(who)
        elif what == "taken":
            pace.taken()
            end_s = clock[0]
            ask(who)
        else:
            queue(who, attempt)
    until_s = min(until_s, end_s) if not events else until_s
    late = [is_taken for at, is_taken in seen if at >= 60]
    return Outcome(sum(late) / (until_s - 60), 1 - sum(late) / len(late), dropped, end_s)
