"""The labelling page in a real browser, by the keyboard alone: labelling, going back, a note, a document, finishing.

`bakeoff label` runs in a process of its own on a finished run; labels and verdict are read from its folder afterwards.
"""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.labelling.labelling import Labelling
from bakeoff.records import Document, SourceSpan
from bakeoff.runs.folder import RunFolder
from tests.end_to_end.browser import all_of, one_of, started, wait
from tests.end_to_end.small import environment
from tests.unit.fakes import question
from tests.unit.run_fixture import finished

from selenium import webdriver  # isort: skip
from selenium.webdriver.common.action_chains import ActionChains  # isort: skip
from selenium.webdriver.common.keys import Keys  # isort: skip

CHECKS = Path(__file__).with_name("accessibility_checks.js").read_text(encoding="utf-8")
TEXT = "# Aldra\n\n" + "It is far away. " * 90 + "\n\n## Orbit\n\nAldra circles its star in **314 days**.\n"
SPAN = SourceSpan(source="aldra.md", start=TEXT.index("**314"), end=TEXT.index(".\n", TEXT.index("314")))


class Program:
    """`bakeoff label` on a run, until it ends."""

    def __init__(self, folder: RunFolder, port: int = 0) -> None:
        with socket.create_server(("127.0.0.1", port)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        command = ["label", str(folder.root), "--labeller", "ada", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bakeoff", *command], stdout=subprocess.PIPE, env=environment(), text=True
        )

    def wait(self) -> "Program":
        while self.process.poll() is None:
            try:
                urllib.request.urlopen(self.address, timeout=10).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError("bakeoff label ended before its page could be opened")

    def ended(self) -> str:
        """What it printed, when it has ended by itself."""
        out, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0
        return out


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    yield from started()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    asked = [
        question(f"q{i}", f"What is {i}?", [f"right {i}"], split="test", slice="unseen", source_spans=(SPAN,))
        for i in range(40)
    ]
    return finished(tmp_path / "pilot", asked, documents=(Document(id="a", text=TEXT, source="aldra.md"),)).folder


@pytest.fixture
def program(folder: RunFolder) -> Iterator[Program]:
    program = Program(folder)
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


def place(page: webdriver.Chrome, words: str) -> None:
    """Wait until the page shows this place in the work."""
    wait(page, lambda: one_of(page, "#place").text == words)


def labels(folder: RunFolder) -> list[dict[str, Any]]:
    path = folder.labels_path
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def focused(page: webdriver.Chrome) -> str:
    return page.execute_script("const e = document.activeElement; return e.id || e.textContent.trim()")


def tab_to(page: webdriver.Chrome, name: str) -> None:
    for _ in range(40):
        if focused(page) == name:
            return
        press(page, Keys.TAB)
    raise AssertionError(f"{name!r} cannot be reached with Tab")


def test_answers_are_labelled_by_the_keyboard_alone(
    page: webdriver.Chrome, program: Program, folder: RunFolder
) -> None:
    """Verdicts, back to change one, a note, the document, and finishing; the program ends with the new verdict."""
    order = Labelling(folder, "ada").pending(4)
    units = [Labelling(folder, "ada").by_id[id] for id in order]
    assert one_of(page, "#question").text == units[0].question.text
    assert one_of(page, "#answer").text == units[0].unit.text
    assert one_of(page, "#passages mark").text == "314 days" and "rag" not in one_of(page, "main").text
    press(page, "r")
    place(page, "Answer 2")
    press(page, "2")
    place(page, "Answer 3")
    press(page, "b")
    place(page, "Labelled before, 1 back")
    assert one_of(page, '[data-verdict="wrong"]').get_attribute("aria-pressed") == "true"
    press(page, "d")
    place(page, "Answer 3")
    press(page, "n")
    assert focused(page) == "note"
    press(page, "r", "w", " ", "odd", Keys.ENTER, "u")
    place(page, "Answer 4")
    wait(page, lambda: len(labels(folder)) == 4)
    written = labels(folder)
    texts = [graded.unit.text for graded in units]
    assert [(label["verdict"], label["text"]) for label in written] == list(
        zip(["right", "wrong", "declined", "unsure"], [texts[0], texts[1], texts[1], texts[2]], strict=True)
    )
    assert written[-1]["note"] == "rw odd" and all(label["seconds"] >= 0 for label in written)
    press(page, "e")
    wait(page, lambda: one_of(page, "#passage mark").is_displayed())
    press(page, "r", Keys.ESCAPE)  # no verdict while a document is read
    wait(page, lambda: not one_of(page, "#passage").is_displayed())
    assert len(labels(folder)) == 4 and "3 of the first 40" in one_of(page, "#reached-words").text
    tab_to(page, "finish")
    press(page, Keys.ENTER)
    wait(page, lambda: one_of(page, "#end-title").text == "Done, and judged again")
    assert str(folder.report_path) in one_of(page, "#end-body").text
    assert "Verdict now: " in program.ended() and folder.report_path.read_text() != "<html></html>"


def test_labels_that_could_not_be_sent_are_kept(browser: webdriver.Chrome, program: Program, folder: RunFolder) -> None:
    """The next answers are there already. When the program runs again, one key sends what waited."""
    open_at(browser, program)
    fetched = "return performance.getEntriesByType('resource').filter((e) => e.name.includes('/answers/')).length"
    wait(browser, lambda: browser.execute_script(fetched) >= 4)
    program.process.kill()
    program.process.wait()
    press(browser, "r", "w")
    place(browser, "Answer 3")
    assert "Not saved yet" in wait(browser, lambda: one_of(browser, "#trouble").text)
    assert labels(folder) == []
    again = Program(folder, program.port).wait()
    tab_to(browser, "Try again")
    press(browser, Keys.ENTER)
    wait(browser, lambda: [label["verdict"] for label in labels(folder)] == ["right", "wrong"])
    wait(browser, lambda: one_of(browser, "#trouble").text == "")
    again.process.kill()
    again.process.wait()
    browser.get_log("browser")


def test_work_goes_on_in_another_window_and_by_mouse(
    browser: webdriver.Chrome, program: Program, folder: RunFolder
) -> None:
    """The page loaded again begins after the labels before; Back leads to them too."""
    open_at(browser, program)
    one_of(browser, '[data-verdict="wrong"]').click()
    wait(browser, lambda: len(labels(folder)) == 1)
    open_at(browser, program)
    place(browser, "Answer 2")
    one_of(browser, "#back").click()
    place(browser, "Labelled before, 1 back")
    assert one_of(browser, '[data-verdict="wrong"]').get_attribute("aria-pressed") == "true"
    one_of(browser, "#forward").click()
    place(browser, "Answer 2")


def test_a_verdict_is_about_what_is_seen(browser: webdriver.Chrome, program: Program, folder: RunFolder) -> None:
    """Also if the answer in view was labelled in another window in the meantime."""
    open_at(browser, program)
    other = Labelling(folder, "ada")
    ids = other.pending(3)
    other.add(other.label(ids[1], "right"))
    press(browser, "r")
    place(browser, "Answer 2")
    wait(browser, lambda: len(labels(folder)) == 2)
    time.sleep(0.3)  # the server's state has come, in which the answer in view is done
    assert one_of(browser, "#question").text == other.by_id[ids[1]].question.text
    press(browser, "w")
    wait(browser, lambda: len(labels(folder)) == 3)
    written = [(label["question_id"], label["verdict"]) for label in labels(folder)]
    first, second, third = (other.by_id[id] for id in ids)
    assert written == [
        (second.question.id, "right"), (first.question.id, "right"), (second.question.id, "wrong")
    ]  # fmt: skip
    wait(browser, lambda: one_of(browser, "#question").text == third.question.text)


def test_a_second_look_shows_what_the_other_said(
    browser: webdriver.Chrome, program: Program, folder: RunFolder
) -> None:
    """Where two labellers differ; after that the work goes on."""
    ada, bob = Labelling(folder, "ada"), Labelling(folder, "bob")
    ids = ada.pending(2)
    ada.add(*(ada.label(id, "right") for id in ids))
    bob.add(bob.label(ids[0], "right"), bob.label(ids[1], "wrong", "page 3"))
    open_at(browser, program)
    tab_to(browser, "disputes")
    assert one_of(browser, "#disputes").text == "Second look: 1 answer with different verdicts"
    press(browser, Keys.ENTER)
    place(browser, "Second look, 1 of 1")
    assert [one.text for one in all_of(browser, ".said li")] == ["You: right", "bob: wrong – page 3"]
    press(browser, "w")
    place(browser, "Answer 3")
    wait(browser, lambda: not all_of(browser, "#disputes"))
    assert ada.disputed() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_everybody_can_read_and_reach_everything(
    browser: webdriver.Chrome, program: Program, width: int, scheme: str
) -> None:
    """Names, contrast, sizes of targets, and nothing beyond the edge, also at 320 px."""
    open_at(browser, program, width, scheme)
    one_of(browser, "summary").click()
    assert browser.execute_script(CHECKS, 24) == []
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")


def test_single_keys_can_be_turned_off(page: webdriver.Chrome, folder: RunFolder) -> None:
    """They get in the way of voice control. The choice is kept; buttons work on."""
    one_of(page, "summary").click()
    one_of(page, "#single-keys").click()
    press(page, "r")
    one_of(page, '[data-verdict="right"]').send_keys(Keys.ENTER)
    place(page, "Answer 2")
    assert focused(page).startswith("Right")
    wait(page, lambda: len(labels(folder)) == 1)
    one_of(page, "#single-keys").click()
