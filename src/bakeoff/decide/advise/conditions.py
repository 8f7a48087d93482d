"""What a pilot must show for a recommendation to hold, as measures with thresholds.

Takes a `Profile`, the recommended approach and those it is tied with. Gives conditions, each with what to do if it is
not met. Knows nothing about how a pilot is run. The number of questions that a difference needs follows from the power
of McNemar's test.
"""

import math
from collections.abc import Collection, Sequence

from bakeoff.decide.advise.estimates import Estimates, estimates
from bakeoff.decide.advise.paying import extra_net_right, net_of_100, paying
from bakeoff.decide.plan.tasks import MIN_RECALL, TEST_QUESTIONS, worth_more
from bakeoff.decide.situation.approaches import APPROACHES, TITLES, Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import RUNNING, Target, required
from bakeoff.decide.wording import NOBODY_ANSWERING
from bakeoff.measure.comparison import Entrant
from bakeoff.measure.statistics import POWER, Z
from bakeoff.questions.settings import Split
from bakeoff.records import Record

DISCORDANT = 0.3
"""Share of questions on which exactly one of two contenders is correct: an assumption before a pilot."""
SLICE = {"unseen": "facts that were not trained on", "seen": "facts that were trained on, asked in other words"}


class Condition(Record):
    """A contender's measure that must reach a threshold, or beat the contender `against` by it."""

    contender: str
    measure: str
    against: str = ""
    threshold: float
    text: str
    otherwise: str


def questions_needed(difference: float, discordant: float = DISCORDANT) -> int:
    """How many questions are needed to show a paired difference of shares at the 5 % level with 80 % power.

    Source: Connor 1987, Sample size for testing differences in proportions for the paired-sample design,
    Biometrics 43:207-211, by its leading term.
    """
    return math.ceil((Z.inv_cdf(0.975) + Z.inv_cdf(POWER)) ** 2 * discordant / difference**2)


def smallest_difference(n_questions: int, discordant: float = DISCORDANT) -> float:
    """The smallest paired difference of shares that this many questions can show: the inverse of `questions_needed`."""
    return (Z.inv_cdf(0.975) + Z.inv_cdf(POWER)) * math.sqrt(discordant / n_questions)


def conditions_for(
    profile: Profile,
    approach: str,
    standing: Standing,
    tied_with: Sequence[str] = (),
    ruled_out: Collection[str] = (),
    n_questions: int = 0,
) -> list[Condition]:
    """The conditions of a recommendation, the comparisons with other approaches first.

    `n_questions` are the questions available (0: not known). `standing` is the contender that represents each approach
    in a pilot.
    """
    own = standing[approach]
    rivals = [name for name in APPROACHES if name != approach and name not in ruled_out]
    if profile.value is None:
        conditions = [_duel(profile, own, standing[rival], rival, n_questions) for rival in rivals]
    else:
        known = estimates(profile, standing)
        conditions = [_worth_duel(profile, known, standing, approach, rival) for rival in rivals]
        conditions.append(_worth(profile, known, own, approach))
    goals = required(profile)
    for name in (approach, *tied_with):
        if standing[name].is_tuned and "retention" in goals:
            otherwise = "train for fewer steps or at a lower rate, or use RAG"
            conditions.append(_limit(standing[name], goals["retention"], otherwise))
    conditions += [
        _limit(own, goals[measure], otherwise) for measure, otherwise in _otherwise(own).items() if measure in goals
    ]
    if own.retrieves:
        conditions.append(
            Condition(
                contender=own.name,
                measure="retrieval_recall",
                threshold=MIN_RECALL,
                text=f"retrieval finds the evidence of at least {100 * MIN_RECALL:.0f} % of the test questions",
                otherwise="fix retrieval before changing the model",
            )
        )
    return conditions


def _otherwise(own: Entrant) -> dict[str, str]:
    """What to do if a goal is not met, by measure."""
    return {
        "accuracy": "use a larger base model or better documents, or do not ship yet",
        "hallucination": "decline more often, which means fewer answers",
        RUNNING: "less upkeep, fewer hours online, a smaller model or shorter prompts",
        "latency_ms": f"{'fewer passages, ' if own.retrieves else ''}a smaller model or a faster machine",
        "freshness": "fix the update of the index"
        if own.retrieves
        else "retrain more often, or use an approach with retrieval",
        "consistency": "train on more phrasings of each fact" if own.is_tuned else "use a tuned approach",
    }


