"""The verdict: which contender to ship, which others may be as good, and why, in sentences a manager understands.

Takes a `Comparison`, a profile, what the data allow and what each contender costs; gives a `Verdict`. Knows nothing
about models or files. Hard limits come first (`limits.py`); the rule for those that keep them is in `rule.py`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import targets
from bakeoff.decide.verdict.limits import Cost, excluded_by_limits
from bakeoff.decide.verdict.rule import NOBODY, TINY, unbeaten, winners
from bakeoff.decide.verdict.wording import behind, percent
from bakeoff.measure.comparison import Comparison
from bakeoff.records import Approach, Record
from bakeoff.sentences import listed

MIN_FACTS = 30
FEW_QUESTIONS = 100
LOW_RECALL = 0.6


class Verdict(Record):
    """`winner` is None where the data cannot support one. `tied_with`: the winner is not significantly more accurate.

    `as_good` are those of them as accurate within the margin: between these and the winner cost decided. `short_of` are
    the goals that the winner misses, given or assumed: the best of what was measured, not good enough. `approach` is
    what the winner counts as in the decision matrix. `baselines` are the models of the run as they come.
    """

    winner: str | None
    approach: Approach | None = None
    tied_with: tuple[str, ...] = ()
    as_good: tuple[str, ...] = ()
    reason: str
    short_of: tuple[str, ...] = ()
    excluded: dict[str, str] = Field(default_factory=dict)
    baselines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Case:
    """What is judged: the comparison, and of it the contenders that break no limit."""

    comparison: Comparison
    eligible: list[str]
    costs: Mapping[str, Cost]
    margin: float

    @property
    def baselines(self) -> list[str]:
        return [name for name in self.eligible if self.comparison.entrant(name).is_baseline]

    @property
    def n_compared(self) -> int:
        """How many pairs were compared on accuracy: what the tests are corrected for."""
        return sum(one.measure == "accuracy" for one in self.comparison.contrasts)

    def accuracy(self, name: str) -> float:
        return self.comparison.estimate(name, "accuracy").value or 0.0


def decide(
    comparison: Comparison,
    profile: Profile,
    costs: Mapping[str, Cost],
    n_facts: int,
    data_warnings: Sequence[str] = (),
) -> Verdict:
    """The verdict on a comparison over `n_facts` facts; `data_warnings` stand beside its own."""
    excluded = excluded_by_limits(comparison, profile, costs)
    case = _Case(comparison, [name for name in comparison.names if name not in excluded], costs, profile.margin)
    verdict = Verdict(
        winner=None,
        reason=_obstacle(case, excluded, n_facts),
        excluded=excluded,
        baselines=tuple(one.name for one in comparison.entrants if one.is_baseline),
        warnings=(*_warnings(comparison), *data_warnings),
    )
    return verdict if verdict.reason else _judged(case, profile, verdict)


def _obstacle(case: _Case, excluded: Mapping[str, str], n_facts: int) -> str:
    """Why there can be no winner at all; empty where there can."""
    if not case.eligible:
        return _nobody_left(excluded)
    if n_facts < MIN_FACTS:
        facts = "1 fact" if n_facts == 1 else f"{n_facts} facts"
        return f"The test covers {facts}; a verdict needs at least {MIN_FACTS}, and better {FEW_QUESTIONS}."
    if case.eligible == case.baselines and excluded:
        models = "the base model, as it comes, keeps" if len(case.eligible) == 1 else "the models as they come keep"
        return f"Only {models} the limits. {_nobody_left(excluded)}"
    return ""


def _judged(case: _Case, profile: Profile, verdict: Verdict) -> Verdict:
    """The verdict with the rule's winner, or with why there is none."""
    winner, left = _by_rule(case)
    if winner is None:
        tied = tuple(left) if len(left) > 1 else ()
        return verdict.model_copy(update={"reason": _unsupported(case, left), "tied_with": tied})
    tied_with = tuple(name for name in left if name != winner)
    verdict = verdict.model_copy(
        update={
            "winner": winner,
            "approach": case.comparison.entrant(winner).approach,
            "tied_with": tied_with,
            "as_good": tuple(name for name in _as_accurate(case, left) if name != winner),
            "short_of": tuple(_short_of(case.comparison, winner, profile)),
            "warnings": (*_like_a_constant(case, winner), *_disagreeing_slices(case, winner), *verdict.warnings),
        }
    )
    return verdict.model_copy(update={"reason": _reason(case, verdict)})


