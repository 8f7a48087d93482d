"""`base`: an untuned model, asked without any passage. The baseline for all other contenders."""

from bakeoff.contenders.direct import Direct
from bakeoff.contenders.recipe import Fitted, Given, Recipe, World
from bakeoff.measure.comparison import Days


class Base(Recipe):
    """What the model knows by itself."""

    name = "base"
    title = "Base model"
    summary = "the model as it comes, without documents"
    uses = ("model", "generation", "prompts.closed_book")
    days = Days(setup=1.0, data=0.0, upkeep_per_month=0.25)
    in_grid = True
    respects_labels = True

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Direct:
        """A closed-book contender with the spec's model."""
        prompts, settings = self.spec.prompts, self.spec.generation
        generator = world.generator(self.spec.model)
        return Direct(self.spec.name, generator, prompts.closed_book, settings, fitted.decline_below)
