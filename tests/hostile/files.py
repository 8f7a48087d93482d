"""All kinds of hostile files in turn, from a seed: for documents, for questions and for mail."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from tests.hostile import archives, damaged, mails, pdfs, texts
from tests.hostile.archives import Maker

KINDS: dict[str, Maker] = {**archives.KINDS, **pdfs.KINDS, **texts.KINDS, **mails.KINDS, **damaged.KINDS}
OF_QUESTIONS = (".csv", ".tsv", ".jsonl", ".json", ".xlsx", ".ods")
NAMES = (
    *("line\nbreak.md", "\u202egnp.exe.md", "torn\udcff.md", "a" * 250 + ".md", " .md", "-rf.md", "\x1b[31mred.md"),
    *(
        "*.md",
        "[x].md",
        'it\'s "so".md',
        "%00.md",
        "a.MD",
        "no ending",
        "e\u0301.md",
        "\u00e9.md",
        "tab\t.md",
        "~$a.md",
    ),
)


class Hostile(NamedTuple):
    """One file, and of which kind it is."""

    name: str
    kind: str
    content: bytes


def hostile_files(seed: int, n: int, sizes: tuple[int, ...], endings: tuple[str, ...] = ()) -> Iterator[Hostile]:
    """`n` files, of each kind in turn. With `endings`, only those that end so; archives keep a random one of them."""
    chance, number, kinds = random.Random(seed), 0, list(KINDS)
    chance.shuffle(kinds)
    while number < n:
        kind = kinds[number % len(kinds)] if not endings else chance.choice(kinds)
        suffix, content = KINDS[kind](chance, chance.choice(sizes))
        if endings and suffix not in endings:
            continue
        yield Hostile(f"{number:03}-{kind.replace(' ', '-')}{suffix}", kind, content)
        number += 1
