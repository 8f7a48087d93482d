"""Intervals of shares and contrasts whose grades were corrected by labels, and how much more labels narrow them."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from bakeoff.measure.base_then_leader import base_then_leader
from bakeoff.measure.contrasts import contrasts as known_contrasts
from bakeoff.measure.labels import Unit
from bakeoff.measure.narrowing import narrowing
from bakeoff.measure.ppi import Predicted, Pseudo, corrected
from bakeoff.measure.ppi_intervals import contrast, contrasts, differences, share, table_of
from bakeoff.measure.sampling import Sample, inclusion_probabilities, labelling_order, sample_of
from bakeoff.measure.statistics import share_estimate, t_quantile


def pilot(n=90, accuracies=(0.8, 0.5), unsure=0.1, seed=0):
    """Contenders a, b, ...: their graded answers, all labels, the facts (1 to 3 questions each), all weights 1."""
    draw = random.Random(seed)
    graded, labels = {}, {}
    for name, accuracy in zip("abcdef", accuracies, strict=False):
        graded[name] = {}
        for i in range(n):
            unit = Unit(f"q{i}", name)
            labels[unit] = float(draw.random() < accuracy)
            is_unsure = draw.random() < unsure
            graded[name][f"q{i}"] = Predicted(
                0.5 if is_unsure else labels[unit], unit, "unsure" if is_unsure else "decided"
            )
    facts = {f"q{i}": f"f{i * 4 // 7}" for i in range(n)}
    return graded, labels, facts, dict.fromkeys(labels, 1.0)


def corrected_by(n_labels, of, seed=0):
    graded, labels, _, weights = of
    return corrected(graded, labels, sample_of(weights, seed, set(labelling_order(weights, seed)[:n_labels])))


def test_with_all_answers_labelled_the_intervals_are_those_of_known_values():
    """The same estimate and the same contrast, p-value and all, as without a choice of labels."""
    case = pilot()
    graded, labels, facts, _ = case
    of = corrected_by(len(labels), case)
    known = {name: {key: labels[answer.unit] for key, answer in graded[name].items()} for name in graded}
    for name in graded:
        assert close(share(of.pseudos[name], facts, of.n_labels), share_estimate(known[name], facts))
        traffic = {key: 1.0 + i % 3 for i, key in enumerate(known[name])}
        assert close(share(of.pseudos[name], facts, of.n_labels, traffic), share_estimate(known[name], facts, traffic))
    for mine, theirs in zip(contrasts(of, facts, "accuracy"), known_contrasts(known, facts, "accuracy"), strict=True):
        assert close(mine, theirs)


def close(one, other):
    """Whether two records are the same up to rounding; on how many questions two differ is not counted with labels."""
    mine, theirs = one.model_dump(exclude={"differ"}), other.model_dump()
    return all(
        value == pytest.approx(theirs[key]) if isinstance(value, float) else value == theirs[key]
        for key, value in mine.items()
    )


def test_fewer_labels_give_wider_intervals_around_about_the_same_value():
    """60, 120 and all of 180 labels."""
    case = pilot()
    widths, values = [], []
    for n in (60, 120, 180):
        estimate = share(corrected_by(n, case).pseudos["a"], case[2], n)
        widths.append(estimate.high - estimate.low)
        values.append(estimate.value)
    assert widths[0] > widths[1] > widths[2]
    assert max(values) - min(values) < 0.1


@pytest.mark.parametrize("accuracy", [0.0, 1.0])
def test_an_interval_never_has_zero_width_and_stays_in_its_range(accuracy):
    """No label contradicts a grade, and all answers are alike: errors that were not seen are still possible."""
    case = pilot(accuracies=(accuracy, accuracy), unsure=0.0)
    of = corrected_by(40, case)
    estimate = share(of.pseudos["a"], case[2], of.n_labels)
    all_labelled = share(corrected_by(180, case).pseudos["a"], case[2], 180)
    assert estimate.value == pytest.approx(accuracy)
    assert 0 <= estimate.low <= accuracy <= estimate.high <= 1
    assert estimate.high - estimate.low > all_labelled.high - all_labelled.low > 0.02
    pair = contrasts(of, case[2], "accuracy")[0]
    assert -0.5 < pair.low < 0 < pair.high < 0.5
    assert pair.p == 1.0


def test_a_value_outside_the_range_is_shown_at_its_end():
    """Few labels with large weights can push the mean above 1; the interval still reaches below it."""
    pseudos = {f"q{i}": Pseudo(1.05, 0.9, 0.2, 0.02, 0.4, unit=Unit(f"q{i}", "a")) for i in range(30)}
    estimate = share(pseudos, {key: key for key in pseudos}, 40)
    assert estimate.value == estimate.high == 1.0
    assert 0.8 < estimate.low < 1.0


def test_the_same_text_differs_by_nothing():
    """Neither in value nor in noise, labelled or not."""
    graded, labels, facts, weights = pilot(accuracies=(0.7,))
    case = ({"a": graded["a"], "b": graded["a"]}, labels, facts, weights)
    of = corrected_by(50, case)
    pairs = differences(of.pseudos["a"], of.pseudos["b"])
    assert {tuple(term) for term in pairs.values()} == {(0.0, 0.0, 0.0, 0.0, 0.0)}
    pair = contrasts(of, facts, "accuracy")[0]
    assert (pair.difference, pair.p, pair.finding) == (0.0, 1.0, "open")


def test_a_contrast_by_hand():
    """Four facts of one question: Agresti and Min's additions, the noise of labels, and Student's t."""
    units = {key: Unit(key, "a") for key in "wxyz"}
    a = {
        key: Pseudo(value, value, 0.5, 0.04, 0.0, unit=units[key])
        for key, value in zip("wxyz", (1, 1, 1, 0), strict=True)
    }
    b = {key: Pseudo(0.0, 0.0) for key in "wxyz"}
    pair = contrast("a", "b", table_of(differences(a, b), {key: key for key in "wxyz"}, 31), "accuracy")
    centre = 3 / 6
    of_questions = (4 / 3 * (3 * 0.25 + 0.25) + 1) / 36
    of_labels = 4 * 0.04 / 16
    degrees = int((of_questions + of_labels) ** 2 / (of_questions**2 / 3 + of_labels**2 / 30))
    half = t_quantile(0.975, degrees) * math.sqrt(of_questions + of_labels)
    assert pair.difference == 0.75
    assert (pair.low, pair.high) == pytest.approx((max(-1, centre - half), min(1, centre + half)))
    assert pair.n == 4


def test_contenders_far_apart_differ_significantly_and_the_order_of_a_pair_does_not_matter():
    """.9 against .4 with 80 labels for both."""
    case = pilot(n=150, accuracies=(0.9, 0.4))
    of = corrected_by(80, case)
    pair = contrasts(of, case[2], "accuracy")[0]
    assert pair.finding == "different"
    assert pair.low > 0.1
    mirrored = contrast("b", "a", table_of(differences(of.pseudos["b"], of.pseudos["a"]), case[2], 80), "accuracy")
    assert (mirrored.low, mirrored.high, mirrored.p) == pytest.approx((-pair.high, -pair.low, pair.p))


def test_what_people_could_not_tell_widens_both_ways():
    """Compared with the same labels of which all say something, each end moves by the weight of the doubt."""
    case = pilot()
    of = corrected_by(60, case)
    unsure = {
        name: {key: pseudo._replace(doubt=0.2) for key, pseudo in column.items()} for name, column in of.pseudos.items()
    }
    before, after = (share(given["a"], case[2], 60) for given in (of.pseudos, unsure))
    assert after.value == before.value
    assert after.low < before.low - 0.15
    assert after.high > before.high + 0.05
    plain = contrasts(of, case[2], "accuracy")[0]
    wider = contrast("a", "b", table_of(differences(unsure["a"], unsure["b"]), case[2], 60), "accuracy")
    assert wider.difference == plain.difference
    assert (plain.low - wider.low, wider.high - plain.high) == pytest.approx((0.4, 0.4), abs=0.02)
    assert wider.p == 1.0 and wider.more_questions == 0


def test_how_many_more_questions_decide_is_said_of_the_less_clear_case():
    """With a small doubt that leaves the sign, more are needed than without; the difference is the same."""
    case = pilot(accuracies=(0.8, 0.66))
    of = corrected_by(60, case)
    assert contrasts(of, case[2], "accuracy")[0].finding == "open"

    def needed(doubt):
        columns = {
            name: {key: pseudo._replace(doubt=doubt) for key, pseudo in column.items()}
            for name, column in of.pseudos.items()
        }
        return contrast("a", "b", table_of(differences(columns["a"], columns["b"]), case[2], 60), "accuracy")

    assert needed(0.0).difference == needed(0.02).difference > 0.04
    assert 0 < needed(0.0).more_questions < needed(0.02).more_questions


def test_redrawn_dev_sets_widen_intervals():
    """Their changes are a third source of variation."""
    case = pilot()
    of = corrected_by(60, case)
    shift = np.random.default_rng(0).normal(0, 0.1, 500)
    plain = contrasts(of, case[2], "accuracy")[0]
    wider = contrasts(of, case[2], "accuracy", shifts={"a": shift})[0]
    assert wider.low < plain.low
    assert wider.high > plain.high
    assert wider.p > plain.p
    estimates = share(of.pseudos["a"], case[2], 60), share(of.pseudos["a"], case[2], 60, shift=shift)
    assert estimates[1].low < estimates[0].low


def test_contenders_that_gave_nearly_the_same_are_tied():
    """One different answer in 800, and labels that agree."""
    graded, labels, facts, weights = pilot(n=800, accuracies=(0.7,), unsure=0.0)
    other = dict(graded["a"])
    unit = Unit("q7", "b")
    other["q7"] = Predicted(1 - other["q7"].prediction, unit)
    labels[unit], weights[unit] = other["q7"].prediction, 1.0
    of = corrected_by(100, ({"a": graded["a"], "b": other}, labels, facts, weights))
    assert contrasts(of, facts, "accuracy")[0].finding == "tied"


def test_only_some_questions_can_be_compared():
    """Slices of the test."""
    case = pilot()
    of = corrected_by(60, case)
    assert contrasts(of.only(["q1", "q2", "q3"]), case[2], "accuracy")[0].n == 3
    assert contrasts(of.only([]), case[2], "accuracy") == []
    assert share({}, {}, 60).value is None


def test_more_labels_are_expected_to_narrow_each_pair():
    """Ten more than one more, and as many as there are leave the width of known values."""
    case = pilot(accuracies=(0.8, 0.7, 0.5))
    _, labels, facts, weights = case
    of = corrected_by(50, case)
    expected = {
        n: narrowing(of, facts, inclusion_probabilities(weights, 0, 50 + n), 50 + n) for n in (1, 10, len(labels) - 50)
    }
    assert [(one.a, one.b) for one in expected[1]] == [("a", "b"), ("a", "c"), ("b", "c")]
    for one, ten, every in zip(*expected.values(), strict=True):
        assert one.now == ten.now > one.later > ten.later > every.later > 0
    pair = contrasts(of, facts, "accuracy")[0]
    assert expected[1][0].now == pytest.approx((pair.high - pair.low) / 2)


def test_without_labels_the_width_is_infinite_and_the_first_labels_have_an_expected_one():
    """From the errors that are expected in general."""
    graded, _, facts, weights = pilot()
    of = corrected(graded, {}, Sample(0, frozenset(), dict.fromkeys(weights, 0.0)))
    first = narrowing(of, facts, inclusion_probabilities(weights, 0, 30), 30)[0]
    assert first.now == math.inf
    assert 0.1 < first.later < 0.5


def test_without_labels_nothing_is_known():
    """Grades alone say nothing here: the interval is the whole range. Those who have no labels use `statistics`."""
    graded, _, facts, weights = pilot()
    of = corrected(graded, {}, Sample(0, frozenset(), dict.fromkeys(weights, 0.0)))
    estimate = share(of.pseudos["a"], facts, 0)
    pair = contrasts(of, facts, "accuracy")[0]
    assert (estimate.low, estimate.high) == (0.0, 1.0)
    assert (pair.low, pair.high, pair.p, pair.finding, pair.more_questions) == (-1.0, 1.0, 1.0, "open", 0)


def test_the_verdicts_two_steps_take_values_corrected_by_labels():
    """With the p-values of Student's t; in a family of chosen pairs, and weighted."""
    names = ("base", "rag", "tuned")
    units = {name: [Unit(f"q{i}", f"{name} {i}") for i in range(150)] for name in names}
    rng = np.random.default_rng(4)
    right = {name: rng.random(150) < share for name, share in zip(names, (0.3, 0.85, 0.6), strict=True)}
    grades = {name: {f"q{i}": Predicted(float(right[name][i]), unit) for i, unit in enumerate(units[name])}
              for name in names}  # fmt: skip
    everything = {unit: float(right[name][i]) for name in names for i, unit in enumerate(units[name])}
    sample = sample_of(dict.fromkeys(everything, 1.0), 0, labelling_order(dict.fromkeys(everything, 1.0), 0)[:200])
    of, facts = corrected(grades, everything, sample), {f"q{i}": f"q{i}" for i in range(150)}
    steps = base_then_leader(of, facts, ["base"], lambda passed: "rag", "accuracy")
    assert steps.passed == ("rag", "tuned") and [one.b for one in steps.against_leader] == ["tuned"]
    (alone,) = contrasts(of, facts, "accuracy", [("rag", "base")])
    assert steps.against_base[0].difference == pytest.approx(alone.difference)
    assert steps.against_base[0].p == alone.p <= steps.against_base[0].p_adjusted
    (weighted,) = contrasts(of, facts, "accuracy", [("rag", "base")], weights={key: float(key < "q5") for key in facts})
    assert weighted.n == sum(key < "q5" for key in facts)
    assert weighted.high - weighted.low > alone.high - alone.low


