"""Line breaks that wrap a paragraph, gaps, telephone numbers, signs of numbers and brackets change no grade."""

import csv
import random
from pathlib import Path

import pytest

from bakeoff.grading.grade import grade
from bakeoff.grading.telephones import with_telephone
from tests.growth import LINEAR, growth

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
        *(
            ("right", one, "8774726716")
            for one in (f"Call {TELEPHONE}.", "Phone: 877 472 6716", "Call us at 18774726716")
        ),
        *(("right", "0301234567", one) for one in ("030 1234567", "+49 30 1234567", "030/1234567")),
        *(("wrong", one, TELEPHONE) for one in ("(877) 472-6717", "877.472.67", "8774726717")),
        ("wrong", "Call 8774726717", "8774726716"),
    ],
)
def test_telephone_numbers(verdict: str, answer: str, accepted: str) -> None:
    """What parts the figures says nothing; another figure does."""
    assert grade(answer, [accepted]).verdict == verdict


@pytest.mark.parametrize(
    ("verdict", "answer", "accepted"),
    [
        ("right", "It is 0012345678.", "0012345678"),
        *(("wrong", one, "0012345678") for one in ("12345678", "It is 12345678.", "10012345678", "00012345678")),
        ("right", "Order 1234567890", "1234567890"),
        *(("wrong", one, "1234567890") for one in ("11234567890", "01234567890", "12345/67890", "1234567890/1")),
        ("wrong", "Call about order 11234567890", "1234567890"),
        ("wrong", "18774726716", "8774726716"),
        *(("unsure", one, "8774726716") for one in (TELEPHONE, "877 472 6716", "877-472-6716")),
        ("unsure", "001 234 5678", "0012345678"),
        *(("unsure", one, "0301234567") for one in ("030/1234567", "Ask 030/1234567.", "030-1234567")),
        *(("right", one, "0301234567") for one in ("+49 30 1234567", "Our number is +49 30 1234567.")),
        *(("wrong", one, "0301234567") for one in ("+49 30 1234568", "+499999 30 1234567")),
        *(("right", one, "8774726716") for one in ("1-877-472-6716", "1 (877) 472-6716", "+1 877-472-6716")),
        ("wrong", "2-877-472-6716", "8774726716"),
    ],
)
def test_a_bare_row_of_figures_may_be_the_number_of_an_order(verdict: str, answer: str, accepted: str) -> None:
    """A zero or another figure in front makes another number, but for the code of a country; groups leave a doubt, and
    a slash parts two numbers.
    """
    assert grade(answer, [accepted]).verdict == verdict


@pytest.mark.parametrize(
    ("verdict", "answer", "accepted"),
    [
        ("right", "Line #1858", "1858"),
        ("right", "1858", "#1858"),
        ("wrong", "Line #1859", "1858"),
        *(("right", "Rule #3", one) for one in ("rule 3", "Rule No. 3", "#3")),
        ("right", "#18", "No. 18"),
        ("right", "#5, #6", "5, 6"),
        ("wrong", "5 #100", "5100"),
        *(("wrong", one, "Suite 3 #12") for one in ("Suite 312", "It is in suite 312.")),
        *(("wrong", one, "12 #180") for one in ("12180", "Building 12180")),
        *(("right", one, "Suite 3 #12") for one in ("It is in Suite 3 #12.", "Suite 3, 12")),
        ("wrong", "It is -#3 degrees.", "-3 degrees"),
        *(("right", one, "Yes") for one in ("It is allowed, see rule #3.", "It is allowed, see rule no. 3.")),
        *(("right", one, "Yes") for one in ("Rule #3 allows it.", "Yes, see ticket #1234.")),
        *(("unsure", one, "No") for one in ("#5", "See #5.")),
        ("right", "No. 5 days are needed.", "No"),
        ("right", "It is not allowed, see rule #3.", "No"),
        ("right", "#help-desk", "#help-desk"),
    ],
)
def test_the_sign_of_a_number_is_no_word(verdict: str, answer: str, accepted: str) -> None:
    """It is no 'no', joins no figures, and can be left out."""
    assert grade(answer, [accepted]).verdict == verdict


@pytest.mark.parametrize("date", ["14.12.\n2018", "14.12. 2018", "14. 12. 2018", "14.\n12.2018", "14.12.2018"])
def test_a_numeric_date_may_have_blanks_after_its_dots(date: str) -> None:
    """On both sides, and in a sentence. A year may also begin the next one."""
    for other in ("14.12.2018", "2018-12-14", "14.12.\n2018", "14. 12. 2018", "December 14, 2018"):
        assert grade(date, [other], "date").verdict == grade(other, [date], "date").verdict == "right"
    assert grade(f"It began on {date}, a Friday.", ["14.12.2018"]).verdict == "right"
    for other in ("15.12.2018", "14.11.2018", "14.12.2019"):
        assert "right" not in (grade(date, [other], "date").verdict, grade(other, [date], "date").verdict)
    assert grade("It costs 4.12. 2018 was cheaper.", ["4.12"]).verdict == "right"


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


def test_the_time_of_many_telephone_numbers_grows_with_their_number():
    """Only the words just before a number are looked at: 2,000 numbers took eleven seconds."""
    assert growth(lambda n: with_telephone("call us at 987-654-3210 " * n, "9876543210"), 300) <= LINEAR
    assert growth(lambda n: with_telephone("987-654-3210", "987-654-3210 or 9876543211 " * n), 100) <= LINEAR
