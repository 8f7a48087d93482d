"""The script of the review page, run in Node: what the table it saves holds."""

import json
import re
import shutil
import subprocess
from importlib import resources

import pytest

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
SCRIPT = resources.files("bakeoff").joinpath("synthesis", "review.js").read_text(encoding="utf-8")


def run(names: tuple[str, ...], program: str, given: object = None) -> object:
    """What the program prints as JSON; it can use these functions of the page, and `given`."""
    functions = [re.search(rf"^function {name}\(.*?^}}", SCRIPT, re.M | re.S)[0] for name in names]
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
