"""The exact scan by 8-bit codes: the same rows as a scan of the vectors, and where it is left out."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from bakeoff.retrieval import codes, scan
from bakeoff.retrieval.codes import codes_of
from bakeoff.retrieval.rows import IndexRows

DIMENSION = 96
torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def coded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Codes however few rows there are, and however fast they are read."""
    monkeypatch.setattr("bakeoff.retrieval.rows.codes_of", lambda vectors: codes_of(vectors, 300))
    monkeypatch.setattr(codes, "_is_faster", lambda vectors: True)
    if not codes._is_exact():
        pytest.skip("this processor has no exact product of 8-bit numbers")
    yield


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def made(kind: str, n: int = 2000) -> np.ndarray:
    """Vectors that codes keep well, badly (one number of each is large), or that are nearly or wholly equal."""
    draw = np.random.default_rng(len(kind))
    vectors = draw.standard_normal((n, DIMENSION))
    if kind == "one large":
        vectors[:, 0] = 40
    if kind == "nearly equal":
        vectors = 1 + 0.001 * vectors
    if kind == "equal":
        vectors = np.repeat(vectors[:20], n // 20, axis=0)
    return unit(vectors)


KINDS = ("spread", "one large", "nearly equal", "equal")


def table(vectors: np.ndarray, name: str = "d") -> pa.Table:
    n = len(vectors)
    return pa.table(
        {
            "id": [f"{name}{i}" for i in range(n)],
            "document_id": [f"{name}{i // 10}" for i in range(n)],
            "source": [f"{name}.md"] * n,
            "start": list(range(n)),
            "access": pa.array([[]] * n, pa.list_(pa.string())),
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]),
        }
    )


def by_all(rows: IndexRows, query: np.ndarray, k: int, hidden: np.ndarray) -> list[list[float]]:
    """The k best by the vectors in double precision: rows and cosines rounded as the index rounds them."""
    cosines = np.round(rows.exact_cosines(query, np.arange(len(rows))), 5)
    best = [i for i in np.lexsort((rows.order, -cosines)).tolist() if not hidden[i]][:k]
    return [best, cosines[best].tolist()]


@pytest.mark.parametrize("kind", KINDS)
def test_no_cosine_is_wrong_by_more_than_the_bound(kind: str) -> None:
    vectors = made(kind)
    found = codes_of(vectors, 1)
    assert found is not None
    for query in (*made("spread", 20), *vectors[:5]):
        approximate, bound = found.cosines(query)
        assert np.abs(approximate - vectors.astype(np.float64) @ query).max() <= bound


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 10, 150, 5000])
def test_the_same_rows_as_by_the_vectors(kind: str, k: int) -> None:
    vectors = made(kind)
    rows = IndexRows.read(table(vectors))
    assert rows.is_coded
    hidden = rows.hidden("", None) | (np.arange(len(rows)) % 3 == 0)
    for query in (*made("spread", 5), *vectors[:3]):
        [found] = scan.nearest(rows, query[None], k, hidden)
        assert [found.rows.tolist(), found.scores.tolist()] == by_all(rows, query, k, hidden)


def test_codes_leave_few_rows_to_compare_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = IndexRows.read(table(made("spread", 5000)))
    compared: list[int] = []
    plain = IndexRows.some_cosines
    monkeypatch.setattr(
        IndexRows, "some_cosines", lambda self, vector, some: (compared.append(len(some)), plain(self, vector, some))[1]
    )
    monkeypatch.setattr(IndexRows, "cosines", lambda self, vectors: pytest.fail("all vectors were read"))
    [found] = scan.nearest(rows, made("spread", 1), 10, rows.hidden("", None))
    assert len(found.rows) == 10 and 20 <= sum(compared) < 500


def test_changed_documents_are_found_beside_codes_of_the_others() -> None:
    rows = IndexRows.read(table(made("spread")))
    new = made("one large", 100)
    changed = rows.changed(["d0", "d7"], table(new, "e"))
    assert changed is not None and changed.is_coded
    hidden = changed.hidden("", None)
    for query in (new[3], made("spread", 1)[0]):
        [found] = scan.nearest(changed, query[None], 20, hidden)
        assert [found.rows.tolist(), found.scores.tolist()] == by_all(changed, query, 20, hidden)
    assert not any(changed.dead[found.rows])


def test_fewer_visible_rows_than_wanted_are_all_found() -> None:
    rows = IndexRows.read(table(made("spread", 400)))
    hidden = np.ones(400, bool)
    assert not len(next(scan.nearest(rows, made("spread", 1), 10, hidden)).rows)
    hidden[[3, 77]] = False
    assert set(next(scan.nearest(rows, made("spread", 1), 10, hidden)).rows.tolist()) == {3, 77}


def test_a_row_without_direction_has_cosine_zero() -> None:
    vectors = made("spread", 400)
    vectors[5] = 0
    found = codes_of(vectors, 1)
    assert found is not None and found.cosines(vectors[0])[0][5] == 0


def test_no_codes_for_few_rows() -> None:
    assert codes_of(made("spread", 299), 300) is None


def test_no_codes_where_products_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on processors that add pairs of products in 16 bits."""
    codes._is_exact.cache_clear()
    plain = torch._int_mm
    monkeypatch.setattr(torch, "_int_mm", lambda a, b: plain(a, b).clamp(-(2**15), 2**15 - 1))
    try:
        assert codes_of(made("spread", 400), 1) is None
    finally:
        codes._is_exact.cache_clear()


def test_no_codes_where_they_are_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    times = iter((2.0, 1.0))
    monkeypatch.setattr(codes, "_fastest", lambda work: next(times))
    assert codes_of(made("spread", 400), 1) is None


def test_no_codes_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    codes._is_exact.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    try:
        assert codes_of(made("spread", 400), 1) is None
    finally:
        codes._is_exact.cache_clear()


def test_many_vectors_are_compared_as_one_product(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = IndexRows.read(table(made("spread", 400)))
    monkeypatch.setattr(IndexRows, "coded_cosines", lambda self, vector: pytest.fail("codes were read"))
    hidden = rows.hidden("", None)
    queries = made("nearly equal", 20)
    for query, found in zip(queries, scan.nearest(rows, queries, 5, hidden), strict=True):
        assert [found.rows.tolist(), found.scores.tolist()] == by_all(rows, query, 5, hidden)
