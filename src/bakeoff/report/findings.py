"""What a run shows: which contenders lead, which are not significantly different, and how answers failed.

Takes `ReportData`, gives values and sentences. Knows nothing about HTML, Markdown or terminals.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bakeoff.decide.wording import FEW_DIFFER, differs
from bakeoff.measure.comparison import NOTHING, Comparison, Estimate
from bakeoff.measure.graded import UNSURE
from bakeoff.measures import ACCURACY, IN_DOMAIN, Measure
from bakeoff.questions.answer_lengths import LENGTHS, AnswerLength
from bakeoff.questions.evidence.evidence import evidence_hit, is_document_level
from bakeoff.records import Answer, Contrast, Question
from bakeoff.report.gather import ReportData
from bakeoff.sentences import NOT_MEASURED, listed, percent

Outcome = Literal["correct", "abstained", "wrong", "unsure", "declined", "error", "missing", "unscored"]
Shown = Literal["passages", "documents", "nothing", "unknown"]
Cause = Literal[
    "miss", "generation", "document", "reading", "memory", "invented", "unmarked", "declined", "error", "unsure"
]  # fmt: skip

OUTCOMES: dict[Outcome, str] = {
    "correct": "correct",
    "abstained": "correctly declined",
    "wrong": "wrong",
    "unsure": "neither right nor wrong",
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
    "invented": "Answered an unanswerable question",
    "unmarked": "Wrong, cause unknown",
    "declined": "Declined an answerable question",
    "error": "Error",
    "unsure": "Neither right nor wrong",
}
CAUSE_MEANINGS: dict[Cause, str] = {
    "miss": "wrong, and none of the passages shown contains the answer",
    "generation": "wrong, although one of the passages shown contains the answer",
    "document": "wrong; a passage of the right document was shown, but it is not known where in it the answer is",
    "reading": "wrong, although whole documents were shown",
    "memory": "wrong, and no documents were shown",
    "invented": "answered, although the documents contain no answer",
    "unmarked": "wrong, and it is not known what was shown or where the answer is",
    "declined": "declined a question that has an answer",
    "error": "the contender returned an error; it counts neither as correct nor as wrong",
    "unsure": "cannot be called right or wrong; unless labels correct the shares, it counts half, and the intervals "
    "cover both",
}


LENGTHS_ABOUT = (
    "Answerable questions of the slices seen and unseen. Of several accepted answers, the shortest counts. Unsure "
    "answers count half in the share, and its interval covers both; with enough labels, only the share is known. Long "
    "answers are graded less reliably, and small models are weak at them."
)


def outcome(data: ReportData, contender: str, question: Question) -> Outcome:
    """The outcome of a contender's answer in the main pass.

    A declined answer never counts as correct or wrong by its withheld text.
    """
    answer = data.answers[contender].get(question.id)
    if answer is None:
        return "missing"
    return _outcome(answer, data.correct.get((contender, question.id)), question.answerable)


def outcome_after_update(data: ReportData, contender: str, question: Question) -> Outcome:
    """The outcome of a contender's answer after the documents were updated."""
    correct = data.correct_after_update.get((contender, question.id))
    return _outcome(data.updated[contender][question.id], correct, question.answerable)


def _outcome(answer: Answer, correct: float | None, is_answerable: bool) -> Outcome:
    if answer.error is not None:
        return "error"
    if correct is None:
        return "unscored"
    if answer.abstained:
        return "declined" if is_answerable else "abstained"
    if correct == UNSURE:
        return "unsure"
    return "correct" if correct else "wrong"


def shown_to(comparison: Comparison, answer: Answer) -> Shown:
    """What the contender that gave this answer was shown. For a routed question: the one it was sent to."""
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
    """Why an answer failed; None if it did not fail. `shown` is what its contender was shown."""
    if came_out == "error":
        return "error"
    if came_out == "declined":
        return "declined"
    if came_out == "unsure":
        return "unsure"
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
    """Number of failures by contender, then cause, on the questions that count for accuracy."""
    counts: dict[str, Counter[Cause]] = {}
    for name in data.contenders:
        causes = (
            why(data, name, question)
            for question in data.questions
            if question.slice in IN_DOMAIN and question.id in data.answers[name]
        )
        counts[name] = Counter(known for known in causes if known is not None)
    return counts


def why(data: ReportData, contender: str, question: Question) -> Cause | None:
    """Why a contender's answer in the main pass failed; None if it did not fail."""
    answer = data.answers[contender][question.id]
    return cause(question, answer, outcome(data, contender, question), shown_to(data.comparison, answer))


@dataclass(frozen=True)
class Standing:
    """The contenders with the best value of a measure, and the others by how they compare with them."""

    best: tuple[str, ...]
    tied: tuple[str, ...]
    behind: tuple[str, ...]
    unknown: tuple[str, ...]


def standing(data: ReportData, measure: Measure) -> Standing:
    """The contenders with the best value; the others are tied with them, significantly behind, or unknown."""
    values = data.sure(measure)
    best = measure.best(values)
    sign = 1 if measure.better == "lower" else -1
    groups: dict[str, list[str]] = {"tied": [], "behind": [], "unknown": []}
    for name in sorted(set(values) - set(best), key=lambda name: (sign * values[name], name)):
        contrasts = [data.comparison.contrast(leader, name, measure.name) for leader in best]
        groups[_group(contrasts)].append(name)
    return Standing(tuple(best), *(tuple(groups[key]) for key in ("tied", "behind", "unknown")))


def _group(contrasts: Sequence[Contrast | None]) -> str:
    if any(contrast is not None and contrast.finding != "different" for contrast in contrasts):
        return "tied"
    return "behind" if contrasts and all(contrast is not None for contrast in contrasts) else "unknown"


