"""Embedders behind a server: order, length, batches, long texts, and invalid answers."""

import json
from typing import Any, Literal

import numpy as np
import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.embed import HashEmbedder, load_embedder
from bakeoff.models.providers.embeddings import TEXTS_PER_REQUEST, TOKENS_PER_REQUEST, _batches, _windows
from bakeoff.models.settings import ApiModel
from tests.fake_api import DIMENSION, FakeApi, Fault

Protocol = Literal["openai", "ollama"]
BOTH = pytest.mark.parametrize("api", ["openai", "ollama"])


def embedder(server: FakeApi, api: Protocol = "openai", **more: Any) -> Any:
    settings = {"api": api, "base_url": server.url, "model": "e", "retries": 0, "timeout_s": 5.0, **more}
    return load_embedder(ApiModel(**settings))


@BOTH
def test_rows_are_in_the_order_of_the_texts(api: Protocol) -> None:
    """Over several requests, and if a server sends rows in another order, each text gets its own row."""
    texts = [f"text number {i}" for i in range(TEXTS_PER_REQUEST * 2 + 3)]
    with FakeApi() as server:
        vectors = embedder(server, api).embed_passages(texts)
        assert server.n_requests == 3
    assert vectors == pytest.approx(HashEmbedder(DIMENSION).embed_passages(texts), abs=1e-6)
    assert vectors.dtype == np.float32


@BOTH
def test_the_dimension_is_learnt_from_the_first_answer(api: Protocol) -> None:
    """Before any text, asking for it costs one request; afterwards none."""
    with FakeApi() as server:
        one = embedder(server, api)
        assert (one.dimension, one.dimension, server.n_requests) == (DIMENSION, DIMENSION, 1)
        assert one.embed_passages([]).shape == (0, DIMENSION)
        other = embedder(server, api)
        other.embed_queries(["text"])
        assert (other.dimension, server.n_requests) == (DIMENSION, 2)


@BOTH
def test_a_text_longer_than_the_context_is_embedded_whole(api: Protocol) -> None:
    """It is cut into windows whose vectors are averaged by length. Other texts are not affected.

    No request exceeds the context.
    """
    long = "how to pay an invoice " * 40
    with FakeApi() as server:
        vectors = embedder(server, api, context_tokens=100).embed_passages(["short", long, "end"])
        sent = [text for body in server.bodies for text in body["input"]]
    assert "".join(sent[1:-1]) == long and len(sent) > 4
    assert max(map(len, sent)) <= 300
    hashed = HashEmbedder(DIMENSION)
    pooled = (hashed.embed_passages(sent[1:-1]) * np.array([[len(text)] for text in sent[1:-1]])).sum(axis=0)
    assert vectors[1] == pytest.approx(pooled / np.linalg.norm(pooled), abs=1e-5)
    assert vectors[[0, 2]] == pytest.approx(hashed.embed_passages(["short", "end"]), abs=1e-6)


def test_batches_keep_both_limits() -> None:
    """No request has too many texts or tokens. Nothing is lost or reordered."""
    texts = ["x" * 4 * (TOKENS_PER_REQUEST // 2)] * 3 + [str(i) for i in range(200)]
    batches = _batches(texts)
    assert [text for batch in batches for text in batch] == texts
    assert len(batches[0]) == 2 and max(map(len, batches)) == TEXTS_PER_REQUEST
    assert _batches([]) == []
    assert _windows(["", "abcdef"], 4) == (["", "abc", "def"], [0, 1, 1])


@BOTH
def test_a_busy_server_is_asked_again(api: Protocol) -> None:
    """As for any request."""
    with FakeApi(fault=Fault(status=503, times=1, headers={"retry-after-ms": "1"})) as server:
        assert embedder(server, api, retries=2).embed_queries(["a"]).shape == (1, DIMENSION)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"choices": []}, "without embeddings: the keys choices"),
        ({"error": {"message": "not an embedder"}}, "not an embedder"),
        ({"data": []}, "1 texts with vectors of shape"),
        ({"data": [{"index": 0, "embedding": [0.0, 0.0]}]}, "finite numbers"),
        ({"data": [{"index": 0, "embedding": "AAAA"}]}, "finite numbers"),
        ({"data": [{"index": 0, "embedding": [float("nan"), 1.0]}]}, "finite numbers"),
    ],
)
def test_what_is_no_embedding_is_an_error(reply: dict[str, Any], words: str) -> None:
    """The error names the model and what was received instead of vectors."""
    with FakeApi(fault=Fault("not json", body=json.dumps(reply))) as server:
        with pytest.raises(ModelUnavailableError, match=words) as caught:
            embedder(server).embed_queries(["a"])
        assert "e at 127.0.0.1" in caught.value.message


def test_an_empty_text_is_sent_as_a_blank() -> None:
    """Servers refuse an empty input."""
    with FakeApi() as server:
        assert embedder(server).embed_passages(["", "a"]).shape == (2, DIMENSION)
        assert server.bodies[0]["input"] == [" ", "a"]
