"""Grades corrected by labels: pseudo-values, the line of each kind of grade, and the noise of labels."""

import random
from statistics import fmean

import pytest

from bakeoff.measure.labels import Unit
from bakeoff.measure.ppi import Corrected, Line, Predicted, corrected
from bakeoff.measure.sampling import Sample, labelling_order, sample_of


def column(grades, name="a", kind="decided"):
    """Question id -> grade, each answer with a text of its own."""
    return {f"q{i}": Predicted(grade, Unit(f"q{i}", name), kind) for i, grade in enumerate(grades)}


def sampled(units, labelled, probability):
    return Sample(len(labelled), frozenset(labelled), dict.fromkeys(units, probability))


def units_of(*columns):
    return [answer.unit for given in columns for answer in given.values() if answer.unit]


def test_with_all_answers_labelled_each_value_is_its_label():
    """Whatever the grades were; nothing is left to chance."""
    graded = column([1, 0, 1, 0.5])
    labels = dict(zip(units_of(graded), [0.0, 0.0, 1.0, 1.0], strict=True))
    of = corrected({"a": graded}, labels, sampled(labels, labels, 1.0))
    assert of.values("a") == {"q0": 0.0, "q1": 0.0, "q2": 1.0, "q3": 1.0}
    assert all(pseudo.noise == 0 and pseudo.expected_noise == 0 for pseudo in of.pseudos["a"].values())
    assert of.n_labels == 4


def test_a_small_example_by_hand():
    """Two of four labelled, both as graded: lambda is 1, and the pseudo-values are the grades."""
    graded = column([1, 0, 1, 0])
    units = units_of(graded)
    of = corrected({"a": graded}, {units[0]: 1.0, units[1]: 0.0}, sampled(units, units[:2], 0.5))
    assert of.lines["decided"] == Line(0.0, 1.0)
    assert of.values("a") == pytest.approx({"q0": 1, "q1": 0, "q2": 1, "q3": 0})
    # No label contradicts a grade, yet two labels with the variance 1/4 are added to the two.
    pseudo = of.pseudos["a"]["q2"]
    assert pseudo.variance == pytest.approx((2 * 0.25) / 4 * 2 / 4)
    assert pseudo.noise == 0
    assert pseudo.expected_noise == pytest.approx(pseudo.variance)


def test_a_label_that_contradicts_its_grade_by_hand():
    """One label of two, at probability 1/4, against a grade of 1: the line without it is f, so psi = 1 + 4 (0 - 1)."""
    graded = column([1, 0])
    units = units_of(graded)
    of = corrected({"a": graded}, {units[0]: 0.0}, sampled(units, units[:1], 0.25))
    pseudo = of.pseudos["a"]["q0"]
    assert pseudo.predicted == pytest.approx(1.0)
    assert pseudo.value == pytest.approx(-3.0)
    assert pseudo.noise == pytest.approx(0.75 / 0.25**2)
    # The other answer has the line through (0, 0), (1, 1) and (1, 0): its slope is 1/2.
    assert of.lines["decided"] == pytest.approx((0.0, 0.5))
    assert of.values("a")["q1"] == pytest.approx(0.0)


def test_useless_grades_get_a_lambda_near_zero():
    """Labels that have nothing to do with the grades: every prediction is near the mean of the labels."""
    draw = random.Random(1)
    graded = column([draw.choice([0, 1]) for _ in range(2000)])
    labels = {unit: float(draw.random() < 0.8) for unit in units_of(graded)}
    of = corrected({"a": graded}, labels, sampled(labels, labels, 1.0))
    assert of.lines["decided"].slope < 0.06
    assert of.lines["decided"].at(0.5) == pytest.approx(0.8, abs=0.03)


def test_grades_that_say_the_opposite_get_a_lambda_of_zero():
    """It never is below 0."""
    graded = column([0, 1] * 50)
    labels = {answer.unit: 1 - answer.prediction for answer in graded.values()}
    assert corrected({"a": graded}, labels, sampled(labels, labels, 1.0)).lines["decided"].slope == 0.0


def test_good_grades_keep_a_lambda_near_one():
    """2 errors in 100."""
    graded = column([0, 1] * 50)
    labels = {answer.unit: answer.prediction for answer in graded.values()}
    labels[Unit("q0", "a")], labels[Unit("q1", "a")] = 1.0, 0.0
    assert corrected({"a": graded}, labels, sampled(labels, labels, 1.0)).lines["decided"].slope > 0.95


