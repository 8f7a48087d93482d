import json
import random
import shutil
import subprocess
from importlib import resources

import pytest

from bakeoff.decide.cost.model import (
    CostInputs,
    cost_breakdown,
    cumulative_usd,
    marginal_usd_per_query,
    running_usd_per_month,
    setup_usd,
    total_usd,
    upkeep_usd_per_month,
)
from bakeoff.decide.cost.table import cost_table, tornado
from bakeoff.decide.situation.prices import ARTICLE_GPU_HOUR
from tests.unit.cost_fixture import RAG, TUNED, random_inputs


def test_the_worked_example_of_the_docs():
    """The numbers of docs/cost.md, calculated there by hand."""
    assert setup_usd(RAG) == pytest.approx(3000.10)
    assert marginal_usd_per_query(RAG) == pytest.approx(0.00002)
    assert upkeep_usd_per_month(RAG) == pytest.approx(250.02)
    assert total_usd(RAG) == pytest.approx(6432.34)
    assert setup_usd(TUNED) == pytest.approx(6503.60)
    assert marginal_usd_per_query(TUNED) == pytest.approx(0.000005)
    assert upkeep_usd_per_month(TUNED) == pytest.approx(125.72)
    assert total_usd(TUNED) == pytest.approx(8444.24)


def test_tokens_growth_and_discount_by_hand():
    """1,000 queries of 1,000 prompt tokens (half cached) and 100 completion tokens, doubling, for a year at 21 %."""
    inputs = CostInputs(
        name="api",
        prompt_tokens_per_query=1000,
        cached_prompt_share=0.5,
        completion_tokens_per_query=100,
        input_usd_per_million_tokens=4,
        cached_input_usd_per_million_tokens=1,
        output_usd_per_million_tokens=10,
        queries_per_month=1000,
        growth_per_month=1.0,
        horizon_months=12,
        discount_per_year=0.21,
    )
    assert marginal_usd_per_query(inputs) == pytest.approx(0.002 + 0.0005 + 0.001)
    paid = cumulative_usd(inputs)
    assert paid[6] - paid[5] == pytest.approx(3.5 * 2**5 / 1.1)
    assert paid[12] - paid[11] == pytest.approx(3.5 * 2**11 / 1.21)


def test_running_cost_is_the_mean_month_after_the_set_up():
    """The running cost of the worked example is 286.02 a month for any horizon, without the 3,000.10 paid once."""
    assert running_usd_per_month(RAG) == pytest.approx(286.02)
    assert running_usd_per_month(RAG.model_copy(update={"horizon_months": 3})) == pytest.approx(286.02)
    assert running_usd_per_month(RAG.model_copy(update={"setup_days": 500.0})) == pytest.approx(286.02)


@pytest.mark.parametrize(("gpu_hours", "usd"), [(24_000, 96_000), (96_000, 384_000)])
def test_the_training_costs_an_article_gives(gpu_hours, usd):
    """24,000 and 96,000 GPU hours at 4 USD."""
    inputs = CostInputs(
        name="tuned",
        training_seconds=gpu_hours * 3600,
        queries_per_month=1,
        training_usd_per_hour=ARTICLE_GPU_HOUR.amount,
    )
    assert setup_usd(inputs) == pytest.approx(usd)


def article(name, setup, per_year, per_query, queries):
    return CostInputs(
        name=name,
        setup_days=setup,
        upkeep_days_per_month=per_year / 12,
        engineering_usd_per_day=1,
        completion_tokens_per_query=1,
        output_usd_per_million_tokens=per_query * 1e6,
        queries_per_month=queries,
    )


def test_the_figures_another_article_gives_for_a_year():
    """50,000 + 20,000 + 0.01 a query against 200,000 + 60,000 + 0.05 a query, at 1.2 million queries a year."""
    assert total_usd(article("rag", 50_000, 20_000, 0.01, 100_000)) == pytest.approx(82_000)
    assert total_usd(article("tuned", 200_000, 60_000, 0.05, 100_000)) == pytest.approx(320_000)


@pytest.mark.parametrize("seed", range(40))
def test_the_lines_of_a_breakdown_add_up_to_the_formulas(seed):
    """Every part of the cost is a line, and the months sum to the total."""
    inputs = random_inputs(random.Random(seed))
    shown = cost_breakdown(inputs)
    assert sum(item.usd for item in shown.setup) == pytest.approx(shown.setup_usd)
    assert sum(item.usd for item in shown.upkeep_per_month) == pytest.approx(shown.upkeep_usd_per_month)
    by_itself = [item.usd for item in shown.per_query if item.name != "hosting share"]
    assert sum(by_itself) == pytest.approx(shown.marginal_usd_per_query)
    first = shown.months[0]
    assert first.usd == pytest.approx(shown.per_query_usd * first.queries + shown.upkeep_usd_per_month)
    assert shown.setup_usd + sum(month.discounted_usd for month in shown.months) == pytest.approx(shown.total_usd)
    assert all(item.explanation for item in (*shown.setup, *shown.per_query, *shown.upkeep_per_month))


