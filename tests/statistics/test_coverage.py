"""Simulated pilots: 95 % intervals cover what they should, and equal contenders are rarely called different."""

import numpy as np
import pytest

from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.statistics import paired, share_estimate

N_PILOTS = 1000
N_CHANGED = 300


def pilot(rng, n_facts, skills, spread=0.8):
    """0/1 scores of contenders of given skills on facts of 1 to 4 phrasings; phrasings of a fact are alike."""
    facts, values = {}, [{} for _ in skills]
    for fact in range(n_facts):
        shift = rng.normal(0, spread)
        for phrasing in range(rng.integers(1, 5)):
            key = f"{fact}-{phrasing}"
            facts[key] = str(fact)
            for scores, skill in zip(values, skills, strict=True):
                scores[key] = float(rng.random() < 1 / (1 + np.exp(-(skill + shift))))
    return values, facts


def expected_share(skill, spread=0.8):
    draws = np.random.default_rng(99).normal(0, spread, 200_000)
    return float(np.mean(1 / (1 + np.exp(-(skill + draws)))))


@pytest.mark.parametrize(("n_facts", "skill"), [(40, 0.0), (60, 1.5), (60, -2.5), (120, 0.5)])
def test_accuracy_intervals_cover_the_truth(n_facts, skill):
    """93 to 97 of 100 intervals hold the true accuracy, near the middle and near the ends."""
    rng = np.random.default_rng(5)
    truth = expected_share(skill)
    covered = 0
    for _ in range(N_PILOTS):
        (values,), facts = pilot(rng, n_facts, [skill])
        found = share_estimate(values, facts)
        covered += found.low <= truth <= found.high
    assert 0.93 <= covered / N_PILOTS <= 0.97


@pytest.mark.parametrize(("n_facts", "skills"), [(40, (0.5, 0.0)), (60, (2.0, 1.0)), (120, (0.2, 0.2))])
def test_contrast_intervals_cover_the_true_difference(n_facts, skills):
    """93 to 97 of 100 paired intervals hold the true difference."""
    rng = np.random.default_rng(6)
    truth = expected_share(skills[0]) - expected_share(skills[1])
    covered = 0
    for _ in range(N_PILOTS):
        (a, b), facts = pilot(rng, n_facts, skills)
        found = paired("a", "b", {key: a[key] - b[key] for key in a}, facts, "accuracy")
        covered += found.low <= truth <= found.high
    assert 0.93 <= covered / N_PILOTS <= 0.97


def test_equal_contenders_are_called_different_in_at_most_five_of_a_hundred_pilots():
    """Two contenders of the same skill, a thousand pilots."""
    rng = np.random.default_rng(7)
    wrong = 0
    for _ in range(N_PILOTS):
        (a, b), facts = pilot(rng, 60, (0.5, 0.5))
        wrong += contrasts({"a": a, "b": b}, facts, "accuracy")[0].finding == "different"
    assert wrong / N_PILOTS <= 0.05


def test_seven_equal_contenders_yield_no_false_difference_in_most_pilots():
    """The chance of any false difference among 21 pairs stays at 5 %."""
    rng = np.random.default_rng(8)
    pilots = 200
    wrong = 0
    for _ in range(pilots):
        values, facts = pilot(rng, 60, [0.5] * 7)
        found = contrasts({str(i): one for i, one in enumerate(values)}, facts, "accuracy")
        wrong += any(one.finding == "different" for one in found)
    assert wrong / pilots <= 0.08  # 5 % plus two standard errors of 200 pilots


@pytest.mark.parametrize(
    ("n_facts", "n_phrasings", "ahead", "behind"),
    [
        (84, 1, 0.02, 0.0),
        (168, 1, 0.02, 0.0),
        (300, 1, 0.03, 0.01),
        (22, 4, 0.02, 0.0),
        (60, 4, 0.02, 0.0),
        (100, 4, 0.03, 0.01),
    ],
)
def test_contenders_that_differ_by_the_margin_are_rarely_called_tied(n_facts, n_phrasings, ahead, behind):
    """At a true difference of the margin, in at most five of a hundred pilots; all phrasings of a fact go together."""
    found = [whole_facts(rng, n_facts, n_phrasings, ahead, behind) for rng in generators()]
    assert np.mean([one.tied for one in found]) <= 0.05


