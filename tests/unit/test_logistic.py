"""Logistic heads and calibrated chances against scikit-learn and against what is known of the optimum."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bakeoff.tuning.calibration import fit_platt, fit_temperature
from bakeoff.tuning.logistic import fit_logistic, log_softmax


def points(n=120, d=8, n_classes=4, seed=0):
    rng = np.random.default_rng(seed)
    classes = rng.integers(n_classes, size=n)
    centres = rng.normal(size=(n_classes, d))
    return centres[classes] + rng.normal(size=(n, d)), classes


@pytest.mark.parametrize("c", [0.1, 1.0, 10.0])
def test_the_head_is_that_of_scikit_learn(c):
    """The same probabilities to four digits, for new points too."""
    x, y = points()
    head = fit_logistic(x, y, 4, c)
    other = LogisticRegression(C=c, max_iter=5000, tol=1e-8).fit(x, y)
    new, _ = points(seed=1)
    assert np.exp(log_softmax(head.logits(new))) == pytest.approx(other.predict_proba(new), abs=2e-4)


def test_at_the_optimum_the_slope_is_nought():
    """The slope of the penalised loss by finite differences, in ten random directions."""
    x, y = points(n=60, d=5, n_classes=3)
    head = fit_logistic(x, y, 3, 1.0)

    def loss(weights, biases):
        chances = log_softmax(x @ weights + biases)
        return -chances[np.arange(len(y)), y].sum() + (weights**2).sum() / 2

    rng = np.random.default_rng(0)
    for _ in range(10):
        w, b = rng.normal(size=head.weights.shape), rng.normal(size=3)
        up, down = (loss(head.weights + e * w, head.biases + e * b) for e in (1e-4, -1e-4))
        assert (up - down) / 2e-4 == pytest.approx(0.0, abs=1e-3)


def test_the_temperature_takes_back_what_logits_were_multiplied_by():
    """Labels are drawn from the logits' own probabilities, then the logits are made three times too large."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 5))
    chances = np.exp(log_softmax(logits))
    classes = np.array([rng.choice(5, p=row) for row in chances])
    assert fit_temperature(3 * logits, classes) == pytest.approx(3.0, rel=0.1)
    assert fit_temperature(np.zeros((0, 5)), np.zeros(0, int)) == 1.0


def test_platts_curve_says_how_often_it_is_right():
    """The chance of being right rises with the first feature; the second says nothing."""
    rng = np.random.default_rng(0)
    features = rng.uniform(size=(3000, 2))
    right = rng.random(3000) < features[:, 0]
    curve = fit_platt(features, list(right))
    high = curve.chances(np.array([[0.9, 0.5]]))[0]
    low = curve.chances(np.array([[0.1, 0.5]]))[0]
    assert high > 0.8 and low < 0.2


def test_a_chance_never_falls_where_a_feature_rises():
    """Even if a few examples say the opposite."""
    features = np.column_stack([np.linspace(0, 1, 20), np.linspace(1, 0, 20)])
    curve = fit_platt(features, [value > 0.5 for value in features[:, 0]])
    assert min(curve.weights) >= 0 and max(curve.weights) > 0


def test_where_all_are_right_the_chance_stays_below_one():
    """Platt's targets keep the curve soft."""
    curve = fit_platt(np.linspace(0, 1, 10)[:, None], [True] * 10)
    assert 0.8 < curve.chances(np.array([[0.5]]))[0] < 0.99
