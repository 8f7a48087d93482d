"""A log in a bucket: numbered entries. Who writes an entry of a number first has written it.

Takes and gives heads (JSON) with blocks of bytes. Knows no meaning of them. Blocks are objects of their own, put before
the entry that names them; the last one stands in the entry, so a small one costs one request. Where only the last state
counts, entries can be packed: a base holds the state as of a number, and the entries up to there are emptied.
"""

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from bakeoff.corpus.buckets.objects import AT_ONCE, Objects
from bakeoff.errors import BakeoffError, RunFolderError, StoreGoneError

RESTORE = "restore it in the bucket, or delete the folder's store.json and read the documents again"
LEAST_BYTES = 16_000_000
"""A log with fewer bytes after its base is not packed."""
PACKED = b'{"head":null,"more":[]}\n'
"""What is left of an entry that a base holds."""
_NUMBERED = re.compile(r"[0-9]{12}(-|$)")


class Entry(NamedTuple):
    """An entry or a base. `more` names its blocks but the last, which is here. A packed one has no head."""

    number: int
    head: Mapping[str, Any] | None
    more: tuple[str, ...]
    last: bytes


class PackedError(BakeoffError):
    """What is read was packed meanwhile, so often that it is no longer kept. It is to be read again from its entry."""


class Log:
    """The entries of one log, from number 1 without gaps."""

    def __init__(self, objects: Objects, name: str) -> None:
        self.objects, self.name = objects, name

    def append(self, number: int, head: Mapping[str, Any], blocks: Iterable[bytes] = ()) -> bool:
        """Writes the entry of this number. False if another writer has: its entry stays."""
        return self._write(self.path(number), f"{self.name}/blocks/{number:012}", head, blocks)

    def after(self, number: int) -> Iterator[Entry]:
        """The entries that follow this number. Asks for one; if it is there, for more and more at once."""
        at_once = 1
        while True:
            numbers = range(number + 1, number + 1 + at_once)
            for number, found in zip(numbers, self.objects.get_all(map(self.path, numbers)), strict=True):
                if found is None:
                    return
                yield self._entry(number, found)
            at_once = min(2 * at_once, AT_ONCE)

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """The blocks of an entry, in order. Raises PackedError if it was packed meanwhile."""
        for name, block in zip(entry.more, self.objects.get_all(entry.more), strict=True):
            if block is None:
                self._refuse_packed(entry.number, is_base=self._kind(name) == "bases")
                raise self._gone(name)
            yield block
        yield entry.last

    def base(self, number: int) -> Entry:
        """The newest base, which holds the entry of this number. Raises PackedError if it was replaced meanwhile."""
        newest = max(self._bases(), default=0)
        found = self.objects.get(self._base_path(newest)) if newest else None
        if found is None and newest:
            self._refuse_packed(newest, is_base=True)
        if found is None or newest < number:
            raise self._gone(self._base_path(number))
        return self._entry(newest, found)

    @property
    def is_long(self) -> bool:
        """Whether the entries after the newest base take more room than it, or than the first entry without one."""
        bases = self._bases()
        prior = max(bases, default=0)
        first, since = bases.get(prior, 0), 0
        for name, size in self._sizes(after=prior).items():
            kind, number = self._kind(name), _number(name)
            if number == 1 and not prior:
                first += size
            elif number > prior and kind != "bases":
                since += size
        return since > max(first, LEAST_BYTES)

    def pack(self, number: int, head: Mapping[str, Any], blocks: Iterable[bytes]) -> None:
        """Writes a base that holds all entries up to this number, and empties these.

        What the base before it needs stays until the next time: others may be reading it. If this is killed, the next
        one does what is left.
        """
        sizes = self._sizes()
        prior = max(self._whole(sizes), default=0)
        path = self._base_path(number)
        if number <= prior or not self._write(path, path, head, blocks):
            return
        for n in range(1, number + 1):
            if sizes.get(self.path(n)) != len(PACKED):
                self.objects.put(self.path(n), PACKED)
        unused = [name for name in sizes if self._kind(name) == "blocks" and _number(name) <= prior]
        self.objects.delete(unused + [n for n in sizes if self._kind(n) == "bases" and _number(n) < prior])

    def damaged(self, number: int) -> RunFolderError:
        """What to raise for an entry that cannot be read."""
        return RunFolderError(
            f"The object {self.path(number)} in {self.objects.where} is damaged, or what it names.", RESTORE
        )

    def path(self, number: int) -> str:
        """The name of the entry of this number."""
        return f"{self.name}/{number:012}"

    def _write(self, path: str, beginning: str, head: Mapping[str, Any], blocks: Iterable[bytes]) -> bool:
        writer, names, last = uuid.uuid4().hex, [], b""
        try:
            for i, block in enumerate(blocks):
                if i:
                    names.append(f"{beginning}-{writer}-{i:06}")
                    self.objects.put(names[-1], last)
                last = block
        except StoreGoneError:  # no entry names them yet
            with suppress(StoreGoneError):
                self.objects.delete(names)
            raise
        line = json.dumps({"writer": writer, "more": names, "head": head}, separators=(",", ":"))
        if self.objects.put_new(path, line.encode() + b"\n" + last):
            return True
        self.objects.delete(names)
        return False

    def _entry(self, number: int, content: bytes) -> Entry:
        line, _, last = content.partition(b"\n")
        try:
            written = json.loads(line)
            entry = Entry(number, written["head"], tuple(written["more"]), last)
        except (ValueError, KeyError, TypeError) as error:
            raise self.damaged(number) from error
        if not isinstance(entry.head, dict | None):
            raise self.damaged(number)
        return entry

    def _sizes(self, after: int = 0) -> dict[str, int]:
        """The sizes of the objects of the log, without the entries up to this number."""
        return _numbered(self.objects.sizes(self.name, self.path(after)))

    def _bases(self) -> dict[int, int]:
        """The sizes of the bases that are whole, with their blocks, by number."""
        return self._whole(_numbered(self.objects.sizes(f"{self.name}/bases")))

    def _whole(self, sizes: Mapping[str, int]) -> dict[int, int]:
        bases: dict[int, int] = {}
        for name, size in sizes.items():
            if self._kind(name) == "bases" and self._base_path(number := _number(name)) in sizes:
                bases[number] = bases.get(number, 0) + size
        return bases

    def _base_path(self, number: int) -> str:
        return f"{self.name}/bases/{number:012}"

    def _refuse_packed(self, number: int, is_base: bool) -> None:
        if max(self._bases(), default=0) >= number + is_base:
            raise PackedError(f"{self.path(number)} in {self.objects.where} was packed meanwhile.", "read it again")

    def _kind(self, name: str) -> str:
        """The folder of an object in the log: `blocks`, `bases`, or none for an entry."""
        return name.removeprefix(f"{self.name}/").rpartition("/")[0]

    def _gone(self, name: str) -> RunFolderError:
        return RunFolderError(f"The object {name} in {self.objects.where} is gone: somebody deleted it.", RESTORE)


def _numbered(sizes: Mapping[str, int]) -> dict[str, int]:
    """Those that a log has made, and not what else somebody has put there."""
    return {name: size for name, size in sizes.items() if _NUMBERED.match(name.rpartition("/")[2])}


def _number(name: str) -> int:
    return int(name.rpartition("/")[2][:12])
