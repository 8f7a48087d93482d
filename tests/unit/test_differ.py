"""On how many questions two contenders differ: counted in every contrast, unsure ones too."""

from bakeoff.measure.graded import Graded, combined, known
from bakeoff.measure.statistics import paired

FACTS = {f"q{i}": f"q{i}" for i in range(20)}


def test_the_questions_on_which_two_differ_are_counted():
    """However large the difference; equal values do not count."""
    a = {key: float(i < 10) for i, key in enumerate(FACTS)}
    found = paired("a", "b", combined([(1.0, known(a)), (-1.0, known({**a, "q0": 0.0}))]), FACTS, "accuracy")
    assert found is not None and found.differ == 1


def test_what_may_differ_counts():
    """An unsure answer may be right; the same unsure text of both is no difference."""
    values = {key: 0.5 if key in ("q0", "q1") else 1.0 for key in FACTS}
    a, b = (Graded(values, {"q0": text, "q1": "same"}) for text in ("one", "two"))
    found = paired("a", "b", combined([(1.0, a), (-1.0, b)]), FACTS, "accuracy")
    assert found is not None and found.differ == 1
