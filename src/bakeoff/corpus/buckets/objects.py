"""The objects of one world in a bucket, with errors that a person can act on.

Takes a place, gives bytes by name. Knows no document. An object is written whole or not at all; one that is written
with `put_new` is never written over, whoever tries, which is all that several servers need to agree on.
"""

import errno
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import url2pathname

from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.corpus.sources.bucket import BucketSettings, said
from bakeoff.errors import MissingExtraError, StoreGoneError
from bakeoff.files.flush import to_disk

if TYPE_CHECKING:
    from obstore.store import ObjectStore

TIMEOUT_S = 60.0
AT_ONCE = 16
NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "bucket does not exist")
"""What servers answer if not only the object is missing."""
CONFLICTS = 5
"""So often is a write tried that the server refuses because of another one, which then turns out not to be done."""
AGAIN = "what was stored is kept, and the rest is done when it is run again"


class Objects:
    """The objects below a place, by their names there. Raises StoreGoneError if the bucket cannot be used."""

    def __init__(self, place: BucketPlace) -> None:
        self.place = place

    @property
    def where(self) -> str:
        return self.place.where

    def get(self, name: str) -> bytes | None:
        """The content; None if there is no such object."""
        with self._explained():
            try:
                return bytes(self._store.get(self._path(name)).bytes())
            except FileNotFoundError as error:
                if any(answer in str(error) for answer in NO_BUCKET) or self._has_no_folder:
                    raise
                return None

    def get_all(self, names: Iterable[str]) -> Iterator[bytes | None]:
        """The same for many names, several at a time, in order."""
        wanted = list(names)
        if len(wanted) == 1:
            yield self.get(wanted[0])
            return
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(wanted), AT_ONCE):
                yield from pool.map(self.get, wanted[start : start + AT_ONCE])

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes an object, unless there is one of this name with another content: False, and it stays as it is.

        A write whose answer was lost is told by its content, so two writers must not write the same.
        """
        for attempt in range(CONFLICTS):
            try:
                with self._explained():
                    self._store.put(self._path(name), content, mode="create", use_multipart=False)
                break
            except StoreGoneError as error:
                there = self.get(name)
                if there is None and _is_conflict(error) and attempt < CONFLICTS - 1:
                    continue
                if there is None:
                    raise
                if there != content:
                    return False
                break
        with self._explained():
            self._outlast(name)
        return True

    def put(self, name: str, content: bytes) -> None:
        """Writes an object, over one of this name."""
        with self._explained():
            self._store.put(self._path(name), content)
            self._outlast(name)

    def names(self, folder: str = "") -> list[str]:
        """The names of all objects in a folder and below, sorted."""
        return sorted(self.sizes(folder))

    def sizes(self, folder: str = "", after: str = "") -> dict[str, int]:
        """Their sizes in bytes, by name: of those whose names come after this one."""
        start = len(self._path(""))
        with self._explained():
            pages = self._store.list(self._path(folder), offset=self._path(after) if after else None)
            return {str(one["path"])[start:]: int(one["size"]) for page in pages for one in page}

    def folders(self, folder: str) -> list[str]:
        """The names of the folders in this folder, sorted."""
        with self._explained():
            found = self._store.list_with_delimiter(self._path(folder))["common_prefixes"]
        return sorted(path.rpartition("/")[2] for path in found)

    def delete(self, names: Iterable[str]) -> None:
        """Deletes objects. Those that are not there are ignored."""
        paths = list(map(self._path, names))
        with self._explained():
            if paths and self._folder is not None:
                for path in paths:
                    with suppress(FileNotFoundError):
                        self._store.delete(path)
            elif paths:
                self._store.delete(paths)

    def copy(self, names: Iterable[str], target: BucketPlace) -> None:
        """Copies objects into another world of the same address, several at a time."""

        def copy(name: str) -> None:
            self._store.copy(self._path(name), f"{target.world}/{name}")

        with self._explained(), ThreadPoolExecutor(AT_ONCE) as pool:
            deque(pool.map(copy, names), maxlen=0)

    @cached_property
    def _store(self) -> "ObjectStore":
        return BucketSettings(bucket=self.place.address, timeout_s=TIMEOUT_S).store(create=True)

    @cached_property
    def _folder(self) -> Path | None:
        """The folder that the address is, if it is one."""
        scheme, _, path = self.place.address.partition("://")
        return Path(url2pathname(path)) if scheme == "file" else None

    @property
    def _has_no_folder(self) -> bool:
        """Whether the address is a folder that is gone, as when its disk is no longer mounted."""
        return self._folder is not None and not self._folder.is_dir()

    def _outlast(self, name: str) -> None:
        """Flushes an object in a folder, which obstore does not do, and the folders it is in."""
        if self._folder is not None:
            path = self._folder / self._path(name)
            to_disk(path)
            for folder in path.parents[: len(Path(self._path(name)).parts)]:
                try:
                    to_disk(folder)
                except OSError as error:
                    if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems
                        raise

    def _path(self, name: str) -> str:
        return f"{self.place.world}/{name}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            from obstore.exceptions import BaseError
        except ImportError as error:
            raise MissingExtraError("Documents in object storage", "obstore", "cloud") from error
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise StoreGoneError(
                f"The documents in {self.where} cannot be read or written: {said(error)}.",
                "check the address in store: (or store.json), its room, and that the credentials may list, read, write "
                f"and delete; {AGAIN}",
            ) from error


def _is_conflict(error: StoreGoneError) -> bool:
    """Whether a write on a condition was refused because another one was there or under way."""
    from obstore.exceptions import AlreadyExistsError

    cause = error.__cause__
    return isinstance(cause, AlreadyExistsError) or "ConditionalRequestConflict" in str(cause)
