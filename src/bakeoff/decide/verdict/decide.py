"""The verdict: what to do, in a record.

Takes a `Case`. Gives a `Verdict`, with the sentences of `reasons.py` and the warnings of `case_warnings.py`. Knows
nothing about models or files. `rule.py` chooses; this file says whether the evidence is enough.

"Ship" is said only if every need, limit and goal is met, the choice is significantly better than every base model, and,
where the value of answers is known, it is worth more than doing nothing with 95 % confidence.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import Field

from bakeoff.decide.requirements.standing import Standing
from bakeoff.decide.value.information import LABELS
from bakeoff.decide.value.worth import DOING_NOTHING, NOTHING
from bakeoff.decide.verdict.case import MAYBE_BEST, Case
from bakeoff.decide.verdict.case_warnings import (
    case_warnings,
    like_a_constant,
    of_shipped,
    still_ungraded,
    untested,
)
from bakeoff.decide.verdict.reasons import (
    excluded_line,
    failed_line,
    headline_of,
    information_line,
    lost_to_limits,
    measured,
    none_left,
    not_better,
    of_the_tested,
    reason_of,
    small,
    span,
    ungraded_line,
    untested_line,
    within_limits,
)
from bakeoff.decide.verdict.thin_stakes import blocking, lacking, thin_warnings
from bakeoff.decide.wording import NOBODY_ANSWERING, money, percent
from bakeoff.records import Approach, Contrast, Record
from bakeoff.sentences import listed

MIN_FACTS = 30
FEW_QUESTIONS = 100

Decision = Literal["ship", "open", "improve", "none"]


class Verdict(Record):
    """The verdict on a run. `winner` is the contender to choose, None if nothing is worth building; `reason` says why.

    `decision`: 'ship' (all requirements are met), 'open' (the winner leads, but not everything is shown yet), 'improve'
    (it misses a requirement that is a goal), 'none' (there is no winner). `headline` is the verdict in one sentence.
    `tied_with` are the candidates that may be the best one instead (without a winner: the best one); `as_good` those
    of them that an equivalence test shows to be as good. `short_of` are the goals that the winner misses, `not_shown`
    what is not shown yet. `excluded`
    gives by contender the need or limit that it misses. `ungraded` are contenders with too many answers that are
    neither right nor wrong, `untested` those that an error kept out of the test. `standings` are each contender's.
    `contrasts` are those of the decision, on utility.
    `few_differ` says of contenders on how few test questions they differ, or may differ, in accuracy.
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
    untested: tuple[str, ...] = ()
    standings: dict[str, tuple[Standing, ...]] = Field(default_factory=dict)
    contrasts: tuple[Contrast, ...] = ()
    few_differ: dict[str, dict[str, int]] = Field(default_factory=dict)
    most_accurate: str | None = None
    baselines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def decide(case: Case, data_warnings: Sequence[str] = ()) -> Verdict:
    """The verdict on a case. `data_warnings` are added to its own warnings."""
    nobody = _nobody(case)
    about_grades = () if nobody and nobody.ungraded else still_ungraded(case)
    warnings = (*about_grades, *case_warnings(case), *thin_warnings(case), *data_warnings)
    if nobody:
        headline = "No verdict yet: too many answers failed." if _may_be_better(case) else nobody.headline
        return _common(case, headline, nobody.reason).model_copy(
            update={
                "ungraded": nobody.ungraded or tuple(case.ungraded),
                "tied_with": tuple(_open(case)),
                "warnings": (*untested(case.comparison), *warnings),
            }
        )
    winner = str(case.leader)
    missed, not_shown = _of_winner(case, winner)
    unsupported = _unsupported(case, winner)
    decision: Decision = "improve" if missed else "open" if not_shown or unsupported else "ship"
    rivals = tuple(_rivals(case, winner))
    texts = [standing.text for standing in missed]
    lacking = (*(standing.text for standing in not_shown), *unsupported)
    headline = headline_of(case, winner, texts, lacking)
    return _common(case, headline, reason_of(case, winner, missed, not_shown, rivals)).model_copy(
        update={
            "decision": decision,
            "winner": winner,
            "approach": case.comparison.entrant(winner).approach,
            "tied_with": rivals,
            "as_good": tuple(name for name in case.as_good if name != winner),
            "short_of": tuple(texts),
            "not_shown": lacking,
            "ungraded": tuple(case.ungraded),
            "warnings": (
                *untested(case.comparison),
                *(of_shipped(case, winner) if decision == "ship" else ()),
                *like_a_constant(case, winner),
                *warnings,
            ),
        }
    )


