"""Draws of costs, fixed amounts, and the lines of work that a team can edit."""

from itertools import pairwise

import numpy as np
import pytest

from bakeoff.decide.cost.break_even import break_even_volume
from bakeoff.decide.cost.draws import cost_draws, drawn_inputs, drawn_totals
from bakeoff.decide.cost.fixed import fixed_contradictions
from bakeoff.decide.cost.inputs import assumed_inputs, setup_calendar_days
from bakeoff.decide.cost.model import (
    LEAST,
    CostInputs,
    cost_breakdown,
    discounted_queries,
    idle_usd,
    marginal_usd_per_query,
    nominal_running_usd_per_month,
    setup_usd,
    total_usd,
    upkeep_usd_per_month,
    without_least,
)
from bakeoff.decide.cost.peak import machines_at_peak, peak_warnings
from bakeoff.decide.cost.table import cost_table, tornado
from bakeoff.decide.situation.profile import Profile, check_names, validate_profile
from bakeoff.decide.situation.ranges import least_mean, median_of
from bakeoff.decide.value.worth import Draws, worth
from bakeoff.errors import ConfigError
from bakeoff.sentences import NARROW
from tests.unit.comparison_fixture import STANDARD, entrant
from tests.unit.cost_fixture import RAG, TUNED

WIDE = RAG.model_copy(
    update={"intervals": {"compute_seconds_per_query": (0.1, 0.3), "setup_days": (2.5, 10.0), "data_days": (0.5, 2.0)}}
)


def inputs_of(profile, *recipes):
    return assumed_inputs(profile, [entrant(recipe) for recipe in recipes])


def test_draws_have_the_stated_number_as_mean_and_95_of_100_in_the_range():
    """However lopsided the range: the mean to 0.1 %, 2.5 of 100 draws beyond either end."""
    drawn = drawn_inputs({"rag": WIDE}, cost_draws({"rag": WIDE}))["rag"]
    for field, (low, high) in WIDE.intervals.items():
        values = getattr(drawn, field)
        assert values.mean() == pytest.approx(getattr(WIDE, field), rel=1e-3)
        assert (values < low).mean() == pytest.approx(0.025, abs=0.002)
        assert (values > high).mean() == pytest.approx(0.025, abs=0.002)


@pytest.mark.parametrize(
    ("ends", "mean", "median"),
    [
        ((1.0, 3.0), 2.0, 2.0),
        ((0.5, 2.0), 1.0, 0.82835),
        ((1.0, 2.0), 1.0, 1.0),
        ((0.0, 2.0), 2.0, 2.0),
        ((1.0, 9.0), 1.2, 1.0),
    ],
)
def test_the_median_lies_where_the_mean_is_the_stated_number(ends, mean, median):
    """(v - k (low + high)) / (1 - 2 k) with k = .3989 / 1.96, and an end of the range if that lies outside."""
    assert median_of(mean, ends) == pytest.approx(median, abs=1e-4)


def test_a_range_too_lopsided_for_its_mean_has_the_nearest_mean():
    """From its low end up to three times as much: the lowest mean that such draws can have."""
    tight = WIDE.model_copy(update={"intervals": {"setup_days": (5.0, 15.0)}})
    values = drawn_inputs({"rag": tight}, cost_draws({"rag": tight}))["rag"].setup_days
    assert values.mean() == pytest.approx(least_mean((5.0, 15.0)), rel=1e-3) and values.min() == 5.0


def test_the_mean_of_the_drawn_totals_is_the_plain_total():
    """For assumed numbers, all with ranges, some of them three times too low or too high."""
    inputs = inputs_of(Profile(update_interval_days=30), "rag", "tuned", "hybrid", "router")
    totals = drawn_totals(inputs, cost_draws(inputs))
    for name, c in inputs.items():
        assert len(c.intervals) > 5
        assert totals[name].mean() == pytest.approx(total_usd(c), rel=5e-3)


def test_the_table_and_the_net_value_agree_on_every_total():
    """Total x 12 / months is the cost in the net value: value and interval, with ranges and over 18 months."""
    inputs = inputs_of(Profile(update_interval_days=30, horizon_months=18), "rag", "tuned", "hybrid")
    draws = cost_draws(inputs)
    totals, right = drawn_totals(inputs, draws), {name: np.full(2000, 0.8) for name in inputs}
    nets = worth(Draws(right, totals, discounted_queries(inputs["rag"]), 18), 1.0, list(inputs)).nets
    for row in cost_table(inputs, draws):
        cost, yearly = nets[row.contender].cost, 12 / row.horizon_months
        assert cost.value == pytest.approx(row.total_usd * yearly, rel=1e-12)
        assert (cost.low, cost.high) == pytest.approx((row.total_low_usd * yearly, row.total_high_usd * yearly))
        assert row.total_low_usd < row.total_usd < row.total_high_usd


