"""The places of documents beside each other: files (SQLite and LanceDB), PostgreSQL with pgvector, a bucket.

    python -m benchmarks.stores [--sizes 1000 10000 100000] [--queries 50] [--address postgresql://user@host/db]
    BAKEOFF_DATA=... python -m benchmarks.stores --sizes --real 1000
    python -m benchmarks.stores --bucket [s3://name/prefix]

Prints Markdown tables, all measured in one run. Without an address it starts the PostgreSQL that the tests use. Chunks
are made up as in index_speed.py; with --real, they are of so many pages of TimeQA, embedded by the default model, and
the queries are questions about them. For each size:

- how long it takes to build, to search (p50) and to show one changed document, and whether both find the same 10 chunks
With --bucket, files are compared with object storage instead: the server that the tests use, unless an address is
given. Searches are timed as they are, and with a look for changes in the bucket before each one; beside them, LanceDB
alone searches the same table in the bucket for words.

- recall@10 of the search by vectors against comparing all of them, where a filter lets see 100, 60, 10, 1 and 0.1 % of
  the chunks, by labels and by sources
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from benchmarks.index_speed import CHUNK_TOKENS, Projector, made_documents, made_queries

from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.place import PLACE, place_of
from bakeoff.corpus.stores import keep_in, open_store, remove_store
from bakeoff.records import Document, Hit
from bakeoff.retrieval.buckets import asked
from bakeoff.retrieval.lance_table import index_words, open_table, read_state
from bakeoff.retrieval.lance_words import WordSearches
from bakeoff.retrieval.opening import open_index
from bakeoff.retrieval.postgres import ranking
from bakeoff.retrieval.searching import Filter

SHARES = (1.0, 0.6, 0.1, 0.01, 0.001)
K = 10


class Corpus(NamedTuple):
    """What is indexed and asked."""

    documents: list[Document]
    queries: list[str]
    embedder: Any
    chunk_tokens: int


def labelled(documents: Sequence[Document]) -> list[Document]:
    """Documents with the labels and folders that the filters choose. A document is in all shares down to its own.

    Which one is drawn, not counted off, so that a share is spread over all sources.
    """
    drawn = np.random.default_rng(3).random(len(documents))
    return [
        document.model_copy(
            update={
                "access": tuple(f"share-{share}" for share in SHARES if place <= share),
                "source": f"{''.join('abcde'[: sum(place <= share for share in SHARES)])}/{document.source}",
            }
        )
        for document, place in zip(documents, drawn, strict=True)
    ]


def made_corpus(n_chunks: int, n_queries: int) -> Corpus:
    return Corpus(labelled(made_documents(n_chunks)), made_queries(n_queries), Projector(), CHUNK_TOKENS)


def real_corpus(n_pages: int, n_queries: int) -> Corpus:
    """Pages of Wikipedia and questions about them from TimeQA, with the default embedder, in small chunks."""
    from bakeoff.models.embed import load_embedder

    files = sorted((Path(os.environ["BAKEOFF_DATA"]) / "timeqa").glob("human_annotated_*.json"))
    pages = {page["link"]: page for path in files for page in json.loads(path.read_text(encoding="utf-8"))}
    chosen = list(pages.values())[:n_pages]
    documents = [
        Document(id=page["link"], source=f"{i:06}.md", text="\n\n".join(page["paras"])) for i, page in enumerate(chosen)
    ]
    asked = [question[0] for page in chosen for question in page["questions"]]
    queries = [asked[i] for i in np.random.default_rng(5).permutation(len(asked))[:n_queries]]
    return Corpus(labelled(documents), queries, Remembering(load_embedder()), 48)


class Remembering:
    """An embedder that embeds a text once, so that the second index costs its own work only."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._known: dict[str, np.ndarray] = {}
        self.name, self.dimension, self.count_tokens = inner.name, inner.dimension, inner.count_tokens

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._inner.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        new = [text for text in texts if text not in self._known]
        self._known |= zip(new, self._inner.embed_passages(new), strict=True) if new else {}
        return np.array([self._known[text] for text in texts], np.float32)


class Kept(NamedTuple):
    """A store with its index, and how long it took to build."""

    folder: Path
    store: Any
    index: Any
    build_s: float


def built(folder: Path, corpus: Corpus) -> Kept:
    """The corpus in the place that the folder names."""
    store = open_store(folder)
    store.replace_all(corpus.documents)
    index = open_index(folder, "index", corpus.embedder, corpus.chunk_tokens)
    begun = time.perf_counter()
    index.sync(store)
    return Kept(folder, store, index, time.perf_counter() - begun)