def test_each_kind_of_grade_has_its_own_line():
    """Unsure answers that are mostly right do not change what a decided grade predicts."""
    decided, unsure = column([0, 1] * 20), column([0.5] * 40, "b", "unsure")
    labels = {answer.unit: answer.prediction for answer in decided.values()}
    labels |= {answer.unit: float(i % 4 > 0) for i, answer in enumerate(unsure.values())}
    of = corrected({"a": decided, "b": unsure}, labels, sampled(labels, labels, 1.0))
    assert of.lines["decided"] == pytest.approx((0.0, 1.0))
    assert of.lines["unsure"].at(0.5) == pytest.approx(31 / 42)
    assert of.lines["judged"] == pytest.approx((0.0, 1.0))


def test_an_answer_that_no_label_can_change_keeps_its_value():
    """It was withheld, so it is known."""
    of = corrected({"a": {"q0": Predicted(0.0), "q1": Predicted(0.5)}}, {}, Sample(0, frozenset(), {}))
    assert of.values("a") == {"q0": 0.0, "q1": 0.5}
    assert [pseudo.doubt for pseudo in of.pseudos["a"].values()] == [0.0, 0.5]


def test_one_label_serves_every_contender_that_gave_the_text():
    """The same text has the same pseudo-value."""
    given = column([1, 1, 0])
    units = units_of(given)
    of = corrected({"a": given, "b": given}, {units[0]: 0.0}, sampled(units, units[:1], 0.3))
    assert of.values("a") == of.values("b")
    assert of.n_labels == 1


def test_where_a_person_could_not_tell_the_value_can_move_either_way():
    """By half a label, weighted as the label is."""
    graded = column([1, 1])
    units = units_of(graded)
    of = corrected({"a": graded}, {units[0]: 0.5}, sampled(units, units[:1], 0.25))
    assert of.pseudos["a"]["q0"].doubt == 2.0
    assert of.pseudos["a"]["q1"].doubt == 0.0


def test_labels_outside_the_sample_are_not_used():
    """Nor labels of texts that nobody gave."""
    graded = column([1, 0, 1])
    units = units_of(graded)
    labels = {units[0]: 1.0, units[1]: 1.0, Unit("q9", "of another run"): 0.0}
    of = corrected({"a": graded}, labels, sampled([*units, Unit("q9", "of another run")], units[:1], 0.5))
    assert of.n_labels == 1
    assert of == corrected({"a": graded}, {units[0]: 1.0}, sampled(units, units[:1], 0.5))


def test_without_labels_grades_stay_and_noise_is_infinite():
    """There is no sample to correct them by."""
    graded = column([1, 0.5])
    of = corrected({"a": graded}, {}, sampled(units_of(graded), [], 0.0))
    assert of.values("a") == pytest.approx({"q0": 1, "q1": 0.5})
    assert of.pseudos["a"]["q0"].expected_noise == float("inf")


def wrong_grades(seed=0):
    """Two contenders, 60 questions; grades of one are too kind, half of the short answers are shared."""
    draw = random.Random(seed)
    graded, labels, weights = {"a": {}, "b": {}}, {}, {}
    for i in range(60):
        for name in graded:
            unit = Unit(f"q{i}", "same" if i % 4 == 0 else name)
            if unit not in labels:
                labels[unit] = float(draw.random() < 0.6)
                kind = "decided" if i % 3 else "judged"
                grade = 1.0 if name == "a" and kind == "judged" else labels[unit]
                weights[unit] = 0.15 if kind == "decided" else 0.5
                answer = Predicted(grade, unit, kind)
            graded[name][f"q{i}"] = answer
    return graded, labels, weights


def means(of: Corrected):
    return [fmean(of.values(name).values()) for name in of.pseudos]


@pytest.mark.parametrize("n", [15, 40])
def test_corrected_means_are_unbiased_over_samples(n):
    """Over 3,000 orders of labelling their mean is within four standard errors of the mean of all labels."""
    graded, labels, weights = wrong_grades()
    truth = [fmean(labels[answer.unit] for answer in graded[name].values()) for name in graded]
    estimates = []
    for seed in range(3000):
        order = sampled_front(weights, seed, n)
        estimates.append(means(corrected(graded, labels, order)))
    for i, true in enumerate(truth):
        column_ = [estimate[i] for estimate in estimates]
        mean = fmean(column_)
        error = (fmean((value - mean) ** 2 for value in column_) / len(column_)) ** 0.5
        assert abs(mean - true) < 4 * error + 0.002
    assert abs(fmean(answer.prediction for answer in graded["a"].values()) - truth[0]) > 0.05


def sampled_front(weights, seed, n):
    return sample_of(weights, seed, set(labelling_order(weights, seed, 10)[:n]), 10)
