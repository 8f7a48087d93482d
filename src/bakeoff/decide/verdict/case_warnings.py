"""The warnings of a verdict: what limits the case, and what would turn the order.

Takes a `Case`, gives sentences. Decides nothing.
"""

import math
from collections.abc import Mapping

from bakeoff.decide.verdict.case import MOST_UNSURE, Case
from bakeoff.decide.verdict.reasons import to_label
from bakeoff.decide.wording import money, percent, signed
from bakeoff.measure.comparison import Comparison
from bakeoff.sentences import listed

LOW_RECALL = 0.6
OFTEN_WRONG = 0.1
"""From this share of wrong answers, a contender that is to be shipped needs a word where no limit is set."""


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
    if case.in_money and "queries_per_month" not in case.profile.model_fields_set:
        warnings.append(
            f"All money is for {case.profile.queries_per_month:,.0f} questions a month. That is assumed: say how many "
            "you have, as profile.queries_per_month in bakeoff.yaml."
        )
    if case.worth.freshness_assumed:
        warnings.append(
            f"No update was measured for {listed(case.worth.freshness_assumed)}: it is assumed that an update teaches "
            "what changed, and that answers about it are wrong before. Add changed documents to the run to measure it."
        )
    return [*warnings, *_other_orders(case)]


def untested(comparison: Comparison) -> list[str]:
    """A warning if errors kept contenders out of the test: a verdict is about the others alone."""
    names = comparison.untested
    if not names:
        return []
    tested, one = len(comparison.entrants), len(names) == 1
    return [
        f"Errors kept {len(names)} of {len(names) + tested} contenders out of the test: {listed(names)}. Whatever is "
        f"said here is about the other {tested} alone: {'it' if one else 'any of them'} may be better than the best "
        f"of these. {'Its error stands' if one else 'Their errors stand'} among the skipped contenders; when the cause "
        f"is repaired, bakeoff run CONFIG --resume tries {'it' if one else 'them'} again."
    ]


def of_shipped(case: Case, winner: str) -> list[str]:
    """What nobody asked for and everybody should know before the winner goes to users."""
    warnings = []
    wrong = case.wrong[winner].value if winner in case.wrong else None
    if wrong is not None and wrong >= OFTEN_WRONG and case.profile.max_hallucination is None:
        warnings.append(
            f"{winner} answers {percent(wrong)} of the questions wrongly, and the profile sets no limit on that. Where "
            "a wrong answer does harm, set max_hallucination (such as 0.05) and judge again: bakeoff report RUN."
        )
    if not case.baselines and len(case.comparison.entrants) > 1:
        warnings.append(
            "No base model was tested, one without documents and without training. So the run does not show that any "
            "of this is better than a model alone: add one, such as `base`."
        )
    return warnings


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
    n_unsure = sum(case.accuracy[name].unsure for name in case.ungraded)
    then = "Look at them again" if is_labelled else f"{to_label(n_unsure)} to know more"
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
            told = _in_money if case.in_money else _in_utility
            lines.append(
                f"{way}, {best} leads: {told(best, now, after, before)} Choose in the profile, with `counts` and "
                "`slice_weights`, what counts."
            )
    return lines


def _in_money(best: str, now: str, after: Mapping[str, float], before: Mapping[str, float]) -> str:
    """By how much the order turns, to two digits: the table's net values are means over draws, these are not."""
    gain, loss = (money(float(f"{abs(order[best] - order[now]):.2g}")) for order in (after, before))
    return f"after all costs it is worth about {gain} a year more than {now}. As counted here, about {loss} less."


def _in_utility(best: str, now: str, after: Mapping[str, float], before: Mapping[str, float]) -> str:
    return (
        f"{signed(after[best])} net right answers of 100 against {signed(after[now])} for {now}. As counted here: "
        f"{signed(before[best])} against {signed(before[now])}."
    )


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
        f"answer in training ({percent(constant.accuracy.value or 0.0)} surely correct)."
    ]
