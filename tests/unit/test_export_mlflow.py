"""A finished run as a run of MLflow: what is in it, that it is written once, and that nothing goes anywhere else."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import BakeoffError, ConfigError
from bakeoff.exports.mlflow_run import export_mlflow, metrics_of
from bakeoff.exports.tracking import tracking_of
from tests.unit.run_fixture import finished

for module in ("mlflow", "sqlalchemy", "alembic"):
    pytest.importorskip(module, reason="MLflow's client is not installed: pip install 'bakeoff[mlflow]'")

KEY = "sk-this-must-not-leave"
MODELS = {"large": {"api": "openai", "base_url": "https://llm.example/v1", "model": "big", "key_env": "EXPORT_KEY"}}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished run with a model that needs a key. Any connection would be an error."""
    for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "MLFLOW_ALLOW_FILE_STORE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXPORT_KEY", KEY)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: pytest.fail(f"connected to {to}"))
    return finished(tmp_path / "runs" / "planets", models=MODELS)


def client(address: str):
    from mlflow.tracking import MlflowClient

    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    try:
        return MlflowClient(tracking_uri=address)
    finally:
        del os.environ["MLFLOW_ALLOW_FILE_STORE"]


def files(path: Path) -> list[Path]:
    return [each for each in path.rglob("*") if each.is_file()]


def test_a_run_becomes_one_run_with_a_nested_one_for_each_contender(run, tmp_path):
    """In a folder: measures with intervals, settings, the verdict, and the files of the run."""
    written = export_mlflow(run, tracking_of(str(tmp_path / "mlruns")))
    reader = client(written.address)
    parent = reader.get_run(written.run_id)
    assert (parent.info.run_name, parent.info.status) == ("planets", "FINISHED")
    assert parent.data.tags["bakeoff.winner"] == "rag" and parent.data.params["contenders"] == '["base", "rag"]'
    names = {item.path for item in reader.list_artifacts(written.run_id)}
    assert {"report.html", "comparison.json", "verdict.json", "config.yaml", "data.json"} <= names
    path = Path(parent.info.artifact_uri.removeprefix("file://")) / "comparison.json"
    assert path.read_bytes() == run.folder.comparison_path.read_bytes()
    number = parent.info.experiment_id
    nested = {one.info.run_name: one for one in reader.search_runs([number]) if one.info.run_id != written.run_id}
    assert set(nested) == {"base", "rag"}
    rag, estimate = nested["rag"], run.comparison.estimate("rag", "accuracy")
    assert rag.data.tags["mlflow.parentRunId"] == written.run_id and rag.info.status == "FINISHED"
    assert rag.data.metrics["accuracy"] == pytest.approx(estimate.value)
    assert rag.data.metrics["accuracy.low"] == pytest.approx(estimate.low)
    assert rag.data.metrics["accuracy.high"] == pytest.approx(estimate.high)
    assert rag.data.metrics["accuracy.unseen.n"] == estimate.slices["unseen"].n
    assert (rag.data.params["recipe"], rag.data.params["retrieval.k"]) == ("rag", "3")
    assert {item.path for item in reader.list_artifacts(rag.info.run_id)} == {"contender.json"}


def test_every_measured_value_is_a_metric(run):
    """And nothing that was not measured."""
    measures = run.comparison.measures["rag"]
    metrics = metrics_of(measures)
    assert {name for name in measures if measures[name].value is not None} == {n for n in metrics if "." not in n}
    assert all(isinstance(value, float | int) for value in metrics.values())


def test_a_sqlite_file_takes_further_runs_and_each_only_once(run, tmp_path, monkeypatch):
    """Its artefacts lie beside it. The same results again are an error that names the run."""
    store = str(tmp_path / "runs.db")
    first = export_mlflow(run, tracking_of(store))
    with pytest.raises(ConfigError, match=f"holds planets already, as the run {first.run_id}"):
        export_mlflow(run, tracking_of(store))
    second = export_mlflow(finished(tmp_path / "runs" / "other", rag=range(20)), tracking_of(store))
    reader = client(first.address)
    assert {reader.get_run(one.run_id).info.run_name for one in (first, second)} == {"planets", "other"}
    assert [path.name for path in files(tmp_path / "runs-artifacts")].count("comparison.json") == 2
    # A failure in a store that exists deletes what was begun and nothing else.
    third = finished(tmp_path / "runs" / "third", rag=range(10))
    monkeypatch.setattr("bakeoff.exports.mlflow_run.metrics_of", _fail)
    with pytest.raises(BakeoffError, match="MLflow could not write"):
        export_mlflow(third, tracking_of(store))
    ids = [experiment.experiment_id for experiment in reader.search_experiments()]
    assert {one.info.run_name for one in reader.search_runs(ids)} == {"planets", "other", "base", "rag"}


