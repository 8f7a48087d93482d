"""Every table of a report as CSV. The tables of measurements are here, those of the verdict in `csv_verdict.py`.

Takes `ReportData`, gives texts by table name. Knows nothing about files.
"""

from collections.abc import Callable

from bakeoff.files.spreadsheet_csv import Cell, Rows, rows_of, written
from bakeoff.measure.comparison import Estimate
from bakeoff.measures import CLASSIFICATION, MEASURES, Measure
from bakeoff.models.spending.rows import Spent
from bakeoff.questions.answer_lengths import LENGTHS
from bakeoff.records import Answer, Question
from bakeoff.report.cascades import answered_by, every_setting
from bakeoff.report.classification import is_classified, of_labels
from bakeoff.report.csv_verdict import JUDGED
from bakeoff.report.findings import CAUSES, OUTCOMES, failures, outcome, outcome_after_update
from bakeoff.report.gather import ReportData
from bakeoff.report.races import race_rows
from bakeoff.report.verdict_text import marks

LABELS, SPENDING, RACES = "labels", "spending", "races"
PARTS = ("value", "low", "high", "n")


def csv_tables(data: ReportData) -> dict[str, str]:
    """The tables by name, each with a header line.

    Tables of the verdict are included only if the run was judged, that of labels only if accepted answers are labels,
    that of spending only if a model was paid for, that of races only if there were some.
    """
    left_out = {LABELS: not is_classified(data), SPENDING: data.spending is None, RACES: not data.races}
    tables = {name: make(data) for name, make in MEASURED.items() if not left_out.get(name)}
    if data.judgement:
        tables |= {name: make(data.judgement) for name, make in JUDGED.items()}
    return {name: written(rows) for name, rows in tables.items()}


def _contenders(data: ReportData) -> Rows:
    """One row for each contender: every measure with its interval and its number of questions."""
    measures = _measures(data)
    heads = [f"{measure.name}_{part}".removesuffix("_value") for measure in measures for part in PARTS]
    judged = marks(data.judgement) if data.judgement else {}
    rows: Rows = [["contender", "verdict", *heads]]
    for name in data.contenders:
        estimates = [data.estimate(name, measure.name) for measure in measures]
        cells = [getattr(estimate, part) for estimate in estimates for part in PARTS]
        rows.append([name, judged.get(name, ""), *cells])
    return rows


def _measures(data: ReportData) -> list[Measure]:
    """Bakeoff's measures, those of labels if the run has some, then the team's own."""
    return [*MEASURES, *(CLASSIFICATION if is_classified(data) else ()), *data.own_measures]


def _contrasts(data: ReportData) -> Rows:
    fields = ("a", "b", "measure", "difference", "low", "high", "p", "p_adjusted", "n", "finding", "more_questions")
    return rows_of(data.contrasts, fields)


def _slices(data: ReportData) -> Rows:
    """One row for each measure, contender and slice (length of accepted answers, or origin) that it was measured on."""
    rows: Rows = [["measure", "contender", "slice", *PARTS]]
    for measure in _measures(data):
        for name in data.contenders:
            whole = data.estimate(name, measure.name)
            parts: dict[str, Estimate] = {**whole.slices}
            parts |= {LENGTHS[length]: estimate for length, estimate in whole.by_length.items()}
            parts |= {f"{origin} questions": estimate for origin, estimate in whole.by_origin.items()}
            for kind, estimate in parts.items():
                if estimate.value is not None:
                    rows.append([measure.name, name, kind, *(getattr(estimate, part) for part in PARTS)])
    return rows


def _labels(data: ReportData) -> Rows:
    """One row for each contender and label: its questions, precision, recall and F1."""
    return rows_of(list(of_labels(data)), ("contender", "label", "n", "precision", "recall", "f1"))


def _failures(data: ReportData) -> Rows:
    """One row for each contender: the number of failed answers by cause."""
    rows: Rows = [["contender", *CAUSES, "all"]]
    for name, counts in failures(data).items():
        rows.append([name, *(counts[why] for why in CAUSES), sum(counts.values())])
    return rows


def _updates(data: ReportData) -> Rows:
    """One row for each contender whose freshness was measured: accuracy before and after, seconds and tokens."""
    details = ("before", "update_seconds", "update_tokens")
    rows: Rows = [["contender", "after", "low", "high", "n", *details]]
    for name in data.contenders:
        estimate = data.estimate(name, "freshness")
        if estimate.value is not None:
            detail = [estimate.detail.get(key) for key in details]
            rows.append([name, *(getattr(estimate, part) for part in PARTS), *detail])
    return rows


