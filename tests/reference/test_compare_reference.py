"""Formulas of the comparison against independent implementations (scipy, statsmodels)."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from bakeoff.measure.sign_flips import sign_flip_p
from bakeoff.measure.statistics import holm, mean_estimate, t_quantile, wilson


@pytest.mark.parametrize("degrees", [1, 2, 4, 8, 30, 200])
@pytest.mark.parametrize("probability", [0.9, 0.95, 0.975, 0.995])
def test_t_quantile(degrees, probability):
    """Student's quantile within 1 % of scipy's (3 % at 3 to 5 degrees in the far tail)."""
    tolerance = 0.03 if degrees == 4 else 0.01
    assert t_quantile(probability, degrees) == pytest.approx(stats.t.ppf(probability, degrees), rel=tolerance)


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 10), (57, 100), (100, 100)])
def test_wilson(right, n):
    """Wilson's interval as statsmodels computes it."""
    z = stats.norm.ppf(0.975)
    assert wilson(right / n, n, z) == pytest.approx(proportion_confint(right, n, method="wilson"), abs=1e-9)


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (1, 0), (5, 1), (12, 4), (30, 18)])
def test_sign_flip_is_exact_mcnemar_on_single_questions(better, worse):
    """With one question a fact, flipping signs is McNemar's exact test."""
    differences = np.array([1.0] * better + [-1.0] * worse + [0.0] * 20)
    expected = mcnemar([[10, better], [worse, 10]], exact=True).pvalue if better + worse else 1.0
    assert sign_flip_p(differences) == pytest.approx(expected)


def test_sign_flip_on_clusters_is_scipys_permutation_test():
    """With several questions a fact, it is the exact paired permutation test over facts."""
    sums = np.array([2.0, -1.0, 3.0, 1.0, 0.0, 2.0, -2.0, 1.0])
    expected = stats.permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue
    assert sign_flip_p(sums) == pytest.approx(expected)


def test_holm_is_statsmodels():
    """Random p-values, adjusted alike."""
    p_values = np.random.default_rng(1).uniform(0, 0.2, 12)
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_the_clustered_error_is_that_of_a_regression_on_a_constant():
    """The mean's interval has the width of statsmodels' cluster-robust one with its n/(n-1) correction."""
    rng = np.random.default_rng(2)
    facts = {str(i): str(i // 3) for i in range(90)}
    values = {key: float(rng.normal() + int(fact) % 2) for key, fact in facts.items()}
    groups = np.array([int(fact) for fact in facts.values()])
    fitted = OLS(np.array(list(values.values())), np.ones(90)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    found = mean_estimate(values, facts)
    expected = float(fitted.bse[0]) * np.sqrt(30 / 29) * stats.t.ppf(0.975, 29)
    assert (found.high - found.low) / 2 == pytest.approx(expected, rel=1e-3)
