"""A thousand random steps for each kind of source, with crashes in between: store and index equal the source."""

import mailbox
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from bakeoff.corpus.sources.folder_source import FolderSource
from bakeoff.corpus.sources.git import GitSettings
from bakeoff.corpus.sources.mail import MailSource
from bakeoff.corpus.sources.opened import OpenSource
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import BakeoffError
from bakeoff.models.embed import HashEmbedder
from bakeoff.protocols import Source
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.serve.documents.ends import FolderDocuments
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.source_states import SourceStates
from bakeoff.serve.documents.source_sync import sync_sources

N_STEPS = 1000
NAMES = [f"{folder}{letter}.md" for folder in ("", "hr/", "hr/pay/", "it/") for letter in "abcdefgh"]


class Place(Protocol):
    """Where documents are. A name is given by the test; the document's source may be another one."""

    def write(self, name: str, text: str) -> None: ...
    def delete(self, name: str) -> None: ...
    def rename(self, old: str, new: str) -> None: ...
    def done(self) -> None:
        """The steps so far are to be seen by the source."""

    def source(self) -> Source: ...
    def source_of(self, name: str) -> str: ...


class FolderPlace:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "files"
        self.root.mkdir()

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def delete(self, name: str) -> None:
        (self.root / name).unlink()

    def rename(self, old: str, new: str) -> None:
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(self.root / new)

    def done(self) -> None:
        pass

    def source(self) -> Source:
        return FolderSource([self.root])

    def source_of(self, name: str) -> str:
        return name


class GitPlace(FolderPlace):
    """Files of a repository; `done` commits them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._git("init", "--quiet", "--initial-branch=main")

    def done(self) -> None:
        self._git("add", "--all")
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        self._git(*who, "commit", "--quiet", "--allow-empty", "--message", "x")

    def source(self) -> Source:
        return GitSettings(git=str(self.root), ref="main").open()

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", "-C", str(self.root), *arguments], check=True, capture_output=True)


class MailPlace:
    """Messages: those of `it/` in .eml files, the others in an mbox for each folder. A new name is another place."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "mail"
        self.root.mkdir()
        self.texts: dict[str, tuple[str, str]] = {}
        self.ids: dict[str, str] = {}
        self.n = 0

    def write(self, name: str, text: str) -> None:
        if name not in self.texts:
            self.n += 1
            self.ids[name] = f"{self.n}@example.org"
        self.texts[name] = (self.ids[name], text)

    def delete(self, name: str) -> None:
        del self.texts[name]

    def rename(self, old: str, new: str) -> None:
        self.texts[new] = self.texts.pop(old)
        self.ids[new] = self.ids[old]

    def done(self) -> None:
        shutil.rmtree(self.root)
        self.root.mkdir()
        (self.root / "empty.mbox").write_bytes(b"")
        for name, (id, text) in self.texts.items():
            message = EmailMessage()
            message["From"], message["Message-ID"] = "ada@example.org", f"<{id}>"
            message.set_content(text)
            if name.startswith("it/"):
                (self.root / name.replace("/", "-")).with_suffix(".eml").write_bytes(message.as_bytes())
                continue
            box = mailbox.mbox(self.root / (name.rpartition("/")[0].replace("/", "-") + ".mbox"))
            box.add(message)
            box.close()

    def source(self) -> Source:
        return MailSource([self.root])

    def source_of(self, name: str) -> str:
        return f"{self.ids[name]}.eml"


class BucketPlace:
    """Objects in a store in memory."""

    def __init__(self, folder: Path) -> None:
        store = pytest.importorskip("obstore.store")
        self.store = store.MemoryStore()

    def write(self, name: str, text: str) -> None:
        self.store.put(name, text.encode())

    def delete(self, name: str) -> None:
        self.store.delete(name)

    def rename(self, old: str, new: str) -> None:
        self.store.rename(old, new)

    def done(self) -> None:
        pass

    def source(self) -> Source:
        from bakeoff.corpus.sources.bucket import BucketSource

        return BucketSource(self.store, "memory")

    def source_of(self, name: str) -> str:
        return name


class CountingEmbedder(HashEmbedder):
    """Counts the passages that it embeds."""

    n = 0

    def embed_passages(self, texts: Any) -> np.ndarray:
        self.n += len(texts)
        return super().embed_passages(texts)


class KilledError(BakeoffError):
    """The process ends here."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))


def crashing(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Lets the next sync end after its documents and before its cursors, or before one of its requests."""

    def end(*arguments: Any) -> None:
        raise KilledError("killed")

    if where == "cursor":
        monkeypatch.setattr(SourceStates, "write", end)
    elif where == "documents":
        monkeypatch.setattr(FolderDocuments, "change", end)


