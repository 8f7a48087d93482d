"""Whether the alarms of monitoring can be trusted: simulated years of use with known truth, tested by the product.

    python benchmarks/monitor_simulations.py [--pilots 200] [--only coverage,found,accuracy] [--quick]

Prints tables in Markdown: false alarms of coverage in years without drift; after how many questions coverage is found
to have fallen, if a share of the questions is about something that the documents lack; false alarms of accuracy; and
after how many reviewed answers a drop of 10 points is found. `--pilots` is the number of simulated years. Scores of
best passages are drawn from those of the bundled support desk: its test questions, and general questions in place of
topics that its documents lack. Seeded. On one free core 200 years take about a quarter of an hour.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from printed_tables import Table, asked

from bakeoff.learn.monitor.accuracy import FactsOfWeek, fall
from bakeoff.learn.monitor.drift import LEVEL, SMALL, coverage
from bakeoff.measure.statistics import wilson

SEED = 13
WEEKS = 52
MONDAY = date(2026, 1, 5)
PLACES = np.linspace(0, 1, 21)
LIKE = (0.509, 0.729, 0.794, 0.843, 0.875, 0.903, 0.928, 0.947, 0.960, 0.978, 0.983, 0.992, *[1.0] * 9)
UNLIKE = (*[0.5] * 8, 0.529, 0.584, 0.605, 0.641, 0.692, 0.706, 0.735, 0.762, 0.812, 0.884, 0.930, 0.980, 1.0)
"""Quantiles (0, 5, ..., 100 %) of scores of `rag` on the support desk: 262 test questions, and 60 general ones."""


def scores(n: int, draw: np.random.Generator, unlike: float = 0.0) -> np.ndarray:
    """Scores of n questions, a share of which is about something else. About four in ten are exactly 1."""
    like, other = (np.interp(draw.random(n), PLACES, quantiles) for quantiles in (LIKE, UNLIKE))
    return np.where(draw.random(n) < unlike, other, like)


def monday(i: int) -> date:
    return MONDAY + timedelta(weeks=i)


class Year(NamedTuple):
    """A year without drift: weeks with a p-value below the level, weeks with an alarm, and alarms as somebody sees
    them: a row of weeks is one.
    """

    rejected: int
    weeks: int
    alarms: int


def quiet_year(n_pilot: int, n_week: int, seed: int) -> Year:
    draw = np.random.default_rng((SEED, n_pilot, n_week, seed))
    weeks = [(monday(i), scores(n_week, draw).tolist()) for i in range(WEEKS)]
    windows = coverage(scores(n_pilot, draw).tolist(), "the pilot", weeks).windows
    fell = [window.fell for window in windows]
    begins = sum(now and not before for before, now in zip([False, *fell], fell, strict=False))
    return Year(sum(window.p <= LEVEL for window in windows), sum(fell), begins)


def questions_to_find(n_pilot: int, n_week: int, unlike: float, seed: int) -> int | None:
    """How many questions were asked after topics changed, on a Monday, until a full week showed it; None in no year."""
    draw = np.random.default_rng((SEED, n_pilot, n_week, round(100 * unlike), seed))
    pilot = scores(n_pilot, draw).tolist()
    for i in range(1, WEEKS + 1):
        weeks = [(monday(j), scores(n_week, draw, unlike).tolist()) for j in range(max(1, 50 // n_week))]
        if coverage(pilot, "the pilot", weeks).since is not None:
            return i * n_week * len(weeks)
    return None


def pilot_low(p: float, n: int | None, draw: np.random.Generator) -> float:
    """The low end of the interval of the pilot's accuracy; of n questions, or known exactly."""
    return p if n is None else wilson(draw.binomial(n, p) / n, n, 1.96)[0]


def reviewed(p: Sequence[float], n_week: int, draw: np.random.Generator) -> list[FactsOfWeek]:
    right = [int(draw.binomial(n_week, value)) for value in p]
    return [FactsOfWeek(np.repeat([1.0, 0.0], [n, n_week - n]), np.ones(n_week)) for n in right]


def years_of_facts(n_repeats: int, seed: int, n_facts: int = 9, p: float = 0.8, years: int = 1) -> list[FactsOfWeek]:
    """Years in which accuracy stays, with so many facts a week; every third is asked so many times, with one result."""
    draw = np.random.default_rng((SEED, n_repeats, n_facts, seed))
    sizes = np.where(np.arange(n_facts) % 3 == 0, float(n_repeats), 1.0)
    return [FactsOfWeek(sizes * (draw.random(n_facts) < p), sizes) for _ in range(WEEKS * years)]


def apart(weeks: Sequence[FactsOfWeek]) -> list[FactsOfWeek]:
    """The same answers as if each asked about something else."""
    return [
        FactsOfWeek(np.repeat(week.right / week.n, week.n.astype(int)), np.ones(int(week.n.sum()))) for week in weeks
    ]


