"""The sentences of a verdict: the headline and the reason.

Takes a `Case` and what was decided. Gives text that a manager understands. Decides nothing.
"""

from collections.abc import Mapping, Sequence

from bakeoff.decide.requirements.standing import Standing
from bakeoff.decide.value.information import ALL, LABELS
from bakeoff.decide.value.worth import DOING_NOTHING, NOTHING, Range, titled
from bakeoff.decide.verdict.case import MAYBE_BEST, Case
from bakeoff.decide.verdict.thin_stakes import thin_reason
from bakeoff.decide.wording import NOBODY_ANSWERING, differs, interval_of, money, net_right, percent, percent_unlike
from bakeoff.sentences import listed

MOST_NAMED = 2


def headline_of(case: Case, winner: str, missed: Sequence[str], not_shown: Sequence[str]) -> str:
    """What to do, how sure that is, and what is at stake."""
    if missed:
        opening = f"Do not ship yet: {winner} leads, but misses {_first(missed)}."
    elif not_shown:
        opening = f"Do not ship yet: {winner} leads, but this is not shown yet: {_first(not_shown)}."
    else:
        first = case.information.best if case.in_money else None
        more = f" {data_of(first.what, first.n).capitalize()} would still be worth their cost." if first else ""
        opening = f"Ship {winner}.{more}"
    return f"{opening} {_at_stake(case, winner) if case.in_money else _how_sure(case, winner)}"


def of_the_tested(case: Case, headline: str) -> str:
    """The headline, whose first sentence says if errors kept a part of the contenders out of the test."""
    untested = case.comparison.untested
    if not untested:
        return headline
    first, dot, rest = headline.partition(". ")
    n = len(untested)
    out_of = f"{n} of {n + len(case.comparison.entrants)} contenders could not be tested"
    return f"{first.removesuffix('.')} ({out_of}){dot or '.'}{rest}"


def untested_line(case: Case) -> str:
    """Which contenders errors kept out of the test; empty if none."""
    untested = case.comparison.untested
    return f"Not tested, because of errors: {listed(untested)}." if untested else ""


def _first(requirements: Sequence[str]) -> str:
    """The first two requirements, and how many more there are."""
    more = len(requirements) - MOST_NAMED
    return listed(requirements) if more <= 0 else f"{', '.join(requirements[:MOST_NAMED])} and {more} more"


def _at_stake(case: Case, winner: str) -> str:
    net, nothing = case.worth.nets[winner], case.worth.nets[NOTHING].net.value
    against = f", against {money(nothing)} for today's process" if nothing else ""
    return (
        f"It is worth {span(net.net)} a year, after its cost{against}. It is the best choice with a chance of "
        f"{percent(net.best)}, and the expected loss of choosing it is {money(net.loss)} a year."
    )


def _how_sure(case: Case, winner: str) -> str:
    """Without a value of answers: the chance to have the best answers, and from which value on it is the choice."""
    if case.as_good:
        named = listed(case.as_good)
        return f"It is as good as {named}, within {_points(case)}, and costs less."
    sure = f"It has the best answers with a chance of {percent(case.worth.best.get(winner, 0.0))}."
    if len(case.worth.best) < 2:
        sure = "It is the only contender that can be chosen."
    ranges = [best for best in case.worth.ranges if best.contender == winner]
    if not ranges:
        others = listed([titled(best.contender) for best in case.worth.ranges])
        return (
            f"{sure} Counting costs, whatever a right answer is worth, it "
            f"is never worth the most: {others} {'is' if len(case.worth.ranges) == 1 else 'are'}."
        )
    low, high = ranges[-1].low, ranges[-1].high
    until = "" if high is None else f" and at most {small(high)}"
    worth = f"at least {small(low)}{until}" if low else f"less than {small(high)}" if high else "anything"
    return f"{sure} Counting costs, it is the best choice if a right answer is worth {worth} to you."


def span(of: Range) -> str:
    """A mean with its interval: '235,000 USD (95 % interval 172,000 to 298,000 USD)'."""
    return f"{money(of.value)} (95 % interval {money(of.low).removesuffix(' USD')} to {money(of.high)})"


def small(usd: float) -> str:
    """An amount for one answer, with at least two digits."""
    return f"{usd:,.2g} USD" if usd < 10 else f"{usd:,.0f} USD"


def _points(case: Case) -> str:
    return f"{100 * case.profile.margin:g} net right answers of 100"


