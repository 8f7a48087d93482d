"""Live documents: acknowledged means stored and visible; order; the lock; what kill -9 leaves."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import BakeoffError, InputError
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document
from bakeoff.retrieval import hybrid, old_tables
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.serve.documents import live
from bakeoff.serve.documents.live import LiveDocuments, NotShownError
from bakeoff.serve.documents.order import InOrder
from tests.unit import changing_documents

REPOSITORY = Path(__file__).parents[2]
N_KILLS = 50


def opened(folder: Path, n_indexes: int = 2) -> LiveDocuments:
    store = SqliteStore(folder / "store.sqlite")
    indexes = [
        HybridIndex.open(folder / f"index{number}", HashEmbedder(dimension=32 + number), max_tokens=16)
        for number in range(n_indexes)
    ]
    return LiveDocuments(store, indexes)


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[LiveDocuments]:
    with opened(tmp_path) as made:
        yield made


def document(id: str, text: str, source: str = "") -> Document:
    return Document(id=id, text=text, source=source or f"{id}.md")


def found(documents: LiveDocuments, query: str) -> list[list[str]]:
    """For each index the documents that hold a word, by BM25."""
    return [[hit.chunk.document_id for hit in index.search_bm25([query], 100)[0]] for index in documents._indexes]


def test_what_was_acknowledged_is_in_the_store_and_in_every_index(documents: LiveDocuments) -> None:
    """Added, replaced, unchanged, deleted: each answer says what happened and at which version."""
    added = documents.put(document("a", "The walrus swims."))
    assert (added.kind, added.version) == ("added", 1)
    assert found(documents, "walrus") == [["a"], ["a"]]
    assert documents.put(document("a", "The walrus swims.")).kind == "unchanged"
    replaced = documents.put(document("a", "The seal swims."))
    assert (replaced.kind, replaced.version, documents.version) == ("updated", 2, 2)
    assert (found(documents, "walrus"), found(documents, "seal")) == ([[], []], [["a"], ["a"]])
    assert documents.delete("a") == 3
    assert documents.delete("a") is None
    assert found(documents, "seal") == [[], []]


def test_a_change_of_several_documents_is_one_version(documents: LiveDocuments) -> None:
    """Added and deleted together: a document may take over the source of one that goes."""
    documents.put(document("a", "Old.", "same.md"))
    results = documents.put_all([document("b", "New.", "same.md"), document("c", "More.")], deleted=["a"])
    assert [(result.id, result.kind, result.version) for result in results] == [("b", "added", 2), ("c", "added", 2)]
    assert {listed.id for listed in documents.page(None).documents} == {"b", "c"}


def test_a_refused_change_changes_nothing_and_the_next_one_works(documents: LiveDocuments) -> None:
    """Two documents cannot have one source; an error in preparing a change is passed on."""
    documents.put(document("a", "One.", "same.md"))
    with pytest.raises(InputError, match="same source"):
        documents.put_all([document("x", "Fine."), document("b", "Two.", "same.md")])
    with pytest.raises(ZeroDivisionError):
        documents.edit(lambda: 1 // 0)
    assert documents.store.version == documents.version == 1
    assert documents.put(document("b", "Two.")).version == 2


def test_waiting_changes_are_made_in_the_order_in_which_they_came() -> None:
    """Twenty threads that come one after the other go through one after the other."""
    turns, order = InOrder(), []

    def go(number: int) -> None:
        with turns.turn():
            order.append(number)

    threads = [threading.Thread(target=go, args=[number]) for number in range(20)]
    with turns.turn():
        for number, thread in enumerate(threads):
            thread.start()
            while len(turns._waiting) < number + 2:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_reading_does_not_wait_for_writing(documents: LiveDocuments) -> None:
    """While a change is being made, lists, old versions and searches answer with what was there before it."""
    documents.put(document("a", "The walrus swims."))

    def prepare() -> live.Edit:
        assert [listed.id for listed in documents.page(None).documents] == ["a"]
        assert documents.version_of("a", None).text == "The walrus swims."
        reader = threading.Thread(target=lambda: seen.extend(found(documents, "walrus")))
        reader.start()
        reader.join(timeout=30)
        return live.Edit((document("a", "Gone."),))

    seen: list[list[str]] = []
    documents.edit(prepare)
    assert seen == [["a"], ["a"]]


def test_what_the_indexes_missed_is_made_up_for_at_the_start(tmp_path: Path) -> None:
    """The store was changed by a process that died before it reached the indexes."""
    SqliteStore(tmp_path / "store.sqlite").upsert([document("a", "The walrus swims.")])
    with opened(tmp_path) as documents:
        assert found(documents, "walrus") == [["a"], ["a"]]


def test_a_second_process_may_not_change_the_documents(tmp_path: Path) -> None:
    """The lock names what to do; it is free again at the end."""
    with opened(tmp_path), pytest.raises(BakeoffError, match="another process"), opened(tmp_path):
        pass
    with opened(tmp_path) as documents:
        documents.put(document("a", "Fine."))


def test_indexes_are_tidied_when_documents_have_settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New rows enter the full-text index without being asked for."""
    monkeypatch.setattr(live, "SETTLED_S", 0.05)
    with opened(tmp_path, n_indexes=1) as documents:
        documents.put(document("a", "The walrus swims."))
        deadline = time.monotonic() + 60
        while documents._indexes[0].is_untidy and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not documents._indexes[0].is_untidy
        assert found(documents, "walrus") == [["a"]]


