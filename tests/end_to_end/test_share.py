"""Pilots whose workers see no folder of the run, only an object store: the same results, and a run that goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import WorkerError
from bakeoff.pilot.executors.parts import PartStore
from bakeoff.pilot.run import run
from bakeoff.retrieval import syncing
from bakeoff.runs.config import load_config
from tests.end_to_end.test_executors import pilot, same
from tests.unit.s3_server import Bucket, s3_server

pytest.importorskip("obstore")
FEW = {"contenders": ["base", "rag", "extract", "faq"]}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with s3_server() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_workers_that_see_an_object_store_give_what_one_process_gives(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With embedding, an update of the documents, and nothing left in the store afterwards."""
    monkeypatch.setattr(syncing, "GROUP_CHUNKS", 3)
    whole = pilot(tmp_path / "one", **FEW)
    spread = pilot(tmp_path / "two", **FEW, executor={"workers": 2, "share": f"file://{tmp_path}/bucket"})
    same(whole, spread)
    assert (tmp_path / "bucket").exists() and not files(tmp_path / "bucket")
    assert len(list((cache / "shared" / "parts").iterdir())) > 4


def test_a_run_whose_object_is_lost_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody deletes an object while workers ask: one message; answers are kept, and resume puts it there again."""
    put, lost = PartStore.put, []

    def loses(self: PartStore, entry: Path, path: str) -> Any:
        part = put(self, entry, path)
        if path == "contenders/rag" and not lost:
            lost.append(part)
            self.remove(part)
        return part

    monkeypatch.setattr(PartStore, "put", loses)
    bucket = {"executor": {"workers": 2, "share": f"file://{tmp_path}/bucket"}}
    with pytest.raises(WorkerError, match="contenders/rag is gone from file://"):
        pilot(tmp_path / "two", **FEW, **bucket)
    assert files(tmp_path / "bucket"), "what a run that died has put stays"
    spread = run(load_config(tmp_path / "two" / "bakeoff.yaml"), runs=tmp_path / "two" / "runs", resume=True).folder
    same(pilot(tmp_path / "one", **FEW), spread)
    assert not files(tmp_path / "bucket")


def test_a_run_over_s3_whose_credentials_are_revoked_goes_on(
    tmp_path: Path, server: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.accept(14)
    bucket = {"executor": {"workers": 2, "share": "s3://handbook/pilots"}}
    with pytest.raises(
        WorkerError, match=r"executor.share: s3://handbook/pilots/planets-\w+ cannot be read or written"
    ):
        pilot(tmp_path / "two", **FEW, **bucket)
    server.accept(1_000_000)
    spread = run(load_config(tmp_path / "two" / "bakeoff.yaml"), runs=tmp_path / "two" / "runs", resume=True).folder
    same(pilot(tmp_path / "one", **FEW), spread)
    assert not [one for page in server.store.list() for one in page]
