"""The verdict: which contender to ship, which others may be as good, and why, in sentences a manager understands.

Takes a `Comparison`, a profile, the number of facts tested and what each contender costs. Gives a `Verdict`. Knows
nothing about models or files. Hard limits come first (`limits.py`). `rule.py` decides between the remaining contenders.
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
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.records import Approach, Record
from bakeoff.sentences import listed

MIN_FACTS = 30
FEW_QUESTIONS = 100
LOW_RECALL = 0.6
MOST_UNSURE = 0.2
"""If an accuracy may lie in a wider range, depending on unknown grades, that is the first reason for no winner."""


class Verdict(Record):
    """The verdict on a run. `winner` is None if the data do not support one; `reason` says why.

    `tied_with` are the contenders that the winner is not significantly more accurate than. Of these, `maybe_ahead`
    are shown with a higher accuracy, because so many of their answers can be called neither right nor wrong and count
    half. `as_good` are those of them whose accuracy is within the margin; cost decided between them and the winner.
    `short_of` are the goals, given or assumed, that the winner misses. `approach` is the winner's approach in the
    decision matrix. `excluded` gives the broken limit by contender. `ungraded` are the contenders of which too many
    answers can be called neither right nor wrong to say who is better, if that leaves the verdict without a winner.
    `baselines` are the run's base models: not tuned and shown nothing.
    """

    winner: str | None
    approach: Approach | None = None
    tied_with: tuple[str, ...] = ()
    maybe_ahead: dict[str, int] = Field(default_factory=dict)
    as_good: tuple[str, ...] = ()
    reason: str
    short_of: tuple[str, ...] = ()
    excluded: dict[str, str] = Field(default_factory=dict)
    ungraded: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Case:
    """The comparison, and its contenders that break no limit."""

    comparison: Comparison
    eligible: list[str]
    costs: Mapping[str, Cost]
    margin: float

    @property
    def baselines(self) -> list[str]:
        return [name for name in self.eligible if self.comparison.entrant(name).is_baseline]

    @property
    def n_compared(self) -> int:
        """How many pairs were compared on accuracy. The tests are corrected for this number."""
        return sum(contrast.measure == "accuracy" for contrast in self.comparison.contrasts)

    def least(self, name: str) -> float:
        """Its accuracy with every unsure answer counted as not correct: the rule gives nobody the benefit of doubt."""
        return self.comparison.estimate(name, "accuracy").least or 0.0

    def accuracy(self, name: str) -> float:
        return self.comparison.estimate(name, "accuracy").value or 0.0


def decide(
    comparison: Comparison,
    profile: Profile,
    costs: Mapping[str, Cost],
    n_facts: int,
    data_warnings: Sequence[str] = (),
) -> Verdict:
    """The verdict on a comparison over `n_facts` facts. `data_warnings` are added to its own warnings."""
    excluded = excluded_by_limits(comparison, profile, costs)
    case = _Case(comparison, [name for name in comparison.names if name not in excluded], costs, profile.margin)
    verdict = Verdict(
        winner=None,
        reason=_obstacle(case, excluded, n_facts),
        excluded=excluded,
        baselines=tuple(entrant.name for entrant in comparison.entrants if entrant.is_baseline),
        warnings=(*_warnings(comparison), *data_warnings),
    )
    return verdict if verdict.reason else _judged(case, profile, verdict)


def _obstacle(case: _Case, excluded: Mapping[str, str], n_facts: int) -> str:
    """Why there can be no winner; empty if there can be one."""
    if not case.eligible:
        return _none_left(excluded)
    if n_facts < MIN_FACTS:
        facts = "1 fact" if n_facts == 1 else f"{n_facts} facts"
        return f"The test covers {facts}; a verdict needs at least {MIN_FACTS}, preferably {FEW_QUESTIONS}."
    if case.eligible == case.baselines and excluded:
        models = "the base model keeps" if len(case.eligible) == 1 else "base models keep"
        return f"Only {models} the limits. {_none_left(excluded)}"
    return ""


def _judged(case: _Case, profile: Profile, verdict: Verdict) -> Verdict:
    """The verdict with the rule's winner, or with the reason why there is none."""
    winner, left = _by_rule(case)
    unbeaten_base = _unbeaten_baseline(case, winner, verdict.excluded) if winner else ""
    if winner and unbeaten_base:
        shares = [percent(case.accuracy(winner)), percent(case.comparison.values("accuracy")[unbeaten_base])]
        reason = (
            f"{winner} has the highest accuracy of the contenders that break no limit ({shares[0]}). It is not "
            f"significantly more accurate than {unbeaten_base} ({shares[1]}), a base model that breaks a limit."
        )
        return verdict.model_copy(update={"reason": reason})
    if winner is None:
        tied = tuple(left) if len(left) > 1 else ()
        ungraded = _ungraded(case)
        reason = _ungraded_line(case, ungraded) if ungraded else _unsupported(case, left)
        return verdict.model_copy(update={"reason": reason, "tied_with": tied, "ungraded": tuple(ungraded)})
    tied_with = tuple(name for name in left if name != winner)
    verdict = verdict.model_copy(
        update={
            "winner": winner,
            "approach": case.comparison.entrant(winner).approach,
            "tied_with": tied_with,
            "maybe_ahead": _maybe_ahead(case, winner, tied_with),
            "as_good": tuple(name for name in _as_accurate(case, left) if name != winner),
            "short_of": tuple(_short_of(case.comparison, winner, profile)),
            "warnings": (*_like_a_constant(case, winner), *_disagreeing_slices(case, winner), *verdict.warnings),
        }
    )
    return verdict.model_copy(update={"reason": _reason(case, verdict)})


