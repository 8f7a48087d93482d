"""What two runs measured about the same contenders, and whether the difference is significant.

Takes two run folders, gives records. If both runs asked the same questions (id, text and accepted answers), each
contender is compared with itself question by question, clustered by fact. Otherwise only its two intervals are
compared. Grades are corrected by the labels of each run; the same answer in both runs is no difference.

Sources: the paired test and its interval, `measure/statistics.py`; the interval of a difference of two independent
shares from their own intervals, Newcombe 1998, method 10, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>.
"""

import math
from collections.abc import Mapping
from typing import Literal

from bakeoff.decide.situation.profile import Profile
from bakeoff.measure.anytime import anytime_paired
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.measure.ppi_intervals import contrast as corrected_contrast
from bakeoff.measure.statistics import paired, with_holm
from bakeoff.measures import IN_DOMAIN, MEASURES
from bakeoff.records import Contrast, Question, Record
from bakeoff.runs.diff_grades import (
    GradedRun,
    changed_grades,
    corrected_differences,
    graded_differences,
    graded_run,
    grading_note,
    is_corrected,
    never_differs,
)
from bakeoff.runs.folder import RunFolder

CONTRASTED = {measure.name: measure.score for measure in MEASURES if measure.contrasted}
"""The compared measures, each with the per-question score it is made of."""
LOOKING_AGAIN = (
    "Since the test changed, and may change again, intervals and p-values are those that hold however often a growing "
    "test is looked at; they are wider than those of a test that stays the same."
)
SHARED_ENOUGH = 0.5
"""A paired test needs at least this share of the smaller test to be in both runs."""

Runs = tuple[GradedRun, GradedRun]
"""The run before and the run after."""


class Difference(Record):
    """One contender's measure after minus before, with its 95 % interval.

    `paired`: the same questions were compared; then `p` is adjusted (Holm) over the contenders. `finding` is 'same'
    (every answer compared is the same in both runs; paired only), 'different', 'tied' (within the margin; paired only)
    or 'open'. `n` is the number of questions compared. The interval is about further questions, so it has a width even
    if all answers are the same.
    """

    difference: float
    low: float
    high: float
    paired: bool
    anytime: bool = False
    p: float | None = None
    finding: Literal["same", "different", "tied", "open"]
    n: int


class Before(Record):
    """A measure's value in both runs. None if it was not measured."""

    before: float | None
    after: float | None


class ContenderDiff(Record):
    """A contender in both runs. `better` and `worse` are the shared test questions that another answer changed.

    An answer counts by its label, or by its grade if it has none. Those that are unsure in one of the runs are in
    neither.
    """

    values: dict[str, Before]
    differences: dict[str, Difference]
    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()


class ResultsDiff(Record):
    """The contenders of both runs, those of only one, and a note on how they were compared."""

    note: str
    n_shared: int
    contenders: dict[str, ContenderDiff]
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()


def results_diff(before: RunFolder, after: RunFolder) -> ResultsDiff:
    """What both runs measured, compared. Raises RunFolderError if a comparison or the scores are missing."""
    a, b = before.comparison(), after.comparison()
    names = [name for name in a.names if name in b.names]
    tested = [_tested(folder) for folder in (before, after)]
    shared = _shared(*tested)
    n_smaller = min(map(len, tested))
    is_paired = bool(shared) and len(shared) >= SHARED_ENOUGH * n_smaller
    runs = (graded_run(before, names), graded_run(after, names))
    is_growing = is_paired and not len(shared) == len(tested[0]) == len(tested[1]) and not is_corrected(*runs)
    differences = (
        _paired(names, runs, {key: tested[1][key].fact for key in shared}, after.config().profile, is_growing)
        if is_paired
        else {name: _unpaired(name, a, b) for name in names}
    )
    of_test = _note(len(shared), len(tested[0]), len(tested[1]), is_paired)
    notes = (of_test, LOOKING_AGAIN if is_growing else "", _graded_note(runs, names, shared))
    return ResultsDiff(
        note=" ".join(filter(None, notes)),
        n_shared=len(shared),
        contenders={
            name: _contender(name, a, b, differences[name], changed_grades(*runs, name, shared)) for name in names
        },
        only_before=tuple(name for name in a.names if name not in b.names),
        only_after=tuple(name for name in b.names if name not in a.names),
    )


def _tested(folder: RunFolder) -> dict[str, Question]:
    """The test questions that count for accuracy, by id."""
    return {
        question.id: question
        for question in folder.questions()
        if question.split == "test" and question.slice in IN_DOMAIN
    }


