"""A number in brackets: a citation, the answer itself, or unsure."""

import pytest

from bakeoff.grading.grade import grade


@pytest.mark.parametrize(
    ("answer", "gold", "verdict"),
    [
        ("The answer is [42].", "42", "right"),
        ("The answer is [42] [1].", "42", "right"),
        ("The answer is [41].", "42", "wrong"),
        ("Answer: [5]", "5", "right"),
        ("The key is [7]", "7", "right"),
        ("Option [2]", "2", "unsure"),
        ("Press [1] for sales", "1", "unsure"),
        ("[24] months", "24 months", "unsure"),
        ("ports [80] and [443]", "443", "unsure"),
        ("36 months [24]", "24 months", "wrong"),
        ("5 days [3]", "3 days", "wrong"),
        ("Sources: [1]", "1 year", "unsure"),
        ("Oslo [2]", "2", "unsure"),
        ("24 months [1][2].", "24 months", "right"),
        ("24 months [24].", "24 months", "right"),
    ],
)
def test_no_right_answer_is_wrong_and_no_wrong_one_right(answer: str, gold: str, verdict: str) -> None:
    assert grade(answer, [gold]).verdict == verdict


def test_a_label_is_read_with_or_without_the_mark() -> None:
    assert grade("label: [1]", ["1"], "label").correct and grade("refund [1]", ["refund"], "label").correct
    assert grade("refund [1]", ["refund 1"], "label").verdict == "wrong"
