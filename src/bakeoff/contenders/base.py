"""`base`: a model as it comes, asked without any passage. What every other contender is held against."""

from bakeoff.contenders.closed_book import ClosedBook
from bakeoff.contenders.recipe import Fitted, Given, Recipe, World
from bakeoff.measure.comparison import Days


class Base(Recipe):
    """The model's own knowledge."""

    name = "base"
    title = "Base model"
    summary = "the model as it comes, without documents"
    days = Days(setup=1.0, data=0.0, upkeep_per_month=0.25)
    in_grid = True

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> ClosedBook:
        """A closed-book contender on the spec's model."""
        prompts, settings = self.spec.prompts, self.spec.generation
        generator = world.generator(self.spec.model)
        return ClosedBook(self.spec.name, generator, prompts.closed_book, settings, fitted.decline_below)
