"""What a judgement adds to the Markdown report, section by section. Every text is escaped.

Takes a `Judgement`, gives lists of paragraphs. Knows nothing about HTML.
"""

from bakeoff.decide.cost.break_even import BreakEven, about
from bakeoff.decide.situation.approaches import TITLES
from bakeoff.decide.situation.currency import currency_note
from bakeoff.decide.value.worth import titled
from bakeoff.decide.verdict.claims import articles
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.decide.verdict.limit_flips import limit_flips
from bakeoff.decide.wording import money
from bakeoff.report.cost_page import against_reference, breakdown_rows, cost_cells
from bakeoff.report.markdown_text import bullets, grid, plain
from bakeoff.report.requirements import NO_REQUIREMENTS, cell_text, cells, requirements, shown_first, summary
from bakeoff.report.verdict_text import (
    FINDING_MEANINGS,
    FINDINGS,
    INPUTS,
    UNCALCULATED,
    MatrixLine,
    approach_names,
    claims_by_finding,
    claims_sentence,
    matrix_lines,
    matrix_sentences,
    total_rows,
    unknown_factors,
    what_turns,
)
from bakeoff.report.worth_text import (
    HANDED,
    Valued,
    changed_sentence,
    handed,
    of_100,
    offer_heads,
    offer_rows,
    only_beaten,
    range_sentences,
    shares,
    span,
    span_of_100,
    valued,
    whether_more,
    worth_sentence,
)
from bakeoff.sentences import NOT_MEASURED, percent, usd

BEYOND = "Beyond a volume: more queries than one machine can answer in a month at the measured seconds."


def opening(judgement: Judgement) -> list[str]:
    """The verdict, its reason, and the contenders that miss a need or a limit."""
    parts = [f"**{plain(judgement.headline)}**", plain(judgement.reason)]
    if judgement.excluded:
        parts += ["Excluded:", bullets(f"{name}: {why}" for name, why in judgement.excluded.items())]
    return parts


def stakes(judgement: Judgement) -> list[str]:
    """What each contender is worth, over which values of a right answer, the requirements, and more data."""
    return [*_worth(judgement), *_requirements(judgement), *_more_data(judgement)]


def _worth(judgement: Judgement) -> list[str]:
    of = valued(judgement)
    outcomes, utility = shares(judgement), judgement.worth.utility
    heads = ["Contender", "Right", "Wrong", "Declined", "Net right per 100", "95 % interval"]
    heads += [
        "Answers, a year",
        "Cost, a year",
        "Net, a year",
        "95 % interval",
        "Chance to be best",
        "Expected loss",
    ] * bool(of)
    rows = []
    for name in of.by_net if of else sorted(utility, key=lambda name: -utility[name].value):
        parts = [percent(share) for share in outcomes[name]] if name in outcomes else [NOT_MEASURED] * 3
        row = [titled(name), *parts, of_100(utility[name].value), span_of_100(utility[name])]
        rows.append(row + (_money(of, name) if of else []))
    if of is None:
        about = "No cost is known, so only the answers are compared."
    elif of.is_given:
        about = worth_sentence(of)
    else:
        about = f"The profile does not say what a right answer is worth. An example: {lowered(worth_sentence(of))}"
    more = [only_beaten(judgement), HANDED if handed(judgement) else "", changed_sentence(judgement)]
    about = " ".join(filter(None, [about, *more]))
    ranges = ["### Who is best, by the value of a right answer", bullets(range_sentences(of.ranges))] if of else []
    note = _currency(judgement) if of else []
    return ["## What each contender is worth", plain(about), grid(heads, rows), *note, *ranges]


def _currency(judgement: Judgement) -> list[str]:
    note = currency_note(judgement.profile)
    return [plain(note)] if note else []


def lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _money(of: Valued, name: str) -> list[str]:
    net = of.nets[name]
    values = [money(part.value) for part in (net.answers, net.cost, net.net)]
    return [*values, span(net.net), of.chance(name), of.loss(name)]


def _requirements(judgement: Judgement) -> list[str]:
    asked, first = requirements(judgement), shown_first(judgement)
    if not asked or first is None:
        return ["## Requirements", NO_REQUIREMENTS]
    heads = ["Contender", *(text for _, _, text in asked)]
    rows = [[name, *(cell_text(cell) for cell in cells(judgement, name).values())] for name in judgement.standings]
    return ["## Requirements", plain(summary(judgement, first)), grid(heads, rows, n_left=len(heads))]


def _more_data(judgement: Judgement) -> list[str]:
    of = judgement.information
    return [
        "## Collect more data?",
        plain(whether_more(judgement)),
        *([grid(offer_heads(of), offer_rows(of))] if of.offers else []),
    ]


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
    sentences = [effect.sentence for effect in judgement.effects if effect.is_told]
    if not sentences:
        return []
    note = f"Significant means: p < 0.05 after correction for all {len(judgement.effects)} comparisons of this section."
    return ["## Effects of the model, retrieval and tuning", plain(note), bullets(sentences)]


