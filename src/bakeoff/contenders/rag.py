"""`rag`: retrieve passages, then let an untuned model write the answer from them."""

from typing import ClassVar

from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.recipe import Fitted, Given, World
from bakeoff.contenders.searching import SearchingRecipe
from bakeoff.measure.comparison import Days
from bakeoff.retrieval.presentation import ASPECTS


class Rag(SearchingRecipe):
    """Retrieved passages, read by the untuned model."""

    name = "rag"
    title = "RAG"
    summary = "retrieved passages, read by the model as it comes"
    uses: ClassVar[tuple[str, ...] | None] = (
        *("model", "generation", "retrieval", "presentation"),
        *("prompts.grounded", "prompts.rewrite"),
    )
    approach = "rag"
    days = Days(setup=5.0, data=1.0, upkeep_per_month=0.75)
    shows = "retrieval"
    retrieves = True
    presents = ASPECTS
    in_grid = True
    respects_labels = True

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Grounded:
        """A grounded contender with the spec's model and index."""
        return self.grounded(world, world.generator(self.spec.model), fitted.decline_below)
