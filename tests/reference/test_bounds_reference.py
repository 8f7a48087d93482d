"""Bounds of a share against scipy."""

import numpy as np
import pytest
from scipy import special, stats

from bakeoff.measure.bounds import incomplete_beta, share_bound


def test_the_incomplete_beta_function_is_scipys():
    """Over six orders of magnitude of its parameters."""
    rng = np.random.default_rng(0)
    for a, b in 10 ** rng.uniform(-2, 4, (500, 2)):
        x = rng.beta(a, b)
        assert incomplete_beta(x, a, b) == pytest.approx(special.betainc(a, b, x), abs=1e-9)


@pytest.mark.parametrize("n", [0.7, 12, 53.5, 1000])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.72, 1.0])
def test_bounds_are_scipys_binomial_ones(share, n):
    """Clopper and Pearson's, also for a number of observations that is not whole."""
    k = share * n
    low = stats.beta.ppf(0.05, k, n - k + 1) if k else 0.0
    high = stats.beta.ppf(0.95, k + 1, n - k) if k < n else 1.0
    assert share_bound(share, n) == pytest.approx(low, abs=1e-9)
    assert share_bound(share, n, side="high") == pytest.approx(high, abs=1e-9)
