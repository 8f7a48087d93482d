"""What contenders are worth as sentences and text cells, the same for the page, the Markdown and the terminal.

Takes a `Judgement`, gives text and the draws at the profile's own terms. Where the profile gives no value of a right
answer, money is shown for an example ("what if"), and said to be one. Knows nothing about HTML or Markdown.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bakeoff.decide.value.information import ALL, LABELS, Information, Offer
from bakeoff.decide.value.joint import changes_of, joint_draws, terms_of
from bakeoff.decide.value.worth import NOTHING, BestFrom, Draws, Net, Range, Worth, best_ranges, titled, worth
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.decide.wording import NOBODY_ANSWERING, money, signed
from bakeoff.report.charts import round_step
from bakeoff.sentences import NOT_MEASURED, counted, listed, percent

EXAMPLE_ABOVE = 2.0
"""Without a given value, the example is this multiple of the highest value at which the best contender changes."""
HANDED = (
    "Questions that a contender declines go to today's people: what their answers are worth is in its utility, what "
    "they cost is in its cost."
)
WORTH_TELLING = 0.01


@dataclass(frozen=True)
class Valued:
    """The contenders' worth in money if a right answer is worth `right_usd`.

    `is_given` is false if that is only an example. `payable` are those to choose from, doing nothing among them.
    """

    draws: Draws
    right_usd: float
    is_given: bool
    payable: tuple[str, ...]
    worth: Worth
    ranges: tuple[BestFrom, ...]
    all_few_differ: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def leader(self) -> str:
        """The one with the highest expected net value."""
        return max((name for name in self.payable if name in self.nets), key=lambda name: self.nets[name].net.value)

    @property
    def few_differ(self) -> dict[str, int]:
        """On how few questions the leader differs from others that can be chosen, where it is so few."""
        return {name: n for name, n in self.all_few_differ.get(self.leader, {}).items() if name in self.payable}

    @property
    def nets(self) -> dict[str, Net]:
        return self.worth.nets

    @property
    def by_net(self) -> list[str]:
        """All names with a known cost, the highest expected net value first."""
        return sorted(self.nets, key=lambda name: -self.nets[name].net.value)

    def chance(self, name: str) -> str:
        """Its chance to be the best choice; a dash if it cannot be chosen."""
        return percent(self.nets[name].best) if name in self.payable else NOT_MEASURED

    def loss(self, name: str) -> str:
        """What choosing it gives away; a dash if it cannot be chosen, since it is not among those compared."""
        return money(self.nets[name].loss) if name in self.payable else NOT_MEASURED


def valued(judgement: Judgement) -> Valued | None:
    """The worth in money; None if no contender's cost is known."""
    if not judgement.cost.inputs:
        return None
    terms = terms_of(judgement.profile, judgement.draws.outcomes.own)
    draws = joint_draws(judgement.draws, judgement.cost.inputs, terms)
    payable = (*(name for name in judgement.draws.outcomes.names if name not in judgement.excluded), NOTHING)
    ranges = tuple(best_ranges(draws, payable))
    stakes = judgement.stakes_usd
    right = stakes.right if stakes else example_usd(ranges)
    return Valued(draws, right, stakes is not None, payable, worth(draws, right, payable), ranges, judgement.few_differ)


def handed(judgement: Judgement) -> bool:
    """Whether declined questions go to today's people."""
    value = judgement.profile.value
    return value is not None and value.hand_over() is not None


def nothing_is(judgement: Judgement) -> str:
    """What the contender for doing nothing stands for."""
    return f"Doing nothing is {'today’s process' if judgement.profile.has_today else NOBODY_ANSWERING}."


def changed_sentence(judgement: Judgement) -> str:
    """How much of the net is about changed documents, which the shares of the test do not show; empty if nothing is."""
    changed = changes_of(judgement.profile).changed
    if not changed:
        return ""
    return (
        f"Over the horizon {percent(changed)} of the questions are about facts that have changed since the set-up. "
        "They count in net right answers, money and chances, as changed questions were answered; right, wrong and "
        "declined are those of the test."
    )


def example_usd(ranges: Sequence[BestFrom]) -> float:
    """A round value of a right answer, somewhat above the last one at which the best contender changes."""
    highest = max((best.low for best in ranges), default=0.0)
    return round_step(EXAMPLE_ABOVE * highest) if highest > 0 else 1.0


def span(of: Range) -> str:
    """'-674 to 102,000 USD'; empty if nothing varies."""
    if of.low == of.high:
        return ""
    return f"{money(of.low).removesuffix(' USD')} to {money(of.high)}"


def of_100(utility: float) -> str:
    """A utility as net right answers of 100 questions: '+21.4'."""
    return signed(utility) if utility else "0"


def span_of_100(of: Range) -> str:
    """'+2.8 to +24.0'; empty if nothing varies."""
    if of.low == of.high:
        return ""
    return f"{of_100(of.low)} to {of_100(of.high)}"


def small_usd(usd: float) -> str:
    """The value of a right answer: '0.81 USD', '12.5 USD', '1,200 USD'."""
    return f"{usd:,.3g} USD" if usd < 100 else f"{usd:,.0f} USD"


def _with_span(of: Range) -> str:
    return f"{money(of.value)} ({span(of)})" if span(of) else money(of.value)


def worth_sentence(of: Valued) -> str:
    """Who is worth the most on average, how much, how sure that is, and what a wrong choice costs."""
    name, net = of.leader, of.nets[of.leader]
    return (
        f"If a right answer is worth {small_usd(of.right_usd)}, of those that can be chosen, {titled(name)} is worth "
        f"the most on average: {_with_span(net.net)} a year. It is the best choice with a chance of "
        f"{percent(net.best)}, and the expected loss of choosing it is {money(net.loss)} a year.{_differing(of)}"
    )


