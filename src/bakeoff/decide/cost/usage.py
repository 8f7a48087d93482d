"""What each contender uses: seconds and tokens, from a pilot's measurements or from stated assumptions.

Takes a `Comparison` and the run's stages, or only a contender's description. Gives `ContenderUsage`. Knows nothing
about prices or volumes. `sources` says for every number whether it was measured, scaled from a measurement, or assumed.

A contender that sends questions to others retrieves, learns and contains what those contenders do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from bakeoff.decide.cost.size import Size
from bakeoff.decide.situation.profile import Profile
from bakeoff.measure.comparison import Comparison, Entrant, Estimate
from bakeoff.records import Record, Stage

REPLAY = 2.0
"""Retraining uses as many old facts as changed ones, so twice the changed share."""

NO_STAGES = "not known: the run's stages were not given"


class ContenderUsage(Record):
    """What one contender uses, by field of `CostInputs`, with sources and 95 % intervals."""

    amounts: dict[str, float]
    sources: dict[str, str]
    intervals: dict[str, tuple[float, float]] = Field(default_factory=dict)
    retrieves: bool = False


# From a pilot.


def measured_usage(comparison: Comparison, profile: Profile, stages: Sequence[Stage]) -> dict[str, ContenderUsage]:
    """What every contender of a run used, in the comparison's order.

    A contender without a successful answer is left out. `stages` give the training tokens and the size of the pilot's
    corpus, so that indexing and updates can be scaled to the profile's.
    """
    seconds = {name: _seconds(comparison, name) for name in comparison.names}
    known = {name: estimate for name, estimate in seconds.items() if estimate is not None}
    run = _Run(comparison, known, profile, stages)
    return {name: _measured(name, run) for name in run.seconds}


@dataclass(frozen=True)
class _Run:
    """What a run measured. `seconds` holds each contender's seconds per question and the source of the number."""

    comparison: Comparison
    seconds: dict[str, tuple[Estimate, str]]
    profile: Profile
    stages: Sequence[Stage]

    def made_of(self, name: str) -> list[Entrant]:
        """The contender and those it sends questions to."""
        own = self.comparison.entrant(name)
        return [own, *(entrant for entrant in self.comparison.entrants if entrant.name in own.behind)]

    def retrieves(self, name: str) -> bool:
        return any(entrant.retrieves for entrant in self.made_of(name))

    def learns_facts(self, name: str) -> bool:
        return any(entrant.learns_facts for entrant in self.made_of(name))

    def parts(self, name: str) -> set[str]:
        return {part for entrant in self.made_of(name) for part in entrant.parts}

    def nearest(self, name: str, candidates: Sequence[str]) -> list[str]:
        """The candidates that share an index with the contender; all candidates if none does."""
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
    """The seconds a question takes and the source of the number; None if nothing was measured."""
    direct, latency = comparison.estimate(name, "seconds_per_question"), comparison.estimate(name, "latency_ms")
    if direct.value is not None:
        return direct, "measured"
    if latency.value is not None:
        return _scaled(latency, 1 / 1000), "measured: the median latency of questions asked one at a time"
    return None


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    ends = (estimate.value, estimate.low, estimate.high)
    value, low, high = (None if end is None else end * factor for end in ends)
    return Estimate(value=value, low=low, high=high, n=estimate.n)


def _query(name: str, run: _Run) -> ContenderUsage:
    """Seconds and tokens per query."""
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
    """The seconds of a query spent on retrieval, and their source.

    They are the seconds per question of a contender of the run that retrieves but asks no model.
    """
    if not run.retrieves(name):
        return 0.0, "it retrieves nothing"
    modelless = [
        entrant.name
        for entrant in run.comparison.entrants
        if entrant.retrieves and entrant.model is None and not entrant.behind and entrant.name in run.seconds
    ]
    if not modelless:
        return 0.0, "included in the compute seconds: no contender of the run retrieves without asking a model"
    other = run.nearest(name, modelless)[0]
    source = f"measured: the seconds per question of '{other}', which retrieves but asks no model"
    return min(seconds, run.seconds[other][0].value or 0.0), source


def _tokens(estimate: Estimate) -> tuple[float, float, str, dict[str, tuple[float, float]]]:
    """Prompt and completion tokens per question, their source and intervals."""
    total, split = estimate.value or 0.0, estimate.detail
    if "prompt" not in split or not total:
        source = "measured; the run does not separate prompt and completion, so all count as prompt tokens"
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
    """Training and indexing, scaled from the pilot's corpus to the profile's if both sizes are known."""
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
            "indexing_seconds": f"measured, including loading the models{note if index else ''}",
        },
    )


def _update(name: str, run: _Run) -> ContenderUsage:
    """Retraining and re-indexing for one update, scaled to the share of documents that the profile says changes."""
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
    """The seconds to update an index that contenders share.

    They are the whole update of a contender that retrieves but learns no facts; the shortest if there are several.
    """
    others = [other for other in run.comparison.names if run.retrieves(other) and not run.learns_facts(other)]
    details = [run.comparison.estimate(other, "freshness").detail for other in run.nearest(name, others)]
    return min((detail["update_seconds"] for detail in details if "update_seconds" in detail), default=0.0)


