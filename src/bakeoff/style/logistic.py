"""Logistic regression with a ridge penalty, for yes or no. The fit is scikit-learn's.

Takes an array of features and yes or no for each row, gives weights. Knows nothing about texts.
"""

from typing import NamedTuple

import numpy as np

MOST_STEPS, TOLERANCE = 1000, 1e-8


class Fit(NamedTuple):
    """Weights of the features, and the constant."""

    weights: np.ndarray
    constant: float

    def says_yes(self, rows: np.ndarray) -> np.ndarray:
        """Whether yes is at least as probable as no, for each row."""
        return np.asarray(rows @ self.weights + self.constant >= 0)


def fit(rows: np.ndarray, is_yes: np.ndarray) -> Fit:
    """The weights that minimise the log loss plus half of the squared weights. The constant has no penalty.

    Both answers count alike, however many rows each has: a row counts n / (2 n of its answer). Both must occur.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(class_weight="balanced", max_iter=MOST_STEPS, tol=TOLERANCE).fit(rows, is_yes)
    return Fit(model.coef_[0], float(model.intercept_[0]))
