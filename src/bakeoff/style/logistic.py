"""Logistic regression with a ridge penalty, by Newton's method.

Takes an array of features and yes or no for each row, gives weights. The same weights for the same rows on every
machine, up to rounding. Knows nothing about texts.
"""

from typing import NamedTuple

import numpy as np

RIDGE = 1.0
"""The penalty on squared weights, with each row counting about 1."""
MOST_STEPS, CLOSE = 50, 1e-9


class Fit(NamedTuple):
    """Weights of the features, and the constant."""

    weights: np.ndarray
    constant: float

    def chance(self, rows: np.ndarray) -> np.ndarray:
        """The probability of yes for each row."""
        return _logistic(rows @ self.weights + self.constant)


def fit(rows: np.ndarray, is_yes: np.ndarray, ridge: float = RIDGE) -> Fit:
    """The weights that minimise the log loss plus `ridge` / 2 times the squared weights.

    Both answers count alike, however many rows each has: a row counts n / (2 n of its answer). The constant has no
    penalty. Both answers must occur.
    Source: Newton's method as in Hastie, Tibshirani, Friedman 2009, The Elements of Statistical Learning, 4.4.1.
    """
    wide = np.column_stack([rows, np.ones(len(rows))])
    share = is_yes.mean()
    weight = np.where(is_yes, 0.5 / share, 0.5 / (1 - share))
    penalty = np.full(wide.shape[1], ridge)
    penalty[-1] = 0.0
    weights = np.zeros(wide.shape[1])
    for _ in range(MOST_STEPS):
        chance = _logistic(wide @ weights)
        slope = wide.T @ (weight * (chance - is_yes)) + penalty * weights
        curve = (wide * (weight * chance * (1 - chance))[:, None]).T @ wide
        step = np.linalg.solve(curve + np.diag(penalty + 1e-12), slope)
        length = float(np.abs(step).max())
        weights = weights - step * min(1.0, 5.0 / max(length, 1e-12))
        if length < CLOSE:
            break
    return Fit(weights[:-1], float(weights[-1]))


def _logistic(values: np.ndarray) -> np.ndarray:
    limited = np.clip(values, -30.0, 30.0)
    shares: np.ndarray = 1.0 / (1.0 + np.exp(-limited))
    return shares
