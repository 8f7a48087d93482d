"""Every table of a report as CSV: what was measured here, what was judged of it in `csv_verdict.py`.

Takes `ReportData`, gives texts by file name. Knows nothing about files.
"""

from collections.abc import Callable

from bakeoff.files.spreadsheet_csv import Cell, Rows, rows_of, written
from bakeoff.report.csv_verdict import JUDGED
from bakeoff.report.findings import CAUSES, OUTCOMES, failures, outcome
from bakeoff.report.gather import ReportData
from bakeoff.report.measures import BESIDE, EIGHT
from bakeoff.report.verdict_text import marks

PARTS = ("value", "low", "high", "n")


def csv_tables(data: ReportData) -> dict[str, str]:
    """The tables by name, each with a line of heads; those of the verdict only where the run was judged."""
    found = {name: make(data) for name, make in MEASURED.items()}
    if data.judgement:
        found |= {name: make(data.judgement) for name, make in JUDGED.items()}
    return {name: written(rows) for name, rows in found.items()}


def _contenders(data: ReportData) -> Rows:
    """One row for each contender: every measure with its interval and its number of questions."""
    measures = [*EIGHT, *BESIDE]
    heads = [f"{measure.name}_{part}".removesuffix("_value") for measure in measures for part in PARTS]
    judged = marks(data.judgement) if data.judgement else {}
    rows: Rows = [["contender", "verdict", *heads]]
    for name in data.contenders:
        estimates = [data.estimate(name, measure.name) for measure in measures]
        cells = [getattr(one, part) for one in estimates for part in PARTS]
        rows.append([name, judged.get(name, ""), *cells])
    return rows


def _contrasts(data: ReportData) -> Rows:
    fields = ("a", "b", "measure", "difference", "low", "high", "p", "p_adjusted", "n", "finding", "more_questions")
    return rows_of(data.contrasts, fields)


def _slices(data: ReportData) -> Rows:
    """One row for each measure, contender and slice that it was measured on."""
    rows: Rows = [["measure", "contender", "slice", *PARTS]]
    for measure in [*EIGHT, *BESIDE]:
        for name in data.contenders:
            for kind, one in data.estimate(name, measure.name).slices.items():
                if one is not None and one.value is not None:
                    rows.append([measure.name, name, kind, *(getattr(one, part) for part in PARTS)])
    return rows


def _failures(data: ReportData) -> Rows:
    """One row for each contender: how many answers failed, by cause."""
    rows: Rows = [["contender", *CAUSES, "all"]]
    for name, counts in failures(data).items():
        rows.append([name, *(counts[why] for why in CAUSES), sum(counts.values())])
    return rows


def _updates(data: ReportData) -> Rows:
    """One row for each contender whose freshness was measured: accuracy before and after, and what it took."""
    details = ("before", "update_seconds", "update_tokens")
    rows: Rows = [["contender", "after", "low", "high", "n", *details]]
    for name in data.contenders:
        one = data.estimate(name, "freshness")
        if one.value is not None:
            rows.append([name, *(getattr(one, part) for part in PARTS), *(one.detail.get(key) for key in details)])
    return rows


def _stages(data: ReportData) -> Rows:
    """One row for each stage in the order they ran; the contender is empty where all share the work."""
    return rows_of(data.stages, ("stage", "contender", "seconds", "tokens", "detail"))


def _questions(data: ReportData) -> Rows:
    """One row for each question, and for each contender how its answer came out and what it said."""
    heads = [f"{name}: {part}" for name in data.contenders for part in ("outcome", "answer")]
    rows: Rows = [["question", "text", "slice", "kind", "asked", "accepted", *heads]]
    for question in data.questions:
        cells: list[Cell] = []
        for name in data.contenders:
            answer = data.answers[name].get(question.id)
            cells += [OUTCOMES[outcome(data, name, question.id)], (answer.error or answer.text) if answer else ""]
        accepted = " | ".join(question.answers)
        rows.append([question.id, question.text, question.slice, question.kind, question.asked, accepted, *cells])
    return rows


MEASURED: dict[str, Callable[[ReportData], Rows]] = {
    "contenders": _contenders,
    "contrasts": _contrasts,
    "slices": _slices,
    "failures": _failures,
    "updates": _updates,
    "stages": _stages,
    "questions": _questions,
}
TABLES = (*MEASURED, *JUDGED)
