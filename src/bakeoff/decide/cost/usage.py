"""What each contender uses: seconds, tokens and days, from a pilot's measurements or from stated assumptions.

Takes a `Comparison` and the run's stages (or what a contender is), gives `ContenderUsage`. Knows nothing about prices
or volumes. Every number says in `sources` whether it was measured, scaled from a measurement, or assumed.

What a contender that sends questions to others retrieves, learns and is made of is what those do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from bakeoff.decide.situation.profile import Profile
from bakeoff.measure.comparison import Comparison, Entrant, Estimate
from bakeoff.records import Record, Stage

REPLAY = 2.0
"""Retraining sees as many old facts as changed ones."""

NO_STAGES = "not known: the run's stages were not given"


class ContenderUsage(Record):
    """What one contender uses, in the field names of `CostInputs`, with sources and intervals."""

    amounts: dict[str, float]
    sources: dict[str, str]
    intervals: dict[str, tuple[float, float]] = Field(default_factory=dict)
    retrieves: bool = False


# From a pilot.


def measured_usage(comparison: Comparison, profile: Profile, stages: Sequence[Stage]) -> dict[str, ContenderUsage]:
    """What every contender of a run used, in the comparison's order; one whose every answer failed is left out.

    `stages` give training tokens and the size of the pilot's corpus, so that indexing and updates can be scaled to the
    profile's.
    """
    seconds = {name: _seconds(comparison, name) for name in comparison.names}
    run = _Run(comparison, {name: one for name, one in seconds.items() if one is not None}, profile, stages)
    return {name: _measured(name, run) for name in run.seconds}


@dataclass(frozen=True)
class _Run:
    """What a run measured; `seconds` holds the estimate of a question's seconds and its source, where there is one."""

    comparison: Comparison
    seconds: dict[str, tuple[Estimate, str]]
    profile: Profile
    stages: Sequence[Stage]

    def made_of(self, name: str) -> list[Entrant]:
        """The contender and those behind it."""
        own = self.comparison.entrant(name)
        return [own, *(one for one in self.comparison.entrants if one.name in own.behind)]

    def retrieves(self, name: str) -> bool:
        return any(one.retrieves for one in self.made_of(name))

    def learns_facts(self, name: str) -> bool:
        return any(one.learns_facts for one in self.made_of(name))

    def parts(self, name: str) -> set[str]:
        return {part for one in self.made_of(name) for part in one.parts}

    def nearest(self, name: str, candidates: Sequence[str]) -> list[str]:
        """Those of the candidates that share an index with the contender; all of them where none does."""
        indexes = {stage.part for stage in self.stages if stage.stage == "index"}
        shared = self.parts(name) & indexes
        return [other for other in candidates if self.parts(other) & shared] or list(candidates)


def _measured(name: str, run: _Run) -> ContenderUsage:
    query, setup, update = _query(name, run), _setup(name, run), _update(name, run)
    return ContenderUsage(
        amounts=query.amounts | setup.amounts | update.amounts,
        sources=query.sources | setup.sources | update.sources,
        intervals=query.intervals,
        retrieves=run.retrieves(name),
    )


def _seconds(comparison: Comparison, name: str) -> tuple[Estimate, str] | None:
    """The estimate of the seconds a question takes, and where it is from; None where nothing was measured."""
    direct, latency = comparison.estimate(name, "seconds_per_question"), comparison.estimate(name, "latency_ms")
    if direct.value is not None:
        return direct, "measured"
    if latency.value is not None:
        return _scaled(latency, 1 / 1000), "measured: the median latency of a question asked alone"
    return None


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    ends = (estimate.value, estimate.low, estimate.high)
    value, low, high = (None if end is None else end * factor for end in ends)
    return Estimate(value=value, low=low, high=high, n=estimate.n)


def _query(name: str, run: _Run) -> ContenderUsage:
    """Seconds and tokens of a query."""
    estimate, source = run.seconds[name]
    seconds = estimate.value or 0.0
    retrieval, retrieval_source = _retrieval_seconds(name, seconds, run)
    prompt, completion, tokens_source, token_intervals = _tokens(run.comparison.estimate(name, "tokens_per_question"))
    return ContenderUsage(
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
        intervals=_interval("compute_seconds_per_query", estimate, retrieval) | token_intervals,
    )


