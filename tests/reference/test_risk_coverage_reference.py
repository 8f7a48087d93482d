"""The area under the risk-coverage curve against an independent computation."""

import numpy as np
import pytest

from bakeoff.measure.risk_coverage import Ranked, area


def plain(confidences, wrong):
    """Answers are added one by one in the order of scikit-learn's curves: descending, in the order given if equal."""
    order = np.argsort(-confidences, kind="mergesort")
    errors, risks = 0.0, []
    for i, place in enumerate(order, 1):
        errors += wrong[place]
        risks.append(errors / i)
    return np.mean(risks)


def of(confidences, wrong):
    order = np.argsort(-confidences)
    groups = np.unique(-confidences[order], return_inverse=True)[1]
    return Ranked(wrong[order], np.arange(len(wrong)), groups, len(wrong), len(wrong))


@pytest.mark.parametrize("seed", range(5))
def test_the_area_is_the_mean_of_the_risks(seed):
    """No two confidences equal."""
    rng = np.random.default_rng(seed)
    confidences, wrong = rng.normal(size=200), (rng.random(200) < 0.3).astype(float)
    assert area(of(confidences, wrong)).value == pytest.approx(plain(confidences, wrong))


def test_equal_confidences_are_the_mean_over_random_orders():
    """Ten values among 60 answers, in 4,000 orders."""
    rng = np.random.default_rng(9)
    confidences = rng.integers(0, 10, 60).astype(float)
    wrong = (rng.random(60) < 0.4).astype(float)
    orders = [rng.permutation(60) for _ in range(4000)]
    mean = np.mean([plain(confidences[order], wrong[order]) for order in orders])
    assert area(of(confidences, wrong)).value == pytest.approx(mean, abs=0.002)
