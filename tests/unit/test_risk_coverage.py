"""Risk and coverage by hand."""

import numpy as np
import pytest

from bakeoff.measure import ppi
from bakeoff.measure.graded import UNSURE
from bakeoff.measure.labels import Unit
from bakeoff.measure.ppi import Predicted
from bakeoff.measure.risk_coverage import NONE, Corrections, area, curve, equal_coverage, hallucination_at, ranked
from bakeoff.measure.sampling import Sample, labelling_order
from tests.unit.fakes import answer, question


def of(rows, **more):
    """Rows of (confidence, right); None for right is an unanswerable question; a confidence of None is declined."""
    asked = [question(str(i), answers=[] if right is None else ["yes"]) for i, (_, right) in enumerate(rows)]
    given = [
        answer(str(i), "I don't know." if confidence is None else "text", confidence=confidence or 0.0,
               abstained=confidence is None, **more)
        for i, (confidence, _) in enumerate(rows)
    ]  # fmt: skip
    return ranked(asked, given, {str(i): float(right) for i, (_, right) in enumerate(rows) if right is not None})


def test_the_area_is_the_mean_risk_over_all_coverages():
    """Right, wrong, right, wrong from the surest on: risks 0, 1/2, 1/3, 2/4."""
    rows = [(1.0, False), (4.0, True), (2.0, True), (3.0, False)]
    found = area(of(rows))
    assert found.value == pytest.approx((0 + 1 / 2 + 1 / 3 + 2 / 4) / 4)
    assert found.low <= found.value <= found.high and found.n == 4
    coverages, risks = curve(of(rows))
    assert coverages == [0.25, 0.5, 0.75, 1.0]
    assert risks == pytest.approx([0, 0.5, 0.3333, 0.5])


def test_answering_an_unanswerable_question_is_wrong():
    """However sure the contender is."""
    assert area(of([(2.0, None), (1.0, True)])).value == pytest.approx((1 + 1 / 2) / 2)


def test_silence_does_not_lower_the_area():
    """What a contender declined in its own words comes last, as wrong: declining everything is the highest area."""
    assert area(of([(None, True), (None, None)])).value == 1.0
    assert area(of([(None, True), (2.0, True)])).value == pytest.approx((0 + 1 / 2) / 2)
    assert curve(of([(None, True), (2.0, True)]))[0] == [0.5]


def test_what_a_threshold_declined_keeps_its_place():
    """The curve is that of the answers, whatever was declined in the test."""
    asked = [question("a"), question("b")]
    given = [answer("a", confidence=1.0, abstained=True), answer("b", confidence=2.0)]
    found = ranked(asked, given, {"a": 0.0, "b": 1.0})
    assert area(found).value == pytest.approx(1 / 4) and found.coverage == 0.5


def test_equal_confidences_count_in_expectation():
    """One right and one wrong, equally sure: risk 1/2 at each coverage."""
    assert area(of([(1.0, True), (1.0, False)])).value == pytest.approx(0.5)
    assert area(of([(1.0, False), (1.0, True)])).value == pytest.approx(0.5)


def test_without_confidences_there_is_no_curve():
    """One answer without is enough."""
    asked = [question("a"), question("b")]
    assert ranked(asked, [answer("a", confidence=1.0), answer("b")], {"a": 1.0, "b": 1.0}) is None


def test_a_routers_answers_are_ranked_within_each_route():
    """Confidences of different contenders are not compared: the surest of both come first."""
    asked = [question(key) for key in "abcd"]
    given = [
        answer("a", confidence=-9.0, route="x"), answer("b", confidence=-8.0, route="x"),
        answer("c", confidence=5.0, route="y"), answer("d", confidence=6.0, route="y"),
    ]  # fmt: skip
    assert curve(ranked(asked, given, {"a": 0.0, "b": 1.0, "c": 0.0, "d": 1.0}))[1] == [0.0, 0.0, 0.3333, 0.5]


def test_hallucination_at_a_coverage_counts_the_surest_answers_only():
    """Two of four answered, one of them wrong: a quarter of all questions."""
    rows = of([(4.0, True), (3.0, False), (2.0, False), (1.0, None)])
    assert hallucination_at(rows, 0.5).value == pytest.approx(0.25)
    assert hallucination_at(rows, 1.0).value == pytest.approx(0.75)


def test_the_common_coverage_is_the_lowest_that_is_worth_comparing():
    """A contender that answers nearly nothing does not set it."""
    assert equal_coverage([0.9, 0.4, 0.05]) == 0.4
    assert equal_coverage([0.1]) is None


