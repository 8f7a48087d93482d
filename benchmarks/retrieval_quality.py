"""How well the index finds relevant documents, on public sets with known answers: BM25, dense and fused.

    BAKEOFF_DATA=<folder> python benchmarks/retrieval_quality.py [--max-tokens 128] [--embedder NAME]

Prints one Markdown table. Each set's documents are chunked and indexed like a user's. A document's rank is that of its
best chunk. Queries without a relevant document in the collection are left out and counted.
"""

import argparse
import json
import math
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.models.embed import DEFAULT_EMBEDDER, load_embedder
from bakeoff.protocols import Embedder
from bakeoff.records import Document, Hit
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.retrieval.searching import CANDIDATES


class Collection(NamedTuple):
    """Documents, queries, and for each query the relevant document ids with their gain (above 0)."""

    name: str
    documents: list[Document]
    queries: list[str]
    relevant: list[dict[str, int]]
    n_left_out: int


# --- measures: of one ranking of document ids against {relevant id: gain}


def success(ranking: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """1 if any of the first k is relevant, else 0."""
    return float(any(document in relevant for document in ranking[:k]))


def recall(ranking: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """The share of the relevant documents that is among the first k."""
    return sum(document in relevant for document in ranking[:k]) / len(relevant)


def ndcg(ranking: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """Discounted cumulative gain of the first k divided by that of the ideal ranking.

    Source: Järvelin and Kekäläinen 2002, with the gain itself (not 2^gain - 1) and log2(rank + 1), as in trec_eval.
    """
    gains = [relevant.get(document, 0) for document in ranking[:k]]
    ideal = sorted(relevant.values(), reverse=True)[:k]
    return _discounted(gains) / _discounted(ideal)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


MEASURES: dict[str, Callable[[Sequence[str], Mapping[str, int]], float]] = {
    "Success@5": lambda ranking, relevant: success(ranking, relevant, 5),
    "Recall@5": lambda ranking, relevant: recall(ranking, relevant, 5),
    "nDCG@10": lambda ranking, relevant: ndcg(ranking, relevant, 10),
}


# --- collections


def cookbook_docs(data: Path) -> Collection:
    """Documentation sections; the gold links of a question are equally relevant."""
    sections = json.loads((data / "cookbook_docs" / "anthropic_docs.json").read_text(encoding="utf-8"))
    asked = json.loads((data / "cookbook_docs" / "docs_evaluation_dataset.json").read_text(encoding="utf-8"))
    documents = [
        Document(
            id=section["chunk_link"], title=section["chunk_heading"], text=section["text"], source=section["chunk_link"]
        )
        for section in sections
    ]
    relevant = [dict.fromkeys(question["correct_chunks"], 1) for question in asked]
    return _collection("cookbook_docs", documents, [question["question"] for question in asked], relevant)


def cranfield(data: Path) -> Collection:
    """Abstracts. qrels number the queries by position. Codes 1 to 4 count as equally relevant; -1 is "of no interest".

    Source of the codes: cranqrel.readme (where "no interest" is 5), and the counts that ir_datasets gives for -1.
    """
    folder = data / "cranfield"
    fields = [_fields(record) for record in _records(folder / "cran.all.1400")]
    documents = [
        Document(id=str(number), title=field["T"], text=field["W"].removeprefix(field["T"]).strip(), source=str(number))
        for number, field in enumerate(fields, 1)
    ]
    queries = [_fields(record)["W"] for record in _records(folder / "cran.qry")]
    relevant: list[dict[str, int]] = [{} for _ in queries]
    for line in (folder / "cranqrel").read_text(encoding="latin-1").splitlines():
        if line.strip():
            query, document, code = line.split()
            if int(code) > 0:
                relevant[int(query) - 1][document] = 1
    return _collection("cranfield", documents, queries, relevant)


def _records(path: Path) -> list[str]:
    text = path.read_text(encoding="latin-1").replace("\r", "")
    return re.split(r"^\.I \d+\n", text, flags=re.MULTILINE)[1:]


def _fields(record: str) -> dict[str, str]:
    """The lines after each of .T, .A, .B and .W, joined. A repeated field is appended."""
    fields = dict.fromkeys("TABW", "")
    field = ""
    for line in record.split("\n"):
        if re.fullmatch(r"\.[TABW]", line.strip()):
            field = line.strip()[1]
        elif field:
            fields[field] += line + "\n"
    return {field: " ".join(text.split()) for field, text in fields.items()}


def squad_paragraphs(data: Path) -> Collection:
    """Every paragraph as a document, without its article's title; the answerable questions, each with its paragraph."""
    articles = json.loads((data / "squad_v2_cs224n" / "dev-v2.0.json").read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    documents = [
        Document(id=str(number), text=paragraph["context"], source=f"{number:04}")
        for number, paragraph in enumerate(paragraphs)
    ]
    asked = [
        (question["question"], {str(number): 1})
        for number, paragraph in enumerate(paragraphs)
        for question in paragraph["qas"]
        if not question["is_impossible"]
    ]
    return _collection("SQuAD paragraphs", documents, [text for text, _ in asked], [gold for _, gold in asked])


def _collection(
    name: str, documents: list[Document], queries: Sequence[str], relevant: Sequence[dict[str, int]]
) -> Collection:
    """Removes empty documents, their relevance judgements, and queries left without anything relevant."""
    kept = [document for document in documents if document.text.strip()]
    ids = {document.id for document in kept}
    gains = [{document: gain for document, gain in gold.items() if document in ids} for gold in relevant]
    pairs = [(query, gold) for query, gold in zip(queries, gains, strict=True) if gold]
    return Collection(name, kept, [query for query, _ in pairs], [gold for _, gold in pairs], len(queries) - len(pairs))


COLLECTIONS = (cookbook_docs, cranfield, squad_paragraphs)


# --- the evaluation

WAYS = ("BM25", "dense", "fused", "fused by rank (RRF)")


def evaluate(
    collection: Collection, embedder: Embedder, max_tokens: int, ways: Sequence[str] = WAYS
) -> tuple[int, dict[str, dict[str, float]]]:
    """The number of chunks, and {way of searching: {measure: mean over the queries}}."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "store.sqlite")
        store.replace_all(collection.documents)
        index = HybridIndex.open(Path(folder) / "index", embedder, max_tokens)
        index.sync(store)
        searches = {
            "BM25": index.search_bm25,
            "dense": index.search_dense,
            "fused": index.search,
            "fused by rank (RRF)": partial(index.search, fusion="rank"),
        }
        hits_by_way = {way: searches[way](collection.queries, CANDIDATES) for way in ways}
        return index.n_chunks, {way: _means(hits, collection.relevant) for way, hits in hits_by_way.items()}


def _means(hits: Sequence[Sequence[Hit]], relevant: Sequence[Mapping[str, int]]) -> dict[str, float]:
    rankings = [list(dict.fromkeys(hit.chunk.document_id for hit in found)) for found in hits]
    return {
        name: fmean(measure(ranking, gold) for ranking, gold in zip(rankings, relevant, strict=True))
        for name, measure in MEASURES.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--embedder", default=DEFAULT_EMBEDDER)
    arguments = parser.parse_args()
    if not os.environ.get("BAKEOFF_DATA"):
        raise SystemExit("Set BAKEOFF_DATA to the folder that holds cookbook_docs, cranfield and squad_v2_cs224n.")
    embedder = load_embedder(arguments.embedder)
    print(f"| set | documents | chunks | queries | search | {' | '.join(MEASURES)} |")
    print("|---|---|---|---|---|" + "---|" * len(MEASURES))
    for load in COLLECTIONS:
        collection = load(Path(os.environ["BAKEOFF_DATA"]))
        n_chunks, ways = evaluate(collection, embedder, arguments.max_tokens)
        for way, means in ways.items():
            sizes = f"{len(collection.documents)} | {n_chunks} | {len(collection.queries)}"
            values = " | ".join(f"{value:.3f}" for value in means.values())
            print(f"| {collection.name} | {sizes} | {way} | {values} |", flush=True)


if __name__ == "__main__":
    main()
