"""Finished runs with the files of their contenders, from which a deployment can be made; no model takes part."""

from pathlib import Path

from bakeoff.contenders.built import Built
from bakeoff.contenders.identities import Identities
from bakeoff.contenders.identity import identity_of
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.retrieval.settings import Retrieval
from bakeoff.runs.folder import write_record
from bakeoff.runs.run import Run
from tests.unit.run_fixture import finished

READER = "tests.end_to_end.small.reader"
SAYS_ONE, SAYS_TWO = "The first release says this, all of it.", "The second release says that, and nothing else."
ADAPTER = "tuned-1"


def one() -> ScriptedGenerator:
    """A model that says one thing."""
    return ScriptedGenerator(lambda _: SAYS_ONE)


def two() -> ScriptedGenerator:
    """A model that says another."""
    return ScriptedGenerator(lambda _: SAYS_TWO)


def released_run(
    root: Path, weights: bytes = b"weights", chunk_tokens: int = 64, generator: str = READER, **settings
) -> Run:
    """A finished run of `base` and `rag` with a file of weights. `rag` cuts passages of so many tokens.

    `generator` is the import path of its model.
    """
    run = finished(root, models={"generator": generator, "embedder": "hash"}, **settings)
    world = WorldFolder(run.folder.world, run.folder.config().models)
    for name in ("base", "rag"):
        recipe = make_recipe(Spec(name=name, recipe=name, retrieval=Retrieval(chunk_tokens=chunk_tokens)))
        world.save(Built(spec=recipe.spec, entrant=recipe.entrant(world.models), calibrated=True))
        if recipe.index:
            world.index(recipe.spec.retrieval).sync(world.store)
    folder = world.adapter_folder(ADAPTER)
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_bytes(weights)
    identities = Identities(contenders=tuple(identity_of(world, name) for name in ("base", "rag")))
    write_record(run.folder.identities_path, identities)
    return run
