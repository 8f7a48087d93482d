"""Files that were good: cut, changed in a few places, or named as another kind."""

import random
from collections.abc import Mapping

from tests.hostile import archives, mails, pdfs
from tests.hostile.archives import Made, Maker

TEXT = b"---\ntitle: Kettles\n---\n\n# Kettles\n\nA kettle may be returned within thirty days.\n\n| a |\n|---|\n| 1 |\n"
PAGE = b"<!doctype html><html><body><h1>Kettles</h1><table><tr><td>1<td>2</table><p>Thirty days.</body></html>"
LINES = b'{"id": "a", "text": "A kettle may be returned within thirty days."}\n' * 3
ROWS = b"id,text\na,A kettle may be returned within thirty days.\n"
OTHERS = {
    ".png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    ".gz": b"\x1f\x8b\x08" + bytes(100),
    ".elf": b"\x7fELF" + bytes(100),
    ".ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
    ".db": b"SQLite format 3\0" + bytes(100),
    ".rtf": b"{\\rtf1 words}",
}


def good() -> dict[str, bytes]:
    """A good file of each kind, by its ending."""
    office = {suffix: archives.good(suffix) for suffix in archives.MAIN}
    texts = {".md": TEXT, ".txt": TEXT, ".rst": TEXT, ".html": PAGE, ".jsonl": LINES, ".json": LINES[: len(LINES) // 3]}
    return {**office, ".pdf": pdfs.good(), **texts, ".csv": ROWS, ".tsv": ROWS, ".eml": mails.GOOD}


def cut(chance: random.Random, size: int) -> Made:
    suffix, content = chance.choice(list(good().items()))
    return suffix, content[: chance.randrange(len(content))]


def flipped(chance: random.Random, size: int) -> Made:
    """A few bytes are others."""
    suffix, content = chance.choice(list(good().items()))
    changed = bytearray(content)
    for _ in range(chance.choice((1, 3, 30))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return suffix, bytes(changed)


def moved(chance: random.Random, size: int) -> Made:
    """Pieces are left out, doubled or exchanged."""
    suffix, content = chance.choice(list(good().items()))
    first, second = sorted(chance.randrange(len(content)) for _ in range(2))
    piece = content[first:second]
    return suffix, chance.choice((content[:first] + content[second:], content[:second] + piece * 9 + content[second:]))


def mislabelled(chance: random.Random, size: int) -> Made:
    kinds = {**good(), **OTHERS}
    return chance.choice(list(good())), kinds[chance.choice(list(kinds))]


KINDS: Mapping[str, Maker] = {
    "cut": cut,
    "changed bytes": flipped,
    "moved pieces": moved,
    "another ending": mislabelled,
}
