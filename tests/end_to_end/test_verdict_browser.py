"""The verdict's part of the report in headless Chromium: sliders, charts, claims; by keyboard, without scripts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff.decide.cost.break_even import break_even
from bakeoff.decide.cost.model import CostInputs
from bakeoff.decide.cost.table import cost_table
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.stakes import Stakes
from bakeoff.decide.value.joint import joint_draws, terms_of
from bakeoff.decide.value.worth import best_ranges, worth
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.decide.wording import money
from bakeoff.measure.comparison import AskedModel
from bakeoff.models.settings import TokenPrice
from bakeoff.pilot.judge import judge
from bakeoff.report import gather, write_report
from bakeoff.report.cost_page import cost_cells, sliders, tornado_bars
from bakeoff.report.worth_text import range_sentences, valued, worth_sentence
from bakeoff.runs.folder import RunFolder, write_record
from tests.end_to_end.browser import all_of, choose, one_of, show, started, wait
from tests.unit.cost_fixture import changed
from tests.unit.report_fixture import PROFILE, build

from selenium import webdriver  # isort: skip
from selenium.webdriver.common.keys import Keys  # isort: skip

VALUE_SLIDERS = ("right_usd", "wrong_times", "declined_times")
SLIDERS = ("queries_per_month", "horizon_months", "machine_usd_per_hour", "engineering_usd_per_day")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("run") / "run", n_questions=60)


@pytest.fixture(scope="module")
def judgement(folder: Path) -> Judgement:
    found = gather(folder).judgement
    assert found is not None
    return found


@pytest.fixture(scope="module")
def address(folder: Path) -> str:
    return write_report(folder).as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    yield from started()


@pytest.fixture
def page(browser: webdriver.Chrome, address: str) -> webdriver.Chrome:
    """The report at laptop width, freshly loaded."""
    show(browser, address, 1280)
    return browser


def situation(page: webdriver.Chrome) -> dict[str, float]:
    """What the sliders stand at, as the page reckons with it."""
    outputs = all_of(page, "#cost-sliders output")
    return {str(one.get_attribute("id"))[2:]: float(one.get_attribute("data-value") or "nan") for one in outputs}


def by_python(judgement: Judgement, at: dict[str, float]) -> dict[str, CostInputs]:
    """Every contender's inputs as the sliders would have them."""
    inputs = judgement.cost.inputs
    start = {slider["field"]: slider["default"] for slider in sliders(inputs)}
    return {name: changed(one, start, at) for name, one in inputs.items()}


def table_of(page: webdriver.Chrome) -> dict[str, dict[str, str]]:
    script = """return Object.fromEntries([...document.querySelectorAll('#cost-table tbody tr')].map((row) =>
        [row.dataset.contender, Object.fromEntries([...row.querySelectorAll('[data-cost]')].map((one) =>
            [one.dataset.cost, one.textContent]))]))"""
    return page.execute_script(script)


def charts(page: webdriver.Chrome) -> str:
    return "".join(str(chart.get_attribute("innerHTML")) for chart in all_of(page, "[data-chart]"))


@pytest.mark.parametrize(
    ("field", "keys"),
    [
        ("queries_per_month", [Keys.PAGE_UP] * 3 + [Keys.ARROW_LEFT] * 4),
        ("queries_per_month", [Keys.END]),
        ("horizon_months", [Keys.ARROW_RIGHT] * 9),
        ("machine_usd_per_hour", [Keys.END]),
        ("engineering_usd_per_day", [Keys.HOME]),
    ],
)
def test_a_slider_moved_by_keyboard_gives_what_python_gives(
    page: webdriver.Chrome, judgement: Judgement, field: str, keys: list[str]
) -> None:
    """The table, both charts, the break-even sentences and the tornado follow, to the last digit shown."""
    before = charts(page)
    one_of(page, f"#s-{field}").send_keys(*keys)
    inputs = by_python(judgement, situation(page))
    shows(page, inputs, judgement.break_even[0].a)
    assert charts(page) != before and "NaN" not in charts(page)
    assert one_of(page, "#cost-told").text.startswith(f"{cost_table(inputs)[0].contender} costs the least")