def p50_ms(ask: Callable[[str], object], queries: Sequence[str]) -> float:
    """The median time of single queries in ms, after three to warm up."""
    for query in queries[:3]:
        ask(query)
    times = []
    for query in queries:
        begun = time.perf_counter()
        ask(query)
        times.append(time.perf_counter() - begun)
    return float(np.median(times) * 1000)


def speeds(kept: Kept, corpus: Corpus) -> list[str]:
    """One row: building, the three searches, a change, and what it takes on the disk."""
    index = kept.index
    ways = (index.search_bm25, index.search_dense, index.search)
    latencies = [p50_ms(lambda query, way=way: way([query], K), corpus.queries) for way in ways]
    changes = []
    for document in corpus.documents[:10]:
        changed = document.model_copy(update={"text": f"{document.text}\n\nchanged {time.perf_counter()}"})
        begun = time.perf_counter()
        kept.store.upsert([changed])
        index.sync(kept.store, tidy=False)
        changes.append((time.perf_counter() - begun) * 1000)
    return [f"{kept.build_s:.1f}", *(f"{ms:.1f}" for ms in latencies), f"{np.median(changes):.0f}"]


def same_top(files: Any, postgres: Any, queries: Sequence[str]) -> list[str]:
    """Of each way of searching: the share of queries with the same 10 chunks in the same order, the mean overlap."""
    cells = []
    for way in ("search_bm25", "search_dense", "search"):
        pairs = [ids(getattr(files, way)(queries, K)), ids(getattr(postgres, way)(queries, K))]
        equal = np.mean([a == b for a, b in zip(*pairs, strict=True)])
        overlap = np.mean([len(set(a) & set(b)) / max(len(a), 1) for a, b in zip(*pairs, strict=True)])
        cells.append(f"{equal:.0%}, {overlap:.4f}")
    return cells


def ids(found: Sequence[Sequence[Hit]]) -> list[list[str]]:
    return [[hit.chunk.id for hit in hits] for hits in found]


def recalls(files: Any, postgres: Any, queries: Sequence[str]) -> Iterator[list[str]]:
    """For each share of what may be seen: recall@10 of vectors against comparing all, and the median time."""
    for share, n in zip(SHARES, range(1, len(SHARES) + 1), strict=True):
        cells = [f"{share:.1%}"]
        for where in (Filter(access=(f"share-{share}",)), Filter(source_prefix="abcde"[:n])):
            exact = ids(files.search_dense(queries, K, where))
            found = ids(postgres.search_dense(queries, K, where))
            shares = [len(set(a) & set(b)) / len(a) for a, b in zip(exact, found, strict=True) if a]
            cells += [
                f"{np.mean(shares):.4f}" if shares else "nothing to see",
                f"{p50_ms(lambda query, where=where: postgres.search_dense([query], K, where), queries):.1f}",
                f"{p50_ms(lambda query, where=where: files.search_dense([query], K, where), queries):.1f}",
            ]
        yield cells


def row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def head(*cells: str) -> None:
    print()
    row(*cells)
    print(f"|{'---|' * len(cells)}", flush=True)


def measure(corpus: Corpus, address: str) -> None:
    """Prints the three tables of one corpus."""
    with tempfile.TemporaryDirectory() as root:
        folders = [Path(root) / name for name in ("files", "postgres")]
        for folder in folders:
            folder.mkdir()
        keep_in(folders[1], address)
        files, postgres = (built(folder, corpus) for folder in folders)
        try:
            has_hnsw = postgres.index.n_chunks > ranking.EXACT_AT_MOST
            print(f"\n## {postgres.index.n_chunks:,} chunks, HNSW: {'yes' if has_hnsw else 'no'}")
            head("", "same 10 by words", "by vectors", "by both")
            row("same order, overlap", *same_top(files.index, postgres.index, corpus.queries))
            head("what may be seen", *("labels: recall@10", "ms", "files ms", "sources: recall@10", "ms", "files ms"))
            for cells in recalls(files.index, postgres.index, corpus.queries):
                row(*cells)
            head("", "build s", "by words ms", "by vectors ms", "by both ms", "change 1 document ms")
            for name, kept in (("files", files), ("postgres", postgres)):
                row(name, *speeds(kept, corpus))
            print(f"\nIn files: {sum(path.stat().st_size for path in folders[0].rglob('*')) / 1e6:,.0f} MB")
            print(f"In PostgreSQL: {size_of(postgres.store)}")
        finally:
            postgres.store.close()
            remove_store(folders[1])


