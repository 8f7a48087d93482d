"""The cost section: the script's arithmetic and sentences against Python's, sliders, charts, formulas."""

import json
import random
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from bakeoff.decide.cost.break_even import break_even
from bakeoff.decide.cost.model import CostInputs, total_usd
from bakeoff.decide.cost.table import cost_table, tornado
from bakeoff.decide.situation.profile_keys import FixedCost
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.pilot.judge import judge
from bakeoff.report.cost_page import (
    PRICES,
    against_reference,
    breakdown_rows,
    cost_context,
    interval_of,
    reference,
    sliders,
    tornado_bars,
)
from bakeoff.report.gather import gather
from bakeoff.report.verdict_text import INPUTS
from bakeoff.runs.folder import RunFolder
from tests.unit.cost_fixture import RAG, TUNED, changed, random_inputs
from tests.unit.report_fixture import PROFILE, build


@pytest.fixture(scope="module")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    found = gather(build(tmp_path_factory.mktemp("run") / "run", n_questions=60)).judgement
    assert found is not None
    return found


def with_intervals(inputs: CostInputs, rng: random.Random) -> CostInputs:
    seconds = inputs.compute_seconds_per_query
    ends = (seconds * rng.uniform(0.5, 1), seconds * rng.uniform(1, 2))
    return inputs.model_copy(update={"intervals": {"compute_seconds_per_query": ends}})


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_what_the_sliders_change_is_calculated_as_in_python() -> None:
    """600 random contenders under random slider values: totals, people's part, break-even, tornado."""
    rng = random.Random(5)
    cases = []
    for _ in range(600):
        a = with_intervals(random_inputs(rng), rng)
        b = random_inputs(rng, like=a)
        if rng.random() < 0.5:
            a = a.model_copy(update={"training_usd_per_hour": a.serving_usd_per_hour})
        to = {
            "queries_per_month": 10 ** rng.uniform(1, 7),
            "horizon_months": rng.randint(1, 60),
            "machine_usd_per_hour": rng.uniform(0, 5),
            "engineering_usd_per_day": rng.uniform(0, 2000),
        }
        shown = [field for field in PRICES if rng.random() < 0.5]
        start = {field: rng.uniform(0.01, 40) for field in shown}
        to |= {field: rng.uniform(0.01, 40) for field in shown}
        cases.append((a, b, start, to))
    script = resources.files("bakeoff.report") / "cost_model.js"
    program = f"""
        const cost = require({json.dumps(str(script))});
        const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
        console.log(JSON.stringify(cases.map(([a, b, start, to]) => {{
          const [x, y] = [cost.changed(a, start, to), cost.changed(b, start, to)];
          return [cost.totalCost(x), cost.peopleUsd(x), cost.breakEvenSentence(x, y),
                  Object.fromEntries(cost.tornado(x).map(([field, ...ends]) => [field, ends]))];
        }})));"""
    sent = json.dumps([[a.model_dump(), b.model_dump(), start, to] for a, b, start, to in cases])
    ran = subprocess.run(["node", "-e", program], input=sent, capture_output=True, text=True, check=True, timeout=60)
    sentences = bounded = 0
    for (a, b, start, to), calculated in zip(cases, json.loads(ran.stdout), strict=True):
        total, people, sentence, swings = calculated
        x, y = changed(a, start, to), changed(b, start, to)
        row = cost_table({"a": x})[0]
        assert total == pytest.approx(total_usd(x), rel=1e-9)
        assert people == pytest.approx(row.people_usd, rel=1e-6, abs=1e-9 * total)
        assert numbers_rounded(sentence) == numbers_rounded(break_even(x, y).explanation)
        for one in tornado(x):
            ends = [one.low_total_usd, one.high_total_usd]
            if abs(ends[1] - ends[0]) > 1e-9 * total:
                assert swings[one.input] == pytest.approx(ends, rel=1e-9)
        sentences += "above that" in sentence
        bounded += "Within the intervals" in sentence
    assert sentences > 20 and bounded > 20


