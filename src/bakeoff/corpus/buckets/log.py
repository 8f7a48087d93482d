"""A log in a bucket: numbered entries that never change. Who writes an entry of a number first has written it.

Takes and gives heads (JSON) with blocks of bytes. Knows no meaning of them. Blocks are objects of their own, put before
the entry that names them; the last one stands in the entry, so a small one costs one request.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bakeoff.corpus.buckets.objects import AT_ONCE, Objects
from bakeoff.errors import RunFolderError

RESTORE = "restore it in the bucket, or delete the folder's store.json and read the documents again"


class Entry(NamedTuple):
    """An entry, and the names of its blocks but the last, which is here."""

    number: int
    head: Mapping[str, Any]
    more: tuple[str, ...]
    last: bytes


class Log:
    """The entries of one log, from number 1 without gaps."""

    def __init__(self, objects: Objects, name: str) -> None:
        self.objects, self.name = objects, name

    def append(self, number: int, head: Mapping[str, Any], blocks: Iterable[bytes] = ()) -> bool:
        """Writes the entry of this number. False if another writer has: its entry stays."""
        writer, names, last = uuid.uuid4().hex, [], b""
        for i, block in enumerate(blocks):
            if i:
                names.append(f"{self.name}/blocks/{writer}-{i:06}")
                self.objects.put(names[-1], last)
            last = block
        line = json.dumps({"writer": writer, "more": names, "head": head}, separators=(",", ":"))
        if self.objects.put_new(self.path(number), line.encode() + b"\n" + last):
            return True
        self.objects.delete(names)
        return False

    def after(self, number: int) -> Iterator[Entry]:
        """The entries that follow this number. Asks for one; if it is there, for more and more at once."""
        at_once = 1
        while True:
            numbers = range(number + 1, number + 1 + at_once)
            for number, found in zip(numbers, self.objects.get_all(map(self.path, numbers)), strict=True):
                if found is None:
                    return
                line, _, last = found.partition(b"\n")
                written = json.loads(line)
                yield Entry(number, written["head"], tuple(written["more"]), last)
            at_once = min(2 * at_once, AT_ONCE)

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """The blocks of an entry, in order."""
        for name, block in zip(entry.more, self.objects.get_all(entry.more), strict=True):
            if block is None:
                raise self.lost(name)
            yield block
        yield entry.last

    def lost(self, name: str) -> RunFolderError:
        """What to raise for an object that an entry names and that is not there."""
        return RunFolderError(f"The object {name} in {self.objects.where} is gone: somebody deleted it.", RESTORE)

    def damaged(self, number: int) -> RunFolderError:
        """What to raise for an entry that cannot be read."""
        return RunFolderError(
            f"The object {self.path(number)} in {self.objects.where} is damaged, or what it names.", RESTORE
        )

    def path(self, number: int) -> str:
        """The name of the entry of this number."""
        return f"{self.name}/{number:012}"
