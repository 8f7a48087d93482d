"""`bakeoff doctor CONFIG`: the database and the workers that a run would need."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from tests.end_to_end.small import make


def examined(folder: Path, *names: str, **more: Any) -> list[dict[str, Any]]:
    """The findings of these checks for a small pilot with more keys."""
    path = make(folder / "pilot", **more)
    told = CliRunner().invoke(app, ["doctor", str(path), "--json", "--runs", str(folder / "runs")])
    return [finding for finding in json.loads(told.stdout) if finding["check"] in names]


def test_a_database_that_answers_is_told_and_nothing_is_made_there(tmp_path: Path, vectors_address: str) -> None:
    import psycopg

    (found,) = examined(tmp_path, "database", store=vectors_address)
    assert found["state"] == "ok" and "has pgvector" in found["found"]
    with psycopg.connect(vectors_address) as connection:
        schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname = 'bakeoff_doctor'").fetchall()
    assert schemas == []


def test_a_database_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    (found,) = examined(tmp_path, "database", store="postgresql://me@127.0.0.1:9/nothere")
    assert found["state"] == "problem" and found["remedy"]
    assert "127.0.0.1:9/nothere" in found["found"]


def test_a_bucket_is_read_and_one_that_is_not_there_is_a_problem(tmp_path: Path, bucket_address: str) -> None:
    (found,) = examined(tmp_path / "one", "database", store=bucket_address)
    assert found["state"] == "ok" and f"{bucket_address} can be read" in found["found"]
    (found,) = examined(tmp_path / "two", "database", store="s3://nowhere/x")
    assert found["state"] == "problem" and "NoSuchBucket" in found["found"]


@pytest.mark.parametrize(
    ("executor", "said"),
    [
        ({"kind": "ray", "address": "127.0.0.1:9"}, "nobody answers at 127.0.0.1:9"),
        ({"workers": 2, "gpus": 1}, "need 2 graphics cards"),
        ({"workers": 2, "share": "file:///dev/null/nowhere"}, "nowhere"),
    ],
)
def test_workers_that_are_not_there_are_a_problem(tmp_path: Path, executor: dict[str, Any], said: str) -> None:
    pytest.importorskip("ray")
    pytest.importorskip("torch")
    (found,) = examined(tmp_path, "workers", executor=executor)
    assert found["state"] == "problem" and said in found["found"] and found["remedy"]


def test_workers_of_this_machine_are_named(tmp_path: Path) -> None:
    (found,) = examined(tmp_path, "workers", executor={"workers": 2})
    assert found["state"] == "ok" and found["found"].startswith("2 processes on this machine")


def test_without_either_nothing_is_said(tmp_path: Path) -> None:
    assert examined(tmp_path, "workers", "database") == []
