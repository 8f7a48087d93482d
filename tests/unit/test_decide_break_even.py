import random

import pytest

from bakeoff.decide.cost.break_even import about, break_even, break_even_month, capacity_per_month, order_by_volume
from bakeoff.decide.cost.model import CostInputs, total_usd
from tests.unit.cost_fixture import RAG, TUNED, random_inputs


def flat(name, setup, per_query, upkeep=0.0, **more):
    """A contender with these plain costs, in USD."""
    return CostInputs(
        name=name,
        setup_days=setup,
        upkeep_days_per_month=upkeep,
        engineering_usd_per_day=1,
        completion_tokens_per_query=1,
        output_usd_per_million_tokens=per_query * 1e6,
        **{"queries_per_month": 100, **more},
    )


def difference(a, b, volume):
    at = {"queries_per_month": volume}
    return total_usd(a.model_copy(update=at)) - total_usd(b.model_copy(update=at))


def test_the_worked_example_of_the_docs():
    """Both machines become saturated in between: at 1.8 and 7.2 million queries a month."""
    found = break_even(RAG, TUNED)
    assert found.volume_per_month == pytest.approx(7_200_000 + 715.90 / 0.00018)
    assert (found.cheaper_below, found.cheaper_above) == ("rag", "tuned")
    assert found.month is None
    longer = {"horizon_months": 36}
    assert break_even(RAG.model_copy(update=longer), TUNED.model_copy(update=longer)).month == 29


def test_two_straight_lines_cross_where_school_says():
    """1,000 more to set up, a dollar less a query, twelve months: 1,000 / 12 queries a month."""
    found = break_even(flat("cheap", 0, 2.0), flat("dear", 1000, 1.0))
    assert found.volume_per_month == pytest.approx(1000 / 12)
    assert (found.cheaper_below, found.cheaper_above) == ("cheap", "dear")
    assert found.month == 10  # at 100 queries a month
    assert found.low == found.high == found.volume_per_month and "interval" not in found.explanation


def test_the_order_of_the_two_does_not_matter():
    """Swapping the two contenders only swaps their names."""
    for seed in range(50):
        rng = random.Random(seed)
        a = random_inputs(rng)
        b = random_inputs(rng, like=a)
        one, other = break_even(a, b), break_even(b, a)
        assert one.volume_per_month == pytest.approx(other.volume_per_month)
        assert (one.cheaper_below, one.cheaper_above, one.month) == (
            other.cheaper_below,
            other.cheaper_above,
            other.month,
        )


def test_none_where_one_is_cheaper_at_every_volume():
    """A contender that is cheaper to set up and per query is cheaper at every volume."""
    found = break_even(flat("a", 1, 1.0), flat("b", 2, 2.0))
    assert (found.volume_per_month, found.low, found.high, found.month) == (None, None, None, None)
    assert found.cheaper_below == found.cheaper_above == "a"
    assert "'a' costs less than 'b' over 12 months at every volume." in found.explanation
    assert "'a' costs less than 'b' over" in break_even(flat("b", 2, 2.0), flat("a", 1, 1.0)).explanation


def test_two_that_cost_the_same_have_no_cheaper_one():
    """Equal contenders have no break-even."""
    found = break_even(RAG, RAG.model_copy(update={"name": "twin"}))
    assert (found.volume_per_month, found.cheaper_below, found.month) == (None, None, None)
    assert "cost the same" in found.explanation


def test_equal_until_a_machine_is_full():
    """Two that differ only in speed cost the same while both machines idle."""
    slow = RAG.model_copy(update={"name": "slow", "compute_seconds_per_query": 0.35})
    found = break_even(RAG, slow)
    assert found.volume_per_month == pytest.approx(100 * 3600 / 0.4)
    assert (found.cheaper_below, found.cheaper_above) == (None, "rag")


