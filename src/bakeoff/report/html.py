"""The report as one self-contained HTML page, with style, script and data inside.

Takes `ReportData`, gives text. Tables and charts are made here and work without the script. The script sorts the table
and shows the questions. The page's content security policy forbids every request. The template escapes all text.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bakeoff.decide.situation.approaches import TITLES
from bakeoff.measure.comparison import NOTHING, Estimate
from bakeoff.measures import ACCURACY, BY_NAME, EIGHT, Measure
from bakeoff.questions.splits.survey import counted_tests
from bakeoff.report import cascades, charts, races, spending
from bakeoff.report.cascade_page import cascade_panels
from bakeoff.report.charts import Axis, Bar, Dot, Point
from bakeoff.report.classification import ABOUT, CONFUSED_HEADS, SHOWN, confusions, hardest, is_classified
from bakeoff.report.coverage_chart import coverage_chart
from bakeoff.report.declining import compared_at, curves, sentences
from bakeoff.report.drilldown import drilldown
from bakeoff.report.findings import (
    CAUSE_MEANINGS,
    CAUSES,
    LENGTHS_ABOUT,
    Cause,
    failures,
    headline,
    length_rows,
    seconds_by_stage,
    slices,
    standing,
)
from bakeoff.report.gather import ReportData
from bakeoff.report.grid_page import grid_panels
from bakeoff.report.origins import origin_rows, origin_sentences
from bakeoff.report.stage_titles import STAGES
from bakeoff.report.table import beside, table, updates
from bakeoff.report.verdict_page import marked, verdict_context
from bakeoff.report.verdict_text import marks
from bakeoff.report.who import HEADS, who
from bakeoff.sentences import duration, listed, milliseconds, percent, usd

HERE = Path(__file__).parent
JUDGED_SCRIPTS = ("cost_model.js", "value_model.js", "drawing.js", "value.js", "verdict.js")
N_COLOURS = 10
WIDE, NARROW_WIDE = 780, 342
SECRET = ("api_key", "apikey", "password", "secret", "access_token", "auth_token", "hf_token")
SLICE_MEANINGS = {
    "seen": "the fact was trained on, asked in other words",
    "unseen": "the fact was never trained on",
    "changed": "the fact changes in the update; asked before it",
    "unanswerable": "the documents contain no answer: declining is correct",
    "general": "general knowledge that is not in the documents",
}


def with_code(text: str) -> Markup:
    """The text, escaped, with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))


