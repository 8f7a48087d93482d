"""What a run shows, as plain statements: who leads, who cannot be told apart from whom, and how answers failed.

Takes `ReportData`, gives values and sentences. Knows nothing about HTML, Markdown or terminals.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bakeoff.measure.summary import IN_DOMAIN
from bakeoff.questions.evidence import evidence_hit
from bakeoff.records import Answer, Contrast, Question
from bakeoff.report.gather import ReportData
from bakeoff.report.measures import BY_NAME, Measure, percent
from bakeoff.sentences import listed

Outcome = Literal["correct", "wrong", "declined", "error", "missing", "unscored"]
Cause = Literal["miss", "generation", "memory", "invented", "unmarked", "declined", "error"]

OUTCOMES: dict[Outcome, str] = {
    "correct": "correct",
    "wrong": "wrong",
    "declined": "declined",
    "error": "error",
    "missing": "no answer yet",
    "unscored": "not scored",
}
CAUSES: dict[Cause, str] = {
    "miss": "Retrieval miss",
    "generation": "Generation error",
    "memory": "Wrong from memory",
    "invented": "Answered the unanswerable",
    "unmarked": "Wrong, evidence unknown",
    "declined": "Declined in vain",
    "error": "Error",
}
CAUSE_MEANINGS: dict[Cause, str] = {
    "miss": "wrong, and no passage it was shown holds the answer",
    "generation": "wrong, although a passage it was shown holds the answer",
    "memory": "wrong, with no passage to look at",
    "invented": "answered, although the documents hold no answer",
    "unmarked": "wrong, and the question names no evidence to hold the passages against",
    "declined": "said “I don't know” to a question that has an answer",
    "error": "no answer was had; it counts neither as right nor as wrong",
}


def outcome(data: ReportData, contender: str, question_id: str) -> Outcome:
    """How a contender's answer in the main pass came out. Declining an unanswerable question is correct."""
    answer = data.answers[contender].get(question_id)
    if answer is None:
        return "missing"
    return _outcome(answer, data.scores.get((contender, question_id, "correct")))


def _outcome(answer: Answer, correct: float | None) -> Outcome:
    if answer.error is not None:
        return "error"
    if correct is None:
        return "unscored"
    if correct >= 0.5:
        return "correct"
    return "declined" if answer.abstained else "wrong"


def outcome_after_update(data: ReportData, contender: str, question_id: str) -> Outcome:
    """How a contender's answer came out once the documents were updated."""
    return _outcome(data.updated[contender][question_id], data.scores_after_update.get((contender, question_id)))


def cause(question: Question, answer: Answer, came_out: Outcome) -> Cause | None:
    """Why an answer that is not correct failed; None for the others."""
    if came_out == "error":
        return "error"
    if came_out == "declined":
        return "declined"
    if came_out != "wrong":
        return None
    if not question.answerable:
        return "invented"
    if not answer.citations:
        return "memory"
    shown = evidence_hit(question, (hit.chunk for hit in answer.citations))
    return "unmarked" if shown is None else "generation" if shown else "miss"


def failures(data: ReportData) -> dict[str, Counter[Cause]]:
    """How often each contender failed for each cause, on the questions that its accuracy counts."""
    found: dict[str, Counter[Cause]] = {}
    for name in data.contenders:
        causes = (
            cause(question, data.answers[name][question.id], outcome(data, name, question.id))
            for question in data.questions
            if question.slice in IN_DOMAIN and question.id in data.answers[name]
        )
        found[name] = Counter(why for why in causes if why is not None)
    return found


def contrast(data: ReportData, a: str, b: str, measure: str = "accuracy") -> Contrast | None:
    """The paired difference a - b, whichever way round it was recorded; None where it was not."""
    for found in data.contrasts:
        if found.measure != measure:
            continue
        if (found.a, found.b) == (a, b):
            return found
        if (found.a, found.b) == (b, a):
            return found.model_copy(
                update={"a": a, "b": b, "difference": -found.difference, "low": -found.high, "high": -found.low}
            )
    return None


@dataclass(frozen=True)
class Standing:
    """The contenders with the best value of a measure, and how the others stand to them."""

    best: tuple[str, ...]
    tied: tuple[str, ...]
    behind: tuple[str, ...]
    unknown: tuple[str, ...]


