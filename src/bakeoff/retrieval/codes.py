"""Vectors as 8-bit whole numbers: a quarter of the memory to read, with a bound on what that changes a cosine by.

Takes float32 rows of about unit length, gives approximate cosines and the most by which one of them can be wrong. A
search compares a query with the codes, and then with the vectors of all rows that the bound leaves in question, so it
finds what a scan of the vectors finds (scan.py). Knows nothing about rows' meaning. Without torch, on a processor that
multiplies such numbers wrongly or slowly, and for few rows there are no codes.
"""

import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

LEAST_ROWS = 50_000  # below, a scan of the vectors takes under 3 ms, and importing torch is not worth it
LARGEST = 127
ROWS_AT_ONCE = 8192
ROUNDING = 1e-6  # of the float32 products of a whole number with its scales
TRIED_ROWS, TRIES = LEAST_ROWS, 5
"""So many rows are more than a core's own cache holds, as those of a search are. Of fewer, vectors are read faster."""


class Codes(NamedTuple):
    """`numbers` (int8, a torch tensor of shape (rows, dimension)) times `scales` (one a row) is about the vectors.

    `lost` is the largest length of a vector's difference to that, `longest` the largest length of a row.
    """

    numbers: Any
    scales: np.ndarray
    lost: float
    longest: float

    def cosines(self, vector: np.ndarray) -> tuple[np.ndarray, float]:
        """The cosine with each row, about, and the most by which one can be wrong.

        The bound is that of Cauchy and Schwarz: a difference of vectors changes a product by at most its length times
        the other's length.
        """
        codes, scale = _coded(vector[None])
        approximate = _products(self.numbers, codes[0]) * (self.scales * scale[0])
        query_lost = float(np.linalg.norm(vector - codes[0] * scale[0]))
        bound = self.lost * float(np.linalg.norm(vector)) + query_lost * (self.longest + self.lost)
        return approximate, bound + ROUNDING


def codes_of(vectors: np.ndarray, least: int = LEAST_ROWS) -> Codes | None:
    """The codes of these rows. None for few rows, and where codes would be wrong or slower than the vectors."""
    if len(vectors) < least or not _is_exact() or not _is_faster(vectors[:TRIED_ROWS]):
        return None
    import torch

    numbers, scales = np.empty(vectors.shape, np.int8), np.empty(len(vectors), np.float32)
    lost = longest = 0.0
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        numbers[part], scales[part] = _coded(vectors[part])
        differences = vectors[part] - numbers[part] * scales[part, None]
        lost = max(lost, float(np.linalg.norm(differences, axis=1).max()))
        longest = max(longest, float(np.linalg.norm(vectors[part], axis=1).max()))
    return Codes(torch.from_numpy(numbers), scales, lost, longest)


def _coded(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each row's numbers, and what they are to be multiplied by."""
    scales = np.maximum(np.abs(vectors).max(axis=1), np.finfo(np.float32).tiny * LARGEST) / np.float32(LARGEST)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def _products(numbers: Any, query: np.ndarray) -> np.ndarray:
    """The whole-number products of each row with the query, exact, as int32.

    The rows come first: on a Xeon with AMX that takes 5 ms for 100,000 rows of 512 numbers, and 9 the other way round.
    """
    import torch

    products: np.ndarray = torch._int_mm(numbers, torch.from_numpy(query[:, None].copy())).numpy()[:, 0]
    return products


@cache
def _is_exact() -> bool:
    """Whether torch is there and multiplies the largest numbers exactly: older instructions cut sums off."""
    try:
        import torch
    except ImportError:
        return False
    signs = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [-1, -1, -1, -1], [1, 1, -1, -1]]).repeat(64, axis=1)
    largest = (signs * LARGEST).astype(np.int8)
    try:
        found = [_products(torch.from_numpy(largest), row) for row in largest]
    except (RuntimeError, AttributeError):
        return False
    return bool(np.array_equal(found, largest.astype(np.int64) @ largest.astype(np.int64).T))


def _is_faster(vectors: np.ndarray) -> bool:
    """Whether codes of these rows are read faster than the rows themselves; the fastest of some tries of each."""
    import torch

    parts = [_coded(vectors[start : start + ROWS_AT_ONCE]) for start in range(0, len(vectors), ROWS_AT_ONCE)]
    codes, scales = (np.concatenate(part) for part in zip(*parts, strict=True))
    coded = Codes(torch.from_numpy(codes), scales, 0.0, 1.0)
    return _fastest(lambda: coded.cosines(vectors[0])) < _fastest(lambda: vectors @ vectors[0])


def _fastest(work: Callable[[], object]) -> float:
    times = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)
