"""Where the numbers of the cost model come from: a pilot's measurements, or stated assumptions, under a profile.

Takes the content of `comparison.json` (and the run's stages), or nothing but a profile; gives `CostInputs` by
contender. Knows nothing about run folders. Every number that is not the profile's own says in `sources` whether it was
measured, scaled from a measurement, or assumed.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.config import Prices
from bakeoff.decide.cost import HOUR, MILLION, CostInputs
from bakeoff.decide.prices import Price, amount_usd, price_list
from bakeoff.decide.profile import Profile
from bakeoff.records import Record, Stage

DAYS_PER_MONTH = 365.25 / 12
LEARN_FACTS = ("tuned", "router")
"""Contenders that hold the documents' facts in their weights: more documents, or changed ones, mean more training."""
RETRIEVING = ("rag", "hybrid", "extract", "router")
REPLAY = 2.0
"""Retraining sees as many old facts as changed ones. Source: `build.Builder.update`."""

Number = float | int


class Usage(Record):
    """What one contender uses, in the field names of `CostInputs`, with sources and intervals."""

    amounts: dict[str, float]
    sources: dict[str, str]
    intervals: dict[str, tuple[float, float]] = {}
    retrieves: bool = False


# From a pilot.


def inputs_from_run(
    comparison: Mapping[str, Any],
    profile: Profile,
    stages: Sequence[Stage] = (),
    run_prices: Prices | None = None,
    on: datetime.date | None = None,
) -> dict[str, CostInputs]:
    """The cost inputs of every contender of a run whose usage was measured, in the comparison's order.

    `stages` are the run's own: they give training tokens, and the size of the pilot's corpus, so that indexing and
    updates can be scaled to the profile's. `run_prices` are the prices the run's `cost_per_1k` was reckoned with. A
    contender whose every answer failed has no measured usage and is left out. Raises ConfigError for a missing price.
    """
    prices = price_list(profile.prices, profile.usd_per, _api_model(profile), on)
    contenders = comparison["contenders"]
    usages = {
        name: _measured(name, contenders, profile, stages, run_prices or Prices())
        for name, entry in contenders.items()
        if _seconds(entry, run_prices or Prices()) is not None
    }
    return {name: _priced(name, usage, profile, prices) for name, usage in usages.items()}


def _measured(
    name: str, contenders: Mapping[str, Any], profile: Profile, stages: Sequence[Stage], run_prices: Prices
) -> Usage:
    """One contender's measured usage; its seconds are known to be there."""
    parts = (
        _query(name, contenders, run_prices),
        _setup(name, contenders[name], profile, stages),
        _update(name, contenders, profile, stages),
    )
    return Usage(
        amounts={key: value for part in parts for key, value in part.amounts.items()},
        sources={key: value for part in parts for key, value in part.sources.items()},
        intervals=parts[0].intervals,
        retrieves=_retrieves(name, contenders[name]),
    )


def _seconds(entry: Mapping[str, Any], run_prices: Prices) -> tuple[dict[str, Any], str] | None:
    """The estimate of the seconds a question takes, and where it is from; None where nothing was measured."""
    direct = entry.get("seconds_per_question") or {}
    if direct.get("value") is not None:
        return direct, "measured"
    cost, by_token = entry["cost_per_1k"], run_prices.input_usd_per_million_tokens + run_prices.output_usd_per_million_tokens
    if cost["value"] is not None and run_prices.machine_usd_per_hour and not by_token:
        factor = HOUR / run_prices.machine_usd_per_hour / 1000
        return _scaled(cost, factor), f"measured: cost_per_1k at {run_prices.machine_usd_per_hour:g} USD a machine hour"
    if entry["latency_ms"]["value"] is not None:
        return _scaled(entry["latency_ms"], 1 / 1000), "measured: the median latency of a question asked alone"
    return None


def _scaled(estimate: Mapping[str, Any], factor: float) -> dict[str, Any]:
    return {key: estimate[key] * factor if estimate.get(key) is not None else None for key in ("value", "low", "high")}


