"""What each approach would cost before anything is measured: assumed usage, at the profile's prices.

Takes a `Profile`, gives `CostInputs` for the contenders rag, tuned and hybrid, every assumption named in `sources`. The
arithmetic is `cost.py`'s. Knows nothing about measurements: a pilot replaces every number here. Orders of magnitude,
not quotations.
"""

from bakeoff.decide.cost import CostInputs
from bakeoff.decide.factors import APPROACHES, CONTENDER_OF
from bakeoff.decide.prices import Price, amount_usd, price_list
from bakeoff.decide.profile import Profile
from bakeoff.decide.roadmap import MIN_RETRAINING_DAYS, TRAINING_EXAMPLES

QUESTION_TOKENS, PASSAGE_TOKENS, ANSWER_TOKENS = 60, 384, 24
"""Tokens of a prompt's instruction and question, of its three passages of 128 tokens, and of an answer: the defaults
of `bakeoff.yaml`."""
SMALL_MODEL_BILLION = 0.135
READ_SECONDS, WRITE_SECONDS = 0.0003, 0.004
"""Seconds per prompt token and per answer token of a 135-million-parameter model, int8, on 2 CPU cores: about 55 tokens
a second alone, several times that in batches. Time grows with the number of parameters."""
TRAINING_TOKENS_PER_SECOND = 500.0
"""LoRA on the same model and machine; 490 to 580 were measured."""
EPOCHS = {"tuned": 8, "hybrid": 2}
GPU_READS, GPU_TRAINS = 20.0, 100.0
"""How many times faster a 24 GB GPU answers and trains than 2 CPU cores: an order of magnitude."""
INDEX_TOKENS_PER_SECOND = 20_000.0
"""Embedding 115 chunks of 150 words a second, at 1.3 tokens a word, rounded down."""
RETRIEVAL_SECONDS = 0.015
CORPUS_TOKENS = 1_000_000
DAYS_PER_MONTH = 365 / 12


def assumed_costs(profile: Profile) -> dict[str, CostInputs]:
    """Inputs of the cost model by contender.

    Raises ConfigError where a price is missing or in a currency without a rate, MissingExtraError where the prices of
    an API model need a package.
    """
    prices = price_list(profile.prices, profile.usd_per, profile.api_model)
    return {CONTENDER_OF[name]: _inputs(CONTENDER_OF[name], profile, prices) for name in APPROACHES}


def _inputs(name: str, profile: Profile, prices: dict[str, Price]) -> CostInputs:
    retrieves, trains = name != "tuned", name != "rag"
    training_tokens = _training_tokens(name, profile) if trains else 0.0
    interval = profile.update_interval_days
    # A hybrid's facts are in its index: it is retrained at most once in MIN_RETRAINING_DAYS, tuned at every update.
    retrainings = 1.0 if name == "tuned" or not interval else min(1.0, interval / MIN_RETRAINING_DAYS)
    indexing = (profile.corpus_tokens or CORPUS_TOKENS) / INDEX_TOKENS_PER_SECOND if retrieves else 0.0
    prompt = QUESTION_TOKENS + (PASSAGE_TOKENS if retrieves else 0)
    training_seconds = _training_seconds(profile, training_tokens)
    return CostInputs(
        name=name,
        compute_seconds_per_query=_answer_seconds(profile, prompt),
        retrieval_seconds_per_query=RETRIEVAL_SECONDS if retrieves else 0.0,
        prompt_tokens_per_query=prompt,
        cached_prompt_share=profile.cached_prompt_share,
        completion_tokens_per_query=ANSWER_TOKENS,
        data_days=profile.days("data_days", name),
        setup_days=profile.days("setup_days", name),
        training_seconds=training_seconds,
        training_tokens=training_tokens,
        indexing_seconds=indexing,
        updates_per_month=DAYS_PER_MONTH / interval if interval else 0.0,
        retraining_seconds_per_update=training_seconds * retrainings,
        retraining_tokens_per_update=training_tokens * retrainings,
        reindexing_seconds_per_update=indexing * profile.changed_share_per_update,
        upkeep_days_per_month=profile.days("upkeep_days_per_month", name),
        online_hours_per_month=profile.online_hours_per_month,
        queries_per_month=profile.queries_per_month,
        growth_per_month=profile.growth_per_month,
        horizon_months=profile.horizon_months,
        discount_per_year=profile.discount_per_year,
        sources={"usage": "assumed, nothing measured", "examples": f"{_n_examples(profile):,} training examples"},
        **_prices(profile, prices, retrieves, trains),
    )


def _prices(profile: Profile, prices: dict[str, Price], retrieves: bool, trains: bool) -> dict[str, float]:
    """What the machines, tokens and days cost; an API is paid by the token, a machine by the hour."""
    hourly = {"machine": "machine_hour", "gpu": "gpu_hour"}
    found = {"engineering_usd_per_day": amount_usd(prices, "engineering_day", "setting up")}
    if retrieves:
        found["index_usd_per_month"] = amount_usd(prices, "index_month", "the index")
    if profile.answers_on == "api":
        for kind in ("input", "output"):
            found[f"{kind}_usd_per_million_tokens"] = amount_usd(prices, f"{kind}_tokens", "answering")
        if profile.cached_prompt_share:
            found["cached_input_usd_per_million_tokens"] = amount_usd(prices, "cached_input_tokens", "cached prompts")
    else:
        found["serving_usd_per_hour"] = amount_usd(prices, hourly[profile.answers_on], "answering")
    if trains and profile.training_on == "api":
        found["training_usd_per_million_tokens"] = amount_usd(prices, "training_tokens", "training")
    elif trains:
        found["training_usd_per_hour"] = amount_usd(prices, hourly[profile.training_on], "training")
    return found


def _size(profile: Profile) -> float:
    """The model's size against the one whose times are known."""
    return (profile.model_billion_parameters or SMALL_MODEL_BILLION) / SMALL_MODEL_BILLION


def _answer_seconds(profile: Profile, prompt_tokens: float) -> float:
    if profile.answers_on == "api":
        return 0.0
    seconds = (prompt_tokens * READ_SECONDS + ANSWER_TOKENS * WRITE_SECONDS) * _size(profile)
    return seconds / GPU_READS if profile.answers_on == "gpu" else seconds


def _n_examples(profile: Profile) -> int:
    return max(TRAINING_EXAMPLES, profile.labelled_examples or 0)


def _training_tokens(name: str, profile: Profile) -> float:
    per_example = QUESTION_TOKENS + ANSWER_TOKENS + (PASSAGE_TOKENS if name == "hybrid" else 0)
    return float(_n_examples(profile) * per_example * EPOCHS[name])


def _training_seconds(profile: Profile, tokens: float) -> float:
    if profile.training_on == "api":
        return 0.0
    seconds = tokens / TRAINING_TOKENS_PER_SECOND * _size(profile)
    return seconds / GPU_TRAINS if profile.training_on == "gpu" else seconds