def _limit(entrant: Entrant, goal: Target, otherwise: str) -> Condition:
    return Condition(
        contender=entrant.name,
        measure=goal.measure,
        threshold=goal.value,
        text=f"{entrant.name}: {goal.text}",
        otherwise=otherwise,
    )


def _duel(profile: Profile, own: Entrant, rival: Entrant, approach: str, n_questions: int) -> Condition:
    """The comparison between two approaches: the one that takes more days to build must be better by the margin.

    `approach` is the rival's. If one of the two is not tuned, unseen facts decide; otherwise seen facts.
    """
    cheap, dear = sorted((own, rival), key=lambda entrant: _days(profile, entrant))
    part = "unseen" if not (cheap.is_tuned and dear.is_tuned) else "seen"
    margin = 100 * profile.margin
    lead = f"{dear.name} beats {cheap.name} by at least {margin:g} points of accuracy on {SLICE[part]}, "
    stand = f"{dear.name} does not beat {cheap.name} by {margin:g} points of accuracy or more on {SLICE[part]}"
    winner, text = (dear, f"{lead}with its whole interval above 0") if dear == own else (cheap, stand)
    return Condition(
        contender=winner.name,
        measure="accuracy",
        against=rival.name,
        threshold=profile.margin,
        text=f"{text} ({_power(n_questions, profile.margin)})",
        otherwise=f"use {TITLES[approach]}",
    )


def _worth_duel(profile: Profile, known: Estimates, standing: Standing, approach: str, rival: str) -> Condition:
    """The comparison between two approaches by what they are worth: the dearer one must earn what it costs more."""
    own, other = standing[approach].name, standing[rival].name
    extra = extra_net_right(profile, known, approach, rival)
    if extra is None:
        text = f"{own} is worth more than {other}, costs included"
    elif extra > 0:
        text = f"{own} gives at least {_more(extra)} than {other}, which pays for its higher cost"
    else:
        text = f"{other} does not give {_more(-extra, ' or more')} than {own}, which would pay for its higher cost"
    return Condition(
        contender=own,
        measure="utility",
        against=other,
        threshold=(extra or 0.0) / 100,
        text=text,
        otherwise=f"use {TITLES[rival]}",
    )


def _more(net_right: float, so: str = "") -> str:
    """'14 more net right answers of 100'; below 10 with two digits, because a small difference counts."""
    number = net_of_100(net_right) if net_right >= 10 else f"{net_right:.2g}"
    return f"{number}{so} net right answers of 100 more"


def _worth(profile: Profile, known: Estimates, own: Entrant, approach: str) -> Condition:
    """It must be worth more than what happens otherwise."""
    way = paying(profile, known).get(approach)
    text, keep = (
        f"{own.name} is {worth_more(profile)}",
        "keep today's process" if profile.has_today else "build nothing",
    )
    if way is not None:
        text += f": at least {net_of_100(way.needed.likely)} net right answers of 100, at assumed costs"
        keep = keep if way.is_today_better else f"build nothing: {NOBODY_ANSWERING} would cost less"
    return Condition(
        contender=own.name,
        measure="utility",
        threshold=way.needed.likely / 100 if way else 0.0,
        text=text,
        otherwise=keep + ("" if way is None or way.can_pay else "; no answers can pay for it"),
    )


def _days(profile: Profile, entrant: Entrant) -> float:
    return profile.days("setup_days", entrant) + profile.days("data_days", entrant)


def _power(n_questions: int, margin: float) -> str:
    """What difference the test share of the available questions, or the planned questions, can show."""
    n = max(1, round(Split().test * n_questions)) if n_questions else TEST_QUESTIONS
    whose = f"the {n:,} test questions from your {n_questions:,}" if n_questions else f"the plan's {n:,} test questions"
    return (
        f"{whose} can show {100 * smallest_difference(n):.0f} points; "
        f"{100 * margin:g} points need about {questions_needed(margin):,}"
    )
