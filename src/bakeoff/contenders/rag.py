"""`rag`: retrieve passages, then let an untuned model write the answer from them."""

from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.recipe import Fitted, Given, Recipe, World
from bakeoff.measure.comparison import Days


class Rag(Recipe):
    """Retrieved passages, read by the untuned model."""

    name = "rag"
    title = "RAG"
    summary = "retrieved passages, read by the untuned model"
    approach = "rag"
    days = Days(setup=5.0, data=1.0, upkeep_per_month=0.75)
    shows = "retrieval"
    retrieves = True
    in_grid = True

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Grounded:
        """A grounded contender with the spec's model and index."""
        return Grounded(
            self.spec.name,
            world.index(self.spec.retrieval),
            world.generator(self.spec.model),
            self.spec.prompts.grounded,
            self.spec.retrieval.k,
            self.spec.generation,
            fitted.decline_below,
        )
