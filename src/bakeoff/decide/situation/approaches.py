"""The approaches that advice compares, their names, and the contender that stands for each.

Knows nothing about scores or costs.
"""

from collections.abc import Iterable, Mapping
from typing import get_args

from bakeoff.measure.comparison import Entrant
from bakeoff.records import Approach

APPROACHES: tuple[Approach, ...] = get_args(Approach)
RAG, FINE_TUNING, HYBRID = APPROACHES
TITLES: dict[str, str] = dict(zip(APPROACHES, ("RAG", "fine-tuning", "a hybrid"), strict=True))
NAMES: dict[str, str] = dict(zip(APPROACHES, ("RAG", "Fine-tuning", "Hybrid"), strict=True))
Standing = Mapping[str, Entrant]
"""The contender that represents each approach."""


def stand_for(entrants: Iterable[Entrant]) -> dict[str, Entrant]:
    """The first contender of each approach, in the order of the approaches."""
    first: dict[str, Entrant] = {}
    for entrant in entrants:
        if entrant.approach is not None:
            first.setdefault(entrant.approach, entrant)
    return {name: first[name] for name in APPROACHES if name in first}
