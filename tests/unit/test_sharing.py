"""Worlds in object storage, for workers without a shared folder: whole or not there, and what goes wrong is said."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import ConfigError, WorkerError
from bakeoff.pilot.asking import Workers
from bakeoff.pilot.executors import sharing
from bakeoff.pilot.executors.local import LocalExecutor
from bakeoff.pilot.executors.opening import executing
from bakeoff.pilot.executors.parts import Part, PartStore, pack
from bakeoff.pilot.executors.sharing import Reached, Share, part_here, put_trained, world_here
from bakeoff.records import Document
from bakeoff.runs.config import validate
from bakeoff.runs.executor import ExecutorSettings

pytest.importorskip("obstore")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    return tmp_path / "bucket"


def world(root: Path) -> Path:
    """A world with documents, an index and a contender."""
    with SqliteStore(root / "store.sqlite") as store:
        store.replace_all([Document(id="a", text="A walrus.", source="a.md")])
    write(root / "indexes" / "hash-64" / "index.json", "{}")
    write(root / "indexes" / "hash-64" / "chunks.lance" / "data" / "1.lance", "rows")
    write(root / "contenders" / "rag" / "contender.json", "uncalibrated")
    write(root / "adapters" / "t" / "weights.safetensors", "weights")
    write(root / "adapters" / "t" / "checkpoint" / "state.safetensors", "not sent")
    write(root / "adapters" / "t.lock", "")
    return root


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def share(bucket: Path, root: Path) -> Share:
    return Share(f"file://{bucket}", root)


def objects(bucket: Path) -> list[Path]:
    return sorted(bucket.rglob("*.tar"))


def test_a_worker_opens_what_the_main_process_has(bucket: Path, tmp_path: Path) -> None:
    root = world(tmp_path / "run")
    here = world_here(share(bucket, root).world(root))
    assert not here.is_relative_to(root)
    with SqliteStore(here / "store.sqlite") as store:
        assert [document.text for document in store.documents()] == ["A walrus."]
    assert (here / "indexes/hash-64/chunks.lance/data/1.lance").read_text() == "rows"
    assert [path.name for path in (here / "adapters" / "t").iterdir()] == ["weights.safetensors"]
    assert [path.name for path in (here / "adapters").iterdir()] == ["t"]


def test_only_what_changed_is_put_and_only_other_documents_are_another_folder(bucket: Path, tmp_path: Path) -> None:
    """A worker keeps its models while contenders are calibrated; an index that changed is opened anew."""
    root = world(tmp_path / "run")
    shared = share(bucket, root)
    first = world_here(shared.world(root))
    before = objects(bucket)
    write(root / "contenders" / "rag" / "contender.json", "calibrated!")
    assert world_here(shared.world(root)) == first
    assert (first / "contenders/rag/contender.json").read_text() == "calibrated!"
    assert len(objects(bucket)) == len(before) + 1
    with SqliteStore(root / "store.sqlite") as store:
        store.upsert([Document(id="b", text="A seal.", source="b.md")])
    second = world_here(shared.world(root))
    assert second != first
    with SqliteStore(second / "store.sqlite") as store, SqliteStore(first / "store.sqlite") as old:
        assert (len(list(store.documents())), len(list(old.documents()))) == (2, 1)
    shared.store.remove_all()
    assert objects(bucket) == []


def test_a_run_has_a_name_of_its_own_in_the_store_which_it_keeps(
    bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine with the same name and folders has another one: what one cleans up may be what the other needs."""
    mine, moved = tmp_path / "a" / "run", tmp_path / "b" / "run"
    first = share(bucket, world(mine)).store.address
    mine.parent.rename(moved.parent)
    monkeypatch.setattr(socket, "gethostname", lambda: "a new container")
    assert share(bucket, moved).store.address == first
    monkeypatch.undo()
    assert share(bucket, world(mine)).store.address != first


def test_equal_content_has_one_sum(tmp_path: Path) -> None:
    sums = set()
    for name in ("one", "two"):
        write(tmp_path / name / "entry" / "b", "b")
        write(tmp_path / name / "entry" / "a", "a")
        sums.add(pack(tmp_path / name / "entry", tmp_path / f"{name}.tar"))
        time.sleep(0.01)
    assert len(sums) == 1


@pytest.mark.parametrize(
    ("harm", "told"),
    [(Path.unlink, "contenders/rag is gone"), (lambda path: path.write_bytes(b"x" * 10240), "rag in .* was damaged")],
)
def test_an_object_that_is_lost_or_damaged_is_put_again_by_the_next_session(
    bucket: Path, cache: Path, tmp_path: Path, harm: Callable[[Path], object], told: str
) -> None:
    """The worker says which one, opens nothing half, and a resumed run goes on."""
    root = world(tmp_path / "run")
    given = share(bucket, root).world(root)
    (part,) = [part for part in given.parts if part.path == "contenders/rag"]
    harm(next(bucket.rglob(f"{part.sha256}.tar")))
    with pytest.raises(WorkerError, match=told) as raised:
        world_here(given)
    assert "--resume" in raised.value.remedy
    assert not (cache / "shared" / "parts" / part.sha256).exists()
    here = world_here(share(bucket, root).world(root))
    assert (here / "contenders/rag/contender.json").read_text() == "uncalibrated"


