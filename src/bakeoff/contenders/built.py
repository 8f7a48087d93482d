"""What `contenders/<name>/contender.json` says: settings, what was fitted, and what the contender is to others."""

from collections.abc import Callable, Sequence
from typing import Any

from bakeoff.contenders.spec import Spec
from bakeoff.measure.comparison import Entrant
from bakeoff.records import Answer, Record

Given = Callable[[str], Sequence[Answer]]
"""What a contender of that name answered before."""


class Fitted(Record):
    """What a contender was fitted to on train and dev. `routing` is a router's."""

    decline_below: float | None = None
    answer_words: int = 0
    routing: dict[str, Any] | None = None


class Built(Record):
    """One contender as it stands in a world. `calibrated`: what it was fitted to is final, its answers rest on it."""

    spec: Spec
    entrant: Entrant
    fitted: Fitted = Fitted()
    calibrated: bool = False
