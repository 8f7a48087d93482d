"""What a judgement adds to the page: marks in the chart, effects, cost, matrix, sensitivity, claims, roadmap.

Takes `ReportData` with a judgement and the contenders' colours, gives text and SVG. Knows nothing about the page's
layout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from bakeoff.decide.advise.roadmap import Roadmap
from bakeoff.decide.situation.approaches import APPROACHES, TITLES
from bakeoff.decide.verdict.claims import articles
from bakeoff.decide.verdict.effects import ALL, Effect
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.decide.verdict.limit_flips import limit_flips
from bakeoff.report.charts import Bar, Dot, stacked_rows
from bakeoff.report.cost_page import cost_context
from bakeoff.report.gather import ReportData
from bakeoff.report.requirements import requirements_context
from bakeoff.report.value_page import row_marks, value_context
from bakeoff.report.verdict_charts import difference_rows
from bakeoff.report.verdict_text import (
    FINDING_MEANINGS,
    FINDINGS,
    MARK_MEANINGS,
    MARKS,
    approach_names,
    claims_by_finding,
    claims_sentence,
    headline_parts,
    mark_meaning,
    marks,
    matrix_lines,
    matrix_sentences,
    total_rows,
    unknown_factors,
    what_turns,
)
from bakeoff.sentences import listed, percent, points

WIDE, PANEL, NARROW_WIDE = 780, 320, 342
BOTH = "Both together"
AVERAGES = {
    "knowledge": "on average over the model as it comes and the tuned model",
    "tuning": "on average with and without retrieval or documents",
    "interaction": "what both add together beyond the sum of each alone",
}
SIMPLE = {
    "knowledge": "for each tuning of the model",
    "tuning": "with and without retrieval or documents",
    "model": "at all settings measured for both models",
}
EFFECT_SUBJECTS = {"knowledge": "retrieval", "tuning": "tuning", "model": "the model"}
SLICE_ORDER = ("all", "seen", "unseen", "changed", "unanswerable", "general")
EFFECT_COLOURS = {"knowledge": "k1", "tuning": "k2", "interaction": "k3", "model": "k5"}
APPROACH_COLOURS = dict(zip(APPROACHES, ("k1", "k2", "k3"), strict=True))


def verdict_context(data: ReportData, colours: Mapping[str, int]) -> dict[str, Any] | None:
    """The values that a judged run adds to the page; None if the run was not judged."""
    judgement = data.judgement
    if judgement is None:
        return None
    first, rest = headline_parts(judgement)
    return {
        "sentence": first,
        "how_sure": rest,
        "reason": judgement.reason,
        "excluded": judgement.excluded,
        "marks": _mark_meanings(judgement),
        "value": value_context(judgement, colours),
        "requirements": requirements_context(judgement),
        "effects": effects_context(judgement),
        "cost": cost_context(judgement, colours),
        "matrix": _matrix(judgement),
        "sensitivity": _sensitivity(judgement, colours),
        "claims": _claims(judgement),
        "roadmap": roadmap_context(judgement.roadmap) if judgement.roadmap else None,
    }


def _mark_meanings(judgement: Judgement) -> list[tuple[str, str]]:
    """The marks that occur in the pictures, each with its meaning."""
    given = set(row_marks(judgement).values())
    return [(MARKS[mark], mark_meaning(judgement, mark)) for mark in MARK_MEANINGS if mark in given]


def marked(dot: Dot, judgement: Judgement) -> Dot:
    """The dot as the verdict marks it; hollow if its contender misses a need or a limit."""
    mark = marks(judgement).get(dot.label, "")
    return replace(dot, hollow=mark == "excluded", mark=MARKS.get(mark, ""), strong=mark == "winner")


def effects_context(judgement: Judgement) -> dict[str, Any] | None:
    """The panels of each model, then the comparison of models; None if the run has no effects."""
    shown = [effect for effect in judgement.effects if effect.is_told]
    if not shown:
        return None
    models = list(dict.fromkeys(effect.model for effect in shown))
    reach = _reach([end for effect in shown for end in (effect.contrast.low, effect.contrast.high)])
    several = len([model for model in models if model]) > 1
    groups = [
        (model if several else "", effect_panels([effect for effect in shown if effect.model == model], reach))
        for model in models
    ]
    kinds = {effect.effect for effect in shown}
    subjects = [subject for kind, subject in EFFECT_SUBJECTS.items() if kind in kinds]
    return {
        "groups": groups,
        "n_compared": len(judgement.effects),
        "subject": listed(subjects),
        "is_one": len(subjects) == 1,
    }


def effect_panels(effects: Sequence[Effect], reach: float) -> list[dict[str, Any]]:
    """A chart for each effect of one model, over all questions and by slice, all on one scale, with sentences."""
    panels = []
    for key in dict.fromkeys((effect.effect, effect.subject) for effect in effects):
        own = [effect for effect in effects if (effect.effect, effect.subject) == key]
        panels.append(_panel(sorted(own, key=lambda effect: _slice_rank(effect.slice)), reach))
    return panels


def _panel(own: Sequence[Effect], reach: float) -> dict[str, Any]:
    """The panel of one subject, effects over all questions first."""
    first = own[0]
    title = BOTH if first.kind == "interaction" else first.subject
    dots = [_effect_dot(effect) for effect in own]
    label = f"{title}, in points of accuracy. " + "; ".join(f"{dot.label} {points(dot.value or 0)}" for dot in dots)
    return {
        "title": title,
        "meaning": AVERAGES[first.effect] if first.kind != "simple" else SIMPLE[first.effect],
        "chart": Markup(difference_rows(dots, PANEL, f"{label}.", points, reach)),
        "sentences": [effect.sentence for effect in own if effect.slice == ALL],
        "slices": [effect.sentence for effect in own if effect.slice != ALL],
    }


def _slice_rank(name: str) -> int:
    """The position of a slice: all questions first, then the known slices, then others."""
    return SLICE_ORDER.index(name) if name in SLICE_ORDER else len(SLICE_ORDER)


def _effect_dot(effect: Effect) -> Dot:
    contrast = effect.contrast
    on_slice = f"{effect.slice}, {effect.label}" if effect.label else effect.slice
    label = effect.label if effect.label and effect.slice == ALL else on_slice
    hollow = contrast.finding != "different"
    return Dot(label, contrast.difference, contrast.low, contrast.high, EFFECT_COLOURS[effect.effect], hollow=hollow)


def _reach(ends: Sequence[float]) -> float:
    """A round number of points that covers all intervals. What two effects add together may exceed 100 points."""
    furthest = max((abs(end) for end in ends), default=0.0)
    rounds = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0)
    return next((reach for reach in rounds if furthest <= reach), furthest)


def _matrix(judgement: Judgement) -> dict[str, Any]:
    measured = judgement.matrix.measured
    return {
        "sentences": matrix_sentences(judgement),
        "names": approach_names(judgement),
        "colours": APPROACH_COLOURS,
        "lines": matrix_lines(judgement),
        "has_measured": measured is not None,
        "totals": total_rows(judgement),
        "unknown": unknown_factors(judgement),
        "ruled_out": {**judgement.matrix.assumed.ruled_out, **(measured.ruled_out if measured else {})},
        "notes": judgement.matrix.notes,
        "article_titles": articles(),
    }


def _sensitivity(judgement: Judgement, colours: Mapping[str, int]) -> dict[str, Any] | None:
    """The bar of weighted sums, the numbers, and the flips as sentences; None if every contender misses a limit."""
    wins = judgement.sensitivity.weighted_wins
    flips = what_turns(judgement)
    if not wins and not limit_flips(judgement) and not judgement.sensitivity.flips:
        return None
    segments = tuple(
        (f"{name} {percent(share)}", share, f"k{colours.get(name, 0)}") for name, share in wins.items() if share
    )
    label = f"Share of draws with the highest weighted sum. {', '.join(name for name, _, _ in segments)}."

    def draw(width: int) -> str:
        return stacked_rows([Bar("Weighted sum", segments)], width, label, row=38)

    return {
        "chart": Markup(f'<div class="wide">{draw(WIDE)}</div><div class="narrow">{draw(NARROW_WIDE)}</div>')
        if wins
        else None,
        "rows": [(name, percent(share)) for name, share in wins.items()],
        "weighted_leader": max(wins, key=lambda name: wins[name], default=None),
        "flips": flips,
    }


def _claims(judgement: Judgement) -> dict[str, Any]:
    titles = articles()
    return {
        "sentence": claims_sentence(judgement),
        "groups": [(finding, FINDINGS[finding], FINDING_MEANINGS[finding], entries)
                   for finding, entries in claims_by_finding(judgement).items()],
        "articles": {key: title for key, title in titles.items()
                     if any(entry.claim.article == key for entry in judgement.claims)},
        "favours": TITLES,
    }  # fmt: skip


def roadmap_context(plan: Roadmap) -> dict[str, Any]:
    """The roadmap with its effort by role, in person-days."""
    effort = plan.effort_by_owner()
    return {"plan": plan, "effort": effort, "days": sum(effort.values())}
