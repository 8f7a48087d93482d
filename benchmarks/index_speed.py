"""How fast the index builds, answers and updates one changed document, compared with bm25s and an exact numpy scan.

    python benchmarks/index_speed.py [--sizes 1000 10000 100000] [--embed 10000] [--queries 50]

Prints Markdown tables, all measured in one run. Chunks have 150 made-up words with Zipf frequencies. Their vectors are
projections of their word counts, because embedding 100,000 chunks would take longer than everything else. Embedding is
measured separately, from documents to a searchable index, with the default model: chunks of the default size, and
longer ones.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.models.embed import load_embedder
from bakeoff.models.settings import DEFAULT_EMBEDDER, LocalModel
from bakeoff.records import Document
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.runs.config import Retrieval

SEED = 7
N_WORDS, WORDS_PER_CHUNK, CHUNKS_PER_DOCUMENT, DIMENSION = 30_000, 150, 10, 384
CHUNK_TOKENS = 256


class Projector:
    """An embedder that costs almost nothing: the sum of a fixed random vector for each word."""

    name = "projector"
    dimension = DIMENSION

    def __init__(self) -> None:
        self._of_word = np.random.default_rng(SEED).standard_normal((N_WORDS, DIMENSION), np.float32)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of unit length, in the order given."""
        sums = [self._of_word[[_number(word) for word in text.split()]].sum(axis=0) for text in texts]
        vectors = np.array(sums, np.float32).reshape(len(texts), DIMENSION)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    embed_queries = embed_passages

    def count_tokens(self, text: str) -> int:
        """Number of words in the text."""
        return text.count(" ") + 1


_SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnpqrstvwxyz" for vowel in "aeiou"]


