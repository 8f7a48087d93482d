"""Comparisons made of contenders that are right on given questions, for what is decided on them."""

from bakeoff.decide.verdict.decide import Cost
from bakeoff.measure.statistics import contrasts, share_estimate

IDS = [str(i) for i in range(200)]
FACTS = {key: key for key in IDS}


def cost(total, setup=0.0, months=12):
    return Cost(setup_usd=setup, running_usd_per_month=(total - setup) / months, total_usd=total)


COSTS = {"base": cost(50.0), "rag": cost(100.0), "extract": cost(60.0), "hybrid": cost(300.0)}


def measured(values, latency=100.0, hallucination=0.1, errors=0.0):
    """One contender's measures, from whether it was right on each question."""
    single = {"low": None, "high": None, "n": 1}
    return {
        "accuracy": {**share_estimate(values, FACTS).model_dump(), "slices": {}},
        "hallucination": {"value": hallucination, "low": hallucination / 2, "high": hallucination * 1.5, "n": 20},
        "latency_ms": {
            "value": latency,
            "low": latency * 0.9,
            "high": latency * 1.1,
            "n": 20,
            "detail": {"p95": latency * 2},
        },
        "cost_per_1k": {"value": latency / 100, **single},
        "retention": {"value": 1.0, **single},
        "freshness": {"value": sum(values.values()) / len(values), **single},
        "consistency": {"value": 0.8, **single},
        "setup_s": {"value": 10.0, **single},
        "retrieval_recall": {"value": 0.9, **single},
        "errors": {"value": errors, **single},
    }


def answered(ids=IDS, **rights):
    """Whether each contender is right on each question: on its first `right` ones, or on those named."""
    return {
        name: {key: float(int(key) in (range(right) if isinstance(right, int) else right)) for key in ids}
        for name, right in rights.items()
    }


def comparison(ids=IDS, options=None, facts=FACTS, margin=0.02, **rights):
    """A comparison of contenders given as name=right; `options` are measures that differ, by contender."""
    values = answered(ids, **rights)
    pairs = contrasts(values, facts, "accuracy", margin)
    return {
        "contenders": {name: measured(one, **(options or {}).get(name, {})) for name, one in values.items()},
        "contrasts": [one.model_dump() for one in pairs],
        "skipped": {},
    }
