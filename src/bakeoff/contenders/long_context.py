"""`long-context`: every document in every prompt, if the model's context is large enough."""

from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.contenders.whole_corpus import WholeCorpus, reason_not_to_fit
from bakeoff.measure.comparison import Days


class LongContext(Recipe):
    """All documents, read by the untuned model."""

    name = "long-context"
    title = "Long context"
    summary = "all documents in every prompt, read by the untuned model"
    approach = "rag"
    days = Days(setup=2.0, data=1.0, upkeep_per_month=0.5)
    shows = "all documents"
    in_grid = True

    def obstacle(self, world: World, material: Material) -> str | None:
        """The reason if the documents do not fit into the model's context."""
        generator = world.generator(self.spec.model)
        return reason_not_to_fit(material.documents, generator, self.spec.generation.max_new_tokens)

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> WholeCorpus:
        """A contender that is shown every document of the world's store."""
        return WholeCorpus(
            self.spec.name,
            list(world.store.documents()),
            world.generator(self.spec.model),
            self.spec.prompts.grounded,
            self.spec.generation,
            fitted.decline_below,
        )
