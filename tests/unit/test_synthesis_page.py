"""The script of the review page, run in Node: what the table it saves holds."""

import csv
import json
import re
import shutil
import subprocess
from importlib import resources

import pytest

from bakeoff.files.spreadsheet_csv import harmless
from bakeoff.questions import read_questions
from bakeoff.synthesis.review import _plain_cell

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
SCRIPT = resources.files("bakeoff").joinpath("synthesis", "review.js").read_text(encoding="utf-8")


def run(names: tuple[str, ...], program: str, given: object = None) -> object:
    """What the program prints as JSON; it can use these functions of the page, and `given`."""
    found = [re.search(rf"^function {name}\(.*?^}}", SCRIPT, re.M | re.S) for name in names]
    functions = [match[0] for match in found if match]
    text = "\n".join([*functions, f"const given = {json.dumps(given)};", f"console.log(JSON.stringify({program}))"])
    ran = subprocess.run(["node", "-e", text], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(ran.stdout)


def test_only_what_a_person_changed_on_the_page_is_kept_in_the_browser():
    """A note does not keep an old decision alive, which would withdraw one that somebody else made since."""
    program = """(() => {
      set({ id: "a", verdict: "", question: "q", answers: "x", note: "" }, { note: "look again" });
      return state({ id: "a", verdict: "accepted", question: "q", answers: "x", note: "" });
    })()"""
    found = run(
        ("state", "set"), f"(globalThis.said = {{}}, globalThis.remember = globalThis.progress = () => 0, {program})"
    )
    assert found == {"verdict": "accepted", "question": "q", "answers": "x", "note": "look again"}


def test_an_edited_question_counts_as_accepted_so_that_a_second_click_withdraws_it():
    """A rejected one and one without a decision stay what they are."""
    cards = [{"id": name, "verdict": name} for name in ("edited", "accepted", "rejected", "")]
    found = run(("state", "decision"), "(globalThis.said = {}, given.map(decision))", cards)
    assert found == ["accepted", "accepted", "rejected", ""]


BEFORE = (
    "",
    " ",
    "\t",
    "\r\n",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "\u0001",
    "\u0085",
    "\u00ad",
    "\u202e",
    "\u2060\u0007 ",
    "\x1c",
)
CELLS = [
    f"{before}{sign}1+1" for before in BEFORE for sign in ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
]
PLAIN = ["-1.5", "3", "\tx", "x=1", "\u200bx", "What is =1?", "", "-", "-\u0661"]


def test_the_page_guards_the_same_cells_as_the_table_that_the_command_writes():
    """Signs after spaces, control and format characters too; numbers and other texts stay. Reading undoes it."""
    found = run(("cell",), "given.map(cell)", [*CELLS, *PLAIN])
    assert found == [f'"{harmless(text)}"' for text in (*CELLS, *PLAIN)]
    assert all(harmless(text) == f"'{text}" and _plain_cell(f"'{text}") == text for text in CELLS)


@pytest.mark.parametrize("text", ["\u200b=1+1 is what?", "\u202e-x is what?", " =a is what?"])
def test_a_question_file_is_read_without_the_apostrophe_that_guards_a_cell(tmp_path, text):
    """For every cell that is guarded when it is written."""
    with (tmp_path / "q.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("question", "answers"), (harmless(text), "2")])
    (found,) = read_questions([tmp_path / "q.csv"])
    assert found.text == text.strip() and not found.text.startswith("'")
