"""The gate's rule: whether a candidate replaces what is served.

Takes both contenders' graded answers to the same questions, the profile and the level of this round. Gives a
`GateDecision`. Knows neither the earlier rounds (`spending.py`) nor how the questions were chosen (`rotation.py`).

A candidate is promoted for one of two reasons, each shown by a one-sided test at the round's level:

- better: its utility (right answers less what wrong and declined ones cost) is higher, and by at least the margin as
  measured;
- as good and cheaper: its utility is not lower by the margin or more, and its answers are shown to cost less
  (`saving.py`).

Of a candidate that costs less, the second is tested, which the first implies: one hypothesis a round. In both cases
nothing else may get worse. On no slice with enough facts, and not on general knowledge, may it be worse by more than
the margin with a one-sided p-value below `LOSS_LEVEL`; and it breaks no limit of the profile. These are guards: they
only make promotions rarer, so they cost no error. An answer that can be called neither right nor wrong counts against
the candidate in every test: a promotion holds whatever it is. Where something was not measured, nothing is promoted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bakeoff.decide.requirements.standing import Known, Standing, standings
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.value.weights import Counts, question_weights
from bakeoff.decide.wording import net_right, signed
from bakeoff.learn.gate.rotation import LEAST_FACTS
from bakeoff.learn.gate.tested import CANDIDATE, LIVE, Contestant, GateDecision, Route, Tested
from bakeoff.learn.gate.wording import evidence, halfway, of_more, of_part, of_unsure
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.contrasts import difference
from bakeoff.measure.graded import Ranged, Values, known
from bakeoff.measure.one_sided import better_p, more_to_show, not_worse_p, worse_p
from bakeoff.measure.statistics import NORMAL, PairedTest, graded_share
from bakeoff.records import Contrast, Question
from bakeoff.serve.log_entries import PartCheck

LEAST_PART = 20
"""A slice, or general knowledge, with fewer facts is not checked for a loss."""
LOSS_LEVEL = 0.10
"""A loss on a part counts below this one-sided p-value: it is a guard, so a false alarm is the smaller harm."""
GENERAL = "general knowledge"


def gate(tested: Tested, profile: Profile, level: float) -> GateDecision:
    """Whether the candidate is promoted. `level` is this round's, as `spending.next_level` gives it."""
    n_fresh = len(tested.fresh & set(tested.used))
    kept = GateDecision(promote=False, reasons=(), level=level, facts=tested.used, n_fresh=n_fresh)
    missing = tuple(_missing(tested, profile))
    if missing:
        return kept.model_copy(update={"reasons": missing})
    trial = _trial(tested, profile, level)
    if trial is None:
        return kept.model_copy(update={"reasons": ("No question of this round counts.",)})
    parts = (*_slices(tested, trial, profile.counts), _general(tested, profile.margin))
    limits = tuple(_limits(tested, profile))
    not_shown = tuple(_not_shown(trial))
    against = [
        *not_shown,
        *(_lost(part) for part in parts if part.lost),
        *(f"It breaks a limit ({limit.text}): {limit.why}." for limit in limits if limit.state == "missed"),
    ]
    measured = trial.measured
    return kept.model_copy(
        update={
            "promote": not against,
            "reasons": (*([] if not_shown else [_shown(tested, trial)]), *against),
            "route": trial.route,
            "p": trial.p,
            **{name: getattr(measured, name) for name in ("difference", "low", "high", "unsure")},
            "counted": trial.counted,
            "parts": parts,
            "standings": limits,
            "more_questions": _more(trial) if trial.p > level else None,
        }
    )


class _Trial(NamedTuple):
    """The test of a round. `gains` and the margin are in units of the distance between the best and worst answer."""

    route: Route
    gains: Ranged
    test: PairedTest
    p: float
    level: float
    margin: float
    span: float
    n_facts: int

    @property
    def measured(self) -> Contrast:
        """The difference in utility with its interval."""
        return self.test.contrast(self.p, self.p, NORMAL, self.span)

    @property
    def words(self) -> str:
        """What was measured, and what it says at this round's level."""
        of = self.measured
        interval = f"95 % interval {signed(of.low)} to {signed(of.high)}"
        shown = evidence(self.route, self.p, self.level, self.margin * self.span)
        return f"{net_right(of.difference)}{halfway(self.test.n_unsure)} ({interval}), {shown}"

    @property
    def counted(self) -> float:
        """The difference as the test counts it: with every unsure answer against the candidate."""
        return self.span * self.test.sides[0].mean

    @property
    def more(self) -> str:
        """How unsure answers count, and how many more questions would show it."""
        more = of_more(_more(self)) if self.p > self.level else ""
        return "".join(f" {words}" for words in (of_unsure(self.test.n_unsure, self.counted), more) if words)


def _trial(tested: Tested, profile: Profile, level: float) -> _Trial | None:
    """The test of this candidate. None if all questions have the weight 0."""
    worth, span = tested.utilities(profile), tested.span(profile)
    gains = difference(worth[CANDIDATE], worth[LIVE], span)
    margin = profile.margin / span
    test = PairedTest.of(CANDIDATE, LIVE, gains, tested.facts, "utility", margin, tested.weights(profile))
    if test is None:
        return None
    route: Route = "as good and cheaper" if tested.saving is not None else "better"
    p = better_p(test) if route == "better" else not_worse_p(test)
    return _Trial(route, gains, test, p, level, margin, span, len(tested.counted(profile)))