def _shared(before: Mapping[str, Question], after: Mapping[str, Question]) -> list[str]:
    """The ids under which both runs asked the same question and accept the same answers."""

    def asked(question: Question) -> tuple[str, frozenset[str], str]:
        return question.text, frozenset(question.answers), question.kind

    return [key for key in before if key in after and asked(before[key]) == asked(after[key])]


def _note(n_shared: int, n_before: int, n_after: int, is_paired: bool) -> str:
    if n_shared == n_before == n_after:
        return f"Paired: both runs asked the same {n_shared} test questions."
    asked = f"{n_shared} test questions are the same in both runs (of {n_before} before and {n_after} after)"
    if is_paired:
        return f"Paired on shared questions: {asked}. The values shown are for all questions of each run."
    return (
        f"Not paired: {asked}. Part of each difference may come from the questions and not from the contender. "
        "Intervals are wide."
    )


def _graded_note(runs: Runs, names: list[str], shared: list[str]) -> str:
    """What differs between how the runs were graded, and what that means for the numbers; empty if nothing does."""
    note = grading_note(*runs, names, shared)
    return note and (
        f"{note} Part of what changed in the values shown may come from that. In paired differences, the same answer "
        "in both runs counts as no difference."
    )


def _paired(
    names: list[str], runs: Runs, fact_of: Mapping[str, str], profile: Profile, is_growing: bool
) -> dict[str, dict[str, Difference]]:
    """The paired contrasts by contender and measure, adjusted over the contenders."""
    by_contender: dict[str, dict[str, Difference]] = {name: {} for name in names}
    same = {name for name in names if never_differs(*runs, name, fact_of)}
    for measure in CONTRASTED:
        contrasts = [_contrast(name, measure, runs, fact_of, profile.margin, is_growing) for name in names]
        for contrast in with_holm([contrast for contrast in contrasts if contrast is not None]):
            by_contender[contrast.a][measure] = _difference(contrast, contrast.a in same, is_growing)
    return by_contender


def _contrast(
    name: str, measure: str, runs: Runs, fact_of: Mapping[str, str], margin: float, is_growing: bool
) -> Contrast | None:
    """After minus before of one contender. None if no question was answered in both runs."""
    if not is_corrected(*runs):
        differences = graded_differences(*runs, name, CONTRASTED[measure], fact_of.keys())
        return (anytime_paired if is_growing else paired)(name, name, differences, fact_of, measure, margin)
    table = corrected_differences(*runs, name, CONTRASTED[measure], fact_of)
    return table and corrected_contrast(name, name, table, measure, margin)


def _difference(contrast: Contrast, is_same: bool, is_growing: bool) -> Difference:
    return Difference(
        difference=contrast.difference,
        low=contrast.low,
        high=contrast.high,
        paired=True,
        anytime=is_growing,
        p=contrast.p_adjusted,
        finding="same" if is_same else contrast.finding,
        n=contrast.n,
    )


def _unpaired(name: str, before: Comparison, after: Comparison) -> dict[str, Difference]:
    """The differences of independent shares by measure, each with Newcombe's interval."""
    pairs = {measure: (before.estimate(name, measure), after.estimate(name, measure)) for measure in CONTRASTED}
    differences = {measure: independent_difference(a, b) for measure, (a, b) in pairs.items()}
    return {measure: difference for measure, difference in differences.items() if difference is not None}


def independent_difference(before: Estimate, after: Estimate) -> Difference | None:
    """The difference of two shares measured on different questions. None if one was not measured."""
    if None in (before.value, before.low, before.high, after.value, after.low, after.high):
        return None
    a, a_low, a_high = (float(value or 0.0) for value in (before.value, before.low, before.high))
    b, b_low, b_high = (float(value or 0.0) for value in (after.value, after.low, after.high))
    low = b - a - math.hypot(b - b_low, a_high - a)
    high = b - a + math.hypot(b_high - b, a - a_low)
    return Difference(
        difference=b - a,
        low=low,
        high=high,
        paired=False,
        finding="different" if low > 0 or high < 0 else "open",
        n=min(before.n, after.n),
    )


def _contender(
    name: str,
    before: Comparison,
    after: Comparison,
    differences: Mapping[str, Difference],
    moved: Mapping[str, float],
) -> ContenderDiff:
    measures = [measure for measure in before.measures[name] if measure in after.measures[name]]
    return ContenderDiff(
        values={
            measure: Before(before=before.estimate(name, measure).value, after=after.estimate(name, measure).value)
            for measure in measures
        },
        differences=dict(differences),
        better=tuple(key for key, change in moved.items() if change > 0),
        worse=tuple(key for key, change in moved.items() if change < 0),
    )
