"""Which contenders answer together: those that are named, and those that they send questions to.

Takes a world, gives recipes. Opens no model.
"""

from collections.abc import Callable, Iterable

from bakeoff.contenders.built import Built
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder


def needed(
    world: WorldFolder, contenders: Iterable[str], built: Callable[[str], Built | None] | None = None
) -> dict[str, Recipe]:
    """The recipe of each of these contenders, and of those behind them, by name.

    `built` reads a contender's file, if `world.built` should not; one for which it gives None is left out.
    """
    pending, recipes, seen = list(contenders), dict[str, Recipe](), set[str]()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        stored = (built or world.built)(name)
        if stored is not None:
            recipes[name] = make_recipe(stored.spec, world.imports_from)
            pending.extend(recipes[name].sends_to(stored.fitted))
    return recipes
