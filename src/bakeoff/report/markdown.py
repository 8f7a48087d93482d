"""The report as Markdown: the verdict, tables, failures, times and data. Every text is escaped.

Takes `ReportData`, gives text. The single questions are only on the HTML page and in the answer files. Knows nothing
about HTML.
"""

from urllib.parse import quote

from bakeoff.measure.comparison import Estimate
from bakeoff.measures import ACCURACY, BY_NAME, EIGHT
from bakeoff.questions.naming import named_by
from bakeoff.questions.splits.survey import counted_tests
from bakeoff.report import cascades, races
from bakeoff.report.classification import ABOUT, CONFUSED_HEADS, SHOWN, confusions, hardest, is_classified
from bakeoff.report.declining import compared_at, sentences
from bakeoff.report.findings import (
    CAUSE_MEANINGS,
    CAUSES,
    LENGTHS_ABOUT,
    failures,
    headline,
    length_rows,
    seconds_by_stage,
    slices,
)
from bakeoff.report.gather import ReportData
from bakeoff.report.markdown_text import bullets, grid, plain
from bakeoff.report.origins import origin_rows, origin_sentences
from bakeoff.report.spending import ABOUT as ABOUT_SPENDING
from bakeoff.report.spending import HEADS as HEADS_SPENT
from bakeoff.report.spending import spending_rows, spending_sentences
from bakeoff.report.stage_titles import STAGES
from bakeoff.report.table import Cell, Table, beside, table, updates
from bakeoff.report.verdict_markdown import opening, sections, stakes
from bakeoff.report.who import HEADS, who
from bakeoff.sentences import NOT_MEASURED, counted, duration, listed

MOST_LEAKS = 50
RISK = tuple(BY_NAME[name] for name in ("hallucination", "abstention", "hallucination_at_equal_coverage", "aurc"))


def markdown_page(data: ReportData) -> str:
    """The whole page, ending in a newline."""
    parts = [f"# Bakeoff: {plain(data.name)}", *_preface(data)]
    if data.judgement:
        parts += opening(data.judgement)
    else:
        first, second = headline(data)
        parts.append(f"**{plain(first)}** {plain(second)}".rstrip())
    if data.warnings:
        parts += ["## Before you rely on this", bullets(data.warnings)]
    if data.judgement:
        parts += stakes(data.judgement)
    parts += ["## The contenders", grid(HEADS, who(data))]
    parts += ["## All contenders by eight measures", *_measures(table(data, EIGHT))]
    if others := beside(data):
        parts += ["### Further measures", *_measures(table(data, others))]
    if data.skipped:
        parts += ["### Skipped", bullets(f"{name}: {reason}" for name, reason in data.skipped.items())]
    parts += [
        *_classification(data),
        *_slices(data),
        *_declining(data),
        *_cascades(data),
        *_races(data),
        *_updates(data),
    ]
    parts += _failures(data)
    if data.judgement:
        parts += sections(data.judgement)
    parts += [*_times(data), *_spending(data), *_summary(data)]
    return "\n\n".join(parts) + "\n"


def _preface(data: ReportData) -> list[str]:
    """A decision that was made elsewhere, and where the verdict of this run begins."""
    of = data.preface
    if of is None:
        return []
    links = [f"[{plain(title)}]({quote(address)})" for title, address in of.links.items()]
    return [f"## {plain(of.title)}", *map(plain, of.sentences), " · ".join(links), "## Verdict of the pilot"]


def _measures(shown: Table) -> list[str]:
    lines = [*shown.rows, *([shown.constant] if shown.constant else [])]
    rows = [[name, *(_cell(cell) for cell in cells)] for name, cells in lines]
    parts = [grid(["Contender", *(measure.title for measure in shown.measures)], rows)]
    if shown.notes:
        parts.append("; ".join(f"({letter}) {plain(reason)}" for letter, reason in shown.notes))
    parts.append(
        bullets(
            f"{measure.title}: {measure.description}" + (f" ({measure.better} is better)" if measure.better else "")
            for measure in shown.measures
        )
    )
    return parts


def _cell(cell: Cell) -> str:
    """A cell's value, then in brackets its interval and extra text, then the letter of its note."""
    more = "; ".join(text for text in (cell.interval, cell.extra) if text)
    sign = "≈" if cell.mark == "tied" else ""
    return f"{sign}{cell.text}" + (f" ({more})" if more else "") + (f" ({cell.note})" if cell.note else "")


def _classification(data: ReportData) -> list[str]:
    """The measures of labels, the hardest labels and the confusions, if accepted answers are labels."""
    if not is_classified(data):
        return []
    parts = ["## Classification", plain(ABOUT), *_measures(table(data, SHOWN))]
    parts += ["### F1 of the hardest labels", grid(*hardest(data))]
    if rows := confusions(data):
        parts += ["### Most frequent confusions", grid(CONFUSED_HEADS, rows, n_left=3)]
    return parts


def _slices(data: ReportData) -> list[str]:
    kinds = slices(data)
    if not kinds:
        return []
    rows = [
        [name, *(_estimate(data.estimate(name, "accuracy").slices.get(kind)) for kind in kinds)]
        for name in data.contenders
    ]
    return ["## Accuracy by slice", grid(["Contender", *kinds], rows), *_lengths(data), *_origins(data)]


