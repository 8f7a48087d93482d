"""The index: syncing differences, repair after a kill, filters, hostile queries, ties."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import BakeoffError, DamagedIndexError, RunFolderError
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document, Hit
from bakeoff.retrieval import hybrid, syncing
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.retrieval.lance_table import explained


class CountingHash(HashEmbedder):
    """Records every text that is embedded, and fails at a chosen call."""

    def __init__(self) -> None:
        super().__init__(dimension=64)
        self.embedded: list[str] = []
        self.fails = False

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        if self.fails:
            raise KeyboardInterrupt
        self.embedded += texts
        return super().embed_passages(texts)


def document(name: str, text: str, access: tuple[str, ...] = ()) -> Document:
    return Document(id=name, text=text, source=f"{name}.md", access=access)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    made = SqliteStore(tmp_path / "store.sqlite")
    made.upsert(
        [
            document("zebra", "Zebras graze on the savanna.\n\nTheir stripes confuse flies."),
            document("boiler", "The boiler shows code E42 when pressure is low."),
            document("refund", "Refunds are paid within 14 days.", ("staff",)),
        ]
    )
    return made


@pytest.fixture
def embedder() -> CountingHash:
    return CountingHash()


@pytest.fixture
def index(tmp_path: Path, embedder: CountingHash, store: SqliteStore) -> HybridIndex:
    made = HybridIndex.open(tmp_path / "index", embedder, max_tokens=8)
    made.sync(store)
    return made


def sources(hits: Sequence[Hit]) -> list[str]:
    return [hit.chunk.source for hit in hits]


def everything(index: HybridIndex) -> set[tuple[str, str]]:
    """(document, text) of every chunk that a dense search can reach."""
    return {(hit.chunk.document_id, hit.chunk.text) for hit in index.search_dense(["a"], 1000)[0]}


@pytest.mark.parametrize("step", ["embed_passages", "delete", "add", "optimize"])
def test_a_sync_that_was_killed_is_repaired_by_the_next(
    tmp_path: Path,
    index: HybridIndex,
    store: SqliteStore,
    embedder: CountingHash,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    """Whichever step is killed, the reopened index syncs to exactly the store's documents."""
    store.upsert([document("boiler", "Now it shows E99."), document("yak", "Yaks are woolly.")])
    store.delete(["zebra"])
    with monkeypatch.context() as patch:
        patch.setattr(embedder if step == "embed_passages" else index._table, step, _killed)
        with pytest.raises(KeyboardInterrupt):
            index.sync(store)
    again = HybridIndex.open(tmp_path / "index", embedder, max_tokens=8)
    again.sync(store)
    assert everything(again) == {
        ("boiler", "Now it shows E99."),
        ("yak", "Yaks are woolly."),
        ("refund", "Refunds are paid within 14 days."),
    }


