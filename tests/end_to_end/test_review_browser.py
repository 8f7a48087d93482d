"""The review page in a real browser, by the keyboard alone: accepting, correcting, merging, a document, going back.

`bakeoff review` runs in a process of its own on a deployment; reviews are read from its log afterwards.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bakeoff.learn.review.page.routes import ReviewPage
from bakeoff.serve.guard.bearer import holder_of
from bakeoff.serve.guard.guarded import access_of, guarded
from bakeoff.serve.keys import KeyFile
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Review
from bakeoff.serve.openai.routes import exception_handlers
from tests.end_to_end.browser import all_of, one_of, started, wait
from tests.end_to_end.small import environment
from tests.serving import running
from tests.unit.review_fixture import answered, reviewable

from selenium import webdriver  # isort: skip
from selenium.webdriver.common.action_chains import ActionChains  # isort: skip
from selenium.webdriver.common.keys import Keys  # isort: skip

CHECKS = Path(__file__).with_name("accessibility_checks.js").read_text(encoding="utf-8")


class Program:
    """`bakeoff review` on a deployment."""

    def __init__(self, root: Path, port: int = 0) -> None:
        with socket.create_server(("127.0.0.1", port)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/review"
        command = ["review", str(root), "--reviewer", "ada", "--port", str(self.port)]
        self.process = subprocess.Popen([sys.executable, "-m", "bakeoff", *command], env=environment())

    def wait(self) -> "Program":
        while self.process.poll() is None:
            try:
                urllib.request.urlopen(self.address, timeout=10).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError("bakeoff review ended before its page could be opened")


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    yield from started()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review")
    return reviewable(folder / "desk", folder / "run")


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "desk"))


@pytest.fixture
def program(root: Path) -> Iterator[Program]:
    program = Program(root)
    try:
        yield program.wait()
    finally:
        program.process.kill()
        program.process.wait()


@pytest.fixture
def page(browser: webdriver.Chrome, program: Program) -> Iterator[webdriver.Chrome]:
    """The page with its first answer. Afterwards: no error and no violation of the policy."""
    open_at(browser, program)
    browser.get_log("browser")
    yield browser
    messages = [entry["message"] for entry in browser.get_log("browser")]
    assert [message for message in messages if "responded with a status" not in message] == []


def open_at(browser: webdriver.Chrome, program: Program, width: int = 1280, scheme: str = "light") -> None:
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get("about:blank")
    browser.get(program.address)
    wait(browser, lambda: one_of(browser, "#card").is_displayed())


def press(page: webdriver.Chrome, *keys: str) -> None:
    for key in keys:
        ActionChains(page).send_keys(key).perform()


def save(page: webdriver.Chrome) -> None:
    ActionChains(page).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()


def question(page: webdriver.Chrome) -> str:
    return one_of(page, "#question").text


def go_to(page: webdriver.Chrome, words: str) -> None:
    """Skip until the question with these words is shown."""
    for _ in range(8):
        if words in question(page):
            return
        before = question(page), one_of(page, "#place").text
        press(page, "s")
        wait(page, lambda before=before: (question(page), one_of(page, "#place").text) != before)
    raise AssertionError(f"no question with {words!r}")


def reviews(root: Path) -> dict[str, Review]:
    with Log(root / "log.sqlite") as log:
        return {review.answer: review for review in log.entries(Review)}


def focused(page: webdriver.Chrome) -> str:
    return str(page.execute_script("const e = document.activeElement; return e.id || e.tagName"))


def test_answers_are_reviewed_by_the_keyboard_alone(page: webdriver.Chrome, root: Path) -> None:
    """A correction that was filled in, a merge, a document with a note; each is on the disk with its outcome."""
    go_to(page, "filter")
    assert one_of(page, "#passages mark").text == "every 6 months"
    assert one_of(page, "#correction").text == "every 6 months"
    press(page, "c")
    wait(page, lambda: focused(page) == "TEXTAREA")
    assert page.execute_script("return document.activeElement.value") == "every 6 months"
    save(page)
    wait(page, lambda: "filter" not in question(page))
    go_back_to = question(page)
    press(page, "b")
    wait(page, lambda: "filter" in question(page))
    assert "Reviewed by ada: corrected: every 6 months" in one_of(page, "#before").text
    press(page, Keys.ARROW_RIGHT)
    wait(page, lambda: question(page) == go_back_to)
    wait(page, lambda: "filter" in reviews(root))
    found = reviews(root)["filter"]
    assert (found.action, found.answers, found.outcome, found.by) == ("correct", ("every 6 months",), "wrong", "ada")


def test_a_flagged_correction_is_never_filled_in_and_a_known_fact_is_chosen(page: webdriver.Chrome, root: Path) -> None:
    """The warnings stand beside it. Merging takes the known answers."""
    go_to(page, "oil")
    warnings = [flag.text for flag in all_of(page, ".flags li")]
    assert any("instruct the model" in text for text in warnings) and any("address" in text for text in warnings)
    press(page, "c")
    wait(page, lambda: focused(page) == "TEXTAREA")
    assert page.execute_script("return document.activeElement.value") == ""
    save(page)
    assert "Write the right answer" in one_of(page, "#decision-problem").text
    press(page, Keys.ESCAPE)
    wait(page, lambda: not one_of(page, "#decision").is_displayed())
    press(page, "m")
    wait(page, lambda: focused(page) == "INPUT")
    save(page)
    wait(page, lambda: "oil" in reviews(root) and reviews(root)["oil"].action == "merge")
    found = reviews(root)["oil"]
    assert (found.fact, found.answers, found.outcome) == ("oil", ("11 litres", "11 l"), "wrong")


def test_an_accepted_sentence_is_given_in_a_few_words_too(page: webdriver.Chrome, program: Program, root: Path) -> None:
    """Where the short form is not certain, there is a field for it; it is kept when the review is changed."""
    with Log(root / "log.sqlite") as log:
        log.append(answered("care", "Who changes the seal?", "The seal of the pump is changed by Jan Bo.", second=29))
    open_at(page, program)
    go_to(page, "seal")
    press(page, "w")
    wait(page, lambda: focused(page) == "few")
    press(page, "Jan Bo", Keys.ENTER)
    press(page, "a")
    wait(page, lambda: "care" in reviews(root))
    assert reviews(root)["care"].answers == ("The seal of the pump is changed by Jan Bo.", "Jan Bo")
    press(page, "b")
    wait(page, lambda: one_of(page, "#card").is_displayed() and "seal" in question(page))
    assert one_of(page, "#few").get_property("value") == "Jan Bo"


def test_nothing_was_shown_so_nothing_can_be_accepted(page: webdriver.Chrome, root: Path) -> None:
    """A declined question is unanswerable, or is corrected."""
    go_to(page, "cost")
    assert "It declined" in one_of(page, "#answer").text
    press(page, "a")
    time.sleep(0.2)
    assert "cost" in question(page)
    press(page, "u")
    wait(page, lambda: "price" in reviews(root))
    assert reviews(root)["price"].outcome == "right"


def test_a_document_is_named_with_what_is_wrong(page: webdriver.Chrome, root: Path) -> None:
    """Its source is filled in; the note says more. Typing in the form triggers no single key."""
    go_to(page, "weigh")
    assert "The user wrote: and its weight?" in one_of(page, "#asked").text
    press(page, "d")
    wait(page, lambda: focused(page) == "SELECT")
    press(page, Keys.TAB, Keys.TAB, Keys.TAB, "sad", Keys.ENTER)
    wait(page, lambda: "weight" in reviews(root))
    found = reviews(root)["weight"]
    assert (found.action, found.document_is, found.documents, found.note) == ("document", "wrong", ("aldra.md",), "sad")


def test_all_are_reviewed_at_the_end(page: webdriver.Chrome, root: Path) -> None:
    """The page says so, and shows what the sample says."""
    for n in range(6):
        wait(page, lambda: one_of(page, "#card").is_displayed())
        before = one_of(page, "#place").text
        press(page, "u" if n else "s")
        wait(page, lambda before=before: one_of(page, "#end").is_displayed() or one_of(page, "#place").text != before)
    wait(page, lambda: one_of(page, "#end-title").text == "Nothing is left to review")
    wait(page, lambda: "6 of 6 drawn answers reviewed, 1 of them undecided" in one_of(page, "#outlook").text)
    assert len(reviews(root)) == 6


def test_reviews_that_could_not_be_sent_are_kept(browser: webdriver.Chrome, program: Program, root: Path) -> None:
    """When the program runs again, what waited is sent."""
    open_at(browser, program)
    time.sleep(0.5)  # the next answers are fetched
    program.process.kill()
    program.process.wait()
    press(browser, "s")
    wait(browser, lambda: "Not saved yet" in one_of(browser, "#trouble").text)
    assert reviews(root) == {}
    again = Program(root, program.port).wait()
    try:
        one_of(browser, "#trouble button").click()
        wait(browser, lambda: len(reviews(root)) == 1)
    finally:
        again.process.kill()
        again.process.wait()


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_accessible(
    browser: webdriver.Chrome, program: Program, width: int, scheme: str, tmp_path: Path
) -> None:
    """At 1280 and 320 pixels, in both colour schemes, with and without the form: no scroll bar, names, contrast."""
    open_at(browser, program, width, scheme)
    go_to(browser, "oil")
    for action in ("", "c", Keys.ESCAPE + "m", Keys.ESCAPE + "d"):
        press(browser, *action)
        wait(browser, lambda action=action: one_of(browser, "#decision").is_displayed() == bool(action))
        assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert browser.execute_script(CHECKS, 24) == []
        folder = os.environ.get("BAKEOFF_PICTURES")
        if folder:
            browser.save_screenshot(f"{folder}/review-{width}-{scheme}-{action[-1:]}.png")


def test_it_ends_with_ctrl_c(program: Program) -> None:
    """Without a traceback."""
    program.process.send_signal(signal.SIGINT)
    assert program.process.wait(30) == 0


def test_a_server_asks_for_a_key_that_oversees(browser: webdriver.Chrome, root: Path, tmp_path: Path) -> None:
    """A key that may not review is refused in words, and another one is asked for."""
    keys = KeyFile(tmp_path / "keys.jsonl")
    desk, boss = keys.add("desk"), keys.add("boss", labels=None, manages=True)
    with Log(root / "log.sqlite") as log:
        routes = ReviewPage().routes(root, log, lambda request: holder_of(request.scope))
        app = Starlette(routes=list(routes), exception_handlers=exception_handlers())
        with running(guarded(app, access_of("127.0.0.1", keys))) as address:
            browser.get(f"{address}/review")
            for key, words in ((desk, "This key may not review answers"), (boss, "")):
                wait(browser, lambda: one_of(browser, "#key-dialog").is_displayed())
                one_of(browser, "#key").send_keys(key, Keys.ENTER)
                wait(browser, lambda words=words: words in one_of(browser, "#key-problem").text)
            wait(browser, lambda: one_of(browser, "#card").is_displayed())
            press(browser, "s")
            wait(browser, lambda: [review.by for review in log.entries(Review)] == ["boss"])
