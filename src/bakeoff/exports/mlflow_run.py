"""`mlflow`: a finished run as a run of MLflow, with a nested run for each contender.

Takes a run and a tracking store, writes parameters, measures with their intervals, and the run's files. MLflow's own
usage reports are turned off, and a tracking address in the environment is not used. Source: MLflow, "Tracking API".
"""

import json
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import BakeoffError, ConfigError, MissingExtraError, disk_is_full
from bakeoff.exports.tracking import Tracking
from bakeoff.files.room import room_remedy
from bakeoff.measure.comparison import Estimate
from bakeoff.models.checksums import file_sha256
from bakeoff.runs.results import read_outcome
from bakeoff.runs.run import Run

ARTEFACTS = ("report.html", "report.md", "comparison.json", "verdict.json", "config.yaml", "data.json")
TABLES = "tables"
SUM_TAG = "bakeoff.comparison_sha256"
LONGEST_PARAMETER = 250
AT_ONCE = 100
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}
"""What MLflow reads from the environment: it reports nothing, says only what is wrong, gives up on a dead server after
seconds, and may still write the folder format.
"""
LOGGERS = ("mlflow", "alembic")


class MlflowRun(NamedTuple):
    """What was written: the id of the run that holds the others, and where."""

    run_id: str
    experiment: str
    address: str
    n_contenders: int


def export_mlflow(run: Run, tracking: Tracking) -> MlflowRun:
    """Writes the run into the store, in an experiment of its configuration's name.

    If it fails, a new store is removed, and in one that existed the unfinished runs are deleted. Raises ConfigError if
    the store holds this run already, MissingExtraError without MLflow, BakeoffError with what MLflow says.
    """
    comparison = run.comparison  # an unfinished run is refused before anything is written
    with _settings():
        client_type, errors = _mlflow(tracking)
        try:
            with _removed_if_stopped(tracking):
                client = client_type(tracking_uri=tracking.address)
                experiment = run.folder.config().name
                number = _experiment(client, experiment, tracking.artifacts)
                _refuse_second(client, number, run, tracking)
                run_id = _Export(client, number, run).write()
        except errors as error:
            raise BakeoffError(
                f"MLflow could not write to {tracking.address}: {' '.join(str(error).split())[:300]}",
                f"{room_remedy(error)}, then retry" if disk_is_full(error) else "check --out and your MLflow server",
            ) from error
    return MlflowRun(run_id, experiment, tracking.address, len(comparison.names))


class _Export:
    """Writes one run with a nested run for each contender. All of them are deleted again if that fails."""

    def __init__(self, client: Any, experiment: str, run: Run) -> None:
        self._client, self._experiment, self._run = client, experiment, run
        self._begun: list[str] = []

    def write(self) -> str:
        """The id of the run. It is marked as finished when everything is written."""
        done = False
        try:
            parent = self._parent()
            for name in self._run.comparison.names:
                self._contender(name, parent)
            self._client.set_terminated(parent)
            done = True
            return parent
        finally:
            if not done:
                self._delete()

    def _parent(self) -> str:
        folder, outcome = self._run.folder, read_outcome(self._run.folder)
        tags = {
            "bakeoff.headline": outcome.headline,
            "bakeoff.decision": outcome.decision,
            "bakeoff.winner": outcome.winner or "",
            "bakeoff.reason": outcome.reason,
        }
        run_id = self._begin(folder.root.name, {SUM_TAG: _sum(self._run), **tags})
        environment = folder.read_json(folder.environment_path)
        parameters = {key: environment.get(key) for key in ("bakeoff", "seed", "data_sha256")}
        self._log(run_id, {}, {**parameters, "contenders": list(self._run.comparison.names)})
        for name in ARTEFACTS:
            if (folder.root / name).exists():
                self._client.log_artifact(run_id, str(folder.root / name))
        if (folder.root / TABLES).is_dir():
            self._client.log_artifacts(run_id, str(folder.root / TABLES), TABLES)
        return run_id

    def _contender(self, name: str, parent: str) -> None:
        comparison = self._run.comparison
        entrant, spec = comparison.entrant(name), _spec(self._run, name)
        described = {"title": entrant.title, "model_label": entrant.model.label if entrant.model else None}
        settings = spec.model_dump(mode="json") if spec else {"name": name, "recipe": entrant.recipe}
        tags = {"mlflow.parentRunId": parent, "bakeoff.contender": name}
        run_id = self._begin(name, tags)
        tuning = {"tuning": spec.tuning.identity()} if spec else {}  # with the method's own rank and rate
        self._log(run_id, metrics_of(comparison.measures[name]), parameters_of({**described, **settings, **tuning}))
        self._client.log_dict(run_id, settings, "contender.json")
        self._client.set_terminated(run_id)

    def _begin(self, name: str, tags: Mapping[str, str]) -> str:
        started = self._client.create_run(
            self._experiment, tags={key: tags[key] for key in tags if tags[key]}, run_name=name
        )
        self._begun.append(started.info.run_id)
        return str(started.info.run_id)

    def _log(self, run_id: str, metrics: Mapping[str, float], parameters: Mapping[str, Any]) -> None:
        from mlflow.entities import Metric, Param

        now = int(time.time() * 1000)
        for some in _batches([Metric(key, value, now, 0) for key, value in metrics.items()]):
            self._client.log_batch(run_id, metrics=some)
        for some in _batches([Param(key, _text(value)) for key, value in parameters.items() if value is not None]):
            self._client.log_batch(run_id, params=some)

    def _delete(self) -> None:
        for run_id in self._begun:
            self._client.delete_run(run_id)