def _lengths(data: ReportData) -> list[str]:
    """Accuracy by the length of the accepted answers, if the test has both lengths."""
    heads, rows = length_rows(data)
    return ["### By the length of the accepted answers", grid(heads, rows), LENGTHS_ABOUT] if rows else []


def _origins(data: ReportData) -> list[str]:
    """Accuracy on questions that people asked and on synthetic ones, if the test has both."""
    heads, rows = origin_rows(data)
    return ["### On asked and on synthetic questions", grid(heads, rows), *origin_sentences(data)] if rows else []


def _declining(data: ReportData) -> list[str]:
    """When the contenders decline, and how they compare if all answer the same share."""
    measures = [measure for measure in RISK if data.values(measure.name)]
    lines = sentences(data.comparison)
    parts = [bullets(lines)] if lines else []
    if measures:
        shown = table(data, measures)
        rows = [[name, *(_cell(cell) for cell in cells)] for name, cells in shown.rows]
        parts.append(grid(["Contender", *(measure.title for measure in measures)], rows))
        parts += ["; ".join(f"({letter}) {plain(reason)}" for letter, reason in shown.notes)] * bool(shown.notes)
        parts.append(f"Equal coverage: each contender answers {compared_at(data.comparison)} of the questions.")
    return ["## Declining", *parts] if parts else []


def _cascades(data: ReportData) -> list[str]:
    """What each cascade makes of the questions as cost counts more and more."""
    parts: list[str] = []
    for (name, curve), line in zip(data.comparison.cascades.items(), cascades.sentences(data.comparison), strict=True):
        parts += [f"### {plain(name)}", plain(line), grid(cascades.HEADS, cascades.rows(curve))]
        parts.append(cascades.about_value(curve))
    return ["## What cascades save", cascades.ABOUT_TABLE, *parts] if parts else []


def _estimate(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return NOT_MEASURED
    return f"{ACCURACY.write(estimate.value)} ({ACCURACY.interval(estimate.low, estimate.high)}; n = {estimate.n})"


def _updates(data: ReportData) -> list[str]:
    measured = updates(data)
    if not measured:
        return []
    rows = [[update.contender, update.before, update.after, update.seconds, update.tokens] for update in measured]
    return ["## When the documents change", grid(["Contender", "Before", "After", "Time", "Tokens"], rows)]


def _failures(data: ReportData) -> list[str]:
    counts = failures(data)
    causes = [why for why in CAUSES if any(row[why] for row in counts.values())]
    if not causes:
        return ["## How answers failed", "No answer failed."]
    rows = [[name, *(str(row[why]) for why in causes), str(sum(row.values()))] for name, row in counts.items()]
    return [
        "## How answers failed",
        grid(["Contender", *(CAUSES[why] for why in causes), "All"], rows),
        bullets(f"{CAUSES[why]}: {CAUSE_MEANINGS[why]}" for why in causes),
    ]


def _times(data: ReportData) -> list[str]:
    stages = seconds_by_stage(data)
    if not stages:
        return []
    rows = [
        [
            STAGES.get(stage, stage),
            duration(sum(row.values())),
            ", ".join(f"{name or 'all'} {duration(seconds)}" for name, seconds in row.items()),
        ]
        for stage, row in stages.items()
    ]
    return ["## Run time by stage", grid(["Stage", "Time", "Of which"], rows)]


def _races(data: ReportData) -> list[str]:
    """The candidates of each race."""
    if not data.races:
        return []
    parts = ["## Races", races.ABOUT]
    for result in data.races:
        panel = races.race_panel(result)
        parts += [f"### {plain(panel.contender)}", bullets(panel.sentences), grid(races.HEADS, panel.rows, 2)]
    return parts


def _spending(data: ReportData) -> list[str]:
    """What paid models have cost, if there are some."""
    if data.spending is None or not data.spending.parts:
        return []
    table_of_parts = grid(HEADS_SPENT, spending_rows(data.spending), 3)
    return ["## Spent on models", ABOUT_SPENDING, bullets(spending_sentences(data.spending)), table_of_parts]


def _summary(data: ReportData) -> list[str]:
    documents = data.summary.documents
    parts = [
        "## Documents and questions",
        f"{counted(documents.n, 'document')}; {counted(len(data.texts), 'question')} "
        f"({counted_tests(data.questions)}).",
    ]
    if data.origins:
        parts += [
            "Models that answered, by the servers' names:",
            bullets(f"{name}: {listed(models)}" for name, models in data.origins.items()),
        ]
    for title, is_read in (("Could not be read:", False), ("Read, but check how:", True)):
        problems = [problem for problem in documents.problems if problem.is_read == is_read]
        if problems:
            parts += [
                title,
                bullets(
                    f"{problem.source}: {problem.reason}" + (f" -> {problem.remedy}" if problem.remedy else "")
                    for problem in problems
                ),
            ]
    leaks = [leak for leak in data.summary.leaks if not leak.excused]
    if leaks:
        parts += [
            f"{len(leaks)} test questions are near-copies of a training question:",
            bullets(
                " and ".join(named_by(key, data.texts.get(key)) for key in (leak.test_id, leak.train_id))
                for leak in leaks[:MOST_LEAKS]
            ),
        ]
    if data.taken:
        parts.append(data.taken)
    return parts
