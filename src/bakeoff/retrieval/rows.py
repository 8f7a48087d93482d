"""The rows of an index in memory: vectors, chunks, labels, and the order of rows with equal scores.

Takes Arrow tables of rows, gives cosines and hits. An object never changes: a change gives a new one that shares what
is equal, so searches can go on with the old one. Knows nothing about files and models.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from bakeoff.records import Chunk, Hit
from bakeoff.retrieval.codes import Codes, codes_of
from bakeoff.retrieval.fuse import Ranking

MOST_SEGMENTS = 32
UNREAD = ("passage", "words")  # columns of the table that no search reads from memory
EXACT_AT_ONCE = 4096  # rows whose cosines are calculated in double precision at once
REBUILT_SHARE = 0.2  # a larger change, or more dead rows, than this: everything is laid out again


class _Segment(NamedTuple):
    """Rows that were added together. `vectors` has shape (rows, dimension); many rows have `codes` too."""

    vectors: np.ndarray
    columns: Any
    codes: Codes | None = None

    @classmethod
    def of(cls, table: Any) -> "_Segment":
        vectors = table["vector"].combine_chunks()
        flat = vectors.flatten().to_numpy().reshape(len(vectors), vectors.type.list_size)
        unused = [name for name in (*UNREAD, "vector") if name in table.column_names]
        return cls(flat, table.drop_columns(unused).combine_chunks(), codes_of(flat))


class IndexRows:
    """Numbered rows; those of deleted documents keep their numbers and are never found.

    `at` has the row of each living chunk, by its id. `order` has a number for each row, by source and position; it
    sorts hits of equal score.
    """

    def __init__(
        self, segments: Sequence[_Segment], sorted_rows: np.ndarray, before: "IndexRows | None" = None
    ) -> None:
        self._segments = tuple(segments)
        self._starts = [0, *np.cumsum([len(segment.vectors) for segment in segments]).tolist()]
        self._sorted = sorted_rows
        self.order = np.zeros(self._starts[-1], np.int64)
        self.order[sorted_rows] = np.arange(len(sorted_rows))
        self.dead = np.ones(self._starts[-1], bool)
        self.dead[sorted_rows] = False
        self.at: dict[str, int] = before.at.copy() if before else {}
        self._of_document: dict[str, list[int]] = before._of_document.copy() if before else {}
        self._labels: list[tuple[str, ...]] = list(before._labels) if before else []
        self._label_numbers: np.ndarray = before._label_numbers if before else np.empty(0, np.int32)

    @classmethod
    def read(cls, table: Any) -> Self:
        """The rows of an Arrow table."""
        import pyarrow.compute as pc

        segment = _Segment.of(table)
        keys = [("source", "ascending"), ("start", "ascending"), ("id", "ascending")]
        rows = cls([segment], pc.sort_indices(segment.columns, keys).to_numpy().astype(np.int64))
        rows._enter(segment, 0)
        return rows

    @classmethod
    def of(cls, table: Any) -> Self:
        """The rows of a LanceDB table. Columns that no search needs are not read."""
        names = [name for name in table.schema.names if name not in UNREAD]
        return cls.read(table.search().select(names).limit(int(table.count_rows()) + 1).to_arrow())

    def __len__(self) -> int:
        return len(self.order)

    @property
    def n_living(self) -> int:
        """Rows that can be found."""
        return len(self._sorted)

    def changed(self, documents: Iterable[str], table: Any) -> "IndexRows | None":
        """The rows after all rows of these documents were replaced by those of the table.

        None if so much changed that reading everything again costs less.
        """
        gone = [row for document in documents for row in self._of_document.get(document, ())]
        n_dead = len(self) - self.n_living + len(gone)
        if len(table) + n_dead > max(1000, REBUILT_SHARE * len(self)):
            return None
        segment = _Segment.of(table)
        living = self._sorted
        if gone:
            is_gone = np.zeros(len(self), bool)
            is_gone[gone] = True
            living = living[~is_gone[living]]
        rows = IndexRows(_joined((*self._segments, segment)), self._with_new(living, segment), self)
        for chunk_id in self._values(gone, "id"):
            del rows.at[chunk_id]
        for document in documents:
            rows._of_document.pop(document, None)
        rows._enter(segment, len(self))
        return rows

    def cosines(self, vectors: np.ndarray) -> np.ndarray:
        """The cosine of each query with each row, shape (queries, rows). Those of dead rows mean nothing."""
        found = np.empty((len(vectors), len(self)), np.float32)
        for start, segment in zip(self._starts, self._segments, strict=False):
            found[:, start : start + len(segment.vectors)] = (segment.vectors @ vectors.T).T
        return found

    @property
    def is_coded(self) -> bool:
        """Whether the first rows, which are most, have codes."""
        return self._segments[0].codes is not None

    def coded_cosines(self, vector: np.ndarray) -> tuple[np.ndarray, float]:
        """The cosine with each row, shape (rows,), by codes where there are any, and the most by which one is wrong."""
        found, bound = np.empty(len(self), np.float32), 0.0
        for start, segment in zip(self._starts, self._segments, strict=False):
            cosines, wrong = segment.codes.cosines(vector) if segment.codes else (segment.vectors @ vector, 0.0)
            found[start : start + len(cosines)] = cosines
            bound = max(bound, wrong)
        return found, bound

    def some_cosines(self, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The cosine with each of these rows in single precision."""
        cosines: np.ndarray = self._vectors(rows) @ vector
        return cosines

    def exact_cosines(self, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The cosines with these rows in double precision. They do not depend on where a row stands, or beside what.

        A matrix product rounds differently for other shapes, so the same chunk would score differently after a change.
        """
        exact = vector.astype(np.float64)
        parts = [
            (self._vectors(rows[i : i + EXACT_AT_ONCE]).astype(np.float64) * exact).sum(axis=1)
            for i in range(0, len(rows), EXACT_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def hidden(self, source_prefix: str, access: tuple[str, ...] | None) -> np.ndarray:
        """For each row whether a search with this filter must not find it, shape (rows,), bool."""
        import pyarrow.compute as pc

        hidden = self.dead
        if access is not None:
            held = set(access)
            refused = [bool(labels) and held.isdisjoint(labels) for labels in self._labels]
            hidden = hidden | np.array([*refused, False])[self._label_numbers]
        if source_prefix:
            sources = [pc.starts_with(segment.columns["source"], source_prefix) for segment in self._segments]
            hidden = hidden | ~np.concatenate([np.asarray(starts, bool) for starts in sources])
        return hidden

    def hits(self, ranking: Ranking, k: int) -> list[Hit]:
        """The first k of a ranking as hits."""
        known = [name for name in Chunk.model_fields if name in self._segments[0].columns.column_names]
        found = []
        for rank, (row, score) in enumerate(zip(ranking.rows[:k].tolist(), ranking.scores[:k], strict=True), 1):
            segment, i = self._place(row)
            chunk = {name: segment.columns[name][i].as_py() for name in known}
            found.append(Hit(chunk=Chunk(**chunk), score=float(score), rank=rank))
        return found

    def _place(self, row: int) -> tuple[_Segment, int]:
        number = bisect_right(self._starts, row) - 1
        return self._segments[number], row - self._starts[number]

    def _values(self, rows: Iterable[int], column: str) -> list[Any]:
        return [segment.columns[column][i].as_py() for segment, i in map(self._place, rows)]

    def _vectors(self, rows: np.ndarray) -> np.ndarray:
        """Their vectors, shape (rows, dimension)."""
        if len(self._segments) == 1:
            return self._segments[0].vectors[rows]
        numbers = np.searchsorted(self._starts, rows, side="right") - 1
        taken = np.empty((len(rows), self._segments[0].vectors.shape[1]), np.float32)
        for number in np.unique(numbers):
            places = numbers == number
            taken[places] = self._segments[number].vectors[rows[places] - self._starts[number]]
        return taken

    def _with_new(self, living: np.ndarray, segment: _Segment) -> np.ndarray:
        """The living rows in order, with those of a new last segment in their places among them."""
        keys = _keys(segment.columns)
        new = sorted(range(len(keys)), key=keys.__getitem__)
        places = [bisect_left(living, keys[i], key=self._key) for i in new]
        return np.insert(living, places, [len(self) + i for i in new])

    def _key(self, row: int) -> tuple[str, int, str]:
        segment, i = self._place(int(row))
        columns = segment.columns
        return columns["source"][i].as_py(), columns["start"][i].as_py(), columns["id"][i].as_py()

    def _enter(self, segment: _Segment, start: int) -> None:
        """Notes ids, documents and labels of a segment whose rows begin at `start`."""
        columns = segment.columns
        for row, (chunk_id, document) in enumerate(
            zip(columns["id"].to_pylist(), columns["document_id"].to_pylist(), strict=True), start
        ):
            self.at[chunk_id] = row
            self._of_document.setdefault(document, []).append(row)
        numbers = {labels: number for number, labels in enumerate(self._labels)}
        given = [tuple(labels or ()) for labels in columns["access"].to_pylist()]
        mine = np.array([numbers.setdefault(labels, len(numbers)) for labels in given], np.int32)
        self._labels = list(numbers)
        self._label_numbers = np.concatenate([self._label_numbers, mine])


def _keys(columns: Any) -> list[tuple[str, int, str]]:
    return list(zip(*(columns[name].to_pylist() for name in ("source", "start", "id")), strict=True))


def _joined(segments: Sequence[_Segment]) -> Sequence[_Segment]:
    """The same rows; if there are many segments, all but the first become one."""
    if len(segments) <= MOST_SEGMENTS:
        return segments
    import pyarrow as pa

    vectors = np.concatenate([segment.vectors for segment in segments[1:]])
    columns = pa.concat_tables([segment.columns for segment in segments[1:]]).combine_chunks()
    return [segments[0], _Segment(vectors, columns)]