def test_what_tidying_replaced_is_removed_though_no_document_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the time in which a search may still read it."""
    monkeypatch.setattr(live, "SETTLED_S", 0.05)
    monkeypatch.setattr(live, "LOOK_AGAIN_S", 0.5)
    monkeypatch.setattr(old_tables, "KEPT_S", 0.4)
    with opened(tmp_path, n_indexes=1) as documents:
        documents.put(document("a", "The walrus swims."))
        numbers, deadline = list[int](), time.monotonic() + 60
        while numbers[-1:] != [1] or 2 not in numbers:
            assert time.monotonic() < deadline, numbers
            numbers.append(len(list((tmp_path / "index0").glob("*.lance"))))
            time.sleep(0.02)
        assert found(documents, "walrus") == [["a"]]


def test_an_index_is_tidied_at_once_when_as_much_was_written_as_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under changes without a pause, what they replaced would take many times the room of what is there."""
    monkeypatch.setattr(live, "SETTLED_S", 600.0)
    monkeypatch.setattr(live, "TIDY_AT_LATEST_S", 600.0)
    monkeypatch.setattr(live, "TIDY_CHUNKS", 8)
    with opened(tmp_path, n_indexes=1) as documents:
        documents.put_all([document(f"d{number}", "The walrus swims.") for number in range(7)])
        time.sleep(0.3)
        assert documents._indexes[0].is_untidy
        documents.put(document("d0", "The seal swims."))
        deadline = time.monotonic() + 20
        while documents._indexes[0].is_untidy and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not documents._indexes[0].is_untidy
        assert found(documents, "seal") == [["d0"]]


class _Replacing:
    """An index that has something to remove `after_s` after it was tidied; a document changes while it is."""

    def __init__(self, after_s: float) -> None:
        self.after_s, self.tidied, self.tidier = after_s, list[float](), live._Tidier([])

    @property
    def is_untidy(self) -> bool:
        return not self.tidied or (len(self.tidied) == 1 and time.monotonic() - self.tidied[0] >= self.after_s)

    def tidy(self) -> None:
        self.tidied.append(time.monotonic())
        if len(self.tidied) == 1:
            self.tidier.changed()


def test_a_change_during_the_tidying_does_not_keep_what_was_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is looked at when that change has settled, and again when what was replaced can go."""
    monkeypatch.setattr(live, "SETTLED_S", 0.02)
    monkeypatch.setattr(live, "LOOK_AGAIN_S", 0.4)
    index = _Replacing(after_s=0.3)
    index.tidier.indexes = (index,)
    index.tidier.start()
    index.tidier.changed()
    deadline = time.monotonic() + 20
    while len(index.tidied) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    index.tidier.stop()
    assert len(index.tidied) == 2


def test_after_a_failure_nothing_is_tidied_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if documents change meanwhile, as many as there are."""
    monkeypatch.setattr(live, "SETTLED_S", 0.02)
    monkeypatch.setattr(live, "TIDY_AGAIN_S", 1.0)

    class Failing:
        def __init__(self) -> None:
            self.tried, self.is_untidy = list[float](), True

        def tidy(self) -> None:
            self.tried.append(time.monotonic())
            if len(self.tried) == 1:
                raise BakeoffError("The index in a folder cannot be read or written.", "free some space")
            self.is_untidy = False

    index, tidier = Failing(), live._Tidier([])
    tidier.indexes = (index,)  # type: ignore[assignment]
    tidier.start()
    tidier.changed()
    deadline = time.monotonic() + 20
    while len(index.tried) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
        tidier.changed(2.0)
    tidier.stop()
    assert len(index.tried) == 2 and index.tried[1] - index.tried[0] >= 1.0


