"""The threshold for declining: one rule, fitted on dev, decided by no single question."""

import numpy as np
import pytest

from bakeoff.measure.threshold import MIN_FACTS, Facts, best_cut, dev_answers, fit, repeated
from tests.unit.fakes import answer, question


def correct(asked, text):
    return text == "right"


def dev_of(answerable, unanswerable):
    """Questions and answers. Answerable ones by (text, confidence), unanswerable ones by confidence."""
    asked = [question(f"a{i}", answers=["right"]) for i in range(len(answerable))]
    asked += [question(f"u{i}", answers=[]) for i in range(len(unanswerable))]
    given = [answer(f"a{i}", text, confidence=confidence) for i, (text, confidence) in enumerate(answerable)]
    given += [answer(f"u{i}", "made up", confidence=confidence) for i, confidence in enumerate(unanswerable)]
    return asked, given


def noisy(n_answerable=60, n_unanswerable=20, accuracy=0.4, seed=0):
    """Right answers are one standard deviation surer than wrong ones."""
    rng = np.random.default_rng(seed)
    right = rng.random(n_answerable) < accuracy
    answerable = [("right" if is_right else "wrong", float(is_right + rng.normal())) for is_right in right]
    return dev_of(answerable, [float(value) for value in rng.normal(size=n_unanswerable)])


def test_the_threshold_separates_wrong_from_right_answers():
    """If low confidence means wrong, the threshold is in between."""
    answerable = [("right" if i >= 10 else "wrong", float(i)) for i in range(40)]
    found = fit(*dev_of(answerable, [-1.0 - i for i in range(20)]), correct, 1.0)
    assert 8 < found.below <= 10 and found.gain > 0.5
    assert (found.n_answerable, found.n_unanswerable) == (40, 20)


@pytest.mark.parametrize(("n_answerable", "n_unanswerable"), [(MIN_FACTS - 1, 30), (60, MIN_FACTS - 1)])
def test_with_too_few_facts_there_is_none_and_the_reason_has_both_numbers(n_answerable, n_unanswerable):
    """The same for every contender, because dev is."""
    found = fit(*noisy(n_answerable, n_unanswerable), correct, 1.0)
    assert found.below is None and not found.fitted
    assert found.reason == (
        f"dev holds {n_answerable} answerable and {n_unanswerable} unanswerable facts, and a threshold needs at least "
        f"{MIN_FACTS} of each"
    )


@pytest.mark.parametrize(
    ("in_dev", "in_files", "needed"),
    [
        ((9, 3), (78, 13), "about 174 answerable facts (they hold 78) and about 100 unanswerable facts (they hold 13)"),
        ((62, 9), (244, 46), "about 100 unanswerable facts (they hold 46)"),
        ((0, 0), (10, 2), "about 100 unanswerable facts (they hold 2)"),
        ((0, 0), (0, 0), ""),
    ],
)
def test_the_reason_says_how_many_facts_the_question_files_need(in_dev, in_files, needed):
    """At the shares of this run; a fifth of the unanswerable facts go to dev. None is said where no share is known."""
    reason = fit(*noisy(*in_dev), correct, 1.0, Facts(*in_files)).reason
    assert reason.partition("; for that the question files need ")[2] == needed


def test_facts_are_counted_without_those_of_updates_and_general_knowledge():
    """Those are never in dev."""
    asked = [
        question("a", answers=["x"]), question("b", answers=["x"]).model_copy(update={"fact": "a"}),
        question("c", answers=[]), question("d", answers=["x"], slice="changed"),
        question("e", answers=["x"], slice="general"),
    ]  # fmt: skip
    asked[0] = asked[0].model_copy(update={"fact": "a"})
    assert Facts.of(asked) == (1, 1)


def test_phrasings_of_one_fact_count_once():
    """40 phrasings of 10 unanswerable facts are 10."""
    asked, given = noisy(60, 40)
    asked = [one.model_copy(update={"fact": one.fact[:2]}) if not one.answers else one for one in asked]
    assert "and 10 unanswerable" in fit(asked, given, correct, 1.0).reason


def test_a_contender_that_is_always_right_does_not_decline():
    """Nor one whose unanswerable questions it declines in its own words."""
    asked, given = dev_of([("right", float(i)) for i in range(40)], [0.0] * 20)
    given = [one.model_copy(update={"text": "I don't know."}) if one.question_id[0] == "u" else one for one in given]
    found = fit(asked, given, correct, 1.0)
    assert found.fitted and found.below is None and "does not pay" in found.reason


def test_a_higher_penalty_declines_more():
    """Wrong answers cost what the profile says."""
    cuts = [fit(*noisy(), correct, penalty).below for penalty in (0.0, 0.5, 1.0, 3.0)]
    assert cuts == sorted(cuts) and cuts[0] < cuts[-1]


def test_answers_of_equal_confidence_fall_on_one_side():
    """A threshold never cuts through equal values."""
    asked, given = noisy()
    equal = [one.model_copy(update={"confidence": 0.5}) for one in given]
    assert fit(asked, equal, correct, 1.0).below in (None, pytest.approx(0.5 + 5e-7))
    two = [one.model_copy(update={"confidence": float(one.confidence > 0.5)}) for one in given]
    assert fit(asked, two, correct, 1.0).below in (None, pytest.approx(0.5), pytest.approx(1 + 5e-7))


def test_one_other_answer_moves_the_declined_share_little():
    """Whichever answer it is: at most 3 of 80 answers change sides, where the best single threshold jumps."""
    asked, given = noisy(accuracy=0.6)
    confidences = np.array([one.confidence for one in given])

    def n_declined(answers):
        return int((confidences < (fit(asked, answers, correct, 0.2).below or -np.inf)).sum())

    usual = n_declined(given)
    for i in range(0, 60, 5):
        other = "wrong" if given[i].text == "right" else "right"
        changed = [*given[:i], given[i].model_copy(update={"text": other}), *given[i + 1 :]]
        assert abs(n_declined(changed) - usual) <= 3


def test_contenders_without_confidence_say_so():
    """There is nothing to compare with a threshold."""
    asked, given = noisy()
    found = fit(asked, [one.model_copy(update={"confidence": None}) for one in given], correct, 1.0)
    assert found.below is None and "no" in found.reason and "confidence" in found.reason


def test_redrawn_dev_sets_scatter_around_the_fitted_threshold():
    """As many as are asked for, the same ones each time."""
    of = dev_answers(*noisy(), correct, 1.0)
    cuts, fitted = repeated(of), best_cut(of, np.ones(of.n_facts), 100, np.random.default_rng(0)).below
    assert len(cuts) == 100 and (cuts == repeated(of)).all()
    assert np.quantile(cuts, 0.1) <= fitted <= np.quantile(cuts, 0.9)