def test_the_formulas_on_draws_are_those_on_numbers():
    """Each draw's total is the total of inputs with that draw's numbers."""
    draws = cost_draws({"rag": WIDE})
    drawn, totals = drawn_inputs({"rag": WIDE}, draws)["rag"], drawn_totals({"rag": WIDE}, draws)["rag"]
    for d in (0, 7, 1999):
        at = {field: float(getattr(drawn, field)[d]) for field in WIDE.intervals}
        assert totals[d] == pytest.approx(total_usd(WIDE.model_copy(update=at)))
    assert isinstance(total_usd(WIDE), float)


def test_the_same_work_cancels_between_contenders():
    """One pace of work: two contenders with equal days differ by the same amount in every draw."""
    other = WIDE.model_copy(update={"name": "b", "indexing_seconds": 36_000.0, "intervals": {
        field: ends for field, ends in WIDE.intervals.items() if field in ("setup_days", "data_days")}})  # fmt: skip
    mine = WIDE.model_copy(update={"intervals": other.intervals})
    totals = drawn_totals({"rag": mine, "b": other}, cost_draws({"rag": mine, "b": other}))
    assert np.ptp(totals["b"] - totals["rag"]) < 1e-6 < np.ptp(totals["rag"])


def test_assumed_days_have_a_range_and_stated_ones_have_none():
    """A stated number equal to the default is stated."""
    default = inputs_of(Profile(), "rag")["rag"]
    assert default.intervals["setup_days"] == (0.5 * default.setup_days, 2 * default.setup_days)
    row = cost_table({"rag": default})[0]
    assert row.total_low_usd < total_usd(default) < row.total_high_usd
    stated = inputs_of(Profile(setup_days={"rag": default.setup_days}), "rag")["rag"]
    assert "setup_days" not in stated.intervals and stated.sources["setup_days"] == "the profile"


def test_stated_days_may_be_a_range():
    """The middle is the number, the range is in every interval; a single number has none."""
    profile = validate_profile({"setup_days": {"rag": [5, 12]}, "data_days": {"rag": 2}, "project_days": 0})
    rag = inputs_of(profile, "rag")["rag"]
    assert rag.setup_days == 8.5 and rag.intervals["setup_days"] == (5, 12) and "data_days" not in rag.intervals
    assert rag.sources["setup_days"] == "the profile"
    assert setup_calendar_days(rag) == (1.4 * 7, 1.4 * 14)
    row, exact = (cost_table({"rag": c})[0] for c in (rag, rag.model_copy(update={"intervals": {}})))
    assert row.total_usd == pytest.approx(exact.total_usd, rel=1e-6)
    assert row.total_high_usd - row.total_low_usd >= 800 * 6.9 and exact.total_high_usd == exact.total_low_usd


def test_a_hybrid_costs_at_least_what_its_parts_cost():
    """In set-up, in upkeep and in every draw."""
    inputs = inputs_of(Profile(update_interval_days=30), "rag", "tuned", "hybrid", "router")
    totals = drawn_totals(inputs, cost_draws(inputs))
    for part in ("rag", "tuned"):
        assert setup_usd(inputs["hybrid"]) >= setup_usd(inputs[part])
        assert inputs["hybrid"].upkeep_days_per_month >= inputs[part].upkeep_days_per_month
        assert (totals["hybrid"] > totals[part]).mean() > 0.97


def test_a_discount_rate_does_not_loosen_a_monthly_budget():
    """Budgets are nominal; the total is in today's money."""
    plain, discounted = (inputs_of(Profile(discount_per_year=rate), "rag")["rag"] for rate in (0.0, 0.25))
    assert nominal_running_usd_per_month(plain) == pytest.approx(nominal_running_usd_per_month(discounted))
    assert total_usd(discounted) < total_usd(plain)


