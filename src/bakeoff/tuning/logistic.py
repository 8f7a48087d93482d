"""Multinomial logistic regression on vectors: the head of contenders that answer with labels.

Takes vectors (n, d) and the number of each one's class, gives weights and biases. The fit is scikit-learn's. Does not
know what the vectors are of.
"""

import warnings
from dataclasses import dataclass

import numpy as np

MOST_STEPS, TOLERANCE = 1000, 1e-6
MANY_CLASSES = "The number of unique classes is greater than 50%"
"""How scikit-learn begins to warn that classes may be numbers; labels with few examples each are none."""
NEVER = -1e9
"""The bias of a class without an example: it is never chosen."""


@dataclass(frozen=True)
class Logistic:
    """Weights (d, classes) and biases (classes,)."""

    weights: np.ndarray
    biases: np.ndarray

    def logits(self, vectors: np.ndarray) -> np.ndarray:
        """(n, classes), up to a constant the log-probability of each class."""
        return np.asarray(vectors @ self.weights + self.biases)


def fit_logistic(vectors: np.ndarray, classes: np.ndarray, n_classes: int, c: float = 1.0) -> Logistic:
    """The weights that minimise the summed cross-entropy plus the squared weights over 2 c. Biases are free."""
    weights, biases = np.zeros((vectors.shape[1], n_classes)), np.full(n_classes, NEVER)
    known = np.unique(classes)
    biases[known] = 0.0
    if len(known) > 1:
        from sklearn.linear_model import LogisticRegression

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=MANY_CLASSES, category=UserWarning)
            model = LogisticRegression(C=c, max_iter=MOST_STEPS, tol=TOLERANCE).fit(vectors.astype(np.float64), classes)
        own = known[1:] if len(known) == 2 else known  # of two classes it fits the second against the first
        weights[:, own], biases[own] = model.coef_.T, model.intercept_
    return Logistic(weights, biases)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """The logarithms of the probabilities of each row's classes."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