def _missing(tested: Tested, profile: Profile) -> Iterable[str]:
    """What was not measured, one sentence each."""
    n = len(tested.counted(profile))
    if n < LEAST_FACTS:
        yield (
            f"The round has {n} facts that count; the gate needs at least {LEAST_FACTS}. Review more of the weekly "
            "random sample, or label new questions and run the pilot again."
        )
    for name, of in ((LIVE, tested.live), (CANDIDATE, tested.candidate)):
        if tested.questions and not of.correct.values:
            yield f"No answer of the {name} contender could be graded."
    general = {tested.facts[key] for key in tested.live.general.values if key in tested.candidate.general.values}
    if tested.general and len(general) < LEAST_PART:
        yield (
            f"Both contenders answered {len(general)} questions of general knowledge; the gate needs at least "
            f"{LEAST_PART} to see whether some was lost."
        )
    if profile.latency_limit_ms is not None and not tested.candidate.latencies_ms:
        yield "The profile limits latency, and the candidate's was not measured."


def _not_shown(of: _Trial) -> Iterable[str]:
    """Why the test does not speak for the candidate."""
    if of.p > of.level and of.route == "better":
        yield f"It is not shown to be better: {of.words}.{of.more}"
    elif of.p > of.level:
        yield f"It is cheaper, but not shown to be as good: {of.words}.{of.more}"
    elif of.route == "better" and of.test.sides[0].mean < of.margin:
        yield f"It is better by less than the margin of {signed(of.margin * of.span)}: {of.words}.{of.more}"


def _shown(tested: Tested, of: _Trial) -> str:
    n = of.n_facts
    if of.route == "better":
        return f"It is better than what is served: {of.words}, {n} facts."
    return (
        f"It is as good as what is served and costs {100 * (tested.saving or 0.0):.0f} % less: {of.words}, {n} facts."
    )


def _more(of: _Trial) -> int | None:
    """Nothing helps a candidate that is measured as better by less than the margin."""
    if of.route == "better":
        return more_to_show(of.test, of.level) if of.test.sides[0].mean >= of.margin else None
    return more_to_show(of.test, of.level, of.margin)


def _slices(tested: Tested, of: _Trial, counts: Counts) -> Iterable[PartCheck]:
    """Every slice, whatever its share in the profile's mix."""
    by_slice: dict[str, list[Question]] = {}
    for question in tested.questions:
        by_slice.setdefault(str(question.slice), []).append(question)
    for name, asked in by_slice.items():
        ids = {question.id for question in asked}
        yield _part(name, of.gains.only(ids), tested, of.margin, of.span, _within(asked, counts))


def _within(asked: Sequence[Question], counts: Counts) -> Values | None:
    """How much each question of a slice counts in it; None if all count alike."""
    if counts == "question" or not any(question.asked for question in asked):
        return None
    return question_weights(asked, counts)


def _general(tested: Tested, margin: float) -> PartCheck:
    return _part(GENERAL, difference(tested.candidate.general, tested.live.general), tested, margin, 1.0)


def _part(
    name: str, gains: Ranged, tested: Tested, margin: float, span: float, weights: Values | None = None
) -> PartCheck:
    """Whether the candidate lost on a part."""
    n_facts, facts = len({tested.facts[key] for key in gains.values}), tested.facts
    test = PairedTest.of(CANDIDATE, LIVE, gains, facts, name, margin, weights) if n_facts >= LEAST_PART else None
    if test is None:
        return PartCheck(name=name, n_facts=n_facts)
    least, p = test.sides[0].mean, worse_p(test)
    lost = least < -margin and p < LOSS_LEVEL
    middle = test.contrast(p, p, NORMAL, span).difference
    return PartCheck(
        name=name, n_facts=n_facts, difference=span * least, p=p, lost=lost, halfway=middle, unsure=test.n_unsure
    )


def _lost(part: PartCheck) -> str:
    where = f"on {GENERAL}" if part.name == GENERAL else f"on the slice '{part.name}'"
    unit = "points" if part.name == GENERAL else "net right answers of 100"
    difference = f"{signed(part.difference or 0.0)} {unit}"
    return f"It loses {where}: {difference}{of_part(part)} on {part.n_facts} facts, p {part.p or 0.0:.2g}."


def _limits(tested: Tested, profile: Profile) -> Iterable[Standing]:
    """Where the candidate stands on the limits that can be seen in its answers: latency, wrong answers, failed ones."""
    of = tested.candidate
    estimates = _estimates(tested, of, profile)
    return (
        standing
        for standing in standings(Known(estimates, of.latencies_ms), profile)
        if standing.kind == "limit" and standing.name in ("latency_ms", "hallucination", "errors")
    )


def _estimates(tested: Tested, of: Contestant, profile: Profile) -> Mapping[str, Estimate]:
    """What limits are about. Of the goals, only that answers could be graded."""
    failed = known({question.id: float(question.id not in of.correct.values) for question in tested.questions})
    estimates = {"errors": graded_share(failed, tested.facts)}
    if profile.max_hallucination is not None:
        estimates["hallucination"] = graded_share(of.hallucinated, tested.facts, tested.weights(profile))
    return {**estimates, "accuracy": Estimate(value=0.0 if of.correct.values else None)}
