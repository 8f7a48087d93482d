"""The grid's effects: what retrieval does, what tuning does, and whether one changes the other.

Takes per-question values of the grid's four contenders, gives contrasts with a plain sentence each. Knows nothing about
models or files. The four cells are `base`, `rag`, `tuned` and `hybrid`; all are asked the same questions, so each
effect is a paired difference per question.
Source: the 2x2 factorial design, Box, Hunter and Hunter 2005, "Statistics for Experimenters", chapter 5.
"""

from collections.abc import Mapping

from bakeoff.measure.statistics import MARGIN, Values, paired, with_holm
from bakeoff.records import Contrast, Record

GRID = ("base", "rag", "tuned", "hybrid")
# Weight of each cell in the per-question effect, which stays within -1..1.
EFFECTS: dict[str, dict[str, float]] = {
    "retrieval": {"rag": 0.5, "hybrid": 0.5, "base": -0.5, "tuned": -0.5},
    "tuning": {"tuned": 0.5, "hybrid": 0.5, "base": -0.5, "rag": -0.5},
    "interaction": {"hybrid": 0.5, "base": 0.5, "rag": -0.5, "tuned": -0.5},
}
# What both do beyond the sum of what each does alone is twice the design's interaction, a mean of two differences.
TIMES = {"retrieval": 1, "tuning": 1, "interaction": 2}


class Effect(Record):
    """One effect on one slice ('all' for all of them), in the measure's unit, with its sentence."""

    effect: str
    slice: str
    contrast: Contrast
    sentence: str


def effects(
    values: Mapping[str, Values],
    fact_of: Mapping[str, str],
    slice_of: Mapping[str, str],
    measure: str = "accuracy",
    margin: float = MARGIN,
) -> list[Effect]:
    """Every effect over all questions and on each slice; empty where a cell of the grid was not run.

    p-values are adjusted (Holm) over all effects and slices together.
    """
    if not all(values.get(name) for name in GRID):
        return []
    per_question = {name: _combine(values, weights) for name, weights in EFFECTS.items()}
    slices = ["all", *dict.fromkeys(slice_of[key] for key in next(iter(per_question.values())))]
    labelled: list[tuple[str, str, Contrast]] = []
    for name, combined in per_question.items():
        for part in slices:
            chosen = {key: value for key, value in combined.items() if part in ("all", slice_of[key])}
            contrast = paired(name, "none", chosen, fact_of, measure, margin / TIMES[name])
            if contrast is not None:
                labelled.append((name, part, _times(contrast, TIMES[name])))
    adjusted = with_holm([contrast for _, _, contrast in labelled])
    return [
        Effect(effect=name, slice=part, contrast=contrast, sentence=_sentence(name, part, contrast))
        for (name, part, _), contrast in zip(labelled, adjusted, strict=True)
    ]


def _times(contrast: Contrast, factor: int) -> Contrast:
    scaled = {key: factor * getattr(contrast, key) for key in ("difference", "low", "high")}
    return contrast.model_copy(update=scaled)


def _combine(values: Mapping[str, Values], weights: Mapping[str, float]) -> dict[str, float]:
    """The weighted sum of the cells for each question that all four answered."""
    shared = set.intersection(*(set(values[name]) for name in GRID))
    return {
        key: sum(weight * values[name][key] for name, weight in weights.items())
        for key in values[GRID[0]]
        if key in shared
    }


SUBJECT = {
    "retrieval": "Retrieval",
    "tuning": "Tuning",
    "interaction": "Tuning and retrieval together, beyond what each does alone,",
}
WHERE = {
    "all": "over all test questions",
    "seen": "on facts that were trained on in other words",
    "unseen": "on facts that were not trained on",
    "unanswerable": "on questions the documents do not answer",
    "changed": "on facts that changed after training",
    "general": "on general knowledge",
}


def _sentence(name: str, part: str, contrast: Contrast) -> str:
    points, low, high = (round(100 * value, 1) for value in (contrast.difference, contrast.low, contrast.high))
    interval = f"(95 % interval {low:+.1f} to {high:+.1f}, {contrast.n} questions)"
    where = WHERE.get(part, f"on the slice {part}")
    if contrast.finding == "different":
        verb = "raises" if points > 0 else "lowers"
        return f"{SUBJECT[name]} {verb} {contrast.measure} by {abs(points):.1f} points {where} {interval}."
    if contrast.finding == "tied":
        return f"{SUBJECT[name]} makes no difference to {contrast.measure} {where} {interval}."
    return (
        f"{SUBJECT[name]} changes {contrast.measure} by {points:+.1f} points {where}, "
        f"which these questions cannot tell from none {interval}."
    )
