"""Promises 9, 10 and 13: documents survive kills, lost files and other writers."""

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
from tests.end_to_end.small import REPOSITORY, bakeoff, environment, make
from tests.torture.document_writer import TIDIED, TIDIES, opened
from tests.torture.promise import Promise, Seen, Trial

LONGEST_S = 0.6
"""A writer is killed within this time."""
ATTEMPTS = 5
ALL = 10_000
Texts = dict[str, str]
CHANGES = """
import sys
from pathlib import Path
from bakeoff.corpus.sqlite_store import SqliteStore
from tests.torture.document_writer import document
store = SqliteStore(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    store.upsert([document(f"w{sys.argv[2]}-{number}", f"Text {number} of {sys.argv[2]}.")])
"""


def killed(told: Trial) -> Seen:
    """A process that changes documents all the time is killed; what it acknowledged is there, in store and index."""
    chance, texts, broken, n_changes, n_tidied, n_cut = told.chance(), Texts(), list[str](), 0, 0, 0
    n_kills = told.times(500, 5)
    for kill in range(n_kills):
        written = _written(told.folder, told.seed + kill, chance)
        n_changes, n_tidied, n_cut = n_changes + len(written.done), n_tidied + written.n_tidied, n_cut + written.is_cut
        for change in written.done:
            _apply(texts, change)
        texts, found = _after(told.folder, texts, written.last)
        broken += [f"kill {kill}: {line}" for line in found]
    broken += [] if n_tidied and (n_cut or told.is_short) else ["no kill came while the index was tidied"]
    return Seen(
        f"{n_kills} kills after {n_changes:,} changes, {n_cut} of them while the index was tidied (which it was "
        f"{n_tidied:,} times), {len(texts)} documents at the end",
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


def written_together(told: Trial) -> Seen:
    """Four processes change one store; and a second pilot on a run folder is refused by name."""
    n = told.times(500, 60)
    store = told.folder / "store.sqlite"
    writers = [
        subprocess.Popen([sys.executable, "-c", CHANGES, str(store), str(i), str(n)], env=environment(), cwd=REPOSITORY)
        for i in range(4)
    ]
    codes = [writer.wait() for writer in writers]
    with opened(told.folder) as documents:
        there = {one.id for one in documents.store.documents()}
    lost = {f"w{i}-{number}" for i in range(4) for number in range(n)} - there
    broken = [f"the writers ended with {codes}"] if any(codes) else []
    broken += [f"{len(lost)} changes were lost"] if lost else []
    broken += _second_pilot(told)
    return Seen(f"4 processes, {4 * n} changes, {len(lost)} lost; a second pilot was refused by name", tuple(broken))


def _second_pilot(told: Trial) -> list[str]:
    """What was wrong when a second pilot came while the first one ran. It comes again if the first had ended."""
    for attempt in range(ATTEMPTS):
        found = _refused(told.folder / f"pilot-{attempt}")
        if found is not None:
            return found
    return [f"a second pilot was not refused in {ATTEMPTS} attempts: it always came when the first had ended, or ran"]


def _refused(folder: Path) -> list[str] | None:
    """What was wrong; None if the second one was not refused."""
    pilot = make(folder).parent
    command = [sys.executable, "-m", "bakeoff", "run"]
    first = subprocess.Popen(command, cwd=pilot, env=environment(), stderr=subprocess.PIPE, text=True)
    while not (pilot / "runs" / "planets").exists() and first.poll() is None:
        time.sleep(0.002)
    second = bakeoff("run", "--resume", cwd=pilot)
    _, said = first.communicate()
    if second.returncode == 0:
        return None
    broken = [f"the first pilot failed: {said[-300:]}"] if first.returncode else []
    if "planets" not in second.stderr or "Traceback" in second.stderr:
        broken.append(f"the second pilot was told: {second.stderr[-300:]}")
    return broken


PROMISES = (
    Promise(9, "the store survives kills", "500 in add, delete, optimise, index: acknowledged rows are there", killed),
    Promise(10, "power loss", "newest files zeroed or cut, 100 times: opens or is rebuilt, nothing lost", files_lost),
    Promise(13, "concurrent writers", "4 processes x 500 changes: none lost; a second pilot refused", written_together),
)