def _query(name: str, contenders: Mapping[str, Any], run_prices: Prices) -> Usage:
    """Seconds and tokens of a query. The retrieval part is what `extract` takes, which does little else."""
    entry = contenders[name]
    estimate, source = _seconds(entry, run_prices) or ({}, "")
    seconds, extract = estimate["value"], _seconds(contenders.get("extract", _NOTHING), run_prices)
    retrieval, retrieval_source = 0.0, "counted in the compute seconds: 'extract' is not in the run"
    if extract is not None and _retrieves(name, entry):
        retrieval = min(seconds, extract[0]["value"])
        retrieval_source = "measured: what 'extract', which retrieves and copies, takes for a question"
    elif not _retrieves(name, entry):
        retrieval_source = "it retrieves nothing"
    intervals = _interval("compute_seconds_per_query", estimate, retrieval)
    prompt, completion, tokens_source, token_intervals = _tokens(entry["tokens_per_question"])
    return Usage(
        amounts={
            "compute_seconds_per_query": seconds - retrieval,
            "retrieval_seconds_per_query": retrieval,
            "prompt_tokens_per_query": prompt,
            "completion_tokens_per_query": completion,
        },
        sources={
            "compute_seconds_per_query": source,
            "retrieval_seconds_per_query": retrieval_source,
            "prompt_tokens_per_query": tokens_source,
            "completion_tokens_per_query": tokens_source,
        },
        intervals=intervals | token_intervals,
    )


_NOTHING: dict[str, Any] = {"cost_per_1k": {"value": None}, "latency_ms": {"value": None}}


def _tokens(entry: Mapping[str, Any]) -> tuple[float, float, str, dict[str, tuple[float, float]]]:
    """Prompt and completion tokens of a question, their source and intervals."""
    total = entry["value"] or 0.0
    split = entry.get("detail") or {}
    if "prompt" not in split or not total:
        source = "measured; the run does not tell prompt from completion, all are taken as prompt tokens"
        return total, 0.0, source, _interval("prompt_tokens_per_query", entry, 0.0)
    intervals = {}
    for part in ("prompt", "completion"):
        intervals |= _interval(f"{part}_tokens_per_query", _scaled(entry, split[part] / total), 0.0)
    return split["prompt"], split["completion"], "measured", intervals


def _interval(field: str, estimate: Mapping[str, Any], less: float) -> dict[str, tuple[float, float]]:
    if estimate.get("low") is None or estimate.get("high") is None:
        return {}
    return {field: (max(0.0, estimate["low"] - less), max(0.0, estimate["high"] - less))}


def _setup(name: str, entry: Mapping[str, Any], profile: Profile, stages: Sequence[Stage]) -> Usage:
    """Training and indexing, scaled from the pilot's corpus to the profile's where both sizes are known."""
    took = (entry["setup_s"].get("detail") or {}).get("stages") or {}
    total = entry["setup_s"]["value"] or 0.0
    index = took.get("index", 0.0)
    training = max(0.0, total - index - took.get("load", 0.0)) if "train" in took else 0.0
    scale, note = _corpus_scale(profile, stages)
    learns, learns_note = (scale, note) if name in LEARN_FACTS else (1.0, "")
    return Usage(
        amounts={
            "training_seconds": training * learns,
            "training_tokens": _training_tokens(name, "train", training, stages) * learns,
            "indexing_seconds": total - training - index + index * scale,
        },
        sources={
            "training_seconds": f"measured{learns_note}",
            "training_tokens": f"measured{learns_note}" if stages else "not known: the run's stages were not given",
            "indexing_seconds": f"measured, with loading the models{note if index else ''}",
        },
    )


