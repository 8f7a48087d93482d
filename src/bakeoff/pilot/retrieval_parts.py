"""Tunes the parts of a contender's retrieval in turn, since a reranker orders what the tuned embedder finds.

Takes a recipe and what tunes one of its parts, gives notes for the report. A part with too few questions to tune it on
stays as it is, and the others go on; a contender none of whose parts can be tuned is left out. Knows no model.
"""

from collections.abc import Callable

from bakeoff.contenders.recipe import Recipe
from bakeoff.errors import TooFewPairsError
from bakeoff.pilot.left_out import LeftOut


def tune_in_turn(recipe: Recipe, left_out: LeftOut, tune: Callable[[str], str]) -> dict[str, str]:
    """Tunes each part of a recipe with `tune`, which may return a note. Returns the notes by part."""
    notes: dict[str, str] = {}
    too_few: dict[str, str] = {}
    for part in recipe.tuned_parts:
        with left_out.trying("tuning its retrieval", [recipe]):
            try:
                notes[part] = tune(part)
            except TooFewPairsError as error:
                too_few[part] = f"{recipe.spec.name} has no tuned {part}. {error.message}"
                if len(too_few) == len(recipe.tuned_parts):
                    raise
        if not left_out.without([recipe]):
            return {}
    return {part: note for part, note in {**notes, **too_few}.items() if note}