def test_every_line_of_work_can_be_edited():
    """Other days of the project, approval of a retraining, on call, machines: each changes its own line only."""
    base = {"update_interval_days": 30.0, "labelled_examples": 500}
    before = inputs_of(Profile(**base), "tuned")["tuned"]
    for key, value, change in (
        ("project_days", 0.0, lambda a, b: setup_usd(a) - setup_usd(b) - 800 * a.project_days),
        ("on_call_usd_per_month", 300.0, lambda a, b: upkeep_usd_per_month(b) - upkeep_usd_per_month(a) - 300),
        (
            "approval_days_per_update",
            1.25,
            lambda a, b: upkeep_usd_per_month(b) - upkeep_usd_per_month(a) - 800 * a.updates_per_month,
        ),
    ):
        after = inputs_of(Profile(**base, **{key: value}), "tuned")["tuned"]
        assert change(before, after) == pytest.approx(0, abs=1e-6)
    two = inputs_of(Profile(machines=2), "rag")["rag"]
    assert two.online_hours_per_month == 2 * 730
    assert inputs_of(Profile(update_interval_days=30), "rag")["rag"].approval_days_per_update == 0.0
    lines = {item.name for item in (*cost_breakdown(before).setup, *cost_breakdown(before).upkeep_per_month)}
    assert {"project", "approval of updates", "on call"} <= lines


def test_the_lines_of_a_breakdown_add_up():
    """Batches are a negative line."""
    api = CostInputs(name="api", prompt_tokens_per_query=1000, input_usd_per_million_tokens=4, batch_saving=0.25,
                     fixed_usd_per_query=0.001, queries_per_month=10)  # fmt: skip
    breakdown = cost_breakdown(api)
    assert sum(item.usd for item in breakdown.per_query) == pytest.approx(marginal_usd_per_query(api)) == 0.004


ARTICLES = """
horizon_months: 12
queries_per_month: 10000
fixed:
  rag: {setup_usd: 50000, usd_per_month: 1666.6666666666667, usd_per_query: 0.01}
  tuned: {setup_usd: 200000, usd_per_month: 5000, usd_per_query: 0.05}
"""


def articles(**changes):
    import yaml

    return inputs_of(validate_profile({**yaml.safe_load(ARTICLES), **changes}), "rag", "tuned")


def test_an_articles_table_can_be_entered_as_it_stands():
    """50,000 + 20,000 a year + .01 a query against 200,000 + 60,000 + .05: 71,200 and 266,000 USD."""
    inputs = articles()
    assert total_usd(inputs["rag"]) == pytest.approx(71_200) and total_usd(inputs["tuned"]) == pytest.approx(266_000)
    row = cost_table(inputs)[0]
    assert (row.total_usd, row.total_low_usd, row.total_high_usd) == pytest.approx((71_200, 71_200, 71_200))
    assert break_even_volume(inputs["rag"], inputs["tuned"]) is None


@pytest.mark.parametrize(("queries", "usd"), [(10_000, 23.19), (100_000, 2.83)])
def test_the_value_of_a_right_answer_that_pays_for_the_dearer_one(queries, usd):
    """92 against 85 % right: (190,000 + .04 x 12 Q) / (.07 x 12 Q)."""
    inputs = articles(queries_per_month=queries)
    draws = Draws(
        {"rag": np.array([0.85]), "tuned": np.array([0.92])},
        {name: np.array([total_usd(c)]) for name, c in inputs.items()},
        discounted_queries(inputs["rag"]), 12,
    )  # fmt: skip
    pair = worth(draws, None, ["rag", "tuned"]).break_even[0]
    assert (pair.above, pair.below) == ("tuned", "rag") and pair.usd == pytest.approx(usd, abs=0.005)
    assert pair.usd == pytest.approx((190_000 + 0.04 * 12 * queries) / (0.07 * 12 * queries))


def test_a_hybrid_takes_at_least_the_days_that_the_team_gives_to_its_parts():
    """200 days for tuned: a hybrid, whose days are not given, takes from 200 to 400, and on average more than 200."""
    profile = validate_profile({"setup_days": {"rag": 50, "tuned": 200}})
    of = inputs_of(profile, "rag", "tuned", "hybrid")
    assert of["hybrid"].intervals["setup_days"] == (200, 400)
    assert of["hybrid"].setup_days == pytest.approx(least_mean((200, 400))) == pytest.approx(240.7, abs=0.05)
    drawn = drawn_inputs(of, cost_draws(of))["hybrid"].setup_days
    assert drawn.mean() == pytest.approx(of["hybrid"].setup_days, rel=1e-3) and drawn.min() == pytest.approx(
        200, rel=1e-3
    )
    assert of["hybrid"].data_days == inputs_of(Profile(), "hybrid")["hybrid"].data_days
    ranged = inputs_of(validate_profile({"setup_days": {"rag": [150, 250]}}), "hybrid")["hybrid"]
    assert ranged.intervals["setup_days"] == (150, 400) and ranged.setup_days >= 200
    own = validate_profile({"setup_days": {"tuned": 200, "hybrid": 30}})
    assert inputs_of(own, "hybrid")["hybrid"].setup_days == 30


