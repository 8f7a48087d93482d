"""Opens the live documents of a deployment: its store and every index that its contenders search.

Takes a deployment, gives `LiveDocuments`. Starts no server.
"""

from collections.abc import Sequence

from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.protocols import SearchIndex
from bakeoff.serve.deployment import Deployment
from bakeoff.serve.documents.live import LiveDocuments


def documents_of(deployment: Deployment) -> LiveDocuments:
    """The documents of a deployment, with the same index objects that its contenders search."""
    world = deployment.world
    return LiveDocuments(world.store, list(indexes_of(world, deployment.release.contenders).values()))


def indexes_of(world: WorldFolder, contenders: Sequence[str]) -> dict[str, SearchIndex]:
    """Each index of these contenders, and of those behind them, by its name."""
    pending, known, indexes = list(contenders), set[str](), dict[str, SearchIndex]()
    while pending:
        name = pending.pop()
        if name in known:
            continue
        known.add(name)
        built = world.built(name)
        recipe = make_recipe(built.spec, world.imports_from)
        pending.extend(recipe.sends_to(built.fitted))
        if recipe.index:
            indexes[recipe.index] = world.index(recipe.spec.retrieval)
    return {name: indexes[name] for name in sorted(indexes)}
