"""Every index, LanceDB's and PostgreSQL's, finds the same, behind the same filters, after any changes and kills."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from bakeoff.corpus.store import SqlStore
from bakeoff.corpus.stores import open_store
from bakeoff.errors import RunFolderError
from bakeoff.models.embed import HashEmbedder
from bakeoff.protocols import SearchIndex
from bakeoff.records import Document, Hit
from bakeoff.retrieval import syncing
from bakeoff.retrieval.opening import open_index
from bakeoff.retrieval.searching import Filter, HybridSearch


class CountingHash(HashEmbedder):
    """Records every text that is embedded, and fails at a chosen call."""

    def __init__(self) -> None:
        super().__init__(dimension=64)
        self.embedded: list[str] = []
        self.fails_after: int | None = None

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        if self.fails_after is not None:
            self.fails_after -= 1
            if self.fails_after < 0:
                raise KeyboardInterrupt
        self.embedded += texts
        return super().embed_passages(texts)


def document(name: str, text: str, access: tuple[str, ...] = ()) -> Document:
    return Document(id=name, text=text, source=f"{name}.md", access=access)


class Searched(SearchIndex, HybridSearch):
    """An index of either kind, with the searches that are not in the protocol."""


@pytest.fixture
def folder(keeping: Callable[[str], Path]) -> Path:
    return keeping("documents")


@pytest.fixture
def store(folder: Path) -> SqlStore:
    made = open_store(folder)
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


def opened(folder: Path, embedder: HashEmbedder, max_tokens: int = 8) -> Searched:
    return cast("Searched", open_index(folder, "index", embedder, max_tokens))


@pytest.fixture
def index(folder: Path, embedder: CountingHash, store: SqlStore) -> Searched:
    made = opened(folder, embedder)
    made.sync(store)
    return made


def sources(hits: Sequence[Hit]) -> list[str]:
    return [hit.chunk.source for hit in hits]


def everything(index: Searched) -> set[tuple[str, str]]:
    """(document, text) of every chunk that a dense search can reach."""
    return {(hit.chunk.document_id, hit.chunk.text) for hit in index.search_dense(["a"], 1000)[0]}


def test_finds_what_is_asked_for(index: Searched) -> None:
    """The best hit of each way of searching holds the answer; ranks count from 1, scores do not rise."""
    for search in (index.search, index.search_bm25, index.search_dense):
        (hits,) = search(["what does boiler code E42 mean"], 3)
        assert hits[0].chunk.source == "boiler.md"
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_hits_quote_the_document(index: Searched, store: SqlStore) -> None:
    """The text of a hit is the part of the stored document between its offsets."""
    (hits,) = index.search(["stripes and flies"], 10)
    assert hits
    for hit in hits:
        whole = store.get(hit.chunk.document_id)
        assert whole is not None and whole.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text


def test_many_queries_give_what_single_ones_give(index: Searched) -> None:
    """A batch gives each query the hits that it gets alone, in order."""
    queries = ["zebra stripes", "", "refund days", "boiler"]
    assert index.search(queries, 3) == [index.search([query], 3)[0] for query in queries]


def test_only_the_changed_document_is_embedded_again(index: Searched, store: SqlStore, embedder: CountingHash) -> None:
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


def test_a_deleted_document_never_surfaces(index: Searched, store: SqlStore) -> None:
    """After the sync no way of searching finds it."""
    store.delete(["zebra"])
    assert index.sync(store).n_deleted == 1
    for search in (index.search, index.search_bm25, index.search_dense):
        assert "zebra.md" not in sources(search(["zebras graze savanna stripes"], 100)[0])


def test_another_process_sees_what_was_synced(folder: Path, index: Searched, embedder: CountingHash) -> None:
    """An index opened again answers the same, and remembers the store's version."""
    again = opened(folder, embedder)
    assert again.version == index.version == 1
    assert again.search(["zebra"], 5) == index.search(["zebra"], 5)


def test_bm25_does_not_depend_on_the_way_here(folder: Path, index: Searched, store: SqlStore) -> None:
    """After updates and deletions, scores equal those of a new index of the same documents."""
    store.upsert([document("boiler", "The boiler is green."), document("yak", "Yaks and the boiler.")])
    index.sync(store)
    store.delete(["refund"])
    index.sync(store)
    fresh = open_index(folder, "fresh", CountingHash(), 8)
    fresh.sync(store)
    for query in ("boiler", "green yaks", "zebra boiler flies"):
        assert index.search_bm25([query], 9) == fresh.search_bm25([query], 9)


def test_filters_by_source(index: Searched) -> None:
    """Only sources with the prefix are found; a quote or a wildcard in it has no special meaning."""
    for search in (index.search, index.search_bm25, index.search_dense):
        assert set(sources(search(["boiler zebras refunds"], 10, Filter(source_prefix="zeb"))[0])) == {"zebra.md"}
        assert search(["boiler zebras refunds"], 10, Filter(source_prefix="%' OR ''='"))[0] == []


def test_filters_by_access(index: Searched) -> None:
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
def test_query_text_is_no_syntax(index: Searched, query: str) -> None:
    """The query is searched as words, whatever characters it has."""
    assert index.search([query], 1)[0][0].chunk.source == "boiler.md"
    assert index.search_bm25([query], 1)[0][0].chunk.source == "boiler.md"


@pytest.mark.parametrize("query", ["", "  \n", "?!", '"()+-*'])
def test_a_query_without_a_word_finds_nothing(index: Searched, query: str) -> None:
    """Neither search returns hits for it."""
    assert index.search([query], 5) == [[]]


