"""Simulated years of use: short forms of benchmarks/monitor_simulations.py, whose tables are longer."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from monitor_simulations import (
    apart,
    false_accuracy_alarm,
    questions_to_find,
    quiet_year,
    raises,
    reviewed_to_find,
    years_of_facts,
)

from bakeoff.learn.monitor.drift import FALSE_ALARMS_PER_YEAR


@pytest.mark.parametrize("n_week", [60, 200])
def test_coverage_raises_few_false_alarms(n_week):
    """In 20 years without drift, each with its own pilot; years of one pilot are alike, so the bound is wide."""
    alarms = np.array([quiet_year(217, n_week, seed).alarms for seed in range(20)])
    error = max(alarms.std(), FALSE_ALARMS_PER_YEAR**0.5) / len(alarms) ** 0.5
    assert alarms.mean() <= FALSE_ALARMS_PER_YEAR + 3 * error and alarms.mean() < 1


def test_a_third_of_questions_on_other_topics_is_found_within_three_weeks():
    """Of 60 questions each, in at least 9 of 10 cases."""
    found = [questions_to_find(217, 60, 1 / 3, seed) for seed in range(20)]
    assert sum(n is not None and n <= 180 for n in found) >= 18


def test_accuracy_that_stays_rarely_raises_an_alarm():
    """In a year of 30 reviewed answers a week, with a pilot of 217 questions."""
    assert sum(false_accuracy_alarm(217, 30, seed) for seed in range(20)) <= 1


def test_repeated_questions_rarely_raise_an_alarm():
    """In years in which accuracy stays at 80 %, with one fact in three asked ten times a week.

    Counted as independent, the same answers raise an alarm in nearly every year.
    """
    years = [years_of_facts(10, seed) for seed in range(20)]
    assert sum(raises(weeks, 0.8) for weeks in years) <= 1
    assert sum(raises(apart(weeks), 0.8) for weeks in years) >= 15


def test_ten_points_less_than_a_large_pilot_are_found():
    """Within 1,000 reviewed answers, in at least 8 of 10 cases, also after half a year without a fall."""
    found = [reviewed_to_find(0.10, 1000, 20, 26, seed) for seed in range(20)]
    assert sum(n is not None and n <= 1000 for n in found) >= 16
