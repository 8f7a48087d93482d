"""Coverage: whether the questions of a week find worse passages than those of the pilot did.

Takes scores of the best passage for each question: a reference and weeks. Gives a p-value for each week by a
permutation test of ranks, which needs no distribution and no sizes to be large; equal scores share their ranks. If the
questions of a week are like those of the reference, its p-value is below a level in at most that share of weeks. So the
level follows from how many false alarms a year are allowed. Knows no log and no file.

An alarm needs a difference that matters, too: with thousands of questions a week, any two groups differ measurably. The
guard makes alarms rarer, never more frequent.

Sources: Pitman 1937 (permutation tests); Besag and Clifford 1991, doi:10.1093/biomet/78.2.301 (drawing until enough is
seen); Phipson and Smyth 2010, doi:10.2202/1544-6115.1585 (p-values of random permutations are never 0); Vargha and
Delaney 2000, doi:10.3102/10769986025002101 (.56 is a small effect).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from bakeoff.records import Record

FALSE_ALARMS_PER_YEAR = 0.2
"""Of coverage, on average over deployments. The pilot's questions are a sample that every week is compared with: where
it is unlucky, false alarms come more often. At this rate few years have more than one (docs/results/learning.md)."""
WEEKS_PER_YEAR = 365.25 / 7
LEVEL = FALSE_ALARMS_PER_YEAR / WEEKS_PER_YEAR
"""Of the test of one week: .0038. Weeks with too few questions are joined, so there are never more tests than weeks."""
LEAST = 50
"""Distinct questions of a window. With fewer, weeks are joined."""
SMALL = 0.56
"""The chance that a question of the week scores below one of the reference, below which nothing is said."""
N_PERMUTATIONS = 4999
ENOUGH = 40
"""So many permutations with a sum as low are enough to see that a p-value is not small."""
BATCH = 250
MOST = 2000
"""Scores of either side that a test uses."""
LOW_QUANTILE = 0.05
SEED = 13


class Window(Record):
    """The questions of one or more weeks against the reference.

    `lower` is the chance that one of them scores below one of the reference (equal scores count half): .5 if they are
    alike. `poor_share` is the share with passages worse than those of 95 % of the reference. `fell`: an alarm.
    """

    start: date
    end: date
    n: int
    median: float
    lower: float
    poor_share: float
    p: float
    fell: bool


class Coverage(Record):
    """All windows, the oldest first. `reference` says in words what they are compared with; empty if nothing was.

    `poor_score` is the score that 5 % of the reference do not reach. `note` says why nothing was compared.
    """

    reference: str = ""
    n_reference: int = 0
    poor_score: float | None = None
    level: float = LEVEL
    windows: tuple[Window, ...] = ()
    note: str = ""

    @property
    def since(self) -> date | None:
        """Since when coverage has been lower, if it is in the last window: the start of the unbroken row of alarms."""
        since = None
        for window in reversed(self.windows):
            if not window.fell:
                break
            since = window.start
        return since


def coverage(reference: Sequence[float], source: str, weeks: Sequence[tuple[date, Sequence[float]]]) -> Coverage:
    """Compares full weeks (Monday and scores, the oldest first) with the reference."""
    if len(reference) < LEAST:
        return Coverage(note=f"Coverage needs at least {LEAST} questions to compare with; there are {len(reference)}.")
    base = _thinned(np.asarray(reference, float))
    poor = float(np.quantile(base, LOW_QUANTILE))
    windows = tuple(_window(base, poor, start, end, scores) for start, end, scores in _joined(weeks))
    return Coverage(reference=source, n_reference=len(reference), poor_score=poor, windows=windows)


@lru_cache(maxsize=128)
def _p(reference: bytes, window: bytes) -> float:
    """The p-value of a window. Full weeks do not change, and a server asks each minute."""
    return p_fell(np.frombuffer(reference), np.frombuffer(window))


def p_fell(reference: np.ndarray, window: np.ndarray, n_permutations: int = N_PERMUTATIONS) -> float:
    """The one-sided p-value of the window not scoring lower than the reference."""
    ranks = _mid_ranks(np.concatenate([window, reference]))
    n, measured = len(window), ranks[: len(window)].sum()
    draw = np.random.default_rng((SEED, n, len(reference)))
    n_as_low = n_drawn = 0
    while n_drawn < n_permutations:
        rows = min(BATCH, n_permutations - n_drawn)
        # Floats that add up in another order may differ in the last digit; ranks are halves, so their sums are exact.
        sums = draw.permuted(np.tile(ranks, (rows, 1)), axis=1)[:, :n].sum(axis=1)
        as_low = np.flatnonzero(sums <= measured)
        if n_as_low + len(as_low) >= ENOUGH:
            return ENOUGH / (n_drawn + int(as_low[ENOUGH - n_as_low - 1]) + 1)
        n_as_low, n_drawn = n_as_low + len(as_low), n_drawn + rows
    return (1 + n_as_low) / (1 + n_permutations)


def _window(base: np.ndarray, poor: float, start: date, end: date, scores: Sequence[float]) -> Window:
    values = _thinned(np.asarray(scores, float))
    lower = _chance_lower(base, values)
    p = _p(base.tobytes(), values.tobytes())
    return Window(
        start=start,
        end=end,
        n=len(scores),
        median=float(np.median(values)),
        lower=lower,
        poor_share=float((values < poor).mean()),
        p=p,
        fell=p <= LEVEL and lower >= SMALL,
    )


def _joined(weeks: Sequence[tuple[date, Sequence[float]]]) -> list[tuple[date, date, list[float]]]:
    """Weeks with the days they begin and end before; those with too few questions are joined with the next ones."""
    windows: list[tuple[date, date, list[float]]] = []
    start, scores = None, list[float]()
    for monday, of_week in weeks:
        start = start or monday
        scores += list(of_week)
        if len(scores) >= LEAST:
            windows.append((start, monday + timedelta(days=7), scores))
            start, scores = None, []
    return windows


def _mid_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1; equal values have the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.asarray((last - (counts - 1) / 2)[place])


def _chance_lower(base: np.ndarray, values: np.ndarray) -> float:
    """The chance that a value is below one of the base; equal ones count half."""
    ordered = np.sort(base)
    above = len(base) - np.searchsorted(ordered, values, "right")
    equal = np.searchsorted(ordered, values, "right") - np.searchsorted(ordered, values, "left")
    return float((above + equal / 2).mean() / len(base))


def _thinned(values: np.ndarray) -> np.ndarray:
    """At most so many values, drawn evenly: the order says nothing about the scores."""
    return values if len(values) <= MOST else values[np.linspace(0, len(values) - 1, MOST).astype(int)]