def metrics_of(measures: Mapping[str, Estimate]) -> dict[str, float]:
    """Each measured value with the bounds of its interval and its number of questions, and its value on each slice.

    >>> metrics_of({"accuracy": Estimate(value=0.5, low=0.4, high=0.6, n=20), "cost_usd": Estimate(reason="none")})
    {'accuracy': 0.5, 'accuracy.low': 0.4, 'accuracy.high': 0.6, 'accuracy.n': 20}
    """
    metrics: dict[str, float] = {}
    for name, estimate in measures.items():
        metrics |= _of_estimate(name, estimate)
        for slice_name, part in estimate.slices.items():
            metrics |= _of_estimate(f"{name}.{_key(slice_name)}", part)
    return metrics


def _of_estimate(name: str, estimate: Estimate) -> dict[str, float]:
    if estimate.value is None:
        return {}
    bounds = {f"{name}.low": estimate.low, f"{name}.high": estimate.high}
    known = {key: value for key, value in bounds.items() if value is not None}
    return {name: estimate.value, **known, f"{name}.n": estimate.n}


def parameters_of(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The settings by dotted keys, without those that are empty or too long (contender.json has them all).

    >>> parameters_of({"retrieval": {"k": 3}, "model": "small", "options": {}, "prompts": {"system": "x" * 300}})
    {'retrieval.k': 3, 'model': 'small'}
    """
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat |= parameters_of(value, f"{prefix}{_key(key)}.")
        elif value not in (None, "", [], ()) and len(_text(value)) <= LONGEST_PARAMETER:
            flat[f"{prefix}{_key(key)}"] = value
    return flat


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    """The name with the characters that MLflow allows."""
    return re.sub(r"[^A-Za-z0-9_.\-]", "_", name)


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[first : first + AT_ONCE] for first in range(0, len(items), AT_ONCE))


def _spec(run: Run, name: str) -> Spec | None:
    """The contender's complete settings: as it was built, else as configured."""
    config = run.folder.config()
    world = WorldFolder(run.folder.world, config.models, config.imports_from)
    if (world.contender_folder(name) / "contender.json").exists():
        return world.built(name).spec
    return next((spec for spec in config.specs if spec.name == name), None)


def _sum(run: Run) -> str:
    return file_sha256(run.folder.comparison_path)


def _experiment(client: Any, name: str, artifacts: str) -> str:
    known = client.get_experiment_by_name(name)
    if known is not None and known.lifecycle_stage != "active":
        raise ConfigError(f"The experiment '{name}' was deleted in this store.", "restore it, or name another --out")
    return str(known.experiment_id if known else client.create_experiment(name, artifact_location=artifacts or None))


def _refuse_second(client: Any, experiment: str, run: Run, tracking: Tracking) -> None:
    """Raises ConfigError if this comparison is there. What a killed export left of it is deleted."""
    for earlier in client.search_runs([experiment], filter_string=f"tags.`{SUM_TAG}` = '{_sum(run)}'"):
        if earlier.info.status == "FINISHED":
            raise ConfigError(
                f"{tracking.address} holds {run.folder.root.name} already, as the run {earlier.info.run_id}.",
                "delete that run first, or name another store with --out",
            )
        nested = client.search_runs([experiment], filter_string=f"tags.`mlflow.parentRunId` = '{earlier.info.run_id}'")
        for left in (*nested, earlier):
            client.delete_run(left.info.run_id)


@contextmanager
def _removed_if_stopped(tracking: Tracking) -> Iterator[None]:
    """Removes a store that did not exist before, if the block does not end well."""
    done = False
    try:
        yield
        done = True
    finally:
        for path in tracking.made if not done else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def _settings() -> Iterator[None]:
    """A context in which MLflow sends no usage reports and says only what is wrong. Restores everything after."""
    before = {name: os.environ.get(name) for name in SETTINGS}
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    os.environ.update(SETTINGS)
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _mlflow(tracking: Tracking) -> tuple[Any, tuple[type[Exception], ...]]:
    """MLflow's client, and the errors that it raises."""
    try:
        import mlflow.exceptions
        from mlflow.tracking import MlflowClient

        if not tracking.needs_sql:
            return MlflowClient, (mlflow.exceptions.MlflowException, OSError)
        import alembic  # noqa: F401
        import sqlalchemy.exc

        return MlflowClient, (mlflow.exceptions.MlflowException, sqlalchemy.exc.SQLAlchemyError, OSError)
    except ImportError as error:
        raise MissingExtraError("An export to MLflow", error.name or "mlflow", "mlflow") from error
