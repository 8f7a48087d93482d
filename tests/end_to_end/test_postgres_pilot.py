"""A pilot with its documents in PostgreSQL answers as one with files, also when the server goes away in between."""

from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.place import place_of
from bakeoff.errors import StoreGoneError
from bakeoff.pilot.run import run
from bakeoff.runs.run import Run
from bakeoff.serve.deployment import deploy
from bakeoff.serve.documents.opening import documents_of
from tests.end_to_end.small import make
from tests.unit.sql_servers import Server, postgres_of, vectors_programs

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


def _check_deployment(finished: Run, tmp_path: Path, server: Server) -> None:
    """A deployment has the documents and indexes in a schema of its own."""
    deployment = deploy(finished, tmp_path / "served")
    first, own = place_of(finished.folder.world), place_of(tmp_path / "served")
    assert first and own and first.address == own.address == server.owner_address and first != own
    with documents_of(deployment) as documents:
        assert not documents.wrote_at_start
        documents.delete(next(iter(documents.store.documents())).id)
        assert documents.version == 2 and deployment.world.store.version == 2