def _word(number: int) -> str:
    """The number written in base len(syllables), with four letters or more."""
    syllables = [_SYLLABLES[number % len(_SYLLABLES)]]
    while (number := number // len(_SYLLABLES)) > 0:
        syllables.append(_SYLLABLES[number % len(_SYLLABLES)])
    return "".join(reversed(syllables)).rjust(4, "x")


WORDS = [_word(number) for number in range(N_WORDS)]
NUMBERS = {word: number for number, word in enumerate(WORDS)}


def _number(word: str) -> int:
    return NUMBERS.get(word, 0)


def made_documents(n_chunks: int) -> list[Document]:
    """Documents of ten paragraphs, each of which becomes one chunk."""
    frequencies = 1.0 / np.arange(1, N_WORDS + 1)
    drawn = np.random.default_rng(SEED).choice(N_WORDS, (n_chunks, WORDS_PER_CHUNK), p=frequencies / frequencies.sum())
    paragraphs = [" ".join(WORDS[number] for number in row) for row in drawn]
    return [
        _document(start, paragraphs[start : start + CHUNKS_PER_DOCUMENT])
        for start in range(0, n_chunks, CHUNKS_PER_DOCUMENT)
    ]


def _document(number: int, paragraphs: Sequence[str]) -> Document:
    return Document(id=f"d{number}", source=f"{number:07}.md", text="\n\n".join(paragraphs))


def made_queries(n: int) -> list[str]:
    """Queries of five words each, neither the most frequent nor the rarest."""
    drawn = np.random.default_rng(SEED + 1).integers(50, 5000, (n, 5))
    return [" ".join(WORDS[number] for number in row) for row in drawn]


def p50_ms(ask: Callable[[str], object], queries: Sequence[str]) -> float:
    """The median time of single queries in ms, after one warm-up query."""
    ask(queries[0])
    return float(np.median([timed(lambda query=query: ask(query)) for query in queries]) * 1000)


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure(n_chunks: int, queries: Sequence[str], folder: Path) -> list[str]:
    """One row of the table."""
    embedder = Projector()
    store = SqliteStore(folder / "store.sqlite")
    documents = made_documents(n_chunks)
    store.replace_all(documents)
    index = HybridIndex.open(folder / "index", embedder, CHUNK_TOKENS)
    build_s = timed(lambda: index.sync(store))
    ways = (index.search_bm25, index.search_dense, index.search)
    latencies = [p50_ms(lambda query, way=way: way([query], 10), queries) for way in ways]
    batch_ms = timed(lambda: index.search(queries, 10)) / len(queries) * 1000
    store.upsert([documents[0].model_copy(update={"text": documents[0].text + "\n\nchanged"})])
    update_s = timed(lambda: index.sync(store))
    after_s = timed(lambda: index.search(queries[:1], 10))
    return [
        f"{index.n_chunks:,}", f"{build_s:.1f}", *(f"{ms:.1f}" for ms in latencies), f"{batch_ms:.1f}",
        f"{update_s:.2f}", f"{after_s:.2f}", *_beside(documents, queries, embedder),
    ]  # fmt: skip


def _beside(documents: Sequence[Document], queries: Sequence[str], embedder: Projector) -> list[str]:
    """The same chunks in bm25s and in a plain matrix: build seconds and p50 of the first, p50 of the second."""
    import bm25s

    passages = [part for document in documents for part in document.text.split("\n\n")]
    vectors = np.concatenate([embedder.embed_passages(passages[i : i + 4096]) for i in range(0, len(passages), 4096)])
    retriever = bm25s.BM25()
    build_s = timed(lambda: retriever.index(bm25s.tokenize(passages, show_progress=False), show_progress=False))

    def by_bm25s(query: str) -> object:
        return retriever.retrieve(bm25s.tokenize([query], show_progress=False), k=10, show_progress=False)

    def by_numpy(query: str) -> object:
        scores = vectors @ embedder.embed_queries([query])[0]
        best = np.argpartition(-scores, 10)[:10]
        return best[np.argsort(-scores[best])]

    return [f"{build_s:.1f}", f"{p50_ms(by_bm25s, queries):.1f}", f"{p50_ms(by_numpy, queries):.1f}"]


def measure_embedding(n_chunks: int, n_words: int, chunk_tokens: int, folder: Path) -> str:
    """Documents to a searchable index with the default model: chunks and tokens per second, including all stages."""
    embedder = load_embedder()
    embedder.embed_passages(["warm"])
    store = SqliteStore(folder / "store.sqlite")
    ingest_s = timed(lambda: store.replace_all(made_prose(n_chunks, n_words)))
    report = HybridIndex.open(folder / "index", embedder, chunk_tokens).sync(store)
    total = ingest_s + report.seconds
    return (
        f"| {report.n_chunks:,} | {report.n_tokens / report.n_chunks:.0f} | {total:.1f} | "
        f"{report.n_chunks / total:.0f} | {report.n_tokens / total:,.0f} |"
    )


def measure_engines(n_chunks: int) -> list[str]:
    """Rows of the table of engines: the same chunks on each, and the cosine of the fast engine's vectors to fp32."""
    passages = [part for document in made_prose(n_chunks) for part in document.text.split("\n\n")]
    rows, vectors = [], {}
    for engine in ("transformers", "openvino"):
        embedder = load_embedder(LocalModel(name=DEFAULT_EMBEDDER, engine=engine))
        embedder.embed_passages(passages[:8])
        begun = time.perf_counter()
        vectors[engine] = embedder.embed_passages(passages)
        speed = n_chunks / (time.perf_counter() - begun)
        query_ms = p50_ms(
            lambda query, embedder=embedder: embedder.embed_queries([query]), [p[:60] for p in passages[:20]]
        )
        cosines = (vectors[engine] * vectors["transformers"]).sum(axis=1)
        rows.append(f"| {engine} | {speed:.0f} | {query_ms:.1f} | {cosines.mean():.4f} | {cosines.min():.4f} |")
    return rows


def made_prose(n_chunks: int, n_words: int = WORDS_PER_CHUNK) -> list[Document]:
    """Documents of ten paragraphs of n_words English words, drawn from the texts of the bundled example."""
    texts = sorted((Path(__file__).parent.parent / "examples" / "support-desk" / "documents").rglob("*.md"))
    words = " ".join(path.read_text(encoding="utf-8") for path in texts).replace("#", "").replace("|", "").split()
    starts = np.random.default_rng(SEED).integers(0, len(words) - 10, (n_chunks, n_words // 10))
    paragraphs = [" ".join(" ".join(words[start : start + 10]) for start in row) for row in starts]
    return [
        _document(start, paragraphs[start : start + CHUNKS_PER_DOCUMENT])
        for start in range(0, n_chunks, CHUNKS_PER_DOCUMENT)
    ]


COLUMNS = (
    "chunks", "build s", "BM25 ms", "dense ms", "hybrid ms", "hybrid in a batch ms", "update 1 document s",
    "first query after it s", "bm25s build s", "bm25s ms", "numpy scan ms",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--embed", type=int, default=10_000, help="chunks to embed with the default model; 0: none")
    parser.add_argument("--queries", type=int, default=50)
    arguments = parser.parse_args()
    queries = made_queries(arguments.queries)
    if arguments.sizes:
        print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for n_chunks in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            print(f"| {' | '.join(measure(n_chunks, queries, Path(folder)))} |", flush=True)
    if arguments.embed:
        print("\n| engine | chunks/s | 1 query ms | cosine to fp32, mean | least |\n|---|---|---|---|---|")
        print(*measure_engines(200), sep="\n", flush=True)
        print("\n| chunks | tokens in a chunk | ingest and embed s | chunks/s | tokens/s |\n|---|---|---|---|---|")
        for n_words, chunk_tokens in ((90, Retrieval().chunk_tokens), (WORDS_PER_CHUNK, CHUNK_TOKENS)):
            with tempfile.TemporaryDirectory() as folder:
                print(measure_embedding(arguments.embed, n_words, chunk_tokens, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