def size_of(store: Any) -> str:
    """What the tables of a schema take, by table."""
    query = "SELECT tablename, pg_total_relation_size((schemaname || '.' || tablename)::regclass) FROM pg_tables"
    with store.database.reading() as connection:
        rows = connection.execute(f"{query} WHERE schemaname = %s ORDER BY 2 DESC", [store.database.place.schema_name])
        return ", ".join(f"{table.split('_')[0]} {size / 1e6:,.0f} MB" for table, size in rows if size > 500_000)


@contextmanager
def server(address: str) -> Iterator[str]:
    """The address of the server: the one that was given, or that of a new one."""
    if address:
        yield address
        return
    from tests.unit.sql_servers import postgres_of, vectors_programs

    with postgres_of(vectors_programs()) as own:
        yield own.owner_address


def measure_bucket(corpus: Corpus, address: str) -> None:
    """Prints the table of one corpus in files and in a bucket."""
    with tempfile.TemporaryDirectory() as root:
        folders = [Path(root) / name for name in ("files", "bucket", "new")]
        for folder in folders:
            folder.mkdir()
        keep_in(folders[1], address)
        files, bucket = (built(folder, corpus) for folder in folders[:2])
        try:
            print(f"\n## {bucket.index.n_chunks:,} chunks")
            head("", "same 10 by words", "by vectors", "by both")
            row("same order, overlap", *same_top(files.index, bucket.index, corpus.queries))
            head("", "build s", "by words ms", "by vectors ms", "by both ms", "change 1 document ms")
            row("files", *speeds(files, corpus))
            row("bucket", *speeds(bucket, corpus))
            every, asked.ASK_EVERY_S = asked.ASK_EVERY_S, 0.0
            row("bucket, asked each time", *speeds(bucket, corpus))
            asked.ASK_EVERY_S = every
            alone = lance_alone_ms(folders[1], address, corpus)
            print(f"\nLanceDB alone, its table in the bucket, by words: {alone:.1f} ms")
            (folders[2] / PLACE).write_bytes((folders[1] / PLACE).read_bytes())
            begun = time.perf_counter()
            new = open_index(folders[2], "index", corpus.embedder, corpus.chunk_tokens)
            new.search(corpus.queries[:1], K)
            print(f"A new server's first search: {time.perf_counter() - begun:.1f} s after its start")
            n_bytes = sum(path.stat().st_size for path in folders[0].rglob("*"))
            print(f"In files: {n_bytes / 1e6:,.1f} MB; in the bucket: {objects_bytes(folders[1]) / 1e6:,.1f} MB")
        finally:
            remove_store(folders[1])


def lance_alone_ms(folder: Path, address: str, corpus: Corpus) -> float:
    """The median time of a search for words in a copy of the table that LanceDB keeps in the bucket itself."""
    import lancedb

    options = {"allow_http": "true", "aws_endpoint": os.environ.get("AWS_ENDPOINT_URL", "")}
    there = lancedb.connect(f"{address}/lance-alone", storage_options=options)
    here = open_table(folder / "indexes" / "index", read_state(folder / "indexes" / "index").table)
    there.drop_all_tables()
    copy = there.create_table(f"t{here.count_rows()}", here.to_arrow())
    index_words(copy, "en")
    copy.prewarm_index("words_idx")
    found = p50_ms(lambda query: list(WordSearches(copy, [query], 100, "")), corpus.queries)
    there.drop_all_tables()
    return found


def objects_bytes(folder: Path) -> int:
    objects = Objects(place_of(folder))
    return sum(len(objects.get(name) or b"") for name in objects.names())


@contextmanager
def s3_server_here() -> Iterator[str]:
    """The address of a bucket on a new server that speaks S3."""
    from tests.unit.s3_server import s3_server

    with s3_server() as server:
        os.environ.update(server.environment)
        yield f"s3://{server.name}/worlds"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--real", type=int, default=0, help="pages of TimeQA to embed with the default model")
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--exact", type=int, default=ranking.EXACT_AT_MOST, help="vectors compared one by one at most")
    parser.add_argument("--address", default="")
    parser.add_argument("--bucket", nargs="?", const="", default=None)
    arguments = parser.parse_args()
    ranking.EXACT_AT_MOST = arguments.exact
    with ExitStack() as stack:
        if arguments.bucket is not None:
            address = arguments.bucket or stack.enter_context(s3_server_here())
            for n_chunks in arguments.sizes:
                measure_bucket(made_corpus(n_chunks, arguments.queries), address)
            return
        address = stack.enter_context(server(arguments.address))
        for n_chunks in arguments.sizes:
            measure(made_corpus(n_chunks, arguments.queries), address)
        if arguments.real:
            print("\n# Pages of TimeQA")
            measure(real_corpus(arguments.real, arguments.queries), address)


if __name__ == "__main__":
    main()
