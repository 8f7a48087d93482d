"""An answer that repeats itself is stopped and cut to one occurrence; what people write is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.measure.comparison import Comparison
from bakeoff.models.engines.openai_reading import completion_of
from bakeoff.models.loops import LEAST_REPEATED, LEAST_RULE, before_loop
from bakeoff.records import GenerationSettings, Message, Prompt
from bakeoff.report.cautions import cautions
from tests.unit.fakes import answer, question


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Open it. " + "Click on the Save button. " * 4 + "Click on", "Open it. Click on the Save button."),
        ("The answer is " + "no " * 40, "The answer is no"),
        ("| a | b |\n" + "Click on the Save button.\n" * 3, "| a | b |\nClick on the Save button."),
        ("| a | b |" + "\n" * 90, "| a | b |"),
        ("1. Click on the Save button.\n2. Click on the Save button.\n3. Click on the Save", None),
        (
            "1. Click on the Save button.\n2. Click on the Save button.\n3. Click on the Save button.",
            "1. Click on the Save button.",
        ),
        ("See a.b" + "/c/d" * 30, "See a.b/c/d"),
        ("二十四个月。" * 20, "二十四个月。"),
    ],
)
def test_a_loop_is_cut_to_one_occurrence(text, kept):
    """Words, sentences, numbered lines, and scripts without spaces."""
    assert before_loop(text) == ((text, False) if kept is None else (kept, True))


@pytest.mark.parametrize(
    "text",
    [
        "The price is 100000000000 GBP, ha ha ha.",
        "| a | b |\n| --- | --- |\n| yes | no |\n| yes | no |\n| yes | no |",
        "| Standard plan | 10 GB | yes |\n" * 3 + "| Large plan | 50 GB | yes |",
        "| Standard plan | 10 GB | yes |\n" * 3 + "\nThe large plan has 50 GB.",
        "| Standard plan | 10 GB | yes |\n" * 4,
        "> | Plan | Note |\n" + "> | Standard | Ask the help desk first. Then wait for us. |\n" * 3,
        "Yes. Yes. Yes.",
        "|" + "---|" * 40,
        "Winter:\nOpen from nine to five.\nEaster:\nOpen from nine to five.\nSummer:\nOpen from nine to five.\nBye.",
        "Open the menu. Press Save. Open the menu. Press Close. Open the lid.",
        "",
    ],
)
def test_what_people_write_is_left_alone(text):
    """Zeros, tables, laughter and short words said three times."""
    assert before_loop(text) == (text, False)


@pytest.mark.parametrize("n", [60, 80, 120, 200])
@pytest.mark.parametrize("repeated", ["-", "0", "=", "*-", "- ", "00 ", "_", "1/0"])
def test_a_ruled_line_or_a_row_of_zeros_is_no_loop(repeated, n):
    """Also where the limit ends the answer right after it. Four hundred characters are one."""
    row = (repeated * n)[:n].rstrip()
    text = f"The table:\n{row}"
    assert before_loop(text) == (text, False)
    kept, looped = before_loop("The table:\n" + repeated * LEAST_RULE)
    assert looped and len(kept) < len("The table:\n") + LEAST_REPEATED


@given(st.text(alphabet="ab .\n", max_size=20), st.text(alphabet="abcd e.", min_size=1, max_size=60))
def test_every_loop_is_found_and_what_comes_before_it_stays(before, repeated):
    """Once it is long enough; the cut text begins as the answer did and does not loop any more."""
    text = before + repeated * max(4, 2 * LEAST_RULE // len(repeated))
    kept, looped = before_loop(text)
    assert looped and text.startswith(kept) and len(kept) <= len(before) + 2 * len(repeated) + LEAST_REPEATED


def test_what_a_server_sends_is_cut_after_the_fact():
    """A server knows no such rule: the answer is marked as a loop, not as cut off at the limit."""
    message = {"content": "Open it. " + "Click on the Save button. " * 9}
    reply = {"choices": [{"message": message, "finish_reason": "length"}]}
    prompt = Prompt(messages=(Message(role="user", content="q"),))
    completion = completion_of(reply, prompt, GenerationSettings(max_new_tokens=64), 0.1, 1000)
    assert completion.text == "Open it. Click on the Save button." and completion.looped and not completion.truncated


def test_many_loops_are_a_warning():
    """More than one in twenty of a contender's answers, with the share."""
    comparison = Comparison(entrants=(), measures={})
    given = {str(i): answer(str(i), looped=i < 2) for i in range(20)}
    _, (warning,) = cautions(comparison, {"rag": given}, [question(key) for key in given])
    assert "repeated themselves" in warning and "rag (10" in warning


def test_a_row_of_a_table_written_again_and_again_is_a_loop():
    """Three equal rows may be meant; eight are not."""
    row = "| Standard plan | 10 GB | yes |\n"
    assert before_loop(row * 3) == (row * 3, False)
    kept, looped = before_loop("| Plan | Space | Backup |\n" + row * 8)
    assert looped and kept.startswith("| Plan | Space | Backup |\n") and kept.count("Standard plan") == 1