def shows(page: webdriver.Chrome, inputs: dict[str, CostInputs], first: str) -> None:
    """Assert that the page shows what Python makes of these inputs, the others held against the first."""
    shown = table_of(page)
    for row in cost_table(inputs):
        expected = cost_cells(row)
        assert shown.pop(expected.pop("contender")) == expected
    assert not shown
    told = {item.get_attribute("data-contender"): item.text for item in all_of(page, "#break-even li")}
    assert told == {name: break_even(inputs[first], one).explanation for name, one in inputs.items() if name != first}
    expected = tornado_bars(inputs[first])
    script = (
        "return [...document.querySelectorAll('#tornado li span:not(.track, .swing)')].map((one) => one.textContent)"
    )
    assert page.execute_script(script) == [text for meaning, told, *_ in expected["bars"] for text in (meaning, told)]
    assert one_of(page, "#tornado-total").get_property("textContent") == expected["total"]
    script = "return [...document.querySelectorAll('.swing')].flatMap((one) => [one.style.left, one.style.width])"
    places = [place for *_, left, width in expected["bars"] for place in (left, width)]
    assert [float(one[:-1]) for one in page.execute_script(script)] == pytest.approx(places, abs=0.011)
    assert {one.text for one in all_of(page, ".cost-first")} == {first}


def test_any_two_contenders_can_be_held_against_each_other(page: webdriver.Chrome, judgement: Judgement) -> None:
    """Chosen by keyboard: sentences, tornado and rings are that contender's; the reset brings the winner back."""
    inputs, names = judgement.cost.inputs, [row.contender for row in judgement.cost.table]
    winner, chosen = judgement.break_even[0].a, one_of(page, "#cost-first")
    assert chosen.accessible_name and chosen.get_property("value") == winner
    for key, place in ((Keys.HOME, 0), (Keys.ARROW_DOWN, 1), (Keys.END, -1)):
        chosen.send_keys(key)
        shows(page, inputs, names[place])
        assert charts(page).count(' first"') == 8  # a line and its name, in two charts at two widths
        assert f"<title>{winner} and" not in charts(page) or names[place] == winner
    one_of(page, "#cost-sliders button").send_keys(Keys.ENTER)
    wait(page, lambda: one_of(page, ".cost-first").text == winner)
    shows(page, inputs, winner)


@pytest.mark.parametrize(
    ("field", "keys"),
    [
        ("right_usd", [Keys.PAGE_UP] * 2),
        ("wrong_times", [Keys.HOME]),
        ("declined_times", [Keys.ARROW_RIGHT] * 3),
        ("horizon_months", [Keys.ARROW_RIGHT] * 9),
    ],
)
def test_worth_follows_the_sliders_as_in_python(
    page: webdriver.Chrome, judgement: Judgement, field: str, keys: list[str]
) -> None:
    """Sentence, table and ranges are what Python makes of the same draws; the rows and both charts follow."""
    before = page.execute_script("return document.querySelector('main').innerHTML")
    one_of(page, f"#s-{field}").send_keys(*keys)
    at = situation(page)
    terms = terms_of(judgement.profile, judgement.draws.outcomes.own)
    moved = replace(
        terms,
        utility=Stakes(1.0, at["wrong_times"], at["declined_times"]),
        changes=terms.changes.model_copy(update={"horizon_months": int(at["horizon_months"])}),
    )
    found = valued(judgement)
    assert found is not None
    draws = joint_draws(judgement.draws, by_python(judgement, at), moved)
    ranges = tuple(best_ranges(draws, found.payable))
    expected = replace(
        found, draws=draws, right_usd=at["right_usd"], ranges=ranges, worth=worth(draws, at["right_usd"], found.payable)
    )
    assert one_of(page, "#worth-told").text == worth_sentence(expected)
    assert [one.text for one in all_of(page, "#range-sentences li")] == range_sentences(ranges)
    script = """return [...document.querySelectorAll('#worth-table tbody tr')].map((row) => [row.dataset.contender,
        row.querySelector('[data-worth="net"]').textContent, row.querySelector('[data-worth="cost"]').textContent])"""
    shown = page.execute_script(script)
    assert [name for name, _, _ in shown] == expected.by_net
    for name, net, cost in shown:
        assert (net, cost) == (money(expected.nets[name].net.value), money(expected.nets[name].cost.value))
    assert page.execute_script("return document.querySelector('main').innerHTML") != before
    assert one_of(page, "#worth-picture .moved").is_displayed()
    one_of(page, "#cost-sliders button").send_keys(Keys.ENTER)
    wait(page, lambda: one_of(page, "#worth-told").text == worth_sentence(found))
    assert not one_of(page, "#worth-picture .moved").is_displayed()