def _by_rule(case: _Case) -> tuple[str | None, list[str]]:
    """The winner, and all that no other is significantly more accurate than."""
    names, comparison = case.eligible, case.comparison
    accuracy = np.array([[case.accuracy(name) for name in names]])
    ahead = np.array([[[comparison.beats(a, b) for b in names] for a in names]])
    tied = np.array([[[_finding(comparison, a, b) == "tied" for b in names] for a in names]])
    total = np.array([case.costs[name].total_usd if name in case.costs else math.inf for name in names])
    baselines = [names.index(name) for name in case.baselines]
    first = int(winners(accuracy, ahead, tied, total, baselines, case.margin)[0])
    left = [name for name, stays in zip(names, unbeaten(ahead)[0], strict=True) if stays]
    return (None if first == NOBODY else names[first]), left


def _as_accurate(case: _Case, names: Sequence[str]) -> list[str]:
    """Those of the names whose accuracy lies within the margin of the best of them."""
    best = max((case.accuracy(name) for name in names), default=0.0)
    return [name for name in names if case.accuracy(name) >= best - case.margin - TINY]


def _finding(comparison: Comparison, a: str, b: str) -> str:
    """'different', 'tied' or 'open'; the last also where the two were never compared."""
    contrast = comparison.contrast(a, b) if a != b else None
    return contrast.finding if contrast else "open"


# Why.


def _nobody_left(excluded: Mapping[str, str]) -> str:
    whys = "; ".join(f"{name}: {why}" for name, why in excluded.items())
    return f"No contender can be shipped. {whys}." if whys else "There is no contender to judge."


def _unsupported(case: _Case, left: Sequence[str]) -> str:
    """Why the rule names nobody."""
    first = max(case.eligible, key=case.accuracy)
    n = case.comparison.estimate(first, "accuracy").n
    if not case.accuracy(first):
        return f"No contender answered any of {n} test questions correctly."
    leader = f"{first} has the highest accuracy, {percent(case.accuracy(first))} of {n} questions"
    if first in case.baselines:
        return f"{leader}: nothing was shown to be better than the model as it comes. {_power_line(case, first, left)}"
    unbeaten_bases = [name for name in case.baselines if name in left]
    bases = listed(f"{name} ({percent(case.accuracy(name))})" for name in unbeaten_bases)
    what = "a model as it comes" if len(unbeaten_bases) == 1 else "models as they come"
    return (
        f"{leader}, but no contender was significantly more accurate than {bases}, {what}. "
        f"{_power_line(case, unbeaten_bases[0], [first])}"
    )


def _reason(case: _Case, verdict: Verdict) -> str:
    """What it reaches and misses, whom it beats by how much, whom it does not, and whether cost decided."""
    winner = verdict.winner or ""
    accuracy = case.comparison.estimate(winner, "accuracy")
    sentences = [
        f"{winner} answered {percent(accuracy.value or 0)} of {accuracy.n} test questions correctly "
        f"(95 % interval {percent(accuracy.low or 0)} to {percent(accuracy.high or 0)})."
    ]
    if verdict.short_of:
        sentences.append(f"It misses {'; and '.join(verdict.short_of)}.")
    sentences += [*_beaten_line(case, winner), *_tied_lines(case, verdict)]
    return " ".join(sentence for sentence in sentences if sentence)


def _beaten_line(case: _Case, winner: str) -> list[str]:
    beaten = [name for name in case.eligible if case.comparison.beats(winner, name)]
    if not beaten:
        return []
    best = max(beaten, key=case.accuracy)
    return [f"{best}, the best of those significantly less accurate, is {_distance(case, winner, best)}."]


