"""Every embedder keeps the protocol's promises."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.fake_api import FakeApi

from bakeoff.models.embed import Embedder, load_embedder
from bakeoff.models.settings import DEFAULT_EMBEDDER, ApiModel, LocalModel

MODELS = [
    "hash",
    "openai",
    "ollama",
    pytest.param("openvino", marks=pytest.mark.models),
    pytest.param("transformers", marks=pytest.mark.models),
]
TEXTS = [
    "How long is the warranty of the Hearth 3?",
    "",
    "The warranty lasts 24 months from the day of purchase. " * 60,
    "Отопление 暖房 chauffage",
    "short",
    "The warranty lasts 24 months from the day of purchase.",
]


def on(engine: Any) -> Embedder:
    return load_embedder(LocalModel(name=DEFAULT_EMBEDDER, engine=engine))


@pytest.fixture(scope="module")
def api() -> Iterator[FakeApi]:
    with FakeApi() as server:
        yield server


@pytest.fixture(scope="module", params=MODELS)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param in ("openai", "ollama"):
        url = request.getfixturevalue("api").url
        return load_embedder(ApiModel(api=request.param, base_url=url, model="e"))
    return load_embedder("hash") if request.param == "hash" else on(request.param)


def test_rows_are_unit_vectors_in_order(embedder: Embedder) -> None:
    """float32, one row for each text, whatever the text is; each row is that text's own."""
    vectors = embedder.embed_passages(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-4)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert embedder.embed_passages([text])[0] @ vector > 0.995


def test_the_same_batch_gives_the_same_vectors(embedder: Embedder) -> None:
    """No randomness."""
    assert np.array_equal(embedder.embed_passages(TEXTS), embedder.embed_passages(TEXTS))


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    """Shape (0, dimension)."""
    assert embedder.embed_passages([]).shape == (0, embedder.dimension)


def test_related_texts_are_nearer(embedder: Embedder) -> None:
    """The question is nearer to the passage that answers it than to another."""
    question, answer, other = embedder.embed_passages([TEXTS[0], TEXTS[5], "Bananas ripen quickly in summer."])
    assert question @ answer > question @ other


def test_the_end_of_a_long_text_counts(embedder: Embedder) -> None:
    """Nothing is cut off silently: what comes after the model's window changes the vector."""
    start = TEXTS[2]
    plain, ended = embedder.embed_passages([start, start + "Bananas ripen quickly in the summer heat. " * 60])
    assert plain @ ended < 0.99


def test_counts_tokens(embedder: Embedder) -> None:
    """Without special tokens, never cut at the window; one by one and together alike."""
    assert embedder.count_tokens("") == 0
    assert embedder.count_tokens(TEXTS[2]) > 512
    assert embedder.count_tokens_batch(TEXTS) == [embedder.count_tokens(text) for text in TEXTS]


@pytest.mark.models
def test_the_fast_engine_agrees_with_fp32() -> None:
    """Quantised, the cosine to the plain model's vectors stays at least .995 (measured: .9985)."""
    texts = [text for text in TEXTS if text] + [f"{text} {i}" for i in range(20) for text in (TEXTS[0], TEXTS[5])]
    fast, plain = on("openvino"), on("transformers")
    cosines = (fast.embed_passages(texts) * plain.embed_passages(texts)).sum(axis=1)
    assert cosines.min() >= 0.995
