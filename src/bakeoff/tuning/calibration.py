"""Scores to probabilities: a temperature for logits, and Platt's logistic curve for other signs of being right.

Takes scores of examples that were not trained on, with what is true of them. Does not know how scores are made.
Sources: Platt 1999, Probabilistic Outputs for Support Vector Machines; Guo et al. 2017, arXiv:1706.04599.
"""

import math
from collections.abc import Sequence

import numpy as np

from bakeoff.records import Record
from bakeoff.tuning.logistic import log_softmax, minimise

COOLEST, HOTTEST = 0.02, 50.0
RIDGE = 0.01
"""How strongly Platt's weights are drawn to 1, for each example. Where all examples are right, they say nothing about
the weights, and a text that is unlike them must still get a lower chance."""


def fit_temperature(logits: np.ndarray, classes: np.ndarray) -> float:
    """The number to divide logits by so that the true classes are most probable. 1 without examples.

    The loss is convex in the reciprocal, which is searched by golden sections.
    """
    if not len(classes):
        return 1.0

    def loss(log_t: float) -> float:
        return -float(log_softmax(logits / math.exp(log_t))[np.arange(len(classes)), classes].mean())

    low, high, ratio = math.log(COOLEST), math.log(HOTTEST), (math.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, b) if loss(a) <= loss(b) else (a, high)
    return math.exp((low + high) / 2)


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

    at = minimise(loss, np.zeros(features.shape[1] + 1))
    if (at[:-1] < 0).any() and features.shape[1] > 1:
        kept = at[:-1] >= 0
        if not kept.any():
            kept = np.arange(features.shape[1]) == 0
        part = fit_platt(features[:, kept], right)
        weights = np.zeros(features.shape[1])
        weights[kept] = part.weights
        return Platt(means=tuple(means), spreads=tuple(spreads), weights=tuple(weights), bias=part.bias)
    return Platt(
        means=tuple(means), spreads=tuple(spreads), weights=tuple(np.maximum(at[:-1], 0.0)), bias=float(at[-1])
    )
