"""Every table of a report as a CSV file that a spreadsheet can open without running anything.

Takes `ReportData`, gives texts by file name. Numbers stay plain numbers; a text that a spreadsheet would take for a
formula gets an apostrophe before it. Knows nothing about files.
Source: OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from bakeoff.report.findings import OUTCOMES, outcome
from bakeoff.report.gather import ReportData
from bakeoff.report.judgement import CostRow, Judgement
from bakeoff.report.measures import BESIDE, EIGHT
from bakeoff.report.verdict_text import approach_names, marks, matrix_lines, unknown_factors

Cell = str | int | float | bool | None
Rows = list[list[Cell]]

TABLES = ("contenders", "contrasts", "effects", "cost", "matrix", "claims", "questions")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def csv_tables(data: ReportData) -> dict[str, str]:
    """The tables by name, each with a line of heads; those of the verdict only where the run was judged."""
    found = {"contenders": _contenders(data), "contrasts": _contrasts(data), "questions": _questions(data)}
    if data.judgement:
        found |= {
            "effects": _effects(data.judgement),
            "cost": _cost(data.judgement),
            "matrix": _matrix(data.judgement),
            "claims": _claims(data.judgement),
        }
    return {name: written(rows) for name, rows in found.items()}


def harmless(cell: Cell) -> Cell:
    """The cell, with an apostrophe before a text that a spreadsheet would run; a number is one however it is held."""
    if isinstance(cell, str) and cell.startswith(FORMULA) and not PLAIN_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def written(rows: Iterable[Sequence[Cell]]) -> str:
    """The rows as CSV: every text in quotes, so that a line break within one is no new row; numbers without."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(
        [harmless(cell) for cell in row] for row in rows
    )
    return text.getvalue()


def _contenders(data: ReportData) -> Rows:
    """One row for each contender: every measure with its interval and its number of questions."""
    measures = [*EIGHT, *BESIDE]
    parts = ("value", "low", "high", "n")
    heads = [f"{measure.name}_{part}".removesuffix("_value") for measure in measures for part in parts]
    judged = marks(data.judgement) if data.judgement else {}
    rows: Rows = [["contender", "verdict", *heads]]
    for name in data.contenders:
        estimates = [data.estimate(name, measure.name) for measure in measures]
        cells = [getattr(one, part) for one in estimates for part in parts]
        rows.append([name, judged.get(name, ""), *cells])
    return rows


def _contrasts(data: ReportData) -> Rows:
    fields = ("a", "b", "measure", "difference", "low", "high", "p", "p_adjusted", "n", "finding", "more_questions")
    return [list(fields), *([getattr(one, field) for field in fields] for one in data.contrasts)]


def _effects(judgement: Judgement) -> Rows:
    fields = ("measure", "difference", "low", "high", "p_adjusted", "n", "finding")
    rows: Rows = [["effect", "slice", *fields, "sentence"]]
    for one in judgement.effects:
        rows.append([one.effect, one.slice, *(getattr(one.contrast, field) for field in fields), one.sentence])
    return rows


def _cost(judgement: Judgement) -> Rows:
    fields = list(CostRow.model_fields)
    rows: Rows = [[*fields]]
    return [*rows, *([getattr(row, field) for field in fields] for row in judgement.cost.table)]


def _matrix(judgement: Judgement) -> Rows:
    """One row for each factor: both sets of scores, and why each."""
    names = approach_names(judgement)
    heads = [f"{basis}_{name}" for basis in ("assumed", "measured") for name in names]
    rows: Rows = [["factor", "weight", *heads, "assumed_why", "measured_why"]]
    for line in matrix_lines(judgement):
        measured = line.measured.scores if line.measured else {}
        scores = [line.assumed.scores.get(name) for name in names] + [measured.get(name) for name in names]
        rows.append([line.title, line.weight, *scores, line.assumed.why, line.measured.why if line.measured else ""])
    blank: list[Cell] = [None] * (2 * len(names))
    return [*rows, *([title, None, *blank, "not known", ""] for title in unknown_factors(judgement))]


def _claims(judgement: Judgement) -> Rows:
    rows: Rows = [["claim", "article", "says", "favours", "finding", "why"]]
    for one in judgement.claims:
        rows.append([one.claim.id, one.claim.article, one.claim.says, one.claim.favours, one.finding, one.why])
    return rows


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
