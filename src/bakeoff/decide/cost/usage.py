"""What each contender uses: seconds, tokens and days, from a pilot's measurements or from stated assumptions.

Takes the content of `comparison.json` and the run's stages (or nothing), gives `ContenderUsage`. Knows nothing about
prices or volumes. Every number says in `sources` whether it was measured, scaled from a measurement, or assumed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from bakeoff.decide.situation.profile import Profile
from bakeoff.records import Record, Stage

LEARN_FACTS = ("tuned", "router")
"""Contenders that hold the documents' facts in their weights: more documents, or changed ones, mean more training."""
RETRIEVING = ("rag", "hybrid", "extract", "router")
REPLAY = 2.0
"""Retraining sees as many old facts as changed ones. Source: `build.Builder.update`."""

NO_STAGES = "not known: the run's stages were not given"


class ContenderUsage(Record):
    """What one contender uses, in the field names of `CostInputs`, with sources and intervals."""

    amounts: dict[str, float]
    sources: dict[str, str]
    intervals: dict[str, tuple[float, float]] = Field(default_factory=dict)
    retrieves: bool = False


# From a pilot.


def measured_usage(
    comparison: Mapping[str, Any], profile: Profile, stages: Sequence[Stage]
) -> dict[str, ContenderUsage]:
    """What every contender of a run used, in the comparison's order; one whose every answer failed is left out.

    `stages` give training tokens and the size of the pilot's corpus, so that indexing and updates can be scaled to the
    profile's.
    """
    contenders = comparison["contenders"]
    seconds = {name: _seconds(entry) for name, entry in contenders.items()}
    run = _Run(contenders, {name: one for name, one in seconds.items() if one is not None}, profile, stages)
    return {name: _measured(name, run) for name in run.seconds}


@dataclass(frozen=True)
class _Run:
    """What a run measured; `seconds` holds the estimate of a question's seconds and its source, where there is one."""

    contenders: Mapping[str, Any]
    seconds: Mapping[str, tuple[dict[str, Any], str]]
    profile: Profile
    stages: Sequence[Stage]


def _measured(name: str, run: _Run) -> ContenderUsage:
    query, setup, update = _query(name, run), _setup(name, run), _update(name, run)
    return ContenderUsage(
        amounts=query.amounts | setup.amounts | update.amounts,
        sources=query.sources | setup.sources | update.sources,
        intervals=query.intervals,
        retrieves=_retrieves(name, run.contenders[name]),
    )


def _seconds(entry: Mapping[str, Any]) -> tuple[dict[str, Any], str] | None:
    """The estimate of the seconds a question takes, and where it is from; None where nothing was measured."""
    direct = entry.get("seconds_per_question") or {}
    if direct.get("value") is not None:
        return direct, "measured"
    if entry["latency_ms"]["value"] is not None:
        return _scaled(entry["latency_ms"], 1 / 1000), "measured: the median latency of a question asked alone"
    return None


def _scaled(estimate: Mapping[str, Any], factor: float) -> dict[str, Any]:
    return {key: estimate[key] * factor if estimate.get(key) is not None else None for key in ("value", "low", "high")}


