"""Answers to scores: one value for each question and measure.

Takes questions and their answers, gives `Score`s. Does not know how an answer was made. A failed answer scores None on
every measure but `error`, so it does not count as a wrong answer but is not lost either.

| measure | 1 means |
|---|---|
| correct | correct, or declined if the documents hold no answer; on `general` the same as knows |
| knows | the text is correct, whether or not it was declined |
| hallucinated | answered, and wrong |
| abstained | declined |
| exact_match, f1 | SQuAD's exact match and token F1 of the text (answerable questions) |
| evidence_hit | a chunk it was shown holds the gold evidence |
| consistent | the share of the fact's other phrasings that got the same answer |
| unsure | it can be called neither right nor wrong: `correct`, `knows` and `hallucinated` are 0.5 |
| truncated | the token limit cut the text off |
| error | the contender returned an error |

The team's own measures are scored too, each under its own name.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from bakeoff.grading.grade import equivalent, grade
from bakeoff.grading.label import label_key, without_lead_in
from bakeoff.grading.rulings import Verdict
from bakeoff.measure.graded import UNSURE, Values
from bakeoff.measure.own import own_value
from bakeoff.measures import Measure
from bakeoff.questions.evidence.evidence import evidence_hit
from bakeoff.questions.facts.labels import LABEL, label_keys
from bakeoff.questions.facts.near_copies import wording
from bakeoff.records import Answer, Phase, Question, Score


def values_of(scores: Iterable[Score], phase: Phase = "test") -> Mapping[str, Mapping[str, Values]]:
    """The values of one phase by contender, measure and question id. A failed answer has a value for `error` only."""
    return values_by_phase(scores).get(phase, {})


def values_by_phase(scores: Iterable[Score]) -> Mapping[Phase, Mapping[str, Mapping[str, Values]]]:
    """The values by phase, contender, measure and question id, in one pass over the scores."""
    phases: dict[Phase, dict[str, dict[str, dict[str, float]]]] = {}
    for score in scores:
        measures = phases.setdefault(score.phase, {}).setdefault(score.contender, {})
        if score.value is not None:
            measures.setdefault(score.measure, {})[score.question_id] = score.value
    return phases


RIGHTNESS: Mapping[Verdict, float] = {"right": 1.0, "unsure": UNSURE, "wrong": 0.0}


def rightness(question: Question, text: str, labels: Collection[str] = ()) -> float:
    """1 if the text answers the question correctly, 0 if not, `UNSURE` if it can be called neither.

    Where the documents hold no answer, a text is right if it says so. `labels` are as in `grade`.
    """
    return RIGHTNESS[grade(text, question.answers, question.kind, labels).verdict]


def score_answers(
    questions: Sequence[Question],
    answers: Sequence[Answer],
    phase: Phase = "test",
    own: Sequence[Measure] = (),
) -> list[Score]:
    """All per-question scores of one contender's answers, in the order of the questions that have an answer.

    Grades are the rules'. `own` are the team's own measures. Raises MeasureError if one of them fails on a question.
    """
    by_id = {answer.question_id: answer for answer in answers}
    asked = [question for question in questions if question.id in by_id]
    agreement, labels = _agreement(asked, by_id), label_keys(questions)
    scores = []
    for question in asked:
        answer = by_id[question.id]
        values = _values(question, answer, labels) | {"consistent": agreement.get(question.id)}
        values |= {measure.name: None if answer.error else own_value(measure, question, answer) for measure in own}
        scores += [
            Score(question_id=question.id, contender=answer.contender, phase=phase, measure=measure, value=value)
            for measure, value in values.items()
            if value is not None or answer.error
        ]
    return scores


def _values(question: Question, answer: Answer, labels: Collection[str]) -> dict[str, float | None]:
    if answer.error is not None:
        return {"correct": None, "hallucinated": None, "abstained": None, "error": 1.0}
    graded = grade(answer.text, question.answers, question.kind, labels)
    right = RIGHTNESS[graded.verdict]
    # A general question tests what the model knows, so a declined answer counts by its text.
    declines = answer.abstained and question.slice != "general"
    correct = (0.0 if question.answerable else 1.0) if declines else right
    holds_evidence = evidence_hit(question, (hit.chunk for hit in answer.citations)) if answer.citations else None
    of_answerable = {
        "knows": right,
        "exact_match": float(graded.exact_match and not answer.abstained),
        "f1": graded.f1 * (not answer.abstained),
    }
    return {
        "correct": correct,
        "hallucinated": 0.0 if answer.abstained else 1.0 - right,
        **(of_answerable if question.answerable else {}),
        "abstained": float(answer.abstained),
        "evidence_hit": None if holds_evidence is None else float(holds_evidence),
        "unsure": float(correct == UNSURE),
        "truncated": float(answer.truncated),
        "error": 0.0,
    }


def _agreement(questions: Sequence[Question], answers: dict[str, Answer]) -> dict[str, float]:
    """For each question whose fact has other phrasings: the share of them that got the same answer."""
    phrasings: dict[str, dict[str, Question]] = defaultdict(dict)
    for question in questions:
        if answers[question.id].error is None and question.slice not in ("general", "unanswerable"):
            # one that is asked again in the same words, as after an update, is no other phrasing
            phrasings[question.fact].setdefault(wording(question.text), question)
    agreement = {}
    for group in phrasings.values():
        for question in group.values():
            others = [other for other in group.values() if other is not question]
            if others:
                same = [_same(question, answers[question.id], other, answers[other.id]) for other in others]
                agreement[question.id] = sum(same) / len(same)
    return agreement


def _same(question: Question, answer: Answer, other: Question, other_answer: Answer) -> bool:
    if answer.abstained or other_answer.abstained:
        return answer.abstained and other_answer.abstained
    if question.kind == other.kind == LABEL:
        return label_key(without_lead_in(answer.text)) == label_key(without_lead_in(other_answer.text))
    if rightness(question, answer.text) == rightness(other, other_answer.text) == 1.0:
        return True
    return equivalent(answer.text, other_answer.text)