def _differing(of: Valued) -> str:
    """From whom the leader differs on so few questions that its lead means little; empty if from nobody."""
    names = [f"from {name} on {counted(n, 'question') if n else 'no question'}" for name, n in of.few_differ.items()]
    return f" In accuracy it differs {listed(names)}." if names else ""


def range_sentences(ranges: Sequence[BestFrom]) -> list[str]:
    """Who has the highest expected net value at which value of a right answer."""
    if len(ranges) == 1:
        name = titled(ranges[0].contender)
        return [f"Of those that can be chosen, {name} is worth the most on average, whatever a right answer is worth."]
    return [_range_sentence(best) for best in ranges]


def _range_sentence(best: BestFrom) -> str:
    name = titled(best.contender)
    if best.high is None:
        return f"From {small_usd(best.low)} for a right answer: {name}."
    if best.low == 0:
        return f"Below {small_usd(best.high)} for a right answer: {name}."
    return f"From {small_usd(best.low)} to {small_usd(best.high)}: {name}."


def offer_text(offer: Offer) -> str:
    """What an offer of more data is: '200 more test questions', 'labels of the 56 unsure answers'."""
    if offer.what == LABELS:
        return f"labels of the {offer.n} unsure answers"
    return f"{offer.n} more test questions" + ("" if offer.what == ALL else f" of the slice '{offer.what}'")


def chance_of_answers(judgement: Judgement, name: str) -> str:
    """Its chance to have the best answers of those that can be chosen; a dash if it cannot, or nothing else can."""
    best = judgement.worth.best
    return percent(best[name]) if name in best and len(best) > 1 else NOT_MEASURED


def only_beaten(judgement: Judgement) -> str:
    """That base models take part without being chosen, where no value of answers is given; empty if there are none."""
    bases = [name for name in judgement.baselines if name not in judgement.worth.best]
    if judgement.stakes_usd is not None or not bases:
        return ""
    chosen = list(judgement.worth.best)
    among = f"Chances of the best answers are those among {listed(chosen)}." if len(chosen) > 1 else ""
    one = f"Only {chosen[0]} can be chosen." if len(chosen) == 1 else ""
    are = "is the base model" if len(bases) == 1 else "are base models"
    first = (
        f"{listed(bases)} {are}, which the others have to beat, and cannot be chosen while the profile has no `value`."
    )
    money = "In money, base models and doing nothing take part." if judgement.cost.inputs else ""
    return " ".join(filter(None, [first, among, one, money]))


def whether_more(judgement: Judgement) -> str:
    """Whether collecting more data is worth it. Where one contender alone can be chosen, not to choose."""
    of, chosen = judgement.information, list(judgement.worth.best)
    if not of.in_money and len(chosen) == 1:
        bases = [name for name in judgement.baselines if name not in chosen]
        than = f" than {listed(bases)}" if bases else ""
        more = f" More test questions show more surely how good it is, and whether it is better{than}." if than else ""
        return f"Not to choose: {chosen[0]} is the only contender that can be chosen.{more}"
    return more_data(of, " about what can be chosen" if judgement.excluded else "")


def more_data(of: Information, about: str = "") -> str:
    """Whether collecting more data is worth it, in one sentence. `about` says what knowing everything leaves out."""
    if of.in_money:
        everything = f"knowing everything{about} would be worth {money(of.perfect)} over {of.horizon_months} months"
        if of.best is None:
            return f"No: {everything}, and no amount of questions or labels gains more than it costs."
        return (
            f"Yes: {offer_text(of.best)} would be worth about {money(of.best.gain)} and cost about "
            f"{money(of.best.cost_usd)}; {everything}."
        )
    telling = [offer for offer in of.offers if offer.gain >= WORTH_TELLING]
    now = f"the one that leads by net right answers has the best ones with a chance of {percent(of.p_right)}"
    if not telling:
        return f"No: {now}, and no amount of questions or labels tried here would raise it by a point."
    best = max(telling, key=lambda offer: offer.gain / math.sqrt(offer.n))
    return (
        f"That depends on what a right choice is worth to you: {now}; {offer_text(best)} would raise it to "
        f"{percent(min(1.0, of.p_right + best.gain))}."
    )


def offer_heads(of: Information) -> list[str]:
    gain = f"Worth over {of.horizon_months} months" if of.in_money else "Chance to choose right"
    return ["More data", gain, "Cost"]


def offer_rows(of: Information) -> list[list[str]]:
    """Every offer: what it is, what it gains and what it costs."""
    return [
        [
            offer_text(offer),
            money(offer.gain) if of.in_money else percent(min(1.0, of.p_right + offer.gain)),
            money(offer.cost_usd),
        ]
        for offer in of.offers
    ]


def shares(judgement: Judgement) -> dict[str, tuple[float, float, float]]:
    """The mean shares of right, wrong and declined answers over the draws, by contender."""
    of = judgement.draws.outcomes
    found = {}
    for name in of.names:
        right, declined, mass = (
            sum(sum(column) for column in table) for table in (of.right[name], of.declined[name], of.mass)
        )
        found[name] = (right / mass, 1 - (right + declined) / mass, declined / mass)
    return found


def dominated(judgement: Judgement, cost: dict[str, float]) -> dict[str, str]:
    """The contenders to which another is not inferior in any of right, wrong and cost, and better in one: by whom."""
    of = {name: (-right, wrong, cost[name]) for name, (right, wrong, _) in shares(judgement).items() if name in cost}
    found = {}
    for name, own in of.items():
        above = [
            other
            for other, theirs in of.items()
            if theirs != own and all(a <= b + 1e-12 for a, b in zip(theirs, own, strict=True))
        ]
        if above:
            found[name] = listed(above[:2])
    return found
