"""The data of a run in its folder: documents, questions with their splits, and the environment that it began in.

Takes prepared data. Refuses to go on with other data or other weights.
"""

import logging
from collections.abc import Sequence

import bakeoff
from bakeoff.contenders.identity import code_of
from bakeoff.contenders.recipe import Recipe
from bakeoff.corpus.place import place_of
from bakeoff.corpus.stores import fill_store, has_store, is_filled, open_store
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.models.model_sums import check_sums
from bakeoff.models.settings import ModelSettings
from bakeoff.pilot.prepare import Prepared
from bakeoff.pilot.probing import models_of
from bakeoff.pilot.stage_times import StageTimes
from bakeoff.retrieval.opening import index_names, remove_indexes
from bakeoff.runs.config import Config
from bakeoff.runs.environment import data_sha256, describe
from bakeoff.runs.folder import LOST, RUN_FORMAT, RunFolder, write_json, write_record
from bakeoff.sentences import listed

CODE = "code"
"""The key in `environment.json`: by contender, the sum of the files of your own classes."""
VERSIONS = "versions"
"""The key in `environment.json`: the versions of Bakeoff that worked on the run, if there were several."""
PHASES = ("", "dev", "latency", "updated")
RESTORE_OR_START = "restore its files, or leave out --resume to start a new run"

_log = logging.getLogger(__name__)


def write_data(
    folder: RunFolder,
    config: Config,
    prepared: Prepared,
    recipes: Sequence[Recipe],
    times: StageTimes,
) -> None:
    """Writes data, documents and environment into the folder, if they are not there.

    Of a run that was begun, what was lost since is made again. Raises RunFolderError if the run was begun with other
    data or other weights, or if questions whose answers were corrected are lost.
    """
    models = _models(config, recipes)
    if folder.environment_path.exists():
        _check_same(folder, prepared, models)
        _check_code(folder, config, recipes)
        _note_version(folder)
        _restore(folder, config, prepared)
        return
    with times.timed("read"):
        fill_store(folder.world, prepared.documents, config.store)
    jsonl.write(folder.splits_path, prepared.questions)
    write_record(folder.data_path, prepared.summary())
    environment = describe(prepared.all_documents, prepared.questions, config.seed, models)
    write_json(folder.environment_path, {"run_format": RUN_FORMAT, **environment, CODE: _code(config, recipes)})


def _restore(folder: RunFolder, config: Config, prepared: Prepared) -> None:
    """Writes questions, summary and documents again if somebody deleted them: they are those that the run began with.

    Without its questions, a session would empty the scores.
    """
    lost = [path for path in (folder.splits_path, folder.data_path) if not path.exists()]
    if lost and folder.splits_path.with_name("splits.1.jsonl").exists():
        raise RunFolderError(f"{lost[0]} is missing, with what 'bakeoff regrade' wrote into it.", LOST)
    for path in lost:
        _log.warning("%s was missing and is written again.", path)
    if folder.splits_path in lost:
        jsonl.write(folder.splits_path, prepared.questions)
    if folder.data_path in lost:
        write_record(folder.data_path, prepared.summary())
    if not (is_filled(folder.world) if prepared.documents else has_store(folder.world)):
        _log.warning("The documents of %s were missing: they and their indexes are made again.", folder.world)
        if place_of(folder.world) is not None:
            open_store(folder.world).close()  # its tables, of which the indexes are asked
        remove_indexes(folder.world, index_names(folder.world))  # first: of a session that is killed, none is left
        fill_store(folder.world, prepared.documents, config.store)


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


def _check_code(folder: RunFolder, config: Config, recipes: Sequence[Recipe]) -> None:
    """Answers by other code are not mixed with those that are there. A class that has not answered may be corrected."""
    environment, now = folder.read_json(folder.environment_path), _code(config, recipes)
    before = environment.get(CODE)
    if before is None or before == now:
        return
    for recipe in recipes:
        name = recipe.spec.name
        has_answers = any(folder.answers_path(name, phase).exists() for phase in PHASES)
        if has_answers and before.get(name) != now.get(name):
            raise RunFolderError(
                f"The code of {name} is not the one that {folder.root} was started with, and {name} has answered "
                "already.",
                "restore the file of its class, or leave out --resume to start a new run",
            )
    write_json(folder.environment_path, {**environment, CODE: now})


def _note_version(folder: RunFolder) -> None:
    """Notes that another version of Bakeoff goes on with this run: it may have other prompts and another way to cut."""
    environment = folder.read_json(folder.environment_path)
    versions = environment.get(VERSIONS, [environment.get("bakeoff", "(unknown)")])
    if versions[-1] != bakeoff.__version__:
        _log.warning("%s", version_warning([*versions, bakeoff.__version__]))
        write_json(folder.environment_path, {**environment, VERSIONS: [*versions, bakeoff.__version__]})


def version_warning(versions: Sequence[str]) -> str:
    """A sentence about a run that several versions of Bakeoff have worked on, in this order."""
    return (
        f"This run was begun by Bakeoff {versions[0]} and continued by {listed(versions[1:])}. Answers may differ for "
        "that alone. To compare contenders by one version, start a new run."
    )


def _code(config: Config, recipes: Sequence[Recipe]) -> dict[str, str]:
    """The sums of your own classes, by contender."""
    sums = {recipe.spec.name: code_of(recipe, config.models, config.imports_from) for recipe in recipes}
    return {name: sum_ for name, sum_ in sums.items() if sum_}


def _models(config: Config, recipes: Sequence[Recipe]) -> dict[str, ModelSettings]:
    """The models that these contenders use, by their names in `models:`."""
    known = config.models  # what a deployment serves may have an embedder that was tuned
    return {name: known[name] for name in models_of(recipes) if name in known}
