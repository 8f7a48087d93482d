"""The review page of synthetic questions in a real browser: decide, change, save the table, and read it back."""

import csv
from pathlib import Path

import pytest

from bakeoff.questions import read_questions
from bakeoff.synthesis.drafts import Done, Draft, Kept
from bakeoff.synthesis.output import Begun, Folder
from bakeoff.synthesis.review import read_reviews
from bakeoff.synthesis.written import write_files
from tests.end_to_end.browser import all_of, one_of, show, started

pytestmark = pytest.mark.slow
CHECKS = Path(__file__).with_name("accessibility_checks.js").read_text(encoding="utf-8")
TEXTS = ("What is <b>one</b>?", '=2, "two"?', "Three?")


@pytest.fixture(scope="module")
def browser():
    yield from started()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "syn")
    made.begin(Begun(settings={}, documents="d"))
    drafts = [Draft(question=text, answers=("1 m",), quote="It is 1 m.", source="a", method="m") for text in TEXTS]
    made.add(Done(unit="u", kept=tuple(Kept(draft=draft, passage="So. It is 1 m.", heading="A") for draft in drafts)))
    write_files(made)
    return made


def test_decisions_are_made_on_the_page_and_read_from_its_table(browser, folder, tmp_path):
    """Also with signs that a spreadsheet would run, quotes and markup in the questions."""
    show(browser, (folder.root / "review.html").as_uri(), width=1200)
    cards = all_of(browser, ".card")
    assert len(cards) == 3 and [mark.text for mark in all_of(browser, ".card mark")] == ["1 m"] * 3
    for card, choice in zip(cards, ("Accept", "Accept", "Reject"), strict=True):
        one_of(card, f"button:nth-of-type({1 if choice == 'Accept' else 2})").click()
    area = one_of(cards[1], "textarea")
    area.send_keys(" Really?")
    assert one_of(browser, "#progress").text == "2 accepted, 1 rejected, 0 open"
    table = browser.execute_script("return table()")
    saved = tmp_path / "saved.csv"
    saved.write_text(table, encoding="utf-8", newline="")
    assert read_reviews(folder, saved) == (1, 1, 1, 0, 0)
    write_files(folder)
    found = {one.text: one.is_unreviewed for one in read_questions([folder.root / "questions.jsonl"])}
    assert found == {"What is one?": False, '=2, "two"? Really?': False}
    with (folder.root / "review.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["decision"] for row in csv.DictReader(file)] == ["accepted", "edited", "rejected"]


def test_a_question_is_read_without_scrolling_in_its_box(browser, folder):
    """The box takes the width of its card, and the height that a long question needs."""
    show(browser, (folder.root / "review.html").as_uri(), width=1200)
    browser.execute_script("localStorage.clear(); location.reload()")  # decisions of the test above
    card = all_of(browser, ".card")[0]
    area = one_of(card, "textarea")
    assert area.size["width"] > 0.9 * card.size["width"]
    area.send_keys(" and so on, with more words than two lines hold" * 8)
    assert browser.execute_script("return arguments[0].scrollHeight <= arguments[0].clientHeight", area)


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
def test_the_page_is_accessible_and_says_nothing_to_the_console(browser, folder, width, scheme):
    """Contrast, names, sizes of targets; no request was refused, since none is made."""
    browser.get_log("browser")
    show(browser, (folder.root / "review.html").as_uri(), width, scheme)
    assert browser.execute_script(CHECKS, 24) == []
    assert browser.get_log("browser") == []