@pytest.mark.parametrize("n_phrasings", [1, 2, 4])
def test_contrast_intervals_cover_where_all_phrasings_of_a_fact_go_together(n_phrasings):
    """93 to 97 of 100, however often each fact is asked."""
    found = [whole_facts(rng, 60, n_phrasings, 0.08, 0.03) for rng in generators()]
    assert 0.93 <= np.mean([one.low <= 0.05 <= one.high for one in found]) <= 0.97


def test_equal_contenders_are_called_tied_once_there_are_enough_questions():
    """Half of the pilots of 1,000 questions that two contenders with 4 % of discordant answers are asked."""
    found = [whole_facts(rng, 1000, 1, 0.02, 0.02) for rng in generators(200)]
    assert np.mean([one.tied for one in found]) > 0.5


def generators(n=N_PILOTS):
    return (np.random.default_rng([9, i]) for i in range(n))


def whole_facts(rng, n_facts, n_phrasings, ahead, behind):
    """The contrast of two contenders, of which one knows a fact that the other does not with these chances."""
    signs = rng.choice([1.0, -1.0, 0.0], n_facts, p=[ahead, behind, 1 - ahead - behind])
    differences = {f"{fact}-{i}": sign for fact, sign in enumerate(signs) for i in range(n_phrasings)}
    return paired("a", "b", differences, {key: key.split("-")[0] for key in differences}, "accuracy")


@pytest.mark.parametrize(
    ("right", "dear", "n_changed", "share"),
    [(1.0, 0.05, 20, 0.3), (10.0, 0.4, 45, 0.9), (50.0, 0.05, 45, 0.9)],
    ids=["changed ones differ more often", "dear slice", "rare and dear slice"],
)
def test_contrast_intervals_hold_the_truth_where_changed_and_dear_questions_count_unequally(
    right, dear, n_changed, share
):
    """A share of the year's questions is about changed documents, at mean stakes; contenders differ mostly there."""
    rng, n, held = np.random.default_rng(7), 200, 0
    mean, often = 1 + dear * (right - 1), 0.95 if right == 1 else 0.5
    truth = share * ((0.6 * mean - 0.3) - (0.3 * mean - 0.5))
    for _ in range(N_CHANGED):
        gains = np.where(rng.random(n) < dear, right, 1.0)
        stakes = np.concatenate([gains, np.full(n_changed, mean)])
        outcome = [_outcomes(rng, n, often, 0.1), _outcomes(rng, n, often, 0.1)]
        later = [_outcomes(rng, n_changed, 0.6, 0.1), _outcomes(rng, n_changed, 0.3, 0.2)]
        worth = [np.concatenate(pair) for pair in zip(outcome, later, strict=True)]
        worth = [np.where(one > 0, stakes, one) for one in worth]
        values = {name: dict(zip(map(str, range(n + n_changed)), one.tolist(), strict=True)) for name, one in
                  zip("ab", worth, strict=True)}  # fmt: skip
        weights = {key: (1 - share) / n if int(key) < n else share / n_changed for key in values["a"]}
        span = {key: 1 + float(stakes[int(key)]) for key in values["a"]}
        (found,) = contrasts(values, {key: key for key in weights}, "utility", weights=weights, span=span)
        held += found.low <= truth <= found.high
    assert held / N_CHANGED >= 0.90


def _outcomes(rng, n, right, declined):
    """1 for a right answer, 0 for a declined one, -1 for a wrong one. Wrong ones cost 1."""
    drawn = rng.random(n)
    return np.where(drawn < right, 1.0, np.where(drawn < min(1.0, right + declined), 0.0, -1.0))