def _assumed_update(setup: ContenderUsage, learns_facts: bool, retrieves: bool, profile: Profile) -> ContenderUsage:
    """An update that was not measured: the changed share of indexing, and twice that share of training."""
    share = profile.changed_share_per_update
    again = min(1.0, REPLAY * share) if learns_facts else 0.0
    why = f"assumed, because no update was measured: {{:.3g}} of the set-up's, as {share:.3g} of the documents change"
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
    """The tokens of the contender's training stages; without any, its seconds times the run's mean token rate."""
    trainings, parts = [recorded for recorded in run.stages if recorded.stage == stage], run.parts(name)
    own = [training for training in trainings if training.contender == name or training.part in parts]
    if own:
        return float(sum(training.tokens for training in own))
    total_seconds = sum(training.seconds for training in trainings)
    return seconds * sum(training.tokens for training in trainings) / total_seconds if total_seconds else 0.0


def _corpus_scale(profile: Profile, stages: Sequence[Stage]) -> tuple[float, str]:
    """The size of the profile's corpus divided by the pilot's, and a note; 1 if either size is unknown."""
    indexed = _indexed(stages, "index")
    if not indexed or profile.corpus_tokens is None:
        return 1.0, ""
    scale = profile.corpus_tokens / indexed
    return scale, f", times {scale:.3g}: {profile.corpus_tokens:,} tokens against the pilot's {indexed:,}"


def _update_scale(profile: Profile, stages: Sequence[Stage]) -> tuple[float, str]:
    """The tokens that a real update changes divided by the pilot's, and a note; 1 if the pilot's are not known."""
    indexed, changed = _indexed(stages, "index"), _indexed(stages, "update-index")
    if not indexed or not changed:
        return 1.0, ", not scaled: it is not known how much the pilot's update changed"
    real = (profile.corpus_tokens or indexed) * profile.changed_share_per_update
    return (
        real / changed,
        f", times {real / changed:.3g}: an update changes {real:,.0f} tokens, the pilot's {changed:,}",
    )


def _indexed(stages: Sequence[Stage], stage: str) -> int:
    """The tokens that a stage indexed. Several indexes hold the same documents, so the largest counts."""
    return max((recorded.tokens for recorded in stages if recorded.stage == stage), default=0)


# Without a pilot.

SECONDS_WITH_RETRIEVAL, SECONDS_WITHOUT = 0.15, 0.05
PROMPT_WITH_RETRIEVAL, PROMPT_WITHOUT, COMPLETION = 430.0, 60.0, 16.0
"""Source: a 135-million-parameter model on 2 cores, 430-token prompts with three passages: 6.5 answers a second."""
EPOCHS_ON_FACTS, EPOCHS_ON_PASSAGES = 8, 2
"""How often each labelled example is trained on, to learn facts and to learn to read passages."""
INDEXED_TOKENS_PER_SECOND = 115 * 200.0
"""Source: MiniLM on 2 cores, 115 chunks of 150 words a second, at 4 tokens for 3 words."""
TRAINED_TOKENS_PER_SECOND = 500.0
"""Source: LoRA of the same model on the same machine, 490 to 580 tokens a second."""
DOUBT, TOKEN_DOUBT = 3.0, 2.0
"""Assumed seconds and tokens may be this many times too low or too high. Also an assumption: docs/cost.md."""
CORPUS_TOKENS, LABELLED_EXAMPLES = 100_000, 500
"""Assumed if the profile does not say."""


def size_of(entrant: Entrant, profile: Profile) -> Size | None:
    """The size of the model that a contender asks; None if it asks none."""
    if entrant.axes is None and not entrant.behind and not entrant.is_tuned:
        return None
    billion = profile.model_billion_parameters
    return Size() if billion is None else Size(billion=billion, known=True)


def assumed_usage(entrant: Entrant, profile: Profile) -> ContenderUsage:
    """What a contender would use, from its description alone, with wide intervals."""
    size = size_of(entrant, profile)
    prompt = PROMPT_WITH_RETRIEVAL if entrant.retrieves else PROMPT_WITHOUT
    at_default = SECONDS_WITH_RETRIEVAL if entrant.retrieves else SECONDS_WITHOUT
    seconds = size.answer_seconds(at_default, prompt, COMPLETION, profile.answers_on) if size else at_default
    trained = (size or Size()).training_tokens_per_second(TRAINED_TOKENS_PER_SECOND, profile.training_on)
    examples = LABELLED_EXAMPLES if profile.labelled_examples is None else profile.labelled_examples
    epochs = (EPOCHS_ON_FACTS if entrant.learns_facts else EPOCHS_ON_PASSAGES) if entrant.is_tuned else 0
    tokens = epochs * prompt * examples
    indexed = (profile.corpus_tokens or CORPUS_TOKENS) if entrant.retrieves else 0
    amounts = {
        "compute_seconds_per_query": seconds,
        "prompt_tokens_per_query": prompt,
        "completion_tokens_per_query": COMPLETION,
        "training_seconds": tokens / trained,
        "training_tokens": tokens,
        "indexing_seconds": indexed / INDEXED_TOKENS_PER_SECOND,
    }
    why = f"assumed: nothing was measured; {size.note}" if size else "assumed: nothing was measured"
    setup = ContenderUsage(amounts=amounts, sources=dict.fromkeys(amounts, why))
    update = _assumed_update(setup, entrant.learns_facts, entrant.retrieves, profile)
    amounts |= update.amounts
    doubt = {field: TOKEN_DOUBT if "tokens" in field else DOUBT for field, amount in amounts.items() if amount}
    return ContenderUsage(
        amounts=amounts,
        sources=setup.sources | update.sources,
        intervals={field: (amounts[field] / times, amounts[field] * times) for field, times in doubt.items()},
        retrieves=entrant.retrieves,
    )