def _fail(measures):
    raise OSError(28, "No space left on device")


def test_a_failed_export_leaves_no_new_store(run, tmp_path, monkeypatch):
    """And says what would help."""
    monkeypatch.setattr("bakeoff.exports.mlflow_run.metrics_of", _fail)
    with pytest.raises(BakeoffError, match="could not write") as caught:
        export_mlflow(run, tracking_of(str(tmp_path / "mlruns")))
    assert "free some space" in caught.value.remedy and not (tmp_path / "mlruns").exists()


def test_what_a_killed_export_left_is_deleted_by_the_next(run, tmp_path, monkeypatch):
    """It is known by its state: it never became finished."""
    store = str(tmp_path / "mlruns")
    with monkeypatch.context() as killed:
        killed.setattr("bakeoff.exports.mlflow_run._Export._delete", lambda self: None)
        killed.setattr("bakeoff.exports.mlflow_run.metrics_of", _fail)
        killed.setattr("bakeoff.exports.mlflow_run.shutil.rmtree", lambda path: None)
        with pytest.raises(BakeoffError):
            export_mlflow(run, tracking_of(store))
    written = export_mlflow(run, tracking_of(store))
    reader = client(written.address)
    experiment = reader.get_run(written.run_id).info.experiment_id
    assert len(reader.search_runs([experiment])) == 3


def test_no_key_and_no_variable_goes_into_an_export(run, tmp_path):
    """The name of the variable does, as in the configuration. MLflow's environment is as it was."""
    before = dict(os.environ)
    export_mlflow(run, tracking_of(str(tmp_path / "mlruns")))
    assert dict(os.environ) == before
    contents = [path.read_bytes() for path in files(tmp_path / "mlruns")]
    assert any(b"EXPORT_KEY" in content for content in contents)
    home = os.environ.get("HOME", "").encode()
    assert not any(KEY.encode() in content for content in contents)
    assert len(home) < 3 or not any(home + b"/" in content for content in contents)


def test_a_dead_server_is_one_error(run, monkeypatch):
    """It is tried a few times, not for minutes; a connection is made to no other address."""
    tried = []

    def refuse(self, to):
        tried.append(to)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(BakeoffError, match=r"MLflow could not write to http://127\.0\.0\.1:9998"):
        export_mlflow(run, tracking_of("http://127.0.0.1:9998"))
    assert 1 <= len(tried) <= 4 and {port for _, port in tried} == {9998}


def test_the_command_prints_where_it_wrote(run, tmp_path, monkeypatch):
    """A path to stdout, the run to stderr; with --json all of it. An unfinished run is refused."""
    monkeypatch.chdir(tmp_path)
    call = CliRunner().invoke
    result = call(app, ["export", "planets", "--to", "mlflow", "--out", "mlruns"], catch_exceptions=False)
    assert result.exit_code == 0 and result.stdout == "mlruns\n" and "2 contenders" in result.stderr
    again = call(app, ["export", "planets", "--to", "mlflow", "--out", "two", "--json"], catch_exceptions=False)
    assert json.loads(again.stdout)["n_contenders"] == 2
    command = [sys.executable, "-m", "bakeoff", "export", "planets", "--to", "mlflow", "--out", "new.db", "--json"]
    alone = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(alone.stdout)["experiment"] == "planets" and alone.stderr == ""
    run.folder.comparison_path.unlink()
    with pytest.raises(BakeoffError, match="not finished"):
        call(app, ["export", "planets", "--to", "mlflow", "--out", "three"], catch_exceptions=False)
    assert not (tmp_path / "three").exists()
