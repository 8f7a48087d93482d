"""Promise 13: concurrent writers. Four processes add, update and delete the same documents of one store.

Live documents have one writer at a time: a second one is refused, and so is a second pilot of a run. What lies below,
the store, takes changes of any number of processes, and an index follows it meanwhile.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.corpus.store import content_hash
from bakeoff.errors import BakeoffError
from tests.end_to_end.small import REPOSITORY, bakeoff, environment, make
from tests.torture.document_writer import document, index_in, opened, store_in
from tests.torture.documents import Texts, index_faults
from tests.torture.promise import Promise, Seen, Trial

N_WRITERS = 4
ATTEMPTS = 5
Row = tuple[str, str, str | None]
"""A document's row in the store's log: its id, what was done to it, and the hash of its content."""


class Done(NamedTuple):
    """A change that the store acknowledged: texts by name (None: deleted), and the version that it has."""

    change: Mapping[str, str | None]
    version: int
    is_change: bool


def trial(told: Trial) -> Seen:
    """The store with four writers, then who else is refused."""
    n, n_syncs = told.times(500, 60), 0
    store, index = store_in(told.folder), index_in(told.folder)
    outs = [told.folder / f"acknowledged-{number}.jsonl" for number in range(N_WRITERS)]
    writers = [_writer(told, number, n, out) for number, out in enumerate(outs)]
    while any(writer.poll() is None for writer in writers):
        n_syncs += index.sync(store, tidy=False).n_written > 0
        time.sleep(0.01)
    codes = [writer.wait() for writer in writers]
    done = [Done(**json.loads(line)) for out in outs for line in out.read_text().splitlines()]
    texts, broken = log_faults(store, done)
    broken += [f"the writers ended with {codes}"] if any(codes) or len(done) != N_WRITERS * n else []
    with opened(told.folder) as documents:
        broken += index_faults(documents, texts)
        broken += _second_writer(told.folder)
    broken += _second_pilot(told)
    rows = Counter(kind for _, kind, _ in (row for rows in _log(store).values() for row in rows))
    return Seen(
        f"{N_WRITERS} processes, {len(done):,} acknowledged changes of the same documents ({rows['added']:,} added, "
        f"{rows['updated']:,} updated, {rows['deleted']:,} deleted), each in the store's log as if one came after the "
        f"other; the {len(texts)} documents of the store and of an index that was synced {n_syncs} times meanwhile are "
        "those of the last changes; a second writer of live documents and a second pilot were refused by name"
        if not broken
        else f"{len(done):,} acknowledged changes, {len(broken)} faults",
        tuple(broken),
    )


def _writer(told: Trial, number: int, n: int, out: Path) -> subprocess.Popen[bytes]:
    seed = N_WRITERS * told.seed + number
    command = [sys.executable, "-m", "tests.torture.store_writer", str(told.folder), str(seed), str(n)]
    with out.open("w") as file:
        return subprocess.Popen(command, env=environment(), cwd=REPOSITORY, stdout=file)


def log_faults(store: SqliteStore, done: Sequence[Done]) -> tuple[Texts, list[str]]:
    """The texts after all these changes, one after another as their versions say, and how the store differs.

    Each version must be one acknowledged change and hold all of it: what was added to nothing, replaced or deleted.
    """
    log, texts, faults = _log(store), Texts(), list[str]()
    ordered = sorted(done, key=lambda one: (one.version, not one.is_change))  # one without effect saw its version
    for one in ordered:
        wanted = _effect(texts, one.change)
        found = log.pop(one.version, set()) if one.is_change else set()
        if found != wanted:
            faults.append(
                f"version {one.version}: only in the log {found - wanted}, only acknowledged {wanted - found}"
            )
        for name, text in one.change.items():
            texts.pop(name, None)
            if text is not None:
                texts[name] = text
    faults += [f"nobody was told of version {version}: {rows}" for version, rows in log.items()]
    there = {one.id: one.text for one in store.documents()}
    wrong = [name for name in there.keys() | texts.keys() if there.get(name) != texts.get(name)]
    faults += [f"{name} is {there.get(name)!r}, not {texts.get(name)!r}" for name in sorted(wrong)]
    return texts, faults


def _effect(texts: Texts, change: Mapping[str, str | None]) -> set[Row]:
    """The rows of a change of documents that have these texts."""
    rows = set[Row]()
    for name, text in change.items():
        if text is not None:
            rows.add((name, "updated" if name in texts else "added", content_hash(document(name, text))))
        elif name in texts:
            rows.add((name, "deleted", None))
    return rows


def _log(store: SqliteStore) -> dict[int, set[Row]]:
    """What the store's log has of each version."""
    log: dict[int, set[Row]] = {}
    with store.reading() as state:
        for version, *row in state.select("SELECT version, id, kind, hash FROM versions"):
            log.setdefault(version, set()).add(tuple(row))
    return log


def _second_writer(folder: Path) -> list[str]:
    """What was wrong when somebody else opened live documents that are open."""
    try:
        with opened(folder):
            return ["live documents were opened twice"]
    except BakeoffError as error:
        return [] if str(folder) in error.message else [f"a second writer was told: {error.message}"]


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


PROMISES = (Promise(13, "concurrent writers", "4 processes x 500 changes: none lost; a second pilot refused", trial),)
