"""The data of a run in its folder: documents, questions with their splits, and the environment that it began in.

Takes prepared data. Refuses to go on with other data or other weights.
"""

from collections.abc import Sequence

from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import has_store, keep_in
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.models.model_sums import check_sums
from bakeoff.models.settings import ModelSettings
from bakeoff.pilot.prepare import Prepared
from bakeoff.pilot.probing import models_of
from bakeoff.pilot.stage_times import StageTimes
from bakeoff.runs.config import Config
from bakeoff.runs.environment import data_sha256, describe
from bakeoff.runs.folder import LOST, RUN_FORMAT, RunFolder, write_json, write_record

RESTORE_OR_START = "restore the weights, or leave out --resume to start a new run"


def write_data(
    folder: RunFolder,
    world: WorldFolder,
    config: Config,
    prepared: Prepared,
    recipes: Sequence[Recipe],
    times: StageTimes,
) -> None:
    """Writes data and environment into the folder, and the documents into its world, if they are not there.

    Raises RunFolderError if the run was begun with other data or other weights.
    """
    models = _models(config, recipes)
    if folder.environment_path.exists():
        _check_there(folder)
        _check_same(folder, prepared, models)
        return
    with times.timed("read"):
        keep_in(folder.world, config.store)
        world.store.replace_all(prepared.documents)
    jsonl.write(folder.splits_path, prepared.questions)
    write_record(folder.data_path, prepared.summary())
    environment = describe(prepared.all_documents, prepared.questions, config.seed, models)
    write_json(folder.environment_path, {"run_format": RUN_FORMAT, **environment})


def _check_there(folder: RunFolder) -> None:
    """Raises RunFolderError if the data of the run are lost: without them a session would spoil what is left."""
    for path in (folder.splits_path, folder.data_path):
        if not path.exists():
            raise RunFolderError(f"{path} is missing.", LOST)
    if not has_store(folder.world):
        raise RunFolderError(f"The documents in {folder.world} are missing.", LOST)


def _check_same(folder: RunFolder, prepared: Prepared, models: dict[str, ModelSettings]) -> None:
    data_before = folder.read_json(folder.environment_path)["data_sha256"]
    if data_before != data_sha256(prepared.all_documents, prepared.questions):
        raise RunFolderError(
            f"The documents or questions have changed since {folder.root} was started.",
            "leave out --resume to start a new run",
        )
    before = folder.model_sums()
    for name, settings in models.items():
        check_sums(name, settings, before.get(name, {}), folder.root, RESTORE_OR_START)


def _models(config: Config, recipes: Sequence[Recipe]) -> dict[str, ModelSettings]:
    """The models that these contenders use, by their names in `models:`."""
    known = config.models  # what a deployment serves may have an embedder that was tuned
    return {name: known[name] for name in models_of(recipes) if name in known}
