"""The verdict: what to do, how sure that is, and what is at stake, in sentences a manager understands.

Takes what each contender is worth, where it stands on every requirement, and the contrasts of the decision. Gives a
`Verdict`. Knows nothing about models or files. `rule.py` chooses; this file says whether the evidence is enough.

"Ship" is said only if every need, limit and goal is met, the choice is significantly better than every base model, and,
where the value of answers is known, it is worth more than doing nothing with 95 % confidence.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pydantic import Field

from bakeoff.decide.requirements.standing import Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.value.information import ALL, LABELS, Information
from bakeoff.decide.value.worth import NOTHING, Draws, Range, Worth
from bakeoff.decide.wording import interval_of, money, net_right, percent, signed
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.records import Approach, Contrast, Record
from bakeoff.sentences import listed

MIN_FACTS = 30
FEW_QUESTIONS = 100
LOW_RECALL = 0.6
MOST_UNSURE = 0.2
"""If an accuracy may lie in a wider range, depending on unknown grades, that is the first reason for no verdict."""
MOST_NAMED = 2
DOING_NOTHING = "doing nothing"
MAYBE_BEST = 0.05
"""Contenders with at least this chance to be the best are named beside the choice."""

AS_COUNTED = "as counted"

Decision = Literal["ship", "open", "improve", "none"]


class Verdict(Record):
    """The verdict on a run. `winner` is the contender to choose, None if nothing is worth building; `reason` says why.

    `decision`: 'ship' (all requirements are met), 'open' (the winner leads, but not everything is shown yet), 'improve'
    (it misses a requirement that is a goal), 'none' (there is no winner). `headline` is the verdict in one sentence.
    `tied_with` are the candidates that may be the best one instead; `as_good` those of them that an equivalence test
    shows to be as good. `short_of` are the goals that the winner misses, `not_shown` what is not shown yet. `excluded`
    gives by contender the need or limit that it misses. `ungraded` are contenders with too many answers that are
    neither right nor wrong. `standings` are each contender's. `contrasts` are those of the decision, on utility.
    `most_accurate` is the leader by accuracy alone. `baselines` are the run's base models.
    """

    decision: Decision
    winner: str | None
    approach: Approach | None = None
    headline: str
    reason: str
    tied_with: tuple[str, ...] = ()
    as_good: tuple[str, ...] = ()
    short_of: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    excluded: dict[str, str] = Field(default_factory=dict)
    ungraded: tuple[str, ...] = ()
    standings: dict[str, tuple[Standing, ...]] = Field(default_factory=dict)
    contrasts: tuple[Contrast, ...] = ()
    most_accurate: str | None = None
    baselines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """Everything a verdict rests on. `leader` is the rule's choice, `as_good` those shown to be as good before cost.

    `accuracy` and `wrong` are the contenders' shares of right and wrong answers as the profile counts questions.
    `orders` gives the measured utilities for each other way to count, and under AS_COUNTED those of the profile's way.
    """

    comparison: Comparison
    profile: Profile
    n_facts: int
    accuracy: Mapping[str, Estimate]
    worth: Worth
    draws: Draws
    standings: Mapping[str, Sequence[Standing]]
    excluded: Mapping[str, str]
    leader: str | None
    as_good: Sequence[str]
    contrasts: Sequence[Contrast]
    level: float
    information: Information
    total_usd: Mapping[str, float] = field(default_factory=dict)
    declined_right: Mapping[str, float] = field(default_factory=dict)
    orders: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    wrong: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def baselines(self) -> list[str]:
        return [entrant.name for entrant in self.comparison.entrants if entrant.is_baseline]

    @property
    def candidates(self) -> list[str]:
        return [name for name in self.comparison.names if name not in self.excluded]

    @property
    def in_money(self) -> bool:
        return bool(self.worth.nets)

    def contrast(self, a: str, b: str) -> Contrast | None:
        """The contrast of the decision with the difference a - b; None if the two were not compared."""
        for contrast in self.contrasts:
            if (contrast.a, contrast.b) == (a, b):
                return contrast
        return None

    def beats(self, a: str, b: str) -> bool:
        contrast = self.contrast(a, b)
        return contrast is not None and contrast.finding == "different" and contrast.difference > 0


def decide(case: Case, data_warnings: Sequence[str] = ()) -> Verdict:
    """The verdict on a case. `data_warnings` are added to its own warnings."""
    warnings = (*_warnings(case), *data_warnings)
    nobody = _nobody(case)
    if nobody:
        return _common(case, nobody.headline, nobody.reason).model_copy(
            update={
                "ungraded": nobody.ungraded,
                "tied_with": tuple(name for name, chance in case.worth.best.items() if chance >= MAYBE_BEST),
                "warnings": warnings,
            }
        )
    winner = str(case.leader)
    missed, not_shown = _of_winner(case, winner)
    unsupported = _unsupported(case, winner)
    decision: Decision = "improve" if missed else "open" if not_shown or unsupported else "ship"
    rivals = tuple(_rivals(case, winner))
    texts = [standing.text for standing in missed]
    lacking = (*(standing.text for standing in not_shown), *unsupported)
    headline = _headline(case, winner, texts, lacking)
    return _common(case, headline, _reason(case, winner, missed, not_shown, unsupported, rivals)).model_copy(
        update={
            "decision": decision,
            "winner": winner,
            "approach": case.comparison.entrant(winner).approach,
            "tied_with": rivals,
            "as_good": tuple(name for name in case.as_good if name != winner),
            "short_of": tuple(texts),
            "not_shown": lacking,
            "ungraded": tuple(_ungraded(case)),
            "warnings": (*_like_a_constant(case, winner), *warnings),
        }
    )


def _common(case: Case, headline: str, reason: str) -> Verdict:
    """A verdict without a winner, with what every verdict holds."""
    accuracy = {name: of.value for name, of in case.accuracy.items() if of.value}
    return Verdict(
        decision="none",
        winner=None,
        headline=headline,
        reason=reason,
        excluded=dict(case.excluded),
        standings={name: tuple(standings) for name, standings in case.standings.items()},
        contrasts=tuple(case.contrasts),
        most_accurate=max(accuracy, key=lambda name: accuracy[name], default=None),
        baselines=tuple(case.baselines),
    )


class _Nobody(NamedTuple):
    """Why nothing is to be chosen, with the contenders that have too many unsure answers."""

    headline: str
    reason: str
    ungraded: tuple[str, ...] = ()


def _nobody(case: Case) -> _Nobody | None:
    """Headline and reason if nothing is to be chosen; else None."""
    builds = [name for name in case.candidates if name not in case.baselines]
    if not case.candidates or (not builds and case.excluded):
        kept = "only a base model" if case.candidates else "no contender"
        cost = _excluded_line(case, NOTHING)
        return _Nobody(f"Build nothing yet: {kept} keeps the limits.", f"{_none_left(case.excluded)} {cost}".rstrip())
    if case.n_facts < MIN_FACTS:
        facts = "1 fact" if case.n_facts == 1 else f"{case.n_facts} facts"
        return _Nobody(
            "No verdict yet: the test is too small.",
            f"The test covers {facts}; a verdict needs at least {MIN_FACTS}, preferably {FEW_QUESTIONS}.",
        )
    if not any(case.accuracy[name].value for name in case.candidates):
        n = max(case.accuracy[name].n for name in case.candidates)
        return _Nobody(
            "Build nothing yet: no contender answered a question correctly.",
            f"No contender answered any of the {n} test questions correctly.",
        )
    if case.leader is None or case.leader == NOTHING:
        return _nothing_is_better(case)
    bases = _unbeaten(case, case.leader)
    if case.in_money or not bases:
        return None
    ungraded = tuple(_ungraded(case))
    if ungraded:
        return _Nobody(
            "No verdict yet: too many answers are neither right nor wrong.", _ungraded_line(case, ungraded), ungraded
        )
    return _Nobody(
        f"No verdict yet: {case.leader} leads, but is not shown to be better than {listed(bases)}.",
        f"{_measured(case, case.leader)} {_not_better(case, case.leader, bases)}",
    )


def _nothing_is_better(case: Case) -> _Nobody:
    """Doing nothing has the highest expected net value."""
    nets = case.worth.nets
    if not nets.keys() & set(case.candidates):
        return _Nobody("No verdict yet: costs are not known.", "No contender has a known cost.")
    best = max(nets.keys() & set(case.candidates), key=lambda name: nets[name].net.value)
    net, nothing = nets[best], nets[NOTHING]
    pays = [pair.usd for pair in case.worth.break_even if pair.above == best and pair.below == NOTHING and pair.usd]
    return _Nobody(
        f"Keep today's process: no contender is worth more on average. With a chance of {percent(nothing.best)} none "
        f"of them is. The best, {best}, is worth {money(nothing.net.value - net.net.value)} a year less.",
        f"{best} gains {money(net.answers.value)} a year by its answers and costs {money(net.cost.value)}: net "
        f"{_span(net.net)}, against {money(nothing.net.value)} for today's process."
        + (f" It would pay from {_small(pays[0])} for a right answer." if pays else "")
        + f" {_information_line(case)}",
    )


def _of_winner(case: Case, winner: str) -> tuple[list[Standing], list[Standing]]:
    """The requirements that the winner misses, and those it is not shown to meet."""
    own = case.standings.get(winner, ())
    return [s for s in own if s.state == "missed"], [s for s in own if s.state == "open"]


def _unbeaten(case: Case, winner: str) -> list[str]:
    """The base models that the winner is not shown to be better than."""
    return [base for base in case.baselines if base != winner and not case.beats(winner, base)]


def _unsupported(case: Case, winner: str) -> list[str]:
    """What is not shown yet about the winner's lead over base models and over doing nothing."""
    lines = []
    bases = _unbeaten(case, winner)
    if bases:
        lines.append(f"better than {listed(bases)}")
    if _chance_above(case, winner, NOTHING) < case.level:
        lines.append("worth more than doing nothing")
    return lines


