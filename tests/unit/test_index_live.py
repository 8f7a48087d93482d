"""An index that changes while it is searched: one consistent snapshot, the same hits as a freshly opened index."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import BakeoffError
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document, Hit
from bakeoff.retrieval import hybrid, old_tables, rows
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.retrieval.lance_table import State, write_state
from bakeoff.retrieval.lance_words import WordSearches
from bakeoff.retrieval.searching import Filter

WORDS = [
    "boiler",
    "valve",
    "sensor",
    "refund",
    "invoice",
    "zebra",
    "stripe",
    "pump",
    "meter",
    "code",
    "battery",
    "signal",
    "radio",
    "gauge",
    "cable",
    "fuse",
]
QUERIES = ["boiler code", "refund of the invoice", "meter gauge battery fuse"]
FILTERS = [None, Filter(access=()), Filter(access=("staff",)), Filter(source_prefix="a/d1"),
           Filter(source_prefix="a/", access=("staff", "sales"))]  # fmt: skip


def document(number: int, chance: random.Random) -> Document:
    paragraphs = [" ".join(chance.choices(WORDS, k=7)) for _ in range(chance.randint(1, 4))]
    access = chance.choice([(), (), ("staff",), ("sales", "it's")])
    source = f"{chance.choice('ab')}/d{number}.md"
    return Document(id=f"d{number}", text="\n\n".join(paragraphs), source=source, access=access)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    made = SqliteStore(tmp_path / "store.sqlite")
    chance = random.Random(1)
    made.upsert([document(number, chance) for number in range(40)])
    return made


def opened(folder: Path) -> HybridIndex:
    return HybridIndex.open(folder, HashEmbedder(dimension=64), max_tokens=8)


@pytest.fixture
def index(tmp_path: Path, store: SqliteStore) -> HybridIndex:
    made = opened(tmp_path / "index")
    made.sync(store)
    made.load()
    return made


def found(index: HybridIndex) -> list[list[Hit]]:
    return [
        hits
        for search in (index.search, index.search_bm25, index.search_dense)
        for where in FILTERS
        for hits in search(QUERIES, 10, where)
    ]


@pytest.mark.parametrize("n_tidy", [1000, 7], ids=["never tidied", "tidied now and then"])
def test_hits_equal_those_of_an_index_opened_again(
    tmp_path: Path, store: SqliteStore, index: HybridIndex, monkeypatch: pytest.MonkeyPatch, n_tidy: int
) -> None:
    """Scores, order and texts, by every way of searching and under filters, after each of many changes."""
    monkeypatch.setattr(rows, "MOST_SEGMENTS", 3)
    monkeypatch.setattr(hybrid, "MOST_PIECES", 4)
    chance = random.Random(2)
    for step in range(1, 22):
        store.upsert([document(chance.randrange(50), chance) for _ in range(1)])
        store.delete([f"d{chance.randrange(50)}"])
        if step % 5 == 0:
            new = {made.id: made for made in (document(chance.randrange(80), chance) for _ in range(9))}
            store.upsert(new.values())
        index.sync(store, tidy=False)
        if step % n_tidy == 0:
            index.tidy()
        if step % 3 == 0:
            assert found(index) == found(opened(tmp_path / "index"))
    expected = {chunk for whole in store.documents() for chunk in texts(whole)}
    assert {(hit.chunk.document_id, hit.chunk.text) for hit in index.search_dense(["a"], 1000)[0]} == expected


def texts(whole: Document) -> list[tuple[str, str]]:
    return [(whole.id, paragraph) for paragraph in whole.text.split("\n\n")]


def test_a_document_that_is_replaced_is_found_exactly_once_at_any_time(
    store: SqliteStore, index: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads search all the time while it is replaced 200 times and tables are tidied: never none, never two."""
    monkeypatch.setattr(hybrid, "MOST_PIECES", 16)
    done, wrong, counts = threading.Event(), [], []

    def watch(search: Callable[..., list[list[Hit]]]) -> None:
        seen: list[int] = []
        while not done.is_set():
            (hits,) = search(["quokka marsupial"], 100)
            versions = [int(hit.chunk.text.split()[-1]) for hit in hits if hit.chunk.document_id == "quokka"]
            if len(versions) != 1 or (seen and versions[0] < seen[-1]):
                wrong.append((search.__name__, versions, seen[-1:]))
                return
            seen += versions
            time.sleep(0.002)
        counts.append(len(set(seen)))

    def replace(number: int) -> None:
        text = f"Quokka marsupial {number}"
        store.upsert([Document(id="quokka", text=text, source="quokka.md")])
        index.sync(store, tidy=False)

    replace(0)
    threads = [
        threading.Thread(target=watch, args=[way]) for way in (index.search, index.search_bm25, index.search_dense)
    ]
    for thread in threads:
        thread.start()
    for number in range(1, 201):
        replace(number)
        if number % 60 == 0:
            index.tidy()
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(counts) == 3 and min(counts) > 20


