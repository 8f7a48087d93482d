"""A log in a bucket: numbered entries. Who writes an entry of a number first has written it.

Takes and gives heads (JSON) with blocks of bytes. Knows no meaning of them. Blocks are objects of their own, put before
the entry that names them; the last one stands in the entry, so a small one costs one request. Where only the last state
counts, entries can be packed: a base holds the state as of a number, and the entries up to there are emptied.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bakeoff.corpus.buckets.objects import AT_ONCE, Objects
from bakeoff.errors import RunFolderError

RESTORE = "restore it in the bucket, or delete the folder's store.json and read the documents again"
LEAST_BYTES = 16_000_000
"""A log with fewer bytes after its base is not packed."""
PACKED = b'{"head":null,"more":[]}\n'
"""What is left of an entry that a base holds."""


class Entry(NamedTuple):
    """An entry or a base. `more` names its blocks but the last, which is here. A packed one has no head."""

    number: int
    head: Mapping[str, Any] | None
    more: tuple[str, ...]
    last: bytes


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
        """The blocks of an entry, in order."""
        for name, block in zip(entry.more, self.objects.get_all(entry.more), strict=True):
            if block is None:
                raise self._gone(name)
            yield block
        yield entry.last

    def base(self, number: int) -> Entry:
        """The newest base, which holds the entry of this number."""
        names = [name for name in self.objects.names(f"{self.name}/bases") if "-" not in name.rpartition("/")[2]]
        found = self.objects.get(names[-1]) if names else None
        if found is None or _number(names[-1]) < number:
            raise self._gone(f"{self.name}/bases/{number:012}")
        return self._entry(_number(names[-1]), found)

    @property
    def is_long(self) -> bool:
        """Whether the entries after the newest base take more room than it, or than the first entry without one."""
        sizes = self.objects.sizes(self.name)
        prior = self._prior(sizes)
        first = since = 0
        for name, size in sizes.items():
            is_base, number = self._kind(name) == "bases", _number(name)
            if number == (prior or 1) and is_base == (prior > 0):
                first += size
            elif number > prior and not is_base:
                since += size
        return since > max(first, LEAST_BYTES)

    def pack(self, number: int, head: Mapping[str, Any], blocks: Iterable[bytes]) -> None:
        """Writes a base that holds all entries up to this number, and empties these.

        What the base before it needs stays until the next time: others may be reading it. If this is killed, the next
        one does what is left.
        """
        sizes = self.objects.sizes(self.name)
        prior = self._prior(sizes)
        path = f"{self.name}/bases/{number:012}"
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
        for i, block in enumerate(blocks):
            if i:
                names.append(f"{beginning}-{writer}-{i:06}")
                self.objects.put(names[-1], last)
            last = block
        line = json.dumps({"writer": writer, "more": names, "head": head}, separators=(",", ":"))
        if self.objects.put_new(path, line.encode() + b"\n" + last):
            return True
        self.objects.delete(names)
        return False

    def _entry(self, number: int, content: bytes) -> Entry:
        line, _, last = content.partition(b"\n")
        try:
            written = json.loads(line)
            return Entry(number, written["head"], tuple(written["more"]), last)
        except (ValueError, KeyError, TypeError) as error:
            raise self.damaged(number) from error

    def _prior(self, names: Iterable[str]) -> int:
        """The number of the newest base among these objects; 0 if there is none."""
        return max((_number(name) for name in names if self._kind(name) == "bases"), default=0)

    def _kind(self, name: str) -> str:
        """The folder of an object in the log: `blocks`, `bases`, or none for an entry."""
        return name.removeprefix(f"{self.name}/").rpartition("/")[0]

    def _gone(self, name: str) -> RunFolderError:
        return RunFolderError(f"The object {name} in {self.objects.where} is gone: somebody deleted it.", RESTORE)


def _number(name: str) -> int:
    return int(name.rpartition("/")[2][:12])
