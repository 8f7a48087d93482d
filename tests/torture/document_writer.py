"""Changes live documents at random until it is killed: `python -m tests.torture.document_writer FOLDER SEED`.

Before each change it prints what it is about to do, and after it that it was acknowledged. Its error output says when
the index begins to be tidied, and when it has been.
"""

import json
import os
import random
import shutil
import sys
from pathlib import Path

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.retrieval.repairing import sound_index
from bakeoff.serve.documents import live
from bakeoff.serve.documents.live import LiveDocuments

INDEX = "index"
N_NAMES = 60
TIDIES, TIDIED = b"tidies\n", b"tidied\n"
WORDS = ("walrus", "seal", "otter", "heron", "lynx", "badger", "marten", "vole")


def opened(folder: Path, kind: type[HybridIndex] = HybridIndex) -> LiveDocuments:
    """The documents in the folder. An index that cannot be read is made again, as the product does it."""
    index = sound_index(lambda: index_in(folder, kind), lambda: shutil.rmtree(folder / INDEX))
    return LiveDocuments(store_in(folder), [index])


def index_in(folder: Path, kind: type[HybridIndex] = HybridIndex) -> HybridIndex:
    """The index as it is: DamagedIndexError if it cannot be opened."""
    return kind.open(folder / INDEX, HashEmbedder(dimension=16), max_tokens=32)


def store_in(folder: Path) -> SqliteStore:
    return SqliteStore(folder / "store.sqlite")


def document(name: str, text: str, access: tuple[str, ...] = ()) -> Document:
    return Document(id=name, source=f"{name}.md", text=text, access=access)


class Tidied(HybridIndex):
    """An index that tells when it is tidied."""

    def tidy(self) -> None:
        os.write(2, TIDIES)
        super().tidy()
        os.write(2, TIDIED)


def main(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    live.SETTLED_S = 0.0  # tidied all the time: rows are joined, words are indexed
    with opened(folder, kind=Tidied) as documents:
        print("ready", flush=True)
        number = 0
        while True:
            number += 1
            change = some_change(seed, number, chance)
            print(json.dumps(change), flush=True)
            given = [document(name, text) for name, text in change.items() if text is not None]
            documents.put_all(given, [name for name, text in change.items() if text is None])
            print("done", flush=True)


def some_change(seed: int, number: int, chance: random.Random) -> dict[str, str | None]:
    """Up to four documents with new texts, or None where they are deleted. No text comes twice."""
    return {
        f"d{chance.randrange(N_NAMES):02}": _text(seed, number, chance) if chance.random() < 0.7 else None
        for _ in range(chance.randint(1, 4))
    }


def _text(seed: int, number: int, chance: random.Random) -> str:
    return f"Change {number} of {seed}: the {chance.choice(WORDS)} sees the {chance.choice(WORDS)}."


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
