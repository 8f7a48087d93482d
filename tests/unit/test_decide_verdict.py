"""The verdict: limits first, then accuracy as far as it is told apart, then cost; and no winner without support."""

import numpy as np
import pytest

from bakeoff.compare import contrasts, share_estimate
from bakeoff.decide.profile import Profile
from bakeoff.decide.sensitivity import cost_flips, redrawn, rule_wins, sensitivity, weight_flips, weighted_wins
from bakeoff.decide.verdict import contrast_between, decide

IDS = [str(i) for i in range(200)]
FACTS = {key: key for key in IDS}
COSTS = {"base": 50.0, "rag": 100.0, "hybrid": 300.0}


def measured(right, latency=100.0, hallucination=0.1, errors=0.0, ids=IDS):
    """One contender's measures, right on the first `right` questions."""
    values = {key: float(int(key) < right) for key in ids}
    single = {"low": None, "high": None, "n": 1}
    return values, {
        "accuracy": {**share_estimate(values, {key: key for key in ids}).model_dump(), "slices": {}},
        "hallucination": {"value": hallucination, "low": 0.05, "high": 0.15, "n": len(ids)},
        "latency_ms": {
            "value": latency,
            "low": latency * 0.9,
            "high": latency * 1.1,
            "n": 20,
            "detail": {"p95": latency * 2},
        },
        "cost_per_1k": {"value": latency / 100, **single},
        "retention": {"value": 1.0, **single},
        "freshness": {"value": right / len(ids), **single},
        "consistency": {"value": 0.8, **single},
        "setup_s": {"value": 10.0, **single},
        "retrieval_recall": {"value": 0.9, **single},
        "errors": {"value": errors, **single},
    }


def comparison(ids=IDS, **rights):
    """A comparison of contenders given as name=right or name=(right, options)."""
    built = {
        name: measured(
            *((one,) if isinstance(one, int) else (one[0],)), ids=ids, **({} if isinstance(one, int) else one[1])
        )
        for name, one in rights.items()
    }
    facts = {key: key for key in ids}
    pairs = contrasts({name: values for name, (values, _) in built.items()}, facts, "accuracy")
    return {
        "contenders": {name: measures for name, (_, measures) in built.items()},
        "contrasts": [one.model_dump() for one in pairs],
        "skipped": {},
    }


def test_the_clearly_most_accurate_wins_whatever_it_costs():
    """hybrid is 30 points ahead of rag and dearer: it wins, and the reason names the distance."""
    found = decide(comparison(base=10, rag=100, hybrid=160), Profile(), COSTS)
    assert (found.winner, found.tied_with) == ("hybrid", ())
    assert "rag, is 30 points behind" in found.reason


def test_what_is_not_told_apart_is_decided_by_cost():
    """One question of 200 is no difference: the cheaper rag wins and the tie is said."""
    found = decide(comparison(base=10, rag=159, hybrid=160), Profile(), COSTS)
    assert (found.winner, found.tied_with) == ("rag", ("hybrid",))
    assert "not told apart" in found.reason and "costs the least" in found.reason


def test_whoever_is_measurably_worse_than_any_other_is_out():
    """base is open against the leader hybrid, but rag is told apart above it: cheap as it is, base cannot win."""
    ids = [str(i) for i in range(100)]
    right = {
        "base": set(range(33)),
        "rag": set(range(43)),
        "hybrid": {*range(18), *range(60, 87)},
        "extract": set(range(5)),
    }
    values = {name: {key: float(int(key) in known) for key in ids} for name, known in right.items()}
    given = comparison(ids=ids, base=33, rag=43, hybrid=45, extract=5)
    found = contrasts(values, {key: key for key in ids}, "accuracy")
    given["contrasts"] = [one.model_dump() for one in found]
    assert contrast_between(given, "rag", "base")["finding"] == "different"
    assert contrast_between(given, "hybrid", "base")["finding"] != "different"
    verdict = decide(given, Profile(), {**COSTS, "extract": 60.0})
    assert (verdict.winner, verdict.tied_with) == ("rag", ("hybrid",))