def _retrieval_seconds(name: str, seconds: float, run: _Run) -> tuple[float, str]:
    """The part of a query's seconds that is retrieval: what a contender takes that retrieves and asks no model."""
    if not run.retrieves(name):
        return 0.0, "it retrieves nothing"
    modelless = [
        one.name
        for one in run.comparison.entrants
        if one.retrieves and one.model is None and not one.behind and one.name in run.seconds
    ]
    if not modelless:
        return 0.0, "counted with the compute seconds: no contender of the run retrieves without asking a model"
    other = run.nearest(name, modelless)[0]
    source = f"measured: what '{other}', which retrieves and asks no model, takes for a question"
    return min(seconds, run.seconds[other][0].value or 0.0), source


def _tokens(estimate: Estimate) -> tuple[float, float, str, dict[str, tuple[float, float]]]:
    """Prompt and completion tokens of a question, their source and intervals."""
    total, split = estimate.value or 0.0, estimate.detail
    if "prompt" not in split or not total:
        source = "measured; the run does not tell prompt from completion, all are taken as prompt tokens"
        return total, 0.0, source, _interval("prompt_tokens_per_query", estimate, 0.0)
    intervals: dict[str, tuple[float, float]] = {}
    for part in ("prompt", "completion"):
        intervals |= _interval(f"{part}_tokens_per_query", _scaled(estimate, split[part] / total), 0.0)
    return split["prompt"], split["completion"], "measured", intervals


def _interval(field: str, estimate: Estimate, less: float) -> dict[str, tuple[float, float]]:
    if estimate.low is None or estimate.high is None:
        return {}
    return {field: (max(0.0, estimate.low - less), max(0.0, estimate.high - less))}


