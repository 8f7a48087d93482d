"""What a judgement adds to the Markdown report, section by section. Every text is escaped.

Takes `Judgement`, gives lists of paragraphs. Knows nothing about HTML.
"""

from bakeoff.decide.advise.factors import TITLES
from bakeoff.decide.cost.break_even import BreakEven
from bakeoff.decide.verdict.claims import articles
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.measures import BY_NAME
from bakeoff.report.cost_page import against_reference, breakdown_rows, cost_cells
from bakeoff.report.markdown_text import bullets, grid, plain
from bakeoff.report.verdict_text import (
    FINDING_MEANINGS,
    FINDINGS,
    INPUTS,
    NO_FLIPS,
    UNCALCULATED,
    MatrixLine,
    approach_names,
    claims_by_finding,
    claims_sentence,
    flip_sentence,
    matrix_lines,
    matrix_sentences,
    share_rows,
    total_rows,
    unknown_factors,
    verdict_sentence,
)
from bakeoff.sentences import NOT_MEASURED, count, percent, usd


def opening(judgement: Judgement) -> list[str]:
    """The verdict, its reason, and who broke a limit."""
    parts = [f"**{plain(verdict_sentence(judgement))}**", plain(judgement.reason)]
    if judgement.excluded:
        parts += ["Out of the running:", bullets(f"{name}: {why}" for name, why in judgement.excluded.items())]
    return parts


def sections(judgement: Judgement) -> list[str]:
    """Effects, cost, matrix, sensitivity, claims and roadmap."""
    return [
        *_effects(judgement),
        *_cost(judgement),
        *_matrix(judgement),
        *_sensitivity(judgement),
        *_claims(judgement),
        *_roadmap(judgement),
    ]


def _effects(judgement: Judgement) -> list[str]:
    sentences = [one.sentence for one in judgement.effects if one.is_told]
    if not sentences:
        return []
    note = f"Significant means: after correcting for all {len(judgement.effects)} comparisons of this section."
    return ["## What the model, retrieval and tuning do", note, bullets(sentences)]


def _cost(judgement: Judgement) -> list[str]:
    if not judgement.cost.table:
        return ["## What it costs to own", UNCALCULATED]
    rows = [cost_cells(row) for row in judgement.cost.table]
    heads = ["Contender", "Total", "Interval", "People", "Set-up", "1,000 queries", "Upkeep a month"]
    keys = ("contender", "total", "interval", "people", "setup", "per_1k", "upkeep")
    months = judgement.cost.table[0].horizon_months
    parts = [
        "## What it costs to own",
        f"Over {months} months, people's days included, in today's money. The interval is the measured numbers'.",
        grid(heads, [[row[key] or NOT_MEASURED for key in keys] for row in rows]),
        *_break_even(judgement),
    ]
    if judgement.cost.tornado:
        parts += [
            "What moves the winner's total most, each input alone a quarter lower and higher:",
            _tornado(judgement),
        ]
    for row in rows:
        parts += _formulas(judgement, row["contender"])
    return parts


def _break_even(judgement: Judgement) -> list[str]:
    """The pairs of the contender that the others are compared with in sentences, and all pairs as a table."""
    if not judgement.break_even:
        return []
    heads = ["Pair", "Cheaper below", "Queries a month", "Within the intervals", "Cheaper above", "Even by month"]
    return [
        bullets(one.explanation for one in against_reference(judgement)),
        "Where each two cost the same:",
        grid(heads, [_pair(one) for one in judgement.break_even]),
    ]


def _pair(one: BreakEven) -> list[str]:
    """A row: what the intervals allow is left empty where they change nothing."""
    low, high = ("" if end is None else count(end) for end in (one.low, one.high))
    return [
        f"{one.a}, {one.b}",
        one.cheaper_below or "neither",
        NOT_MEASURED if one.volume_per_month is None else count(one.volume_per_month),
        "" if low == high else f"{low} to {high}" if high else f"from {low} on, or never",
        one.cheaper_above or "neither",
        NOT_MEASURED if one.month is None else str(one.month),
    ]


def _tornado(judgement: Judgement) -> str:
    rows = [[INPUTS[one.input][0], usd(one.low_total_usd), usd(one.high_total_usd)] for one in judgement.cost.tornado]
    return grid(["Input", "Total if lower", "Total if higher"], rows)


