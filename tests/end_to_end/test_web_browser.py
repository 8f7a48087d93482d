"""The web page in a real browser, used as a person does: asking, reading, judging, comparing, changing documents.

A scripted server behind the real guards: the real security policy applies, and the real log is read afterwards.
"""

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.serve.log_entries import LoggedAnswer, Preference, Thumb
from tests.end_to_end.browser import all_of, one_of, started, wait
from tests.web_app import SPANS, VERDICT, WebServer, running

from selenium import webdriver  # isort: skip
from selenium.webdriver.common.action_chains import ActionChains  # isort: skip
from selenium.webdriver.common.keys import Keys  # isort: skip

CHECKS = Path(__file__).with_name("accessibility_checks.js").read_text(encoding="utf-8")
ENDED = ".answer:not(.waiting):not(.writing)"
SCHEMES = ("light", "dark")
WIDTHS = (1280, 360)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    yield from started()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebServer]:
    """A fresh server on loopback, where no key is needed."""
    with running(WebServer(tmp_path)) as server:
        yield server


@pytest.fixture(scope="module")
def modules(browser: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """The page, for tests of its modules alone: they leave no trace in it."""
    with running(WebServer(tmp_path_factory.mktemp("modules"))) as server:
        open_at(browser, server)
        yield browser


@pytest.fixture
def page(browser: webdriver.Chrome, server: WebServer) -> Iterator[webdriver.Chrome]:
    """The page at laptop width, ready for a question. Afterwards: no error and no violation of the policy."""
    open_at(browser, server)
    browser.get_log("browser")
    yield browser
    assert unexpected(browser) == []


def unexpected(browser: webdriver.Chrome) -> list[str]:
    """What the console says, apart from statuses that a test provoked."""
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if "the server responded with a status" not in entry["message"]
    ]


def open_at(
    browser: webdriver.Chrome,
    server: WebServer,
    view: str = "ask",
    width: int = 1280,
    scheme: str = "light",
    height: int | None = None,
) -> None:
    """Load a view of the page and wait until it is ready."""
    height = height or (800 if width > 500 else 740)
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get("about:blank")
    browser.get(f"{server.address}/#/{view}")
    wait(browser, lambda: "Serving rag" in one_of(browser, "#health").text)


def ask(page: webdriver.Chrome, question: str, field: str = "#question") -> None:
    """Type a question and send it with Enter."""
    one_of(page, field).send_keys(question + Keys.ENTER)


def answer_to(page: webdriver.Chrome, question: str) -> Any:
    """Ask, and the element of the answer when it has ended."""
    n = len(all_of(page, "#turns .answer"))
    ask(page, question)
    return wait(page, lambda: (ended := all_of(page, f"#turns {ENDED}")) and len(ended) > n and ended[-1])


def focused(page: webdriver.Chrome) -> str:
    """The id or the name of what has the focus."""
    return page.execute_script(
        "const e = document.activeElement; return e.id || e.getAttribute('aria-label') || e.textContent.trim()"
    )


def tab_to(page: webdriver.Chrome, name: str) -> None:
    """Press Tab until something of this id or name has the focus, as somebody without a mouse does."""
    for _ in range(40):
        if focused(page) == name:
            return
        ActionChains(page).send_keys(Keys.TAB).perform()
    raise AssertionError(f"{name!r} cannot be reached with Tab; the focus is on {focused(page)!r}")


def press(page: webdriver.Chrome, *keys: str) -> None:
    ActionChains(page).send_keys(*keys).perform()


def script(page: webdriver.Chrome, body: str, *values: Any) -> Any:
    """The result of the body of an asynchronous function in the page; it may import the page's modules."""
    code = "const done = arguments[arguments.length - 1]; const given = [...arguments].slice(0, -1);"
    return page.execute_async_script(
        f"{code} (async () => {{ {body} }})().then(done, (e) => done('failed: ' + e))", *values
    )


def test_an_answer_is_streamed_then_cited(page: webdriver.Chrome, server: WebServer) -> None:
    """Words appear before the answer is complete; then numbered citations, and one announcement for screen readers."""
    ask(page, "How long may it be returned? Pause halfway.")
    wait(page, lambda: "returned within" in one_of(page, ".answer.writing").text)
    assert "clean" not in one_of(page, ".answer").text
    assert one_of(page, ".answer").get_attribute("aria-busy") == "true"
    assert one_of(page, "#announcer").get_attribute("textContent") == ""
    server.answering.go_on.set()
    answer = wait(page, lambda: one_of(page, ".answer.complete"))
    assert one_of(answer, "strong").text == "30 days"
    assert one_of(answer, "a.mark").get_attribute("aria-label") == "Source 1: Returns and refunds"
    assert answer.get_attribute("aria-busy") == "false"
    announced = wait(page, lambda: one_of(page, "#announcer").get_attribute("textContent"))
    assert announced.startswith("Answer: A kettle may be returned within 30 days")


def test_a_citation_opens_the_passage_in_its_document(page: webdriver.Chrome) -> None:
    """The exact span is marked and in view, also after an emoji. Escape goes back to the mark."""
    answer_to(page, "How long may it be returned?")
    mark = one_of(page, "a.mark")
    mark.click()
    span = wait(page, lambda: one_of(page, "#passage mark"))
    assert span.text == SPANS["shop/returns"]
    assert one_of(page, "#passage-title").text == "Returns and refunds"
    assert "as of version 7 · changed since" in one_of(page, "#passage-about").text
    box = page.execute_script(
        "const r = document.querySelector('#span').getBoundingClientRect(); return [r.top, r.bottom]"
    )
    assert 0 < box[0] < box[1] < 800
    whole = one_of(page, "#passage-page").get_attribute("href")
    assert "/documents/shop%2Freturns?version=7&start=" in whole and whole.endswith("#span")
    press(page, Keys.ESCAPE)
    wait(page, lambda: not one_of(page, "#passage").is_displayed())
    assert page.execute_script("return document.activeElement === arguments[0]", mark)


