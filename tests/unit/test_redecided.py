"""Test answers with the thresholds of other dev sets."""

import numpy as np
import pytest

from bakeoff.measure.redecided import redecided
from tests.unit.fakes import answer, question

ASKED = [question("right"), question("wrong"), question("none", answers=[]), question("silent", answers=[])]
KNOWS = {"right": 1.0, "wrong": 0.0}
GIVEN = [
    answer("right", confidence=3.0),
    answer("wrong", confidence=2.0),
    answer("none", confidence=1.0),
    answer("silent", "I don't know.", confidence=0.5, abstained=True),
]
CUTS = {"rag": np.array([-np.inf, 1.5, 2.5, 9.0])}
EVEN = dict.fromkeys(("right", "wrong", "none", "silent"), 1.0)


def test_each_threshold_shifts_accuracy_hallucination_and_declining():
    """By hand: one answer more is declined at each threshold, first the invented one, last the right one."""
    again = redecided(ASKED, GIVEN, KNOWS, "rag", CUTS)
    assert again.shift("correct", EVEN) == pytest.approx([0, 0.25, 0.25, 0.0])
    assert again.shift("hallucinated", EVEN) == pytest.approx([0, -0.25, -0.5, -0.5])
    assert again.shift("abstained", EVEN) == pytest.approx([0, 0.25, 0.5, 0.75])
    assert again.shift("correct", {"right": 3.0, "none": 1.0}) == pytest.approx([0, 0.25, 0.25, -0.5])


def test_measures_that_no_threshold_changes_do_not_shift():
    """Such as the evidence that was retrieved."""
    assert not redecided(ASKED, GIVEN, KNOWS, "rag", CUTS).shift("evidence_hit", EVEN).any()


def test_a_routed_answer_depends_on_the_threshold_of_the_contender_that_gave_it():
    """And on nothing if that one has no threshold."""
    routed = [one.model_copy(update={"contender": "router", "route": "rag"}) for one in GIVEN]
    assert redecided(ASKED, routed, KNOWS, "router", CUTS).shift("abstained", EVEN)[-1] == pytest.approx(0.75)
    assert redecided(ASKED, GIVEN, KNOWS, "base", CUTS) is None
