"""How many right answers of 100, net of wrong and declined ones, each approach must give to pay for itself.

Takes a `Profile` with a `value`, and `Estimates`. Gives a `Paying` for each approach, and sentences. Knows nothing
about how many answers will be right: only a pilot measures that. Own amounts for slices or kinds of questions do not
count here, because how often those are asked is not known.

break-even = today's net right answers + (total cost - today's cost) / (queries x value of a right answer), with
queries of the horizon, discounted as the costs are. Without `today` nobody answers: 0 net right answers for 0 USD.

If today's people answer declined questions (`declined_to: today`), each declined one counts what they earn with it,
less their pay, and the total cost of every approach includes what they cost a month, as in `value/worth.py`.
"""

import math
from collections.abc import Collection, Mapping

from bakeoff.decide.advise.estimates import Estimates, Range
from bakeoff.decide.cost.model import CostInputs, discounted_months
from bakeoff.decide.situation.approaches import NAMES, TITLES
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.stakes import Stakes, replaced
from bakeoff.decide.value.worth import today_total_usd
from bakeoff.decide.wording import money
from bakeoff.records import Record


class Paying(Record):
    """From how many net right answers of 100 an approach pays for itself: least, likely, most.

    `today` is compared with today's process; `nobody` with nobody answering. They are equal if the profile does not
    describe today's process.
    """

    approach: str
    today: Range
    nobody: Range

    @property
    def is_today_better(self) -> bool:
        """Whether today's process is worth at least as much as nobody answering."""
        return self.today.likely >= self.nobody.likely

    @property
    def needed(self) -> Range:
        """The break-even against the better of today's process and nobody answering: the verdict asks for both."""
        return self.today if self.is_today_better else self.nobody

    @property
    def can_pay(self) -> bool:
        """Whether 100 right answers of 100 would pay, at the likely cost."""
        return self.needed.likely <= 100

    def against(self, has_today: bool) -> str:
        """What it has to beat, to follow 'pays for itself'; empty if the profile does not describe today's process."""
        if not has_today:
            return ""
        return " against today's process" if self.is_today_better else " against nobody answering"


def paying(profile: Profile, known: Estimates) -> dict[str, Paying]:
    """The break-even of each approach; {} if the profile gives no value, or if the costs are not known."""
    stakes = profile.stakes_usd
    if stakes is None or not known.total or not known.queries:
        return {}
    hundredth = stakes.right * known.queries / 100
    net_today, usd_today = today_net_right(profile), today_usd(profile, known.queries)
    standby = standby_usd(profile)
    return {
        name: Paying(
            approach=name,
            today=Range(*(net_today + (usd + standby - usd_today) / hundredth for usd in of)),
            nobody=Range(*((usd + standby) / hundredth for usd in of)),
        )
        for name, of in known.total.items()
    }


def counted(profile: Profile) -> Stakes:
    """What right, wrong and declined answers of an approach count, in right answers.

    A declined one that goes to today's people counts what these make of it, their pay included: below 0 if that gains.
    """
    value, worth = profile.value, profile.utility
    if value is None:
        return worth
    return replaced(worth, None, value.hand_over(value.stakes(profile.wrong_answer_penalty).right))


def standby_usd(profile: Profile) -> float:
    """What today's people cost over the horizon by the month if declined questions go to them; otherwise 0."""
    if profile.value is None or profile.value.hand_over() is None:
        return 0.0
    return today_usd(profile, 0.0)


def today_net_right(profile: Profile) -> float:
    """How many net right answers of 100 today's process gives; 0 if nobody answers today."""
    if profile.value is None or not profile.value.today.is_described:
        return 0.0
    shares, worth = profile.value.today.shares, profile.utility
    return 100 * (shares.right - shares.wrong * worth.wrong - shares.declined * worth.declined)


def today_usd(profile: Profile, queries: float) -> float:
    """What today's process costs over the horizon, discounted as the approaches' costs are."""
    if profile.value is None:
        return 0.0
    clock = CostInputs(
        name="today",
        queries_per_month=profile.queries_per_month,
        horizon_months=profile.horizon_months,
        discount_per_year=profile.discount_per_year,
    )
    usd = profile.usd_of(profile.value.currency)
    return today_total_usd(profile.value, usd, queries, discounted_months(clock))


def extra_net_right(profile: Profile, known: Estimates, dear: str, cheap: str) -> float | None:
    """How many more net right answers of 100 pay for what one approach costs more than another; None if not known."""
    ways = paying(profile, known)
    return ways[dear].nobody.likely - ways[cheap].nobody.likely if ways else None