def test_the_page_of_a_document_looks_as_in_the_panel(page: webdriver.Chrome, server: WebServer) -> None:
    """The same elements, by the server and by the page. Signs of Markdown are not shown; the span is marked."""
    answer_to(page, "How do I care for it?")
    one_of(page, "a.mark").click()
    wait(page, lambda: all_of(page, "#passage mark#span"))
    parts = """return [...document.querySelectorAll('.document-text *')].map((e) => [e.tagName.replace(/^H./, 'H'),
        e.className, e.textContent])"""
    in_panel = page.execute_script(parts)
    page.get(one_of(page, "#passage-page").get_attribute("href"))
    assert [part for part in page.execute_script(parts) if part[0] != "TBODY"] == in_panel
    assert one_of(page, "mark#span").text == SPANS["care"]
    assert page.execute_script("return getComputedStyle(document.querySelector('mark')).backgroundColor") == (
        "rgb(255, 228, 154)"
    )
    shown = one_of(page, ".document-text").text
    assert "Care of the kettle\nDescale" in shown.replace("\n\n", "\n") and not set("#*|`") & set(shown)
    rows = [[cell.text for cell in all_of(row, "th, td")] for row in all_of(page, "tr:not(.sign)")]
    assert rows[:2] == [["Water", "Descale it", "Filter"], ["soft", "every 8 weeks", "K-1"]]


def test_a_passage_deep_in_a_long_document_is_seen_at_once(page: webdriver.Chrome, server: WebServer) -> None:
    """Even one that is longer than the screen: its beginning. What comes before can be shown and moves nothing."""
    lines = [f"## Part {n}\n\nWords of part {n}.\n\n" for n in range(1000)]
    start, end = len("".join(lines[:800])), len("".join(lines[:900]))
    server.documents.texts["care"] = "".join(lines)
    open_passage = "const { openPassage } = await import('/web/passage_dialog.js'); await openPassage(given[0])"
    script(page, open_passage, {"id": "care", "version": 7, "start": start, "end": end, "title": "Care"})
    top = "return document.querySelector('#span').getBoundingClientRect().top"
    before = page.execute_script(top)
    assert 0 < before < 400 and one_of(page, "#span").text == "Part 800"
    assert len(all_of(page, ".document-text .heading")) < 300
    first, last = all_of(page, ".document-text button")
    page.execute_script("arguments[0].click()", first)
    assert abs(page.execute_script(top) - before) < 2
    last.click()
    assert len(all_of(page, ".document-text .heading")) == 1000


def test_an_answer_stands_beside_what_its_sources_say(page: webdriver.Chrome) -> None:
    """For each citation the sentence that shares most with question and answer, its words emphasised, with a link."""
    answer = answer_to(page, "How long may it be returned?")
    (quote,) = all_of(answer, ".quotes li")
    assert quote.text == "1\nReturns and refunds\nKettles may be returned within 30 days of delivery"
    words = [word.text for word in all_of(quote, "blockquote b")]
    assert words == ["Kettles", "returned within 30 days", "delivery"]
    one_of(quote, ".source").click()
    assert wait(page, lambda: one_of(page, "#passage mark")).text == SPANS["shop/returns"]


def test_an_answer_from_memory_says_so(page: webdriver.Chrome) -> None:
    """It has no sources to compare it with."""
    answer = answer_to(page, "How long may it be returned, from memory?")
    assert "No document stands behind this answer" in answer.text and not all_of(answer, ".quotes")


def test_quotes_are_read_without_the_signs_of_markdown(modules: webdriver.Chrome) -> None:
    """Emphasis, code, list items and tables; spans count characters and not halves of them; cut sentences have dots."""
    body = """const { quoteList } = await import('/web/quotes.js'); const source = { title: 'T', page: '/documents/t' };
        return given[0].map(([quote, words]) => {
            const list = quoteList([{ source, number: 1, quote, words }], null, true);
            const marked = [...list.querySelectorAll('b')].map((b) => b.textContent);
            return [list.querySelector('blockquote').textContent, marked] })"""
    quotes: list[list[Any]] = [
        ["- Take **out** the `K-1`", [[9, 12]]],
        ["🫖 tea 🫖 pot", [[2, 5], [8, 11]]],
        ["| soft | every 8 weeks |\n| --- | --- |", [[9, 14]]],
        ["<b>x</b> and more", []],
        ["and so it went on " * 9 + "until", []],
    ]
    shown = script(modules, body, quotes)
    assert [[" ".join(text.split()), words] for text, words in shown] == [
        ["Take out the K-1", ["out"]],
        ["🫖 tea 🫖 pot", ["tea", "pot"]],
        ["soft every 8 weeks", ["every"]],
        ["<b>x</b> and more", []],
        ["… " + "and so it went on " * 9 + "until …", []],
    ]


def test_declining_shows_the_passages_that_came_closest(page: webdriver.Chrome) -> None:
    """Calmly: "I don't know.", then quotes with links. What was withheld is nowhere on the page."""
    answer = answer_to(page, "Is there tea on the moon?")
    assert "declined" in answer.get_attribute("class")
    assert one_of(answer, ".declined-title").text == "I don't know."
    assert "These passages came closest:" in answer.text and not all_of(answer, ".problem-note")
    assert [one.text for one in all_of(answer, ".quotes .source")] == ["Returns and refunds", "Care of the kettle"]
    one_of(answer, ".quotes .source").click()
    assert wait(page, lambda: one_of(page, "#passage mark")).text == SPANS["shop/returns"]
    assert "withheld guess" not in page.page_source


def test_declining_without_passages_says_so(page: webdriver.Chrome) -> None:
    """One plain sentence, no reason that nobody knows."""
    answer = answer_to(page, "Is there tea on the moon, from memory?")
    assert one_of(answer, ".answer-body").text == "I don't know.\nNo passages were read for this question."
    assert not all_of(answer, ".sources")


def test_a_thumb_and_the_right_answer_reach_the_log(page: webdriver.Chrome, server: WebServer) -> None:
    """The thumb at once; the right answer when it is sent. The newest thumb counts."""
    answer = answer_to(page, "Is there tea on the moon?")
    one_of(answer, "[aria-label='Bad answer']").click()
    field = wait(page, lambda: one_of(answer, ".right-answer textarea"))
    assert one_of(answer, "[aria-label='Bad answer']").get_attribute("aria-pressed") == "true"
    assert [(thumb.up, thumb.right_answer) for thumb in server.log.entries(Thumb)] == [(False, None)]
    assert "next round of training and testing" in one_of(answer, ".right-answer").text
    field.send_keys("No." + Keys.ENTER + "There is no water.")
    assert "Ctrl Enter sends" in one_of(answer, ".right-answer").text
    field.send_keys(Keys.CONTROL, Keys.ENTER)
    wait(page, lambda: "saved" in one_of(answer, ".thanks").text)
    (stored,) = server.log.thumbs_on([next(server.log.entries(LoggedAnswer)).id]).values()
    assert (stored.up, stored.right_answer) == (False, "No.\nThere is no water.")