def _unbeaten_baseline(case: _Case, winner: str, excluded: Mapping[str, str]) -> str:
    """A base model that a limit excludes and that the winner is not significantly more accurate than; else empty.

    What is no better than an untuned model shows nothing that is worth building, whether or not that model may be used.
    """
    bases = [entrant.name for entrant in case.comparison.entrants if entrant.is_baseline and entrant.name in excluded]
    values = case.comparison.values("accuracy")
    return next((base for base in bases if base in values and not case.comparison.beats(winner, base)), "")


def _by_rule(case: _Case) -> tuple[str | None, list[str]]:
    """The winner (None if there is none), and the contenders that no other is significantly more accurate than."""
    names, comparison = case.eligible, case.comparison
    accuracy = np.array([[case.least(name) for name in names]])
    ahead = np.array([[[comparison.beats(a, b) for b in names] for a in names]])
    tied = np.array([[[_finding(comparison, a, b) == "tied" for b in names] for a in names]])
    total = np.array([case.costs[name].total_usd if name in case.costs else math.inf for name in names])
    baselines = [names.index(name) for name in case.baselines]
    position = int(winners(accuracy, ahead, tied, total, baselines, case.margin)[0])
    left = [name for name, stays in zip(names, unbeaten(ahead)[0], strict=True) if stays]
    return (None if position == NOBODY else names[position]), left


def _as_accurate(case: _Case, names: Sequence[str]) -> list[str]:
    """The names whose accuracy is within the margin of the best of them."""
    best = max((case.least(name) for name in names), default=0.0)
    return [name for name in names if case.least(name) >= best - case.margin - TINY]


def _finding(comparison: Comparison, a: str, b: str) -> str:
    """'different', 'tied' or 'open'; 'open' also if the two were not compared."""
    contrast = comparison.contrast(a, b) if a != b else None
    return contrast.finding if contrast else "open"


# The reasons, in sentences.


def _none_left(excluded: Mapping[str, str]) -> str:
    reasons = "; ".join(f"{name}: {reason}" for name, reason in excluded.items())
    return f"No contender can be shipped. {reasons}." if reasons else "There is no contender to judge."


def _unsupported(case: _Case, left: Sequence[str]) -> str:
    """Why the rule gives no winner."""
    first = max(case.eligible, key=case.least)
    n = case.comparison.estimate(first, "accuracy").n
    if not any(map(case.least, case.eligible)):
        unsure = " for sure: all others can be called neither right nor wrong" if case.accuracy(first) else ""
        return f"No contender answered any of the {n} test questions correctly{unsure}."
    leader = f"{first} has the highest accuracy, {percent(case.accuracy(first))} of {n} questions"
    if first in case.baselines:
        sentence, power = f"{leader}: no contender was shown to be better than the base model.", (first, left)
    else:
        unbeaten_bases = [name for name in case.baselines if name in left]
        bases = listed(f"{name} ({percent(case.accuracy(name))})" for name in unbeaten_bases)
        kind = "a base model" if len(unbeaten_bases) == 1 else "base models"
        sentence = f"{leader}, but no contender was significantly more accurate than {bases}, {kind}."
        power = (unbeaten_bases[0], [first])
    return f"{sentence} {_power_line(case, *power)}".rstrip()


