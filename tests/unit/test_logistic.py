"""Logistic heads and calibrated chances against what is known of the optimum."""

import warnings

import numpy as np
import pytest

from bakeoff.tuning.calibration import fit_platt
from bakeoff.tuning.logistic import fit_logistic, log_softmax


def points(n=120, d=8, n_classes=4, seed=0):
    rng = np.random.default_rng(seed)
    classes = rng.integers(n_classes, size=n)
    centres = rng.normal(size=(n_classes, d))
    return centres[classes] + rng.normal(size=(n, d)), classes


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


def test_a_class_without_examples_is_never_chosen():
    """A fold may lack a class, or hold a single one."""
    x, y = points(n=40, d=5, n_classes=3)
    two = fit_logistic(x[y > 0], y[y > 0], 3)
    assert (
        set(two.logits(x).argmax(axis=1)) <= {1, 2} and (two.logits(x).argmax(axis=1)[y > 0] == y[y > 0]).mean() > 0.6
    )
    assert set(fit_logistic(x, np.full(len(x), 2), 3).logits(x).argmax(axis=1)) == {2}


def test_many_classes_with_few_examples_give_no_warning():
    """Scikit-learn would warn, at each fit, that they may be numbers; labels never are."""
    x, _ = points(n=30, d=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fit_logistic(x, np.arange(30) % 25, 25).weights.shape == (5, 25)


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