def _chance_above(case: Case, a: str, b: str) -> float:
    """The chance that a's net value exceeds b's; without a value of answers, its utility."""
    right = case.profile.stakes_usd if case.in_money else None
    net = case.draws.net(right.right) if right else case.draws.utility
    return float((net[a] > net[b]).mean()) if a in net and b in net else 0.0


def _rivals(case: Case, winner: str) -> list[str]:
    """The candidates that may be the best instead: by their chance, or shown to be as good."""
    chances = {name: net.best for name, net in case.worth.nets.items()} if case.in_money else case.worth.best
    names = [name for name in case.candidates if name != winner and name not in case.baselines]
    rivals = [name for name in names if chances.get(name, 0.0) >= MAYBE_BEST or name in case.as_good]
    return sorted(rivals, key=lambda name: -chances.get(name, 0.0))


# The headline: what to do, how sure, what is at stake.


def _headline(case: Case, winner: str, missed: Sequence[str], not_shown: Sequence[str]) -> str:
    if missed:
        opening = f"Do not ship yet: {winner} leads, but misses {_first(missed)}."
    elif not_shown:
        opening = f"Do not ship yet: {winner} leads, but this is not shown yet: {_first(not_shown)}."
    else:
        opening = f"Ship {winner}."
    return f"{opening} {_at_stake(case, winner) if case.in_money else _how_sure(case, winner)}"


