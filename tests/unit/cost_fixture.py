"""Cost inputs for tests: the two contenders of the worked example in docs/cost.md, random ones, and moved sliders."""

import random
from typing import Any

from bakeoff.decide.cost.model import CostInputs

_SITUATION: dict[str, Any] = {
    "updates_per_month": 4,
    "online_hours_per_month": 100,
    "serving_usd_per_hour": 0.36,
    "training_usd_per_hour": 0.36,
    "engineering_usd_per_day": 500,
    "queries_per_month": 100_000,
    "horizon_months": 12,
}
RAG = CostInputs(
    name="rag", compute_seconds_per_query=0.15, retrieval_seconds_per_query=0.05, data_days=1, setup_days=5,
    indexing_seconds=1000, reindexing_seconds_per_update=50, upkeep_days_per_month=0.5, **_SITUATION,
)  # fmt: skip
TUNED = CostInputs(
    name="tuned", compute_seconds_per_query=0.05, data_days=5, setup_days=8, training_seconds=36_000,
    retraining_seconds_per_update=1800, upkeep_days_per_month=0.25, **_SITUATION,
)  # fmt: skip


def random_inputs(rng: random.Random, like: CostInputs | None = None) -> CostInputs:
    """Inputs of any plausible size, each number 0 now and then; over the same horizon as `like` where given."""

    def some(low: float, high: float) -> float:
        return 0.0 if rng.random() < 0.2 else low * (high / low) ** rng.random()

    horizon = (
        {field: getattr(like, field) for field in ("growth_per_month", "horizon_months", "discount_per_year")}
        if like
        else {
            "growth_per_month": rng.choice([0.0, rng.uniform(-0.2, 0.3)]),
            "horizon_months": rng.randint(1, 48),
            "discount_per_year": rng.choice([0.0, rng.uniform(0, 0.3)]),
        }
    )
    return CostInputs(
        name="b" if like else "a",
        compute_seconds_per_query=some(1e-3, 30), retrieval_seconds_per_query=some(1e-4, 1),
        prompt_tokens_per_query=some(10, 1e5), cached_prompt_share=rng.choice([0.0, 1.0, rng.random()]),
        completion_tokens_per_query=some(1, 4000), data_days=some(0.1, 100), setup_days=some(0.1, 100),
        training_seconds=some(10, 1e7), training_tokens=some(1e3, 1e10), indexing_seconds=some(1, 1e6),
        updates_per_month=some(0.05, 100), retraining_seconds_per_update=some(1, 1e5),
        retraining_tokens_per_update=some(1e3, 1e9), reindexing_seconds_per_update=some(0.1, 1e4),
        upkeep_days_per_month=some(0.05, 10), project_days=some(0.5, 20), approval_days_per_update=some(0.05, 2),
        on_call_usd_per_month=some(10, 5000), batch_saving=rng.choice([0.0, rng.random()]),
        fixed_setup_usd=some(100, 1e5), fixed_usd_per_month=some(10, 1e4), fixed_usd_per_query=some(1e-4, 0.5),
        least_setup_usd=rng.choice([0.0, some(1e3, 1e6)]), least_usd_per_month=rng.choice([0.0, some(100, 1e5)]),
        least_usd_per_query=rng.choice([0.0, some(1e-3, 5)]),
        online_hours_per_month=rng.choice([0.0, 730.0, rng.uniform(1, 744)]),
        serving_usd_per_hour=some(0.01, 40), training_usd_per_hour=some(0.01, 40),
        engineering_usd_per_day=some(50, 2000), index_usd_per_month=some(1, 1000),
        input_usd_per_million_tokens=some(0.01, 20), cached_input_usd_per_million_tokens=some(0.01, 10),
        output_usd_per_million_tokens=some(0.05, 80), training_usd_per_million_tokens=some(0.1, 30),
        queries_per_month=10 ** rng.uniform(0, 7), **horizon,
    )  # fmt: skip


def changed(inputs: CostInputs, start: dict[str, float], to: dict[str, float]) -> CostInputs:
    """What moving the page's sliders from one situation to another means for a contender.

    The machine's price is training's too where both were the same; the other prices keep their ratio to the slider's.
    """
    machine = to["machine_usd_per_hour"]
    moved = {
        "queries_per_month": to["queries_per_month"],
        "horizon_months": int(to["horizon_months"]),
        "serving_usd_per_hour": machine,
        "engineering_usd_per_day": to["engineering_usd_per_day"],
    }
    for field in (
        "training_usd_per_hour",
        "training_usd_per_million_tokens",
        "input_usd_per_million_tokens",
        "cached_input_usd_per_million_tokens",
        "output_usd_per_million_tokens",
    ):
        slider = field.replace("cached_", "")
        moved[field] = getattr(inputs, field) * (to[slider] / start[slider] if slider in to else 1)
    if inputs.training_usd_per_hour == inputs.serving_usd_per_hour:
        moved["training_usd_per_hour"] = machine
    return inputs.model_copy(update=moved)
