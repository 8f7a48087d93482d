"""The index: syncing differences, repair after a kill, filters, hostile queries, ties."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import BakeoffError, RunFolderError
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document, Hit
from bakeoff.retrieval import hybrid, syncing
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.retrieval.lance_table import explained
from bakeoff.retrieval.searching import Filter


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


def test_finds_what_is_asked_for(index: HybridIndex) -> None:
    """The best hit of each way of searching holds the answer; ranks count from 1, scores do not rise."""
    for search in (index.search, index.search_bm25, index.search_dense):
        (hits,) = search(["what does boiler code E42 mean"], 3)
        assert hits[0].chunk.source == "boiler.md"
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_hits_quote_the_document(index: HybridIndex, store: SqliteStore) -> None:
    """The text of a hit is the part of the stored document between its offsets."""
    (hits,) = index.search(["stripes and flies"], 10)
    assert hits
    for hit in hits:
        whole = store.get(hit.chunk.document_id)
        assert whole is not None and whole.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text


def test_many_queries_give_what_single_ones_give(index: HybridIndex) -> None:
    """A batch gives each query the hits that it gets alone, in order."""
    queries = ["zebra stripes", "", "refund days", "boiler"]
    assert index.search(queries, 3) == [index.search([query], 3)[0] for query in queries]


def test_only_the_changed_document_is_embedded_again(
    index: HybridIndex, store: SqliteStore, embedder: CountingHash
) -> None:
    """If one document changed, only its chunks are embedded; a sync without changes embeds nothing."""
    embedder.embedded.clear()
    store.upsert([document("boiler", "The boiler shows code E77 now.")])
    report = index.sync(store)
    assert embedder.embedded == ["The boiler shows code E77 now."]
    assert (report.n_added, report.n_updated, report.n_deleted, report.n_chunks) == (0, 1, 0, 1)
    assert report.n_tokens == embedder.count_tokens(embedder.embedded[0])
    again = index.sync(store)
    assert (again.n_updated, again.n_chunks, len(embedder.embedded)) == (0, 0, 1)
    assert "E77" in index.search(["boiler code"], 1)[0][0].chunk.text


def test_a_deleted_document_never_surfaces(index: HybridIndex, store: SqliteStore) -> None:
    """After the sync no way of searching finds it."""
    store.delete(["zebra"])
    assert index.sync(store).n_deleted == 1
    for search in (index.search, index.search_bm25, index.search_dense):
        assert "zebra.md" not in sources(search(["zebras graze savanna stripes"], 100)[0])


def test_another_process_sees_what_was_synced(tmp_path: Path, index: HybridIndex, embedder: CountingHash) -> None:
    """An index opened again answers the same, and remembers the store's version."""
    again = HybridIndex.open(tmp_path / "index", embedder, max_tokens=8)
    assert again.version == index.version == 1
    assert again.search(["zebra"], 5) == index.search(["zebra"], 5)


def test_bm25_does_not_depend_on_the_way_here(tmp_path: Path, index: HybridIndex, store: SqliteStore) -> None:
    """After updates and deletions, scores equal those of a new index of the same documents."""
    store.upsert([document("boiler", "The boiler is green."), document("yak", "Yaks and the boiler.")])
    index.sync(store)
    store.delete(["refund"])
    index.sync(store)
    fresh = HybridIndex.open(tmp_path / "fresh", CountingHash(), max_tokens=8)
    fresh.sync(store)
    for query in ("boiler", "green yaks", "zebra boiler flies"):
        assert index.search_bm25([query], 9) == fresh.search_bm25([query], 9)


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
    monkeypatch.setattr(hybrid.time, "perf_counter", lambda: next(clock))
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


def test_filters_by_source(index: HybridIndex) -> None:
    """Only sources with the prefix are found; a quote or a wildcard in it has no special meaning."""
    for search in (index.search, index.search_bm25, index.search_dense):
        assert set(sources(search(["boiler zebras refunds"], 10, Filter(source_prefix="zeb"))[0])) == {"zebra.md"}
        assert search(["boiler zebras refunds"], 10, Filter(source_prefix="%' OR ''='"))[0] == []


def test_filters_by_access(index: HybridIndex) -> None:
    """Everyone sees documents without labels; labelled ones need at least one matching label."""
    for search in (index.search, index.search_bm25, index.search_dense):
        ask = ["refunds boiler zebras"]
        assert "refund.md" not in sources(search(ask, 10, Filter(access=()))[0])
        assert "refund.md" not in sources(search(ask, 10, Filter(access=("sales", "o'hara")))[0])
        assert {"refund.md", "boiler.md"} <= set(sources(search(ask, 10, Filter(access=("sales", "staff")))[0]))
        assert "refund.md" in sources(search(ask, 10)[0])