def test_where_the_log_keeps_no_texts_no_right_answer_is_asked_for(browser: webdriver.Chrome, tmp_path: Path) -> None:
    """The thumb is saved, and the page says why there is no field."""
    with running(WebServer(tmp_path / "none", keep_texts=False)) as server:
        open_at(browser, server)
        answer = answer_to(browser, "How long may it be returned?")
        one_of(answer, "[aria-label='Bad answer']").click()
        wait(browser, lambda: "keeps no texts" in one_of(answer, ".thanks").text)
        assert not all_of(answer, ".right-answer")
        assert [(thumb.up, thumb.right_answer) for thumb in server.log.entries(Thumb)] == [(False, None)]


def test_a_conversation_sends_its_earlier_turns_until_a_new_one_begins(
    page: webdriver.Chrome, server: WebServer
) -> None:
    """A follow-up is understood with what was said before; a failed answer is not part of the conversation."""
    answer_to(page, "How long may a kettle be returned?")
    answer_to(page, "broken")
    answer_to(page, "And what does it cost?")
    asked = server.answering.asked[-1]
    assert asked.n_turns == 3 and "How long may a kettle be returned?" in asked.question
    understood = [turn.text for turn in all_of(page, ".understood")]
    assert understood == [f"Understood as: {asked.question}"]
    one_of(page, "#new-conversation").click()
    assert not all_of(page, "#turns *") and focused(page) == "question"
    answer_to(page, "And what does it cost?")
    assert server.answering.asked[-1].n_turns == 1


def test_stopping_ends_the_work_on_the_server(page: webdriver.Chrome, server: WebServer) -> None:
    """By the button; what was written stays. Escape does the same."""
    ask(page, "Go on forever")
    wait(page, lambda: "again and" in one_of(page, ".answer").text)
    assert not one_of(page, "#send").is_displayed()
    one_of(page, "#stop").click()
    wait(page, lambda: all_of(page, ".answer.stopped"))
    assert server.answering.stopped.wait(60)
    assert "again and" in one_of(page, ".answer").text and "Stopped." in one_of(page, ".answer").text
    server.answering.stopped.clear()
    ask(page, "Go on forever")
    wait(page, lambda: len(all_of(page, ".answer")) == 2 and "again and" in all_of(page, ".answer")[1].text)
    press(page, Keys.ESCAPE)
    assert server.answering.stopped.wait(60)


def test_a_failure_says_why_and_can_be_tried_again(page: webdriver.Chrome, server: WebServer) -> None:
    """The server's own words; "Try again" asks once more in the same place."""
    answer = answer_to(page, "broken")
    assert "could not be answered" in answer.text
    one_of(answer, ".problem-note button").click()
    wait(page, lambda: len(server.answering.asked) == 2)
    wait(page, lambda: all_of(page, ".answer.failed"))
    assert len(all_of(page, ".turn")) == 1


def test_a_full_server_is_asked_again_by_itself(page: webdriver.Chrome, server: WebServer) -> None:
    """After as many seconds as it says, in plain words, with a way to stop; stopping asks no more."""
    server.answering.n_full = 1
    ask(page, "Is the kettle full?")
    note = wait(page, lambda: one_of(page, ".answer.queueing"))
    assert re.match(r"Many people are asking at once. Trying again in \d s …", note.text)
    wait(page, lambda: all_of(page, ".answer.complete"))
    assert len(server.answering.asked) == 2
    server.answering.n_full = 100
    ask(page, "Is the kettle full?")
    wait(page, lambda: one_of(page, ".answer.queueing button")).click()
    wait(page, lambda: all_of(page, ".answer.stopped"))
    assert one_of(page, "#send").is_displayed() and len(server.answering.asked) == 3


def test_a_server_that_stays_full_is_not_asked_for_ever(page: webdriver.Chrome, server: WebServer) -> None:
    """After five more times the page says so, and offers to try again."""
    server.answering.n_full = 6
    page.execute_script("const later = setTimeout; window.setTimeout = (work, ms) => later(work, ms / 50)")
    ask(page, "Is the kettle full?")
    answer = wait(page, lambda: one_of(page, ".answer.failed"))
    assert "There is still no place." in answer.text and len(server.answering.asked) == 6
    one_of(answer, ".problem-note button").click()
    wait(page, lambda: all_of(page, ".answer.complete"))


