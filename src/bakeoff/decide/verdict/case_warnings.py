"""The warnings of a verdict: what limits the case, and what would turn the order.

Takes a `Case`, gives sentences. Decides nothing.
"""

import math
from collections.abc import Mapping

from bakeoff.decide.verdict.case import MOST_UNSURE, Case
from bakeoff.decide.wording import net_right, percent, signed
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
            lines.append(
                f"{way}, {best} leads: {net_right(utilities[best])} against {signed(utilities[now])} for {now}. As "
                f"counted here: {signed(mean[best])} against {signed(mean[now])}. Choose in the profile, with `counts` "
                "and `slice_weights`, what counts."
            )
    return lines


def _worth_of(case: Case, utility: Mapping[str, float]) -> dict[str, float]:
    """What the choice goes by: net value over the horizon, or the utility itself if its value is not known."""
    stakes = case.profile.stakes_usd if case.in_money else None
    if stakes is None:
        return dict(utility)
    total = case.total_usd
    return {
        name: stakes.right * case.draws.queries * value - total.get(name, math.inf) for name, value in utility.items()
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