def test_what_a_killed_sync_spent_is_told_by_the_next(
    tmp_path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next sync reports the chunks, tokens and time of both; the one after it starts from zero."""
    monkeypatch.setattr(syncing, "GROUP_CHUNKS", 1)
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(hybrid, "now", lambda: next(clock))
    embedder = CountingHash()
    killed = HybridIndex.open(tmp_path / "index", embedder, max_tokens=8)
    with pytest.raises(KeyboardInterrupt):
        killed.sync(store, progress=_killed)
    n_before = len(embedder.embedded)
    again = HybridIndex.open(tmp_path / "index", embedder, max_tokens=8)
    report = again.sync(store)
    assert report.n_chunks == len(embedder.embedded) == again.n_chunks > n_before > 0
    assert report.n_tokens == sum(map(embedder.count_tokens, embedder.embedded))
    assert report.seconds == 10 + 30  # one group before the kill; two more groups and the end after it
    idle = again.sync(store)
    assert (idle.n_chunks, idle.n_tokens, idle.seconds) == (0, 0, 10)


def test_a_change_taken_back_after_a_kill_is_taken_back_here(
    tmp_path: Path, index: HybridIndex, store: SqliteStore, embedder: CountingHash, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store then reports no change, but the rows written before the kill must be removed."""
    store.upsert([document("yak", "Yaks are woolly."), document("boiler", "Wrong.")])
    with monkeypatch.context() as patch:
        patch.setattr(index, "_save", _save_then_kill(index))
        with pytest.raises(KeyboardInterrupt):
            index.sync(store)
    assert "yak" in {name for name, _ in everything(HybridIndex.open(tmp_path / "index", embedder, max_tokens=8))}
    store.delete(["yak"])
    store.upsert([document("boiler", "The boiler shows code E42 when pressure is low.")])
    again = HybridIndex.open(tmp_path / "index", embedder, max_tokens=8)
    again.sync(store)
    assert "yak" not in {name for name, _ in everything(again)}
    assert "Wrong." not in {text for _, text in everything(again)}


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def _save_then_kill(index: HybridIndex):  # type: ignore[no-untyped-def]
    """The first save (the work to do) succeeds; the second (the work done) never happens."""
    save, calls = index._save, []

    def saving(**changed: object) -> None:
        calls.append(changed)
        if len(calls) == 2:
            raise KeyboardInterrupt
        save(**changed)

    return saving


@pytest.mark.parametrize(("other", "max_tokens", "named"), [
    (HashEmbedder(dimension=32), 8, "dimension 64"), (CountingHash(), 16, "max_tokens 8"),
])  # fmt: skip
def test_refuses_another_embedder_or_chunk_size(
    tmp_path: Path, index: HybridIndex, store: SqliteStore, other: HashEmbedder, max_tokens: int, named: str
) -> None:
    """The error says what the index was built with; `rebuild` makes a new one."""
    with pytest.raises(RunFolderError, match=named):
        HybridIndex.open(tmp_path / "index", other, max_tokens)
    rebuilt = HybridIndex.open(tmp_path / "index", other, max_tokens, rebuild=True)
    assert rebuilt.n_chunks == 0
    assert rebuilt.sync(store).n_added == 3
    assert rebuilt.search(["zebras graze on the savanna"], 1)[0][0].chunk.source == "zebra.md"


@pytest.mark.parametrize("content", ["", "{}", '{"embedder": 1}'])
def test_a_damaged_state_file_is_named(
    tmp_path: Path, index: HybridIndex, embedder: CountingHash, content: str
) -> None:
    """The error names the file and says that no document is lost."""
    (tmp_path / "index" / "index.json").write_text(content)
    with pytest.raises(RunFolderError, match=r"index\.json"):
        HybridIndex.open(tmp_path / "index", embedder, max_tokens=8)


def test_a_state_file_of_a_later_version_is_no_damage(
    tmp_path: Path, index: HybridIndex, embedder: CountingHash
) -> None:
    """It is refused: what is damaged may be made again, and that index is whole."""
    path = tmp_path / "index" / "index.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "clusters": 8}))
    with pytest.raises(RunFolderError, match="later version of Bakeoff") as error:
        HybridIndex.open(tmp_path / "index", embedder, max_tokens=8)
    assert not isinstance(error.value, DamagedIndexError)


def test_a_lost_table_is_an_error_and_not_an_empty_index(
    tmp_path: Path, index: HybridIndex, embedder: CountingHash
) -> None:
    """A state file without its table is not treated as an empty index."""
    (tmp_path / "index" / "chunks.lance").rename(tmp_path / "elsewhere")
    with pytest.raises(RunFolderError, match="is missing"):
        HybridIndex.open(tmp_path / "index", embedder, max_tokens=8)


@pytest.mark.parametrize(
    ("told", "remedy"),
    [
        ("lance error: LanceError(IO): No space left on device (os error 28)", "free some space"),
        ("lance error: LanceError(IO): File too large (os error 27)", "use a file system that takes larger files"),
        ("lance error: bad magic number", "delete this folder"),
    ],
)
def test_a_full_disk_is_no_damage(tmp_path: Path, told: str, remedy: str) -> None:
    """LanceDB raises the same error type for damage and a full disk; a full disk must not delete the index."""
    with pytest.raises(BakeoffError) as caught, explained(tmp_path):
        raise RuntimeError(told)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    "place",
    [
        ", /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/lance-encoding-0.39.0/src/structural.rs:258:9",
        ", rust/lance/src/dataset.rs:12:34",
        " at /home/x/.cargo/git/checkouts/lance/writer.rs:258",
        " (src/io/local.rs:1:2)",
    ],
)
@pytest.mark.parametrize("told", ["lance error: LanceError(IO): No space left on device (os error 28)", "lance: bad"])
def test_no_place_in_the_source_of_lancedb_is_shown(tmp_path: Path, told: str, place: str) -> None:
    """It says nothing to a person, and is that of another machine."""
    with pytest.raises(BakeoffError) as caught, explained(tmp_path):
        raise RuntimeError(f"{told}{place}")
    assert caught.value.message.endswith(f": {told}.") and ".rs" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [PermissionError(13, "Permission denied"), RuntimeError("lance error: Permission denied (os error 13)")],
)
def test_an_index_that_may_not_be_read_needs_rights_and_no_space(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(BakeoffError) as caught, explained(tmp_path):
        raise error
    assert caught.value.remedy.startswith("allow this user to read and write there; then")


def test_a_damaged_index_of_words_is_named_when_it_is_searched(
    tmp_path: Path, store: SqliteStore, embedder: CountingHash
) -> None:
    """LanceDB's code panics on some damage; that is an error of the run's folder like any other."""
    store.upsert([document(f"d{i}", f"Word{i} stands in document {i} and nowhere else.") for i in range(300)])
    HybridIndex.open(tmp_path / "words", embedder, max_tokens=8).sync(store)
    parts = sorted((tmp_path / "words").glob("*.lance/_indices/*/*.lance"))
    assert parts
    for part in parts:
        content = bytearray(part.read_bytes())
        for i in range(len(content) * 3 // 4):
            content[i] ^= 0x5A
        part.write_bytes(content)
    damaged = HybridIndex.open(tmp_path / "words", embedder, max_tokens=8)
    with pytest.raises(RunFolderError, match="damaged") as error:
        damaged.search_bm25([f"word{i}" for i in range(0, 300, 7)], 3)
    assert "no document is lost" in error.value.remedy


@pytest.mark.parametrize("damage", ["deleted", "zeroed"])
def test_an_index_of_words_is_checked_without_a_question(
    tmp_path: Path, index: HybridIndex, embedder: CountingHash, damage: str
) -> None:
    index.check()
    parts = sorted((tmp_path / "index").glob("*.lance/_indices/*/*.lance"))
    assert parts
    for part in parts:
        if damage == "deleted":
            part.unlink()
        else:
            part.write_bytes(bytes(part.stat().st_size))
    with pytest.raises(BakeoffError, match="index"):
        HybridIndex.open(tmp_path / "index", embedder, max_tokens=8).check()


def test_each_file_that_searches_read_is_checked(tmp_path: Path, store: SqliteStore, embedder: CountingHash) -> None:
    """Zeros in any of them are noticed before a question comes that needs it."""
    store.upsert([document(f"d{i}", f"Word{i} stands in document {i} and nowhere else.") for i in range(300)])
    HybridIndex.open(tmp_path / "whole", embedder, max_tokens=8).sync(store)
    table = tmp_path / "whole" / "chunks.lance"
    words = max((table / "_indices").iterdir(), key=lambda made: made.stat().st_mtime_ns)
    files = sorted([*(table / "data").iterdir(), *words.iterdir()])
    assert len(files) > 4
    for number, file in enumerate(files):
        shutil.copytree(tmp_path / "whole", folder := tmp_path / str(number))
        (folder / file.relative_to(tmp_path / "whole")).write_bytes(bytes(file.stat().st_size))
        with pytest.raises(DamagedIndexError):
            HybridIndex.open(folder, embedder, max_tokens=8).check()


def test_a_panic_of_lancedb_is_damage_and_another_one_is_not(tmp_path: Path) -> None:
    class PanicException(BaseException):
        pass

    with pytest.raises(RunFolderError, match="index out of bounds"), explained(tmp_path):
        raise PanicException("index out of bounds")
    with pytest.raises(KeyboardInterrupt), explained(tmp_path):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (ValueError("Invalid input, file does not appear to be a Lance file"), DamagedIndexError),
        (RuntimeError("lance error: Object at location a/b not found: No such file or directory (os error 2)"),
         DamagedIndexError),
        (RuntimeError("lance error: Too many open files (os error 24)"), BakeoffError),
        (PermissionError(13, "Permission denied"), BakeoffError),
        (FileNotFoundError(2, "No such file or directory"), DamagedIndexError),
        (shutil.Error([("a", "b", "[Errno 2] No such file or directory: 'a'")]), DamagedIndexError),
        (shutil.Error([("a", "b", "[Errno 24] Too many open files: 'a'")]), BakeoffError),
        (ValueError("Not supported: this dataset cannot be read by this version of Lance"), RunFolderError),
        (OSError("Can't load the tokenizer of '/home/lance/models'"), OSError),
        (ValueError("the balance of an account"), ValueError),
        (RuntimeError("no such model"), RuntimeError),
    ],
)  # fmt: skip
def test_damage_is_told_from_refusals_and_from_the_errors_of_others(
    tmp_path: Path, raised: Exception, kind: type[Exception]
) -> None:
    """Only a damaged index may be made again: one that the system refuses to open is there still, and so is one of a
    later LanceDB.
    """
    with pytest.raises(Exception) as error, explained(tmp_path):
        raise raised
    assert type(error.value) is kind
