"""What people label: distinct texts, with who gave them; and which verdict counts where people disagree."""

from datetime import UTC, datetime, timedelta

import pytest

from bakeoff.measure.labels import Label, Unit, settled
from bakeoff.measure.units import units_of
from tests.unit.fakes import answer, question

ASKED = [
    question("q1", answers=["2 years"], split="test", slice="unseen"),
    question("q2", answers=[], split="test", slice="unanswerable"),
    question("q3", answers=["Rome"], split="test", slice="general"),
    question("q4", answers=["5 km"], split="test", slice="changed"),
    question("q5", answers=["blue"], split="train", slice="seen"),
]


def units(**answers):
    return units_of(ASKED, answers)


def test_one_unit_serves_all_who_gave_the_text():
    """Outer blanks do not matter; another text is another unit. Units are in the order of the questions."""
    found = units(
        a=[answer("q2", "It is the red one."), answer("q1", " 2 years\n")],
        b=[answer("q1", "2 years")],
        c=[answer("q1", "3 years")],
    )
    assert [(graded.unit, graded.contenders, graded.verdict) for graded in found] == [
        (Unit("q1", "2 years"), ("a", "b"), "right"),
        (Unit("q1", "3 years"), ("c",), "wrong"),
        (Unit("q2", "It is the red one."), ("a",), "wrong"),
    ]


def test_the_reason_of_an_unsure_grade_is_kept():
    """It decides how much a label of the answer matters."""
    (unsure,) = units(a=[answer("q2", "There is no such lamp")])
    assert unsure.verdict == "unsure" and unsure.reason


def test_only_answers_that_count_in_the_verdict_are_units():
    """Not those about general knowledge, about documents that changed, or to training questions."""
    assert units(a=[answer("q3", "Rome"), answer("q4", "5 km"), answer("q5", "blue")]) == []


def test_withheld_empty_and_failed_answers_are_no_units():
    """Their values are known, and those of plain refusals. A longer refusal is one: the rules may have misread it."""
    known = [
        answer("q1", "2 years", abstained=True),
        answer("q2", " "),
    ]
    assert units(a=known, b=[answer("q1", "", error="TimeoutError")]) == []
    assert units(a=[answer("q1", "I don't know.", abstained=True)]) == []
    long = "The documents do not say how long the warranty lasts."
    (declined,) = units(a=[answer("q1", long, abstained=True)])
    assert declined.unit.text == long


def label(verdict, labeller="ada", minutes=0, text="2 years"):
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    return Label(question_id="q1", text=text, verdict=verdict, labeller=labeller, at=at)


@pytest.mark.parametrize(
    "verdicts, counts",
    [
        (["right"], "right"),
        (["right", "wrong"], "unsure"),
        (["wrong", "declined"], "unsure"),
        (["right", "unsure"], "right"),
        (["unsure", "unsure"], "unsure"),
        (["right", "wrong", "right"], "right"),
        (["right", "wrong", "unsure"], "unsure"),
    ],
)
def test_the_most_frequent_verdict_counts(verdicts, counts):
    """A tie is not decided; those who cannot tell do not vote."""
    labels = [label(verdict, f"person {i}") for i, verdict in enumerate(verdicts)]
    assert settled(labels) == {Unit("q1", "2 years"): counts}


def test_a_changed_mind_settles_a_disagreement():
    """The last label of each person counts."""
    labels = [label("right"), label("wrong", "bob"), label("right", "bob", 5)]
    assert settled(labels) == {Unit("q1", "2 years"): "right"}
