"""How soon a changed document is found: from the call that changes it to a search that has found its new text.

    python benchmarks/live_updates.py [--chunks 100000] [--updates 100] [--embedder default|hash]

Prints a Markdown table: within how many seconds half, 95 % and all of the updates were found; the same for the searches
meanwhile; processor time of the whole process for each update; resident memory. The documents have made-up words and
random vectors, since embedding 100,000 chunks would take longer than all the rest; each changed document (ten
paragraphs) is embedded by the embedder that is named. Three ways: one update after the other; the same beside a thread
that searches all the time; the same beside searches while tables are tidied without a pause.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from index_speed import CHUNKS_PER_DOCUMENT, SEED, made_documents, made_prose, made_queries

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.models.embed import HashEmbedder, load_embedder
from bakeoff.protocols import Embedder
from bakeoff.records import Document
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.serve.documents.live import LiveDocuments, give_back_memory

CHUNK_TOKENS = 256


class RandomAtFirst:
    """Gives random vectors until `real` is set, then those of the embedder."""

    name = "random at first"

    def __init__(self, embedder: Embedder) -> None:
        self.real = False
        self.dimension = embedder.dimension
        self._embedder = embedder
        self._random = np.random.default_rng(SEED)

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._embedder.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        if self.real:
            return self._embedder.embed_passages(texts)
        vectors = self._random.standard_normal((len(texts), self.dimension), np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text) if self.real else text.count(" ") + 1


class Searching:
    """A thread that asks one query after the other. `seconds` are their times."""

    def __init__(self, index: HybridIndex, queries: Sequence[str]) -> None:
        self.seconds: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, args=[index, queries])

    def __enter__(self) -> "Searching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self, index: HybridIndex, queries: Sequence[str]) -> None:
        number = 0
        while not self._stop.is_set():
            begun = time.perf_counter()
            index.search([queries[number % len(queries)]], 10)
            self.seconds.append(time.perf_counter() - begun)
            number += 1


class Tidying:
    """A thread that tidies without a pause. `n` counts how often."""

    def __init__(self, index: HybridIndex) -> None:
        self.n = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tidy, args=[index])

    def __enter__(self) -> "Tidying":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _tidy(self, index: HybridIndex) -> None:
        while not self._stop.is_set():
            index.tidy()
            give_back_memory()
            self.n += 1


def update(live: LiveDocuments, index: HybridIndex, document: Document, word: str) -> float:
    """Seconds until the new text of a document is found."""
    changed = document.model_copy(update={"text": f"{document.text}\n\nThe word is {word}."})
    begun = time.perf_counter()
    live.put(changed)
    (hits,) = index.search([word], 5)
    seconds = time.perf_counter() - begun
    if not any(hit.chunk.document_id == document.id and word in hit.chunk.text for hit in hits):
        raise SystemExit(f"The change of {document.id} was acknowledged and is not found.")
    return seconds


def memory_mib() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def in_seconds(values: Sequence[float]) -> str:
    p50, p95, most = np.percentile(values, [50, 95, 100])
    return f"{p50:.3f} | {p95:.3f} | {most:.3f}"


def measure(n_chunks: int, n_updates: int, embedder: Embedder, folder: Path) -> None:
    """Builds the index and prints a row for each way."""
    random_at_first = RandomAtFirst(embedder)
    store = SqliteStore(folder / "store.sqlite")
    store.replace_all(made_documents(n_chunks))
    index = HybridIndex.open(folder / "index", random_at_first, CHUNK_TOKENS)
    index.sync(store)
    random_at_first.real = True
    prose = made_prose(3 * n_updates * CHUNKS_PER_DOCUMENT)
    queries = made_queries(50)
    with LiveDocuments(store, [index]) as live:
        index.search(queries[:1], 10)
        print(f"{index.n_chunks:,} chunks, {memory_mib():,.0f} MiB before the first update\n")
        print("| updates | p50 s | p95 s | max s | CPU s | searches | p50 s | p95 s | max s | tidied | MiB after |")
        print("|---|---|---|---|---|---|---|---|---|---|---|")

        def row(name: str, part: int, tidied: Callable[[], int], searches: Sequence[float]) -> None:
            documents = prose[part * n_updates : (part + 1) * n_updates]
            cpu = time.process_time()
            seconds = [update(live, index, document, f"zq{part}x{n}") for n, document in enumerate(documents)]
            cpu = (time.process_time() - cpu) / n_updates
            asked = f"{len(searches):,} | {in_seconds(searches)}" if searches else "0 | | | "
            print(
                f"| {name} | {in_seconds(seconds)} | {cpu:.3f} | {asked} | {tidied()} | {memory_mib():,.0f} |",
                flush=True,
            )

        row("alone", 0, lambda: 0, ())
        with Searching(index, queries) as searching:
            row("beside searches", 1, lambda: 0, searching.seconds)
        with Searching(index, queries) as searching, Tidying(index) as tidying:
            row("beside searches and tidying", 2, lambda: tidying.n, searching.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--embedder", choices=["default", "hash"], default="default")
    arguments = parser.parse_args()
    embedder = load_embedder() if arguments.embedder == "default" else HashEmbedder(dimension=384)
    with tempfile.TemporaryDirectory() as folder:
        measure(arguments.chunks, arguments.updates, embedder, Path(folder))
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