def test_a_winner_short_of_what_was_asked_for_is_a_warning():
    """80 % were asked for; the best reaches 50."""
    given = comparison(base=10, rag=40, hybrid=100)
    warned = decide(given, Profile(accuracy_requirement=3), COSTS).warnings
    assert any("80 %" in one and "not good enough" in one for one in warned)
    assert not any("not good enough" in one for one in decide(given, Profile(), COSTS).warnings)


def test_retrieval_that_finds_nothing_is_a_warning():
    """A recall of exactly zero is a measurement too."""
    given = comparison(base=10, rag=100)
    for one in given["contenders"].values():
        one["retrieval_recall"]["value"] = 0.0
    assert any("only 0 %" in one for one in decide(given, Profile(), COSTS).warnings)


def test_a_hard_limit_comes_before_accuracy():
    """The most accurate is too slow, too often wrong or too dear; the reason names both numbers."""
    slow = comparison(base=10, rag=100, hybrid=(160, {"latency": 900.0}))
    found = decide(slow, Profile(latency_limit_ms=1000), COSTS)
    assert found.winner == "rag"
    assert "1,800 ms" in found.excluded["hybrid"] and "1,000 ms" in found.excluded["hybrid"]
    wrong = comparison(base=10, rag=100, hybrid=(160, {"hallucination": 0.3}))
    assert decide(wrong, Profile(max_hallucination=0.2), COSTS).winner == "rag"
    assert decide(wrong, Profile(budget_usd_per_month=10, horizon_months=12), COSTS).winner == "rag"


def test_a_contender_whose_answers_failed_is_not_judged():
    """Six of a hundred errors are too many; when all have them there is no winner."""
    found = decide(comparison(rag=100, hybrid=(160, {"errors": 0.06})), Profile(), COSTS)
    assert found.winner == "rag" and "failed" in found.excluded["hybrid"]
    nobody = decide(comparison(rag=(100, {"errors": 1.0})), Profile(), COSTS)
    assert nobody.winner is None and "failed" in nobody.reason


def test_too_few_questions_carry_no_verdict():
    """20 test questions name nobody."""
    found = decide(comparison(ids=IDS[:20], base=0, rag=18), Profile(), COSTS)
    assert found.winner is None and "20 test questions" in found.reason


def test_nobody_wins_where_not_even_the_base_model_is_told_apart():
    """All within a question of each other."""
    found = decide(comparison(base=100, rag=101, hybrid=102), Profile(), COSTS)
    assert found.winner is None
    assert set(found.tied_with) == {"base", "rag", "hybrid"}


def test_a_slice_with_another_leader_is_a_warning():
    """hybrid leads overall, tuned leads on what was seen."""
    given = comparison(rag=100, hybrid=160)
    given["contenders"]["hybrid"]["accuracy"]["slices"] = {"seen": {"value": 0.4, "low": 0.3, "high": 0.5, "n": 50}}
    given["contenders"]["rag"]["accuracy"]["slices"] = {"seen": {"value": 0.9, "low": 0.8, "high": 0.95, "n": 50}}
    assert any("slice 'seen', rag is ahead" in one for one in decide(given, Profile(), COSTS).warnings)


def test_contrasts_are_found_in_both_directions():
    """Turning a contrast round turns its sign and its interval."""
    given = comparison(rag=100, hybrid=160)
    one, other = contrast_between(given, "rag", "hybrid"), contrast_between(given, "hybrid", "rag")
    assert one["difference"] == pytest.approx(-other["difference"])
    assert one["low"] == pytest.approx(-other["high"])


def answered(**rights):
    """Accuracy per question of contenders that are right on their first questions, or on those named."""
    return {
        "accuracy": {
            name: {key: float(int(key) in (range(right) if isinstance(right, int) else right)) for key in IDS}
            for name, right in rights.items()
        }
    }


