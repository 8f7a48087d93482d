"""A pilot with its documents in a bucket answers as one with files, also when credentials are revoked in between."""

from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.place import place_of
from bakeoff.errors import StoreGoneError
from bakeoff.pilot.run import run
from bakeoff.serve.deployment import deploy
from bakeoff.serve.documents.opening import documents_of
from tests.end_to_end.small import make
from tests.end_to_end.test_postgres_pilot import CONTENDERS, answers
from tests.unit.s3_server import Bucket

pytest.importorskip("obstore")


def test_credentials_that_are_revoked_in_a_run_cost_no_answer(tmp_path: Path, s3: Bucket, bucket_address: str) -> None:
    """The run ends with one message; resumed, it has the answers that files give. Its deployment has its own world."""
    of_files = answers(run(make(tmp_path / "files", contenders=CONTENDERS), runs=tmp_path / "runs-files"))
    config = make(tmp_path / "in", contenders=CONTENDERS, store=bucket_address)

    def revoke(event: Any) -> None:
        if event.stage.startswith("index") and event.done:
            s3.accept(0)

    try:
        with pytest.raises(StoreGoneError, match="cannot be read or written"):
            run(config, runs=tmp_path / "runs", listener=revoke)
    finally:
        s3.accept(1_000_000)
    finished = run(config, runs=tmp_path / "runs", resume=True)
    assert answers(finished) == of_files and not any(row[2] for rows in of_files.values() for row in rows)
    deployment = deploy(finished, tmp_path / "served")
    first, own = place_of(finished.folder.world), place_of(tmp_path / "served")
    assert first and own and first.address == own.address == bucket_address and first != own
    with documents_of(deployment) as documents:
        assert not documents.wrote_at_start
        documents.delete(next(iter(documents.store.documents())).id)
        assert documents.version == 2 and deployment.world.store.version == 2