def test_the_interval_of_the_area_narrows_with_more_facts():
    """Redrawn facts, not answers."""
    rng = np.random.default_rng(0)
    rows = [(float(right + rng.normal()), bool(right)) for right in rng.random(400) < 0.5]
    wide, narrow = area(of(rows[:50])), area(of(rows))
    assert narrow.high - narrow.low < 0.6 * (wide.high - wide.low)


def test_the_interval_covers_unsure_answers_right_and_wrong():
    """Half of the answers are unsure: the ends are those of runs in which all of them are right, and wrong."""
    rows = [(float(i), i % 2 == 0) for i in range(100)]
    grades = {str(i): 1.0 if i % 2 == 0 else UNSURE for i in range(100)}
    asked, given = [question(str(i)) for i in range(100)], [answer(str(i), confidence=float(i)) for i in range(100)]
    unsure = ranked(asked, given, grades)
    right, wrong = of([(confidence, True) for confidence, _ in rows]), of(rows)
    for measure in (area, lambda answers: hallucination_at(answers, 0.6)):
        found, least, most = measure(unsure), measure(right), measure(wrong)
        assert found.value == pytest.approx((least.value + most.value) / 2)
        assert (found.low, found.high) == (pytest.approx(least.low), pytest.approx(most.high))
        assert found.unsure == 50 and found.doubt == pytest.approx((most.value - least.value) / 2)


def test_an_unsure_answer_to_an_unanswerable_question_may_be_right():
    """The text may decline in other words. If a person says so, it is declined: it comes last."""
    asked = [question("a", answers=[]), question("b")]
    given = [answer("a", "There is no such lamp.", confidence=2.0), answer("b", confidence=1.0)]
    unsure = area(ranked(asked, given, {"b": 1.0}, {"a": UNSURE, "b": 1.0}))
    assert unsure.value == pytest.approx((1 / 2 + 1 / 4) / 2) and unsure.low == 0
    assert area(ranked(asked, given, {"b": 1.0}, {"a": 1.0, "b": 1.0})).value == pytest.approx((0 + 1 / 2) / 2)


def pilot(rng, n, n_labels):
    """n answers whose rules are wrong in 15 of 100, the surer the fewer; and the same with labels of some of them.

    Returns the answers with the truth, and the answers corrected by labels.
    """
    asked = [question(str(i)) for i in range(n)]
    sure = rng.random(n)
    given = [answer(str(i), f"text {i}", confidence=float(sure[i])) for i in range(n)]
    right = rng.random(n) < 0.3 + 0.5 * sure
    graded = np.where(rng.random(n) < 0.15, ~right, right)
    units = [Unit(str(i), f"text {i}") for i in range(n)]
    weights = dict.fromkeys(units, 1.0)
    front = labelling_order(weights, int(rng.integers(1 << 30)))[:n_labels]
    sample = Sample(n, frozenset(front), dict.fromkeys(units, n_labels / n))
    predicted = {str(i): Predicted(float(graded[i]), units[i]) for i in range(n)}
    knows = ppi.corrected({"rag": predicted}, {unit: float(right[int(unit.question_id)]) for unit in front}, sample)
    corrections = Corrections(knows.pseudos["rag"], {}, knows.n_labels)
    grades = {str(i): float(graded[i]) for i in range(n)}
    truth = {str(i): float(right[i]) for i in range(n)}
    return ranked(asked, given, truth), ranked(asked, given, grades, NONE, corrections)


def test_all_labels_give_the_numbers_of_the_truth():
    """Whatever the grades were. The curve stays that of the grades."""
    true, corrected = pilot(np.random.default_rng(0), 200, 200)
    for measure in (area, lambda answers: hallucination_at(answers, 0.5)):
        found, expected = measure(corrected), measure(true)
        assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))
        assert found.labels == 200
    assert curve(corrected) != curve(true)


def test_some_labels_correct_the_numbers_on_average():
    """Over 20 pilots, the mean is that of the truth, and nearly all intervals hold the truth of 300 questions."""
    rng = np.random.default_rng(1)
    pilots = [pilot(rng, 300, 60) for _ in range(20)]
    for measure in (area, lambda answers: hallucination_at(answers, 0.5)):
        pairs = [(measure(true).value, measure(corrected)) for true, corrected in pilots]
        assert np.mean([found.value - truth for truth, found in pairs]) == pytest.approx(0, abs=0.03)
        assert sum(found.low <= truth <= found.high for truth, found in pairs) >= 18
