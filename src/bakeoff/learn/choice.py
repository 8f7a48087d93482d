"""Which contender of a round the gate decides about, chosen on dev.

Takes dev questions, answers to them and the profile, gives utilities and a name. Dev decides what is tested, and if
anything is; what is served changes only by the gate. Builds and asks nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from bakeoff.decide.requirements.standing import MAX_ERRORS
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.value.outcomes import utilities
from bakeoff.decide.value.weights import question_weights
from bakeoff.decide.wording import net_right, signed
from bakeoff.learn.gate.tested import span_of
from bakeoff.measure.contrasts import difference
from bakeoff.measure.graded import Graded, graded
from bakeoff.measure.score import score_answers, values_of
from bakeoff.measure.statistics import PairedTest
from bakeoff.records import Answer, Question, Record

ROUNDING = 1e-9
NOTHING = "Nothing was tested and no error was spent"
LARGE = 0.1
"""The gain that a test of 300 facts is meant to find: dev shall not hide it."""


class OnDev(Record):
    """How good a contender is on dev: its utility, in net right answers of 1, over so many questions.

    An answer that failed is worth as much as a declined one. `failed` are those with an error, or without an answer.
    `most_gain` is the upper end of the 95 % interval of what it gains over what is served, 1 being the distance
    between the best and the worst answer. It `is_same` if it is what is served, by its name and by every answer.
    """

    contender: str
    utility: float
    n_questions: int
    n_failed: int = 0
    most_gain: float = 1.0
    is_same: bool = False

    @property
    def fails(self) -> bool:
        """Whether more of its answers failed than a verdict allows."""
        return self.n_failed > MAX_ERRORS * self.n_questions


class Choice(NamedTuple):
    """The contender to test. Without one, `reason` says why nothing is."""

    contender: str | None
    reason: str = ""


class Worth(NamedTuple):
    """What a contender's answers on dev are worth, by question id, and how many of them failed."""

    utility: Graded
    n_failed: int = 0


def worth_on_dev(dev: Sequence[Question], answers: Sequence[Answer], profile: Profile) -> Worth:
    """What one contender's answers are worth, with the profile's amounts. Grades are the rules'."""
    values = values_of(score_answers(dev, [answer.model_copy(update={"contender": ""}) for answer in answers])).get("")
    correct, abstained = (graded((values or {}).get(measure, {}), answers) for measure in ("correct", "abstained"))
    worth = utilities(dev, {"": correct}, {"": abstained}, profile.utility, profile.value)[""]
    return Worth(worth, sum(question.id not in correct.values for question in dev))


def measured_on_dev(name: str, dev: Sequence[Question], own: Worth, live: Worth, profile: Profile) -> OnDev:
    """A contender's mean utility on dev, and what it may gain over what is served, as the verdict counts questions."""
    weights, facts = _weights(dev, profile), {question.id: question.fact for question in dev}
    total, span = sum(weights.values()), span_of(dev, profile)
    utility = sum(weights[key] * value for key, value in own.utility.values.items()) / total if total else 0.0
    gains = difference(own.utility, live.utility, span)
    uneven = weights if len(set(weights.values())) > 1 else None
    test = PairedTest.of(name, "live", gains, facts, "utility", profile.margin / span, uneven)
    most = test.sides[-1].high if test else 1.0
    return OnDev(contender=name, utility=utility, n_questions=len(dev), n_failed=own.n_failed, most_gain=most)


def _weights(dev: Sequence[Question], profile: Profile) -> Mapping[str, float]:
    """The profile's weights. A mix of slices of which dev has none is left out."""
    mix = profile.slice_weights
    is_there = any(mix.get(str(question.slice)) for question in dev)
    return question_weights(dev, profile.counts, mix if is_there else None)


def in_order(found: Iterable[OnDev], served_now: str) -> list[OnDev]:
    """The best first; of equal ones, the one that is served now first. Those that fail too often come last."""
    return sorted(found, key=lambda one: (one.fails, -round(one.utility, 9), one.contender != served_now))


def chosen(order: Sequence[OnDev], live: OnDev, is_cheaper: Callable[[str], bool], margin: float) -> Choice:
    """The best contender if dev measures it as better than what is served, by however little.

    Else the best of those that cost less and are measured as worse by less than the margin. Else the best if dev is too
    small to exclude that it is better by `LARGE`. Else none: a test would spend error on a candidate that does not look
    better. Nor is what is served tested against itself. `order` is as `in_order` gives it.
    """
    if not order:
        return Choice(None, "No contender of this round was built, so none was tested.")
    if all(one.is_same for one in order):
        return Choice(None, f"{NOTHING}: {order[0].contender} gives the same answers as what is served.")
    order = [one for one in order if not one.is_same]
    sound = [one for one in order if not one.fails] or list(order)
    best = sound[0]
    if best.utility > live.utility + ROUNDING:
        return Choice(best.contender)
    for one in sound:
        if one.utility > live.utility - margin and is_cheaper(one.contender):
            return Choice(one.contender)
    if best.most_gain >= LARGE:
        return Choice(best.contender)
    return Choice(
        None,
        f"{NOTHING}: on {best.n_questions} dev questions the best candidate, "
        f"{best.contender}, has {net_right(best.utility)}, and what is served has {signed(live.utility)}; a gain of "
        f"{100 * LARGE:.0f} points is excluded, and no candidate is about as good and cheaper.",
    )
