"""Changed canaries are a caution only where the judge's own chance does not explain them."""

from datetime import UTC, datetime
from itertools import product

import pytest

from bakeoff.llm_judge.drift import drift_cautions, probability_of_so_many
from bakeoff.llm_judge.records import Drift, Session
from bakeoff.measure.comparison import NOTHING, Estimate


def cautions(n_changed, itself=NOTHING, agreement=NOTHING, n=20, deterministic=False):
    since = datetime(2026, 5, 1, tzinfo=UTC)
    session = Session(
        judge="j", fingerprint="f", deterministic=deterministic, long_from=9, least_kappa=0.6, least_labels=30,
        drift=Drift(n=n, n_same=n - n_changed, since=since),
    )  # fmt: skip
    return drift_cautions(session, itself, agreement)


@pytest.mark.parametrize(("n_changed", "itself", "warns"), [(4, 0.85, False), (2, 1.0, False), (6, 1.0, True)])
def test_the_change_is_compared_with_the_judges_disagreement_with_itself(n_changed, itself, warns):
    """A caution only if it is significantly more."""
    assert bool(cautions(n_changed, Estimate(value=itself, n=20))) == warns


def test_the_caution_has_both_numbers():
    """How many canaries changed, how many answers got two verdicts, and since when."""
    (caution,) = cautions(9, Estimate(value=0.95, n=20))
    assert caution.startswith("9 of 20 canaries (45") and "since 2026-05-01" in caution
    assert "but only 1 of 20 (5" in caution and "judged twice got two verdicts" in caution


def test_without_answers_judged_twice_the_error_in_calibration_is_used():
    """An error of 20 % makes two verdicts differ in 32 %; with neither, chance is not ruled out."""
    assert cautions(6, agreement=Estimate(value=0.8, n=50)) == []
    (caution,) = cautions(14, agreement=Estimate(value=0.8, n=50))
    assert "16 of 50 (32" in caution
    (unknown,) = cautions(3)
    assert "is not known" in unknown and "may have changed" not in unknown


def test_a_judge_without_chance_has_changed_with_one_canary():
    """The same prompt gives the same reply."""
    assert "may have changed" in cautions(1, deterministic=True)[0]
    assert cautions(0, deterministic=True) == []


def test_the_probability_is_that_of_all_ways_to_share_out_the_changes():
    """By listing every arrangement of 3 changes among 4 canaries and 3 answers judged twice."""
    ways = [marks for marks in product((0, 1), repeat=7) if sum(marks) == 3]
    expected = sum(sum(marks[:4]) >= 2 for marks in ways) / len(ways)
    assert probability_of_so_many(2, 4, 1, 3) == pytest.approx(expected)
