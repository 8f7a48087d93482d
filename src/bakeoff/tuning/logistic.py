"""Multinomial logistic regression on vectors, fitted exactly: the head of contenders that answer with labels.

Takes vectors (n, d) and the number of each one's class, gives weights and biases. Needs numpy only. Does not know what
the vectors are of.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MEMORY, MOST_STEPS, TOLERANCE = 10, 1000, 1e-7
"""The pairs of steps that L-BFGS remembers, its most steps, and the largest slope at which it ends."""

Loss = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Logistic:
    """Weights (d, classes) and biases (classes,)."""

    weights: np.ndarray
    biases: np.ndarray

    def logits(self, vectors: np.ndarray) -> np.ndarray:
        """(n, classes), up to a constant the log-probability of each class."""
        return np.asarray(vectors @ self.weights + self.biases)


def fit_logistic(vectors: np.ndarray, classes: np.ndarray, n_classes: int, c: float = 1.0) -> Logistic:
    """The weights that minimise the summed cross-entropy plus the squared weights over 2 c. Biases are free.

    This is the problem that scikit-learn's `LogisticRegression(C=c)` solves.
    """
    x = np.asarray(vectors, dtype=np.float64)
    n, d = x.shape
    wanted = np.zeros((n, n_classes))
    wanted[np.arange(n), classes] = 1.0

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, biases = flat[: d * n_classes].reshape(d, n_classes), flat[d * n_classes :]
        chances = log_softmax(x @ weights + biases)
        off = np.exp(chances) - wanted
        value = -float((chances * wanted).sum()) + float((weights**2).sum()) / (2 * c)
        slope = np.concatenate([(x.T @ off + weights / c).ravel(), off.sum(axis=0)])
        return value / n, slope / n

    flat = minimise(loss, np.zeros((d + 1) * n_classes))
    return Logistic(flat[: d * n_classes].reshape(d, n_classes), flat[d * n_classes :])


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """The logarithms of the probabilities of each row's classes."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def minimise(loss: Loss, start: np.ndarray) -> np.ndarray:
    """The minimum of a smooth convex function by L-BFGS, from its value and slope.

    Source: Nocedal and Wright 2006, Numerical Optimization, algorithm 7.4 and 7.5, with steps that halve (3.1).
    """
    at = start
    value, slope = loss(at)
    steps: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(MOST_STEPS):
        if np.abs(slope).max() < TOLERANCE:
            break
        direction = -_scaled(slope, steps)
        size, down = 1.0 if steps else 1.0 / max(1.0, float(np.linalg.norm(slope))), float(slope @ direction)
        new, new_slope = loss(at + size * direction)
        while new > value + 1e-4 * size * down and size > 1e-12:
            size /= 2
            new, new_slope = loss(at + size * direction)
        if new >= value:
            break
        step, change = size * direction, new_slope - slope
        if step @ change > 1e-12:
            steps = [*steps[-MEMORY + 1 :], (step, change)]
        at, value, slope = at + step, new, new_slope
    return at


def _scaled(slope: np.ndarray, steps: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The slope multiplied by the estimated inverse of the curvature."""
    q, shares = slope.copy(), []
    for step, change in reversed(steps):
        share = (step @ q) / (step @ change)
        shares.append(share)
        q -= share * change
    if steps:
        step, change = steps[-1]
        q *= (step @ change) / (change @ change)
    for (step, change), share in zip(steps, reversed(shares), strict=True):
        q += step * (share - (change @ q) / (step @ change))
    return q