@pytest.mark.parametrize("query", [
    '"unclosed boiler', "boiler AND (", "+boiler -zebra", "boiler^2~ *", "passage:boiler", "{}[]\\/ boiler !",
    "boiler " * 2000, "\x00boiler \ud800", "' OR 1=1 -- boiler", "the boiler",
])  # fmt: skip
def test_query_text_is_no_syntax(index: HybridIndex, query: str) -> None:
    """The query is searched as words, whatever characters it has."""
    assert index.search([query], 1)[0][0].chunk.source == "boiler.md"
    assert index.search_bm25([query], 1)[0][0].chunk.source == "boiler.md"


@pytest.mark.parametrize("query", ["", "  \n", "?!", '"()+-*'])
def test_a_query_without_a_word_finds_nothing(index: HybridIndex, query: str) -> None:
    """Neither search returns hits for it."""
    assert index.search([query], 5) == [[]]


def test_an_empty_index_answers_with_nothing(tmp_path: Path) -> None:
    """Before the first sync, and for no queries at all."""
    empty = HybridIndex.open(tmp_path / "empty", HashEmbedder())
    assert empty.search(["anything", "x"], 5) == [[], []]
    assert empty.search([], 5) == []
    assert empty.n_chunks == 0


def test_equal_passages_come_in_the_order_of_their_sources(tmp_path: Path) -> None:
    """Copies have equal scores; their order does not depend on when they were indexed."""
    store = SqliteStore(tmp_path / "store.sqlite")
    index = HybridIndex.open(tmp_path / "index", HashEmbedder())
    for name in ("m", "z", "a", "k"):
        store.upsert([document(name, "The very same words.")])
        index.sync(store)
    for search in (index.search, index.search_bm25, index.search_dense):
        assert sources(search(["same words"], 3)[0]) == ["a.md", "k.md", "m.md"]


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


def test_refuses_another_store(tmp_path: Path, index: HybridIndex) -> None:
    """An index cannot be synced with another store, because their versions are unrelated."""
    with pytest.raises(RunFolderError, match="another document store"):
        index.sync(SqliteStore(tmp_path / "other.sqlite"))


@pytest.mark.parametrize("content", ["", "{}", '{"embedder": 1}'])
def test_a_damaged_state_file_is_named(
    tmp_path: Path, index: HybridIndex, embedder: CountingHash, content: str
) -> None:
    """The error names the file and says that no document is lost."""
    (tmp_path / "index" / "index.json").write_text(content)
    with pytest.raises(RunFolderError, match=r"index\.json"):
        HybridIndex.open(tmp_path / "index", embedder, max_tokens=8)


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
    index.check_words()
    parts = sorted((tmp_path / "index").glob("*.lance/_indices/*/*.lance"))
    assert parts
    for part in parts:
        if damage == "deleted":
            part.unlink()
        else:
            part.write_bytes(bytes(part.stat().st_size))
    with pytest.raises(BakeoffError, match="index"):
        HybridIndex.open(tmp_path / "index", embedder, max_tokens=8).check_words()


def test_a_panic_of_lancedb_is_damage_and_another_one_is_not(tmp_path: Path) -> None:
    class PanicException(BaseException):
        pass

    with pytest.raises(RunFolderError, match="index out of bounds"), explained(tmp_path):
        raise PanicException("index out of bounds")
    with pytest.raises(KeyboardInterrupt), explained(tmp_path):
        raise KeyboardInterrupt


def test_a_search_by_vectors_uses_them_in_place_of_the_queries_own(index: HybridIndex, embedder: CountingHash) -> None:
    """With the queries' embeddings it is the usual search; with others they decide what the words do not say."""
    queries = ["zebra stripes", "refund days", "wombat"]
    own = embedder.embed_queries(queries)
    assert index.search_vectors(queries, own, 3) == index.search(queries, 3)
    boiler = np.repeat(embedder.embed_queries(["The boiler shows code E42 when pressure is low."]), 3, axis=0)
    found = index.search_vectors(queries, boiler, 9)
    assert found[2][0].chunk.source == "boiler.md" and "zebra.md" in sources(found[0])[:2]
    assert found != index.search(queries, 9)
    refund = embedder.embed_queries(["Refunds are paid within 14 days."])
    assert "refund.md" in sources(index.search_vectors(["?x"], refund, 9, ("staff",))[0])
    assert "refund.md" not in sources(index.search_vectors(["?x"], refund, 9, ())[0])
    assert index.search_vectors(["?", "refund"], np.concatenate([own[:1], refund]), 9)[0] == []