def _first(requirements: Sequence[str]) -> str:
    """The first two requirements, and how many more there are."""
    more = len(requirements) - MOST_NAMED
    return listed(requirements) if more <= 0 else f"{', '.join(requirements[:MOST_NAMED])} and {more} more"


def _at_stake(case: Case, winner: str) -> str:
    net, nothing = case.worth.nets[winner], case.worth.nets[NOTHING].net.value
    against = f", against {money(nothing)} for today's process" if nothing else ""
    return (
        f"It is worth {_span(net.net)} a year, after its cost{against}. It is the best choice with a chance of "
        f"{percent(net.best)}, and the expected loss of choosing it is {money(net.loss)} a year."
    )


def _how_sure(case: Case, winner: str) -> str:
    """Without a value of answers: the chance to have the best answers, and from which value on it is the choice."""
    if case.as_good:
        named = listed(case.as_good)
        return f"It is as good as {named}, within {_points(case)}, and costs less."
    chance = percent(case.worth.best.get(winner, 0.0))
    ranges = [best for best in case.worth.ranges if best.contender == winner]
    if not ranges:
        others = listed([DOING_NOTHING if best.contender == NOTHING else best.contender for best in case.worth.ranges])
        return (
            f"It has the best answers with a chance of {chance}. Counting costs, whatever a right answer is worth, it "
            f"is never worth the most: {others} {'is' if len(case.worth.ranges) == 1 else 'are'}."
        )
    low, high = ranges[-1].low, ranges[-1].high
    until = "" if high is None else f" and at most {_small(high)}"
    worth = f"at least {_small(low)}{until}" if low else f"less than {_small(high)}" if high else "anything"
    return (
        f"It has the best answers with a chance of {chance}. Counting costs, it is the best choice if a right answer "
        f"is worth {worth} to you."
    )