def test_the_script_draws_worth_as_python_drew_it(page: webdriver.Chrome) -> None:
    """There and back again: the rows and every element of the charts stand where they stood."""
    script = """const drawn = '[data-value-chart] > svg, [data-rows] .row-track, #front-chart svg';
        const numbers = (text) => (text.match(/-?[0-9]+([.][0-9]+)?/g) || []).map(Number);
        return [...document.querySelectorAll(drawn)].map((of) => [...of.querySelectorAll('*')].map((node) =>
          [node.tagName, node.children.length ? '' : node.textContent, [...node.attributes]
            .filter(({ name }) => !['class', 'title'].includes(name)).flatMap(({ value }) => numbers(value))]))"""
    before = page.execute_script(script)
    slider = one_of(page, "#s-right_usd")
    slider.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    after = page.execute_script(script)
    assert len(before) == len(after) and before
    for old, new in zip(before, after, strict=True):
        assert sorted((tag, text) for tag, text, _ in old) == sorted((tag, text) for tag, text, _ in new)
        places = [sorted(at for *_, found in drawn for at in found) for drawn in (old, new)]
        assert places[0] == pytest.approx(places[1], abs=0.11)


def answered_by_api(run: RunFolder, profile: Profile) -> None:
    """Judge the run as if a hosted model had answered, at a higher price for its tuned versions."""
    comparison = run.comparison()
    hosted = AskedModel(name="large", label="large at api.example.com", location="internet", host="api.example.com")
    prices = {tuned: TokenPrice(input_tokens=0.3 if tuned else 0.15, output_tokens=0.6) for tuned in (True, False)}
    entrants = tuple(
        one.model_copy(update={"model": hosted.model_copy(update={"price": prices[one.is_tuned]})})
        if one.model
        else one
        for one in comparison.entrants
    )
    write_record(run.comparison_path, comparison.model_copy(update={"entrants": entrants}))
    write_record(run.verdict_path, judge(run, profile))


def test_what_an_api_charges_has_sliders_of_its_own(browser: webdriver.Chrome, tmp_path: Path) -> None:
    """Tokens read and written, and an hour of training that costs more than one of serving."""
    folder = build(tmp_path / "run", n_questions=60, profile=None)
    answered_by_api(RunFolder(folder), Profile.model_validate({**PROFILE.model_dump(), "training_on": "gpu"}))
    judgement = gather(folder).judgement
    assert judgement is not None
    show(browser, write_report(folder).as_uri(), 1280)
    fields = ("training_usd_per_hour", "input_usd_per_million_tokens", "output_usd_per_million_tokens")
    for field, key in zip(fields, (Keys.END, Keys.HOME, Keys.PAGE_UP), strict=True):
        before = table_of(browser)
        one_of(browser, f"#s-{field}").send_keys(key)
        assert table_of(browser) != before
        shows(browser, by_python(judgement, situation(browser)), judgement.break_even[0].a)


def test_the_script_draws_what_python_drew(page: webdriver.Chrome) -> None:
    """There and back again: every line, tick, label and ring of both charts stands where it stood."""
    before = drawn(page)
    one_of(page, "#s-horizon_months").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    after = drawn(page)
    assert len(before) == len(after) == 4 and all(before)
    for old, new in zip(before, after, strict=True):
        assert [what for what, _ in old] == [what for what, _ in new]
        assert [at for _, places in old for at in places] == pytest.approx(
            [at for _, places in new for at in places], abs=0.11
        )


def drawn(page: webdriver.Chrome) -> list[list[tuple[str, list[float]]]]:
    """For each cost chart, its elements in order: tag, class and text, and all their coordinates."""
    script = """return [...document.querySelectorAll('[data-chart] > svg')].map((svg) => [...svg.querySelectorAll('*')]
        .map((node) => [[node.tagName, node.getAttribute('class'), node.children.length ? '' : node.textContent].join(),
          ['x', 'y', 'x1', 'y1', 'x2', 'y2', 'cx', 'cy', 'points'].map((name) => node.getAttribute(name))
            .filter(Boolean).flatMap((at) => at.split(/[ ,]/).map(Number))]))"""
    return page.execute_script(script)


