"""The messages between a process and the one that reads files for it: a kind, a length, and so many bytes.

Takes bytes and streams. A value travels as JSON, never as a pickle: what comes back was made from a stranger's file.
"""

import json
import struct
from typing import IO, Any, NamedTuple

_HEAD = struct.Struct(">cQ")

CALL, CONTENT = b"C", b"B"
"""What is asked: the function and the name of the file; then the bytes of the file."""
GAVE, REFUSED, RAISED, NO_MEMORY = b"G", b"R", b"X", b"M"
"""What came of it: a value, an error for people, another error's words, no memory left."""
LONGER, READY = b"L", b"Y"
"""Before that, seconds that are added. Before the bytes that the function is there; after what came of it, that the
next file may come: without that, the process ends."""


class Frame(NamedTuple):
    """One message."""

    kind: bytes
    content: bytes

    @property
    def value(self) -> Any:
        return json.loads(self.content)


def write(stream: IO[bytes], kind: bytes, content: bytes) -> None:
    stream.write(_HEAD.pack(kind, len(content)))
    stream.write(content)


def as_json(value: Any) -> bytes:
    """A JSON value as it travels. Lone surrogates stay; what JSON has no word for, such as a day, becomes its text."""
    try:
        return json.dumps(value, default=str).encode()
    except TypeError:  # a key that is no text either
        return json.dumps(_with_text_as_keys(value), default=str).encode()


def _with_text_as_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _with_text_as_keys(one) for key, one in value.items()}
    return [_with_text_as_keys(one) for one in value] if isinstance(value, list | tuple) else value


def read(stream: IO[bytes], most: int | None = None) -> Frame | None:
    """The next message. None if the stream has ended, or ends within it, or says that it is larger than `most`."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, n_bytes = _HEAD.unpack(head)
    if most is not None and n_bytes > most:
        return None
    content = stream.read(n_bytes)
    return Frame(kind, content) if len(content) == n_bytes else None
