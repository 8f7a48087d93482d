"""The speed of what is not a model: searching at each size, grading, parsing, comparing, the report. Parts of bench.py.

Chunks and vectors are made up as in index_speed.py; answers as in grading_speed.py; pilots as in tests/statistics.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import grading_speed
import machine
import numpy as np
import parse_speed
from index_speed import CHUNK_TOKENS, Projector, made_documents, made_queries, p50_ms, timed
from speed_row import Row
from tests.statistics.scale import ENTRANTS, make

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.decide.situation.profile import Profile
from bakeoff.formats.parse import parse
from bakeoff.grading.grade import grade, squad_scores
from bakeoff.pilot.judge import judge
from bakeoff.pilot.score import compare_run
from bakeoff.report.write import write_report
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.runs.folder import RUN_FORMAT, RunFolder, write_json

N_QUERIES, K = 40, 10
GOAL_SIZE, GOAL_MS = 100_000, 5.0
LARGEST_QUICK = 100_000


def search(n_chunks: int, is_quick: bool) -> Iterator[Row]:
    """Hybrid search at one size. The index is made in another process, whose memory does not count."""
    if is_quick and n_chunks > LARGEST_QUICK:
        return
    with tempfile.TemporaryDirectory() as folder, get_context("spawn").Pool(1) as pool:
        build_s = pool.apply(built, (Path(folder), n_chunks))
        yield from searched(Path(folder), n_chunks, build_s)


def built(folder: Path, n_chunks: int) -> float:
    """Makes an index of so many chunks and returns the seconds from documents in the store to an index."""
    store = SqliteStore(folder / "store.sqlite")
    store.replace_all(made_documents(n_chunks))
    return timed(lambda: HybridIndex.open(folder / "index", Projector(), CHUNK_TOKENS).sync(store))


def searched(folder: Path, n_chunks: int, build_s: float | None = None) -> Iterator[Row]:
    """The row of a finished index."""
    before, embedder = machine.memory_mib(), Projector()
    index = HybridIndex.open(folder / "index", embedder, CHUNK_TOKENS)
    load_s = timed(index.load)
    queries = made_queries(N_QUERIES)
    index.search(queries[:5], K)
    held = machine.memory_mib() - before
    ways = (index.search, index.search, index.search_dense, index.search_bm25)
    first, ours, scan, words = (p50_ms(lambda query, way=way: way([query], K), queries) for way in ways)
    snapshot = index._loaded()
    vectors = snapshot.table.search().select(["vector"]).limit(n_chunks + 1).to_arrow()["vector"].combine_chunks()
    matrix = vectors.flatten().to_numpy().reshape(-1, embedder.dimension)
    plain = p50_ms(lambda query: by_numpy(matrix, embedder, query), queries)
    library = p50_ms(lambda query: by_lancedb(snapshot.table, embedder, query), queries[:10])
    found = recall(index, matrix, embedder, snapshot, queries)
    built_in = "" if build_s is None else f"built in {build_s:.1f} s without embedding, "
    yield Row(f"hybrid search p50, {n_chunks:,} chunks", "ms", ours, library, plain, is_more_better=False,
              most=GOAL_MS if n_chunks <= GOAL_SIZE else None, memory=held,
              note=f"{built_in}loaded in {load_s:.1f} s; {first:.1f} ms where words are asked for the "
              f"first time; vectors alone {scan:.1f} ms, words alone "
              f"{words:.1f} ms; recall@{K} of the vectors {found:.4f} of a scan in double precision. The library is "
              "LanceDB's own hybrid query with its defaults on the same table, the limit a bare numpy scan of the "
              "vectors; memory is that of the loaded index")  # fmt: skip


def by_numpy(matrix: np.ndarray, embedder: Projector, query: str) -> np.ndarray:
    scores = matrix @ embedder.embed_queries([query])[0]
    best = np.argpartition(-scores, K)[:K]
    return best[np.argsort(-scores[best])]


def by_lancedb(table: Any, embedder: Projector, query: str) -> Any:
    vector = embedder.embed_queries([query])[0]
    search = table.search(query_type="hybrid", fts_columns="words").vector(vector).text(query)
    return search.select(["id", "text"]).limit(K).to_arrow()


def recall(index: HybridIndex, matrix: np.ndarray, embedder: Projector, snapshot: Any, queries: Sequence[str]) -> float:
    """The share of the true K nearest that search_dense finds. Rows that round to equal cosines count as equal."""
    ids = snapshot.table.search().select(["id"]).limit(len(matrix) + 1).to_arrow()["id"].to_pylist()
    row_of = {id: row for row, id in enumerate(ids)}
    n_found = 0
    for query, hits in zip(queries, (index.search_dense([query], K)[0] for query in queries), strict=True):
        vector = embedder.embed_queries([query])[0].astype(np.float64)
        near = np.argpartition(-(matrix @ vector.astype(np.float32)), 4 * K)[: 4 * K]
        least = np.sort(matrix[near].astype(np.float64) @ vector)[-K] - 1e-5
        n_found += sum(matrix[row_of[hit.chunk.id]].astype(np.float64) @ vector >= least for hit in hits)
    return n_found / (K * len(queries))


def grading(is_quick: bool) -> Iterator[Row]:
    """Answers that the rules grade in a second of processor time."""
    chance, n_each = random.Random(grading_speed.SEED), 100 if is_quick else 1000
    cases = [kind(chance, n) for kind in grading_speed.KINDS for n in range(1, n_each + 1)]
    grade("warm", ["up"])
    ours = _cpu(lambda: [grade(answer, [gold] if gold else [], name) for answer, gold, name in cases])
    theirs = _cpu(lambda: [squad_scores(answer, [gold]) for answer, gold, _ in cases])
    yield Row("grading by rules", "answers/s", len(cases) / ours, len(cases) / theirs,
              note="answers of eight kinds, no two equal, one core, processor time. Beside SQuAD's exact match and "
              "token F1, which decide less: nothing that does the same is known")  # fmt: skip


def parsing(is_quick: bool) -> Iterator[Row]:
    """Characters of text that are taken from made PDFs in a second of processor time."""
    files = list(parse_speed.made())[: 2 if is_quick else None]
    parse(*files[0])
    n = [0]

    def ours() -> None:
        n[0] = sum(len(part.text) for name, content in files for part in parse(name, content).parts)

    ours_s = _cpu(ours)
    alone = _cpu(lambda: [parse_speed.draw(content) for _, content in files])
    yield Row("parsing of PDFs", "MB of text/s", n[0] / 1e6 / ours_s, None, n[0] / 1e6 / alone,
              note=f"{len(files)} files of prose and tables, one core, processor time; the limit: PDFium draws the "
              "text, without words, lines or tables")  # fmt: skip


def report(is_quick: bool) -> Iterator[Row]:
    """Comparing and judging a large pilot, and writing its report."""
    n = 1000 if is_quick else 10_000
    with tempfile.TemporaryDirectory() as folder:
        compare_s, report_s = _judged(Path(folder), n, len(ENTRANTS))
        mb = (Path(folder) / "report.html").stat().st_size / 1e6
    what = f"{len(ENTRANTS)} contenders, {n:,} questions"
    yield Row(f"comparing and judging, {what}", "s", compare_s, note="processor time")
    yield Row(f"the report, {what}", "s", report_s, note=f"processor time; the page has {mb:.1f} MB")


def _judged(folder: Path, n_questions: int, n_contenders: int) -> tuple[float, float]:
    """Processor seconds of comparing and judging a made-up pilot, and of its report."""
    run = RunFolder(folder)
    make(run, n_questions, n_contenders)
    run.config_path.write_text("name: made-up\n", encoding="utf-8")
    write_json(run.environment_path, {"run_format": RUN_FORMAT})

    def compared() -> None:
        compare_run(run, ENTRANTS[:n_contenders], {}, Profile())
        judge(run, Profile())

    return _cpu(compared, 1), _cpu(lambda: write_report(folder), 1)


def growth(is_quick: bool) -> Iterator[Row]:
    """How the processor time of each stage grows when documents, questions or contenders double."""
    n_chunks, n_questions, n_contenders = (2000, 1000, 5) if is_quick else (20_000, 5000, 5)
    steps = (1, 2) if is_quick else (1, 2, 4)
    _indexed(100)  # imports
    yield _grown("chunks, words and vectors of documents into the index", "chunks",
                 {n_chunks * i: _cpu(partial(_indexed, n_chunks * i), 1) for i in steps})  # fmt: skip
    chance = random.Random(grading_speed.SEED)
    cases = {i: [kind(chance, n) for kind in grading_speed.KINDS for n in range(50 * i)] for i in steps}
    yield _grown("grading", "answers", {len(some): _cpu(partial(_graded, some)) for some in cases.values()})
    by_questions, by_contenders = ({}, {}), ({}, {})
    for sizes, of in (
        ({n_questions * i: (n_questions * i, n_contenders) for i in steps}, by_questions),
        ({n_contenders * i: (n_questions, n_contenders * i) for i in steps[:2]}, by_contenders),
    ):
        for size, (questions, contenders) in sizes.items():
            with tempfile.TemporaryDirectory() as folder:
                of[0][size], of[1][size] = _judged(Path(folder), questions, contenders)
    for of, which in ((by_questions, "questions"), (by_contenders, "contenders")):
        for times, what in zip(of, ("comparing and judging", "the report"), strict=True):
            yield _grown(what, which, times)


def _grown(what: str, which: str, times: dict[int, float]) -> Row:
    """A row of seconds at the largest size, and by how much each doubling multiplied them."""
    seconds = list(times.values())
    factors = ", ".join(f"{later / earlier:.2f}" for earlier, later in pairwise(seconds))
    sizes = ", ".join(f"{size:,}" for size in times)
    return Row(f"growth: {what} by {which}", "s", seconds[-1],
               note=f"{sizes} {which}: {', '.join(f'{one:.2f}' for one in seconds)} s of processor time; "
               f"each doubling times {factors}")  # fmt: skip


def _indexed(n_chunks: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        built(Path(folder), n_chunks)


def _graded(cases: Sequence[grading_speed.Case]) -> None:
    for answer, gold, name in cases:
        grade(answer, [gold] if gold else [], name)


def _cpu(work: Callable[[], object], tries: int = 3) -> float:
    """Processor seconds of the fastest try."""
    times = []
    for _ in range(tries):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


SIZES = {"1k": 1000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
PARTS = {
    **{f"search-{name}": partial(search, size) for name, size in SIZES.items()},
    "grading": grading,
    "parsing": parsing,
    "report": report,
    "growth": growth,
}
