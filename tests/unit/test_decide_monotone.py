"""Every input moves the advice in the direction that its own explanation claims, whatever else the profile says."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from benchmarks.advice_profiles import random_profiles

from bakeoff.decide.advise.estimates import estimates
from bakeoff.decide.advise.factors import Band, Factor, read_factors
from bakeoff.decide.advise.flips import inside
from bakeoff.decide.advise.matrix import Matrix, decision_matrix
from bakeoff.decide.situation.approaches import APPROACHES
from bakeoff.decide.situation.profile import Profile, validate_profile
from tests.unit.comparison_fixture import STANDING

BASES: tuple[dict[str, Any], ...] = (
    {"ml_expertise": 3, "app_expertise": 3, "labelled_examples": 700},
    {"update_interval_days": 60, "needs_style": True, "labelled_examples": 3_000, "ml_expertise": 4,
     "context_window_tokens": 32_000, "corpus_tokens": 200_000, "queries_per_month": 20_000},
    {"needs_citations": True, "needs_style": True, "use_case_complexity": 4, "labelled_examples": 6_000,
     "budget_setup_usd": 14_000, "budget_usd_per_month": 1_500, "deadline_days": 20, "queries_per_month": 500_000},
    {"update_interval_days": None, "must_run_offline": True, "latency_limit_ms": 250, "consistency_needed": True,
     "has_training_gpu": True, "model_billion_parameters": 1, "labelled_examples": 20_000, "n_model_versions": 4},
    {"value": {"currency": "USD", "unanswered": 2}, "queries_per_month": 5_000, "labelled_examples": 300,
     "domain_specificity": 4, "accuracy_requirement": 4, "privacy_on_premises": True, "max_hallucination": 0.1},
)  # fmt: skip
TABLE = {factor.name: factor for factor in read_factors()}
BANDED = [factor.name for factor in read_factors() if factor.bands]


def matrix(values: dict[str, Any]) -> Matrix:
    return decision_matrix(validate_profile(values), STANDING)


def moved(base: dict[str, Any], factor: Factor, band: Band) -> dict[str, Any]:
    """The base profile with a value in this band."""
    value = inside(factor, band)
    if factor.per:
        value = max(1, round(value * base.get(factor.per, 32_000)))
        return {**base, factor.per: base.get(factor.per, 32_000), factor.field: value}
    return {**base, factor.field: value}


def lowest_first(factor: Factor) -> list[Band]:
    """The bands from the lowest value to the highest: 'no' before 'yes', no limit last."""
    return sorted(factor.bands, key=lambda band: (band.absent, bool(band.when)))


SLACK = 0.02
"""What the cost model may take back: a larger corpus favours RAG, but also costs it some machine time to index."""


def gains(before: Band, after: Band) -> list[tuple[str, str]]:
    """Pairs of approaches of which the first gains on the second, by the sentences and scores of two bands."""
    change = dict(zip(APPROACHES, (b - a for a, b in zip(before.scores, after.scores, strict=True)), strict=True))
    return [(a, b) for a in APPROACHES for b in APPROACHES if change[a] > change[b]]


@pytest.mark.parametrize("base", BASES, ids=range(len(BASES)))
@pytest.mark.parametrize("name", BANDED)
def test_moving_an_input_towards_an_approach_never_lowers_it(name: str, base: dict[str, Any]) -> None:
    """From each band to the next one, in both directions, costs, needs and limits included."""
    factor = TABLE[name]
    bands = lowest_first(factor)
    matrices = [matrix(moved(base, factor, band)) for band in bands]
    tried = 0
    for (a, first), (b, second) in pairwise(zip(bands, matrices, strict=True)):
        for before, after, low, high in ((a, b, first, second), (b, a, second, first)):
            pairs = gains(before, after)
            for approach, other in pairs:
                assert lead(high, approach, other) >= lead(low, approach, other), (approach, other, after.why)
                tried += 1
            for approach in APPROACHES:
                if {(approach, other) for other in APPROACHES if other != approach} <= set(pairs):
                    assert share(high, approach) >= share(low, approach) - SLACK, (approach, after.why)
    assert tried


def share(of: Matrix, name: str) -> float:
    """The share of draws that an approach wins."""
    return of.wins.get(name, 0.0)


@pytest.mark.parametrize("name", [name for name in BANDED if TABLE[name].more or TABLE[name].less])
def test_the_approach_that_a_factor_claims_to_favour_stands_best_at_that_end(name: str) -> None:
    """With nothing else known, `more` gains from the lowest value to the highest, and `less` from the highest down."""
    factor = TABLE[name]
    low, high = (matrix(moved({}, factor, band)) for band in (lowest_first(factor)[0], lowest_first(factor)[-1]))
    for approach, better, worse in ((factor.more, high, low), (factor.less, low, high)):
        if approach is None:
            continue
        others = [other for other in APPROACHES if other != approach]
        gain = [
            (better.totals[approach] - better.totals[other]) - (worse.totals[approach] - worse.totals[other])
            for other in others
        ]
        assert min(gain) >= 0 and max(gain) > 0


@pytest.mark.parametrize("base", BASES, ids=range(len(BASES)))
@pytest.mark.parametrize(
    ("field", "quantity"),
    [("budget_setup_usd", "setup"), ("budget_usd_per_month", "running"), ("deadline_days", "days")],
)
def test_a_tighter_limit_never_helps_the_approach_that_needs_more(
    field: str, quantity: str, base: dict[str, Any]
) -> None:
    """From no limit to one that nobody keeps: of two approaches, the one that needs more never gains on the other."""
    values = {key: value for key, value in base.items() if key != field}
    ranges = estimates(Profile.model_validate(values), STANDING).of(quantity)
    ends = sorted({end for of in ranges.values() for end in of})
    near = (times * end for end in ends for times in (1.01, 0.99))
    limits = [None, 10 * ends[-1], *sorted(near, reverse=True), ends[0] / 50]
    matrices = [matrix({**values, field: limit}) for limit in limits]
    order = sorted(ranges, key=lambda name: ranges[name])
    for looser, tighter in pairwise(matrices):
        for i, less in enumerate(order):
            for more in order[i + 1 :]:
                needs_more = all(a > 1.01 * b for a, b in zip(ranges[more], ranges[less], strict=True))
                if needs_more and (less in tighter.open_to or more in tighter.open_to):
                    assert lead(tighter, more, less) <= lead(looser, more, less) + 1e-6, (less, more)
    needs = matrix(values).ruled_out
    cheapest = next(name for name in order if name not in needs)
    assert cheapest in matrices[-1].open_to or set(matrices[-1].open_to) < set(order)


def lead(of: Matrix, name: str, other: str) -> float:
    """An approach's lead over another one; what is ruled out is behind everything that is not."""
    if (name in of.ruled_out) != (other in of.ruled_out):
        return -100.0 if name in of.ruled_out else 100.0
    return 0.0 if name in of.ruled_out else of.totals[name] - of.totals[other]


def test_a_smaller_set_up_budget_raises_the_share_of_the_cheapest() -> None:
    """5,000 USD lowered to 1 USD once lowered RAG's share and raised that of fine-tuning."""
    base = {"labelled_examples": 700, "ml_expertise": 3, "needs_style": True}
    shares = [matrix({**base, "budget_setup_usd": usd}).wins for usd in (100_000, 20_000, 5_000, 500, 1)]
    for looser, tighter in pairwise(shares):
        assert tighter["rag"] >= looser["rag"]
        assert tighter["hybrid"] <= looser["hybrid"]
    assert shares[-1]["fine-tuning"] == 0


def test_the_advice_discriminates() -> None:
    """Over 600 random teams no approach leads in more than 60 %, each leads in some, and most leads are clear."""
    matrices = [decision_matrix(profile, STANDING) for profile in random_profiles(600)]
    leaders = Counter(of.leader for of in matrices)
    assert max(leaders.values()) <= 0.6 * len(matrices)
    assert min(leaders[name] for name in APPROACHES) >= 0.1 * len(matrices)
    assert sum(bool(of.tied_with) for of in matrices) < 0.5 * len(matrices)
