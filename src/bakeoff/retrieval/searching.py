"""A search by words and by vectors, fused: what every index shares, wherever its rows are.

Takes queries, gives hits. A subclass finds the two rankings of each query. Knows no table and no database.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import numpy as np

from bakeoff.protocols import Embedder
from bakeoff.records import Document, Hit, Labels, Record
from bakeoff.retrieval.coverage import languages_of
from bakeoff.retrieval.fuse import EQUAL, Fuse, Ranking, fused_by_rank, fused_by_score
from bakeoff.retrieval.settings import Fusion
from bakeoff.writing.language import UNLATIN, covers, language_of_script

CANDIDATES = 100  # hits that each of the two rankings contributes to the fusion
UNCOVERED_WEIGHT = 0.2  # of the dense ranking, for languages that the embedder was not trained on


class Filter(Record):
    """The chunks that a search may see.

    `source_prefix`: only documents whose source starts with it. `access`: only documents without labels, or with at
    least one of these labels; None means all documents.
    """

    source_prefix: str = ""
    access: tuple[str, ...] | None = None


class Ways(NamedTuple):
    """How the queries are searched. `vectors` stand in place of the queries' embeddings."""

    words: bool = True
    dense: bool = True
    vectors: np.ndarray | None = None


class Found(NamedTuple):
    """What one query found: a ranking by words and one by vectors, of numbered rows.

    `order` has a number for each row, which sorts rows of equal score. `hits` gives the first k of a ranking.
    """

    words: Ranking
    dense: Ranking
    order: np.ndarray
    hits: Callable[[Ranking, int], list[Hit]]


class HybridSearch(ABC):
    """Searches by words and by vectors."""

    _embedder: Embedder

    @property
    @abstractmethod
    def language(self) -> str:
        """The language (ISO 639-1) by whose rules words are stemmed: that of most documents at the first sync."""

    @abstractmethod
    def _found(
        self, queries: Sequence[str], depth: int, where: Filter, ways: Ways
    ) -> AbstractContextManager[Iterable[Found]]:
        """What each query finds in one state of the documents: in each ranking at least the best `depth` rows.

        All is read within the block, and `hits` of one before the next one is asked for. A query without a letter or
        digit finds nothing by vectors. A way that is not wanted gives an empty ranking.
        """

    def search(
        self, queries: Sequence[str], k: int, where: Filter | None = None, fusion: Fusion = "score"
    ) -> list[list[Hit]]:
        """At most k hits per query, best first, in the order of the queries. Fuses the BM25 and the vector ranking.

        `fusion` fuses by scores or by reciprocal ranks (docs/results/retrieval.md compares them), or takes one ranking
        alone. Where the embedder was not made for the language of a query, its ranking counts for less. A query without
        a letter or digit gives no hits. Hits of equal score are ordered by source and position.
        """
        return self._searched(queries, k, where or Filter(), fusion)

    def with_fusion(self, fusion: Fusion) -> "WithFusion":
        """The same index, searched in this way."""
        return WithFusion(self, fusion)

    def ahead(self, documents: Iterable[Document]) -> AbstractContextManager[None]:
        """Here nothing is made ahead: other machines change such an index, too."""
        return nullcontext()

    def search_visible(self, queries: Sequence[str], k: int, access: tuple[str, ...]) -> list[list[Hit]]:
        """The same as `search` in the documents without labels and those with at least one of these."""
        return self.search(queries, k, Filter(access=access))

    def search_vectors(
        self,
        queries: Sequence[str],
        vectors: np.ndarray,
        k: int,
        access: Labels = None,
        fusion: Fusion = "score",
    ) -> list[list[Hit]]:
        """The same as `search`, with these vectors (one row of unit length for each query) in place of the queries'.

        BM25 searches the words of the queries, and their language says how much the vectors count.
        """
        return self._searched(queries, k, Filter(access=access), fusion, vectors)

    def search_bm25(self, queries: Sequence[str], k: int, where: Filter | None = None) -> list[list[Hit]]:
        """The same by BM25 alone (stemmed by the rules of the documents' language, without stop words; k1 = 1.2,
        b = 0.75). Scripts without blanks are searched by pairs or triples of letters.
        """
        return self._searched(queries, k, where or Filter(), "words")

    def search_dense(self, queries: Sequence[str], k: int, where: Filter | None = None) -> list[list[Hit]]:
        """The same by the cosine of the embeddings alone."""
        return self._searched(queries, k, where or Filter(), "vectors")

    def dense_weight(self, query: str) -> float:
        """The weight of the embedder's ranking for this query. BM25 has the rest of 1."""
        known = languages_of(self._embedder)
        latin = "en" if self.language in UNLATIN else self.language
        return EQUAL if known is None or covers(known, language_of_script(query) or latin) else UNCOVERED_WEIGHT

    def _searched(
        self, queries: Sequence[str], k: int, where: Filter, fusion: Fusion, vectors: np.ndarray | None = None
    ) -> list[list[Hit]]:
        """One of the rankings of each query, or both as one."""
        if fusion == "words":
            with self._found(queries, k, where, Ways(dense=False)) as found:
                return [one.hits(one.words, k) for one in found]
        if fusion == "vectors":
            with self._found(queries, k, where, Ways(words=False, vectors=vectors)) as found:
                return [one.hits(one.dense, k) for one in found]
        fuse: Fuse = fused_by_score if fusion == "score" else fused_by_rank
        weights = map(self.dense_weight, queries)
        with self._found(queries, max(k, CANDIDATES), where, Ways(vectors=vectors)) as found:
            return [
                one.hits(fuse(one.words, one.dense, one.order, weight), k)
                for one, weight in zip(found, weights, strict=True)
            ]


class WithFusion:
    """An index that is searched with one fusion."""

    def __init__(self, index: HybridSearch, fusion: Fusion) -> None:
        self._index = index
        self._fusion: Fusion = fusion

    def search(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        """At most k hits per query, best first, in the order of the queries."""
        return self._index.search(queries, k, fusion=self._fusion)

    def search_visible(self, queries: Sequence[str], k: int, access: tuple[str, ...]) -> list[list[Hit]]:
        """The same in the documents without labels and those with at least one of these."""
        return self._index.search(queries, k, Filter(access=access), self._fusion)

    def search_vectors(
        self, queries: Sequence[str], vectors: np.ndarray, k: int, access: Labels = None
    ) -> list[list[Hit]]:
        """The same with these vectors in place of the queries'."""
        return self._index.search_vectors(queries, vectors, k, access, self._fusion)