def net_of_100(amount: float) -> str:
    """A number of net right answers, rounded up: so many are enough."""
    return f"{math.ceil(amount - 1e-9) + 0:,}"


def pays_sentence(way: Paying, has_today: bool, is_out: bool = False) -> str:
    """From how many net right answers of 100 an approach pays for itself, or that it cannot."""
    name = NAMES[way.approach] + " (ruled out)" * is_out
    if not way.can_pay:
        needed = f"{net_of_100(way.needed.likely)} net right answers of 100{_span(way.needed)}"
        return f"{name} cannot pay for itself{way.against(has_today)}: it would need {needed}."
    likely, span = net_of_100(way.today.likely), _span(way.today)
    if not has_today:
        return f"{name} pays for itself from {likely} net right answers of 100{span}."
    why = f", because today's process loses more than {TITLES[way.approach]} costs" if way.today.likely <= 0 else ""
    alone = net_of_100(way.nobody.likely)
    return (
        f"{name} pays for itself against today's process from {likely} net right answers of 100{span}{why}; against "
        f"nobody answering from {alone}."
    )


def _span(of: Range) -> str:
    low, high = net_of_100(of.low), net_of_100(of.high)
    return "" if low == high else f" ({low} to {high} if days and usage differ)"


def pays_lines(profile: Profile, known: Estimates, ruled_out: Collection[str] = ()) -> tuple[str, ...]:
    """One sentence for each approach, the cheapest first, then what a net right answer is and what today gives."""
    ways = paying(profile, known)
    if not ways:
        return ()
    described = profile.has_today
    ranked = sorted(ways.values(), key=lambda way: way.today.likely)
    return (
        *(pays_sentence(way, described, way.approach in ruled_out) for way in ranked),
        _about(profile, known.queries),
    )


def _about(profile: Profile, queries: float) -> str:
    text = _net_right(profile)
    if profile.has_today:
        text += (
            f" Today's process gives {today_net_right(profile):.0f} net right answers of 100 and costs "
            f"{money(today_usd(profile, queries))} over {profile.horizon_months} months."
        )
    return text


def _net_right(profile: Profile) -> str:
    """What net right answers are, with what wrong and declined ones count, also where today's people take those."""
    worth = counted(profile)
    if profile.value is None or profile.value.hand_over() is None:
        return (
            f"Net right answers are right ones, less {worth.wrong:.3g} for each wrong one and {worth.declined:.3g} for "
            "each declined one: what these cost, in right answers."
        )
    per_month = profile.value.today.per_month * profile.usd_of(profile.value.currency)
    also = f" The {money(per_month)} a month that they cost besides count for every approach." if per_month else ""
    verb = "plus" if worth.declined <= 0 else "less"
    return (
        f"Net right answers are right ones, less {worth.wrong:.3g} for each wrong one, {verb} "
        f"{abs(worth.declined):.3g} for each declined one, in right answers. A declined one goes to today's people: "
        f"it counts what their answer is worth, less their pay and the hand-over.{also}"
    )


def unpaid_reason(way: Paying, has_today: bool) -> str:
    """Why an approach that cannot pay for itself is ruled out, to continue 'is ruled out: '."""
    needed = net_of_100(way.needed.likely)
    return f"at assumed costs it would need {needed} net right answers of 100 to pay for itself{way.against(has_today)}"


def nothing_pays(profile: Profile, known: Estimates, unpaid: Collection[str], ruled_out: Mapping[str, str]) -> str:
    """The headline if no approach that could be built can pay for itself: to build nothing, and why."""
    ways, described = paying(profile, known), profile.has_today
    closest = min((ways[name] for name in unpaid), key=lambda way: way.needed.likely)
    could = [name for name in ruled_out if name not in unpaid and ways[name].can_pay]
    among = "no approach that is left" if could else "no approach"
    others = "".join(f" {NAMES[name]} could pay, but is ruled out: {ruled_out[name]}." for name in could)
    need = f"even {TITLES[closest.approach]} would need {net_of_100(closest.needed.likely)} net right answers of 100"
    return (
        f"Build nothing: at assumed costs {among} can pay for itself{closest.against(described)}: {need}. "
        f"{instead(closest, described)}{others}"
    )


def instead(way: Paying, has_today: bool) -> str:
    """What is better than to build something that cannot pay, as a sentence."""
    if not has_today:
        return "Doing nothing is cheaper."
    if way.is_today_better:
        return "Keep today's process, which is worth more."
    return (
        "Today's process costs more than its answers are worth, too. If questions cannot go unanswered, say in the "
        "profile what that costs (`unanswered`): it is what a right answer saves."
    )