def test_workers_that_need_a_part_at_once_fetch_it_once(
    bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, fetched = world(tmp_path / "run"), []
    given = share(bucket, root).world(root)
    fetch = PartStore.fetch

    def slowly(self, part, folder):  # type: ignore[no-untyped-def]
        fetched.append(part.path)
        time.sleep(0.2)
        fetch(self, part, folder)

    monkeypatch.setattr(PartStore, "fetch", slowly)
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(world_here, [given] * 4))
    assert sorted(fetched) == sorted(part.path for part in given.parts) and len(folders) == 1


def test_what_no_worker_opened_for_a_day_is_removed(
    bucket: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = world(tmp_path / "run")
    shared = share(bucket, root)
    here = world_here(shared.world(root, kinds=("store",)))
    (old,) = (cache / "shared" / "parts").iterdir()
    for path in (old, here):
        os.utime(path, (time.time() - sharing.UNUSED_S - 4000,) * 2)
    world_here(shared.world(root, kinds=("adapters",)))
    assert not old.exists() and not here.exists()


def test_a_tuned_model_comes_back_whole(bucket: Path, tmp_path: Path) -> None:
    root = world(tmp_path / "run")
    shared = share(bucket, root)
    made = tmp_path / "elsewhere" / "new"
    write(made / "weights.safetensors", "new")
    part = put_trained(shared.store.address, made)
    assert part.path == "adapters/new" and not made.exists()
    write(root / "adapters" / "new" / "half", "of a killed training")
    shared.store.bring(part, root / part.path)
    assert [path.name for path in (root / "adapters" / "new").iterdir()] == ["weights.safetensors"]
    assert [path.name for path in (root / "adapters").glob(".*")] == []


def test_a_part_alone_is_fetched_for_a_training_that_goes_on_from_it(bucket: Path, tmp_path: Path) -> None:
    root = world(tmp_path / "run")
    shared = share(bucket, root)
    part = shared.part(root / "adapters" / "t", root / "adapters")
    assert (part_here(shared.store.address, part) / "weights.safetensors").read_text() == "weights"


def test_a_finished_run_that_cannot_clean_up_says_so(
    bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is finished all the same."""

    def fails(self: PartStore) -> None:
        raise WorkerError("executor.share: gone.", "check it")

    monkeypatch.setattr(PartStore, "remove_all", fails)
    executor = LocalExecutor(1, 1, retries=0)
    left = Workers(executor, None, share(bucket, tmp_path / "run")).finish()
    assert "gone." in left and f"delete what is left at file://{bucket}/run-" in left


@contextmanager
def refusing(status: int, code: str) -> Iterator[str]:
    """The address of a server that refuses to take objects, as S3 does."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (507, "QuotaExceeded"), (0, "")])
def test_a_store_that_takes_nothing_is_said_before_the_run(
    status: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without rights, full, or nobody there."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with refusing(status, code) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address if status else "http://127.0.0.1:9")
        settings = ExecutorSettings(workers=1, share="s3://bucket/runs")
        with (
            pytest.raises(WorkerError, match=rf"executor.share: s3://bucket/runs cannot be .*{code}") as raised,
            executing(settings, lambda line: None),
        ):
            pass
    assert "hunter2" not in str(raised.value) and "\n" not in raised.value.message


@pytest.mark.parametrize("address", ["s3:/bucket", "/mnt/runs", "s3://key:secret@bucket/x"])
def test_an_address_that_is_none_is_an_error_of_the_configuration(address: str) -> None:
    with pytest.raises(ConfigError, match=r"executor\.share"):
        validate({"name": "a", "documents": ["d"], "questions": ["q"], "general": None, "executor": {"share": address}})


@pytest.mark.parametrize("harm", ["gone", "damaged", "replaced"])
def test_a_checkpoint_that_is_lost_costs_the_training_no_more_than_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    """It begins from the start, and not with an error each time. One that was replaced is taken instead."""
    address = f"file://{tmp_path}/bucket"
    store = PartStore(address)

    def reached(text: str) -> Part:
        (tmp_path / "first" / "adapter").mkdir(parents=True, exist_ok=True)
        (tmp_path / "first" / "adapter" / "weights").write_text(text)
        part = store.put(tmp_path / "first" / "adapter", "adapters/adapter")
        store.note("reached-adapter-sum", part)
        return part

    part = reached("step 1")
    if harm == "damaged":
        (tmp_path / "bucket" / f"{part.sha256}.tar").write_bytes(b"cut")
    elif harm == "gone":
        store.remove(part)
    else:
        noted = PartStore.noted

        def late(self: PartStore, name: str, path: str) -> Part | None:
            found = noted(self, name, path)
            if found == part:
                reached("step 2")
                store.remove(part)
            return found

        monkeypatch.setattr(PartStore, "noted", late)
    second = tmp_path / "second" / "adapter"
    for _ in range(2):
        Reached(address, second, "sum").take()
    assert (second / "weights").read_text() == "step 2" if harm == "replaced" else not second.exists()
