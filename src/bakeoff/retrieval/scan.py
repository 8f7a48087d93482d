"""The rows of an index nearest to a vector: all rows are compared, by their 8-bit codes first where there are any.

Takes rows, vectors and which rows are hidden; gives rankings. By codes, rows that may be among the best by the codes'
bound are compared again as float32, so that the result is that of the whole scan in float32 (codes.py). Many vectors at
once are compared in float32 as one matrix product, which then is faster than reading the codes for each.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from bakeoff.retrieval.fuse import DECIMALS, Ranking, top
from bakeoff.retrieval.rows import IndexRows

SCAN_FLOATS = 8_000_000  # the most cosines in memory at once when many vectors are compared
MOST_BY_CODES = 4  # vectors in one call
MOST_AGAIN = 0.1  # of all rows; where more are in question, reading all of them in order costs less


def nearest(rows: IndexRows, vectors: np.ndarray, k: int, hidden: np.ndarray) -> Iterator[Ranking]:
    """The k best rows for each vector, in order. Rows that are `hidden` are not among them."""
    if len(vectors) <= MOST_BY_CODES and rows.is_coded:
        for vector in vectors:
            yield _by_codes(rows, vector, k, hidden) or next(_compared(rows, vector[None], k, hidden))
    else:
        yield from _compared(rows, vectors, k, hidden)


def _compared(rows: IndexRows, vectors: np.ndarray, k: int, hidden: np.ndarray) -> Iterator[Ranking]:
    """Every vector with every row."""
    step = max(1, SCAN_FLOATS // len(rows))
    for start in range(0, len(vectors), step):
        some = vectors[start : start + step]
        cosines = rows.cosines(some)
        cosines[:, hidden] = -np.inf
        for scores, vector in zip(cosines, some, strict=True):
            yield top(scores, k, rows.order, partial(rows.exact_cosines, vector))


def _by_codes(rows: IndexRows, vector: np.ndarray, k: int, hidden: np.ndarray) -> Ranking | None:
    """The same for one vector, where the codes leave few rows in question. Otherwise None.

    The best by the codes are k rows whose lowest cosine is known, so no row can be among the k best whose code says
    less than that by more than the bound.
    """
    scores, bound = rows.coded_cosines(vector)
    scores[hidden] = -np.inf
    n_kept = min(k, len(scores))
    first = np.argpartition(scores, len(scores) - n_kept)[len(scores) - n_kept :]
    if scores[first].min() > -np.inf:
        least = rows.some_cosines(vector, first).min() - bound - 10.0**-DECIMALS
        again = np.flatnonzero(scores >= least)
    else:
        again = first[scores[first] > -np.inf]
    if len(again) > max(n_kept, MOST_AGAIN * len(scores)):
        return None
    return top(rows.some_cosines(vector, again), k, rows.order, partial(rows.exact_cosines, vector), again)
