"""The content of `contenders/<name>/contender.json`: settings, fitted values, and what other stages need to know."""

from collections.abc import Callable, Sequence
from typing import Any

from bakeoff.contenders.spec import Spec
from bakeoff.errors import RunFolderError
from bakeoff.measure.comparison import Declining, Entrant
from bakeoff.records import Answer, Record

Given = Callable[[str], Sequence[Answer]]
"""Returns what the contender of that name answered before."""


class Fitted(Record):
    """Values fitted on train and dev. `declining` is None for contenders that decide themselves when to decline.

    `routing` is set for routers only.
    """

    declining: Declining | None = None
    answer_words: int = 0
    routing: dict[str, Any] | None = None

    def routing_of(self, name: str) -> dict[str, Any]:
        """How this contender sends questions to others. Raises RunFolderError if it has not been calibrated."""
        if self.routing is None:
            raise RunFolderError(
                f"The contender '{name}' has not been calibrated.", "finish the run first: bakeoff run CONFIG --resume"
            )
        return self.routing

    @property
    def decline_below(self) -> float | None:
        """The confidence below which it declines, None if there is no threshold."""
        return self.declining.below if self.declining else None


class Built(Record):
    """A contender of a world, as built. `calibrated`: its fitted values are final; its answers depend on them.

    `chosen_among`: those that it could choose between when it was calibrated, if it sends questions to others; None
    where this was not written down.
    """

    spec: Spec
    entrant: Entrant
    fitted: Fitted = Fitted()
    calibrated: bool = False
    chosen_among: tuple[str, ...] | None = None