def test_values_in_a_wider_span_give_the_same_test_in_their_own_unit():
    """Utilities of -1..1 are correctness doubled: differences and intervals double, p-values stay."""
    case = pilot()
    of = corrected_by(60, case)
    wide = {
        name: {
            key: one._replace(
                value=2 * one.value - 1, predicted=2 * one.predicted - 1, variance=4 * one.variance, noise=4 * one.noise
            )
            for key, one in column.items()
        }
        for name, column in of.pseudos.items()
    }
    (one,), (two,) = contrasts(of, case[2], "x"), contrasts(replace(of, pseudos=wide), case[2], "x", span=2.0)
    assert two.p == pytest.approx(one.p) and two.finding == one.finding
    for key in ("difference", "low", "high"):
        assert getattr(two, key) == pytest.approx(2 * getattr(one, key))


def test_the_choice_of_labels_leaves_fewer_observations():
    """Than if every answer were labelled, which is as many as for known values; none without any label."""
    units = [Unit(f"q{i}", "x") for i in range(200)]
    right = {unit: float(i % 3 > 0) for i, unit in enumerate(units)}
    grades = {"a": {unit.question_id: Predicted(float(i % 2), unit) for i, unit in enumerate(units)}}
    facts = {unit.question_id: unit.question_id for unit in units}
    some, every = (
        corrected(
            grades, right, sample_of(dict.fromkeys(units, 1.0), 0, labelling_order(dict.fromkeys(units, 1.0), 0)[:n])
        )
        for n in (60, 200)
    )
    of_some, of_every = (share(of.pseudos["a"], facts, of.n_labels) for of in (some, every))
    known = share_estimate({unit.question_id: value for unit, value in right.items()}, facts)
    assert 20 < of_some.n_effective < 100 < of_every.n_effective <= 200
    assert of_every.n_effective == pytest.approx(known.n_effective)