def _update(name: str, contenders: Mapping[str, Any], profile: Profile, stages: Sequence[Stage]) -> Usage:
    """Retraining and re-indexing for one update of the documents, scaled to the share the profile says changes."""
    detail = contenders[name]["freshness"].get("detail") or {}
    if "update_seconds" not in detail:
        return _assumed_update(_setup(name, contenders[name], profile, stages), name, profile)
    total = detail["update_seconds"]
    shared = [
        (other["freshness"].get("detail") or {}).get("update_seconds")
        for key, other in contenders.items()
        if _retrieves(key, other) and key not in LEARN_FACTS
    ]
    index = min([seconds for seconds in shared if seconds is not None] or [0.0]) if _retrieves(name, contenders[name]) else 0.0
    index = min(index, total)
    scale, note = _update_scale(profile, stages)
    retraining = (total - index) * scale
    return Usage(
        amounts={
            "retraining_seconds_per_update": retraining,
            "retraining_tokens_per_update": _training_tokens(name, "update-train", total - index, stages) * scale,
            "reindexing_seconds_per_update": index * scale,
        },
        sources={
            "retraining_seconds_per_update": f"measured{note}",
            "retraining_tokens_per_update": f"measured{note}" if stages else "not known: the run's stages were not given",
            "reindexing_seconds_per_update": f"measured{note}",
        },
    )


def _assumed_update(setup: Usage, name: str, profile: Profile) -> Usage:
    """An update of which nothing was measured: the changed share of indexing, and of training with as much replayed."""
    share = profile.changed_share_per_update
    again = min(1.0, REPLAY * share) if name in LEARN_FACTS else 0.0
    why = f"assumed, no update was measured: {{:.3g}} of the set-up's, as {share:.3g} of the documents change"
    return Usage(
        amounts={
            "retraining_seconds_per_update": setup.amounts["training_seconds"] * again,
            "retraining_tokens_per_update": setup.amounts["training_tokens"] * again,
            "reindexing_seconds_per_update": setup.amounts["indexing_seconds"] * share if name in RETRIEVING else 0.0,
        },
        sources={
            "retraining_seconds_per_update": why.format(again),
            "retraining_tokens_per_update": why.format(again),
            "reindexing_seconds_per_update": why.format(share),
        },
    )


def _training_tokens(name: str, stage: str, seconds: float, stages: Sequence[Stage]) -> float:
    """The tokens of a contender's own training stage; for one trained in parts, its seconds at the run's mean rate."""
    trained = [one for one in stages if one.stage == stage]
    own = next((one for one in trained if one.contender == name), None)
    if own is not None:
        return float(own.tokens)
    in_all = sum(one.seconds for one in trained)
    return seconds * sum(one.tokens for one in trained) / in_all if in_all else 0.0


def _corpus_scale(profile: Profile, stages: Sequence[Stage]) -> tuple[float, str]:
    """How much larger the profile's corpus is than the pilot's, and a note; 1 where either size is unknown."""
    indexed = sum(one.tokens for one in stages if one.stage == "index")
    if not indexed or profile.corpus_tokens is None:
        return 1.0, ""
    scale = profile.corpus_tokens / indexed
    return scale, f", times {scale:.3g}: {profile.corpus_tokens:,} tokens against the pilot's {indexed:,}"


def _update_scale(profile: Profile, stages: Sequence[Stage]) -> tuple[float, str]:
    """How much more a real update changes than the pilot's did; 1, with a note, where the pilot's is not known."""
    indexed = sum(one.tokens for one in stages if one.stage == "index")
    changed = sum(one.tokens for one in stages if one.stage == "update-index")
    if not indexed or not changed:
        return 1.0, ", not scaled: how much the pilot's update changed is not known"
    real = (profile.corpus_tokens or indexed) * profile.changed_share_per_update
    return real / changed, f", times {real / changed:.3g}: an update changes {real:,.0f} tokens, the pilot's {changed:,}"


def _retrieves(name: str, entry: Mapping[str, Any]) -> bool:
    took = (entry.get("setup_s", {}).get("detail") or {}).get("stages")
    return "index" in took if took and name not in RETRIEVING else name in RETRIEVING


# Without a pilot.