def _query(name: str, run: _Run) -> ContenderUsage:
    """Seconds and tokens of a query. The retrieval part is what `extract` takes, which does little else."""
    estimate, source = run.seconds[name]
    retrieval, retrieval_source = 0.0, "it retrieves nothing"
    if _retrieves(name, run.contenders[name]):
        retrieval_source = "counted with the compute seconds: 'extract' is not in the run"
        if "extract" in run.seconds:
            retrieval = min(estimate["value"], run.seconds["extract"][0]["value"])
            retrieval_source = "measured: what 'extract', which retrieves and copies, takes for a question"
    prompt, completion, tokens_source, token_intervals = _tokens(run.contenders[name]["tokens_per_question"])
    return ContenderUsage(
        amounts={
            "compute_seconds_per_query": estimate["value"] - retrieval,
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
        intervals=_interval("compute_seconds_per_query", estimate, retrieval) | token_intervals,
    )


def _tokens(entry: Mapping[str, Any]) -> tuple[float, float, str, dict[str, tuple[float, float]]]:
    """Prompt and completion tokens of a question, their source and intervals."""
    total = entry["value"] or 0.0
    split = entry.get("detail") or {}
    if "prompt" not in split or not total:
        source = "measured; the run does not tell prompt from completion, all are taken as prompt tokens"
        return total, 0.0, source, _interval("prompt_tokens_per_query", entry, 0.0)
    intervals: dict[str, tuple[float, float]] = {}
    for part in ("prompt", "completion"):
        intervals |= _interval(f"{part}_tokens_per_query", _scaled(entry, split[part] / total), 0.0)
    return split["prompt"], split["completion"], "measured", intervals


def _interval(field: str, estimate: Mapping[str, Any], less: float) -> dict[str, tuple[float, float]]:
    if estimate.get("low") is None or estimate.get("high") is None:
        return {}
    return {field: (max(0.0, estimate["low"] - less), max(0.0, estimate["high"] - less))}


def _setup(name: str, run: _Run) -> ContenderUsage:
    """Training and indexing, scaled from the pilot's corpus to the profile's where both sizes are known."""
    entry = run.contenders[name]
    took = (entry["setup_s"].get("detail") or {}).get("stages") or {}
    total = entry["setup_s"]["value"] or 0.0
    index = took.get("index", 0.0)
    training = max(0.0, total - index - took.get("load", 0.0)) if "train" in took else 0.0
    scale, note = _corpus_scale(run.profile, run.stages)
    learns, learns_note = (scale, note) if name in LEARN_FACTS else (1.0, "")
    return ContenderUsage(
        amounts={
            "training_seconds": training * learns,
            "training_tokens": _training_tokens(name, "train", training, run.stages) * learns,
            "indexing_seconds": total - training - index + index * scale,
        },
        sources={
            "training_seconds": f"measured{learns_note}",
            "training_tokens": f"measured{learns_note}" if run.stages else NO_STAGES,
            "indexing_seconds": f"measured, with loading the models{note if index else ''}",
        },
    )


def _update(name: str, run: _Run) -> ContenderUsage:
    """Retraining and re-indexing for one update of the documents, scaled to the share the profile says changes."""
    detail = run.contenders[name]["freshness"].get("detail") or {}
    if "update_seconds" not in detail:  # no updates, or none that reached it
        return _assumed_update(_setup(name, run), name, run.profile)
    reindexing = (
        min(_shared_reindexing(run), detail["update_seconds"]) if _retrieves(name, run.contenders[name]) else 0.0
    )
    retraining = detail["update_seconds"] - reindexing
    scale, note = _update_scale(run.profile, run.stages)
    return ContenderUsage(
        amounts={
            "retraining_seconds_per_update": retraining * scale,
            "retraining_tokens_per_update": _training_tokens(name, "update-train", retraining, run.stages) * scale,
            "reindexing_seconds_per_update": reindexing * scale,
        },
        sources={
            "retraining_seconds_per_update": f"measured{note}",
            "retraining_tokens_per_update": f"measured{note}" if run.stages else NO_STAGES,
            "reindexing_seconds_per_update": f"measured{note}",
        },
    )


def _shared_reindexing(run: _Run) -> float:
    """The update of the index that all retrieving contenders share: all that one which learns no facts spends."""
    details = [
        entry["freshness"].get("detail") or {}
        for name, entry in run.contenders.items()
        if _retrieves(name, entry) and name not in LEARN_FACTS
    ]
    return min((one["update_seconds"] for one in details if "update_seconds" in one), default=0.0)


def _assumed_update(setup: ContenderUsage, name: str, profile: Profile) -> ContenderUsage:
    """An update of which nothing was measured: the changed share of indexing, and of training with as much replayed."""
    share = profile.changed_share_per_update
    again = min(1.0, REPLAY * share) if name in LEARN_FACTS else 0.0
    why = f"assumed, no update was measured: {{:.3g}} of the set-up's, as {share:.3g} of the documents change"
    return ContenderUsage(
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
    return (
        real / changed,
        f", times {real / changed:.3g}: an update changes {real:,.0f} tokens, the pilot's {changed:,}",
    )


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
DOUBT, TOKEN_DOUBT = 3.0, 2.0
"""Assumed seconds and tokens may be this many times too low or too high. An assumption itself: docs/cost.md."""
CORPUS_TOKENS, LABELLED_EXAMPLES = 100_000, 500
"""What is assumed where the profile does not say."""


def assumed_usage(profile: Profile) -> dict[str, ContenderUsage]:
    """What the four contenders of the grid would use, before anything was measured."""
    return {name: _assumed(name, profile) for name in ASSUMED}


def _assumed(name: str, profile: Profile) -> ContenderUsage:
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
    setup = ContenderUsage(amounts=amounts, sources=dict.fromkeys(amounts, "assumed, nothing was measured"))
    update = _assumed_update(setup, name, profile)
    amounts |= update.amounts
    doubt = {field: TOKEN_DOUBT if "tokens" in field else DOUBT for field, amount in amounts.items() if amount}
    return ContenderUsage(
        amounts=amounts,
        sources=setup.sources | update.sources,
        intervals={field: (amounts[field] / times, amounts[field] * times) for field, times in doubt.items()},
        retrieves=name in RETRIEVING,
    )
