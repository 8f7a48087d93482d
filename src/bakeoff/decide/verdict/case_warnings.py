"""The warnings of a verdict: what limits the case, and what would turn the order.

Takes a `Case`, gives sentences. Decides nothing.
"""

import math
from collections.abc import Mapping

from bakeoff.decide.verdict.case import MOST_UNSURE, Case
from bakeoff.decide.wording import money, percent, signed
from bakeoff.sentences import listed

LOW_RECALL = 0.6


def case_warnings(case: Case) -> list[str]:
    """What to know about a case, whatever is chosen."""
    warnings = []
    if len(case.comparison.entrants) == 1:
        warnings.append("There was only one contender, so nothing was compared.")
    recalls = case.comparison.values("retrieval_recall").values()
    if recalls and max(recalls) < LOW_RECALL:
        warnings.append(
            f"Retrieval found the evidence of only {percent(max(recalls))} of the questions: "
            "the corpus may not cover them."
        )
    if case.worth.freshness_assumed:
        warnings.append(
            f"No update was measured for {listed(case.worth.freshness_assumed)}: it is assumed that an update teaches "
            "what changed, and that answers about it are wrong before. Add changed documents to the run to measure it."
        )
    return [*warnings, *_other_orders(case)]


def still_ungraded(case: Case) -> tuple[str, ...]:
    """A warning if so many answers are unsure that the verdict rests on what they may be, not on what they are."""
    counts = [
        f"{name} {estimate.unsure} of {estimate.n}"
        for name in case.ungraded
        if (estimate := case.accuracy[name]).unsure
    ]
    if not counts:
        return ()
    is_labelled = any(case.accuracy[name].labels for name in case.ungraded)
    then = "Look at them again" if is_labelled else "Label about 100 of them to know more"
    return (
        f"Many answers can be called neither right nor wrong: {listed(counts)}. The verdict takes any share of them "
        f"for right, each as likely as another. {then}: bakeoff label RUN.",
    )


def _other_orders(case: Case) -> list[str]:
    """A warning for each other way to count questions that turns the order, with numbers."""
    now, names = case.leader, [name for name in case.candidates if name not in case.baselines]
    if now not in names or not case.orders:
        return []
    mean, lines = case.as_counted, []
    before = _worth_of(case, {name: mean[name] for name in names})
    for way, utilities in case.orders.items():
        after = _worth_of(case, {name: utilities[name] for name in names})
        best = max(names, key=lambda name: after[name])
        if after[best] > after[now] and before[best] < before[now]:
            told = money if case.in_money else signed
            unit = " a year after all costs" if case.in_money else " net right answers of 100"
            lines.append(
                f"{way}, {best} leads: {told(after[best])}{unit} against {told(after[now])} for {now}. As counted "
                f"here: {told(before[best])} against {told(before[now])}. Choose in the profile, with `counts` and "
                "`slice_weights`, what counts."
            )
    return lines


def _worth_of(case: Case, utility: Mapping[str, float]) -> dict[str, float]:
    """What the choice goes by: net value a year, or the utility itself if its value is not known."""
    stakes = case.profile.stakes_usd if case.in_money else None
    if stakes is None:
        return dict(utility)
    total, yearly = case.total_usd, 12 / case.draws.months
    return {
        name: yearly * (stakes.right * case.draws.queries * value - total.get(name, math.inf))
        for name, value in utility.items()
    }


def like_a_constant(case: Case, winner: str) -> list[str]:
    """A warning if the winner is not significantly more accurate than always giving the most frequent answer."""
    constant = case.comparison.constant
    if constant is None or winner not in constant.not_beaten_by:
        return []
    if constant.accuracy.unsure > MOST_UNSURE * constant.accuracy.n:  # nobody knows how often it would be correct
        return []
    return [
        f"{winner} is not significantly more accurate than always answering “{constant.answer}”, the most frequent "
        f"answer in training ({percent(constant.accuracy.value or 0.0)})."
    ]
