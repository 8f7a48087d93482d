"""What a run has taken from earlier runs, as `environment.json` counts it, in words. Knows no folder."""

from collections.abc import Mapping, Sequence

from bakeoff.models.kept import embedder, generator
from bakeoff.sentences import listed

TAKEN = "from_earlier_runs"
"""The key in `environment.json`: by kind, how many were taken and how many were needed."""
TRAININGS = "trainings"
WORDS = {generator.KIND: "answers of models", embedder.KIND: "vectors", TRAININGS: "trainings"}


def taken_line(counts: Mapping[str, Sequence[int]]) -> str:
    """What was taken, in a sentence; empty if nothing was.

    >>> taken_line({"answers": (10, 40), "vectors": (0, 5), "trainings": (1, 1)})
    'From earlier runs: 10 of 40 answers of models and 1 of 1 trainings. All that they depend on is the same.'
    """
    taken = [f"{some:,} of {all_:,} {WORDS.get(kind, kind)}" for kind, (some, all_) in counts.items() if some]
    return f"From earlier runs: {listed(taken)}. All that they depend on is the same." if taken else ""
