"""Opens the live documents of a deployment: its store and every index that its contenders search.

Takes a deployment, gives `LiveDocuments`. Starts no server.
"""

from collections.abc import Collection, Sequence
from contextlib import nullcontext

from bakeoff.contenders.needed import needed
from bakeoff.contenders.world import WorldFolder
from bakeoff.protocols import SearchIndex
from bakeoff.retrieval.settings import Retrieval
from bakeoff.serve.deployment import Deployment
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.order import only_writer


def documents_of(deployment: Deployment) -> LiveDocuments:
    """The documents of a deployment, with the same index objects that its contenders search."""
    world = deployment.world
    return LiveDocuments(world.store, list(indexes_of(world, deployment.release.contenders).values()))


def repair_indexes(deployment: Deployment) -> None:
    """Removes indexes that cannot be read, after a power failure for example: opening the documents makes them again.

    Raises BakeoffError if another process changes the documents of this deployment.
    """
    folder = deployment.world.store.folder
    with only_writer(folder) if folder else nullcontext():
        repair_new_indexes(deployment, ())


def repair_new_indexes(deployment: Deployment, used: Collection[str]) -> None:
    """The same for who holds the lock of the documents, and for all indexes but those that are in use, by their
    names.
    """
    world = deployment.world
    for name, retrieval in searched(world, deployment.release.contenders).items():
        if name not in used:
            world.sound_index(retrieval)


def indexes_of(world: WorldFolder, contenders: Sequence[str]) -> dict[str, SearchIndex]:
    """Each index of these contenders, and of those behind them, by its name."""
    return {name: world.index(retrieval) for name, retrieval in sorted(searched(world, contenders).items())}


def searched(world: WorldFolder, contenders: Sequence[str]) -> dict[str, Retrieval]:
    """The settings of each index that these contenders search, and those behind them, by the index's name."""
    recipes = needed(world, contenders).values()
    return {recipe.index: recipe.spec.retrieval for recipe in recipes if recipe.index}