def test_a_change_made_while_a_table_is_tidied_is_kept(
    tmp_path: Path, store: SqliteStore, index: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was changed, added and deleted between the copy and the exchange is so in the new table."""

    def changing(table: object) -> None:
        store.upsert(
            [Document(id="d1", text="A walrus.", source="a/d1.md"), Document(id="w", text="Seal.", source="w")]
        )
        store.delete(["d2"])
        index.sync(store, tidy=False)

    monkeypatch.setattr(hybrid, "warm", changing)
    index.tidy()
    for one in (index, opened(tmp_path / "index")):
        assert [hit.chunk.document_id for hit in one.search_bm25(["walrus"], 5)[0]] == ["d1"]
        assert [hit.chunk.document_id for hit in one.search_bm25(["seal"], 5)[0]] == ["w"]
        assert "d2" not in {hit.chunk.document_id for hit in one.search_dense(["a"], 1000)[0]}
    assert found(index) == found(opened(tmp_path / "index"))


@pytest.mark.parametrize("step", ["copy_table", "warm", "_take_place"])
def test_tidying_that_was_killed_has_changed_nothing(
    tmp_path: Path, store: SqliteStore, index: HybridIndex, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The index opened again holds the store's documents, and the next tidying removes what was left over."""
    store.upsert([Document(id="d1", text="A walrus.", source="a/d1.md")])
    index.sync(store, tidy=False)
    with monkeypatch.context() as patch:
        patch.setattr(index if step == "_take_place" else hybrid, step, _killed)
        patch.setattr(hybrid, "remove_tables", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            index.tidy()
    again = opened(tmp_path / "index")
    assert found(again) == found(index)
    again.sync(store)
    again.tidy()
    assert len(list((tmp_path / "index").glob("*.lance"))) == 2  # its own, and the one that was replaced last
    assert [hit.chunk.document_id for hit in again.search_bm25(["walrus"], 5)[0]] == ["d1"]


@pytest.mark.parametrize("is_written", [False, True], ids=["not written", "written"])
def test_a_state_that_cannot_be_written_costs_no_table(
    tmp_path: Path, store: SqliteStore, index: HybridIndex, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    """As on a full disk, at the end of tidying: searches go on, and the folder opens, whatever its file says."""
    store.upsert([Document(id="d1", text="A walrus.", source="a/d1.md")])
    index.sync(store, tidy=False)

    def full(folder: Path, state: State) -> None:
        if is_written:
            write_state(folder, state)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(hybrid, "write_state", full)
        for _ in range(2):
            with pytest.raises(BakeoffError, match="cannot be read or written"):
                index.tidy()
    for one in (index, opened(tmp_path / "index")):
        assert one.n_chunks == index.n_chunks and sources(one.search_bm25(["walrus"], 5)[0]) == ["a/d1.md"]
    store.upsert([Document(id="d2", text="A seal.", source="a/d2.md")])
    index.sync(store)
    index.tidy()
    for one in (index, opened(tmp_path / "index")):
        assert [hit.chunk.document_id for hit in one.search_bm25(["walrus", "seal"], 5)[1]] == ["d2"]


def test_a_sync_sees_what_another_process_wrote_since_the_folder_was_opened(
    tmp_path: Path, store: SqliteStore, index: HybridIndex
) -> None:
    """Changed, added, tidied into another table: nothing is there twice, and nothing is lost."""
    other = opened(tmp_path / "index")
    store.upsert([Document(id=id, text=f"The walrus {id}.", source=f"a/{id}.md") for id in ("d1", "new")])
    other.sync(store)
    other.tidy()
    n = other.n_chunks
    assert index.doubts(store) == () and index.sync(store, tidy=False).n_written == 0
    assert index.n_chunks == n and found(index) == found(opened(tmp_path / "index"))
    assert sorted(hit.chunk.document_id for hit in index.search_bm25(["walrus"], 5)[0]) == ["d1", "new"]


def test_a_table_that_an_earlier_process_replaced_is_removed(
    tmp_path: Path, store: SqliteStore, index: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended before it could do that."""
    store.upsert([Document(id="d1", text="A walrus.", source="a/d1.md")])
    index.sync(store, tidy=False)
    index.tidy()
    again = opened(tmp_path / "index")
    assert len(list((tmp_path / "index").glob("*.lance"))) == 2 and not again.is_untidy
    monkeypatch.setattr(old_tables, "KEPT_S", 0)
    assert again.is_untidy
    again.tidy()
    assert len(list((tmp_path / "index").glob("*.lance"))) == 1 and not again.is_untidy
    assert found(again) == found(index)


def test_a_table_that_nobody_reads_any_more_is_removed_without_rewriting(
    store: SqliteStore, index: HybridIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before that time there is nothing to tidy."""
    store.upsert([Document(id="d1", text="A walrus.", source="a/d1.md")])
    index.sync(store, tidy=False)
    index.tidy()
    tables = set((tmp_path / "index").glob("*.lance"))
    assert len(tables) == 2 and not index.is_untidy
    monkeypatch.setattr(old_tables, "KEPT_S", 0)
    assert index.is_untidy
    index.tidy()
    left = set((tmp_path / "index").glob("*.lance"))
    assert len(left) == 1 and left < tables and not index.is_untidy
    assert [hit.chunk.document_id for hit in index.search_bm25(["walrus"], 5)[0]] == ["d1"]


def test_an_index_that_is_rewritten_again_and_again_keeps_one_table_more_and_those_that_are_read(
    store: SqliteStore, index: HybridIndex, tmp_path: Path
) -> None:
    """However fast: what nobody reads goes at the next rewriting. A search that still runs keeps its table."""
    folder, chance = tmp_path / "index", random.Random(3)

    def rewritten() -> int:
        store.upsert([document(chance.randrange(40), chance)])
        index.sync(store, tidy=False)
        index.tidy()
        return len(list(folder.glob("*.lance")))

    assert [rewritten() for _ in range(5)] == [2] * 5
    running = index._loaded()
    before = WordSearches(running.table, QUERIES, 50, "")
    expected = [len(found) for found in before]
    assert all(expected)
    assert [rewritten() for _ in range(5)] == [2, 3, 3, 3, 3]
    assert [len(found) for found in WordSearches(running.table, QUERIES, 50, "")] == expected
    del running, before
    assert rewritten() == 2


def test_pieces_are_joined_and_a_kill_meanwhile_is_repaired(
    tmp_path: Path, store: SqliteStore, index: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of pieces that a search reads without an index does not grow with the number of changes."""
    monkeypatch.setattr(hybrid, "MOST_PIECES", 5)
    pieces = []
    for number in range(30):
        store.upsert([Document(id=f"n{number}", text=f"Walrus {number}", source=f"n{number}")])
        index.sync(store, tidy=False)
        pieces.append(index._table.stats()["fragment_stats"]["num_fragments"])
    assert max(pieces) <= 5 + 2
    monkeypatch.setattr(hybrid, "MOST_PIECES", 0)
    monkeypatch.setattr(index._table, "add", _killed_after(index._table.add, 1))
    store.upsert([Document(id="n0", text="Walrus zero", source="n0")])
    with pytest.raises(KeyboardInterrupt):
        index.sync(store, tidy=False)
    assert len(index.search_bm25(["walrus"], 50)[0]) == 30  # what was there before is still found
    again = opened(tmp_path / "index")
    again.sync(store, tidy=False)
    assert len(again.search_bm25(["walrus"], 50)[0]) == 30


def test_searches_keep_the_last_good_state_while_a_sync_fails(
    store: SqliteStore, index: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed write the old version is still found by every way; the next sync brings the new one."""
    before = found(index)
    store.upsert([Document(id="d1", text="A walrus.", source="a/d1.md")])
    with monkeypatch.context() as patch:
        patch.setattr(index._table, "add", _killed)
        with pytest.raises(KeyboardInterrupt):
            index.sync(store, tidy=False)
    assert found(index) == before
    index.tidy()
    assert found(index) == before
    index.sync(store, tidy=False)
    assert sources(index.search(["walrus"], 1)[0]) == ["a/d1.md"]


def sources(hits: Sequence[Hit]) -> list[str]:
    return [hit.chunk.source for hit in hits]


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def _killed_after(work: Callable[..., object], n: int) -> Callable[..., object]:
    calls: list[object] = []

    def working(*arguments: object, **named: object) -> object:
        calls.append(arguments)
        if len(calls) > n:
            raise KeyboardInterrupt
        return work(*arguments, **named)

    return working


def test_an_older_copy_of_the_store_that_was_put_back_is_noticed(tmp_path: Path, store: SqliteStore) -> None:
    """Its next versions have the numbers of versions that the index knows: by them alone, nothing would be missing."""
    index = opened(tmp_path / "index")
    index.sync(store)
    chance, path, copy = random.Random(2), tmp_path / "store.sqlite", tmp_path / "copy.sqlite"
    copy.write_bytes(path.read_bytes())
    lost = document(99, chance).model_copy(update={"text": "Only zorkmid."})
    store.upsert([lost])
    store.delete(["d0"])
    index.sync(store)
    for changes in (0, 1, 2, 3):  # before the index is synced again: fewer, as many and more than were lost
        store.close()
        path.write_bytes(copy.read_bytes())
        back = SqliteStore(path)
        for number in range(changes):
            back.upsert([Document(id=f"new{number}", text=f"Only quokka {number}.", source=f"new{number}.md")])
        index.sync(back)
        assert index.doubts(back) == (), changes
        assert {hit.chunk.source for hit in index.search(["zorkmid quokka"], 5)[0] if "Only" in hit.chunk.text} == {
            f"new{number}.md" for number in range(changes)
        }
        assert index.sync(back).n_written == 0
        back.upsert([lost])
        back.delete(["d0"])
        index.sync(back)