def test_an_empty_index_answers_with_nothing(keeping: Callable[[str], Path]) -> None:
    """Before the first sync, and for no queries at all."""
    empty = open_index(keeping("empty"), "index", HashEmbedder(), 128)
    assert empty.search(["anything", "x"], 5) == [[], []]
    assert empty.search([], 5) == []
    assert empty.n_chunks == 0


def test_equal_passages_come_in_the_order_of_their_sources(keeping: Callable[[str], Path]) -> None:
    """Copies have equal scores; their order does not depend on when they were indexed."""
    store = open_store(place := keeping("equal"))
    index = open_index(place, "index", HashEmbedder(), 128)
    for name in ("m", "z", "a", "k"):
        store.upsert([document(name, "The very same words.")])
        index.sync(store)
    for search in (index.search, index.search_bm25, index.search_dense):
        assert sources(search(["same words"], 3)[0]) == ["a.md", "k.md", "m.md"]


def test_refuses_another_store(keeping: Callable[[str], Path], index: Searched) -> None:
    """An index cannot be synced with another store, because their versions are unrelated."""
    with pytest.raises(RunFolderError, match="another document store"):
        index.sync(open_store(keeping("other")))


def test_a_search_by_vectors_uses_them_in_place_of_the_queries_own(index: Searched, embedder: CountingHash) -> None:
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


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["embed", "progress"])
def test_a_sync_that_was_killed_is_done_by_the_next(
    folder: Path, store: SqlStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Each group of chunks is embedded once, though the first sync was killed; the next one tells what both spent."""
    monkeypatch.setattr(syncing, "GROUP_CHUNKS", 1)
    embedder = CountingHash()
    embedder.fails_after = 1 if step == "embed" else None
    with pytest.raises(KeyboardInterrupt):
        opened(folder, embedder).sync(store, progress=_killed if step == "progress" else None)
    assert len(embedder.embedded) > 0
    embedder.fails_after = None
    again = opened(folder, embedder)
    report = again.sync(store)
    embedded = sorted(embedder.embedded)
    assert embedded == sorted({text for _, text in everything(again)})
    assert report.n_chunks == len(embedded) == again.n_chunks
    assert report.n_tokens == sum(map(embedder.count_tokens, embedded))
    assert (again.sync(store).n_chunks, again.sync(store).n_tokens) == (0, 0)
    assert again.doubts(store) == ()


def test_a_change_taken_back_after_a_kill_is_taken_back_here(
    folder: Path, index: Searched, store: SqlStore, embedder: CountingHash, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store then reports no change, but what was embedded before the kill must not be found."""
    monkeypatch.setattr(syncing, "GROUP_CHUNKS", 1)
    before = everything(index)
    store.upsert([document("yak", "Yaks are woolly."), document("boiler", "Wrong.")])
    with pytest.raises(KeyboardInterrupt):
        index.sync(store, progress=_killed)
    store.delete(["yak"])
    store.upsert([document("boiler", "The boiler shows code E42 when pressure is low.")])
    again = opened(folder, embedder)
    again.sync(store)
    assert everything(again) == before and again.doubts(store) == ()


@pytest.mark.parametrize(("other", "max_tokens", "named"), [
    (HashEmbedder(dimension=32), 8, "dimension 64"), (CountingHash(), 16, "max_tokens 8"),
])  # fmt: skip
def test_refuses_another_embedder_or_chunk_size(
    folder: Path, index: Searched, other: HashEmbedder, max_tokens: int, named: str
) -> None:
    """The error says what the index was built with."""
    with pytest.raises(RunFolderError, match=named):
        opened(folder, other, max_tokens)


def test_random_changes_with_crashes_leave_what_a_new_index_has(
    keeping: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents are added, changed, deleted and renamed, and syncs fail; hits and scores are those of a new index."""
    monkeypatch.setattr(syncing, "GROUP_CHUNKS", 3)
    chance, folder = random.Random(11), keeping("random")
    store, embedder = open_store(folder), CountingHash()
    words = [f"word{i}" for i in range(40)]
    for _ in range(25):
        for _ in range(chance.randint(1, 4)):
            _change(store, chance, words)
        embedder.fails_after = chance.choice([0, 1, 2, None, None])
        with suppress(KeyboardInterrupt):
            opened(folder, embedder).sync(store)
        embedder.fails_after = None
        if chance.random() < 0.6:
            index = opened(folder, embedder)
            index.sync(store, tidy=chance.random() < 0.5)
            assert index.doubts(store) == ()
    index = opened(folder, embedder)
    index.sync(store)
    fresh = cast("Searched", open_index(folder, "fresh", CountingHash(), 8))
    fresh.sync(store)
    assert index.n_chunks == fresh.n_chunks > 10
    for query in (" ".join(chance.choices(words, k=3)) for _ in range(10)):
        assert index.search([query], 10) == fresh.search([query], 10)
        assert index.search_visible([query], 10, ("a",)) == fresh.search_visible([query], 10, ("a",))


def _change(store: SqlStore, chance: random.Random, words: list[str]) -> None:
    """One change: an edit or a new document, a new name, or a deletion."""
    name = f"d{chance.randrange(12)}"
    kind = chance.choice(["put", "put", "rename", "delete"])
    if kind == "delete":
        store.delete([name])
    elif kind == "rename" and (there := store.get(name)):
        store.upsert([there.model_copy(update={"source": f"{name}-{chance.randrange(10**9)}.md"})])
    else:
        text = "\n\n".join(" ".join(chance.choices(words, k=6)) + "." for _ in range(chance.randint(1, 3)))
        store.upsert([document(name, text, chance.choice([(), ("a",), ("b", "a"), ("b",)]))])