def test_the_profiles_own_situation_comes_back(page: webdriver.Chrome, judgement: Judgement) -> None:
    """Reset gives exactly the numbers that Python wrote into the page."""
    before = table_of(page)
    for field in SLIDERS:
        one_of(page, f"#s-{field}").send_keys(Keys.HOME)
    assert table_of(page) != before
    one_of(page, "#cost-sliders button").send_keys(Keys.ENTER)
    wait(page, lambda: table_of(page) == before)
    inputs = next(iter(judgement.cost.inputs.values()))
    assert situation(page)["queries_per_month"] == inputs.queries_per_month


def test_every_control_has_a_name_and_is_reached_by_tab(page: webdriver.Chrome) -> None:
    """Sliders say their value in words; the focus is visible."""
    for field in SLIDERS:
        slider = one_of(page, f"#s-{field}")
        slider.send_keys(Keys.ARROW_RIGHT)
        assert slider.accessible_name and slider.get_attribute("aria-valuetext")
        assert slider.size["height"] >= 24
    page.execute_script("document.querySelector('nav a:last-child').focus()")
    reached = []
    for _ in range(len(VALUE_SLIDERS) + len(SLIDERS)):
        page.switch_to.active_element.send_keys(Keys.TAB)
        focused = page.switch_to.active_element
        reached.append(focused.get_attribute("id"))
        outline = page.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
    assert reached == [f"s-{field}" for field in (*VALUE_SLIDERS, *SLIDERS)]
    assert one_of(page, "#cost-first").accessible_name


def test_the_claims_are_filtered_and_counted(page: webdriver.Chrome, judgement: Judgement) -> None:
    """By finding, article and words; groups that hold a match open, empty ones go, Clear brings all back."""

    def shown() -> int:
        return len(all_of(page, ".claim:not([hidden])"))

    total = len(judgement.claims)
    assert shown() == total
    choose(page, "c-finding", "not tested")
    n = sum(one.finding == "not tested" for one in judgement.claims)
    assert shown() == n and one_of(page, "#claim-count").text == f"{n} of {total} claims"
    assert [one.get_attribute("open") is not None for one in all_of(page, ".claims:not([hidden])")] == [True]
    choose(page, "c-article", "payloop")
    of_both = sum(one.finding == "not tested" and one.claim.article == "payloop" for one in judgement.claims)
    assert shown() == of_both
    one_of(page, "#claim-filters button").send_keys(Keys.ENTER)
    one_of(page, "#c-text").send_keys("LATENCY")
    assert 0 < shown() < total
    assert all("latency" in one.get_property("textContent").lower() for one in all_of(page, ".claim:not([hidden])"))


def test_nothing_is_asked_for_and_nothing_fails(page: webdriver.Chrome) -> None:
    """With every slider at both ends and every detail open: no request, no message in the console."""
    for field in SLIDERS:
        one_of(page, f"#s-{field}").send_keys(Keys.END, Keys.HOME)
    page.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.parametrize("width", [1280, 390])
def test_everything_opened_nothing_sticks_out(browser: webdriver.Chrome, address: str, width: int) -> None:
    """Formulas, articles and plan included, on a laptop and on a phone; sliders too after they moved."""
    show(browser, address, width)
    browser.execute_script("document.querySelectorAll('main details:not(.q)').forEach((one) => { one.open = true })")
    one_of(browser, "#s-queries_per_month").send_keys(Keys.END)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    script = """return [...document.querySelectorAll('[data-chart] > svg')].filter((svg) => svg.checkVisibility())
        .flatMap((svg) => [...svg.querySelectorAll('text')].map((text) => text.getBoundingClientRect().right))"""
    assert all(right <= width for right in browser.execute_script(script))


def test_without_scripts_the_costs_and_claims_can_be_read(browser: webdriver.Chrome, address: str) -> None:
    """Charts, table and sentences stand in the page; what needs a script is not shown."""
    show(browser, address, 1280, scripts=False)
    try:
        assert not one_of(browser, "#cost-sliders").is_displayed()
        assert not one_of(browser, "#claim-filters").is_displayed()
        charts = all_of(browser, "[data-chart].wide > svg")
        assert len(charts) == 2 and all(chart.is_displayed() for chart in charts)
        assert one_of(browser, "#cost-table").is_displayed() and one_of(browser, ".claim").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_in_print_the_sliders_go_and_the_numbers_stay(browser: webdriver.Chrome, address: str) -> None:
    """What is printed is the profile's own situation, or what the reader last moved it to."""
    show(browser, address, 1280)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not one_of(browser, "#cost-sliders").is_displayed()
        assert one_of(browser, "#cost-table").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
