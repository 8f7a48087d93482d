"""The parts of a world as objects of a store: each is an entry of its folder, packed, under the SHA-256 of that.

Takes folders and the address of a store, gives folders. What is fetched is whole or not there, and is what was put.
Knows no world.
"""

import hashlib
import shutil
import tarfile
import tempfile
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.corpus.sources.bucket import BucketSettings, said
from bakeoff.errors import WorkerError

NOT_SENT = (".*", "*.lock", "checkpoint*", "*-wal", "*-shm")
BLOCK = 1024 * 1024
RESUMES = "nothing is lost: continue with --resume"


class Part(NamedTuple):
    """An entry of a world by its path there, and the SHA-256 of its object."""

    path: str
    sha256: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class PartStore:
    """The objects below an address. Raises WorkerError where they cannot be read or written."""

    def __init__(self, address: str) -> None:
        self.address = address
        with self._explained():
            self._store: Any = BucketSettings(bucket=address).store(create=True)

    def check(self) -> None:
        """Writes an object and deletes it."""
        name = f"check-{uuid.uuid4()}"
        with self._explained():
            self._store.put(name, b"bakeoff")
            self._store.delete(name)

    def has(self, sha256: str) -> bool:
        with self._explained():
            try:
                self._store.head(f"{sha256}.tar")
            except FileNotFoundError:
                return False
            return True

    def put(self, entry: Path, path: str, left_out: Collection[str] = NOT_SENT) -> Part:
        """Puts a file or a folder there, unless it is there."""
        with tempfile.TemporaryDirectory(prefix="bakeoff-") as folder:
            packed = Path(folder) / "part.tar"
            part = Part(path, pack(entry, packed, left_out))
            if not self.has(part.sha256):
                with self._explained():
                    self._store.put(f"{part.sha256}.tar", packed)
        return part

    def fetch(self, part: Part, folder: Path) -> None:
        """Unpacks a part into this folder. If it is not what was put there it is removed there."""
        packed, digest = folder / ".part.tar", hashlib.sha256()
        with packed.open("wb") as file:
            for block in self._blocks(part):
                digest.update(block)
                file.write(block)
        if digest.hexdigest() != part.sha256:
            self.remove(part)
            raise WorkerError(f"executor.share: {part.path} in {self.address} was damaged.", RESUMES)
        with tarfile.open(packed) as tar:
            tar.extractall(folder, filter="data")
        packed.unlink()

    def bring(self, part: Part, target: Path) -> None:
        """Puts what a worker made in its place, whole or not at all."""
        half = target.with_name(f".{target.name}.part")
        for folder in (half, target):
            shutil.rmtree(folder, ignore_errors=True)
        half.mkdir(parents=True)
        self.fetch(part, half)
        (half / part.name).rename(target)
        half.rmdir()

    def note(self, name: str, part: Part) -> None:
        """From now on the part of this name is this one."""
        with self._explained():
            self._store.put(name, part.sha256.encode())

    def noted(self, name: str, path: str) -> Part | None:
        """The part of this name; None if there is none."""
        with self._explained():
            try:
                return Part(path, bytes(self._store.get(name).bytes()).decode())
            except FileNotFoundError:
                return None

    def remove(self, part: Part) -> None:
        """Removes a part, if it is still there."""
        with self._explained(), suppress(FileNotFoundError):
            self._store.delete(f"{part.sha256}.tar")

    def remove_all(self) -> None:
        """Removes every object below the address."""
        with self._explained():
            for page in self._store.list():
                self._store.delete([found["path"] for found in page])

    def _blocks(self, part: Part) -> Iterator[bytes]:
        with self._explained():
            try:
                stream = self._store.get(f"{part.sha256}.tar").stream()
            except FileNotFoundError as error:
                raise WorkerError(f"executor.share: {part.path} is gone from {self.address}.", RESUMES) from error
        while True:
            with self._explained():
                block = next(stream, None)
            if block is None:
                return
            yield bytes(block)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise WorkerError(
                f"executor.share: {self.address} cannot be read or written: {said(error)}.",
                f"check its room, the address, and that the credentials may list, read, write and delete; {RESUMES}",
            ) from error


def pack(entry: Path, target: Path, left_out: Collection[str] = NOT_SENT) -> str:
    """Packs a file or a folder under its own name. Equal content gives equal bytes. Returns their SHA-256."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for file in files_of(entry, left_out):
            info = tarfile.TarInfo(file.relative_to(entry.parent).as_posix())
            info.size = file.stat().st_size
            with file.open("rb") as content:
                tar.addfile(info, content)
    with target.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def files_of(entry: Path, left_out: Collection[str] = NOT_SENT) -> list[Path]:
    """The files of a part, without those with such a name, or in a folder with one."""
    if entry.is_file():
        return [entry]
    return sorted(
        file
        for file in entry.rglob("*")
        if file.is_file()
        and not any(fnmatch(step, pattern) for step in file.relative_to(entry).parts for pattern in left_out)
    )
