"""What systems have in common that exist already and answer outside of Bakeoff, by an address or in a file.

Takes options with an `approach`, gives the description of such a contender. Does not know how it answers.
"""

from collections.abc import Mapping
from typing import Any

from bakeoff.contenders.recipe import Recipe
from bakeoff.measure.comparison import Days, Entrant
from bakeoff.models.settings import ModelSettings

NOT_SET_UP = "it was set up elsewhere"


class Elsewhere(Recipe):
    """A system of the team's own, which decides itself when to decline."""

    days = Days(setup=0.0, data=0.0, upkeep_per_month=1.25)  # it exists already; its upkeep is assumed
    asks_model = False
    learns_answers = False
    declines = False
    outside = True
    options: Any

    def entrant(self, models: Mapping[str, ModelSettings]) -> Entrant:
        """As for other recipes, with the approach that the options give. Its setting up was not measured."""
        known = super().entrant(models)
        reasons = {"setup_s": NOT_SET_UP, **known.unmeasured}
        return known.model_copy(update={"approach": self.options.approach, "unmeasured": reasons})
