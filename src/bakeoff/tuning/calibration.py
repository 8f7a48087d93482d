"""Scores to probabilities: Platt's logistic curve over signs of being right.

Takes scores of examples that were not trained on, with what is true of them. Does not know how scores are made.
Source: Platt 1999, Probabilistic Outputs for Support Vector Machines.
"""

from collections.abc import Sequence

import numpy as np

from bakeoff.records import Record

RIDGE = 0.01
"""How strongly Platt's weights are drawn to 1, for each example. Where all examples are right, they say nothing about
the weights, and a text that is unlike them must still get a lower chance."""


class Platt(Record):
    """The chance to be right as a logistic curve of some features, each moved and scaled to the spread in the fit."""

    means: tuple[float, ...]
    spreads: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def chances(self, features: np.ndarray) -> np.ndarray:
        """(n,), between 0 and 1."""
        scaled = (features - np.array(self.means)) / np.array(self.spreads)
        return np.asarray(1 / (1 + np.exp(-np.clip(scaled @ np.array(self.weights) + self.bias, -30, 30))))


def fit_platt(features: np.ndarray, right: Sequence[bool]) -> Platt:
    """The curve that makes what happened most probable. Weights below 0 are not allowed: more of a feature is better.

    Targets are Platt's, which are not quite 0 and 1, so that the curve stays soft where all are right.
    """
    from scipy.optimize import minimize

    means = features.mean(axis=0)
    spreads = np.maximum(features.std(axis=0), 1e-6)
    x = (features - means) / spreads
    n_right = int(sum(right))
    n_wrong = len(right) - n_right
    target = np.where(np.array(right), (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ at[:-1] + at[-1]
        value = float((np.logaddexp(0, z) - target * z).mean()) + RIDGE / 2 * float(((at[:-1] - 1) ** 2).sum())
        off = (1 / (1 + np.exp(-z)) - target) / len(z)
        return value, np.concatenate([x.T @ off + RIDGE * (at[:-1] - 1), [off.sum()]])

    bounds = [(0.0, None)] * x.shape[1] + [(None, None)]
    at = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Platt(means=tuple(means), spreads=tuple(spreads), weights=tuple(at[:-1]), bias=float(at[-1]))
