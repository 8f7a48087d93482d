"""The report in a real browser: headless Chromium, laptop and phone, light and dark, by keyboard, without scripts."""

from collections.abc import Iterator

import pytest

from bakeoff.report import write_report
from tests.end_to_end.browser import all_of, choose, one_of, show, started, wait
from tests.unit.report_fixture import SKILL, build

from selenium import webdriver  # isort: skip
from selenium.webdriver.common.by import By  # isort: skip
from selenium.webdriver.common.keys import Keys  # isort: skip


VERDICT_CHARTS = 3 + 2 + 1 + 3  # effects, costs, sensitivity, worth


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(build(tmp_path_factory.mktemp("run") / "run", n_questions=60)).as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    yield from started()


@pytest.fixture
def page(browser: webdriver.Chrome, address: str) -> webdriver.Chrome:
    """The report at laptop width, freshly loaded."""
    show(browser, address, 1280)
    return browser


def shown_questions(page: webdriver.Chrome) -> int:
    return len(all_of(page, ".q:not([hidden])"))


def test_it_loads_without_an_error_a_request_or_hostile_code(page: webdriver.Chrome) -> None:
    """Texts of the run stay texts with every question opened: nothing runs, nothing is asked for."""
    page.execute_script("document.querySelectorAll('.q').forEach((q) => { q.open = true })")
    wait(page, lambda: len(all_of(page, ".q-body")) == 60)
    assert page.title == "Bakeoff: support-desk"
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert not all_of(page, "img, #list b b, .q script, .q iframe")
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_at_the_side(browser: webdriver.Chrome, address: str, width: int, scheme: str) -> None:
    """On a laptop and on a phone the page itself never scrolls sideways, with a question open as well."""
    show(browser, address, width, scheme)
    browser.execute_script("document.querySelectorAll('details').forEach((one, i) => { if (i < 12) one.open = true })")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    red = int(
        browser.execute_script("return getComputedStyle(document.body).backgroundColor").split("(")[1].split(",")[0]
    )
    assert (red > 200) == (scheme == "light")


@pytest.mark.parametrize("width", [1280, 390])
def test_each_chart_is_shown_once_and_is_legible(browser: webdriver.Chrome, address: str, width: int) -> None:
    """One of the two drawings of each chart, its text not scaled below 11 pixels nor outside the window."""
    show(browser, address, width)
    script = """return [...document.querySelectorAll('svg')].filter((svg) => svg.checkVisibility()).map((svg) => {
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
        const rights = [...svg.querySelectorAll('text')].map((text) => text.getBoundingClientRect().right);
        return [12 * scale, Math.max(...rights)] })"""
    drawn = browser.execute_script(script)
    assert len(drawn) == 5 + 5 + VERDICT_CHARTS
    assert all(size >= 11 and right <= width for size, right in drawn)


def test_without_scripts_the_tables_and_charts_are_there(browser: webdriver.Chrome, address: str) -> None:
    """Only the questions need a script, and the page says so and where they lie."""
    show(browser, address, 1280, scripts=False)
    try:
        assert len(all_of(browser, "#eight tbody tr")) == len(SKILL)
        assert sum(svg.is_displayed() for svg in all_of(browser, "svg")) == 5 + 5 + VERDICT_CHARTS
        assert "needs JavaScript" in one_of(browser, "#questions").text
        assert not one_of(browser, "#filters").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_column_is_sorted_by_keyboard(page: webdriver.Chrome) -> None:
    """Best first, then the other way; what was not measured stays last."""
    retention = all_of(page, "#eight thead button")[5]
    orders = []
    for _ in range(2):
        retention.send_keys(Keys.ENTER)
        cells = [row.find_elements(By.TAG_NAME, "td")[4] for row in all_of(page, "#eight tbody tr")]
        orders.append([cell.get_attribute("data-value") for cell in cells])
    down, up = orders
    assert down[-1] is None and up[-1] is None
    values = [float(value) for value in down[:-1] if value is not None]
    assert values == sorted(values, reverse=True)
    assert [float(value) for value in up[:-1] if value is not None] == sorted(values)
    assert all_of(page, "#eight thead th")[5].get_attribute("aria-sort") == "ascending"


def test_a_question_opens_by_keyboard_with_all_answers_and_the_evidence(page: webdriver.Chrome) -> None:
    """Every contender's answer and outcome, and the gold span marked in its passage."""
    question = next(one for one in all_of(page, ".q") if "Hearth 3 mean?" in one.text and "seen" in one.text)
    one_of(question, "summary").send_keys(Keys.ENTER)
    assert question.get_attribute("open")
    rows = wait(page, lambda: all_of(question, ".answers tr"))
    assert {one_of(row, "th bdi").text for row in rows} == set(SKILL)
    assert "Accepted: low battery" in question.text
    marks = {mark.text for mark in all_of(question, "mark")}
    assert marks == {"On the Hearth 3, blinking amber means low battery."}
    assert "Contains the evidence. Shown 1st to" in question.text


def test_questions_are_filtered_by_words_slice_contender_and_outcome(page: webdriver.Chrome) -> None:
    """The filters combine, the count follows, and Clear resets them."""
    one_of(page, "#f-text").send_keys("WARRANTY beacon")
    n_words = shown_questions(page)
    assert 0 < n_words < 60 and one_of(page, "#count").text == f"{n_words} of 60 questions"
    one_of(page, "#filters button").click()
    wait(page, lambda: shown_questions(page) == 60)
    choose(page, "f-slice", "unanswerable")
    n_slice = shown_questions(page)
    choose(page, "f-contender", "0")
    choose(page, "f-outcome", "wrong")
    assert 0 < shown_questions(page) < n_slice < 60


def test_a_count_of_failures_leads_to_its_questions(page: webdriver.Chrome) -> None:
    """The list shows as many questions as the table counted, or more where other slices fail so too."""
    link = one_of(page, '.to-questions[data-contender="rag"][data-outcome="miss"]')
    n = int(link.text)
    link.send_keys(Keys.ENTER)
    assert one_of(page, "#f-contender").get_attribute("value") == "1"
    assert one_of(page, "#f-outcome").get_attribute("value") == "miss"
    assert n <= shown_questions(page) <= n + 8


def test_an_address_opens_one_question(browser: webdriver.Chrome, address: str) -> None:
    """The address of a question opens it."""
    show(browser, f"{address}#question-q007", 390)
    opened = wait(browser, lambda: all_of(browser, ".q[open]"))
    assert [one.get_attribute("id") for one in opened] == ["question-q007"]


def test_an_answer_declined_where_there_is_none_is_told_as_correct(page: webdriver.Chrome) -> None:
    """Declining an unanswerable question is correct, and the page says so."""
    choose(page, "f-slice", "unanswerable")
    choose(page, "f-outcome", "abstained")
    first = one_of(page, ".q:not([hidden])")
    one_of(first, "summary").click()
    wait(page, lambda: all_of(first, ".q-body"))
    assert "declining is correct" in first.text and "correctly declined" in first.text