def test_a_clear_winner_wins_nearly_every_draw_and_a_close_one_does_not():
    """30 points are safe under resampling; 3 points among questions that one of two gets right are not."""
    clear = redrawn(comparison(rag=100, hybrid=160), ["rag", "hybrid"], answered(rag=100, hybrid=160), FACTS)
    assert rule_wins(clear, ["rag", "hybrid"], COSTS)["hybrid"] > 0.99
    crossed = answered(rag=range(154), hybrid=range(40, 200))
    close = rule_wins(
        redrawn(comparison(rag=154, hybrid=160), ["rag", "hybrid"], crossed, FACTS), ["rag", "hybrid"], COSTS
    )
    assert 0.1 < close["hybrid"] < 0.9
    assert sum(close.values()) == pytest.approx(1.0)


def test_draws_that_tell_nobody_apart_have_no_winner():
    """With base among them the verdict would name nobody, cheap as base is."""
    names = ["base", "rag"]
    values = answered(base=range(100), rag=range(3, 103))
    shares = rule_wins(redrawn(comparison(base=100, rag=100), names, values, FACTS), names, COSTS)
    assert shares["base"] < 0.05 and sum(shares.values()) < 0.1


def test_redrawn_pilots_keep_contenders_paired():
    """The spread of a drawn difference is the paired one: none where both give the same answers, as in a bootstrap."""
    names = ["rag", "hybrid", "base"]
    values = answered(rag=154, hybrid=154, base=range(100, 160))
    drawn = redrawn(comparison(rag=154, hybrid=154, base=60), names, values, FACTS)["accuracy"]
    assert np.abs(drawn[:, 0] - drawn[:, 1]).max() < 1e-6
    grid = np.array([list(values["accuracy"][name].values()) for name in names])
    picks = np.random.default_rng(1).integers(0, len(IDS), (4000, len(IDS)))
    bootstrap = grid[:, picks].mean(axis=2).T
    assert np.cov(drawn.T)[2, 2] == pytest.approx(np.cov(bootstrap.T)[2, 2], rel=0.1)
    assert (drawn[:, 0] - drawn[:, 2]).std() == pytest.approx((bootstrap[:, 0] - bootstrap[:, 2]).std(), rel=0.1)


def test_a_contender_without_a_cost_is_not_the_cheapest():
    """Neither in a tie nor in the redrawn pilots."""
    given = comparison(rag=160, hybrid=160, base=10)
    assert decide(given, Profile(), {"hybrid": 300.0, "base": 1.0}).winner == "hybrid"
    drawn = redrawn(given, ["rag", "hybrid"], answered(rag=160, hybrid=160), FACTS)
    assert rule_wins(drawn, ["rag", "hybrid"], {"hybrid": 300.0})["hybrid"] == 1.0


def test_weighted_wins_follow_the_weights():
    """Who cares for latency alone takes the fast one."""
    given = comparison(rag=(100, {"latency": 50.0}), hybrid=(160, {"latency": 500.0}))
    weights = Profile().measure_weights
    only_latency = weights.model_copy(update=dict.fromkeys(weights.model_dump(), 0.0) | {"latency_ms": 1.0})
    drawn = redrawn(given, ["rag", "hybrid"], {}, FACTS)
    assert weighted_wins(drawn, only_latency, ["rag", "hybrid"])["rag"] == 1.0
    assert weight_flips(given, weights, ["rag", "hybrid"])


def test_the_volume_that_flips_a_tie_is_found():
    """rag costs 100 plus 1 a query, hybrid 400 plus half: from 600 queries on the hybrid is cheaper."""

    def costing(profile):
        return {"rag": 100 + profile.queries_per_month, "hybrid": 400 + 0.5 * profile.queries_per_month}

    given = comparison(rag=160, hybrid=160)
    profile = Profile(queries_per_month=100)
    flips = cost_flips(profile, ["rag", "hybrid"], costing)
    flip = next(one for one in flips if one.input == "queries_per_month")
    assert flip.winner == "hybrid"
    assert flip.becomes == pytest.approx(600, rel=0.07)
    drawn = redrawn(given, ["rag", "hybrid"], answered(rag=160, hybrid=160), FACTS)
    whole = sensitivity(given, profile, ["rag", "hybrid"], ["rag", "hybrid"], costing, drawn)
    assert flip in whole.flips
