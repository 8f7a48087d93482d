"""The value of more data, compared with closed forms and with brute force."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from bakeoff.decide.value.information import ALL, LABELS, Part, information

N = 20_000


def two(gap, spread, n0=100, **more):
    """Two candidates whose difference is normal with this mean and standard deviation."""
    noise = np.random.default_rng(1).standard_normal(N) * spread
    part = Part("unseen", np.stack([noise / 2, -noise / 2], axis=1), n0, **more)
    return information([gap, 0.0], [part], np.zeros((N, 2)), 12, in_money=True)


def unit_loss(gap, spread):
    """Of a normal difference: what knowing it exactly is worth (Raiffa and Schlaifer 1961)."""
    z = gap / spread
    return spread * (NormalDist().pdf(z) - z * (1 - NormalDist().cdf(z)))


def test_perfect_information_is_the_unit_normal_loss():
    """A lead of 1 with a standard error of 2."""
    assert two(1.0, 2.0).perfect == pytest.approx(unit_loss(1.0, 2.0), rel=0.05)
    assert two(1.0, 2.0).p_right == pytest.approx(NormalDist().cdf(0.5), abs=0.02)


@pytest.mark.parametrize("n", [100, 400])
def test_sample_information_shrinks_with_what_stays_open(n):
    """n more facts beside 100 show n / (n + 100) of the variance."""
    offer = next(one for one in two(1.0, 2.0).offers if one.n == n)
    assert offer.gain == pytest.approx(unit_loss(1.0, 2.0 * math.sqrt(n / (n + 100))), rel=0.06)
    assert offer.gain < two(1.0, 2.0).perfect


def test_more_questions_are_offered_only_if_they_are_worth_their_cost():
    """At 0.001 a question they are, at 10 they are not."""
    cheap, dear = two(1.0, 2.0, cost_usd=0.0001), two(1.0, 2.0, cost_usd=10.0)
    assert cheap.best is not None and cheap.best.gain > cheap.best.cost_usd and dear.best is None


def test_the_slice_that_decides_is_worth_asking_about():
    """Two slices, of which one leaves the difference open."""
    noise = np.random.default_rng(2).standard_normal((2, N))
    parts = [Part("seen", np.stack([0.01 * noise[0], -0.01 * noise[0]], axis=1), 100),
             Part("unseen", np.stack([noise[1], -noise[1]], axis=1), 100)]  # fmt: skip
    offers = {(one.what, one.n): one.gain for one in
              information([0.5, 0.0], parts, np.zeros((N, 2)), 12, in_money=True).offers}  # fmt: skip
    assert offers["unseen", 100] > 10 * offers["seen", 100]
    assert offers["seen", 100] < offers[ALL, 200] < offers["unseen", 400]


def test_labels_settle_what_is_unsure_at_once():
    """What labels settle is worth the whole of what it leaves open."""
    noise = np.random.default_rng(3).standard_normal(N)
    part = Part(LABELS, np.stack([noise, -noise], axis=1), 0, n=30, cost_usd=0.01)
    found = information([0.5, 0.0], [part], np.zeros((N, 2)), 12, in_money=True)
    assert [one.n for one in found.offers] == [30] and found.offers[0].gain == pytest.approx(found.perfect, rel=0.02)


def test_what_no_question_informs_stays_open():
    """If only costs are uncertain, no number of questions helps."""
    noise = np.random.default_rng(4).standard_normal(N)
    part = Part("unseen", np.zeros((N, 2)), 100)
    found = information([0.5, 0.0], [part], np.stack([noise, -noise], axis=1), 12, in_money=True)
    assert found.perfect > 0.1 and found.offers == () and found.best is None


def test_without_money_the_gain_is_in_the_chance_to_choose_right():
    """More questions raise the chance; the truth is drawn apart from what the new questions show."""
    noise = np.random.default_rng(5).standard_normal((N, 3)) * 0.1
    found = information([0.02, 0.0, -0.05], [Part("unseen", noise, 100)], np.zeros((N, 3)), 12, in_money=False)
    gains = [one.gain for one in found.offers]
    assert gains == sorted(gains) and 0 < gains[0] < 1 - found.p_right
    # Brute force: 800 more facts beside 100; truth is normal around what all 900 show.
    rng = np.random.default_rng(6)
    truth = np.array([0.02, 0.0, -0.05]) + rng.standard_normal((N, 3)) * 0.1
    seen = truth + rng.standard_normal((N, 3)) * 0.1 * math.sqrt(100 / 800)
    posterior = (np.array([0.02, 0.0, -0.05]) * 100 + seen * 800) / 900
    right = (posterior.argmax(axis=1) == truth.argmax(axis=1)).mean()
    assert found.p_right + gains[-1] == pytest.approx(right, abs=0.02)


def test_a_single_candidate_leaves_nothing_to_learn():
    """There is nothing to choose."""
    assert information([1.0], [], np.zeros((5, 1)), 12, in_money=True).perfect == 0.0