def _tied_lines(case: _Case, verdict: Verdict) -> list[str]:
    """Who is not significantly less accurate: within the margin, or behind; with costs and what would settle it."""
    winner, lines = verdict.winner or "", []
    if verdict.as_good:
        are = "is" if len(verdict.as_good) == 1 else "are"
        names = listed(verdict.as_good)
        lines.append(f"{names} {are} as accurate within the margin; {winner} costs the least of them.")
    others = [name for name in verdict.tied_with if name not in verdict.as_good]
    if others:
        distances = "; ".join(f"{name}, {_distance(case, winner, name)}" for name in others)
        pairs = f" (after correcting for {case.n_compared} pairs compared)" if case.n_compared > 1 else ""
        lines.append(f"Less accurate here, but not significantly so{pairs}: {distances}.")
    if verdict.tied_with:
        costs = {name: case.costs[name].total_usd for name in (winner, *verdict.tied_with) if name in case.costs}
        lines.append(f"Total cost in USD: {', '.join(f'{name} {usd:,.0f}' for name, usd in costs.items())}.")
        lines.append(_power_line(case, winner, verdict.tied_with))
    return lines


def _distance(case: _Case, winner: str, other: str) -> str:
    contrast = case.comparison.contrast(winner, other)
    return behind(contrast, case.n_compared) if contrast else "not compared"


def _power_line(case: _Case, winner: str, tied: Sequence[str]) -> str:
    """How many more questions would settle the open pairs."""
    contrasts = {name: case.comparison.contrast(winner, name) for name in tied if name != winner}
    needed = {
        name: one.more_questions
        for name, one in contrasts.items()
        if one and one.finding == "open" and one.more_questions > 0
    }
    if not needed:
        return ""
    name = min(needed, key=lambda key: needed[key])
    return f"About {needed[name]:,} more test questions would settle {winner} against {name}."


# What should make a reader careful.


def _warnings(comparison: Comparison) -> list[str]:
    """What the numbers themselves show."""
    warnings = []
    if len(comparison.entrants) == 1:
        warnings.append("There was one contender only: nothing was compared.")
    recalls = comparison.values("retrieval_recall").values()
    if recalls and max(recalls) < LOW_RECALL:
        warnings.append(
            f"Retrieval found the evidence of only {percent(max(recalls))} of the questions: "
            "the corpus may not cover them."
        )
    return warnings


def _short_of(comparison: Comparison, winner: str, profile: Profile) -> list[str]:
    """The goals for correct and for wrong answers that the whole interval misses."""
    goals, missed = targets(profile), []
    correct, wrong = comparison.estimate(winner, "accuracy"), comparison.estimate(winner, "hallucination")
    if correct.high is not None and correct.high < goals["accuracy"].value:
        missed.append(f"{goals['accuracy'].text}, with {percent(correct.high)} at best")
    if wrong.low is not None and wrong.low > goals["hallucination"].value:
        missed.append(f"{goals['hallucination'].text}, with {percent(wrong.low)} at least")
    return missed


def _like_a_constant(case: _Case, winner: str) -> list[str]:
    """A warning where always giving the same answer would be correct as often, as far as the test shows."""
    constant = case.comparison.constant
    if constant is None or winner not in constant.not_beaten_by:
        return []
    return [
        f"{winner} is not significantly more accurate than always answering “{constant.answer}”, the most frequent "
        f"answer in training ({percent(constant.accuracy.value or 0.0)})."
    ]


def _disagreeing_slices(case: _Case, winner: str) -> list[str]:
    """Slices on which another contender leads the winner, with intervals that do not overlap."""
    warnings = []
    slices = {name: case.comparison.estimate(name, "accuracy").slices for name in case.eligible}
    for part, own in slices[winner].items():
        if part in ("general", "changed") or own.high is None:
            continue
        better = {
            name: one.value or 0.0
            for name in case.eligible
            if (one := slices[name].get(part)) and one.low is not None and own.high < one.low
        }
        if better:
            best = max(better, key=lambda name: better[name])
            warnings.append(
                f"On the slice '{part}', {best} is ahead of {winner} ({percent(better[best])} against "
                f"{percent(own.value or 0.0)}): the verdict depends on how often such questions are asked."
            )
    return warnings