def test_citations_get_the_version_that_holds_the_passage(documents: LiveDocuments) -> None:
    """The newest version with the passage in its place, also if the document changed after the search."""
    documents.put(document("a", "The walrus swims."))
    (hits,) = documents._indexes[0].search_bm25(["walrus"], 1)
    assert documents.cited_versions(hits) == {"a": 1}
    documents.put(document("a", "The seal swims."))
    documents.put(document("b", "Else."))
    assert documents.cited_versions(hits) == {"a": 1}
    documents.delete("a")
    assert documents.cited_versions(hits) == {"a": 1}
    assert documents.version_of("a", None, 1).text == "The walrus swims."


@pytest.mark.slow
def test_fifty_kills_lose_no_acknowledged_document(tmp_path: Path) -> None:
    """kill -9 at any moment: what was acknowledged is in the store and is what searches find; nothing else is."""
    chance, state = random.Random(4), dict[str, str]()
    n_acknowledged = 0
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.unit.changing_documents", str(tmp_path)],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        for seed in range(N_KILLS):
            process.stdin.write(f"{seed}\n")
            process.stdin.flush()
            pid = int(process.stdout.readline().split()[1])
            # Some are killed while they start; most while they change documents.
            first = [process.stdout.readline(), process.stdout.readline()] if seed % 5 else []
            timer = threading.Timer(chance.uniform(0.0, 0.25), os.kill, (pid, signal.SIGKILL))
            timer.start()
            lines = [*first, *iter(process.stdout.readline, "dead\n")]
            timer.join()
            acknowledged, unsure = _state_after(state, lines)
            n_acknowledged += lines.count("ack\n")
            state = _checked(tmp_path, acknowledged, unsure)
        process.stdin.close()
    assert n_acknowledged > N_KILLS


def _state_after(state: dict[str, str], lines: list[str]) -> tuple[dict[str, str], dict[str, str | None]]:
    """The word of each document after what was acknowledged, and what the change that was cut off would have made."""
    after, tried = dict(state), dict[str, str | None]()
    for line in lines:
        if line == "ack\n":
            for id, token in tried.items():
                if token is None:
                    after.pop(id, None)
                else:
                    after[id] = token
            tried = {}
        else:
            _, kind, id, token = line.split()
            tried = {id: token if kind == "put" else None}
    return after, tried


def _checked(folder: Path, expected: dict[str, str], unsure: dict[str, str | None]) -> dict[str, str]:
    """What is there, after it was compared with what was expected: in the store and by both ways of searching."""
    with changing_documents.opened(folder) as documents:
        there = {one.id: one.text.split()[-1].rstrip(".") for one in documents.store.documents()}
        for id in expected.keys() | there.keys() | unsure.keys():
            allowed = {expected.get(id), unsure.get(id)} if id in unsure else {expected.get(id)}
            assert there.get(id) in allowed, id
        (index,) = documents._indexes
        passages = [hit.chunk for hit in index.search_dense(["a"], 1000)[0]]
        by_words = [hit.chunk for hit in index.search_bm25(["word"], 1000)[0]]
        for chunks in (passages, by_words):
            words = sorted((chunk.document_id, chunk.text.split()[-1].rstrip(".")) for chunk in chunks)
            assert words == sorted((id, token) for id, token in there.items() for _ in range(3))
        return there


