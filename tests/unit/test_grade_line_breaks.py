"""Line breaks that wrap a paragraph, gaps, telephone numbers, signs of numbers and brackets change no grade."""

import csv
import random
from pathlib import Path

import pytest

from bakeoff.grading.grade import grade

LABELLED = Path(__file__).parents[1] / "reference" / "graded_answers.csv"
TELEPHONE = "(877) 472-6716"


def labelled() -> list[tuple[str, list[str], str]]:
    """Short answers in one line, with the accepted ones and the kind of the question."""
    with LABELLED.open(encoding="utf-8", newline="") as file:
        rows = [(row["answer"], row["accepted"].split(" | "), row["kind"]) for row in csv.DictReader(file)]
    return [row for row in rows if " " in row[0] and "\n" not in row[0] and len(row[0]) <= 120 and any(row[1])]


def test_a_break_in_the_line_makes_no_wrong_answer_right_and_no_right_one_wrong() -> None:
    """At a blank of each labelled answer. Two blanks change nothing; a break may leave a doubt, as items may begin."""
    chance, rows, doubted = random.Random(5), labelled(), 0
    assert len(rows) > 800
    for answer, accepted, kind in rows:
        verdict = grade(answer, accepted, kind).verdict
        place = chance.choice([i for i, sign in enumerate(answer) if sign == " "])
        wide = grade(f"{answer[:place]} \t\u00a0{answer[place:]}", accepted, kind).verdict
        broken = grade(f"{answer[:place]}\n{answer[place + 1 :]}", accepted, kind).verdict
        assert wide == verdict, (answer, place)
        assert broken in (verdict, "unsure"), (answer, place, broken)
        doubted += broken != verdict
    assert doubted <= len(rows) / 25


@pytest.mark.parametrize(
    ("verdict", "answer", "accepted", "kind"),
    [
        ("right", "December 14,\n2018", "December 14, 2018", "date"),
        ("right", "It was December  14,\n2018.", "December 14, 2018", "date"),
        ("right", "14 December\n2018", "14 December 2018", ""),
        ("right", "31 déc.\n2024", "2024-12-31", ""),
        ("right", "14\u00a0December 2018", "14 December 2018", "date"),
        ("wrong", "It is not\nallowed", "allowed", ""),
        ("unsure", "5\nMB", "5 GB", ""),
        ("right", "apples\npears", "apples, pears", "list"),
        ("right", "Lyon\nParis\nRome", "Lyon, Paris, Rome", "list"),
        ("right", "Both are open:\n1. Lyon\n2. Paris", "Lyon, Paris", "list"),
        ("unsure", "git push\nrm -rf .", "git push", ""),
    ],
)
def test_a_paragraph_is_read_over_its_line_breaks(verdict: str, answer: str, accepted: str, kind: str) -> None:
    """A date, a negation and a unit go on in the next line; items of a list and commands do not."""
    assert grade(answer, [accepted], kind).verdict == verdict


@pytest.mark.parametrize(
    ("verdict", "answer", "accepted"),
    [
        *(("right", one, TELEPHONE) for one in ("877-472-6716", "877.472.6716", "(877) 472 6716", "8774726716")),
        *(("right", one, TELEPHONE) for one in ("1-877-472-6716", "+1 877 472 6716", "Call (877)\n472-6716.")),
        *(("right", one, "8774726716") for one in (TELEPHONE, "877 472 6716")),
        *(("wrong", one, TELEPHONE) for one in ("(877) 472-6717", "877.472.67", "8774726717")),
        ("right", "Line #1858", "1858"),
        ("right", "1858", "#1858"),
        ("wrong", "Line #1859", "1858"),
        ("right", "#help-desk", "#help-desk"),
    ],
)
def test_telephone_numbers_and_signs_of_numbers(verdict: str, answer: str, accepted: str) -> None:
    """What parts the figures says nothing; another figure does."""
    assert grade(answer, [accepted]).verdict == verdict


def test_what_is_denied_in_brackets_leaves_a_doubt() -> None:
    """The sentence around it may be the accepted one; without brackets it is its opposite."""
    accepted = ["more than six employees who travel for an internal meeting need the approval of the director"]
    inside = accepted[0].replace("meeting", "meeting (no daily business)")
    outside = "more than six employees who travel for an internal meeting do not need the approval of the director"
    assert grade(inside, accepted).verdict == "unsure"
    assert grade(outside, accepted).verdict == "wrong"


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [
        ("unsure", "at the end of July"),
        ("unsure", "mid-year"),
        ("wrong", "The supervisor must override the mid-year review if an employee cannot complete it."),
    ],
)
def test_a_part_of_a_period_is_a_date_only_where_the_answer_says_when(verdict: str, answer: str) -> None:
    """A sentence without any date is no date."""
    assert grade(answer, ["July 31"], "date").verdict == verdict
