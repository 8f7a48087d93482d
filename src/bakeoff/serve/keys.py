"""Keys of a server: who may ask, and which documents their questions may see.

Takes names and labels, gives keys; takes a key, gives its holder. A key is 256 random bits. It is shown once; the file
holds its SHA-256, which is enough because nobody can guess 256 bits. Knows nothing about HTTP.
"""

import hashlib
import hmac
import os
import re
import secrets
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from bakeoff.errors import BakeoffError, ConfigError, InputError, RunFolderError
from bakeoff.files.did_you_mean import unknown
from bakeoff.files.locks import waited_for
from bakeoff.files.plain_types import message_of
from bakeoff.records import Record
from bakeoff.sentences import one_of

PREFIX = "bk-"
N_BYTES = 32
NAME = re.compile(r"[A-Za-z0-9][\w.@-]{0,63}", re.ASCII)
N_ID_CHARACTERS = 16
LONGEST_KEY = 512
"""Longer texts are not hashed: no key is that long."""

Stamp = tuple[int, int, int]


class Holder(Record):
    """Who asks. `labels`: documents without labels, and those with at least one of these, are visible; None: all are.

    `manages` allows to change the documents that are visible. `id` is that of the very key, which a later key of the
    same name does not have; empty if no key is needed.
    """

    name: str
    id: str = ""
    labels: tuple[str, ...] | None = ()
    manages: bool = False

    @property
    def oversees(self) -> bool:
        """Whether this is somebody who may read the whole log: it was written from all documents."""
        return self.manages and self.labels is None


class StoredKey(Holder):
    """A key as the file holds it: the hash, never the key."""

    sha256: str
    created_at: datetime

    @property
    def holder(self) -> Holder:
        id = hashlib.sha256(b"id " + bytes.fromhex(self.sha256)).hexdigest()[:N_ID_CHARACTERS]
        return Holder(name=self.name, id=id, labels=self.labels, manages=self.manages)


class KeyFile:
    """The keys in one file, a line of JSON each. A change is visible to a running server at once.

    `path` need not exist: then there are no keys. Only the owner may read the file. Threads can share an object, and
    processes can share the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._keys: tuple[StoredKey, ...] = ()

    @property
    def keys(self) -> tuple[StoredKey, ...]:
        """All keys, in the order they were added. Read again only after the file was changed.

        Raises RunFolderError if the file cannot be read; nobody gets in then.
        """
        with self._lock:
            stamp = self._stamp_now()
            if stamp != self._stamp:
                self._keys = self._read() if stamp else ()
                self._stamp = stamp
            return self._keys

    def holder_of(self, key: str) -> Holder | None:
        """Who this key belongs to; None if there is no such key. It takes the same time whichever key is compared."""
        if len(key) > LONGEST_KEY:
            return None
        digest, owner = _hash(key), None
        for stored in self.keys:
            if hmac.compare_digest(stored.sha256, digest):
                owner = stored.holder
        return owner

    def sign(self, name: str, text: str) -> str | None:
        """A signature of this text for the key of this name; None if there is no such key."""
        return next((_signature(key, text) for key in self.keys if key.name == name), None)

    def signer(self, name: str, text: str, signature: str) -> Holder | None:
        """The holder of the key of this name if the signature is its. Such a holder does not manage: it only reads."""
        for key in self.keys:
            if key.name == name and hmac.compare_digest(_signature(key, text).encode(), signature.encode()):
                return key.holder.model_copy(update={"manages": False})
        return None

    def add(self, name: str, labels: Sequence[str] | None = (), manages: bool = False) -> str:
        """Makes a key and returns it. It cannot be shown again.

        Raises ConfigError for a name or a label that is not allowed, InputError for a name that is taken.
        """
        _check(name, labels)
        key = PREFIX + secrets.token_urlsafe(N_BYTES)
        stored = StoredKey(
            name=name,
            labels=None if labels is None else tuple(dict.fromkeys(labels)),
            manages=manages,
            sha256=_hash(key),
            created_at=datetime.now(UTC),
        )
        with self._changing() as keys:
            if any(other.name == name for other in keys):
                raise InputError(
                    f"{self.path} already has a key named {name!r}.", "choose another name, or remove that key first"
                )
            self._write((*keys, stored))
        return key

    def remove(self, name: str) -> None:
        """Revokes a key: the next request with it is refused. Raises InputError for an unknown name."""
        with self._changing() as keys:
            names = [key.name for key in keys]
            if name not in names:
                raise InputError(
                    f"{self.path}: {unknown('key', name, names)}.",
                    f"name {one_of(names)}" if names else "there are no keys; add one with: bakeoff keys add",
                )
            self._write([key for key in keys if key.name != name])

    def _stamp_now(self) -> Stamp | None:
        """What changes whenever the file is replaced or written. None if there is no file."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(str(error.strerror)) from error
        return status.st_ino, status.st_mtime_ns, status.st_size

    def _read(self) -> tuple[StoredKey, ...]:
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
            return tuple(StoredKey.model_validate_json(line) for line in lines if line.strip())
        except OSError as error:
            raise self._unreadable(str(error.strerror)) from error
        except UnicodeDecodeError as error:
            raise self._unreadable("it is not text") from error
        except ValidationError as error:
            raise self._unreadable(f"a line is not a key ({message_of(error.errors()[0])})") from error

    def _unreadable(self, reason: str) -> RunFolderError:
        return RunFolderError(
            f"Cannot read the keys in {self.path}: {reason}.",
            "the user of the server must be able to read it; restore the file, or remove it and add the keys again",
        )

    @contextmanager
    def _changing(self) -> Iterator[tuple[StoredKey, ...]]:
        """The keys, while no other process changes them."""
        try:
            with waited_for(self.path.with_name(f".{self.path.name}.lock")):
                yield self.keys
        except OSError as error:
            raise BakeoffError(
                f"Cannot write the keys to {self.path}: {error.strerror}. Nothing was changed.",
                "check the path, its permissions and the space on the disk",
            ) from error

    def _write(self, keys: Sequence[StoredKey]) -> None:
        """Replaces the file, all or nothing. Temporary files are readable for their owner only from the start."""
        descriptor, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write("".join(key.model_dump_json() + "\n" for key in keys))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self.path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _signature(key: StoredKey, text: str) -> str:
    return hmac.new(bytes.fromhex(key.sha256), text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _check(name: str, labels: Sequence[str] | None) -> None:
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"{name[:80]!r} cannot be the name of a key.",
            "use 1 to 64 letters, digits and . _ @ -, beginning with a letter or a digit",
        )
    for label in labels or ():
        if not label.strip() or label != label.strip() or not label.isprintable():
            raise ConfigError(
                f"{label[:80]!r} cannot be a label.", "write labels as they stand in the documents: --labels hr,legal"
            )
