"""What a run shows, as plain statements: who leads, who is not significantly different, and how answers failed.

Takes `ReportData`, gives values and sentences. Knows nothing about HTML, Markdown or terminals.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bakeoff.measure.comparison import Comparison
from bakeoff.measures import ACCURACY, IN_DOMAIN, Measure
from bakeoff.questions.evidence import evidence_hit, is_document_level
from bakeoff.records import Answer, Contrast, Question
from bakeoff.report.gather import ReportData
from bakeoff.sentences import listed, percent

Outcome = Literal["correct", "abstained", "wrong", "declined", "error", "missing", "unscored"]
Shown = Literal["passages", "documents", "nothing", "unknown"]
Cause = Literal[
    "miss", "generation", "document", "reading", "memory", "invented", "unmarked", "declined", "error"
]  # fmt: skip

OUTCOMES: dict[Outcome, str] = {
    "correct": "correct",
    "abstained": "correctly declined",
    "wrong": "wrong",
    "declined": "declined, though there is an answer",
    "error": "error",
    "missing": "no answer yet",
    "unscored": "not scored",
}
RIGHT: tuple[Outcome, ...] = ("correct", "abstained")
CAUSES: dict[Cause, str] = {
    "miss": "Retrieval miss",
    "generation": "Generation error",
    "document": "Wrong, right document retrieved",
    "reading": "Wrong with all documents shown",
    "memory": "Wrong from memory",
    "invented": "Answered the unanswerable",
    "unmarked": "Wrong, cause unknown",
    "declined": "Declined an answerable question",
    "error": "Error",
}
CAUSE_MEANINGS: dict[Cause, str] = {
    "miss": "wrong, and no passage it was shown holds the answer",
    "generation": "wrong, although a passage it was shown holds the answer",
    "document": "wrong; a passage of the right document was shown, but it is not known where in it the answer stands",
    "reading": "wrong, although whole documents were shown",
    "memory": "wrong, and nothing was shown to it",
    "invented": "answered, although the documents hold no answer",
    "unmarked": "wrong, and it is not known what it was shown or where the answer stands",
    "declined": "declined a question that has an answer",
    "error": "the contender returned an error; it counts neither as correct nor as wrong",
}


def outcome(data: ReportData, contender: str, question: Question) -> Outcome:
    """How a contender's answer in the main pass came out.

    A declined answer is never shown as one that was correct or wrong: what it would have said was not said.
    """
    answer = data.answers[contender].get(question.id)
    if answer is None:
        return "missing"
    return _outcome(answer, data.correct.get((contender, question.id)), question.answerable)


def outcome_after_update(data: ReportData, contender: str, question: Question) -> Outcome:
    """How a contender's answer came out once the documents were updated."""
    correct = data.correct_after_update.get((contender, question.id))
    return _outcome(data.updated[contender][question.id], correct, question.answerable)


def _outcome(answer: Answer, correct: float | None, is_answerable: bool) -> Outcome:
    if answer.error is not None:
        return "error"
    if correct is None:
        return "unscored"
    if answer.abstained:
        return "declined" if is_answerable else "abstained"
    return "correct" if correct >= 0.5 else "wrong"


def shown_to(comparison: Comparison, answer: Answer) -> Shown:
    """What stood before whoever gave this answer: of a question that was sent on, the contender it was sent to."""
    if answer.citations:
        return "passages"
    name = answer.route if answer.route in comparison.names else answer.contender
    if name not in comparison.names:
        return "unknown"
    entrant = comparison.entrant(name)
    if entrant.retrieves:
        return "passages"
    if entrant.axes is None:
        return "unknown"
    return "documents" if entrant.axes.knowledge else "nothing"


def cause(question: Question, answer: Answer, came_out: Outcome, shown: Shown) -> Cause | None:
    """Why an answer that is not correct failed; None for the others. `shown` is what stood before its contender."""
    if came_out == "error":
        return "error"
    if came_out == "declined":
        return "declined"
    if came_out != "wrong":
        return None
    if not question.answerable:
        return "invented"
    if shown == "passages":
        return _of_passages(question, answer)
    by_what: dict[Shown, Cause] = {"documents": "reading", "nothing": "memory"}
    return by_what.get(shown, "unmarked")


def _of_passages(question: Question, answer: Answer) -> Cause:
    is_hit = evidence_hit(question, (hit.chunk for hit in answer.citations))
    if is_hit is None:
        return "unmarked"
    if not is_hit:
        return "miss"
    return "document" if is_document_level(question) else "generation"


