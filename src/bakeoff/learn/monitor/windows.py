"""Figures of use by window: questions, declined and failed ones, times, tokens, thumbs, age of documents.

Takes logged answers and thumbs one by one, gives `Figures` of any days. Memory grows with days, releases and
contenders, not with answers: times and ages are counted in bins 2 % wide. Days are those of UTC; weeks begin on Monday.
Knows no prices and no file.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from bakeoff.records import Record
from bakeoff.serve.log_entries import LoggedAnswer

BIN = math.log(1.02)


def week_of(day: date) -> date:
    """The Monday of the week."""
    return day - timedelta(days=day.weekday())


@dataclass
class Cell:
    """Counts of one day, release and contender. `n_dated` are answers whose documents have a known age."""

    n: int = 0
    declined: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    up: int = 0
    down: int = 0
    n_dated: int = 0
    n_old: int = 0
    slow: int = 0
    latencies: Counter[int] = field(default_factory=Counter)
    ages: Counter[int] = field(default_factory=Counter)

    def add(self, answer: LoggedAnswer, limit_ms: float | None = None) -> None:
        """Counts an answer; `slow` ones took longer than the limit."""
        self.n += 1
        self.prompt_tokens += answer.prompt_tokens
        self.completion_tokens += answer.completion_tokens
        if answer.error is not None:
            self.failed += 1
            return
        self.declined += answer.declined
        if answer.latency_ms is not None:
            self.latencies[_bin(answer.latency_ms)] += 1
            self.slow += limit_ms is not None and answer.latency_ms > limit_ms

    def add_age(self, days: float, limit_days: float | None) -> None:
        """Counts the age of the oldest document behind an answer."""
        self.n_dated += 1
        self.n_old += limit_days is not None and days > limit_days
        self.ages[_bin(days)] += 1

    def merge(self, other: "Cell") -> None:
        for name in ("n", "declined", "failed", "prompt_tokens", "completion_tokens", "up", "down", "n_dated", "n_old",
                     "slow"):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.latencies.update(other.latencies)
        self.ages.update(other.ages)


Key = tuple[date, int | None, str]
"""Day, release and contender."""


class Figures(Record):
    """What happened in a window of whole days. Shares are of questions, None without any.

    `declined_share` leaves failed answers out. `cost_usd` is None where no price is known. `old_share` is the share of
    answers with dated documents whose oldest document is older than twice the interval of updates; None without one.
    """

    start: date
    days: int
    questions: int = 0
    declined_share: float | None = None
    failed_share: float | None = None
    slow_share: float | None = None
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    thumbs_up: int = 0
    thumbs_down: int = 0
    document_age_days: float | None = None
    old_share: float | None = None


class Part(Record):
    """The figures of one contender of one release."""

    release: int | None
    contender: str
    figures: Figures


def figures(cells: Iterable[Cell], start: date, days: int, cost_usd: float | None = None) -> Figures:
    """The figures of these cells together."""
    total = Cell()
    for cell in cells:
        total.merge(cell)
    answered = total.n - total.failed
    return Figures(
        start=start,
        days=days,
        questions=total.n,
        declined_share=_share(total.declined, answered),
        failed_share=_share(total.failed, total.n),
        slow_share=_share(total.slow, total.latencies.total()),
        latency_p50_ms=quantile(total.latencies, 0.5),
        latency_p95_ms=quantile(total.latencies, 0.95),
        prompt_tokens=total.prompt_tokens,
        completion_tokens=total.completion_tokens,
        cost_usd=cost_usd,
        thumbs_up=total.up,
        thumbs_down=total.down,
        document_age_days=quantile(total.ages, 0.5),
        old_share=_share(total.n_old, total.n_dated),
    )


def quantile(bins: Counter[int], share: float) -> float | None:
    """The value that this share of all values does not exceed, within 1 %; None without values."""
    wanted, seen = share * bins.total(), 0
    for place in sorted(bins):
        seen += bins[place]
        if seen >= wanted:
            return math.exp((place + 0.5) * BIN)
    return None


def _bin(value: float) -> int:
    return math.floor(math.log(max(value, 0.01)) / BIN)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
