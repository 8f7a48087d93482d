"""The CSV tables of a judgement: worth, requirements, effects, costs, break-even, matrix, sensitivity, claims, roadmap.

Takes a `Judgement`, gives rows. Numbers are not rounded.
"""

from collections.abc import Callable

from bakeoff.decide.advise.risks import Risk
from bakeoff.decide.cost.break_even import BreakEven
from bakeoff.decide.cost.table import CostRow, tornado
from bakeoff.decide.requirements.standing import Standing
from bakeoff.decide.value.worth import BestFrom, ValueBreakEven
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.files.spreadsheet_csv import Cell, Rows, rows_of
from bakeoff.report.verdict_text import INPUTS, approach_names, flip_sentence, matrix_lines, unknown_factors
from bakeoff.report.worth_text import shares


def _effects(judgement: Judgement) -> Rows:
    fields = ("measure", "difference", "low", "high", "p_adjusted", "n", "finding")
    about = ("effect", "kind", "model", "subject", "setting", "slice")
    rows: Rows = [[*about, "a", "b", *fields, "is_told", "sentence"]]
    for effect in judgement.effects:
        pair = (effect.contrast.a, effect.contrast.b) if effect.kind == "simple" else ("", "")
        numbers = (getattr(effect.contrast, field) for field in fields)
        rows.append([*(getattr(effect, field) for field in about), *pair, *numbers, effect.is_told, effect.sentence])
    return rows


def _cost(judgement: Judgement) -> Rows:
    return rows_of(judgement.cost.table, list(CostRow.model_fields))


def _cost_lines(judgement: Judgement) -> Rows:
    """One row for each line of each contender's cost, with its formula."""
    rows: Rows = [["contender", "part", "line", "usd", "formula"]]
    for name, cost in judgement.cost.breakdown.items():
        parts = {"set-up": cost.setup, "query": cost.per_query, "upkeep of a month": cost.upkeep_per_month}
        rows += [[name, part, item.name, item.usd, item.explanation] for part, items in parts.items() for item in items]
    return rows


def _cost_inputs(judgement: Judgement) -> Rows:
    """One row for each number that a contender's cost depends on, with its source."""
    rows: Rows = [["contender", "input", "meaning", "unit", "value", "low", "high", "source"]]
    for name, inputs in judgement.cost.inputs.items():
        for field, (meaning, unit) in INPUTS.items():
            value, (low, high) = getattr(inputs, field), inputs.intervals.get(field, (None, None))
            if value or field in inputs.sources:
                source = inputs.sources.get(field, "the profile or its default")
                rows.append([name, field, meaning, unit, value, low, high, source])
    return rows


def _break_even(judgement: Judgement) -> Rows:
    return rows_of(judgement.break_even, list(BreakEven.model_fields))


def _tornado(judgement: Judgement) -> Rows:
    """One row for each input that changes a contender's total, largest change first."""
    fields = ("input", "low_input", "high_input", "low_total_usd", "high_total_usd")
    rows: Rows = [["contender", *fields]]
    for name, inputs in judgement.cost.inputs.items():
        rows += [[name, *(getattr(swing, field) for field in fields)] for swing in tornado(inputs)]
    return rows


def _matrix(judgement: Judgement) -> Rows:
    """One row for each factor: assumed and measured scores, with reasons."""
    names = approach_names(judgement)
    heads = [f"{basis}_{name}" for basis in ("assumed", "measured") for name in names]
    rows: Rows = [["factor", "weight", *heads, "assumed_why", "measured_why"]]
    for line in matrix_lines(judgement):
        measured = line.measured.scores if line.measured else {}
        scores = [line.assumed.scores.get(name) for name in names] + [measured.get(name) for name in names]
        rows.append([line.title, line.weight, *scores, line.assumed.why, line.measured.why if line.measured else ""])
    blank: list[Cell] = [None] * (2 * len(names))
    return [*rows, *([title, None, *blank, "not known", ""] for title in unknown_factors(judgement))]