def _common(case: Case, headline: str, reason: str) -> Verdict:
    """A verdict without a winner, with what every verdict holds."""
    accuracy = {name: of.value for name, of in case.accuracy.items() if of.value}
    return Verdict(
        decision="none",
        winner=None,
        headline=of_the_tested(case, headline),
        reason=" ".join(filter(None, [failed_line(case), reason, untested_line(case)])),
        untested=case.comparison.untested,
        excluded=dict(case.excluded),
        standings={name: tuple(standings) for name, standings in case.standings.items()},
        contrasts=tuple(case.contrasts),
        few_differ=case.few_differ,
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
        cost = excluded_line(case, NOTHING)
        return _Nobody(f"Build nothing yet: {kept} keeps the limits.", f"{none_left(case.excluded)} {cost}".rstrip())
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
    ungraded = _deciding_ungraded(case)
    if ungraded:
        lines = [ungraded_line(case, ungraded), information_line(case) if case.in_money else ""]
        return _Nobody(
            "No verdict yet: too many answers are neither right nor wrong.", " ".join(filter(None, lines)), ungraded
        )
    if case.in_money and case.leader is not None and case.worth.nets[case.leader].net.value < 0:
        return _nobody_is_better(case, case.leader)
    if case.leader is None or case.leader == NOTHING:
        return _nothing_is_better(case)
    bases = case.unbeaten(case.leader)
    if case.in_money or not bases:
        return None
    is_worse = [base for base in bases if case.is_worse(case.leader, base)]
    why = f"{measured(case, case.leader)} {not_better(case, case.leader, bases)}"
    if is_worse:
        return _Nobody(f"Build nothing yet: {case.leader} is the best, but worse than {listed(is_worse)}.", why)
    return _Nobody(f"No verdict yet: {case.leader} leads, but is not shown to be better than {listed(bases)}.", why)


def _may_be_better(case: Case) -> list[str]:
    """The contenders about which only failed answers leave nothing known: they may be what nobody else is."""
    needs = {name: [of for of in case.standings[name] if of.kind == "need"] for name in case.failed}
    met = [name for name, own in needs.items() if all(of.state != "missed" for of in own)]
    return [name for name in met if name not in case.baselines]


def _deciding_ungraded(case: Case) -> tuple[str, ...]:
    """The contenders with too many unsure answers, if they leave open what to choose."""
    ungraded, leader = tuple(case.ungraded), case.leader
    if leader is None:
        return ()
    if not case.in_money:
        return ungraded if case.unbeaten(leader) else ()
    if case.chances.get(leader, 0.0) >= case.level:
        return ()
    may_be_best = [name for name in ungraded if name == leader or case.chances.get(name, 0.0) >= MAYBE_BEST]
    best = case.information.best
    return ungraded if may_be_best and best is not None and best.what == LABELS else ()


def _nobody_is_better(case: Case, best: str) -> _Nobody:
    """Even the best choice is worth less than nobody answering, because today's process is worth still less."""
    net, today = case.worth.nets[best], f"is worth {money(case.worth.nets[NOTHING].net.value)}"
    if best == NOTHING:
        who, stake = "Today's process", f"Today's process {today} a year, and every contender that can be chosen less."
    else:
        who, stake = (
            best,
            f"The best contender{within_limits(case)}, {best}, is worth {money(net.net.value)} a year. Today's process "
            f"{today}.",
        )
    lost = lost_to_limits(case, NOBODY_ANSWERING, 0.0)
    return _Nobody(
        f"Build nothing: {NOBODY_ANSWERING} would cost less. {stake} {lost}".rstrip(),
        f"{who} gains {money(net.answers.value)} a year by its answers and costs "
        f"{money(net.cost.value)}: net {span(net.net)}, where {NOBODY_ANSWERING} is worth 0. If questions cannot go "
        "unanswered, say in the profile what that costs (`unanswered`): it is what a right answer saves. "
        f"{information_line(case)}",
    )


def _nothing_is_better(case: Case) -> _Nobody:
    """Doing nothing has the highest expected net value."""
    nets = case.worth.nets
    if not nets.keys() & set(case.candidates):
        return _Nobody("No verdict yet: costs are not known.", "No contender has a known cost.")
    best = max(nets.keys() & set(case.candidates), key=lambda name: nets[name].net.value)
    net, nothing = nets[best], nets[NOTHING]
    pays = [pair.usd for pair in case.worth.break_even if pair.above == best and pair.below == NOTHING and pair.usd]
    keep = "Keep today's process" if case.has_process_today else "Build nothing"
    than = "today's process" if case.has_process_today else NOBODY_ANSWERING
    less = money(nothing.net.value - net.net.value)
    return _Nobody(
        f"{keep}: no contender{within_limits(case)} is worth more than {than} on average. With a chance of "
        f"{percent(nothing.best)} none of them is. The best that can be chosen, {best}, is worth {less} a year less. "
        f"{lost_to_limits(case, than, nothing.net.value)}".rstrip(),
        f"{best} gains {money(net.answers.value)} a year by its answers and costs {money(net.cost.value)}: net "
        f"{span(net.net)}, against {money(nothing.net.value)} for {than}."
        + (f" It would pay from {small(pays[0])} for a right answer." if pays else "")
        + f" {information_line(case)}",
    )


def _of_winner(case: Case, winner: str) -> tuple[list[Standing], list[Standing]]:
    """The requirements that the winner misses, and those it is not shown to meet."""
    own = case.standings.get(winner, ())
    return [s for s in own if s.state == "missed"], [s for s in own if s.state == "open"]


def _unsupported(case: Case, winner: str) -> list[str]:
    """What is not shown yet: a lead over base models and doing nothing, or where more is at stake than usual."""
    lines = []
    bases = case.unbeaten(winner)
    if bases:
        lines.append(f"better than {listed(bases)}")
    if not case.beats_nothing(winner):
        lines.append(f"worth more than {DOING_NOTHING}")
    if case.has_process_today and not case.beats_nobody(winner):
        lines.append(f"worth more than {NOBODY_ANSWERING}")
    return [*lines, *(lacking(of) for of in blocking(case))]


def _open(case: Case) -> list[str]:
    """Where nothing is chosen: the candidates that may be the best choice, and better than base models and nothing."""
    chances = case.chances_of_all
    return [name for name in case.chances if name != NOTHING and chances.get(name, 0.0) >= MAYBE_BEST]


def _rivals(case: Case, winner: str) -> list[str]:
    """The candidates that may be the best instead: by their chance, or shown to be as good."""
    chances = case.chances
    names = [name for name in case.candidates if name != winner and name not in case.baselines]
    rivals = [name for name in names if chances.get(name, 0.0) >= MAYBE_BEST or name in case.as_good]
    return sorted(rivals, key=lambda name: -chances.get(name, 0.0))
