"""How far declining depends on dev, over simulated dev sets. The whole table: benchmarks/declining.py."""

import numpy as np
import pytest

from bakeoff.measure.threshold import MIN_FACTS, DevAnswers, best_cut, repeated

WORLD = np.random.default_rng(0)
N_TEST = 20_000
RIGHT = WORLD.random(N_TEST) < 0.35
UNANSWERABLE = WORLD.random(N_TEST) < 0.25
TEST = WORLD.normal(size=N_TEST) + (RIGHT & ~UNANSWERABLE)


def dev(seed: int, n_answerable: int, n_unanswerable: int, accuracy: float = 0.35) -> DevAnswers:
    rng = np.random.default_rng([5, seed])
    right = rng.random(n_answerable) < accuracy
    gains = np.concatenate([np.where(right, 1.0, -1.0), np.full(n_unanswerable, -2.0)])
    confidences = rng.normal(size=len(gains)) + np.concatenate([right, np.zeros(n_unanswerable)])
    order = np.argsort(confidences)
    return DevAnswers(confidences[order], gains[order], order, len(order))


def hallucination(cuts) -> np.ndarray:
    wrong = ~(RIGHT & ~UNANSWERABLE)
    return np.array([(wrong & (cut <= TEST)).mean() for cut in cuts])


def fitted(of: DevAnswers) -> float:
    return best_cut(of, np.ones(of.n_facts), 100, np.random.default_rng(0)).below


@pytest.fixture(scope="module")
def sets():
    return [dev(seed, 3 * MIN_FACTS, MIN_FACTS) for seed in range(60)]


def test_two_dev_sets_of_the_least_size_agree_within_ten_points(sets):
    """At least nine of ten pairs; all contenders that get a threshold have at least this many questions."""
    found = hallucination([fitted(of) for of in sets])
    assert np.mean(np.abs(found[::2] - found[1::2]) <= 0.10) >= 0.9


def test_one_dev_set_shows_how_far_others_would_differ(sets):
    """The spread over redrawn facts of one set is that over new sets, on average, within a third."""
    true = hallucination([fitted(of) for of in sets]).std()
    seen = np.mean([hallucination(repeated(of)).std() for of in sets[:12]])
    assert 2 / 3 <= seen / true <= 3 / 2