def test_an_idle_machine_costs_what_a_busy_one_does():
    """The volume matters only once the machine is saturated."""
    at = {
        volume: cost_breakdown(RAG.model_copy(update={"queries_per_month": volume})).months[0].usd
        for volume in (1.0, 1e6, 1.8e6, 3.6e6)
    }
    assert at[1.0] == pytest.approx(at[1e6]) == pytest.approx(at[1.8e6])
    assert at[3.6e6] - at[1.8e6] == pytest.approx(1.8e6 * 0.00002)


def test_the_total_interval_comes_from_the_measured_intervals():
    """The interval contains the total; without measured intervals it equals the total."""
    inputs = RAG.model_copy(
        update={"online_hours_per_month": 0.0, "intervals": {"compute_seconds_per_query": (0.10, 0.20)}}
    )
    row = cost_table({"rag": inputs})[0]
    assert row.total_high_usd - row.total_low_usd == pytest.approx(12 * 100_000 * 0.1 * 0.0001, rel=0.01)
    assert row.total_low_usd < row.total_usd < row.total_high_usd
    assert row.total_usd == pytest.approx(total_usd(inputs), rel=1e-9)
    certain = cost_table({"rag": RAG})[0]
    assert certain.total_low_usd == certain.total_high_usd == pytest.approx(total_usd(RAG))


def test_the_tornado_is_sorted_and_leaves_out_what_moves_nothing():
    """The tornado lists the input with the largest effect first."""
    swings = tornado(RAG)
    moves = [abs(one.high_total_usd - one.low_total_usd) for one in swings]
    assert moves == sorted(moves, reverse=True)
    assert swings[0].input == "engineering_usd_per_day"
    assert swings[0].high_total_usd - swings[0].low_total_usd == pytest.approx(0.5 * (3000 + 12 * 250))
    named = {one.input for one in swings}
    assert "training_seconds" not in named  # it trains nothing
    assert "queries_per_month" not in named  # the machine is idle most of the time


def test_the_tornado_keeps_shares_and_months_possible():
    """The tornado caps shares at 1 and uses whole months."""
    inputs = CostInputs(
        name="x",
        prompt_tokens_per_query=10,
        cached_prompt_share=0.9,
        input_usd_per_million_tokens=1e6,
        queries_per_month=10,
        horizon_months=3,
    )
    ends = {one.input: (one.low_input, one.high_input) for one in tornado(inputs)}
    assert ends["cached_prompt_share"] == (pytest.approx(0.675), 1.0)
    assert ends["horizon_months"] == (2, 4)


def test_the_table_has_the_cheapest_first_and_tells_what_people_cost():
    """`people_usd` is the part paid for days of work."""
    rows = cost_table({"tuned": TUNED, "rag": RAG})
    assert [row.contender for row in rows] == ["rag", "tuned"]
    assert rows[0].people_usd == pytest.approx(3000 + 12 * 250)
    assert rows[1].first_month_usd == pytest.approx(161.72)
    json.dumps([row.model_dump() for row in rows])


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_pages_arithmetic_is_the_same():
    """cost_model.js against Python: 300 random inputs, totals and their parts to 1e-9, break-even and month too."""
    from bakeoff.decide.cost.break_even import break_even_month, break_even_volume, order_by_volume

    rng = random.Random(11)
    inputs = [random_inputs(rng) for _ in range(300)]
    pairs = [(a, random_inputs(rng, like=a)) for a in inputs]
    script = resources.files("bakeoff.report") / "cost_model.js"
    program = f"""
        const cost = require({json.dumps(str(script))});
        const pairs = JSON.parse(require("fs").readFileSync(0, "utf8"));
        console.log(JSON.stringify(pairs.map(([a, b]) => [cost.totalCost(a), cost.cumulativeUsd(a), cost.setupUsd(a),
          cost.marginalUsdPerQuery(a), cost.upkeepUsdPerMonth(a), cost.orderByVolume(a, b), cost.breakEvenMonth(a, b),
          cost.breakEvenVolume(a, b)])));"""
    sent = json.dumps([[a.model_dump(), b.model_dump()] for a, b in pairs])
    ran = subprocess.run(["node", "-e", program], input=sent, capture_output=True, text=True, check=True, timeout=60)
    changes = 0
    for (a, b), (total, paid, setup, marginal, upkeep, order, month, volume) in zip(
        pairs, json.loads(ran.stdout), strict=True
    ):
        assert total == pytest.approx(total_usd(a), rel=1e-9)
        assert paid == pytest.approx(cumulative_usd(a), rel=1e-9)
        assert (setup, marginal, upkeep) == pytest.approx(
            (setup_usd(a), marginal_usd_per_query(a), upkeep_usd_per_month(a)), rel=1e-9
        )
        expected = order_by_volume(a, b)
        assert [sign for _, sign in order] == [sign for _, sign in expected]
        assert [at for at, _ in order] == pytest.approx([at for at, _ in expected], rel=1e-6)
        limit = break_even_volume(a, b)
        assert volume == (None if limit is None else pytest.approx(limit, rel=1e-6))
        assert month == break_even_month(a, b)
        changes += len(expected) > 1
    assert changes > 50  # the comparison above saw many real break-even points
