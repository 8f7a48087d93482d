"""An `Advice` and a `Roadmap` as Markdown, every text escaped. Knows nothing about HTML or files."""

import re
from collections.abc import Iterable, Sequence

from bakeoff.decide.advise.advise import Advice
from bakeoff.decide.advise.matrix import Matrix
from bakeoff.decide.advise.roadmap import Roadmap
from bakeoff.decide.situation.approaches import NAMES, TITLES
from bakeoff.decide.wording import percent
from bakeoff.sentences import listed


def advice_markdown(advice: Advice) -> str:
    """The whole page, ending in a newline."""
    recommendation = advice.recommendation
    parts = [
        "# Advice before a pilot",
        f"**{plain(recommendation.headline)}**",
        *([f"**{plain(recommendation.budget)}**"] if recommendation.budget else []),
        plain(recommendation.uncertainty),
        "This advice applies rules of thumb from five articles to your answers. Nothing was measured.",
    ]
    if advice.warnings:
        parts += ["## Check first", _list(advice.warnings)]
    if advice.inspected:
        parts += ["## What was found in your data", _list(advice.inspected)]
    if recommendation.reasons:
        parts += ["## Why", _list(recommendation.reasons)]
    if recommendation.objections:
        parts += ["## Reasons against it", _list(recommendation.objections)]
    if advice.changes:
        parts += ["## What would change the answer", _list(advice.changes)]
    if advice.conditions:
        parts += [
            "## What a pilot must show",
            plain(in_a_pilot(advice)),
            _table(
                ("Condition", "If not met"), [(condition.text, condition.otherwise) for condition in advice.conditions]
            ),
        ]
    parts += ["## Decision matrix", matrix_markdown(advice.matrix), "## Cost", _cost(advice)]
    if advice.roadmap:
        parts += ["## 90-day roadmap", roadmap_markdown(advice.roadmap)]
    return "\n\n".join(parts) + "\n"


def in_a_pilot(advice: Advice) -> str:
    """The contenders that represent the approaches in a pilot, as a sentence."""
    contenders = listed(f"{TITLES[approach]} is represented by {name}" for approach, name in advice.standing.items())
    return f"In a pilot, {contenders}."


def matrix_markdown(matrix: Matrix) -> str:
    """The known rows, the totals and the shares of draws won, then the unknown factors."""
    heads = ("Factor", "Weight", *(NAMES[name] for name in matrix.approaches), "Why")
    rows = [
        (row.title, f"{row.weight:.2g}", *(f"{row.scores[name]:.2g}" for name in matrix.approaches), row.why)
        for row in matrix.rows
        if row.scores
    ]
    if matrix.totals:
        rows.append(
            ("Weighted mean", "", *(f"{matrix.totals[name]:.2f}" for name in matrix.approaches), "1 poor, 5 good")
        )
    if matrix.wins:
        rows.append(
            (
                "Draws won",
                "",
                *(percent(matrix.wins[name]) for name in matrix.approaches),
                "random weights, unknown factors open",
            )
        )
    unknown = [row.title for row in matrix.rows if row.basis == "unknown"]
    note = [f"Not known, so not scored: {plain(', '.join(unknown))}."] if unknown else []
    return "\n\n".join([*([_table(heads, rows)] if rows else []), *note])


def roadmap_markdown(roadmap: Roadmap) -> str:
    """Effort and notes, phases with tasks and exit criteria, then recurring work and risks."""
    parts = [f"Made for {TITLES[roadmap.approach]}; week 1 begins on {roadmap.start:%d %B %Y}. " + _effort(roadmap)]
    if roadmap.notes:
        parts.append(_list(roadmap.notes))
    for phase in roadmap.phases:
        parts += [
            f"### Weeks {phase.first_week} and {phase.last_week}: {phase.name}",
            _table(
                ("Task", "Owner", "Days"), [(task.title, task.owner, f"{task.effort_days:g}") for task in phase.tasks]
            ),
            "Done when:",
            _list(phase.exit_criteria),
        ]
    parts += [
        "### Recurring work",
        _list(f"{work.when}: {work.title} ({work.owner})." for work in roadmap.recurring),
    ]
    rows = [(risk.title, risk.sign, risk.mitigation, risk.owner) for risk in roadmap.risks]
    return "\n\n".join([*parts, "### Risks", _table(("Risk", "Warning sign", "What to do", "Owner"), rows)])


def _effort(roadmap: Roadmap) -> str:
    by_owner = roadmap.effort_by_owner()
    owners = ", ".join(f"{owner} {days:g}" for owner, days in by_owner.items())
    return f"Effort: {sum(by_owner.values()):g} person-days ({owners})."


def _cost(advice: Advice) -> str:
    cost = advice.cost
    if cost.problem:
        problem = f"Costs could not be calculated or compared with a budget: {plain(cost.problem)}"
        return "\n\n".join(filter(None, (problem, plain(cost.currency))))
    rows = [
        (
            NAMES[row.approach] + (" (ruled out)" if row.approach in advice.matrix.ruled_out else ""),
            *(f"{usd:,.0f}" for usd in (row.setup_usd, row.running_usd_per_month, row.total_usd)),
            row.interval,
        )
        for row in cost.rows
    ]
    heads = (
        "Approach",
        "Set-up, USD",
        "Running, USD a month",
        f"{cost.horizon_months} months, USD",
        "If days and usage differ",
    )
    lines = _list([*cost.warnings, *cost.pays, *cost.break_even])
    return "\n\n".join(filter(None, (_table(heads, rows), lines, plain(cost.about), plain(cost.currency))))


def plain(text: str) -> str:
    """The text on one line, with every character escaped that has a meaning in Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>()#|~!&$])", r"\\\1", " ".join(text.split()))


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [[plain(cell) for cell in row] for row in (heads, *rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (lines[0], ["---"] * len(heads), *lines[1:]))