def _stages(data: ReportData) -> Rows:
    """One row for each stage in the order they ran. The contender is empty if several share the work."""
    return rows_of(data.stages, ("stage", "contender", "part", "seconds", "tokens", "detail"))


def _constant(data: ReportData) -> Rows:
    """One row for each contender's contrast with always giving the most frequent training answer."""
    contrast = ("contender", "difference", "low", "high", "p_adjusted", "finding")
    rows: Rows = [["answer", *(f"accuracy_{part}".removesuffix("_value") for part in PARTS), *contrast]]
    constant = data.comparison.constant
    for pair in constant.contrasts if constant else ():
        reached = [getattr(constant.accuracy, part) for part in PARTS] if constant else []
        answer = constant.answer if constant else ""
        rows.append([answer, *reached, pair.a, pair.difference, pair.low, pair.high, pair.p_adjusted, pair.finding])
    return rows


ABOUT_AN_ANSWER = ("outcome", "answer", "withheld")


def _questions(data: ReportData) -> Rows:
    """One row for each question, with each contender's outcome and answer.

    `withheld` is the text that a contender withheld when it declined. In a run with updates, the same columns follow
    for the answers after the update.
    """
    is_updated = any(data.updated.values())
    heads = [f"{name}: {part}" for name in data.contenders for part in ABOUT_AN_ANSWER]
    heads += [f"{name}: {part} after update" for name in data.contenders for part in ABOUT_AN_ANSWER if is_updated]
    rows: Rows = [["question", "text", "slice", "kind", "asked", "accepted", *heads]]
    for question in data.questions:
        cells: list[Cell] = []
        for name in data.contenders:
            given = data.answers[name].get(question.id)
            cells += [OUTCOMES[outcome(data, name, question)], *_texts(given)]
        for name in data.contenders if is_updated else ():
            cells += _after_update(data, name, question)
        accepted = " | ".join(question.answers)
        rows.append([question.id, question.text, question.slice, question.kind, question.asked, accepted, *cells])
    return rows


def _texts(answer: Answer | None) -> list[Cell]:
    """The text of an answer or its error, and the text that it withheld if it declined."""
    if answer is None:
        return ["", ""]
    if answer.error is not None:
        return [answer.error, ""]
    return ["", answer.text] if answer.abstained else [answer.text, ""]


def _after_update(data: ReportData, contender: str, question: Question) -> list[Cell]:
    answer = data.updated[contender].get(question.id)
    if answer is None:
        return ["", "", ""]
    return [OUTCOMES[outcome_after_update(data, contender, question)], *_texts(answer)]


def _cascades(data: ReportData) -> Rows:
    """One row for each cascade and setting of its thresholds: who answers, accuracy, value, and what it costs."""
    measured = ("right_answer_usd", "share", "accuracy", "value", "usd", "seconds", "tokens")
    rows: Rows = [["contender", "setting", "answered_by", *measured]]
    for name, curve in data.comparison.cascades.items():
        for setting in every_setting(curve):
            by = answered_by(curve, setting.point.answered_by)
            kind = setting.name if setting.kind == "alone" else setting.kind
            rows.append([name, kind, by, *(getattr(setting.point, field) for field in measured)])
    return rows


def _spending(data: ReportData) -> Rows:
    """One row for each contender, role and model that was paid for."""
    parts = data.spending.parts if data.spending else ()
    fields = ("contender", "role", "model", *Spent.model_fields)
    return rows_of(parts, fields)


def _races(data: ReportData) -> Rows:
    """One row for each candidate of each race."""
    heads: Rows = [["contender", "settings", "fate", "facts", "value", "difference", "to", "reason"]]
    return [*heads, *race_rows(data.races)]


MEASURED: dict[str, Callable[[ReportData], Rows]] = {
    "contenders": _contenders,
    "contrasts": _contrasts,
    "constant": _constant,
    "slices": _slices,
    LABELS: _labels,
    "failures": _failures,
    "updates": _updates,
    "cascades": _cascades,
    "stages": _stages,
    SPENDING: _spending,
    RACES: _races,
    "questions": _questions,
}
TABLES = (*MEASURED, *JUDGED)