def test_a_fixed_amount_replaces_only_its_part():
    """With a fixed set-up, queries and upkeep are still calculated, and the days of work are gone."""
    plain = inputs_of(Profile(), "rag")["rag"]
    fixed = inputs_of(validate_profile({"fixed": {"rag": {"setup_usd": 1234}}}), "rag")["rag"]
    assert setup_usd(fixed) == 1234 and upkeep_usd_per_month(fixed) == upkeep_usd_per_month(plain)
    assert fixed.setup_days == 0 and fixed.sources["fixed_setup_usd"] == "the profile, as a fixed amount"


UPDATES = {"update_interval_days": 30.0}


def fixed(amounts, *recipes, **more):
    """The inputs with these fixed amounts."""
    return inputs_of(validate_profile({"fixed": amounts, **UPDATES, **more}), *recipes)


def test_a_hybrid_costs_at_least_the_fixed_amounts_of_its_parts():
    """The larger of two parts, in set-up, month and query."""
    amounts = {"setup_usd": 200_000, "usd_per_month": 9_000, "usd_per_query": 0.05}
    of = fixed({"tuned": amounts, "rag": {"setup_usd": 300_000}}, "rag", "tuned", "hybrid")
    assert setup_usd(of["hybrid"]) == 300_000 and "'rag'" in of["hybrid"].sources["least_setup_usd"]
    assert upkeep_usd_per_month(of["hybrid"]) == 9_000 and marginal_usd_per_query(of["hybrid"]) == 0.05
    assert "'tuned'" in of["hybrid"].sources["least_usd_per_month"]
    totals = drawn_totals(of, cost_draws(of))
    assert all((totals["hybrid"] >= totals[part]).all() for part in ("rag", "tuned"))


def test_a_hybrid_that_costs_more_than_its_parts_keeps_its_own_cost():
    """Total and every draw are as without the amounts, and no line is added."""
    plain = inputs_of(validate_profile(UPDATES), "hybrid")["hybrid"]
    low = fixed({"tuned": {"setup_usd": 1, "usd_per_month": 1, "usd_per_query": 1e-9}}, "hybrid")["hybrid"]
    assert low.least_setup_usd == 1 and total_usd(low) == total_usd(plain)
    totals = (drawn_totals({"hybrid": c}, cost_draws({"hybrid": c}))["hybrid"] for c in (low, plain))
    assert np.array_equal(*totals)
    assert not [item for item in lines(low) if item.name == LEAST and item.usd]


PARTS = {"rag": {"setup_usd": 30_000}, "tuned": {"usd_per_month": 900}}


def lines(c):
    """Every line of the breakdown."""
    shown = cost_breakdown(c)
    return (*shown.setup, *shown.per_query, *shown.upkeep_per_month)


def test_the_fixed_amounts_of_parts_hold_in_every_draw():
    """The mean set-up of a hybrid is 40,000 USD, but a third of its own draws is below rag's fixed 30,000."""
    of = fixed(PARTS, "rag", "tuned", "hybrid")
    drawn = drawn_inputs(of, cost_draws(of))
    own = without_least(drawn["hybrid"])
    assert setup_usd(of["hybrid"]) == pytest.approx(40_000, rel=1e-3) and (setup_usd(own) < 30_000).mean() > 0.3
    assert upkeep_usd_per_month(own).min() < 300
    assert setup_usd(drawn["hybrid"]).min() == 30_000
    month = upkeep_usd_per_month(drawn["hybrid"]) + idle_usd(drawn["hybrid"], 10_000)
    assert month.min() == 900 and nominal_running_usd_per_month(drawn["hybrid"]).min() >= 900
    assert np.array_equal(setup_usd(drawn["hybrid"]), np.maximum(30_000, setup_usd(own)))
    calculated = upkeep_usd_per_month(own) + idle_usd(own, 10_000)
    assert month == pytest.approx(np.maximum(calculated, 900))


