"""Promises 9 and 10: documents survive kills and lost files."""

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import BakeoffError
from bakeoff.serve.documents.live import LiveDocuments
from tests.end_to_end.small import REPOSITORY, environment
from tests.torture.document_writer import TIDIED, TIDIES, index_in, opened, store_in
from tests.torture.promise import Promise, Seen, Trial

LONGEST_S = 0.6
"""A writer is killed within this time."""
ALL = 10_000
Texts = dict[str, str]


def killed(told: Trial) -> Seen:
    """A process that changes documents all the time is killed; what it acknowledged is there, in store and index."""
    chance, texts, broken, n_changes, n_tidied, n_cut, n_unsound = told.chance(), Texts(), list[str](), 0, 0, 0, 0
    n_kills = told.times(500, 5)
    for kill in range(n_kills):
        written = _written(told.folder, told.seed + kill, chance)
        n_changes, n_tidied, n_cut = n_changes + len(written.done), n_tidied + written.n_tidied, n_cut + written.is_cut
        for change in written.done:
            _apply(texts, change)
        unsound = _as_left(told.folder)
        texts, found = _after(told.folder, texts, written.last)
        n_unsound += bool(unsound)
        broken += [f"kill {kill}: {line}" for line in (*unsound, *found)]
    broken += [] if n_tidied and (n_cut or told.is_short) else ["no kill came while the index was tidied"]
    return Seen(
        f"{n_kills} kills after {n_changes:,} changes, {n_cut} of them while the index was tidied (which it was "
        f"{n_tidied:,} times); {n_unsound} indexes had to be repaired or made again; {len(texts)} documents at the end",
        tuple(broken),
    )


def files_lost(told: Trial) -> Seen:
    """The newest files of the index are emptied, filled with zeros or cut, as a power failure leaves them."""
    chance, texts, broken, n_rebuilt = told.chance(), Texts(), list[str](), 0
    rounds = told.times(100, 4)
    for number in range(rounds):
        written = _written(told.folder, told.seed + number, chance)
        for change in written.done:
            _apply(texts, change)
        hurt = _hurt(told.folder / "index", chance)
        (mark := told.folder / "index" / "mark").touch()
        try:
            texts, found = _after(told.folder, texts, written.last)
        except BakeoffError as error:
            broken.append(f"round {number}, {hurt}: not opened: {error.message[:300]}")
            shutil.rmtree(told.folder / "index")
            texts, found = _after(told.folder, texts, written.last)
        n_rebuilt += not mark.exists()
        mark.unlink(missing_ok=True)
        broken += [f"round {number}, {hurt}: {line}" for line in found]
    return Seen(
        f"{rounds} times, {n_rebuilt} of them made again by itself; {len(texts)} documents at the end", tuple(broken)
    )


class Written(NamedTuple):
    """The changes that a killed writer acknowledged, and the last one, which it began or not.

    It tidied the index so often to the end; `is_cut` says that it was killed while it did so.
    """

    done: list[Mapping[str, str | None]]
    last: Mapping[str, str | None]
    n_tidied: int
    is_cut: bool


def _written(folder: Path, seed: int, chance: random.Random) -> Written:
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.torture.document_writer", str(folder), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=REPOSITORY,
    )
    assert writer.stdout and writer.stderr
    if writer.stdout.readline() != "ready\n":
        raise RuntimeError(f"the writer did not start: {writer.communicate()[1][-500:]}")
    time.sleep(LONGEST_S * chance.random())
    writer.kill()
    lines, err = writer.stdout.read().split("\n")[:-1], writer.stderr.read()
    writer.wait()
    changes = [json.loads(line) for line in lines if line != "done"]
    n_done = lines.count("done")
    begun, ended = err.count(TIDIES.decode()), err.count(TIDIED.decode())
    return Written(changes[:n_done], changes[n_done] if len(changes) > n_done else {}, ended, begun > ended)


def _apply(texts: Texts, change: Mapping[str, str | None]) -> None:
    for name, text in change.items():
        texts.pop(name, None)
        if text is not None:
            texts[name] = text


def _as_left(folder: Path) -> list[str]:
    """What is wrong with the index that a killed writer left, before anything is written or made again.

    A kill loses nothing that was written, so the index must open, hold what the store held at its version, and lack
    the last change at most.
    """
    try:
        store, index = store_in(folder), index_in(folder)
        index.load()
        index.check()
        doubts = index.doubts(store)
    except BakeoffError as error:
        return [f"the index cannot be opened: {error.message[:300]}"]
    faults = [f"the index holds otherwise than the store: {', '.join(doubts[:3])}"] if doubts else []
    if store.version - index.version > 1:
        faults.append(f"the index was at version {index.version} of the store's {store.version}")
    return faults


def _after(folder: Path, texts: Texts, last: Mapping[str, str | None]) -> tuple[Texts, list[str]]:
    """What is there after a kill, and what is wrong with it. The last change is there as a whole or not at all."""
    maybe = dict(texts)
    _apply(maybe, last)
    with opened(folder) as documents:
        there = {one.id: one.text for one in documents.store.documents()}
        broken = [] if there in (texts, maybe) else [f"the store has {_difference(there, texts)}"]
        return there, broken + index_faults(documents, there)


def index_faults(documents: LiveDocuments, texts: Texts) -> list[str]:
    """How the index differs from the documents, by both ways of searching."""
    (index,) = documents._indexes
    by_vectors = {hit.chunk.document_id: hit.chunk.text for hit in index.search_dense(["a"], ALL)[0]}
    faults = [] if by_vectors == texts else [f"the index has {_difference(by_vectors, texts)}"]
    asked = sorted(texts)[:5]
    for name, hits in zip(asked, index.search_bm25([texts[name] for name in asked], 3), strict=True):
        if texts[name] not in [hit.chunk.text for hit in hits]:
            faults.append(f"{name} is not found by its words")
    return faults


def _difference(there: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    names = [name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name)]
    return "; ".join(f"{name}: {there.get(name)!r}, not {wanted.get(name)!r}" for name in sorted(names)[:3])


def _hurt(folder: Path, chance: random.Random) -> str:
    """Damages one to three of the newest files."""
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_mtime_ns)
    done = []
    for path in files[-chance.randint(1, 3) :]:
        content, how = path.read_bytes(), chance.choice(("emptied", "zeros", "cut", "end lost"))
        kept = 0 if how in ("emptied", "zeros") else chance.randrange(len(content) + 1)
        size = 0 if how in ("emptied", "cut") else len(content) - kept
        path.write_bytes(content[:kept] + bytes(size))
        done.append(f"{path.suffix or path.name} {how}")
    return ", ".join(done)


PROMISES = (
    Promise(9, "the store survives kills", "500 in add, delete, optimise, index: acknowledged rows are there", killed),
    Promise(10, "power loss", "newest files zeroed or cut, 100 times: opens or is rebuilt, nothing lost", files_lost),
)