def failures(data: ReportData) -> dict[str, Counter[Cause]]:
    """How often each contender failed for each cause, on the questions that its accuracy counts."""
    found: dict[str, Counter[Cause]] = {}
    for name in data.contenders:
        causes = (
            why(data, name, question)
            for question in data.questions
            if question.slice in IN_DOMAIN and question.id in data.answers[name]
        )
        found[name] = Counter(one for one in causes if one is not None)
    return found


def why(data: ReportData, contender: str, question: Question) -> Cause | None:
    """Why a contender's answer in the main pass failed; None for one that did not."""
    answer = data.answers[contender][question.id]
    return cause(question, answer, outcome(data, contender, question), shown_to(data.comparison, answer))


@dataclass(frozen=True)
class Standing:
    """The contenders with the best value of a measure, and how the others stand to them."""

    best: tuple[str, ...]
    tied: tuple[str, ...]
    behind: tuple[str, ...]
    unknown: tuple[str, ...]


def standing(data: ReportData, measure: Measure) -> Standing:
    """Who has the best value; who is not significantly different by the paired test; who is significantly behind."""
    values = data.values(measure.name)
    best = measure.best(values)
    sign = 1 if measure.better == "lower" else -1
    groups: dict[str, list[str]] = {"tied": [], "behind": [], "unknown": []}
    for name in sorted(set(values) - set(best), key=lambda name: (sign * values[name], name)):
        found = [data.comparison.contrast(leader, name, measure.name) for leader in best]
        groups[_group(found)].append(name)
    return Standing(tuple(best), *(tuple(groups[key]) for key in ("tied", "behind", "unknown")))


def _group(found: Sequence[Contrast | None]) -> str:
    if any(one is not None and one.finding != "different" for one in found):
        return "tied"
    return "behind" if found and all(one is not None for one in found) else "unknown"


def headline(data: ReportData) -> tuple[str, str]:
    """The result in one sentence, and what is needed to read it correctly; no winner where intervals forbid it."""
    values = data.values("accuracy")
    if not values:
        return "No accuracy was measured in this run.", "What it recorded is shown below."
    stands = standing(data, ACCURACY)
    if values[stands.best[0]] == 0:
        return (
            f"No contender answered any of {_questions(data, stands.best[0])} correctly.",
            "Look at the questions and answers below before anything else.",
        )
    return _lead_sentence(data, stands), _following(stands, len(values))


def _lead_sentence(data: ReportData, stands: Standing) -> str:
    first = data.estimate(stands.best[0], "accuracy")
    span = ACCURACY.interval(first.low, first.high)
    share = f"{percent(first.value or 0)} of {_questions(data, stands.best[0])}"
    share += f" (95{percent(0)[1:]} interval {span})" if span else ""
    if len(stands.best) > 1:
        return f"{listed(stands.best)} were correct equally often, on {share}."
    name = stands.best[0]
    if stands.tied:
        return (
            f"{name} was correct most often, on {share}, but is not significantly different from {listed(stands.tied)}."
        )
    if stands.behind and not stands.unknown:
        return f"{name} was correct on {share}, significantly more often than every other contender."
    return f"{name} was correct on {share}."


def _following(stands: Standing, n: int) -> str:
    sentences = []
    if len(stands.best) > 1 and stands.tied:
        sentences.append(f"They are not significantly different from {listed(stands.tied)}.")
    if stands.behind and (stands.tied or len(stands.best) > 1 or stands.unknown):
        sentences.append(f"{listed(stands.behind)} {_were(stands.behind)} significantly less accurate.")
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


def slices(data: ReportData) -> list[str]:
    """The slices of which some contender's accuracy was measured, in the order of the design."""
    known = ["seen", "unseen", "changed", "unanswerable", "general"]
    found = {
        name
        for contender in data.contenders
        for name, one in data.estimate(contender, "accuracy").slices.items()
        if one.value is not None
    }
    return [name for name in known if name in found] + sorted(found.difference(known))


def seconds_by_stage(data: ReportData) -> dict[str, dict[str, float]]:
    """Seconds by stage, then contender ('' where shared), in the order in which the stages ran."""
    found: dict[str, dict[str, float]] = {}
    for stage in data.stages:
        row = found.setdefault(stage.stage, {})
        row[stage.contender] = row.get(stage.contender, 0.0) + stage.seconds
    return found
