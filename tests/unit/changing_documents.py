"""A process that changes documents until it is killed, and prints what it tries and what was acknowledged.

    python -m tests.unit.changing_documents FOLDER

For each line on stdin, a seed, it forks a child that does so. The parent never uses the index itself, so that a child
starts in a moment. Lines: `pid N`, `try put ID TOKEN`, `try delete ID -`, `ack`, and `dead` when the child has ended.
"""

import os
import random
import sys
from pathlib import Path

import lancedb  # noqa: F401 - imported before the forks
import pyarrow.compute  # noqa: F401

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document
from bakeoff.retrieval import hybrid
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.serve.documents import live
from bakeoff.serve.documents.live import LiveDocuments

N_DOCUMENTS = 12


def opened(folder: Path) -> LiveDocuments:
    """The documents of the test. Tables are tidied and joined all the time, so that kills meet that, too."""
    hybrid.MOST_PIECES, live.SETTLED_S = 3, 0.02
    index = HybridIndex.open(folder / "index", HashEmbedder(dimension=64), max_tokens=16)
    return LiveDocuments(SqliteStore(folder / "store.sqlite"), [index])


def document(id: str, token: str) -> Document:
    """Three chunks, each with the token."""
    text = "\n\n".join(f"# Part {part}\n\nOf document {id} the word is {token}." for part in range(3))
    return Document(id=id, text=text, source=f"{id}.md")


def _change(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    with opened(folder) as documents:
        for number in range(100_000):
            id = f"doc{chance.randrange(N_DOCUMENTS)}"
            if chance.random() < 0.3:
                _say(f"try delete {id} -")
                documents.delete(id)
            else:
                token = f"tok{seed}x{number}"
                _say(f"try put {id} {token}")
                documents.put(document(id, token))
            _say("ack")


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main() -> None:
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _say(f"pid {os.getpid()}")
            _change(folder, int(line))
            os._exit(0)
        os.waitpid(pid, 0)
        _say("dead")


if __name__ == "__main__":
    main()