def numbers_rounded(sentence: str) -> str:
    """The sentence with numbers rounded to five digits, because the two languages add in a different order."""
    return re.sub(r"[\d,]*\d", lambda match: f"{float(match[0].replace(',', '')):.5g}", sentence)


ALWAYS = ["queries_per_month", "horizon_months", "machine_usd_per_hour", "engineering_usd_per_day"]
BY_TOKEN = {"input_usd_per_million_tokens": 0.15, "output_usd_per_million_tokens": 0.6}


def test_every_slider_begins_exactly_at_the_profiles_value() -> None:
    """Every slider starts at the profile's value; for a price of zero it is linear."""
    free = RAG.model_copy(update={"serving_usd_per_hour": 0.0, "engineering_usd_per_day": 0.0})
    for inputs in (RAG, free, RAG.model_copy(update=BY_TOKEN)):
        for slider in sliders({"rag": inputs}):
            assert slider["low"] <= slider["position"] <= slider["high"]
            if slider["kind"] == "linear":
                assert slider["position"] * slider["unit"] == pytest.approx(slider["default"])
                assert slider["unit"] > 0
            else:
                assert slider["position"] == 0 and slider["default"] > 0


def test_a_price_has_a_slider_where_somebody_pays_it() -> None:
    """Token prices have a slider if an API is paid; training has one if its hour costs more or less than serving."""
    assert [slider["field"] for slider in sliders({"rag": RAG, "tuned": TUNED})] == ALWAYS
    rag = RAG.model_copy(update={**BY_TOKEN, "training_usd_per_hour": 0.0})
    tuned = TUNED.model_copy(update={"training_usd_per_hour": 1.2, "input_usd_per_million_tokens": 0.3})
    found = {slider["field"]: slider for slider in sliders({"tuned": tuned, "rag": rag})}
    assert list(found) == [*ALWAYS, "training_usd_per_hour", *BY_TOKEN]
    assert found["training_usd_per_hour"]["default"] == 1.2
    assert found["input_usd_per_million_tokens"]["default"] == 0.15
    assert found["input_usd_per_million_tokens"]["title"] == "Prompt tokens, USD a million, the lowest"


def test_a_busiest_hour_that_the_machines_cannot_answer_is_said(tmp_path: Path) -> None:
    """On the page and among the warnings of the verdict, with the number of machines that are paid for."""
    folder = RunFolder(build(tmp_path / "run", n_questions=60))
    of = {n: judge(folder, PROFILE.model_copy(update={"queries_per_month": n, "machines": 2})) for n in (10.0, 1e9)}
    quiet, busy = (cost_context(found, {}) for found in of.values())
    assert quiet is not None and busy is not None and quiet["peak"] == []
    (told,) = busy["peak"]
    assert "the busiest hour" in told and "the profile pays for 2" in told
    assert told in of[1e9].warnings and told not in of[10.0].warnings


def test_a_fixed_amount_below_that_of_a_part_is_a_warning_of_the_verdict(tmp_path: Path) -> None:
    """As before a run."""
    fixed = {name: FixedCost(setup_usd=usd) for name, usd in (("tuned", 9_000.0), ("hybrid", 10.0))}
    profile = PROFILE.model_copy(update={"fixed": fixed})
    found = judge(RunFolder(build(tmp_path / "run", n_questions=60)), profile)
    assert any("needs the work of tuned" in told for told in found.warnings)


def test_a_tornados_bars_lie_within_the_width_around_the_total() -> None:
    """The tornado's largest change comes first; without costs it is empty."""
    shown = tornado_bars(TUNED)
    widths = [width for *_, width in shown["bars"]]
    assert widths == sorted(widths, reverse=True) and all(width > 0 for width in widths)
    assert all(0 <= left <= shown["now"] <= left + width <= 100 + 1e-9 for _, _, left, width in shown["bars"])
    assert shown["bars"][0][0] == "price of a day of work"
    nothing = CostInputs(name="free", queries_per_month=1)
    assert tornado_bars(nothing)["bars"] == []


