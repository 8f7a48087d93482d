"""A reply says how probably a label is right. Other confidences mean nothing outside of their contender."""

import pytest

from bakeoff.records import Answer
from bakeoff.serve.answering import Answered
from bakeoff.serve.links import Links
from bakeoff.serve.openai.chat import measured
from bakeoff.serve.showing import Showing


def reply(**more) -> dict:
    answer = Answer(question_id="q", contender="label-head", text="billing", confidence=0.87654, **more)
    return measured(Showing(Links()).end(Answered(answer=answer, question="My invoice is wrong", versions={})))


def test_the_chance_of_a_label_is_in_the_reply():
    """Rounded, as the calibration is not exact either."""
    assert reply(is_chance=True)["chance"] == pytest.approx(0.8765)


@pytest.mark.parametrize("more", [{}, {"is_chance": True, "abstained": True}])
def test_there_is_no_chance_for_other_answers(more):
    """A score that is no chance, and the chance of a label that was withheld, say nothing to a client."""
    assert "chance" not in reply(**more)