def _maybe_ahead(case: _Case, winner: str, others: Sequence[str]) -> dict[str, int]:
    """The contenders shown with a higher accuracy than the winner's, and how many of their answers are unsure."""
    unsure = {name: case.comparison.estimate(name, "accuracy").unsure for name in others}
    return {name: n for name, n in unsure.items() if n and case.accuracy(name) > case.accuracy(winner)}


def _ungraded(case: _Case) -> list[str]:
    """The contenders whose accuracy may lie in too wide a range, depending on grades that nobody knows."""
    estimates = {name: case.comparison.estimate(name, "accuracy") for name in case.eligible}
    return [name for name, estimate in estimates.items() if 2 * estimate.doubt > MOST_UNSURE]


def _ungraded_line(case: _Case, names: Sequence[str]) -> str:
    estimates = {name: case.comparison.estimate(name, "accuracy") for name in names}
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


def _reason(case: _Case, verdict: Verdict) -> str:
    """The winner's accuracy, the goals it misses, the contenders it beats, and whether cost decided."""
    winner = verdict.winner or ""
    accuracy = case.comparison.estimate(winner, "accuracy")
    sentences = [
        f"{winner} answered {percent(accuracy.value or 0)} of {accuracy.n} test questions correctly "
        f"(95 % interval {percent(accuracy.low or 0)} to {percent(accuracy.high or 0)}).",
        _labels_line(accuracy),
        _unsure_line(case, (winner, *verdict.tied_with)),
    ]
    if verdict.short_of:
        goals = "goal" if len(verdict.short_of) == 1 else "goals"
        sentences.append(f"It misses the {goals}: {'; '.join(verdict.short_of)}.")
    sentences += [*_beaten_line(case, winner), *_tied_lines(case, verdict)]
    return " ".join(sentence for sentence in sentences if sentence)


def _labels_line(accuracy: Estimate) -> str:
    """By how many labels of people the numbers are corrected; empty if by none."""
    return f"These numbers are corrected by {accuracy.labels} labels of people." if accuracy.labels else ""


def _unsure_line(case: _Case, names: Sequence[str]) -> str:
    """How many answers of the winner and of those it did not beat could not be graded; empty if all could."""
    counts = {name: case.comparison.estimate(name, "accuracy").unsure for name in names}
    unsure = [f"{name} {n}" for name, n in counts.items() if n]
    if not unsure:
        return ""
    if any(case.comparison.estimate(name, "accuracy").labels for name in names):
        who = f"People could not tell about some answers that they labelled ({', '.join(unsure)})."
    else:
        who = f"Some answers can be called neither right nor wrong ({', '.join(unsure)})."
    return f"{who} They count half in these numbers and as not correct in the choice; the intervals cover both."


def _beaten_line(case: _Case, winner: str) -> list[str]:
    beaten = [name for name in case.eligible if case.comparison.beats(winner, name)]
    if not beaten:
        return []
    best = max(beaten, key=case.accuracy)
    if len(beaten) == 1:
        return [f"{best} is significantly less accurate: {_distance(case, winner, best)}."]
    return [f"Of the {len(beaten)} significantly less accurate contenders, {best} is the best: "
            f"{_distance(case, winner, best)}."]  # fmt: skip


def _tied_lines(case: _Case, verdict: Verdict) -> list[str]:
    """The contenders that are not significantly less accurate, with costs and how many questions would decide."""
    winner, lines = verdict.winner or "", []
    if verdict.as_good:
        are = "is" if len(verdict.as_good) == 1 else "are"
        names = listed(verdict.as_good)
        lines.append(f"{names} {are} as accurate, within the margin. {winner} costs the least of them.")
    others = [name for name in verdict.tied_with if name not in verdict.as_good]
    if others:
        distances = "; ".join(f"{name}, {_distance(case, winner, name)}" for name in others)
        pairs = f" (corrected for {case.n_compared} comparisons)" if case.n_compared > 1 else ""
        lines.append(f"Not significantly less accurate in this test{pairs}: {distances}.")
    if verdict.tied_with:
        costs = {name: case.costs[name].total_usd for name in (winner, *verdict.tied_with) if name in case.costs}
        lines.append(f"Total cost in USD: {', '.join(f'{name} {usd:,.0f}' for name, usd in costs.items())}.")
        lines.append(_power_line(case, winner, verdict.tied_with))
    return lines