@pytest.mark.parametrize("seed", range(150))
def test_the_order_is_right_on_a_fine_grid_of_volumes(seed):
    """Against brute force: the sign of the difference at many volumes, and nothing lost at the crossing."""
    rng = random.Random(seed)
    a = random_inputs(rng)
    b = random_inputs(rng, like=a)
    stretches = order_by_volume(a, b)
    for volume in (10 ** (i / 20) for i in range(-20, 240)):
        sign = next(s for at, s in reversed(stretches) if at <= volume)
        gap, size = difference(a, b, volume), total_usd(a.model_copy(update={"queries_per_month": volume}))
        near = any(abs(at - volume) < 1e-6 * volume for at, _ in stretches)
        if abs(gap) > 1e-7 * size and not near:
            assert (gap > 0) - (gap < 0) == sign
    for at, _ in stretches[1:]:
        total = total_usd(a.model_copy(update={"queries_per_month": at}))
        assert abs(difference(a, b, at)) <= 1e-7 * total


def test_the_bounds_hold_wherever_the_truth_lies_in_the_intervals():
    """For 2,000 draws inside the measured intervals, no break-even lies outside the bounds."""
    rng = random.Random(3)
    a = flat("a", 0, 2.0).model_copy(update={"intervals": {"completion_tokens_per_query": (0.8, 1.3)}})
    b = flat("b", 1000, 1.0).model_copy(update={"intervals": {"completion_tokens_per_query": (0.9, 1.4)}})
    found = break_even(a, b)
    assert found.low < found.volume_per_month < found.high
    assert f"the order changes between {about(found.low)} and {about(found.high)} queries." in found.explanation
    for _ in range(2000):
        x, y = rng.uniform(0.8, 1.3), rng.uniform(0.9, 1.4)
        truth = break_even(
            a.model_copy(update={"completion_tokens_per_query": x}),
            b.model_copy(update={"completion_tokens_per_query": y}),
        ).volume_per_month
        assert found.low - 1e-9 <= truth <= found.high + 1e-9


def test_an_open_end_is_told():
    """If there may be no break-even within the measured intervals, there is no upper bound."""
    a = flat("a", 0, 2.0).model_copy(update={"intervals": {"completion_tokens_per_query": (0.4, 1.6)}})
    found = break_even(a, flat("b", 1000, 1.0))
    assert found.volume_per_month is not None
    assert found.low == pytest.approx(1000 / 12 / 2.2)
    assert found.high is None
    assert "the order may change at any volume from 38, or never." in found.explanation


def test_a_volume_that_no_machine_answers_is_no_break_even():
    """At a second a query, a machine answers 2.6 million a month; the order would change at 83 million."""
    slow = {"compute_seconds_per_query": 1.0, "serving_usd_per_hour": 0.0}
    a, b = flat("a", 0, 2.0, **slow), flat("b", 1e9, 1.0)
    assert order_by_volume(a, b)[1][0] == pytest.approx(1e9 / 12)
    found = break_even(a, b)
    assert (found.volume_per_month, found.low, found.high, found.is_beyond_capacity) == (None, None, None, True)
    assert found.cheaper_below == found.cheaper_above == "a"
    assert found.capacity_per_month == capacity_per_month(a) == pytest.approx(730.5 * 3600)
    assert found.explanation.startswith(
        "'a' costs less than 'b' over 12 months at every volume up to a break-even that lies beyond what this machine "
        "can answer (about 2,630,000 a month). "
    )
    assert break_even(b, a).is_beyond_capacity


def test_what_a_machine_answers_is_a_break_even():
    """Just below the limit; a contender without seconds has none."""
    a, b = flat("a", 0, 2.0, compute_seconds_per_query=0.03), flat("b", 1e9, 1.0)
    assert break_even(a, b).volume_per_month == pytest.approx(1e9 / 12)
    assert not break_even(a, b).is_beyond_capacity and break_even(b, b).capacity_per_month is None


def test_volumes_are_written_with_three_digits():
    """More are not known, as they follow from measured seconds."""
    found = break_even(flat("cheap", 0, 2.0), flat("dear", 1_234_567, 1.0))
    assert found.volume_per_month == pytest.approx(1_234_567 / 12)
    assert "up to 103,000 queries a month" in found.explanation and about(37.9) == "38"


def test_the_month_is_the_first_that_has_paid_back():
    """A saving of 100 a month has paid back 250 after the third month."""
    assert break_even_month(flat("a", 0, 0.0, upkeep=100), flat("b", 250, 0.0)) == 3


def test_different_horizons_are_refused():
    """Totals over different horizons are not compared."""
    with pytest.raises(ValueError, match="different horizons"):
        break_even(flat("a", 1, 1), flat("b", 1, 1, horizon_months=6))