def _span(of: Range) -> str:
    return f"{money(of.value)} (95 % interval {money(of.low).removesuffix(' USD')} to {money(of.high)})"


def _small(usd: float) -> str:
    return f"{usd:,.2g} USD" if usd < 10 else f"{usd:,.0f} USD"


def _points(case: Case) -> str:
    return f"{100 * case.profile.margin:g} net right answers of 100"


# The reason: what was measured, what is missing, who else may be the best.


def _reason(
    case: Case,
    winner: str,
    missed: Sequence[Standing],
    not_shown: Sequence[Standing],
    unsupported: Sequence[str],
    rivals: Sequence[str],
) -> str:
    sentences = [_measured(case, winner)]
    if missed:
        sentences.append(f"It misses: {_requirements(missed)}.")
    if not_shown:
        sentences.append(f"Not shown yet: {_requirements(not_shown)}.")
    bases = _unbeaten(case, winner)
    if bases:
        sentences.append(_not_better(case, winner, bases))
    if "worth more than doing nothing" in unsupported:
        chance = _chance_above(case, winner, NOTHING)
        sentences.append(f"That it is worth more than doing nothing has a chance of {percent(chance)} only.")
    sentences += [_rival_line(case, winner, rivals), _excluded_line(case, winner), _information_line(case)]
    return " ".join(sentence for sentence in sentences if sentence)


def _requirements(standings: Sequence[Standing]) -> str:
    """The requirements with what was measured, and how many more questions would show them."""
    return "; ".join(
        f"{standing.text}: {standing.why}"
        + (f", about {_round(standing.more)} more questions would show it" if standing.more else "")
        for standing in standings
    )


def _round(n: int) -> str:
    return f"{float(f'{n:.2g}'):,.0f}"


def _measured(case: Case, winner: str) -> str:
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
        f"By accuracy alone, {case_leader} leads." if (case_leader := _other_by_accuracy(case, winner)) else "",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _other_by_accuracy(case: Case, winner: str) -> str:
    values = {name: case.accuracy[name].value or 0.0 for name in case.candidates}
    best = max(values, key=lambda name: values[name])
    return best if values[best] > values[winner] else ""


def _excluded_line(case: Case, than: str) -> str:
    """What the limits cost: the most valuable contender that they exclude, if it is worth more."""
    nets = case.worth.nets
    lost = {
        name: nets[name].net.value - nets[than].net.value for name in case.excluded if name in nets and than in nets
    }
    best = max(lost, key=lambda name: lost[name], default="")
    if not best or lost[best] <= 0:
        return ""
    return f"Without what excludes it ({case.excluded[best]}), {best} would be worth {money(lost[best])} a year more."


def _unsure_line(case: Case, winner: str) -> str:
    n = case.accuracy[winner].unsure
    if not n:
        return ""
    if case.accuracy[winner].labels:
        return f"People could not tell about {n} of the answers that they labelled; intervals cover both."
    return f"{n} of its answers can be called neither right nor wrong; intervals cover both."


