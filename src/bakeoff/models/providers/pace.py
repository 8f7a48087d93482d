"""How fast a server is asked: as fast as it takes, once it has said that it gets too many requests.

A server that refuses with 429 has a limit that nobody knows beforehand. The rate of the requests that it took becomes
the pace of all that follow, from every client of this process. The pace grows slowly, so that a limit which rises is
used, and each further refusal lowers it again. Until the first refusal nothing waits.

Knows no protocol and sends nothing. Sources: D.-M. Chiu, R. Jain 1989, Analysis of the Increase and Decrease Algorithms
for Congestion Avoidance; the adaptive retry mode of the AWS SDKs.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bakeoff.models.cancelling import caller, sleep

WINDOW_S, SHORT_S = 60.0, 2.0
"""How far back the requests count that a server took: for its limit, and for what it takes now."""
SHARE, LEAST_SHARE = 0.95, 0.8
"""The new pace as a share of the last one, or of the rate that the server took; and of what it takes now, at least."""
MOST_LESS = 0.85
"""No refusal lowers the pace to less than this share, once there is one: another process may be the one that is too
fast, and who falls further than it never gets its part."""
GROWTH, SOON_S = 0.001, 120.0
"""By how much of the pace it grows with each request; and the seconds that double it anyway, later faster."""
FORGET_S, TOWARDS = 120.0, 0.93
"""What the server took before it refused is known for long, and the pace grows as fast as that one would: whoever
shares a limit with a faster process gets its part, and all of it when the other has ended. What is known halves in so
many seconds, and becomes so much smaller with each refusal."""
FIRST, SLOWEST, FASTEST = 10.0, 0.1, 10_000.0
"""Requests a second: where the server has taken none yet, at least, and at most. It is halved while it takes none, and
then doubled up to the first with each that it takes.
"""
CLOSED_S = 900.0
"""After so many seconds of refusals alone nothing waits for a turn: every question of a run would, for nothing."""


class Pace:
    """The pace of one model at one server. Safe to use from several threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic, wait: Callable[[float], None] = sleep) -> None:
        self._now, self._wait = now, wait
        self._lock = threading.Lock()
        self._line: deque[threading.Event] = deque()
        """Who waits, in the order of arrival. The first one's is set."""
        self._left: deque[float] = deque()
        """When requests of the last seconds left that the server took, or has not answered yet."""
        self._took_at = -math.inf
        """When the server last answered that it took a request."""
        self._rate: float | None = None
        self._changed = self._next = 0.0
        self._met, self._met_at = 0.0, 0.0
        """How many requests a second the server took when it refused, and when that was."""
        self._is_blind = False
        """Whether the pace was lowered without knowing any that the server takes."""
        self._only_refused_since: float | None = None

    def turn(self) -> float:
        """Waits until the next request may leave. Gives the time at which it does, which `refused` is told."""
        with self._lock:
            if self._rate is None:
                return self._leaves(self._now())
        with holding_back, self._first_in_line():
            while (wait_s := self.wait_s()) > 0:
                self._wait(wait_s)
            with self._lock:
                return self._leaves(self._now())

    @contextmanager
    def _first_in_line(self) -> Iterator[None]:
        """One waits for the time at which a request may leave, the others for this one: that time may still change."""
        turn = threading.Event()
        with self._lock:
            self._line.append(turn)
            self._line[0].set()
        try:
            with caller().when_gone(turn.set):
                turn.wait()
            caller().raise_if_gone()
            yield
        finally:
            with self._lock:
                self._line.remove(turn)
                if self._line:
                    self._line[0].set()

    def wait_s(self) -> float:
        """The seconds until the next request may leave."""
        with self._lock:
            now, since = self._now(), self._only_refused_since
            return 0.0 if since is not None and now - since > CLOSED_S else max(0.0, self._next - now)

    def taken(self) -> None:
        """The server took a request."""
        with self._lock:
            self._only_refused_since = None
            if self._is_blind and self._rate is not None and self._rate < FIRST:
                self._rate = min(FIRST, 2 * self._rate)
            self._took_at = self._now()

    def _leaves(self, now: float) -> float:
        self._left.append(now)
        while self._left[0] < now - WINDOW_S:
            self._left.popleft()
        rate = self._at(now)
        self._next = now + 1 / rate if rate else now
        return now

    def refused(self, left: float, wait_s: float) -> None:
        """The server refused a request that left at this time, and asks to wait so long, or 0.

        Of requests that left before the pace was lowered, no further one lowers it: they left too early to know.
        """
        with self._lock:
            now = self._now()
            if self._only_refused_since is None:
                self._only_refused_since = now
            if left in self._left:
                self._left.remove(left)
            if self._rate is None or left > self._changed:
                takes = self._took_at >= now - WINDOW_S  # what is under way counts, if any was taken
                self._met = max(self._rate_taken(now, WINDOW_S), TOWARDS * self._known(now)) if takes else 0.0
                self._met_at = now
                self._rate, self._changed = self._lowered(now), now
                self._next = max(self._next, now + 1 / self._rate)
            self._next = max(self._next, now + wait_s)

    def _at(self, now: float) -> float | None:
        """The pace at this time: None before the first refusal."""
        if self._rate is None:
            return None
        since = max(0.0, now - self._changed)
        steps = GROWTH * max(self._rate, self._known(now)) ** 2 * since
        return min(FASTEST, self._rate * (1.0 + (since / SOON_S) ** 3) + steps)

    def _known(self, now: float) -> float:
        """What the server took when it refused, the less the longer that is ago."""
        return self._met * 0.5 ** (max(0.0, now - self._met_at) / FORGET_S)

    def _lowered(self, now: float) -> float:
        """The pace after a refusal."""
        pace, taken = self._at(now), self._rate_taken(now, WINDOW_S)
        self._is_blind = not taken
        if not taken:
            return max(SLOWEST, pace / 2) if pace else FIRST
        lower = SHARE * (min(pace, taken) if pace else taken)
        return max(SLOWEST, lower, LEAST_SHARE * self._rate_taken(now, SHORT_S), MOST_LESS * (pace or 0.0))

    def _rate_taken(self, now: float, within_s: float) -> float:
        """Requests a second that the server took in the last seconds, as far as it has answered."""
        recent = [at for at in self._left if at >= now - within_s]
        return len(recent) / max(0.5, now - recent[0]) if recent else 0.0


class _HoldingBack:
    """The seconds in which at least one thread waited, for its turn or for as long as a server asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n = 0
        self._since = self._seconds = 0.0

    def __enter__(self) -> None:
        with self._lock:
            if not self._n:
                self._since = time.perf_counter()
            self._n += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._n -= 1
            if not self._n:
                self._seconds += time.perf_counter() - self._since

    def seconds(self) -> float:
        with self._lock:
            return self._seconds + (time.perf_counter() - self._since if self._n else 0.0)


holding_back = _HoldingBack()
_paces: dict[tuple[str, str, str | None], Pace] = {}
_lock = threading.Lock()


def pace_of(base_url: str, model: str, key_env: str | None) -> Pace:
    """The pace of this model at this server for the holder of this key, shared by all its clients."""
    with _lock:
        return _paces.setdefault((base_url, model, key_env), Pace())


def held_back() -> Callable[[], float]:
    """From now on: the seconds in which requests waited because a server got too many. They are no part of any model's
    latency.
    """
    begun = holding_back.seconds()
    return lambda: holding_back.seconds() - begun