def test_a_month_costs_the_larger_of_what_is_calculated_and_what_parts_cost():
    """Queries x one query + upkeep + idle hours, for any volume: the idle hours are not paid twice."""
    for volume in (1.0, 1e4, 1e5, 1e6, 1e8):
        for part in (
            {"usd_per_query": 0.01},
            {"usd_per_month": 1_050},
            {"usd_per_query": 1e-3, "usd_per_month": 1_020},
        ):
            c = fixed({"rag": part}, "hybrid", queries_per_month=volume)["hybrid"]
            own = without_least(c)
            query = max(marginal_usd_per_query(own), part.get("usd_per_query", 0.0))
            parts = volume * query + max(upkeep_usd_per_month(own), part.get("usd_per_month", 0.0))
            month = cost_breakdown(c).months[0].usd
            assert month == pytest.approx(max(cost_breakdown(own).months[0].usd, parts))


def test_the_line_that_reaches_a_parts_amount_names_the_part():
    """It has the difference, and the lines still add up; a machine that is paid by it is not paid again."""
    c = fixed({"tuned": {"setup_usd": 50_000, "usd_per_query": 0.005}}, "hybrid")["hybrid"]
    setup, query = (item for item in lines(c) if item.name == LEAST and item.usd)
    assert setup.usd == pytest.approx(50_000 - setup_usd(without_least(c)))
    assert setup.explanation.startswith("max(0, 50,000 USD - 40,000 USD of the other lines); ")
    assert "the fixed amount of 'tuned'" in setup.explanation and "'tuned'" in query.explanation
    hosting = next(item for item in lines(c) if item.name == "hosting share")
    assert f"minus {10_000 * query.usd:,.6g} USD" in hosting.explanation
    assert hosting.usd + query.usd == pytest.approx(idle_usd(without_least(c), 10_000) / 10_000)
    assert cost_table({"hybrid": c})[0].people_usd == cost_table({"hybrid": without_least(c)})[0].people_usd > 0


def test_a_least_amount_moves_the_break_even_and_the_tornado():
    """An own set-up of 10,000 and 1 cent a query; with 30,000 at least, 2 cents pay off at three times the volume."""
    dear = CostInputs(name="b", fixed_usd_per_query=0.02, queries_per_month=1, horizon_months=10)
    c = dear.model_copy(update={"name": "a", "fixed_setup_usd": 10_000, "fixed_usd_per_query": 0.01})
    least = c.model_copy(update={"least_setup_usd": 30_000})
    assert break_even_volume(c, dear) == pytest.approx(100_000)
    assert break_even_volume(least, dear) == pytest.approx(300_000)
    assert next(swing.input for swing in tornado(least)) == "least_setup_usd"
    assert "fixed_setup_usd" not in {swing.input for swing in tornado(least)}


def test_the_hours_of_the_machine_count_once_when_a_hybrid_is_compared_with_its_parts():
    """730 hours at 0.10 USD and 10,000 queries: 0.0073 USD a query are already in what is calculated."""
    cheaper, dearer = (fixed({"rag": {"usd_per_query": usd}}, "hybrid")["hybrid"] for usd in (0.0072, 0.0074))
    plain = inputs_of(validate_profile(UPDATES), "hybrid")["hybrid"]
    assert total_usd(cheaper) == pytest.approx(total_usd(plain))
    assert total_usd(dearer) - total_usd(plain) == pytest.approx(12 * 10_000 * (0.0074 - 0.0073))
    assert idle_usd(dearer, 10_000) == 0 and idle_usd(cheaper, 10_000) > 0
    both = fixed({"rag": {"usd_per_query": 0.001, "usd_per_month": 1}}, "hybrid")["hybrid"]
    assert marginal_usd_per_query(both) == 0.001 and total_usd(both) == pytest.approx(total_usd(plain))


def test_a_router_keeps_its_own_price_of_a_query():
    """It sends a question to one contender only, but all of them are set up."""
    profile = validate_profile({"fixed": {"tuned": {"setup_usd": 200_000, "usd_per_query": 5.0}}})
    router = assumed_inputs(profile, [entrant("router", behind=("rag", "tuned"))])["router"]
    assert setup_usd(router) == 200_000 and router.least_usd_per_query == 0


