"""The baseline that needs no model: always give the most frequent answer in training.

Takes questions and which ones the contenders got right, gives a `ConstantAnswer`. It can be hard to beat if there are
few different answers (yes and no, labels). Does not know how contenders answer.
"""

from collections.abc import Mapping, Sequence

from bakeoff.grading.grade import squad_normalise
from bakeoff.measure.comparison import CONSTANT, ConstantAnswer, Estimate
from bakeoff.measure.contrasts import as_family
from bakeoff.measure.graded import UNSURE, Graded, Values, combined, known
from bakeoff.measure.score import rightness
from bakeoff.measure.statistics import MARGIN, PairedTest, Shifts, graded_share, paired_shift
from bakeoff.measures import IN_DOMAIN
from bakeoff.records import Question


def most_frequent_answer(training: Sequence[Question]) -> str | None:
    """The first accepted answer of most training questions, the earliest if several tie. None if there is none.

    Questions of general knowledge and about updates do not count. Spellings that are graded alike are one answer.
    """
    counts: dict[str, int] = {}
    spelling: dict[str, str] = {}
    for question in training:
        if question.answerable and question.slice not in ("general", "changed"):
            key = squad_normalise(question.answers[0])
            spelling.setdefault(key, question.answers[0])
            counts[key] = counts.get(key, 0) + 1
    return spelling[max(counts, key=lambda key: counts[key])] if counts else None


def constant_answer(
    training: Sequence[Question],
    questions: Sequence[Question],
    correct: Mapping[str, Graded],
    margin: float = MARGIN,
    shifts: Shifts | None = None,
) -> ConstantAnswer | None:
    """The constant answer's accuracy on these test questions, and each contender's contrast with it.

    Only what is surely correct counts for it, also in the contrasts: it was not written for these questions, so half of
    what cannot be graded would be too much, and could call a contender no better than it. The interval reaches up to
    all unsure ones being right. `correct` is by contender. `shifts` are as in `statistics.contrasts`. None if no
    training question has an answer.
    """
    answer = most_frequent_answer(training)
    tested = [question for question in questions if question.slice in IN_DOMAIN]
    if answer is None or not tested:
        return None
    facts = {question.id: question.fact for question in tested}
    values = {question.id: rightness(question, answer) if question.answerable else 0.0 for question in tested}
    constant = known({key: float(value == 1.0) for key, value in values.items()})
    compared = [
        PairedTest.of(
            name, CONSTANT, combined([(1.0, given), (-1.0, constant)]), facts, "accuracy", margin, None,
            paired_shift(shifts or {}, name, CONSTANT),
        )
        for name, given in correct.items()
    ]  # fmt: skip
    return ConstantAnswer(
        answer=answer,
        accuracy=_accuracy(values, facts),
        contrasts=tuple(as_family([test for test in compared if test is not None])),
    )


def _accuracy(values: Values, facts: Mapping[str, str]) -> Estimate:
    """The share that is surely correct. Its interval reaches to that of all unsure answers being right."""
    sure = graded_share(known({key: float(value == 1.0) for key, value in values.items()}), facts)
    most = graded_share(known({key: float(value > 0.0) for key, value in values.items()}), facts)
    return sure.model_copy(update={"high": most.high, "unsure": sum(value == UNSURE for value in values.values())})