def reason_of(
    case: Case,
    winner: str,
    missed: Sequence[Standing],
    not_shown: Sequence[Standing],
    rivals: Sequence[str],
) -> str:
    """What was measured, what is missing, and who else may be the best."""
    sentences = [measured(case, winner)]
    if missed:
        sentences.append(f"It misses: {_requirements(missed)}.")
    if not_shown:
        sentences.append(f"Not shown yet: {_requirements(not_shown)}.")
    bases = case.unbeaten(winner)
    if bases:
        sentences.append(not_better(case, winner, bases))
    if not case.beats_nothing(winner):
        sentences.append(_not_above(case, DOING_NOTHING, case.chance_above_nothing(winner)))
    if case.has_process_today and not case.beats_nobody(winner):
        sentences.append(_not_above(case, NOBODY_ANSWERING, case.chance_above_nobody(winner)))
    sentences += [
        thin_reason(case),
        _rival_line(case, winner, rivals),
        excluded_line(case, winner),
        information_line(case),
        "" if missed or not_shown or bases else _own_choice(case, winner),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _own_choice(case: Case, winner: str) -> str:
    """What is left where the winner is not shown to be worth more than nothing, and to show it does not pay."""
    if case.beats_nothing(winner) or not case.in_money or case.information.best is not None:
        return ""
    low = case.worth.nets[winner].net.low
    return (
        f"So to wait for proof does not pay: if you can bear the lower end of its interval ({money(low)} a year), "
        "you may ship it now, as a decision of your own."
    )


def _not_above(case: Case, other: str, chance: float) -> str:
    """Why the winner is not shown to be worth more than doing nothing or nobody answering."""
    if chance < case.level:
        return f"That it is worth more than {other} has {_too_small(chance, case.level)}."
    return f"If as many of its answers are wrong as the test allows for, it is worth less than {other}."


def _too_small(chance: float, level: float) -> str:
    """A chance beside the one that would show it, told with as many digits as it takes."""
    return f"a chance of {percent_unlike(chance, level)}; {percent_unlike(level, chance)} would show it"


def _requirements(standings: Sequence[Standing]) -> str:
    """The requirements with what was measured, and how many more questions would show them."""
    return "; ".join(
        f"{standing.text}: {standing.why}"
        + (f", about {_round(standing.more)} more questions would show it" if standing.more else "")
        for standing in standings
    )


def _round(n: int) -> str:
    return f"{float(f'{n:.2g}'):,.0f}"


def measured(case: Case, winner: str) -> str:
    """How many answers of a contender were right and wrong, and what that is based on."""
    accuracy = case.accuracy[winner]
    wrong = case.wrong[winner].value if winner in case.wrong else None
    wrongly = f", {percent(wrong)} wrongly" if wrong is not None else ""
    declined = case.declined_right.get(winner, 0.0)
    of_it = f" ({percent(declined)} by declining what the documents do not answer)" if declined >= 0.005 else ""
    counted = {"question": "", "fact": ", each fact counted once", "traffic": ", counted by traffic"}
    mix = ", with the profile's mix of slices" if case.profile.slice_weights else ""
    sentences = [
        f"{winner} answered {percent(accuracy.value or 0)} of {accuracy.n} test questions correctly{of_it}{wrongly} "
        f"(95 % interval of the right ones {percent(accuracy.low or 0)} to {percent(accuracy.high or 0)}"
        f"{counted[case.profile.counts]}{mix}).",
        f"These numbers are corrected by {accuracy.labels} labels of people." if accuracy.labels else "",
        _unsure_line(case, winner),
        _other_by_accuracy(case, winner),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _other_by_accuracy(case: Case, winner: str) -> str:
    """The most accurate contender of all where it is another one, also if it cannot be chosen; else empty."""
    values = {name: of.value or 0.0 for name, of in case.accuracy.items()}
    best = max(values, key=lambda name: (values[name], name not in case.excluded))
    if values[best] <= values[winner]:
        return ""
    return f"By accuracy alone, {best} leads{', which cannot be chosen' if best in case.excluded else ''}."


def within_limits(case: Case) -> str:
    """What a sentence about all contenders has to add where it counts only those that nothing excludes; else empty."""
    kinds = {of.kind for name in case.excluded for of in case.standings.get(name, ()) if of.state == "missed"}
    if not case.excluded:
        return ""
    if kinds == {"need"}:
        return " that meets your needs"
    return " that meets your needs and keeps your limits" if "need" in kinds else " that keeps your limits"


def lost_to_limits(case: Case, than: str, worth: float) -> str:
    """What the limits cost: the most valuable contender that they exclude, if it is worth more than `than` is."""
    nets = case.worth.nets
    lost = {name: nets[name].net.value - worth for name in case.excluded if name in nets}
    best = max(lost, key=lambda name: lost[name], default="")
    if not best or lost[best] <= 0:
        return ""
    return (
        f"Without what excludes it ({case.excluded[best]}), {best} would be worth {money(lost[best])} a year more than "
        f"{than}."
    )


def excluded_line(case: Case, than: str) -> str:
    """As `lost_to_limits`, against a contender or doing nothing; empty where its worth is not known."""
    net = case.worth.nets.get(than)
    return lost_to_limits(case, titled(than), net.net.value) if net else ""


def _unsure_line(case: Case, winner: str) -> str:
    n = case.accuracy[winner].unsure
    if not n:
        return ""
    if case.accuracy[winner].labels:
        return f"People could not tell about {n} of the answers that they labelled; intervals cover both."
    return f"{n} of its answers can be called neither right nor wrong; intervals cover both."


def not_better(case: Case, winner: str, bases: Sequence[str]) -> str:
    """Why the winner is not shown to be better than base models."""
    parts = []
    for base in bases:
        contrast = case.contrast(winner, base)
        if contrast is None:
            parts.append(f"{base} was not compared on the same questions")
            continue
        if contrast.finding == "different":  # and not better
            parts.append(f"{net_right(-contrast.difference)} fewer than {base}, {interval_of(contrast)}")
            continue
        more = contrast.more_questions
        decides = f"; about {_round(more)} more questions would decide" if more else ""
        parts.append(f"{net_right(contrast.difference)} more than {base}, {interval_of(contrast)}{decides}")
    return f"It is not shown to be better than the base model: {'; '.join(parts)}."


def _rival_line(case: Case, winner: str, rivals: Sequence[str]) -> str:
    chances, parts = case.chances, []
    for name in [*rivals, *([NOTHING] if case.in_money and chances.get(NOTHING, 0.0) >= MAYBE_BEST else [])]:
        contrast = case.contrast(winner, name)
        what = percent(chances.get(name, 0.0))
        if name in case.as_good:
            what += f", shown to be as good within {_points(case)}"
        elif contrast is not None and abs(contrast.difference) <= case.profile.margin:
            what += f", within {_points(case)} as measured"
        few = case.few_differ.get(winner, {}).get(name)
        what += f", {differs(few)}" if few is not None else ""
        parts.append(f"{titled(name)} ({what})")
    return f"May be the best choice instead: {', '.join(parts)}." if parts else ""


def information_line(case: Case) -> str:
    """Whether more data are worth it, in one sentence."""
    info = case.information
    if info.in_money:
        about = " about what can be chosen" if case.excluded else ""
        if info.best is None:
            return (
                f"More test questions are not worth their cost: knowing everything{about} would be worth "
                f"{money(info.perfect)} over {info.horizon_months} months."
            )
        best = info.best
        return (
            f"More data are worth it: {data_of(best.what, best.n)} would be worth about {money(best.gain)} over "
            f"{info.horizon_months} months and cost about {money(best.cost_usd)}."
        )
    if len(case.worth.best) < 2:
        return ""
    if case.as_good:  # the choice among them goes by cost, so who of them has the best answers does not matter
        return ""
    gains = [offer for offer in info.offers if offer.gain >= 0.01]
    if not gains or info.p_right >= 0.95:
        return f"The choice has the best answers with a chance of {percent(info.p_right)}."
    best = max(gains, key=lambda offer: offer.gain / offer.n**0.5)
    return (
        f"{data_of(best.what, best.n).capitalize()} would raise the chance of choosing the best answers from "
        f"{percent(info.p_right)} to {percent(min(1.0, info.p_right + best.gain))}."
    )


def data_of(what: str, n: int) -> str:
    if what == LABELS:
        return f"labels of the {n} unsure answers"
    return f"{n} more test questions" if what == ALL else f"{n} more test questions of the slice '{what}'"


def none_left(excluded: Mapping[str, str]) -> str:
    """Why each contender is excluded."""
    reasons = "; ".join(f"{name}: {reason}" for name, reason in excluded.items())
    return f"Nothing can be shipped. {reasons}." if reasons else "There is no contender to judge."


def failed_line(case: Case) -> str:
    """Of which contenders too many answers failed, and what to do; empty if there are none."""
    if not case.failed:
        return ""
    shares = listed([f"{name} ({percent(share)})" for name, share in case.failed.items()])
    return (
        f"Too many answers failed to say anything about {shares}. Ask them again, when what answers them works: "
        "bakeoff run CONFIG --resume."
    )


def ungraded_line(case: Case, names: Sequence[str]) -> str:
    """Of which contenders too many answers are unsure, and what to do."""
    estimates = {name: case.accuracy[name] for name in names}
    if any(estimate.labels for estimate in estimates.values()):
        counts = listed([f"{name} {estimate.unsure}" for name, estimate in estimates.items()])
        return (
            f"People could not tell about too many of the answers that they labelled to say who is better: {counts}. "
            "Look at these answers again (bakeoff label RUN), or give accepted answers by which they can be told."
        )
    counts = listed([f"{name} {estimate.unsure} of {estimate.n}" for name, estimate in estimates.items()])
    return (
        f"Too many answers can be called neither right nor wrong to say who is better: {counts}. "
        f"{to_label(sum(estimate.unsure for estimate in estimates.values()))}: bakeoff label RUN. A judge model needs "
        "such labels too."
    )


def to_label(n_unsure: int) -> str:
    """What to do about so many unsure answers: about a hundred labels are enough."""
    return "Label about 100 of them" if n_unsure > 100 else "Label them"