def _distance(case: _Case, winner: str, other: str) -> str:
    contrast = case.comparison.contrast(winner, other)
    return behind(contrast, case.n_compared) if contrast else "not compared"


def _power_line(case: _Case, winner: str, tied: Sequence[str]) -> str:
    """How many more questions would decide between the winner and the runner-up; empty if no pair is open.

    If more questions would not decide because too many answers are neither right nor wrong, it says so.

    The runner-up is the most accurate of the others whose difference from the winner is still open.
    """
    contrasts = {name: case.comparison.contrast(winner, name) for name in tied if name != winner}
    needed = {
        name: contrast.more_questions
        for name, contrast in contrasts.items()
        if contrast and contrast.finding == "open" and contrast.more_questions > 0
    }
    if not needed:
        unsure = {name: contrast.unsure for name, contrast in contrasts.items() if contrast and contrast.unsure}
        return _doubt_line(winner, *max(unsure.items(), key=lambda pair: pair[1])) if unsure else ""
    name = max(needed, key=lambda key: (case.accuracy(key), -needed[key]))
    is_second = len(contrasts) > 1 and case.accuracy(name) == max(map(case.accuracy, contrasts))
    runner_up = f"the runner-up, {name}" if is_second else name
    return f"About {needed[name]:,} more test questions would decide between {winner} and {runner_up}."


def _doubt_line(winner: str, other: str, n: int) -> str:
    questions = "1 question" if n == 1 else f"{n} questions"
    return (
        f"Between {winner} and {other}, {questions} cannot be decided, because an answer can be called neither right "
        "nor wrong. Label those answers before you ask more questions: bakeoff label RUN."
    )


# The warnings.


def _warnings(comparison: Comparison) -> list[str]:
    """Warnings that follow from the comparison alone."""
    warnings = []
    if len(comparison.entrants) == 1:
        warnings.append("There was only one contender, so nothing was compared.")
    recalls = comparison.values("retrieval_recall").values()
    if recalls and max(recalls) < LOW_RECALL:
        warnings.append(
            f"Retrieval found the evidence of only {percent(max(recalls))} of the questions: "
            "the corpus may not cover them."
        )
    return warnings


def _short_of(comparison: Comparison, winner: str, profile: Profile) -> list[str]:
    """The goals for accuracy and hallucination that the whole interval misses."""
    goals, missed = targets(profile), []
    correct, wrong = comparison.estimate(winner, "accuracy"), comparison.estimate(winner, "hallucination")
    if correct.high is not None and correct.high < goals["accuracy"].value:
        missed.append(f"{goals['accuracy'].text}, with {_unlike(correct.high, goals['accuracy'].value)} at best")
    if wrong.low is not None and wrong.low > goals["hallucination"].value:
        missed.append(
            f"{goals['hallucination'].text}, with {_unlike(wrong.low, goals['hallucination'].value)} at least"
        )
    return missed


def _unlike(share: float, goal: float) -> str:
    """The share in percent, with as many digits as it takes not to look like the goal."""
    digits = next((n for n in (0, 1, 2) if f"{100 * share:.{n}f}" != f"{100 * goal:.{n}f}"), 3)
    return f"{100 * share:.{digits}f} %"


def _like_a_constant(case: _Case, winner: str) -> list[str]:
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


def _disagreeing_slices(case: _Case, winner: str) -> list[str]:
    """A warning for each slice on which another contender beats the winner, with intervals that do not overlap."""
    warnings = []
    slices = {name: case.comparison.estimate(name, "accuracy").slices for name in case.eligible}
    for part, own in slices[winner].items():
        if part in ("general", "changed") or own.high is None:
            continue
        better = {
            name: estimate.value or 0.0
            for name in case.eligible
            if (estimate := slices[name].get(part)) and estimate.low is not None and own.high < estimate.low
        }
        if better:
            best = max(better, key=lambda name: better[name])
            warnings.append(
                f"On the slice '{part}', {best} is ahead of {winner} ({percent(better[best])} against "
                f"{percent(own.value or 0.0)}): the verdict depends on how often such questions are asked."
            )
    return warnings