ASSUMED = {
    # seconds, prompt tokens, completion tokens of a query; training tokens for each labelled example, all epochs
    "base": (0.05, 60.0, 16.0, 0.0),
    "rag": (0.15, 430.0, 16.0, 0.0),
    "tuned": (0.05, 60.0, 16.0, 8 * 60.0),
    "hybrid": (0.15, 430.0, 16.0, 2 * 430.0),
}
"""Source: a 135-million-parameter model on 2 cores, 430-token prompts with three passages: 6.5 answers a second."""
INDEXED_TOKENS_PER_SECOND = 115 * 200.0
"""Source: MiniLM on 2 cores, 115 chunks of 150 words a second, at 4 tokens for 3 words."""
TRAINED_TOKENS_PER_SECOND = 500.0
"""Source: LoRA of the same model on the same machine, 490 to 580 tokens a second."""
DOUBT = 3.0
"""An assumed number of seconds may be this many times too low or too high. An assumption itself."""
CORPUS_TOKENS, LABELLED_EXAMPLES = 100_000, 500
"""What is assumed where the profile does not say."""


def assumed_inputs(profile: Profile, on: datetime.date | None = None) -> dict[str, CostInputs]:
    """The cost inputs of the four contenders of the grid before anything was measured, with wide intervals."""
    prices = price_list(profile.prices, profile.usd_per, _api_model(profile), on)
    return {name: _priced(name, _assumed(name, profile), profile, prices) for name in ASSUMED}


def _assumed(name: str, profile: Profile) -> Usage:
    seconds, prompt, completion, per_example = ASSUMED[name]
    examples = LABELLED_EXAMPLES if profile.labelled_examples is None else profile.labelled_examples
    tokens = per_example * examples
    indexing = (profile.corpus_tokens or CORPUS_TOKENS) / INDEXED_TOKENS_PER_SECOND if name in RETRIEVING else 0.0
    amounts = {
        "compute_seconds_per_query": seconds,
        "prompt_tokens_per_query": prompt,
        "completion_tokens_per_query": completion,
        "training_seconds": tokens / TRAINED_TOKENS_PER_SECOND,
        "training_tokens": tokens,
        "indexing_seconds": indexing,
    }
    setup = Usage(amounts=amounts, sources=dict.fromkeys(amounts, "assumed, nothing was measured"))
    update = _assumed_update(setup, name, profile)
    return Usage(
        amounts=amounts | update.amounts,
        sources=setup.sources | update.sources,
        intervals={"compute_seconds_per_query": (seconds / DOUBT, seconds * DOUBT)},
        retrieves=name in RETRIEVING,
    )


# Usage and a profile to priced inputs.


def _api_model(profile: Profile) -> str | None:
    return profile.api_model if "api" in (profile.answers_on, profile.training_on) else None


def _priced(name: str, usage: Usage, profile: Profile, prices: Mapping[str, Price]) -> CostInputs:
    """The usage under the profile's volumes and at its prices."""
    amounts, sources, intervals = dict(usage.amounts), dict(usage.sources), dict(usage.intervals)
    by_api = profile.answers_on == "api" and amounts["prompt_tokens_per_query"] + amounts["completion_tokens_per_query"] > 0
    if by_api:
        amounts["compute_seconds_per_query"] = 0.0
        intervals.pop("compute_seconds_per_query", None)
        sources["compute_seconds_per_query"] = "not billed: the API is paid by the token"
    rates = _serving_rates(profile, prices, by_api, usage.retrieves) | _training_rates(name, amounts, profile, prices)
    used = {field: (price.amount, _cite(price)) for field, price in rates.items()}
    return CostInputs(
        name=name,
        **amounts,
        **{field: amount for field, (amount, _) in used.items()},
        cached_prompt_share=profile.cached_prompt_share,
        data_days=profile.days("data_days", name),
        setup_days=profile.days("setup_days", name),
        upkeep_days_per_month=profile.days("upkeep_days_per_month", name),
        updates_per_month=DAYS_PER_MONTH / profile.update_interval_days if profile.update_interval_days else 0.0,
        online_hours_per_month=profile.online_hours_per_month if usage.retrieves or not by_api else 0.0,
        queries_per_month=profile.queries_per_month,
        growth_per_month=profile.growth_per_month,
        horizon_months=profile.horizon_months,
        discount_per_year=profile.discount_per_year,
        sources=sources | {field: cited for field, (_, cited) in used.items()},
        intervals=intervals,
    )