def test_a_fixed_amount_of_a_hybrid_comes_first_and_is_named_if_it_is_below_a_part():
    """It is used as it stands."""
    profile = validate_profile({"fixed": {"tuned": {"setup_usd": 200_000}, "hybrid": {"setup_usd": 50_000}}})
    assert setup_usd(inputs_of(profile, "hybrid")["hybrid"]) == 50_000
    (told,) = fixed_contradictions(profile, STANDARD)
    assert told.replace(NARROW, " ") == (
        "hybrid needs the work of tuned, but the profile's fixed amount for the set-up is 50,000 USD for hybrid and "
        "200,000 USD for tuned: check which of the two is true."
    )
    enough = {"fixed": {"tuned": {"setup_usd": 200_000}, "hybrid": {"setup_usd": 200_000}}}
    assert fixed_contradictions(validate_profile(enough), STANDARD) == []


def test_a_price_of_a_query_includes_the_machine_that_answers():
    """No hours online besides; upkeep, updates, on call and approval stay."""
    more = {"on_call_usd_per_month": 100, "labelled_examples": 500}
    plain = inputs_of(validate_profile({**UPDATES, **more}), "tuned")["tuned"]
    priced = fixed({"tuned": {"usd_per_query": 0.05}}, "tuned", **more)["tuned"]
    assert idle_usd(plain, 10_000) > 0 == idle_usd(priced, 10_000)
    assert upkeep_usd_per_month(priced) == upkeep_usd_per_month(plain) > 100
    assert total_usd(priced) == pytest.approx(setup_usd(plain) + 12 * (10_000 * 0.05 + upkeep_usd_per_month(plain)))


def test_the_busiest_hour_may_need_more_machines_than_are_paid():
    """0.2 s a query: five times the average of 10 million a month is 19 s of answers in a second."""
    busy = RAG.model_copy(update={"queries_per_month": 1e7})
    assert machines_at_peak(busy) == 4 and machines_at_peak(RAG) == 1
    (told,) = peak_warnings({"rag": busy, "tuned": TUNED.model_copy(update={"queries_per_month": 1e7})}, 1)
    assert "needs 4 machines for rag; the profile pays for 1" in told and "tuned" not in told
    assert peak_warnings({"rag": busy}, 4) == []
    by_token = busy.model_copy(update={"compute_seconds_per_query": 0.0, "retrieval_seconds_per_query": 0.0})
    assert machines_at_peak(by_token) == 0
    assert machines_at_peak(busy.model_copy(update={"online_hours_per_month": 0.0})) == 0


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"fixed": {"rag": {"setup_usd": -1}}}, "greater than or equal to 0"),
        ({"fixed": {"rag": {"setup": 1}}}, "setup"),
        ({"machines": 0}, "greater than or equal to 1"),
    ],
)
def test_impossible_costs_are_refused(values, says):
    """One message names the key."""
    with pytest.raises(ConfigError, match=says):
        validate_profile(values)


def test_a_fixed_cost_of_an_unknown_contender_is_named():
    """As for days of work."""
    with pytest.raises(ConfigError, match="'rga' is not a contender"):
        check_names(validate_profile({"fixed": {"rga": {"setup_usd": 1}}}), STANDARD)


def test_assumed_costs_grow_with_the_model():
    """A model of 70 billion parameters takes more seconds, slower training and more GPUs than one of 0.135."""
    totals = []
    for billion in (0.135, 1.0, 8.0, 70.0, 400.0):
        inputs = inputs_of(
            Profile(model_billion_parameters=billion, answers_on="gpu", training_on="gpu"), "rag", "tuned"
        )
        totals.append([total_usd(inputs[name]) for name in ("rag", "tuned")])
    assert all(more[i] >= less[i] - 1e-6 for less, more in pairwise(totals) for i in (0, 1))
    assert totals[3][0] > 2 * totals[0][0]
    large = inputs_of(Profile(model_billion_parameters=70, answers_on="gpu"), "rag")["rag"]
    assert large.serving_usd_per_hour == pytest.approx(7 * 1.006)
    assert "7 machines" in large.sources["serving_usd_per_hour"]


def test_an_unknown_size_is_said_to_be_the_default_models():
    """The source of the assumed seconds names the size and that nobody gave it."""
    small = inputs_of(Profile(model_billion_parameters=0.135), "rag")["rag"]
    unknown = inputs_of(Profile(), "rag")["rag"]
    assert total_usd(small) == total_usd(unknown)
    assert "0.135 billion parameters, because the profile does not say" in unknown.sources["compute_seconds_per_query"]