def _setup(name: str, run: _Run) -> ContenderUsage:
    """Training and indexing, scaled from the pilot's corpus to the profile's where both sizes are known."""
    setup = run.comparison.estimate(name, "setup_s")
    took, total = setup.detail.get("stages") or {}, setup.value or 0.0
    index = took.get("index", 0.0)
    training = max(0.0, total - index - took.get("load", 0.0)) if "train" in took else 0.0
    scale, note = _corpus_scale(run.profile, run.stages)
    learns, learns_note = (scale, note) if run.learns_facts(name) else (1.0, "")
    return ContenderUsage(
        amounts={
            "training_seconds": training * learns,
            "training_tokens": _training_tokens(name, "train", training, run) * learns,
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
    detail = run.comparison.estimate(name, "freshness").detail
    if "update_seconds" not in detail:  # no updates, or none that reached it
        return _assumed_update(_setup(name, run), run.learns_facts(name), run.retrieves(name), run.profile)
    reindexing = min(_shared_reindexing(name, run), detail["update_seconds"]) if run.retrieves(name) else 0.0
    retraining = detail["update_seconds"] - reindexing
    scale, note = _update_scale(run.profile, run.stages)
    return ContenderUsage(
        amounts={
            "retraining_seconds_per_update": retraining * scale,
            "retraining_tokens_per_update": _training_tokens(name, "update-train", retraining, run) * scale,
            "reindexing_seconds_per_update": reindexing * scale,
        },
        sources={
            "retraining_seconds_per_update": f"measured{note}",
            "retraining_tokens_per_update": f"measured{note}" if run.stages else NO_STAGES,
            "reindexing_seconds_per_update": f"measured{note}",
        },
    )


def _shared_reindexing(name: str, run: _Run) -> float:
    """The update of an index that contenders share: all that one of them which learns no facts spends."""
    others = [other for other in run.comparison.names if run.retrieves(other) and not run.learns_facts(other)]
    details = [run.comparison.estimate(other, "freshness").detail for other in run.nearest(name, others)]
    return min((one["update_seconds"] for one in details if "update_seconds" in one), default=0.0)


def _assumed_update(setup: ContenderUsage, learns_facts: bool, retrieves: bool, profile: Profile) -> ContenderUsage:
    """An update of which nothing was measured: the changed share of indexing, and of training with as much replayed."""
    share = profile.changed_share_per_update
    again = min(1.0, REPLAY * share) if learns_facts else 0.0
    why = f"assumed, no update was measured: {{:.3g}} of the set-up's, as {share:.3g} of the documents change"
    return ContenderUsage(
        amounts={
            "retraining_seconds_per_update": setup.amounts["training_seconds"] * again,
            "retraining_tokens_per_update": setup.amounts["training_tokens"] * again,
            "reindexing_seconds_per_update": setup.amounts["indexing_seconds"] * share if retrieves else 0.0,
        },
        sources={
            "retraining_seconds_per_update": why.format(again),
            "retraining_tokens_per_update": why.format(again),
            "reindexing_seconds_per_update": why.format(share),
        },
    )


def _training_tokens(name: str, stage: str, seconds: float, run: _Run) -> float:
    """The tokens of its own training stages and parts; where it has none, its seconds at the run's mean rate."""
    trained, parts = [one for one in run.stages if one.stage == stage], run.parts(name)
    own = [one for one in trained if one.contender == name or one.part in parts]
    if own:
        return float(sum(one.tokens for one in own))
    in_all = sum(one.seconds for one in trained)
    return seconds * sum(one.tokens for one in trained) / in_all if in_all else 0.0


def _corpus_scale(profile: Profile, stages: Sequence[Stage]) -> tuple[float, str]:
    """How much larger the profile's corpus is than the pilot's, and a note; 1 where either size is unknown."""
    indexed = _indexed(stages, "index")
    if not indexed or profile.corpus_tokens is None:
        return 1.0, ""
    scale = profile.corpus_tokens / indexed
    return scale, f", times {scale:.3g}: {profile.corpus_tokens:,} tokens against the pilot's {indexed:,}"


def _update_scale(profile: Profile, stages: Sequence[Stage]) -> tuple[float, str]:
    """How much more a real update changes than the pilot's did; 1, with a note, where the pilot's is not known."""
    indexed, changed = _indexed(stages, "index"), _indexed(stages, "update-index")
    if not indexed or not changed:
        return 1.0, ", not scaled: how much the pilot's update changed is not known"
    real = (profile.corpus_tokens or indexed) * profile.changed_share_per_update
    return (
        real / changed,
        f", times {real / changed:.3g}: an update changes {real:,.0f} tokens, the pilot's {changed:,}",
    )


def _indexed(stages: Sequence[Stage], stage: str) -> int:
    """The tokens that a stage indexed; several indexes hold the same documents, so the largest counts."""
    return max((one.tokens for one in stages if one.stage == stage), default=0)


# Without a pilot.

SECONDS_WITH_RETRIEVAL, SECONDS_WITHOUT = 0.15, 0.05
PROMPT_WITH_RETRIEVAL, PROMPT_WITHOUT, COMPLETION = 430.0, 60.0, 16.0
"""Source: a 135-million-parameter model on 2 cores, 430-token prompts with three passages: 6.5 answers a second."""
EPOCHS_ON_FACTS, EPOCHS_ON_PASSAGES = 8, 2
"""How often each labelled example is trained on where facts are to be learnt, and where reading passages is."""
INDEXED_TOKENS_PER_SECOND = 115 * 200.0
"""Source: MiniLM on 2 cores, 115 chunks of 150 words a second, at 4 tokens for 3 words."""
TRAINED_TOKENS_PER_SECOND = 500.0
"""Source: LoRA of the same model on the same machine, 490 to 580 tokens a second."""
DOUBT, TOKEN_DOUBT = 3.0, 2.0
"""Assumed seconds and tokens may be this many times too low or too high. An assumption itself: docs/cost.md."""
CORPUS_TOKENS, LABELLED_EXAMPLES = 100_000, 500
"""What is assumed where the profile does not say."""


def assumed_usage(entrant: Entrant, profile: Profile) -> ContenderUsage:
    """What a contender would use, by what it does, before anything was measured."""
    seconds = SECONDS_WITH_RETRIEVAL if entrant.retrieves else SECONDS_WITHOUT
    prompt = PROMPT_WITH_RETRIEVAL if entrant.retrieves else PROMPT_WITHOUT
    examples = LABELLED_EXAMPLES if profile.labelled_examples is None else profile.labelled_examples
    epochs = (EPOCHS_ON_FACTS if entrant.learns_facts else EPOCHS_ON_PASSAGES) if entrant.is_tuned else 0
    tokens = epochs * prompt * examples
    indexed = (profile.corpus_tokens or CORPUS_TOKENS) if entrant.retrieves else 0
    amounts = {
        "compute_seconds_per_query": seconds,
        "prompt_tokens_per_query": prompt,
        "completion_tokens_per_query": COMPLETION,
        "training_seconds": tokens / TRAINED_TOKENS_PER_SECOND,
        "training_tokens": tokens,
        "indexing_seconds": indexed / INDEXED_TOKENS_PER_SECOND,
    }
    setup = ContenderUsage(amounts=amounts, sources=dict.fromkeys(amounts, "assumed, nothing was measured"))
    update = _assumed_update(setup, entrant.learns_facts, entrant.retrieves, profile)
    amounts |= update.amounts
    doubt = {field: TOKEN_DOUBT if "tokens" in field else DOUBT for field, amount in amounts.items() if amount}
    return ContenderUsage(
        amounts=amounts,
        sources=setup.sources | update.sources,
        intervals={field: (amounts[field] / times, amounts[field] * times) for field, times in doubt.items()},
        retrieves=entrant.retrieves,
    )