def headline(data: ReportData) -> tuple[str, str]:
    """The result in one sentence, and a second text with what is needed to read it correctly.

    It names no winner if the best contender is not significantly different from others.
    """
    values = data.values("accuracy")
    if not values:
        return "No accuracy was measured in this run.", "What the run recorded is shown below."
    stands = standing(data, ACCURACY)
    if not values[stands.best[0]]:
        return (
            f"No contender answered any of {_questions(data, stands.best[0])} correctly.",
            "Look at the questions and answers below first.",
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
        often = "correct most often" if _leads(data, name) else "surely correct most often"
        others = _with_differing(data, name, stands.tied)
        return f"{name} was {often}, on {share}, but is not significantly different from {others}."
    if stands.behind and not stands.unknown:
        return f"{name} was correct on {share}, significantly more often than every other contender."
    return f"{name} was correct on {share}."


def _with_differing(data: ReportData, leader: str, others: Sequence[str]) -> str:
    """The others' names, with the number of questions where they differ from the leader if these are few."""
    contrasts = {name: data.comparison.contrast(leader, name, ACCURACY.name) for name in others}
    counts = {name: of.differ for name, of in contrasts.items() if of}
    few = {name: n for name, n in counts.items() if n is not None and n <= FEW_DIFFER}
    return listed([f"{name} ({differs(few[name])})" if name in few else name for name in others])


def _leads(data: ReportData, name: str) -> bool:
    """Whether no other contender is shown with a higher accuracy, because unsure answers count half."""
    values = data.values("accuracy")
    return values[name] == max(values.values())


def _following(stands: Standing, n: int) -> str:
    sentences = []
    if len(stands.best) > 1 and stands.tied:
        sentences.append(f"They are not significantly different from {listed(stands.tied)}.")
    if stands.behind and (stands.tied or len(stands.best) > 1 or stands.unknown):
        sentences.append(f"{listed(stands.behind)} {_were(stands.behind)} significantly less accurate.")
    if stands.unknown:
        sentences.append(f"No paired comparison with {listed(stands.unknown)} was recorded.")
    if n == 1:
        sentences.append("It is the only contender with a measured accuracy, so there is nothing to compare it with.")
    return " ".join(sentences)


def _questions(data: ReportData, contender: str) -> str:
    n = data.estimate(contender, "accuracy").n
    return f"{n:,} questions" if n != 1 else "one question"


def _were(names: Sequence[str]) -> str:
    return "were" if len(names) > 1 else "was"


def slices(data: ReportData) -> list[str]:
    """The slices with a measured accuracy: seen, unseen, changed, unanswerable, general, then the others by name."""
    known = ["seen", "unseen", "changed", "unanswerable", "general"]
    measured = {
        name
        for contender in data.contenders
        for name, estimate in data.estimate(contender, "accuracy").slices.items()
        if estimate.value is not None
    }
    return [name for name in known if name in measured] + sorted(measured.difference(known))


@dataclass(frozen=True)
class OfLength:
    """A contender on the questions whose accepted answers have one length.

    `n_right`, `n_unsure` and `n_declined` are of `n`. `n_right` counts what is known to be right. Where labels correct
    the share it is None: people saw only some of the answers.
    """

    n: int
    n_right: int | None
    n_unsure: int
    n_declined: int
    accuracy: Estimate


def by_length(data: ReportData) -> dict[str, dict[AnswerLength, OfLength]]:
    """Right and declined answers by contender and length of the accepted answers; empty if all have one length."""
    found = {name: _of_lengths(data, name) for name in data.contenders}
    return {name: lengths for name, lengths in found.items() if lengths}


def _of_lengths(data: ReportData, name: str) -> dict[AnswerLength, OfLength]:
    declined = data.estimate(name, "abstention").by_length
    return {
        length: OfLength(
            n=accuracy.n,
            n_right=None if accuracy.labels else round(accuracy.n * (accuracy.least or 0.0)),
            n_unsure=accuracy.unsure,
            n_declined=round(accuracy.n * (declined.get(length, NOTHING).value or 0.0)),
            accuracy=accuracy,
        )
        for length, accuracy in data.estimate(name, "accuracy").by_length.items()
    }


def length_rows(data: ReportData) -> tuple[list[str], list[list[str]]]:
    """The heads and rows of the table by length: right and unsure with the share and its interval, and declined."""
    heads = [head for meaning in LENGTHS.values() for head in (meaning.capitalize(), "Declined")]
    rows = []
    for name, lengths in by_length(data).items():
        cells = [_length_cells(lengths.get(length)) for length in LENGTHS]
        rows.append([name, *(cell for pair in cells for cell in pair)])
    return ["Contender", *heads], rows


def _length_cells(found: OfLength | None) -> tuple[str, str]:
    if found is None:
        return NOT_MEASURED, NOT_MEASURED
    share, span = percent(found.accuracy.value or 0.0), ACCURACY.interval(found.accuracy.low, found.accuracy.high)
    if found.n_right is None:
        return f"{share} right ({span})", str(found.n_declined)
    unsure = f", {found.n_unsure} unsure" if found.n_unsure else ""
    return f"{found.n_right} of {found.n} right{unsure} ({share}; {span})", str(found.n_declined)


def seconds_by_stage(data: ReportData) -> dict[str, dict[str, float]]:
    """Seconds by stage, then contender ('' for shared work), in the order in which the stages ran."""
    seconds: dict[str, dict[str, float]] = {}
    for stage in data.stages:
        row = seconds.setdefault(stage.stage, {})
        row[stage.contender] = row.get(stage.contender, 0.0) + stage.seconds
    return seconds