def test_an_answer_is_copied(page: webdriver.Chrome, server: WebServer) -> None:
    """Its text, as the model wrote it."""
    permission = {"origin": server.address, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    page.execute_cdp_cmd("Browser.grantPermissions", permission)
    answer = answer_to(page, "How long may it be returned?")
    one_of(answer, "[aria-label='Copy the answer']").click()
    wait(page, lambda: one_of(page, "#announcer").get_attribute("textContent") == "Copied.")
    assert script(page, "return navigator.clipboard.readText()").startswith(
        "A kettle may be returned within **30 days**"
    )


def test_a_blind_comparison_hides_the_names_until_the_choice(page: webdriver.Chrome, server: WebServer) -> None:
    """Three answers side by side in an order of chance; one is chosen below it; with `blind`, that is in the log."""
    open_at(page, server, "compare")
    for box in all_of(page, "#compare-contenders input:not(:checked)"):
        box.click()
    ask(page, "How long may it be returned?", "#compare-question")
    wait(page, lambda: all_of(page, ".vote button"))
    columns = all_of(page, ".compared-answer")
    assert [one_of(column, "h3").text for column in columns] == ["Answer A", "Answer B", "Answer C"]
    compared = one_of(page, "#compared").get_attribute("textContent")
    assert not any(name in compared for name in server.answering.models)
    assert not all_of(page, "#compared [aria-label='Good answer']")
    choices = all_of(page, ".choose button")
    assert [choice.get_attribute("textContent") for choice in choices] == [
        f"This one is best: Answer {letter}" for letter in "ABC"
    ]
    choices[1].click()
    wait(page, lambda: "Saved" in one_of(page, ".vote").text)
    names = [
        one_of(column, "h3").text.removeprefix(f"Answer {letter}: ")
        for column, letter in zip(columns, "ABC", strict=True)
    ]
    assert sorted(names) == sorted(server.answering.models)
    assert [column.text.endswith("Your choice") for column in columns] == [False, True, False]
    (stored,) = server.log.entries(Preference)
    preferred = server.log.answer(stored.preferred or "")
    assert stored.blind and len(stored.answers) == 3 and preferred and preferred.contender == names[1]


def test_the_form_of_a_comparison_makes_room_for_the_answers(page: webdriver.Chrome, server: WebServer) -> None:
    """The question and all ways to choose are on the screen; another question brings the form back."""
    open_at(page, server, "compare")
    for box in all_of(page, "#compare-contenders input:not(:checked)"):
        box.click()
    ask(page, "How do I care for it?", "#compare-question")
    wait(page, lambda: all_of(page, ".vote button"))
    assert not one_of(page, "#compare-form").is_displayed() and focused(page) == "How do I care for it?"
    bottoms = """return [...document.querySelectorAll('.choose button')].map((e) => e.getBoundingClientRect().bottom)"""
    assert all(0 < bottom < 800 for bottom in page.execute_script(bottoms))
    next(button for button in all_of(page, "#compared button") if button.text == "Ask another question").click()
    assert focused(page) == "compare-question"
    open_at(page, server, "compare", 360)
    ask(page, "How long may it be returned?", "#compare-question")
    wait(page, lambda: all_of(page, ".vote button"))
    assert page.execute_script(bottoms)[0] < 740


def test_names_can_be_shown_and_all_be_equally_good(page: webdriver.Chrome, server: WebServer) -> None:
    """Two contenders by name, in their order; "All equally good" prefers none."""
    open_at(page, server, "compare")
    one_of(page, "#blind").click()
    ask(page, "How long may it be returned?", "#compare-question")
    wait(page, lambda: all_of(page, ".vote button"))
    assert [heading.text for heading in all_of(page, ".compared-answer h3")] == ["rag", "hybrid"]
    all_of(page, ".vote button")[0].click()
    wait(page, lambda: "equally good" in one_of(page, ".vote .thanks").text)
    assert [(entry.preferred, entry.blind) for entry in server.log.entries(Preference)] == [(None, False)]


def test_of_compared_answers_none_may_be_right(page: webdriver.Chrome, server: WebServer) -> None:
    """A button below all says so; nothing is preferred."""
    open_at(page, server, "compare")
    ask(page, "How long may it be returned?", "#compare-question")
    wait(page, lambda: all_of(page, ".vote button"))
    assert [button.text for button in all_of(page, ".vote button")] == ["All equally good", "None is right"]
    all_of(page, ".vote button")[1].click()
    wait(page, lambda: "Saved: none is right." in one_of(page, ".vote .thanks").text)
    assert [(entry.preferred, entry.none_right) for entry in server.log.entries(Preference)] == [(None, True)]


def test_a_comparison_that_is_stopped_or_fails_offers_no_choice(page: webdriver.Chrome, server: WebServer) -> None:
    """Fewer than two whole answers cannot be compared, and the page says so."""
    open_at(page, server, "compare")
    ask(page, "Go on forever", "#compare-question")
    wait(page, lambda: all("again and" in answer.text for answer in all_of(page, "#compared .answer-body")))
    press(page, Keys.ESCAPE)
    wait(page, lambda: "nothing to compare" in one_of(page, ".vote").text)
    assert server.answering.stopped.wait(60)
    one_of(page, ".compared-bar button").click()
    ask(page, "broken", "#compare-question")
    wait(page, lambda: len(all_of(page, ".answer.failed")) == 2 and "nothing to compare" in one_of(page, ".vote").text)
    assert not list(server.log.entries(Preference))


def test_documents_are_added_searched_read_and_removed(
    page: webdriver.Chrome, server: WebServer, tmp_path: Path
) -> None:
    """By the file chooser, with labels. A file that is no text is named with the reason. Removing asks first."""
    good, bad = tmp_path / "tea & <b>.md", tmp_path / "photo.bin"
    good.write_text("Tea\n\nGreen tea wants 80 degrees.")
    bad.write_bytes(b"\0\1")
    open_at(page, server, "documents")
    wait(page, lambda: len(all_of(page, ".row")) == 2)
    one_of(page, "#labels").send_keys("kitchen, tea")
    one_of(page, "#files").send_keys(f"{good}\n{bad}")
    wait(page, lambda: len(all_of(page, ".row")) == 3)
    assert "Added: tea & <b>.md" in one_of(page, ".report").text
    assert "photo.bin: it is not a text" in one_of(page, ".report").text
    assert server.documents.labels[good.name] == ["kitchen", "tea"]
    assert one_of(page, ".changes li").text.startswith("Added\ntea & <b>.md")
    one_of(page, "#document-query").send_keys("TEA")
    wait(page, lambda: len(all_of(page, ".row")) == 1)
    one_of(page, ".row-title").click()
    wait(page, lambda: "80 degrees" in one_of(page, "#passage-body").text)
    press(page, Keys.ESCAPE)
    one_of(page, ".row .icon-button").click()
    press(page, Keys.ESCAPE)
    assert good.name in server.documents.texts
    one_of(page, ".row .icon-button").click()
    one_of(page, "#confirm-yes").click()
    wait(page, lambda: "No document matches" in one_of(page, "#document-list").text)
    assert good.name not in server.documents.texts
    assert one_of(page, ".changes li").text.startswith("Removed")


def test_the_footer_says_whether_what_is_served_was_measured(page: webdriver.Chrome, server: WebServer) -> None:
    """With a short sum that opens an explanation; newer documents are no alarm, and another part is named."""
    meaning = "the very parts that were tested, not a mark of quality"
    words = rf"Serving rag · [0-9a-f]{{12}} · the same as was measured: {meaning}"
    assert re.fullmatch(words, one_of(page, "#health").text)
    server.documents.version = 8
    open_at(page, server)
    assert "as measured, with newer documents" in one_of(page, "#health").text and meaning not in page.page_source
    one_of(page, "#health button").click()
    shown = one_of(page, "#served").text
    assert VERDICT in shown and "That is no mark of quality" in shown and "As measured, with newer documents." in shown
    rows = [[cell.text.replace("\u202f", " ") for cell in all_of(row, "th, td")] for row in all_of(page, "#served tr")]
    assert rows[1:] == [["rag", "53 %", "36 %", "11 %", "217"], ["hybrid", "40 %", "–", "–", "217"]]
    assert one_of(page, "#served a").get_attribute("href") == f"{server.address}/health"
    press(page, Keys.ESCAPE)
    assert focused(page).startswith("What is served")


def test_who_asks_sees_how_the_contender_did_in_its_test(page: webdriver.Chrome, server: WebServer) -> None:
    """Beside the choice, for the one that is chosen, in the served order; and the verdict unless it says to ship."""

    def tested() -> str:
        return one_of(page, "#tested").text.replace("\u202f", " ")

    assert tested() == "In its test: 53 % right, 36 % wrong, 11 % declined, of 217 questions."
    assert one_of(page, "#verdict").text == VERDICT
    names = [option.text.replace("\u202f", " ") for option in all_of(page, "#contender option")]
    assert names == ["rag: 53 % right, 36 % wrong", "hybrid: 40 % right", "extract"]
    choice = (
        "const c = document.getElementById('contender'); c.value = arguments[0]; c.dispatchEvent(new Event('change'))"
    )
    page.execute_script(choice, "hybrid")
    assert tested() == "In its test: 40 % right, of 217 questions."
    page.execute_script(choice, "extract")
    assert not one_of(page, "#tested").is_displayed()
    answer_to(page, "How long may it be returned?")
    assert server.answering.asked[0].model == "extract"
    assert one_of(page, "#verdict").text == "Build on rag, but do not ship it yet"
    server.verdict = "Ship rag. It has the best answers with a chance of 99 %."
    open_at(page, server)
    assert not one_of(page, "#verdict").is_displayed()
    server.verdict, server.tested = "", {}
    open_at(page, server)
    assert not one_of(page, "#verdict").is_displayed() and not one_of(page, "#tested").is_displayed()


def test_what_is_served_is_compared_with_the_best_of_the_others(page: webdriver.Chrome, server: WebServer) -> None:
    """Until somebody chooses otherwise: the default contender, and the one that did best in the test."""
    checked = "return [...document.querySelectorAll('#compare-contenders input:checked')].map((box) => box.value)"
    open_at(page, server, "compare")
    assert script(page, checked) == ["rag", "hybrid"]
    server.tested = {**server.tested, "extract": {**server.tested["hybrid"], "right": 0.9}}
    open_at(page, server, "compare")
    assert script(page, checked) == ["rag", "extract"]


def test_the_first_question_to_a_contender_says_that_its_model_is_loaded(
    page: webdriver.Chrome, server: WebServer
) -> None:
    """Until its first words come; later questions do not ask the server again."""
    server.opened.clear()
    ask(page, "Wait at first")
    wait(page, lambda: one_of(page, ".answer.waiting").text == "Loading the model …")
    server.answering.go_on.set()
    wait(page, lambda: all_of(page, ".answer.complete"))
    server.answering.go_on.clear()
    ask(page, "Wait at first")
    wait(page, lambda: len(server.answering.asked) == 2)
    assert "Loading" not in one_of(page, ".answer.waiting").text
    server.answering.go_on.set()
    wait(page, lambda: len(all_of(page, ".answer.complete")) == 2)


def test_a_file_whose_name_another_folder_has_is_asked_about(
    page: webdriver.Chrome, server: WebServer, tmp_path: Path
) -> None:
    """It replaces that document or stands beside it, as wanted; a folder can be given; the same text is named."""
    file, copy = tmp_path / "expenses.txt", tmp_path / "costs.txt"
    file.write_text("New rules.")
    copy.write_text("New rules.")
    server.documents.texts["hr/expenses.txt"] = "Old rules."
    open_at(page, server, "documents")
    wait(page, lambda: one_of(page, "#changes").text == "2 documents copied from the run")
    one_of(page, "#files").send_keys(str(file))
    item = wait(page, lambda: one_of(page, ".same-name"))
    assert item.text.startswith("expenses.txt: not added yet, as hr/expenses.txt has this name.")
    assert server.documents.texts["hr/expenses.txt"] == "Old rules." and "expenses.txt" not in server.documents.texts
    assert [button.text for button in all_of(item, "button")] == ["Replace it", "Add beside it"]
    all_of(item, "button")[0].click()
    wait(page, lambda: one_of(page, ".report").text == "Replaced: hr/expenses.txt")
    assert focused(page) == "Replaced: hr/expenses.txt"
    assert server.documents.texts["hr/expenses.txt"] == "New rules." and "expenses.txt" not in server.documents.texts
    file.write_text("Other rules.")
    one_of(page, "#folder").send_keys("it/all")
    one_of(page, "#files").send_keys(f"{file}\n{copy}")
    wait(page, lambda: all_of(page, ".same-name"))
    wanted = "Added: it/all/costs.txt (the same text is already there as hr/expenses.txt)"
    assert wanted in one_of(page, ".report").text
    all_of(page, ".same-name button")[1].click()
    wait(page, lambda: "Added: it/all/expenses.txt" in one_of(page, ".report").text)
    assert server.documents.texts["it/all/expenses.txt"] == "Other rules."
    wait(page, lambda: one_of(page, "#changes").text.endswith("2 documents copied from the run"))


def test_files_are_dropped(page: webdriver.Chrome, server: WebServer) -> None:
    """Onto the view; a drop beside it does not replace the page."""
    open_at(page, server, "documents")
    drop = """const transfer = new DataTransfer(); transfer.items.add(new File(['Dropped.'], 'dropped.md'));
        const event = (type) => new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
        const place = document.querySelector(arguments[0]); place.dispatchEvent(event('dragover'));
        return place.dispatchEvent(event('drop'))"""
    assert page.execute_script(drop, "#upload") is False
    wait(page, lambda: "Added: dropped.md" in one_of(page, "#uploaded").text)
    open_at(page, server, "ask")
    assert page.execute_script(drop, "body") is False
    assert "dropped.md" in server.documents.texts and server.documents.version == 8


def test_history_is_judged_later_and_asked_again(page: webdriver.Chrome, server: WebServer) -> None:
    """Newest first, with the passages of each answer; the log can be saved."""
    answer_to(page, "How long may it be returned?")
    answer_to(page, "Is there tea on the moon?")
    one_of(page, "nav a[href='#/history']").click()
    entries = wait(page, lambda: (found := all_of(page, ".past > li")) and len(found) == 2 and found)
    assert "I don't know." in entries[0].text and "30 days" in entries[1].text
    one_of(entries[1], "[aria-label='Good answer']").click()
    wait(page, lambda: [thumb.up for thumb in server.log.entries(Thumb)] == [True])
    assert [mark.text for mark in all_of(entries[1], "a.mark")] == ["1"]
    one_of(entries[1], "summary").click()
    one_of(entries[1], ".source").click()
    wait(page, lambda: one_of(page, "#passage mark").text == SPANS["shop/returns"])
    press(page, Keys.ESCAPE)
    next(button for button in all_of(entries[1], "button") if button.text == "Ask again").click()
    wait(page, lambda: one_of(page, "#question").get_attribute("value") == "How long may it be returned?")
    one_of(page, "nav a[href='#/history']").click()
    wait(page, lambda: all_of(page, ".past [aria-pressed='true']"))


def test_history_folds_long_texts_and_is_searched(page: webdriver.Chrome, server: WebServer) -> None:
    """A long question takes little room until it is unfolded; a follow-up says how it was understood."""
    page.execute_script("document.querySelector('#question').value = 'How long may it be returned? '.repeat(200)")
    answer_to(page, "")
    answer_to(page, "And what does it cost?")
    one_of(page, "nav a[href='#/history']").click()
    entries = wait(page, lambda: (found := all_of(page, ".past > li")) and len(found) == 2 and found)
    assert one_of(entries[0], ".understood").text.startswith("Understood as: How long may it be returned?")
    question = one_of(entries[1], ".question")
    assert question.size["height"] < 200
    button = one_of(entries[1], ".unfold")
    assert button.text.startswith("Show all") and button.get_attribute("aria-expanded") == "false"
    button.click()
    assert question.size["height"] > 800 and button.get_attribute("aria-expanded") == "true"
    one_of(page, "#history-query").send_keys("COST what")
    assert [entry.is_displayed() for entry in entries] == [True, False]
    one_of(page, "#history-query").send_keys(" xyz")
    assert "None of the 2 questions" in one_of(page, "#history-list").text


def test_the_log_is_saved_as_a_file(page: webdriver.Chrome, server: WebServer, tmp_path: Path) -> None:
    """By a key that manages; the file has the server's name for it, and each kind says what is in it."""
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    answer_to(page, "How long may it be returned?")
    one_of(page, "nav a[href='#/history']").click()
    wait(page, lambda: one_of(page, "#exports").is_displayed())
    one_of(page, "#exports summary").click()
    assert (
        all(len(item.text.split()) > 8 for item in all_of(page, "#exports li"))
        and len(all_of(page, "#exports li")) == 5
    )
    one_of(page, "[data-form='csv']").click()
    saved = wait(page, lambda: next(tmp_path.glob("bakeoff-answers.csv"), None))
    assert "How long may it be returned?" in saved.read_text()


def test_everything_works_with_the_keyboard_alone(page: webdriver.Chrome, server: WebServer) -> None:
    """Ask, open a citation, close it, judge, correct, change the view, begin again: no mouse."""
    assert focused(page) == "question"
    press(page, "How long may")
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()
    press(page, "it be returned?", Keys.ENTER)
    wait(page, lambda: all_of(page, ".answer.complete"))
    assert server.answering.asked[0].typed == "How long may\nit be returned?"
    page.execute_script("document.getElementById('main').focus()")
    tab_to(page, "Source 1: Returns and refunds")
    outline = page.execute_script("return getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "2px"
    press(page, Keys.ENTER)
    wait(page, lambda: one_of(page, "#passage mark"))
    press(page, Keys.ESCAPE)
    tab_to(page, "Bad answer")
    press(page, Keys.SPACE)
    wait(page, lambda: all_of(page, ".right-answer textarea"))
    press(page, "Thirty.", Keys.TAB, Keys.TAB, Keys.ENTER)
    wait(page, lambda: [thumb.right_answer for thumb in server.log.entries(Thumb)] == [None, "Thirty."])
    ActionChains(page).key_down(Keys.ALT).send_keys("3").key_up(Keys.ALT).perform()
    wait(page, lambda: one_of(page, "#documents-title").is_displayed())
    assert focused(page) == "documents-title" and page.title == "Documents · Bakeoff"
    ActionChains(page).key_down(Keys.ALT).send_keys("n").key_up(Keys.ALT).perform()
    wait(page, lambda: focused(page) == "question" and not all_of(page, ".turn"))


def test_a_hostile_answer_loads_nothing_and_runs_nothing(page: webdriver.Chrome, server: WebServer) -> None:
    """Markup stays text, pictures are named and not loaded, and links lead only to the web, marked."""
    answer = answer_to(page, "hostile, please")
    body = one_of(answer, ".answer-body")
    assert page.execute_script("return window.hacked === undefined")
    assert not all_of(answer, "img, iframe, style, .answer-body script, object, video")
    links = [link.get_attribute("href") for link in all_of(body, "a:not(.mark)")]
    assert links and all(link.startswith(("https://evil.example/", "http://evil.example")) for link in links)
    assert all(link.get_attribute("rel") == "noopener noreferrer nofollow" for link in all_of(body, "a.external"))
    assert "your bank (evil.example)" in body.text
    assert "[picture] tracking pixel (http://evil.example/x.png)" in body.text
    assert '<img src=x onerror="window.hacked=1">' in body.text and "</script>" in body.text
    requested = page.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert all(address.startswith(server.address) for address in requested)
    assert one_of(page, "#question").is_displayed()


def test_no_text_can_become_markup_even_by_mistake(page: webdriver.Chrome) -> None:
    """The page forbids itself to turn strings into markup."""
    message = script(page, "document.body.innerHTML = '<b>x</b>'; return 'allowed'")
    assert message != "allowed" and "TrustedHTML" in message
    page.get_log("browser")


MARKDOWN = {
    "a *b* **c** `d` ~~e~~": "<p>a <em>b</em> <strong>c</strong> <code>d</code> <del>e</del></p>",
    "***a* b**": "<p><strong><em>a</em> b</strong></p>",
    "2 * 3 * 4 and snake_case_name": "<p>2 * 3 * 4 and snake_case_name</p>",
    "open **never closed": "<p>open **never closed</p>",
    "a\nb": "<p>a<br>b</p>",
    "# A\n### B": "<h3>A</h3><h5>B</h5>",
    "- a\n- b\n  1. c": "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>",
    "3. a\n4. b": '<ol start="3"><li>a</li><li>b</li></ol>',
    "> a\n> b": "<blockquote><p>a<br>b</p></blockquote>",
    "---": "<hr>",
    "| a | 1 |": '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table><tbody><tr>'
    '<td class="side-left">a</td><td class="side-left">1</td></tr></tbody></table></div>',
    "`` a`b ``": "<p><code>a`b</code></p>",
    r"\*a\* &amp; <b>": "<p>*a* &amp;amp; &lt;b&gt;</p>",
    "see [1] and `[1]`, x[7]": '<p>see <span class="mark pending">1</span> and <code>[1]</code>, x[7]</p>',
}


def test_orders_are_equally_likely(modules: webdriver.Chrome) -> None:
    """Each of the six orders of three is about a sixth of 6,000."""
    body = """const { shuffled } = await import('/web/shuffle.js'); const n = {};
        for (let i = 0; i < 6000; i += 1) { const order = shuffled([1, 2, 3]).join(''); n[order] = (n[order] ?? 0) + 1 }
        return Object.values(n)"""
    counts = script(modules, body)
    assert len(counts) == 6 and all(850 < n < 1150 for n in counts)


def test_markdown_becomes_plain_elements(modules: webdriver.Chrome) -> None:
    """Each text of MARKDOWN, as HTML."""
    body = """const { markdown } = await import('/web/markdown.js');
        const { pendingMark } = await import('/web/citation_marks.js');
        const shown = (text) => { const box = document.createElement('div');
            box.append(...markdown(text, (n) => n < 3 ? pendingMark(n) : null)); return box.innerHTML };
        return given[0].map(shown)"""
    assert dict(zip(MARKDOWN, script(modules, body, list(MARKDOWN)), strict=True)) == MARKDOWN


def test_marks_before_the_first_citation_are_text(modules: webdriver.Chrome) -> None:
    """They were copied. Offsets count code points; without any citation every mark is left to `cite`."""
    body = """const { withoutCopiedMarks } = await import('/web/citation_marks.js');
        const shown = ([text, spans]) => withoutCopiedMarks(text, spans.map((span) => ({ span })));
        return given[0].map(shown)"""
    texts = [["😀 3 kilos [2], arr[1]. [1]", [[23, 26]]], ["a [3] b [1]", [[8, 11], [11, 11], [2, 5]]], ["a [1]", []]]
    shown = ["😀 3 kilos [\u20602], arr[\u20601]. [1]", "a [3] b [1]", "a [1]"]
    assert script(modules, body, texts) == shown


def test_what_is_half_written_does_not_flicker(modules: webdriver.Chrome) -> None:
    """Bold and code that have begun are shown as such before their end has come; whole texts stay as they are."""
    texts = ["a **bo", "a `co", "a **", "a **b** c", "2 * 3", "```\na ** b", "**a**\n\nb `c"]
    body = "const { closedForNow } = await import('/web/unfinished.js'); return given[0].map(closedForNow)"
    closed = ["a **bo**", "a `co`", "a ", "a **b** c", "2 * 3", "```\na ** b", "**a**\n\nb `c`"]
    assert script(modules, body, texts) == closed


def test_a_table_and_code_keep_their_form(modules: webdriver.Chrome) -> None:
    """Sides of columns, a bar inside code, and code that is never closed."""
    body = """const { markdown } = await import('/web/markdown.js'); const box = document.createElement('div');
        box.append(...markdown(given[0]));
        const cells = [...box.querySelectorAll('th, td')].map((cell) => [cell.className, cell.textContent]);
        return [cells, box.querySelector('pre').textContent]"""
    cells, code = script(modules, body, "| a | b |\n|:-:|--:|\n| `x|y` | 2 |\n| 3 |\n\n```py\nif a:\n    <b>\n")
    assert cells == [
        ["side-center", "a"],
        ["side-right", "b"],
        ["side-center", "x|y"],
        ["side-right", "2"],
        ["side-center", "3"],
        ["side-right", ""],
    ]
    assert code == "if a:\n    <b>\n"


def test_links_lead_only_to_the_web_and_mail(modules: webdriver.Chrome) -> None:
    """Every other scheme, and every relative address, is text."""
    addresses = [
        "http://a.b/c",
        "https://a.b",
        "mailto:a@b.c",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
    ]
    addresses += [
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///x",
        "//evil.example",
        "/log/export",
        "blob:x",
        "",
    ]
    body = """const { safeAddress } = await import('/web/links.js');
        return given[0].map((text) => safeAddress(text) !== null)"""
    assert script(modules, body, addresses) == [True] * 3 + [False] * 11


def test_hostile_texts_do_not_make_the_page_hang(modules: webdriver.Chrome) -> None:
    """Twice the text takes about twice the time, whatever it holds: nothing is tried over and over."""
    parts = [
        "*",
        "**a ",
        "[",
        "[a](",
        "![",
        "`",
        "`a ",
        "> ",
        "- ",
        "|",
        "_a",
        "<http://",
        "http://a",
        "\\",
        "~~",
        "# ",
        " ",
        "-",
        "a *b **c ",
        "[a](<",
        "1. ",
    ]
    body = """const { markdown } = await import('/web/markdown.js');
        const time = (text) => { const begin = performance.now(); markdown(text); return performance.now() - begin };
        return given[0].map((part) => { const long = part.repeat(60000 / part.length);
            const [once, twice] = [time(long), time(long + long)]; return [part, once, twice] })"""
    times = script(modules, body, parts)
    assert isinstance(times, list), times
    slow = [(part, once, twice) for part, once, twice in times if twice > 3.5 * once + 150]
    assert slow == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_each_view_is_accessible(browser: webdriver.Chrome, server: WebServer, width: int, scheme: str) -> None:
    """Every control has a name, headings are in order, texts have contrast, and nothing sticks out at the side."""
    browser.get_log("browser")
    problems: dict[str, list[str]] = {}

    def check(where: str) -> None:
        found = browser.execute_script(CHECKS, 44 if width < 500 else 24)
        if browser.execute_script("return document.documentElement.scrollWidth") > width:
            found.append("the page scrolls sideways")
        problems.update({where: found} if found else {})

    open_at(browser, server, "ask", width, scheme)
    check("ask")
    for question in ("How do I care for it?", "Is there tea on the moon?", "hostile, please", "broken"):
        answer_to(browser, question)
    browser.execute_script("document.querySelector('[aria-label=\"Bad answer\"]').click()")
    wait(browser, lambda: all_of(browser, ".right-answer"))
    check("answers")
    browser.execute_script("document.querySelector('a.mark').click()")
    wait(browser, lambda: all_of(browser, "#passage mark"))
    check("passage")
    press(browser, Keys.ESCAPE)
    open_at(browser, server, "compare", width, scheme)
    ask(browser, "How do I care for it?", "#compare-question")
    wait(browser, lambda: all_of(browser, ".vote button"))
    check("compare")
    one_of(browser, "#health button").click()
    check("served")
    for view, sign in (("documents", ".row"), ("history", ".past > li")):
        open_at(browser, server, view, width, scheme)
        wait(browser, lambda sign=sign: all_of(browser, sign))
        check(view)
    assert problems == {}, json.dumps(problems, indent=1)
    assert unexpected(browser) == []
    background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (int(background.split("(")[1].split(",")[0]) > 200) == (scheme == "light")


@pytest.mark.parametrize("height", [256, 740])
def test_nothing_is_cut_off_or_covered_at_320_pixels(browser: webdriver.Chrome, server: WebServer, height: int) -> None:
    """At 400 % zoom and on the smallest phones: no view scrolls sideways, and nothing lies over an answer.

    Source: WCAG 2.2, 1.4.10 (reflow) and 2.4.11 (focus not obscured).
    """
    wide: list[str] = []

    def check(where: str) -> None:
        if browser.execute_script("return document.documentElement.scrollWidth") > 320:
            wide.append(where)

    open_at(browser, server, "ask", 320, height=height)
    answer = answer_to(browser, "How do I care for it?")
    check("ask")
    covered = """arguments[0].scrollIntoView({ block: 'start' });
        const box = arguments[0].getBoundingClientRect(); const step = Math.max(1, innerHeight / 40); let n = 0;
        for (let y = Math.max(0, box.top) + 1; y < Math.min(innerHeight, box.bottom); y += step)
            n += document.elementFromPoint(160, y)?.closest('.top, .composer') ? step : 0;
        return n / innerHeight"""
    assert browser.execute_script(covered, one_of(answer, ".answer-body")) < (0.01 if height < 450 else 0.35)
    browser.execute_script("document.querySelector('a.mark').click()")
    wait(browser, lambda: all_of(browser, "#passage mark"))
    check("passage")
    press(browser, Keys.ESCAPE)
    for view, sign in {"compare": "#compare-form", "documents": ".row", "history": ".past > li"}.items():
        one_of(browser, f"nav a[href='#/{view}']").click()
        wait(browser, lambda sign=sign: all_of(browser, sign))
        check(view)
    one_of(browser, "nav a[href='#/compare']").click()
    ask(browser, "How do I care for it?", "#compare-question")
    wait(browser, lambda: all_of(browser, ".vote button"))
    check("compared")
    one_of(browser, "#health button").click()
    check("served")
    body = "const box = document.querySelector('#served'); return box.scrollWidth - box.clientWidth"
    assert browser.execute_script(body) == 0
    browser.get(f"{server.address}/documents/care?version=7&start=2&end=9#span")
    check("page of a document")
    assert wide == []


def test_a_view_that_is_opened_with_the_keyboard_has_no_line_around_it(page: webdriver.Chrome) -> None:
    """The focus goes to its heading, which a screen reader says; it is no control, so nothing is drawn around it."""
    ActionChains(page).key_down(Keys.ALT).send_keys("2").key_up(Keys.ALT).perform()
    wait(page, lambda: focused(page) == "compare-title")
    assert page.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "none"


def test_a_key_is_asked_for_and_kept_out_of_storage(
    browser: webdriver.Chrome, server: WebServer, tmp_path: Path
) -> None:
    """A wrong one is refused in the server's words. With a key that may not manage, nothing can be changed or saved."""
    keyed = WebServer(tmp_path / "keyed")
    key = keyed.keys.add("desk")
    with running(keyed):
        browser.get(f"{keyed.address}/")
        wait(browser, lambda: one_of(browser, "#key-dialog").is_displayed())
        one_of(browser, "#key").send_keys("ключ" + Keys.ENTER)
        wait(browser, lambda: "not a key" in one_of(browser, "#key-problem").text)
        one_of(browser, "#key").clear()
        one_of(browser, "#key").send_keys("bk-wrong" + Keys.ENTER)
        wait(browser, lambda: "not valid" in one_of(browser, "#key-problem").text)
        one_of(browser, "#key").send_keys(key + Keys.ENTER)
        wait(
            browser,
            lambda: not one_of(browser, "#key-dialog").is_displayed() and one_of(browser, "#forget-key").is_displayed(),
        )
        assert "30 days" in answer_to(browser, "How long may it be returned?").text
        stored = "return JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie"
        assert browser.execute_script(stored) == "{}{}"
        one_of(browser, "a.mark").click()
        wait(browser, lambda: all_of(browser, "#passage mark"))
        page = one_of(browser, "#passage-page")
        assert page.is_displayed()
        asked = urllib.request.Request(page.get_attribute("href"), headers={"Accept": "text/html"})  # and no key
        with urllib.request.urlopen(asked) as opened:
            assert b'<mark id="span">' in opened.read()
        press(browser, Keys.ESCAPE)
        one_of(browser, "nav a[href='#/documents']").click()
        wait(browser, lambda: all_of(browser, ".row"))
        assert not one_of(browser, "#upload").is_displayed() and not all_of(browser, ".row .icon-button")
        one_of(browser, "nav a[href='#/history']").click()
        wait(browser, lambda: all_of(browser, ".past > li"))
        assert not one_of(browser, "#exports").is_displayed()
        assert [entry.key for entry in keyed.log.entries(LoggedAnswer)] == ["desk"]
        browser.refresh()
        wait(browser, lambda: one_of(browser, "#key-dialog").is_displayed())
        one_of(browser, "#keep-key").click()
        one_of(browser, "#key").send_keys(key + Keys.ENTER)
        wait(browser, lambda: one_of(browser, "#forget-key").is_displayed())
        browser.refresh()
        wait(browser, lambda: one_of(browser, "#forget-key").is_displayed())
        assert not one_of(browser, "#key-dialog").is_displayed()
        one_of(browser, "#forget-key").click()
        wait(browser, lambda: one_of(browser, "#key-dialog").is_displayed())
        assert browser.execute_script(stored) == "{}{}"
