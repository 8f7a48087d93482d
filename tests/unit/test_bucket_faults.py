"""Any request to a bucket may fail, before it is done or after: several servers still hold what was acknowledged."""

import random
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.buckets import log as logs
from bakeoff.corpus.buckets import store as stores
from bakeoff.corpus.buckets.store import BucketStore
from bakeoff.corpus.stores import keep_in, open_store
from bakeoff.errors import StoreGoneError
from bakeoff.records import Document
from bakeoff.retrieval import syncing
from bakeoff.retrieval.buckets import asked
from bakeoff.retrieval.buckets.index import BucketIndex
from bakeoff.retrieval.searching import Filter
from tests.unit.buckets import another, document, ids, opened

pytest.importorskip("obstore")
IDS = tuple(f"d{number}" for number in range(8))
OPERATIONS = 80


class Unreliable:
    """A store whose requests fail now and then: half of them after they were done."""

    def __init__(self, inner: Any, chance: random.Random) -> None:
        self.inner, self.chance = inner, chance

    def __getattr__(self, name: str) -> Any:
        asked_for = getattr(self.inner, name)

        def request(*given: Any, **how: Any) -> Any:
            from obstore.exceptions import GenericError

            failing = self.chance.random()
            if failing < 0.03:
                raise GenericError("the connection was refused")
            answer = asked_for(*given, **how)
            if failing < 0.06:
                raise GenericError("the answer was lost")
            return answer

        return request


class Servers:
    """Servers on one bucket, and what its documents must be."""

    def __init__(self, folders: list[Path], chance: random.Random) -> None:
        self.folders, self.chance = folders, chance
        self.there: Mapping[str, Document] = {}
        self.running = list(map(self.started, folders))

    def started(self, folder: Path) -> tuple[BucketStore, BucketIndex]:
        store, index = open_store(folder), opened(folder)
        assert isinstance(store, BucketStore)
        for objects in (store._objects, index._objects):
            objects.__dict__["_store"] = Unreliable(objects._store, self.chance)
        return store, index

    def change(self, store: BucketStore, number: int) -> None:
        """Writes some documents and deletes one. After an error, it was made whole or not at all."""
        new = {
            name: document(
                name, f"Animal {name} {number}. " * self.chance.randint(1, 8), self.chance.choice([(), ("x",)])
            )
            for name in self.chance.sample(IDS, 3)
        }
        gone = self.chance.choice(IDS)
        wanted = {**{name: one for name, one in self.there.items() if name != gone}, **new}
        try:
            store.change(list(new.values()), [gone])
            self.there = wanted
        except StoreGoneError:
            found = None
            while found is None:
                with suppress(StoreGoneError):
                    found = {one.id: one for one in store.documents()}
            assert found in (self.there, wanted)
            self.there = found

    def operate(self, number: int) -> None:
        """Does one thing on one server."""
        at = self.chance.randrange(len(self.running))
        store, index = self.running[at]
        kind = self.chance.random()
        if kind < 0.45:
            self.change(store, number)
        elif kind < 0.7:
            index.sync(store, tidy=self.chance.random() < 0.5)
        elif kind < 0.8:
            index.tidy()
        elif kind < 0.85:
            self.running[at] = self.started(self.folders[at])
        else:
            assert {one.id: one for one in store.documents()} == self.there
            index.search(["animal"], 5)


@pytest.mark.parametrize("seed", [1, 2])
def test_servers_hold_what_was_acknowledged_whatever_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Changes, syncs, packing and new starts in any order; also a server that comes at the end, and with labels."""
    for module, name, value in (
        (syncing, "GROUP_CHUNKS", 2), (asked, "ASK_EVERY_S", 0.0), (logs, "LEAST_BYTES", 3_000),
        (stores, "BLOCK_CHARACTERS", 300),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    keep_in(folder := tmp_path / "one", f"file://{tmp_path}/bucket")
    open_store(folder)
    opened(folder)
    servers = Servers([folder, another(folder), another(folder, "three")], random.Random(seed))
    n_failed = 0
    for number in range(OPERATIONS):
        try:
            servers.operate(number)
        except StoreGoneError:
            n_failed += 1
    assert n_failed > 5
    for where in (*servers.folders, another(folder, "four")):
        store, index = open_store(where), opened(where)
        index.sync(store)
        assert {one.id: one for one in store.documents()} == servers.there and index.doubts(store) == ()
        everybodys = {name for name, one in servers.there.items() if not one.access}
        for labels, seen in ((None, set(servers.there)), ((), everybodys)):
            assert {*ids(index.search_dense(["animal"], 999, Filter(access=labels))[0])} == seen