def standing(data: ReportData, measure: Measure) -> Standing:
    """Who has the best value; who was not told apart from it by the paired test; who is measurably behind."""
    values = data.values(measure.name)
    best = measure.best(values)
    sign = -1 if measure.better == "higher" else 1
    groups: dict[str, list[str]] = {"tied": [], "behind": [], "unknown": []}
    for name in sorted(set(values) - set(best), key=lambda name: (sign * values[name], name)):
        found = [contrast(data, leader, name, measure.name) for leader in best]
        groups[_group(found)].append(name)
    return Standing(tuple(best), *(tuple(groups[key]) for key in ("tied", "behind", "unknown")))


def _group(found: Sequence[Contrast | None]) -> str:
    if any(one is not None and one.finding != "different" for one in found):
        return "tied"
    return "behind" if found and all(one is not None for one in found) else "unknown"


def headline(data: ReportData) -> tuple[str, str]:
    """The result in one sentence, and what it takes to read it rightly; no winner where intervals forbid it."""
    measure = BY_NAME["accuracy"]
    values = data.values("accuracy")
    if not values:
        return "No accuracy was measured in this run.", "What it recorded is shown all the same."
    stands = standing(data, measure)
    if values[stands.best[0]] == 0:
        return (
            f"No contender answered any of {_questions(data, stands.best[0])} correctly.",
            "Look at the questions and answers below before anything else.",
        )
    return _lead_sentence(data, stands), _following(stands, len(values))


def _lead_sentence(data: ReportData, stands: Standing) -> str:
    first = data.estimate(stands.best[0], "accuracy")
    span = BY_NAME["accuracy"].interval(first.low, first.high)
    share = f"{percent(first.value or 0)} of {_questions(data, stands.best[0])}"
    share += f" (95{percent(0)[1:]} interval {span})" if span else ""
    if len(stands.best) > 1:
        return f"{listed(stands.best)} were right equally often, on {share}."
    name = stands.best[0]
    if stands.tied:
        return f"{name} was right most often, on {share}, but cannot be told apart from {listed(stands.tied)}."
    if stands.behind and not stands.unknown:
        return f"{name} was right on {share}, measurably more often than every other contender."
    return f"{name} was right on {share}."


def _following(stands: Standing, n: int) -> str:
    sentences = []
    if len(stands.best) > 1 and stands.tied:
        sentences.append(f"They cannot be told apart from {listed(stands.tied)}.")
    if stands.behind and (stands.tied or len(stands.best) > 1 or stands.unknown):
        sentences.append(f"{listed(stands.behind)} {_were(stands.behind)} measurably less accurate.")
    if stands.unknown:
        sentences.append(f"No paired comparison with {listed(stands.unknown)} was recorded.")
    if n == 1:
        sentences.append("It is the only contender with a measured accuracy: there is nothing to compare it with.")
    return " ".join(sentences)


def _questions(data: ReportData, contender: str) -> str:
    n = data.estimate(contender, "accuracy").n
    return f"{n:,} questions" if n != 1 else "one question"


def _were(names: Sequence[str]) -> str:
    return "were" if len(names) > 1 else "was"


@dataclass(frozen=True)
class Step:
    """What changes from one cell of the grid to the next, in accuracy."""

    a: str
    b: str
    difference: float
    low: float | None
    high: float | None

    @property
    def is_clear(self) -> bool:
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def step(data: ReportData, a: str, b: str) -> Step | None:
    """The accuracy of b less that of a, with its paired interval where one was recorded; None where one is missing."""
    values = data.values("accuracy")
    if a not in values or b not in values:
        return None
    found = contrast(data, b, a)
    if found:
        return Step(a, b, found.difference, found.low, found.high)
    return Step(a, b, values[b] - values[a], None, None)


def slices(data: ReportData) -> list[str]:
    """The slices of which some contender's accuracy was measured, in the order of the design."""
    known = ["seen", "unseen", "changed", "unanswerable", "general"]
    found = {
        name
        for contender in data.contenders
        for name, one in data.estimate(contender, "accuracy").slices.items()
        if one is not None and one.value is not None
    }
    return [name for name in known if name in found] + sorted(found.difference(known))


def seconds_by_stage(data: ReportData) -> dict[str, dict[str, float]]:
    """Seconds by stage, then contender ('' where shared), in the order in which the stages ran."""
    found: dict[str, dict[str, float]] = {}
    for stage in data.stages:
        row = found.setdefault(stage.stage, {})
        row[stage.contender] = row.get(stage.contender, 0.0) + stage.seconds
    return found
