"""The baseline that needs no model: always giving the answer that is most frequent in training.

Takes questions and what the contenders got right, gives a `ConstantAnswer`. Where few answers are given often (yes and
no, labels) it can be hard to beat. Knows nothing about how contenders answer.
"""

from collections.abc import Mapping, Sequence

from bakeoff.grading.grade import grade, squad_normalise
from bakeoff.measure.comparison import CONSTANT, ConstantAnswer
from bakeoff.measure.statistics import MARGIN, paired, share_estimate, with_holm
from bakeoff.measures import IN_DOMAIN
from bakeoff.records import Question


def most_frequent_answer(training: Sequence[Question]) -> str | None:
    """The first accepted answer that most training questions share, the earliest among equals; None without any.

    Questions of general knowledge and about updates do not count. Spellings that grade alike are one answer.
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
    correct: Mapping[str, Mapping[str, float]],
    margin: float = MARGIN,
) -> ConstantAnswer | None:
    """The constant answer's accuracy on these test questions, and each contender's contrast with it.

    `correct` is by contender, then question id. None where no training question has an answer.
    """
    answer = most_frequent_answer(training)
    tested = [question for question in questions if question.slice in IN_DOMAIN]
    if answer is None or not tested:
        return None
    facts = {question.id: question.fact for question in tested}
    values = {question.id: float(_is_correct(question, answer)) for question in tested}
    found = [
        paired(name, CONSTANT, _ahead(given, values), facts, "accuracy", margin, n_pairs=len(correct))
        for name, given in correct.items()
    ]
    return ConstantAnswer(
        answer=answer,
        accuracy=share_estimate(values, facts),
        contrasts=tuple(with_holm([contrast for contrast in found if contrast is not None])),
    )


def _is_correct(question: Question, answer: str) -> bool:
    return question.answerable and grade(answer, question.answers, question.kind).correct


def _ahead(given: Mapping[str, float], constant: Mapping[str, float]) -> dict[str, float]:
    return {key: given[key] - constant[key] for key in given if key in constant}
