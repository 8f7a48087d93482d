"""What a judgement adds to the page beside its cost: marks in the chart, effects, matrix, sensitivity, ledger, plan.

Takes `ReportData` with a judgement and the contenders' colours, gives text and SVG. Knows nothing about how the page is
laid out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from bakeoff.decide.advise.roadmap import Roadmap
from bakeoff.decide.verdict.claims import articles
from bakeoff.decide.verdict.effects import Effect
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.report.charts import Bar, Dot, stacked_rows
from bakeoff.report.cost_page import cost_context
from bakeoff.report.gather import ReportData
from bakeoff.report.verdict_charts import difference_rows
from bakeoff.report.verdict_text import (
    FINDING_MEANINGS,
    FINDINGS,
    NO_FLIPS,
    approach_names,
    claims_by_finding,
    claims_sentence,
    flip_sentence,
    marks,
    matrix_lines,
    matrix_sentences,
    share_rows,
    total_rows,
    unknown_factors,
    verdict_sentence,
)
from bakeoff.sentences import percent, points

WIDE, PANEL, NARROW_WIDE = 780, 320, 342
EFFECT_TITLES = {"retrieval": "Retrieval", "tuning": "Tuning", "interaction": "Both together"}
EFFECT_MEANINGS = {
    "retrieval": "what passages add, on average over both models",
    "tuning": "what tuning adds, on average with and without passages",
    "interaction": "what the two add together beyond the sum of each alone",
}
SLICE_ORDER = ("all", "seen", "unseen", "changed", "unanswerable", "general")
EFFECT_COLOURS = {"retrieval": "k1", "tuning": "k2", "interaction": "k3"}
MARKS = {"winner": "★", "tied": "≈", "excluded": "×"}
APPROACH_COLOURS = {"rag": "k1", "ft": "k2", "hybrid": "k3"}


def verdict_context(data: ReportData, colours: Mapping[str, int]) -> dict[str, Any] | None:
    """Everything that a judged run's page shows beyond an unjudged one's; None where it was not judged."""
    judgement = data.judgement
    if judgement is None:
        return None
    return {
        "sentence": verdict_sentence(judgement),
        "reason": judgement.reason,
        "excluded": judgement.excluded,
        "marks": sorted(set(marks(judgement).values())),
        "effects": effect_panels(judgement),
        "cost": cost_context(judgement, colours),
        "matrix": _matrix(judgement),
        "sensitivity": _sensitivity(judgement, colours),
        "claims": _claims(judgement),
        "roadmap": roadmap_context(judgement.roadmap) if judgement.roadmap else None,
    }


def marked(dot: Dot, judgement: Judgement) -> Dot:
    """The dot as the verdict has it: filled for the winner and those tied with it, hollow for the others.

    Where the data could carry no verdict, only those that break a limit are hollow.
    """
    mark = marks(judgement).get(dot.label, "")
    is_decided = bool(judgement.winner or judgement.tied_with)
    hollow = mark not in ("winner", "tied") if is_decided else mark == "excluded"
    return replace(dot, hollow=hollow, mark=MARKS.get(mark, ""), strong=mark == "winner")


def effect_panels(judgement: Judgement) -> list[dict[str, Any]]:
    """A chart for each effect over all questions and each slice, all on one scale, with its sentences."""
    found = judgement.effects
    reach = _reach([end for one in found for end in (one.contrast.low, one.contrast.high)])
    panels = []
    for name, title in EFFECT_TITLES.items():
        mine = sorted((one for one in found if one.effect == name), key=lambda one: _slice_rank(one.slice))
        if not mine:
            continue
        dots = [_effect_dot(one) for one in mine]
        label = f"{title}, in points of accuracy. " + "; ".join(f"{one.label} {points(one.value or 0)}" for one in dots)
        panels.append(
            {
                "title": title,
                "meaning": EFFECT_MEANINGS[name],
                "chart": Markup(difference_rows(dots, PANEL, f"{label}.", points, reach)),
                "sentence": mine[0].sentence,
                "slices": [one.sentence for one in mine[1:]],
            }
        )
    return panels


def _slice_rank(name: str) -> int:
    """All questions first, then the slices in the order of the design."""
    return SLICE_ORDER.index(name) if name in SLICE_ORDER else len(SLICE_ORDER)


def _effect_dot(one: Effect) -> Dot:
    contrast = one.contrast
    is_clear = contrast.finding == "different"
    return Dot(
        one.slice, contrast.difference, contrast.low, contrast.high, EFFECT_COLOURS[one.effect], hollow=not is_clear
    )


def _reach(ends: Sequence[float]) -> float:
    """A round number of points that all intervals lie within."""
    furthest = max((abs(end) for end in ends), default=0.0)
    return next((reach for reach in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8) if furthest <= reach), 1.0)


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
    """The bars of wins, the same in numbers, and the flips as sentences; None where nobody was eligible."""
    rows = [(title, wins) for title, wins in share_rows(judgement) if wins]
    if not rows:
        return None
    bars = [
        Bar(title, tuple((f"{name} {percent(share)}", share, f"k{colours.get(name, 0)}")
                         for name, share in wins.items() if share))
        for title, wins in rows
    ]  # fmt: skip
    names = list(rows[0][1])
    told = "; ".join(f"{bar.label}: {', '.join(name for name, _, _ in bar.segments)}" for bar in bars)

    def draw(width: int) -> str:
        return stacked_rows(bars, width, f"Share of draws won. {told}.", row=38)

    return {
        "chart": Markup(f'<div class="wide">{draw(WIDE)}</div><div class="narrow">{draw(NARROW_WIDE)}</div>'),
        "heads": [title for title, _ in rows],
        "rows": [(name, [percent(wins.get(name, 0.0)) for _, wins in rows]) for name in names],
        "weighted_leader": max(rows[-1][1], key=lambda name: rows[-1][1][name]) if len(rows) > 1 else None,
        "flips": [flip_sentence(flip) for flip in judgement.sensitivity.flips] or [NO_FLIPS],
    }


def _claims(judgement: Judgement) -> dict[str, Any]:
    titles = articles()
    return {
        "sentence": claims_sentence(judgement),
        "groups": [(finding, FINDINGS[finding], FINDING_MEANINGS[finding], entries)
                   for finding, entries in claims_by_finding(judgement).items()],
        "articles": {key: title for key, title in titles.items()
                     if any(one.claim.article == key for one in judgement.claims)},
        "favours": {"rag": "RAG", "ft": "fine-tuning", "hybrid": "a hybrid"},
    }  # fmt: skip


def roadmap_context(plan: Roadmap) -> dict[str, Any]:
    """The plan with its effort by role."""
    effort = plan.effort_by_owner()
    return {"plan": plan, "effort": effort, "days": sum(effort.values())}