def _cost(judgement: Judgement) -> list[str]:
    if not judgement.cost.table:
        return ["## Total cost", UNCALCULATED]
    rows = [cost_cells(row) for row in judgement.cost.table]
    heads = ["Contender", "Total", "Interval", "People", "Set-up", "1,000 queries", "Upkeep a month"]
    keys = ("contender", "total", "interval", "people", "setup", "per_1k", "upkeep")
    months = judgement.cost.table[0].horizon_months
    parts = [
        "## Total cost",
        f"Over {months} months, including people's work, in today's money. Totals are means over "
        "the draws of all uncertain numbers, days of work included, with 95 % intervals: those of the net value.",
        grid(heads, [[row[key] or NOT_MEASURED for key in keys] for row in rows]),
        *_currency(judgement),
        *_break_even(judgement),
    ]
    if judgement.cost.tornado:
        parts += [
            "What changes the winner's total most, each input alone lowered and raised by 25 %:",
            _tornado(judgement),
        ]
    for row in rows:
        parts += _formulas(judgement, row["contender"])
    return parts


def _break_even(judgement: Judgement) -> list[str]:
    """The reference with each other contender in sentences, and all pairs as a table."""
    if not judgement.break_even:
        return []
    heads = ["Pair", "Cheaper below", "Queries a month", "Within the intervals", "Cheaper above", "Same cost by month"]
    return [
        bullets(pair.explanation for pair in against_reference(judgement)),
        "Where the contenders of each pair cost the same:",
        grid(heads, [_pair(pair) for pair in judgement.break_even]),
        *([BEYOND] if any(pair.is_beyond_capacity for pair in judgement.break_even) else []),
    ]


def _pair(pair: BreakEven) -> list[str]:
    """A row of the table. The range within the intervals is empty if they change nothing."""
    low, high = ("" if end is None else about(end) for end in (pair.low, pair.high))
    volume = NOT_MEASURED if pair.volume_per_month is None else about(pair.volume_per_month)
    if pair.is_beyond_capacity and pair.capacity_per_month is not None:
        volume = f"beyond {about(pair.capacity_per_month)}"
    return [
        f"{pair.a}, {pair.b}",
        pair.cheaper_below or "neither",
        volume,
        "" if low == high else f"{low} to {high}" if high else f"from {low}, or never",
        pair.cheaper_above or "neither",
        NOT_MEASURED if pair.month is None else str(pair.month),
    ]


def _tornado(judgement: Judgement) -> str:
    rows = [
        [INPUTS[swing.input][0], usd(swing.low_total_usd), usd(swing.high_total_usd)]
        for swing in judgement.cost.tornado
    ]
    return grid(["Input", "Total if lower", "Total if higher"], rows)


def _formulas(judgement: Judgement, name: str) -> list[str]:
    parts = breakdown_rows(judgement.cost.inputs[name], judgement)["parts"]
    rows = [[title, item, amount, formula] for title, _, items in parts for item, amount, formula in items]
    return [f"### Formulas of {plain(name)}", grid(["Part", "Line", "Cost", "Formula"], rows, n_left=2)]


def _matrix(judgement: Judgement) -> list[str]:
    names = approach_names(judgement)
    heads = ["Factor", *(f"{name}, rule" for name in names.values()), *(f"{name}, data" for name in names.values())]
    rows = [_matrix_row(line, list(names)) for line in matrix_lines(judgement)]
    for title, assumed, measured in total_rows(judgement):
        cells = [values.get(name, NOT_MEASURED) for values in (assumed, measured) for name in names]
        rows.append([title, *cells, ""])
    unknown = unknown_factors(judgement)
    return [
        "## Rules of thumb compared with your data",
        " ".join(plain(sentence) for sentence in matrix_sentences(judgement)),
        *([grid([*heads, "Why"], rows)] if matrix_lines(judgement) else []),
        *([f"Not known, so not scored: {plain('; '.join(unknown))}."] if unknown else []),
        *([bullets(judgement.matrix.notes)] if judgement.matrix.notes else []),
    ]


def _matrix_row(line: MatrixLine, names: list[str]) -> list[str]:
    measured = line.measured.scores if line.measured else {}
    scores = [values.get(name) for values in (line.assumed.scores, measured) for name in names]
    why = [line.assumed.why] if line.assumed.scores else []
    why += [line.measured.why] if line.measured else []
    return [line.title, *(NOT_MEASURED if score is None else f"{score:g}" for score in scores), "; ".join(why)]


def _sensitivity(judgement: Judgement) -> list[str]:
    wins, flips = judgement.sensitivity.weighted_wins, what_turns(judgement)
    if not wins and not limit_flips(judgement) and not judgement.sensitivity.flips:
        return []
    parts = ["## What would change the answer", bullets(flips)]
    if wins:
        parts += [
            "Another view, which the verdict does not use: how often each contender has the highest weighted sum of "
            "all measures, redrawn within their intervals, with random weights.",
            grid(["Contender", "Highest weighted sum"], [[name, percent(share)] for name, share in wins.items()]),
        ]
    return parts


def _claims(judgement: Judgement) -> list[str]:
    titles = articles()
    parts = ["## What the articles claim", claims_sentence(judgement)]
    for finding, entries in claims_by_finding(judgement).items():
        rows = [[entry.claim.says, titles[entry.claim.article], entry.why] for entry in entries]
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
    risks = [[risk.title, risk.sign, risk.mitigation, risk.owner] for risk in plan.risks]
    recurring = [f"{work.when}: {work.title} ({work.owner})" for work in plan.recurring]
    parts += ["### Risks", grid(["Risk", "Warning sign", "What to do", "Owner"], risks, n_left=4)]
    return [*parts, "### Recurring work", bullets(recurring)]