def false_accuracy_alarm(n_pilot: int | None, n_week: int, seed: int, p: float = 0.8, years: int = 1) -> bool:
    """Whether accuracy that never falls raises an alarm within so many years."""
    draw = np.random.default_rng((SEED, n_pilot or 0, n_week, seed))
    low = pilot_low(p, n_pilot, draw)
    weeks = reviewed([p] * WEEKS * years, n_week, draw)
    return raises(weeks, low)


def raises(weeks: Sequence[FactsOfWeek], low: float) -> bool:
    """Whether a look at the end of any week raises an alarm."""
    return any(fall(weeks[:i], low)[1] is not None for i in range(1, len(weeks) + 1))


def reviewed_to_find(
    drop: float, n_pilot: int | None, n_week: int, before: int, seed: int, p: float = 0.8
) -> int | None:
    """How many answers were reviewed after the drop until it was found; `before` are good weeks before it."""
    draw = np.random.default_rng((SEED, n_pilot or 0, n_week, before, round(100 * drop), seed))
    low = pilot_low(p, n_pilot, draw)
    weeks = reviewed([p] * before + [p - drop] * 4 * WEEKS, n_week, draw)
    for i in range(before + 1, len(weeks) + 1):
        if fall(weeks[:i], low)[1] is not None:
            return (i - before) * n_week
    return None


def quantiles(found: Iterable[int | None]) -> tuple[str, str, str]:
    """The median, and what 80 % and 95 % of the cases do not exceed."""
    values = np.sort([np.inf if value is None else value for value in found])
    picked = [values[min(len(values) - 1, int(np.ceil(share * len(values))) - 1)] for share in (0.5, 0.8, 0.95)]
    return tuple("not found" if np.isinf(value) else f"{value:,.0f}" for value in picked)  # type: ignore[return-value]


def coverage_table(n: int) -> Iterable[Table]:
    rows = []
    for n_pilot, n_week in ((60, 60), (60, 1000), (217, 60), (217, 200), (217, 1000), (1000, 200)):
        years = [quiet_year(n_pilot, n_week, seed) for seed in range(n)]
        rows.append((
            str(n_pilot), str(n_week),
            *(f"{np.mean([getattr(year, name) for year in years]):.2f}" for name in Year._fields),
            f"{100 * np.mean([year.alarms > 1 for year in years]):.1f}",
        ))  # fmt: skip
    yield Table(
        f"False alarms of coverage a year, {n} years without drift",
        ("questions of the pilot", "a week", "p below the level", f"and effect at least {SMALL}", "alarms",
         "% of years with more than one"),
        rows,
    )  # fmt: skip


def found_table(n: int) -> Iterable[Table]:
    rows = [
        (f"{100 * unlike:.0f} %", str(n_pilot), str(n_week),
         *quantiles(questions_to_find(n_pilot, n_week, unlike, seed) for seed in range(n)))
        for unlike in (1 / 3, 0.2, 0.1)
        for n_pilot, n_week in ((60, 60), (217, 60), (217, 200), (217, 1000))
    ]  # fmt: skip
    yield Table(
        f"Questions from the change until coverage is found to have fallen, {n} times",
        ("questions on other topics", "of the pilot", "a week", "median", "80 %", "95 %"),
        rows,
    )


PILOTS = ((217, "217"), (1000, "1,000"), (None, "known exactly"))


def accuracy_table(n: int) -> Iterable[Table]:
    rows = [
        (name, str(n_week), f"{100 * np.mean([false_accuracy_alarm(n_pilot, n_week, seed) for seed in range(n)]):.1f}")
        for n_pilot, name in PILOTS
        for n_week in (10, 50)
    ]
    yield Table(
        f"Alarms of accuracy in a year in which it stays at 80 %, % of {n}",
        ("questions of the pilot", "reviewed a week", "%"),
        rows,
    )
    years = [years_of_facts(10, seed) for seed in range(n)]
    rows = [
        (name, f"{100 * np.mean([raises(year, 0.8) for year in of]):.1f}")
        for name, of in (("one bet for each fact", years), ("each answer by itself", [apart(year) for year in years]))
    ]
    yield Table(
        f"The same if one fact in three is asked ten times a week, % of {n}; the pilot is known exactly",
        ("counted as", "%"),
        rows,
    )
    rows = [
        (f"{100 * drop:.0f} points", name, str(before),
         *quantiles(reviewed_to_find(drop, n_pilot, 20, before, seed) for seed in range(n)))
        for drop in (0.10, 0.20)
        for n_pilot, name in PILOTS
        for before in (0, 26)
    ]  # fmt: skip
    yield Table(
        f"Reviewed answers (20 a week) from a drop below 80 % until it is found, {n} times",
        ("drop", "questions of the pilot", "weeks before it", "median", "80 %", "95 %"),
        rows,
    )


TABLES: dict[str, Callable[[int], Iterable[Table]]] = {
    "coverage": coverage_table,
    "found": found_table,
    "accuracy": accuracy_table,
}


def main() -> None:
    chosen = asked(__doc__, TABLES, 200)
    for name in chosen.parts:
        begun = time.perf_counter()
        for table in TABLES[name](chosen.n_pilots):
            print(table.markdown(), flush=True)
        print(f"({name}: {time.perf_counter() - begun:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
