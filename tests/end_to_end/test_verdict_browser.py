"""The verdict's part of the report in headless Chromium: sliders, charts, claims; by keyboard, without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff.decide.break_even import break_even
from bakeoff.decide.cost import CostInputs, cost_table
from bakeoff.report import gather, write_report
from bakeoff.report.cost_page import cost_cells
from bakeoff.report.judgement import CostRow, Judgement
from tests.end_to_end.browser import all_of, choose, one_of, show, started
from tests.unit.report_fixture import build

from selenium import webdriver  # isort: skip
from selenium.webdriver.common.keys import Keys  # isort: skip
from selenium.webdriver.support.ui import WebDriverWait  # isort: skip

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
    return {field: float(one_of(page, f"#o-{field}").get_attribute("data-value") or "nan") for field in SLIDERS}


def by_python(judgement: Judgement, at: dict[str, float]) -> dict[str, CostInputs]:
    """Every contender's inputs as the sliders would have them; here those that train do so on the serving machine."""
    update = {
        "queries_per_month": at["queries_per_month"],
        "horizon_months": int(at["horizon_months"]),
        "serving_usd_per_hour": at["machine_usd_per_hour"],
        "engineering_usd_per_day": at["engineering_usd_per_day"],
    }
    training = {"training_usd_per_hour": at["machine_usd_per_hour"]}
    return {
        name: one.model_copy(update=update | (training if one.training_usd_per_hour else {}))
        for name, one in judgement.cost.inputs.items()
    }


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
    """The table, both charts and the break-even sentences follow, to the last digit shown."""
    before = charts(page)
    one_of(page, f"#s-{field}").send_keys(*keys)
    inputs = by_python(judgement, situation(page))
    shown = table_of(page)
    for row in cost_table(inputs):
        expected = cost_cells(CostRow(**row))
        assert shown.pop(expected.pop("contender")) == expected
    assert not shown
    first = judgement.break_even[0].a
    told = {item.get_attribute("data-contender"): item.text for item in all_of(page, "#break-even li")}
    assert told == {one.b: break_even(inputs[first], inputs[one.b]).explanation for one in judgement.break_even}
    assert charts(page) != before and "NaN" not in charts(page)
    assert one_of(page, "#cost-told").text.startswith(f"{cost_table(inputs)[0]['contender']} costs the least")


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
    WebDriverWait(page, 5).until(lambda _: table_of(page) == before)
    inputs = next(iter(judgement.cost.inputs.values()))
    assert situation(page)["queries_per_month"] == inputs.queries_per_month


def test_every_control_has_a_name_and_is_reached_by_tab(page: webdriver.Chrome) -> None:
    """Sliders say their value in words; the focus is visible."""
    for field in SLIDERS:
        slider = one_of(page, f"#s-{field}")
        slider.send_keys(Keys.ARROW_RIGHT)
        assert slider.accessible_name and slider.get_attribute("aria-valuetext")
        assert slider.size["height"] >= 24
    page.execute_script("document.querySelector('#cost-table').closest('.scroll').focus()")
    reached = []
    for _ in range(8):
        page.switch_to.active_element.send_keys(Keys.TAB)
        focused = page.switch_to.active_element
        reached.append(focused.get_attribute("id"))
        outline = page.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
    assert [f"s-{field}" for field in SLIDERS] == [one for one in reached if one][:4]


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