def _worth(judgement: Judgement) -> Rows:
    """One row for each contender and doing nothing: shares, utility, and money where the profile gives a value.

    The chance and the loss of a contender that cannot be chosen are empty.
    """
    parts = ("answers", "cost", "net")
    heads = [f"{part}_usd_per_year{end}" for part in parts for end in ("", "_low", "_high")]
    rows: Rows = [["contender", "right", "wrong", "declined", "utility", "utility_low", "utility_high", "best_answers",
                   *heads, "best_choice", "expected_loss_usd_per_year"]]  # fmt: skip
    of = shares(judgement)
    for name, utility in judgement.worth.utility.items():
        net, is_candidate = judgement.worth.nets.get(name), name in judgement.worth.candidates
        row: list[Cell] = [name, *of.get(name, (None, None, None)), utility.value, utility.low, utility.high]
        row.append(judgement.worth.best.get(name))
        row += (
            [getattr(getattr(net, part), end) for part in parts for end in ("value", "low", "high")]
            if net
            else [None] * 9
        )
        rows.append([*row, *((net.best, net.loss) if net and is_candidate else (None, None))])
    return rows


def _value_ranges(judgement: Judgement) -> Rows:
    """Who is best on average from which value of a right answer on, in US dollars."""
    return rows_of(judgement.worth.ranges, list(BestFrom.model_fields))


def _value_break_even(judgement: Judgement) -> Rows:
    """For each pair the value of a right answer from which one is worth more than the other."""
    return rows_of(judgement.worth.break_even, list(ValueBreakEven.model_fields))


def _requirements(judgement: Judgement) -> Rows:
    """One row for each contender and need, limit or goal."""
    fields = [field for field in Standing.model_fields]
    rows: Rows = [["contender", *fields]]
    for name, standings in judgement.standings.items():
        rows += [[name, *(getattr(standing, field) for field in fields)] for standing in standings]
    return rows


def _more_data(judgement: Judgement) -> Rows:
    """One row for each offer of more questions or labels; gains are in US dollars or in chances to choose right."""
    unit = "usd" if judgement.information.in_money else "chance"
    rows: Rows = [["what", "n", "gain", "unit", "cost_usd"]]
    return rows + [[of.what, of.n, of.gain, unit, of.cost_usd] for of in judgement.information.offers]


def _decision_contrasts(judgement: Judgement) -> Rows:
    """The paired contrasts of the verdict, on utility."""
    fields = ("a", "b", "measure", "difference", "low", "high", "p", "p_adjusted", "n", "finding", "more_questions")
    return rows_of(judgement.contrasts, fields)


def _sensitivity(judgement: Judgement) -> Rows:
    """One row for each contender that misses no limit: its share of draws with the highest weighted sum."""
    rows: Rows = [["contender", "weighted_wins"]]
    return rows + [[name, share] for name, share in judgement.sensitivity.weighted_wins.items()]


def _flips(judgement: Judgement) -> Rows:
    rows: Rows = [["input", "factor", "becomes", "winner", "sentence"]]
    return rows + [
        [flip.input, flip.factor, flip.becomes, flip.winner, flip_sentence(flip)]
        for flip in judgement.sensitivity.flips
    ]


def _claims(judgement: Judgement) -> Rows:
    rows: Rows = [["claim", "article", "says", "favours", "finding", "why"]]
    for entry in judgement.claims:
        claim = entry.claim
        rows.append([claim.id, claim.article, claim.says, claim.favours, entry.finding, entry.why])
    return rows


def _roadmap(judgement: Judgement) -> Rows:
    """One row for each task; no rows if there is no roadmap."""
    rows: Rows = [["phase", "first_week", "last_week", "starts", "task", "owner", "effort_days"]]
    plan = judgement.roadmap
    for phase in plan.phases if plan else ():
        for task in phase.tasks:
            starts = plan.week_start(task.first_week).isoformat() if plan else ""
            weeks = [task.first_week, task.last_week]
            rows.append([phase.name, *weeks, starts, task.title, task.owner, task.effort_days])
    return rows


def _risks(judgement: Judgement) -> Rows:
    return rows_of(judgement.roadmap.risks if judgement.roadmap else (), list(Risk.model_fields))


JUDGED: dict[str, Callable[[Judgement], Rows]] = {
    "worth": _worth,
    "value_ranges": _value_ranges,
    "value_break_even": _value_break_even,
    "requirements": _requirements,
    "more_data": _more_data,
    "decision_contrasts": _decision_contrasts,
    "effects": _effects,
    "cost": _cost,
    "cost_lines": _cost_lines,
    "cost_inputs": _cost_inputs,
    "break_even": _break_even,
    "tornado": _tornado,
    "matrix": _matrix,
    "sensitivity": _sensitivity,
    "flips": _flips,
    "claims": _claims,
    "roadmap": _roadmap,
    "risks": _risks,
}