def _not_better(case: Case, winner: str, bases: Sequence[str]) -> str:
    """Why the winner is not shown to be better than base models."""
    parts = []
    for base in bases:
        contrast = case.contrast(winner, base)
        if contrast is None:
            parts.append(f"{base} was not compared on the same questions")
            continue
        more = contrast.more_questions
        decides = f"; about {_round(more)} more questions would decide" if more else ""
        parts.append(f"{net_right(contrast.difference)} more than {base}, {interval_of(contrast)}{decides}")
    return f"It is not shown to be better than the base model: {'; '.join(parts)}."


def _rival_line(case: Case, winner: str, rivals: Sequence[str]) -> str:
    chances = {name: net.best for name, net in case.worth.nets.items()} if case.in_money else case.worth.best
    parts = []
    for name in [*rivals, *([NOTHING] if case.in_money and chances.get(NOTHING, 0.0) >= MAYBE_BEST else [])]:
        contrast = case.contrast(winner, name)
        what = f"{percent(chances.get(name, 0.0))}"
        if name in case.as_good:
            what += f", shown to be as good within {_points(case)}"
        elif contrast is not None and abs(contrast.difference) <= case.profile.margin:
            what += f", within {_points(case)} as measured"
        parts.append(f"{'doing nothing' if name == NOTHING else name} ({what})")
    return f"May be the best choice instead: {', '.join(parts)}." if parts else ""


def _information_line(case: Case) -> str:
    """Whether more data are worth it, in one sentence."""
    info = case.information
    if info.in_money:
        if info.best is None:
            return (
                f"More test questions are not worth their cost: knowing everything would be worth "
                f"{money(info.perfect)} over {info.horizon_months} months."
            )
        best = info.best
        return (
            f"More data are worth it: {_data(best.what, best.n)} would be worth about {money(best.gain)} over "
            f"{info.horizon_months} months and cost about {money(best.cost_usd)}."
        )
    if case.as_good:  # the choice among them goes by cost, so who of them has the best answers does not matter
        return ""
    gains = [offer for offer in info.offers if offer.gain >= 0.01]
    if not gains or info.p_right >= 0.95:
        return f"The choice has the best answers with a chance of {percent(info.p_right)}."
    best = max(gains, key=lambda offer: offer.gain / offer.n**0.5)
    return (
        f"{_data(best.what, best.n).capitalize()} would raise the chance of choosing the best answers from "
        f"{percent(info.p_right)} to {percent(min(1.0, info.p_right + best.gain))}."
    )


def _data(what: str, n: int) -> str:
    if what == LABELS:
        return f"labels of the {n} unsure answers"
    return f"{n} more test questions" if what == ALL else f"{n} more test questions of the slice '{what}'"


def _none_left(excluded: Mapping[str, str]) -> str:
    reasons = "; ".join(f"{name}: {reason}" for name, reason in excluded.items())
    return f"Nothing can be shipped. {reasons}." if reasons else "There is no contender to judge."


def _ungraded(case: Case) -> list[str]:
    """The contenders whose accuracy may lie in too wide a range, depending on grades that nobody knows."""
    return [name for name in case.candidates if 2 * case.accuracy[name].doubt > MOST_UNSURE]


def _ungraded_line(case: Case, names: Sequence[str]) -> str:
    estimates = {name: case.accuracy[name] for name in names}
    if any(estimate.labels for estimate in estimates.values()):
        counts = listed([f"{name} {estimate.unsure}" for name, estimate in estimates.items()])
        return (
            f"People could not tell about too many of the answers that they labelled to say who is better: {counts}. "
            "Look at these answers again (bakeoff label RUN), or give accepted answers by which they can be told."
        )
    counts = listed([f"{name} {estimate.unsure} of {estimate.n}" for name, estimate in estimates.items()])
    return (
        f"Too many answers can be called neither right nor wrong to say who is better: {counts}. Label about 100 "
        "answers: bakeoff label RUN. A judge model needs such labels too."
    )


# The warnings.


def _warnings(case: Case) -> list[str]:
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
    mean, lines = case.orders[AS_COUNTED], []
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
    return {
        name: stakes.right * case.draws.queries * value - case.total_usd.get(name, math.inf)
        for name, value in utility.items()
    }


def _like_a_constant(case: Case, winner: str) -> list[str]:
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