class Unwritable:
    """Makes the writing of indexes fail while it is on."""

    def __init__(self, documents: LiveDocuments, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_on, index = True, documents._indexes[-1]
        sync = index.sync

        def refused(*given: object, **named: object) -> object:
            if self.is_on:
                raise BakeoffError("/var/index cannot be written.", "make it writable")
            return sync(*given, **named)

        monkeypatch.setattr(index, "sync", refused)


def test_a_change_that_an_index_cannot_take_is_said_to_be_stored(documents: LiveDocuments, monkeypatch) -> None:
    """With when searches find it: at last the server shows it by itself. A deletion and an erasure too."""
    documents.put(document("b", "The otter swims."))
    monkeypatch.setattr(documents._tidier, "_show_after_s", 0.3)
    refused = Unwritable(documents, monkeypatch)
    with pytest.raises(NotShownError, match=r"stored as version 2, but searches .*/var/index cannot") as error:
        documents.put(document("a", "The walrus swims."))
    assert error.value.remedy.startswith("make it writable; a server tries again by itself")
    with pytest.raises(NotShownError, match="stored as version 3"):
        documents.erase("b")
    assert documents.store.get("a") is not None and documents.store.erase("b") == 0
    refused.is_on = False
    until = time.monotonic() + 30
    while documents.version != 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert found(documents, "walrus otter") == [["a"], ["a"]] and documents.version == 3


def test_to_erase_again_brings_an_index_up_to_date(documents: LiveDocuments, monkeypatch) -> None:
    """The document was deleted the first time, but not in the index."""
    documents.put(document("a", "The walrus swims."))
    refused = Unwritable(documents, monkeypatch)
    with pytest.raises(NotShownError):
        documents.erase("a")
    refused.is_on = False
    assert documents.erase("a") == 0 and found(documents, "walrus") == [[], []]


def test_to_show_a_change_is_tried_less_and_less_often(monkeypatch) -> None:
    """Each time may embed the documents again, which may be paid for."""
    tidier = live._Tidier([])
    waits = []
    for _ in range(10):
        tidier.failed_to_show()
        waits.append(round(tidier._show_at - time.monotonic()))
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    tidier.changed()
    assert tidier._show_at is None


@pytest.mark.parametrize("is_served", [True, False])
def test_erased_texts_leave_the_files_of_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_served: bool
) -> None:
    """LanceDB only marks rows as deleted: of a few among many, the texts stayed in its files for good.

    They are gone soon after in a server, and at the end of a command.
    """
    if is_served:
        monkeypatch.setattr(live, "SETTLED_S", 0.05)
    secret = "zorbulon"
    with opened(tmp_path, 1) as documents:
        documents.put_all([document(f"d{i}", f"Number {i} is here.") for i in range(60)])
        documents.put(document("s", f"The {secret} bonus is large."))
    with opened(tmp_path, 1) as documents:  # tidied: all rows are in one file
        documents._tidier.tidy()
        assert _files_with(tmp_path, secret)
        assert documents.erase("s")
        deadline = time.monotonic() + 20
        while is_served and _files_with(tmp_path, secret) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not is_served or not _files_with(tmp_path, secret)
        assert not found(documents, secret)[0]
    assert not _files_with(tmp_path, secret)
    with opened(tmp_path, 1) as documents:
        assert len(list(documents.store.documents())) == 60
        assert found(documents, "7") == [["d7"]]


def test_what_was_erased_before_a_kill_leaves_the_files_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index has written down that it must; another erasure meanwhile is not forgotten either."""
    monkeypatch.setattr(live, "SETTLED_S", 600.0)
    with opened(tmp_path, 1) as documents:
        documents.put_all([document(f"d{i}", f"The zorbulon{i} is here.") for i in range(60)])
        documents._tidier.tidy()
        documents.erase("d7")
        documents._has_erased = False  # as if it was killed here
    assert _files_with(tmp_path, "zorbulon7 ")
    with opened(tmp_path, 1) as documents:
        index = documents._indexes[0]
        assert index.is_untidy
        whole = hybrid.rewritten_table

        def erasing_more(*given: Any) -> str:
            name = whole(*given)
            documents.erase("d8")
            return name

        monkeypatch.setattr(hybrid, "rewritten_table", erasing_more)
        index.tidy()
        monkeypatch.setattr(hybrid, "rewritten_table", whole)
        assert index.is_untidy
        index.tidy()
        assert not index.is_untidy
        assert not _files_with(tmp_path, "zorbulon7 ") and not _files_with(tmp_path, "zorbulon8 ")


def _files_with(folder: Path, word: str) -> list[Path]:
    """Those that hold the word. What goes meanwhile holds nothing."""
    found = list[Path]()
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            with suppress(FileNotFoundError):
                found += [path] if word.encode() in path.read_bytes() else []
    return found
