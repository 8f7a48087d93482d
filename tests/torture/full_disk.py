"""Promise 12: a full disk. A pilot and changes of documents fill a file system of 64 MiB: the message is clear, and
with space they go on. And many updates of documents leave little more behind than the documents need.

The file system is a tmpfs that is mounted for the trial. Where that is not allowed, the trial says so.
"""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import BakeoffError
from bakeoff.models.embed import HashEmbedder
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.serve.documents.live import LiveDocuments
from tests.end_to_end.small import bakeoff, make
from tests.torture.document_writer import WORDS, document, opened
from tests.torture.documents import Texts, index_faults
from tests.torture.failing_io import _is_same, _results
from tests.torture.promise import Promise, Seen, Trial

SIZE = 64 * 2**20
MOST_TIMES, MOST_TIMES_SHORT = 3.0, 6.0
"""After a few updates the tables that the index replaced last are there still, whatever the size of the documents."""
N_LIVE = 200
N_WORDS, N_WORDS_TINY = 400, 18
"""A page of some 2,500 characters, in two chunks, and a line."""
SETTLE_S, SETTLE_SHORT_S = 90.0, 5.0
"""So long is waited until the index has tidied itself: of what it replaced, the last goes after a minute."""
AT_ONCE = 20


def trial(told: Trial) -> Seen:
    """The pilot, then documents that fill the disk, then updates on a disk with space."""
    figures, broken, untried = list[str](), list[str](), ""
    with small_disk(told.folder / "disk") as disk:
        if disk is None:
            untried = "the full disk: mounting is not allowed here"
        else:
            for part in (_pilots, _documents):
                seen, found = part(told, disk)
                figures.append(seen)
                broken += found
    for kind, n_words in (("pages", N_WORDS), ("lines", N_WORDS_TINY)):
        seen, found = _updates(told, kind, n_words, told.times(10_000, 400))
        figures.append(seen)
        broken += found
    seen, found = _updates(told, "lines that come and go", N_WORDS_TINY, told.times(10_000, 400), come_and_go=True)
    figures.append(seen)
    broken += found
    return Seen("; ".join(figures), tuple(broken), untried)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system of 64 MiB at this folder, or None where it cannot be mounted."""
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _pilots(told: Trial, disk: Path) -> tuple[str, list[str]]:
    """Runs that find less and less space; each is resumed when there is enough."""
    pilot, chance, broken, n_full = make(disk / "pilot").parent, told.chance(), list[str](), 0
    first = bakeoff("run", "--fresh", "--name", "undisturbed", cwd=pilot)
    if first.returncode:
        raise RuntimeError(first.stderr)
    wanted = _results(pilot / "runs" / "undisturbed")
    needed = sum(path.stat().st_size for path in (pilot / "runs" / "undisturbed").rglob("*") if path.is_file())
    n = told.times(20, 2)
    for number in range(n):
        name = f"full-{number}"
        run = pilot / "runs" / name
        with filled(disk, round(needed * chance.uniform(0.0, 0.9))):
            ended = bakeoff("run", "--fresh", "--name", name, cwd=pilot)
        if ended.returncode:
            n_full += 1
            if "Traceback" in ended.stderr or "free some space" not in ended.stderr:
                broken.append(f"pilot {number}: {ended.stderr[-700:]}")
            again = bakeoff("run", "--resume" if run.exists() else "--fresh", "--name", name, cwd=pilot)
            broken += [f"pilot {number} could not be resumed: {again.stderr[-500:]}"] if again.returncode else []
        if not _is_same(run, wanted):
            broken.append(f"pilot {number} has other results")
        shutil.rmtree(run, ignore_errors=True)
    return f"{n} pilots on a disk of 64 MiB, {n_full} ended by it and resumed", broken


def _documents(told: Trial, disk: Path) -> tuple[str, list[str]]:
    """Documents are added until the disk is full; when there is space, what was acknowledged is there, and more."""
    chance, texts, broken, n = told.chance(), Texts(), list[str](), 0
    folder = disk / "documents"
    with filled(disk, (2 if told.is_short else 20) * 2**20):
        message = ""
        with opened(folder) as documents:
            while not message:
                more = {f"d{n + i:05}": _text(n + i, chance) for i in range(AT_ONCE)}
                try:
                    documents.put_all([document(name, text) for name, text in more.items()])
                    texts |= more
                except BakeoffError as error:
                    message = str(error)
                n += AT_ONCE
    if not any(word in message for word in ("free some space", "disk is full")):
        broken.append(f"documents: {message}")
    with opened(folder) as documents:
        there = {one.id: one.text for one in documents.store.documents()}
        if there not in (texts, texts | more):
            broken.append(f"{len(texts.keys() - there.keys())} of {len(texts)} documents were lost")
        broken += index_faults(documents, there)
        documents.put_all([document("last", "The last one.")])
    return f"{len(texts):,} documents until it was full, all there afterwards", broken


@contextmanager
def filled(disk: Path, left: int) -> Iterator[None]:
    """The disk with so many bytes left."""
    ballast = disk / "ballast"
    free = shutil.disk_usage(disk).free
    ballast.write_bytes(bytes(max(0, free - left)))
    try:
        yield
    finally:
        ballast.unlink()


def _updates(told: Trial, kind: str, n_words: int, n: int, come_and_go: bool = False) -> tuple[str, list[str]]:
    """So many updates of the same documents, or of documents of which each replaces another, against a new store and
    index that hold what they hold at the end. It is measured when no document has changed for some seconds: then the
    index tidies itself.
    """
    chance, texts = told.chance(), Texts()
    updated, fresh, most = told.folder / f"{kind}-updated", told.folder / f"{kind}-fresh", 0
    with _opened(updated) as documents:
        for start in range(0, n, AT_ONCE):
            numbers = range(start, start + AT_ONCE)
            more = {f"d{i if come_and_go else i % N_LIVE:05}": _text(i, chance, n_words) for i in numbers}
            documents.put_all([document(name, text) for name, text in more.items()])
            texts |= more
            for name in [f"d{i - N_LIVE:05}" for i in numbers if come_and_go and i >= N_LIVE]:
                documents.delete(name)
                del texts[name]
            most = max(most, _size(updated))
        until = time.monotonic() + (SETTLE_SHORT_S if told.is_short else SETTLE_S)
        while time.monotonic() < until and (not told.is_short or any(index.is_untidy for index in documents._indexes)):
            time.sleep(0.1)
    with _opened(fresh) as documents:
        documents.put_all([document(name, text) for name, text in texts.items()])
    after, needed = _size(updated), _size(fresh)
    parts = f"{needed / 2**20:.1f} MiB; the index {_size(updated / 'index') / needed:.2f}, the store the rest"
    allowed = MOST_TIMES_SHORT if told.is_short else MOST_TIMES
    broken = [f"updates of {kind} left {after / needed:.1f} times the live size"] if after > allowed * needed else []
    return (
        f"{n:,} updates of {len(texts)} {kind} left {after / needed:.2f} times the live size ({parts}; "
        f"{most / needed:.1f} meanwhile)",
        broken,
    )


def _size(folder: Path) -> int:
    """The bytes of all files in the folder, each once. What is tidied away meanwhile is left out."""
    sizes = dict[int, int]()
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                found = Path(place, name).stat()
                sizes[found.st_ino] = found.st_size
    return sum(sizes.values())


def _opened(folder: Path) -> LiveDocuments:
    """A store and an index with chunks and vectors of the sizes that a pilot has by default."""
    index = HybridIndex.open(folder / "index", HashEmbedder(), max_tokens=256)
    return LiveDocuments(SqliteStore(folder / "store.sqlite"), [index])


def _text(number: int, chance: random.Random, n_words: int = N_WORDS_TINY) -> str:
    return f"Text {number}. " + " ".join(chance.choice(WORDS) for _ in range(n_words))


PROMISES = (
    Promise(12, "full disk", "64 MiB: resumes with space; 10,000 updates use at most 3 times the live size", trial),
)