def _formulas(judgement: Judgement, name: str) -> list[str]:
    told = breakdown_rows(judgement.cost.inputs[name], judgement)
    rows = [[title, item, amount, how] for title, _, items in told["parts"] for item, amount, how in items]
    return [f"### The formulas of {plain(name)}", grid(["Part", "Line", "Cost", "Formula"], rows, n_left=2)]


def _matrix(judgement: Judgement) -> list[str]:
    names = approach_names(judgement)
    heads = ["Factor", *(f"{name}, rule" for name in names.values()), *(f"{name}, data" for name in names.values())]
    rows = [_matrix_row(line, list(names)) for line in matrix_lines(judgement)]
    for title, assumed, measured in total_rows(judgement):
        cells = [one.get(name, NOT_MEASURED) for one in (assumed, measured) for name in names]
        rows.append([title, *cells, ""])
    unknown = unknown_factors(judgement)
    return [
        "## Rules of thumb against your data",
        " ".join(plain(sentence) for sentence in matrix_sentences(judgement)),
        *([grid([*heads, "Why"], rows)] if matrix_lines(judgement) else []),
        *([f"Not known, and therefore not scored: {plain('; '.join(unknown))}."] if unknown else []),
        *([bullets(judgement.matrix.notes)] if judgement.matrix.notes else []),
    ]


def _matrix_row(line: MatrixLine, names: list[str]) -> list[str]:
    measured = line.measured.scores if line.measured else {}
    scores = [one.get(name) for one in (line.assumed.scores, measured) for name in names]
    why = [line.assumed.why] if line.assumed.scores else []
    why += [line.measured.why] if line.measured else []
    return [line.title, *(NOT_MEASURED if one is None else f"{one:g}" for one in scores), "; ".join(why)]


def _sensitivity(judgement: Judgement) -> list[str]:
    rows = [(title, wins) for title, wins in share_rows(judgement) if wins]
    if not rows:
        return []
    names = list(rows[0][1])
    table = [[name, *(percent(wins.get(name, 0.0)) for _, wins in rows)] for name in names]
    return [
        "## What would change the answer",
        f"How often each contender wins when {BY_NAME['accuracy'].title.lower()} and the other measures are drawn anew "
        "within their intervals, and for the weighted sum the weights too.",
        grid(["Contender", *(title for title, _ in rows)], table),
        bullets([flip_sentence(flip) for flip in judgement.sensitivity.flips] or [NO_FLIPS]),
    ]


def _claims(judgement: Judgement) -> list[str]:
    titles = articles()
    parts = ["## What the articles claim", claims_sentence(judgement)]
    for finding, entries in claims_by_finding(judgement).items():
        rows = [[one.claim.says, titles[one.claim.article], one.why] for one in entries]
        heads = ["Claim", "Article", "Measured"]
        parts += [f"### {FINDINGS[finding]}: {FINDING_MEANINGS[finding]}", grid(heads, rows, n_left=3)]
    return parts


def _roadmap(judgement: Judgement) -> list[str]:
    plan = judgement.roadmap
    if plan is None:
        return []
    days = sum(plan.effort_by_owner().values())
    start = plan.start.isoformat()
    parts = [
        "## From pilot to production",
        plain(f"A plan for {TITLES[plan.approach]}: {days:g} person-days, week 1 begins on {start}."),
    ]
    parts += [bullets(plan.notes)] if plan.notes else []
    for phase in plan.phases:
        rows = [[task.title, task.owner, f"{task.effort_days:g}"] for task in phase.tasks]
        parts += [
            f"### Weeks {phase.first_week} and {phase.last_week}: {plain(phase.name)}",
            grid(["Task", "Owner", "Days"], rows, n_left=2),
            "Done when:",
            bullets(phase.exit_criteria),
        ]
    risks = [[one.title, one.sign, one.mitigation, one.owner] for one in plan.risks]
    recurring = [f"every {one.every_days} days: {one.title} ({one.owner})" for one in plan.recurring]
    parts += ["### Risks", grid(["Risk", "Sign", "What to do", "Owner"], risks, n_left=4)]
    return [*parts, "### Afterwards, again and again", bullets(recurring)]
