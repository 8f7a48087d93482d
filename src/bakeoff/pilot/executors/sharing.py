"""The world of a run for workers that do not see its folder: the main process puts its parts into object storage, and
workers fetch what they lack into the cache of their machine.

Takes folders of worlds, gives what a job carries (`Shared`); takes that, gives a folder. Nothing is written back into
a world: a tuned model is a part that a worker puts, and the main process brings to its place.
"""

import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bakeoff.corpus.place import PLACE
from bakeoff.corpus.stores import SQLITE, copy_store
from bakeoff.errors import WorkerError
from bakeoff.files.cache import cache_folder, made_once, remove_unused
from bakeoff.files.jsonl import write_text
from bakeoff.files.locks import waited_for
from bakeoff.models.saved_state import files
from bakeoff.pilot.executors.parts import Part, PartStore, files_of
from bakeoff.retrieval.opening import INDEXES

STORE, ADAPTERS, CONTENDERS = "store", "adapters", "contenders"
EVERYTHING = (STORE, INDEXES, ADAPTERS, CONTENDERS)
NAME_FILE = ".share"
CHECKPOINT_S = 300.0
"""So often is what a training has reached put there, at most."""
UNUSED_S = 24 * 3600.0
"""What no worker of a machine has opened for so long is removed from its cache."""


class Shared(NamedTuple):
    """A world in a store: the address, and its parts."""

    address: str
    parts: tuple[Part, ...]


class Share:
    """What the main process has put below an address for the workers of one run."""

    def __init__(self, address: str, run: Path) -> None:
        self.store = PartStore(f"{address.rstrip('/')}/{run.name}-{_name_of(run)}")
        self._known: dict[Path, tuple[object, Part]] = {}

    def world(self, root: Path, kinds: Collection[str] = EVERYTHING) -> Shared:
        """The parts of a world that are of these kinds. What has changed is put there."""
        entries = [root / name for name in (SQLITE, PLACE) if STORE in kinds and (root / name).exists()]
        for kind in (INDEXES, ADAPTERS, CONTENDERS):
            if kind in kinds and not (kind == INDEXES and (root / PLACE).exists()):  # they are where the documents are
                entries += sorted(path for path in (root / kind).glob("[!.]*") if path.is_dir())
        return Shared(self.store.address, tuple(self.part(entry, root) for entry in entries))

    def part(self, entry: Path, root: Path) -> Part:
        """A file or a folder of a world, which is there now as it is here."""
        state = [(str(file), (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files_of(entry)]
        before, part = self._known.get(entry, (None, None))
        if part is None or before != state:
            path = entry.relative_to(root).as_posix()
            part = self._put_documents(entry, path) if entry.name == SQLITE else self.store.put(entry, path)
            self._known[entry] = state, part
        return part

    def _put_documents(self, entry: Path, path: str) -> Part:
        """The file of documents, of which a copy is made: it may be open."""
        with tempfile.TemporaryDirectory(prefix="bakeoff-") as folder:
            copy_store(entry.parent, Path(folder))
            return self.store.put(Path(folder) / entry.name, path)


def _name_of(run: Path) -> str:
    """A name that no other run has, kept in the folder of the run: hosts and paths of two may have the same names, and
    a run may go on where they are others.
    """
    path = run / NAME_FILE
    if not path.exists():
        run.mkdir(parents=True, exist_ok=True)
        write_text(path, f"{secrets.token_hex(6)}\n")
    return path.read_text(encoding="utf-8").strip()


def world_here(shared: Shared) -> Path:
    """The folder of this world on this machine. Another one if its documents or indexes are others."""
    parts = {part.path: part_here(shared.address, part) for part in shared.parts}
    opened = [part for part in shared.parts if not part.path.startswith((f"{ADAPTERS}/", f"{CONTENDERS}/"))]
    root = _folder("worlds") / hashlib.sha256(repr((shared.address, opened)).encode()).hexdigest()[:32]
    root.mkdir(parents=True, exist_ok=True)
    os.utime(root)
    with waited_for(root.with_name(f"{root.name}.lock"), needed=False):
        for path, here in parts.items():
            _link(root / path, here)
    return root


def part_here(address: str, part: Part) -> Path:
    """A part on this machine. It is fetched once, whatever the number of workers."""
    folder = _folder("parts")
    target = folder / part.sha256
    if not target.exists():
        for kind in ("parts", "worlds", "trainings"):
            _remove_old(_folder(kind))
    return made_once(target, lambda half: PartStore(address).fetch(part, half)) / part.name


def training_folder(address: str, adapter: str, learned: str) -> Path:
    """Where this machine trains this model of a run. `learned` is a sum over what it learns, which changes after an
    update of the documents.
    """
    return _folder("trainings") / hashlib.sha256(f"{address} {learned}".encode()).hexdigest()[:32] / adapter


class Reached:
    """How far a training has come, in the store: if this machine is gone, another one goes on from there.

    `learned` as for `training_folder`: what the model has learned before an update is another training.
    """

    def __init__(self, address: str, folder: Path, learned: str, every_s: float | None = None) -> None:
        self._store, self._folder, self._learned = PartStore(address), folder, learned
        self._every_s = CHECKPOINT_S if every_s is None else every_s
        self._path = f"{ADAPTERS}/{folder.name}"
        self._kept_at, self._kept = time.monotonic(), 0
        self._part: Part | None = None

    def take(self) -> None:
        """Fetches what another machine has reached, if this one has not begun. If that is gone or was damaged, there is
        nothing: the training begins from the start.
        """
        before, part = None, None if self._folder.exists() else self._store.noted(self._name, self._path)
        while part not in (None, before):
            try:
                self._store.bring(part, self._folder)
                return
            except WorkerError:
                if self._store.has(part.sha256):
                    raise
            before, part = part, self._store.noted(self._name, self._path)  # the other machine may still go on

    def keep(self, progress: object = None) -> None:
        """Puts the last checkpoint there, if it is new and the one before was put long enough ago."""
        states = files(self._folder / "checkpoint" / "state.safetensors")
        written = max((state.stat().st_mtime_ns for state in states if state.exists()), default=None)
        if time.monotonic() - self._kept_at < self._every_s or written is None:
            return
        if written != self._kept:
            before, self._part = self._part, self._store.put(self._folder, self._path, left_out=(".*",))
            self._store.note(self._name, self._part)
            if before not in (None, self._part):
                self._store.remove(before)
        self._kept_at, self._kept = time.monotonic(), written

    @property
    def _name(self) -> str:
        return f"reached-{self._folder.name}-{self._learned}"


def put_trained(address: str, folder: Path) -> Part:
    """Puts a tuned model there, and removes it here."""
    part = PartStore(address).put(folder, f"{ADAPTERS}/{folder.name}")
    shutil.rmtree(folder, ignore_errors=True)
    return part


def _folder(kind: str) -> Path:
    return cache_folder() / "shared" / kind


def _link(path: Path, target: Path) -> None:
    """Lets the path be the target, in one step."""
    if path.is_symlink() and path.readlink() == target:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(path)


def _remove_old(folder: Path) -> None:
    oldest = time.time() - UNUSED_S
    with suppress(FileNotFoundError):
        remove_unused(path for path in folder.iterdir() if path.is_dir() and path.stat().st_mtime < oldest)