def test_every_input_of_the_cost_model_has_words() -> None:
    """Every cost input has a title."""
    assert set(INPUTS) == set(CostInputs.model_fields) - {"name", "sources", "intervals"}


def test_the_formulas_add_up_to_what_the_table_says(judgement: Judgement) -> None:
    """Each part's lines sum to its total in the breakdown, and each number names its source."""
    for name, inputs in judgement.cost.inputs.items():
        breakdown = judgement.cost.breakdown[name]
        assert sum(item.usd for item in breakdown.setup) == pytest.approx(breakdown.setup_usd)
        told = breakdown_rows(inputs, judgement)
        assert [title for title, _, _ in told["parts"]] == [
            "Set-up, once", "Query in the first month", "Upkeep, each month",
        ]  # fmt: skip
        assert all(source for *_, source in told["numbers"])


def test_the_charts_stand_for_every_contender_and_mark_the_crossings(judgement: Judgement) -> None:
    """One line each, at both widths; a ring where the winner and another cost the same within the axis."""
    own = {name: c.model_copy(update={"project_days": 0.0}) for name, c in judgement.cost.inputs.items()}
    first = reference(judgement)
    points = tuple(break_even(own[first], c) for name, c in own.items() if name != first)
    costs = judgement.cost.model_copy(update={"inputs": own})
    judgement = judgement.model_copy(update={"cost": costs, "break_even": points})
    context = cost_context(judgement, {})
    assert context is not None
    for chart in (context["months_chart"], context["volume_chart"]):
        assert chart.count("<polyline") == 2 * len(judgement.cost.inputs)
        assert chart.count('class="cost-line k0 first"') == 2
    now = judgement.cost.inputs[reference(judgement)].queries_per_month
    volumes = [one.volume_per_month for one in against_reference(judgement)]
    within = [volume for volume in volumes if volume and volume <= 1000 * now]
    assert within and context["volume_chart"].count('class="crossing"') == 2 * len(within)


def test_every_two_contenders_have_a_break_even_and_the_reference_comes_first(judgement: Judgement) -> None:
    """Each pair once; the page's sentences are the reference's."""
    names = list(judgement.cost.inputs)
    pairs = {frozenset((one.a, one.b)) for one in judgement.break_even}
    assert len(pairs) == len(judgement.break_even) == len(names) * (len(names) - 1) // 2
    others = [one.b for one in against_reference(judgement)]
    assert sorted([reference(judgement), *others]) == sorted(names)


def test_an_interval_is_told_only_where_there_is_one(judgement: Judgement) -> None:
    """Measured seconds have an interval, a price has none."""
    inputs = judgement.cost.inputs["base"]
    assert " to " in interval_of(inputs, "compute_seconds_per_query")
    assert interval_of(inputs, "serving_usd_per_hour") == ""


def test_without_a_cost_there_is_no_section(judgement: Judgement) -> None:
    """Without any cost the section is left out."""
    costs = judgement.cost.model_copy(update={"table": (), "inputs": {}, "breakdown": {}, "tornado": ()})
    assert cost_context(judgement.model_copy(update={"cost": costs}), {}) is None


def test_the_payload_cannot_close_its_script(tmp_path: Path, judgement: Judgement) -> None:
    """Markup in a contender's name is escaped."""
    evil = "</script><b>"
    inputs = {evil: RAG.model_copy(update={"name": evil})}
    row = judgement.cost.table[0].model_copy(update={"contender": evil})
    breakdown = {evil: judgement.cost.breakdown["base"]}
    costs = judgement.cost.model_copy(update={"table": (row,), "inputs": inputs, "breakdown": breakdown, "tornado": ()})
    context = cost_context(judgement.model_copy(update={"cost": costs}), {})
    assert context is not None and "<" not in context["payload"]
    assert "<b>" not in context["months_chart"]
