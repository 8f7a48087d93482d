"""What in a profile contradicts itself or cannot be reached, before anything is measured: one sentence each.

Takes a `Profile`, `Estimates` and the contender that represents each approach. What is impossible in itself is refused
when the profile is read (`decide/situation/profile.py`); what is here can still be meant, but is worth a question.
"""

from collections.abc import Iterator

from bakeoff.decide.advise.constraints import assumed_update_days, needs_unmet
from bakeoff.decide.advise.estimates import Estimates, cheapest_first, estimates
from bakeoff.decide.advise.factors import every
from bakeoff.decide.advise.paying import instead, net_of_100, paying
from bakeoff.decide.cost.fixed import fixed_contradictions
from bakeoff.decide.situation.approaches import NAMES, TITLES, Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.wording import NOBODY_ANSWERING

FEWEST_EXAMPLES = 100
"""Below this number of examples, tuning has hardly anything to learn from: as in the table of factors."""
LARGE_MODEL, LARGEST_WITHOUT_GPU, SMALL_MODEL = 15.0, 3.0, 1.0
"""Billion parameters from which a machine without a GPU is too slow to answer, or to train on, and from which costs
assumed for a small model mislead: judgements."""

MOST_PER_SECOND = 1000.0
"""Questions a second, from which a volume is more probably a slip: that is a site which the whole world asks."""


def contradictions(profile: Profile, known: Estimates, standing: Standing) -> tuple[str, ...]:
    """The warnings of a profile, in the order of its parts."""
    return (
        *_needs(profile, standing),
        *_knowledge(profile),
        *_training(profile),
        *_machines(profile),
        *fixed_contradictions(profile, list(standing.values())),
        *_size(profile, known, standing),
        *_time(profile, known),
        *_volume(profile),
        *_worth(profile, known),
    )


def _needs(profile: Profile, standing: Standing) -> Iterator[str]:
    if profile.must_run_offline and profile.needs_live_sources:
        yield (
            "It must run offline, but needs live sources: that works with a database on the same machine, not with the "
            "web."
        )
    never = "update_interval_days" in profile.model_fields_set and profile.update_interval_days is None
    if never and profile.needs_live_sources:
        yield "The documents never change, but answers need live sources: check which of the two is true."
    if never and profile.needs_independent_updates:
        yield "The documents never change, but knowledge must be updated without the model: check which is true."
    out = needs_unmet(profile, standing)
    slow = {name: days for name, days in assumed_update_days(profile, standing).items() if _is_slow(profile, days)}
    if slow:
        whose = " and ".join(TITLES[name] for name in slow)
        yield (
            f"Documents change {every(profile.update_interval_days or 0)}, faster than an update of {whose} takes: it "
            "would never be up to date."
        )
    if standing and len(out) == len(standing):
        yield f"No approach can meet every need: {'; '.join(f'{NAMES[name]}: {why}' for name, why in out.items())}."


def _is_slow(profile: Profile, days: float) -> bool:
    return profile.update_interval_days is not None and profile.update_interval_days < days


def _knowledge(profile: Profile) -> Iterator[str]:
    corpus, window = profile.corpus_tokens, profile.context_window_tokens
    if profile.max_hallucination == 0:
        yield "No wrong answer is allowed: no test, however long, can show that. Give the largest share you can accept."
    if corpus and window and corpus < 0.5 * window and profile.needs_live_sources:
        yield "All documents fit into the context window, but answers need live sources: count those too."


def _training(profile: Profile) -> Iterator[str]:
    examples = profile.labelled_examples
    if examples is None or examples >= FEWEST_EXAMPLES:
        return
    for wanted, what in ((profile.needs_style, "a specific style"), (profile.consistency_needed, "consistent answers")):
        if wanted:
            yield (
                f"Answers need {what}, which tuning teaches from examples, but there are {examples:,}: write at least "
                f"{FEWEST_EXAMPLES}, or try instructions in the prompt."
            )


def _machines(profile: Profile) -> Iterator[str]:
    size = profile.model_billion_parameters
    if size is not None and size >= LARGE_MODEL and profile.answers_on == "machine":
        yield (
            f"A model of {size:g} billion parameters answers too slowly on a machine without a GPU: set answers_on to "
            "gpu or api, so that the costs are those of such a machine."
        )
    gpu_less = "has_training_gpu" in profile.model_fields_set and not profile.has_training_gpu
    if size is not None and size >= LARGEST_WITHOUT_GPU and gpu_less and profile.training_on == "machine":
        closed = profile.privacy_on_premises or profile.must_run_offline
        other = "get one on the premises (training_on: gpu)" if closed else (
            "rent one (training_on: gpu), use an API (training_on: api)"
        )  # fmt: skip
        yield (
            f"A model of {size:g} billion parameters cannot be tuned without a GPU in useful time: {other}, or use a "
            "smaller model."
        )
    if (profile.api_model or profile.api_tuned_model) and profile.answers_on != "api":
        yield "The profile names a model of an API, but answers_on is not api: its price is not used."


def _size(profile: Profile, known: Estimates, standing: Standing) -> Iterator[str]:
    """A large model whose size leaves the assumed costs as they are."""
    size = profile.model_billion_parameters
    if size is None or size < SMALL_MODEL or not known.total:
        return
    others = estimates(profile.model_copy(update={"model_billion_parameters": None}), standing)
    if others.total == known.total:
        yield (
            f"The assumed costs are those of a model of 0.135 billion parameters, not of {size:g} billion: a larger "
            "one takes a larger machine, and costs more."
        )


def _time(profile: Profile, known: Estimates) -> Iterator[str]:
    deadline = profile.deadline_days
    if deadline is not None and known.days:
        fastest = min(known.days, key=lambda name: known.days[name].low)
        if known.days[fastest].low > deadline:
            yield (
                f"The deadline in {deadline:g} days is shorter than the fastest set-up: {TITLES[fastest]} takes at "
                f"least {known.days[fastest].low:.0f} calendar days."
            )


def _volume(profile: Profile) -> Iterator[str]:
    each_second = profile.queries_per_month / (365 / 12 * 24 * 3600)
    if each_second > MOST_PER_SECOND:
        yield (
            f"{profile.queries_per_month:,.0f} queries a month are {each_second:,.0f} in each second: check "
            "queries_per_month. The assumed costs are not those of such a service."
        )


def _worth(profile: Profile, known: Estimates) -> Iterator[str]:
    stakes = profile.stakes_usd
    if not known.total or not known.queries:
        return
    cheapest = cheapest_first(known.total)[0]
    each, ways = known.total[cheapest].likely / known.queries, paying(profile, known)
    if stakes is not None and ways[cheapest].can_pay:
        return
    if stakes is not None and profile.has_today:
        way = ways[cheapest]
        better = "today's process" if way.is_today_better else NOBODY_ANSWERING
        yield (
            f"Even if every answer were right, no approach is worth more than {better}: {TITLES[cheapest]} would need "
            f"{net_of_100(way.needed.likely)} net right answers of 100. {instead(way, True)}"
        )
    elif stakes is not None:
        yield (
            f"Even if every answer were right, no approach pays for itself: {TITLES[cheapest]} costs {each:,.2f} USD a "
            f"question, and a right answer is worth {stakes.right:,.2f} USD. Doing nothing is cheaper."
        )
    elif "queries_per_month" in profile.model_fields_set and each >= 1:
        yield (
            f"At {profile.queries_per_month:,.0f} queries a month, {TITLES[cheapest]} costs {each:,.2f} USD a question "
            "over the horizon. Is an answer worth that? Say so with `value: {currency: USD, unanswered: ...}`."
        )