def html_page(data: ReportData) -> str:
    """The whole page as HTML."""
    script = _read(*JUDGED_SCRIPTS, "page.js") if data.judgement else _read("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    colours = _colours(data.contenders)
    verdict = verdict_context(data, colours)
    of_worth = verdict["value"]["money"] if verdict else None
    questions = drilldown(data, colours, len(of_worth["payload"]) if of_worth else 0)
    templates = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters["code"] = with_code
    return templates.get_template("template.html").render(
        run=data,
        colours=colours,
        style=Markup(_read("style.css", "verdict.css") if data.judgement else _read("style.css")),
        script=Markup(script),
        script_sha256=digest,
        payload=Markup(questions.json),
        n_left_out=len(data.questions) - questions.n_questions,
        headline=headline(data),
        eight=table(data, EIGHT),
        who=who(data),
        who_heads=HEADS,
        beside=table(data, beside(data)),
        classification=_classification(data),
        origins=[(name, listed(models)) for name, models in data.origins.items()],
        grids=grid_panels(data),
        updates=updates(data),
        config=yaml.safe_dump(_without_secrets(data.config), sort_keys=False, allow_unicode=True, width=100),
        environment=_flat(_without_secrets(data.environment)),
        questions_summary=_questions_summary(data),
        counted_tests=counted_tests(data.questions),
        n_leaks=sum(not leak.excused for leak in data.summary.leaks),
        percent=percent,
        usd=usd,
        verdict=verdict,
        approach_titles=TITLES,
        **_figures(data, colours),
        **_failures(data),
    )


def _classification(data: ReportData) -> dict[str, Any] | None:
    """What the section about labels shows; None if the accepted answers are no labels."""
    if not is_classified(data):
        return None
    return {
        "about": ABOUT,
        "table": table(data, SHOWN),
        "hardest": hardest(data),
        "heads": CONFUSED_HEADS,
        "confusions": confusions(data),
    }


def _questions_summary(data: ReportData) -> list[tuple[str, str]]:
    """The questions in numbers. Their warnings are among the warnings of the page."""
    summary = data.summary.questions
    return _flat(summary.model_dump(mode="json", exclude={"warnings"})) if summary else []


def _read(*names: str) -> str:
    """The contents of these files of the package, joined."""
    return "".join((HERE / name).read_text(encoding="utf-8") for name in names)


def _colours(names: Sequence[str]) -> dict[str, int]:
    """The number of each contender's colour, in the order of the configuration."""
    return {name: number % N_COLOURS for number, name in enumerate(names)}


def _figures(data: ReportData, colours: Mapping[str, int]) -> dict[str, Any]:
    return {
        "accuracy_chart": _accuracy_chart(data, colours),
        "slice_charts": _slice_charts(data, colours),
        "length_table": length_rows(data),
        "lengths_about": LENGTHS_ABOUT,
        "origin_table": origin_rows(data),
        "origin_about": origin_sentences(data),
        "cost_chart": _scatter(data, colours, "cost_per_1k", Axis("USD for 1,000 answers", usd, "{:g}".format)),
        "latency_chart": _scatter(
            data, colours, "latency_ms", Axis("median time to an answer", milliseconds, milliseconds)
        ),
        "coverage_chart": _coverage_chart(data, colours),
        "declining": sentences(data.comparison),
        "compared_at": compared_at(data.comparison),
        "cascades": cascade_panels(data.comparison, colours),
        "cascade_heads": cascades.HEADS,
        "cascades_about": f"{cascades.ABOUT_TABLE} {cascades.ABOUT_CHART}",
        "races": _races(data),
        "race_heads": races.HEADS,
        "races_about": races.ABOUT,
        "time_chart": _time_chart(data, colours),
        "time_rows": _time_rows(data),
        "spent": _spent(data),
        "total_time": duration(sum(stage.seconds for stage in data.stages)),
    }


def _races(data: ReportData) -> list[tuple[races.RacePanel, Markup]]:
    return [(races.race_panel(result), _at_both_widths(partial(races.race_chart, result))) for result in data.races]


def _spent(data: ReportData) -> dict[str, Any] | None:
    """What paid models have cost; None if there are none."""
    if data.spending is None or not data.spending.parts:
        return None
    return {
        "about": spending.ABOUT,
        "heads": spending.HEADS,
        "rows": spending.spending_rows(data.spending),
        "sentences": list(spending.spending_sentences(data.spending)),
    }


def _at_both_widths(draw: Callable[[int], str], wide: int = WIDE) -> Markup:
    """A chart drawn for a laptop and for a phone. The style sheet shows the one that fits."""
    return Markup(f'<div class="wide">{draw(wide)}</div><div class="narrow">{draw(NARROW_WIDE)}</div>')


def _accuracy_chart(data: ReportData, colours: Mapping[str, int]) -> Markup | None:
    values = data.values("accuracy")
    if not values:
        return None
    behind = standing(data, ACCURACY).behind
    ordered = sorted(values, key=lambda name: -values[name])
    dots = [_dot(name, data.estimate(name, "accuracy"), colours[name], name in behind) for name in ordered]
    ceiling = charts.ceiling_of([dot.high or dot.value or 0.0 for dot in dots])
    values_in_words = _in_words(values, ACCURACY)
    if data.judgement:
        dots = [marked(dot, data.judgement) for dot in dots]
        values_in_words += "".join(f" {name}: {mark}." for name, mark in marks(data.judgement).items())
    label = "Accuracy with 95 percent intervals. " + values_in_words
    return _at_both_widths(lambda width: charts.dot_rows(dots, width, label, percent, ceiling, row=34))


def _dot(name: str, estimate: Estimate, colour: int, is_behind: bool = False) -> Dot:
    return Dot(name, estimate.value, estimate.low, estimate.high, f"k{colour}", is_behind)


def _slice_charts(data: ReportData, colours: Mapping[str, int]) -> list[dict[str, Any]]:
    """One small chart for each slice, all with the same rows and the same axis."""
    kinds = slices(data)
    estimates = {
        kind: {name: data.estimate(name, "accuracy").slices.get(kind, NOTHING) for name in data.contenders}
        for kind in kinds
    }
    highest = [estimate.high or estimate.value or 0.0 for row in estimates.values() for estimate in row.values()]
    ceiling = charts.ceiling_of(highest)
    gutter = charts.label_width(data.contenders, 320)
    panels = []
    for kind in kinds:
        dots = [_dot(name, estimate, colours[name]) for name, estimate in estimates[kind].items()]
        values = {name: estimate.value for name, estimate in estimates[kind].items() if estimate.value is not None}
        label = f"Accuracy on {kind} questions. " + _in_words(values, ACCURACY)
        panels.append(
            {
                "name": kind,
                "meaning": SLICE_MEANINGS.get(kind, ""),
                "n": max(estimate.n for estimate in estimates[kind].values()),
                "chart": Markup(
                    charts.dot_rows(
                        dots, 320, label, percent, ceiling, row=23, gutter=gutter, is_interval_written=False
                    )
                ),
            }
        )
    return panels


def _in_words(values: Mapping[str, float], measure: Measure) -> str:
    """The values of a chart in words, for screen readers."""
    return "; ".join(f"{name} {measure.write(value)}" for name, value in values.items()) + "."


def _scatter(data: ReportData, colours: Mapping[str, int], measure: str, x: Axis) -> Markup | None:
    across, accuracy = data.values(measure), data.values("accuracy")
    names = [name for name in data.contenders if name in across and name in accuracy]
    if not names:
        return None
    dots = [
        Point(
            name,
            across[name],
            accuracy[name],
            data.estimate(name, "accuracy").low,
            data.estimate(name, "accuracy").high,
            f"k{colours[name]}",
        )
        for name in names
    ]
    label = (
        f"Accuracy against {BY_NAME[measure].title.lower()}. "
        + "; ".join(f"{name} {x.write(across[name])}, {percent(accuracy[name])}" for name in names)
        + "."
    )

    def draw(width: int) -> str:
        return charts.scatter(dots, width, 330, label, x, Axis("accuracy", percent, percent))

    return _at_both_widths(draw, wide=500)


def _coverage_chart(data: ReportData, colours: Mapping[str, int]) -> Markup | None:
    drawn = curves(data.comparison)
    if not any(curve.coverage for curve in drawn):
        return None
    css = {name: f"k{colour}" for name, colour in colours.items()}
    places = "; ".join(
        f"{curve.name} answers {percent(curve.answered)}, {percent(curve.wrong)} of them wrong" for curve in drawn
    )
    label = f"Wrong answers over the share of questions answered. {places}."
    return _at_both_widths(lambda width: coverage_chart(drawn, css, width, 330, label), wide=500)


def _time_chart(data: ReportData, colours: Mapping[str, int]) -> Markup | None:
    rows = seconds_by_stage(data)
    if not rows:
        return None
    bars = [
        Bar(
            STAGES.get(stage, stage),
            tuple(_segment(name, seconds, colours) for name, seconds in row.items()),
            duration(sum(row.values())),
        )
        for stage, row in rows.items()
    ]
    label = "Time by stage. " + "; ".join(f"{bar.label} {bar.total}" for bar in bars) + "."
    return _at_both_widths(lambda width: charts.stacked_rows(bars, width, label))


def _segment(contender: str, seconds: float, colours: Mapping[str, int]) -> tuple[str, float, str]:
    css = f"k{colours[contender]}" if contender in colours else "shared"
    return (contender or "all", seconds, css)


def _time_rows(data: ReportData) -> list[tuple[str, list[tuple[str, str]], str]]:
    """For each stage: its title, the time of each contender, and the sum."""
    return [
        (
            STAGES.get(stage, stage),
            [(name or "all contenders", duration(seconds)) for name, seconds in row.items()],
            duration(sum(row.values())),
        )
        for stage, row in seconds_by_stage(data).items()
    ]


def _failures(data: ReportData) -> dict[str, Any]:
    """The causes that occur, each contender's counts, and their chart."""
    counts = failures(data)
    causes: list[Cause] = [why for why in CAUSES if any(row[why] for row in counts.values())]
    bars = [
        Bar(
            name,
            tuple(
                (str(counts[name][why]), counts[name][why], f"f{list(CAUSES).index(why)}")
                for why in causes
                if counts[name][why]
            ),
            str(sum(counts[name].values())),
        )
        for name in data.contenders
    ]
    label = "Failed answers by cause. " + "; ".join(f"{bar.label} {bar.total}" for bar in bars) + "."
    chart = _at_both_widths(lambda width: charts.stacked_rows(bars, width, label)) if causes else None
    return {
        "failure_chart": chart,
        "failure_causes": [(why, CAUSES[why], CAUSE_MEANINGS[why], list(CAUSES).index(why)) for why in causes],
        "failure_rows": [
            (name, [(why, counts[name][why]) for why in causes], sum(counts[name].values())) for name in data.contenders
        ],
    }


def _without_secrets(tree: Any) -> Any:
    """The tree with the values of keys that name a secret replaced by '(left out)'."""
    if isinstance(tree, Mapping):
        return {
            key: "(left out)" if str(key).lower() in SECRET and value else _without_secrets(value)
            for key, value in tree.items()
        }
    return [_without_secrets(value) for value in tree] if isinstance(tree, list | tuple) else tree


def _flat(tree: Mapping[str, Any], above: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Nested values as (path, text) lines."""
    lines: list[tuple[str, str]] = []
    for key, value in tree.items():
        path = (*above, str(key))
        if isinstance(value, Mapping):
            lines += _flat(value, path)
        elif value is not None:
            lines.append((" · ".join(path), _shown(value)))
    return lines


def _shown(value: Any) -> str:
    """A JSON value as text: floats with three digits, thousands separated, lists on one line."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)
