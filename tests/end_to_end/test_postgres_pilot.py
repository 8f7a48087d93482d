"""A pilot with its documents in PostgreSQL answers as one with files, also when the server goes away in between."""

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.place import place_of
from bakeoff.errors import MissingExtraError, StoreGoneError
from bakeoff.pilot.run import run
from bakeoff.runs.run import Run
from bakeoff.serve.deployment import deploy
from bakeoff.serve.documents.opening import documents_of
from tests.end_to_end.small import make
from tests.unit.sql_servers import Server, crashed, postgres_of, vectors_programs, wait_for

CONTENDERS = ["rag", "extract"]


def answers(finished: Run) -> dict[str, list[tuple[Any, ...]]]:
    """Of each contender: the texts and passages of its answers, or their errors."""
    return {
        name: [
            (one.question_id, one.text, one.error, [hit.chunk.id for hit in one.citations])
            for one in sorted(finished.folder.answers(name), key=lambda one: one.question_id)
        ]
        for name in CONTENDERS
    }


@pytest.fixture(scope="module")
def of_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    folder = tmp_path_factory.mktemp("files")
    return answers(run(make(folder / "in", contenders=CONTENDERS), runs=folder / "runs"))


@pytest.mark.parametrize("stage", ["index", "answer"])
def test_a_server_that_goes_away_in_a_run_costs_no_answer(
    stage: str, tmp_path: Path, of_files: dict[str, list[tuple[Any, ...]]]
) -> None:
    """The run ends with one message; resumed when the server is back, it has the answers that files give."""
    with postgres_of(vectors_programs()) as server:
        config = make(tmp_path / "in", contenders=CONTENDERS, store=server.owner_address)
        stopped: list[str] = []

        def stop(event: Any) -> None:
            if event.stage.startswith(stage) and event.done and not stopped:
                stopped.append(event.stage)
                server.stop()

        with pytest.raises(StoreGoneError, match=r"ended the connection|cannot be reached"):
            run(config, runs=tmp_path / "runs", listener=stop)
        assert stopped
        server.start()
        finished = run(config, runs=tmp_path / "runs", resume=True)
        assert answers(finished) == of_files and not any(row[2] for rows in of_files.values() for row in rows)
        _check_deployment(finished, tmp_path, server)


def test_a_server_that_recovers_from_a_crash_in_a_run_costs_no_answer(
    tmp_path: Path, of_files: dict[str, list[tuple[Any, ...]]]
) -> None:
    """It refuses connections until it has recovered. No question that was asked meanwhile counts as failed."""
    with postgres_of(vectors_programs()) as server, ExitStack() as crash:
        config = make(tmp_path / "in", contenders=CONTENDERS, store=server.owner_address)
        at: list[str] = []

        def kill(event: Any) -> None:
            if event.stage.startswith("answer") and event.done and not at:
                at.append(event.stage)
                crash.enter_context(crashed(server))

        with pytest.raises(StoreGoneError, match=r"ended the connection|takes no connections|cannot be reached"):
            run(config, runs=tmp_path / "runs", listener=kill)
        written = [json.loads(line) for path in (tmp_path / "runs").rglob("answers/*.jsonl") for line in path.open()]
        assert at and written and not any(one["error"] for one in written)
        crash.close()
        wait_for(server.engine)
        assert answers(run(config, runs=tmp_path / "runs", resume=True)) == of_files


@pytest.mark.parametrize("address", ["postgresql://me@127.0.0.1:9/help", "s3://bucket/prefix"])
@pytest.mark.parametrize("missing", [True, False])
def test_a_place_that_cannot_be_used_is_told_before_there_is_a_run(
    address: str, missing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For its package, or since nobody answers there. No run folder stays that would look half-written."""
    driver = "psycopg" if address.startswith("postgresql") else "obstore"
    pytest.importorskip(driver)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    if missing:
        for name in [driver, *(name for name in sys.modules if name.startswith(f"{driver}."))]:
            monkeypatch.setitem(sys.modules, name, None)
    config = make(tmp_path / "in", contenders=CONTENDERS, store=address)
    with pytest.raises(MissingExtraError if missing else StoreGoneError, match=driver if missing else "127.0.0.1:9"):
        run(config, runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists() or not [*(tmp_path / "runs").iterdir()]


def _check_deployment(finished: Run, tmp_path: Path, server: Server) -> None:
    """A deployment has the documents and indexes in a schema of its own."""
    deployment = deploy(finished, tmp_path / "served")
    first, own = place_of(finished.folder.world), place_of(tmp_path / "served")
    assert first and own and first.address == own.address == server.owner_address and first != own
    with documents_of(deployment) as documents:
        assert not documents.wrote_at_start
        documents.delete(next(iter(documents.store.documents())).id)
        assert documents.version == 2 and deployment.world.store.version == 2
