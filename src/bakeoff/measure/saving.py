"""What a cascade saves: its accuracy and value against its cost, for one setting of its thresholds after another.

Takes who answers each test question in each setting, and the grades of the levels behind it; gives the curve. Does not
know how thresholds are fitted, and none is fitted here: the test only measures them.

A level's answer that its own threshold would withhold counts as given where the cascade uses it. Curves show the grades
and are not corrected by labels. Unsure answers count half; intervals reach from all of them wrong to all of them right.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from bakeoff.measure.comparison import CascadeCurve, CascadePoint, Estimate
from bakeoff.measure.graded import UNSURE, Values, graded
from bakeoff.measure.statistics import graded_share, mean_estimate, ratio_estimate
from bakeoff.records import Question

Facts = Mapping[str, str]


class Spent(NamedTuple):
    """What the answers of all levels that were asked took together."""

    seconds: float = 0.0
    tokens: int = 0
    usd: float = 0.0

    def plus(self, other: "Spent") -> "Spent":
        return Spent(self.seconds + other.seconds, self.tokens + other.tokens, self.usd + other.usd)


class Way(NamedTuple):
    """One setting of the thresholds: which level answers each test question, and what is spent on it.

    `right_answer_usd` is what a right answer was worth when they were fitted on dev with cost counted; None: cost did
    not count. `share` is the share of its dev answers that each level keeps, if they were set by that. `is_cascade` is
    False for a level that answers everything by itself, declining by its own threshold.
    """

    by: Mapping[str, str]
    spent: Mapping[str, Spent]
    right_answer_usd: float | None = None
    share: float | None = None
    is_cascade: bool = True


class Course(NamedTuple):
    """The settings of one cascade. `levels` are in order; `alone` has each one answering everything by itself.

    `asked` are the levels that the cascade asks: those that dev found worth it.
    """

    levels: tuple[str, ...]
    wrong_answer_penalty: float
    chosen: Way
    alone: Mapping[str, Way]
    by_price: Sequence[Way]
    by_share: Sequence[Way]
    asked: tuple[str, ...] = ()


class _Grade(NamedTuple):
    """Whether an answer is right (1, 0 or UNSURE), and whether it was declined."""

    right: float
    declined: bool = False

    def worth(self, penalty: float, unsure: float = UNSURE) -> float:
        """Its value if an unsure answer is right with this probability."""
        right = unsure if self.right == UNSURE else self.right
        return right if self.declined else right - (1 - right) * penalty


Grades = Mapping[str, _Grade]
LevelValues = Mapping[str, Mapping[str, Values]]
"""Grades by level, measure and question id."""


def cascade_curves(
    questions: Sequence[Question], courses: Mapping[str, Course], values: LevelValues
) -> dict[str, CascadeCurve]:
    """The curve of each cascade on these questions; none for one that has no question left."""
    curves = {name: cascade_curve(course, questions, values) for name, course in courses.items()}
    return {name: curve for name, curve in curves.items() if curve is not None}


def cascade_curve(course: Course, questions: Sequence[Question], values: LevelValues) -> CascadeCurve | None:
    """The curve on these questions. Those that a level has no grade for are left out; None if none is left."""
    asked = {question.id: question for question in questions}
    shared = set(asked).intersection(course.chosen.by, *(values[name].get("correct", {}) for name in course.levels))
    facts = {key: question.fact for key, question in asked.items()}
    counted = {key: asked[key] for key in sorted(shared)}
    if not counted:
        return None

    def point(way: Way) -> CascadePoint:
        return _point(way, _grades(way, course.levels, counted, values), course.wrong_answer_penalty)

    last = course.alone[course.levels[-1]]
    chosen, before = (_grades(way, course.levels, counted, values) for way in (course.chosen, last))
    return CascadeCurve(
        levels=course.levels,
        asked=course.asked,
        wrong_answer_penalty=course.wrong_answer_penalty,
        n=len(counted),
        chosen=point(course.chosen),
        accuracy=graded_share(graded({key: grade.right for key, grade in chosen.items()}), facts),
        value=_value(chosen, course.wrong_answer_penalty, facts),
        gain=_gain(chosen, before, course, facts),
        cost_ratio=ratio_estimate(_usd(course.chosen, counted), _usd(last, counted), facts),
        alone={name: point(way) for name, way in course.alone.items()},
        by_price=tuple(map(point, course.by_price)),
        by_share=tuple(map(point, course.by_share)),
    )


def _grades(way: Way, levels: Sequence[str], counted: Mapping[str, Question], values: LevelValues) -> Grades:
    """The grade of each question's answer, as given by the level that gives it."""
    return {
        key: _as_used(question, values[way.by[key]])
        if way.is_cascade and way.by[key] != levels[-1]
        else _as_given(key, values[way.by[key]])
        for key, question in counted.items()
    }


def _as_given(key: str, values: Mapping[str, Values]) -> _Grade:
    return _Grade(values["correct"][key], bool(values["abstained"][key]))


def _as_used(question: Question, values: Mapping[str, Values]) -> _Grade:
    """Of a level that is sure: the text counts, whatever its own threshold says; it is none that declines."""
    return _Grade(values["knows"][question.id] if question.answerable else 0.0)


def _point(way: Way, grades: Grades, penalty: float) -> CascadePoint:
    spent = [way.spent[key] for key in grades]
    n = len(grades)
    counts = Counter(way.by[key] for key in grades)
    return CascadePoint(
        right_answer_usd=way.right_answer_usd,
        share=way.share,
        answered_by={name: count / n for name, count in counts.items()},
        accuracy=fmean(grade.right for grade in grades.values()),
        value=fmean(grade.worth(penalty) for grade in grades.values()),
        seconds=fmean(one.seconds for one in spent),
        tokens=fmean(one.tokens for one in spent),
        usd=fmean(one.usd for one in spent),
    )


def _value(grades: Grades, penalty: float, facts: Facts) -> Estimate:
    return _between(
        {key: (grade.worth(penalty, 0.0), grade.worth(penalty, 1.0)) for key, grade in grades.items()}, facts
    )


def _gain(chosen: Grades, last: Grades, course: Course, facts: Facts) -> Estimate:
    """How much more an answer of the cascade is worth than one of its last level, over the same questions.

    Where the last level answers in both, there is no difference, however its answer is graded.
    """
    penalty = course.wrong_answer_penalty
    ends = {
        key: (
            grade.worth(penalty, 0.0) - last[key].worth(penalty, 1.0),
            grade.worth(penalty, 1.0) - last[key].worth(penalty, 0.0),
        )
        if course.chosen.by[key] != course.levels[-1]
        else (0.0, 0.0)
        for key, grade in chosen.items()
    }
    return _between(ends, facts)


def _between(ends: Mapping[str, tuple[float, float]], facts: Facts) -> Estimate:
    """The mean of values of which some are only known to lie between two ends, halfway; its interval covers all."""
    low, high = ({key: ends[key][side] for key in ends} for side in (0, 1))
    middle = mean_estimate({key: (low[key] + high[key]) / 2 for key in ends}, facts)
    least, most = mean_estimate(low, facts), mean_estimate(high, facts)
    unsure = sum(low[key] != high[key] for key in ends)
    doubt = ((most.value or 0.0) - (least.value or 0.0)) / 2
    return middle.model_copy(update={"low": least.low, "high": most.high, "unsure": unsure, "doubt": doubt})


def _usd(way: Way, counted: Mapping[str, Question]) -> dict[str, float]:
    return {key: way.spent[key].usd for key in counted}
