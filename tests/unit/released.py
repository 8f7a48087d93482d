"""Finished runs with the files of their contenders, from which a deployment can be made; no model takes part."""

from pathlib import Path

from bakeoff.contenders.built import Built
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.retrieval.settings import Retrieval
from bakeoff.runs.run import Run
from tests.unit.run_fixture import finished

MODELS = {"generator": "tests.end_to_end.small.reader", "embedder": "hash"}
ADAPTER = "tuned-1"


def released_run(root: Path, weights: bytes = b"weights", chunk_tokens: int = 64) -> Run:
    """A finished run of `base` and `rag` with a file of weights. `rag` cuts passages of so many tokens."""
    run = finished(root, models=MODELS)
    world = WorldFolder(run.folder.world, run.folder.config().models)
    for name in ("base", "rag"):
        recipe = make_recipe(Spec(name=name, recipe=name, retrieval=Retrieval(chunk_tokens=chunk_tokens)))
        world.save(Built(spec=recipe.spec, entrant=recipe.entrant(world.models), calibrated=True))
        if recipe.index:
            world.index(recipe.spec.retrieval).sync(world.store)
    folder = world.adapter_folder(ADAPTER)
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_bytes(weights)
    return run