def steps(place: Place, chance: random.Random) -> Iterator[dict[str, str]]:
    """Random steps; after some of them, what the documents must be then: text by name."""
    texts: dict[str, str] = {}
    n_until = 0
    for number in range(N_STEPS):
        free = [name for name in NAMES if name not in texts]
        kind = chance.choice(["add", "change", "delete", "rename"]) if len(texts) > 3 and free else "add"
        kind = "delete" if not free else kind
        name = chance.choice(free if kind == "add" else sorted(texts))
        if kind in ("add", "change"):
            texts[name] = f"Step {number} of the {chance.choice(['walrus', 'seal', 'otter'])}."
            place.write(name, texts[name])
        elif kind == "delete":
            del texts[name]
            place.delete(name)
        else:
            new = chance.choice(free)
            texts[new] = texts.pop(name)
            place.rename(name, new)
        n_until -= 1
        if n_until <= 0 or number == N_STEPS - 1:
            n_until = chance.randint(1, 22)
            place.done()
            yield texts


@pytest.mark.slow
@pytest.mark.parametrize("kind", [FolderPlace, GitPlace, MailPlace, BucketPlace])
def test_store_and_index_equal_the_source_whatever_happens(
    kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No ghost, no loss, after a thousand steps with crashes; an unchanged sync embeds nothing and changes nothing."""
    check_random_steps(kind(tmp_path), tmp_path, monkeypatch)


def check_random_steps(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes random steps in a place and syncs it again and again, with crashes in between."""
    chance = random.Random(7)
    embedder = CountingEmbedder(dimension=16)
    index = HybridIndex.open(tmp_path / "index", embedder, max_tokens=32)
    store, states = SqliteStore(tmp_path / "store.sqlite"), SourceStates(tmp_path / "sources")
    with LiveDocuments(store, [index]) as live:

        def sync() -> Any:
            return sync_sources(FolderDocuments(live), [OpenSource("one", "one", place.source())], states, yes=True)

        n_crashes = 0
        for texts in steps(place, chance):
            where = chance.choice(["cursor", "documents", "", ""])
            with monkeypatch.context() as broken:
                crashing(broken, where)
                try:
                    sync()
                except KilledError:
                    n_crashes += 1
            if where and chance.random() < 0.5:
                continue  # more steps before the next sync
            before = embedder.n
            sync()
            if where == "cursor":
                assert embedder.n == before  # the documents were there already
            before, version = embedder.n, store.version
            again = sync()
            assert not again.problems and not again.failures
            assert (embedder.n, store.version) == (before, version)
            wanted = {place.source_of(name): text for name, text in texts.items()}
            there = {one.source: one.text for one in store.documents()}
            assert there.keys() == wanted.keys()
            assert all(text in there[source] for source, text in wanted.items())
        assert n_crashes > 15
        assert index.doubts(store) == () and index.n_chunks == len(wanted)


CHILD = """
import sys
from pathlib import Path
from bakeoff.corpus.sources.folder_source import FolderSource
from bakeoff.corpus.sources.opened import OpenSource
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.models.embed import HashEmbedder
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.serve.documents.ends import FolderDocuments
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.source_states import SourceStates
from bakeoff.serve.documents.source_sync import sync_sources

root = Path(sys.argv[1])
index = HybridIndex.open(root / "index", HashEmbedder(dimension=16), max_tokens=32)
with LiveDocuments(SqliteStore(root / "store.sqlite"), [index]) as live:
    source = OpenSource("one", "one", FolderSource([root / "files"]))
    print("ready", flush=True)
    sys.stdin.readline()
    synced = sync_sources(FolderDocuments(live), [source], SourceStates(root / "sources"), yes=True)
    print(synced.counts.n_unchanged, flush=True)
    print(index.doubts(live.store), index.n_chunks, flush=True)
"""


def synced_in_a_child(root: Path, kill_after_s: float | None) -> list[str]:
    """What a process of its own prints that syncs the folder; it is killed this long after it began, if at all."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout and child.stdin and child.stdout.readline() == "ready\n"
    child.stdin.write("go\n")
    child.stdin.flush()
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        child.kill()
    printed, _ = child.communicate(timeout=60)
    assert child.returncode in (0, -signal.SIGKILL)
    return printed.splitlines()


@pytest.mark.slow
def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """`kill -9` at any moment of a sync; the next one completes it."""
    chance, place = random.Random(3), FolderPlace(tmp_path)
    n_killed, wanted = 0, dict[str, str]()
    for round in range(3):
        for name in NAMES:
            if chance.random() < 0.5:
                wanted[name] = f"Round {round} of {name}."
                place.write(name, wanted[name])
            elif len(wanted) > 3 and wanted.pop(name, None):
                place.delete(name)
        n_killed += len(synced_in_a_child(tmp_path, chance.uniform(0.0, 0.15))) < 2
    printed = synced_in_a_child(tmp_path, None)
    store = SqliteStore(tmp_path / "store.sqlite")
    assert {one.source: one.text for one in store.documents()} == wanted
    assert printed[1] == f"() {len(wanted)}" and n_killed
