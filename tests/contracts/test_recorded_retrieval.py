"""Embeddings and scores as each protocol's servers were recorded to be asked for them and to give them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fake_api import FakeApi, Recorded

from bakeoff.errors import ConfigError, ModelUnavailableError
from bakeoff.models.embed import load_embedder
from bakeoff.models.providers.reranking import PASSAGES_PER_REQUEST
from bakeoff.models.providers.roles import ROLES
from bakeoff.models.rerank import reranker_for
from bakeoff.models.settings import ApiModel, TokenPrice
from bakeoff.models.spending.ledger import Ledger, counting

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "recorded" / "embeddings-and-scores.json").read_text(encoding="utf-8")
)


def model(server: FakeApi, api: str, **more: Any) -> ApiModel:
    return ApiModel(
        **{"api": api, "base_url": server.base_url(api), "model": "m", "retries": 0, "timeout_s": 5.0, **more}
    )


def test_every_protocol_with_such_models_is_recorded() -> None:
    """A new protocol needs its exchanges here."""
    for role, name in (("embedder", "embeddings"), ("reranker", "scores")):
        assert {api for api, roles in ROLES.items() if role in roles} == RECORDED[name].keys()


@pytest.mark.parametrize("api", RECORDED["embeddings"])
@pytest.mark.parametrize("kind", ["query", "passage"])
def test_embeddings_as_recorded(api: str, kind: str) -> None:
    """Queries and passages are named where the protocol has words for them; rows are in the order of the texts."""
    exchange = RECORDED["embeddings"][api]
    with FakeApi(recorded=[Recorded(body=exchange["reply"])]) as server:
        embedder = load_embedder(model(server, api))
        vectors = (embedder.embed_queries if kind == "query" else embedder.embed_passages)(["a", "b"])
        assert (server.requests[0].path, server.bodies[0]) == (exchange["path"], exchange[kind])
    assert vectors == pytest.approx(np.array(RECORDED["vectors"], np.float32), abs=1e-6)


@pytest.mark.parametrize("api", RECORDED["scores"])
def test_scores_as_recorded(api: str) -> None:
    """The server answers best first; the scores are in the order of the passages."""
    exchange = RECORDED["scores"][api]
    with FakeApi(recorded=[Recorded(body=exchange["reply"])]) as server:
        scores = reranker_for(model(server, api)).scores([("q", "a"), ("q", "b")])
        assert (server.requests[0].path, server.bodies[0]) == (exchange["path"], exchange["request"])
    assert scores.tolist() == [-2.5, 0.875] and scores.dtype == np.float32


@pytest.mark.parametrize("api", RECORDED["scores"])
@pytest.mark.parametrize("status", [401, 404, 429, 500, 529])
def test_a_refused_reranker_is_an_error(api: str, status: int) -> None:
    """The status and the words of the server; the run's contender has it as the error of its answer."""
    refused = Recorded(status=status, body={"message": "not now"})
    expected = pytest.raises(ModelUnavailableError, match=f"answered {status}: not now")
    with FakeApi(recorded=[refused]) as server, expected:
        reranker_for(model(server, api)).scores([("q", "a")])


@pytest.mark.parametrize("api", ["openai", "tei"])
def test_each_question_is_one_request_and_many_passages_are_several(api: str) -> None:
    """Scores go back to their pairs, over requests of as many passages as a server takes."""
    words = [f"w{i}" for i in range(PASSAGES_PER_REQUEST + 5)]
    pairs = [("w1 w2", word) for word in words] + [("w3", "w3"), ("w3", "w4"), ("w1 w2", "w2 w1")]
    with FakeApi() as server:
        scores = reranker_for(model(server, api)).scores(pairs)
        sizes = sorted(len(body.get("documents") or body["texts"]) for body in server.bodies)
    assert sizes == ([1, 2, 5, 100] if api == "openai" else [1, 2, 9, 32, 32, 32])
    expected = [0.5 if word in ("w1", "w2") else 0.0 for word in words] + [1.0, 0.0, 1.0]
    assert scores.tolist() == expected


def test_a_passage_longer_than_the_context_is_read_up_to_there() -> None:
    """Three characters a token, less the question: no server refuses the pair."""
    with FakeApi() as server:
        reranker_for(model(server, "openai", context_tokens=64)).scores(
            [("a question", "word " * 200), ("a question", "")]
        )
        long, empty = server.bodies[0]["documents"]
    assert len(long) == 64 * 3 - len("a question") and empty == " "


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"choices": []}, "without scores: the keys choices"),
        ({"error": {"message": "no reranker"}}, "no reranker"),
        ({"results": [{"index": 0, "relevance_score": 1.0}]}, "scored 1 of 2 passages"),
        ({"results": [{"index": 0, "relevance_score": 1.0}] * 2}, "scored 2 of 2 passages, or some of them twice"),
        ({"results": [{"index": i, "relevance_score": 1.0} for i in (0, 7)]}, "scored 2 of 2"),
        ({"results": [{"index": 0, "relevance_score": float("nan")}, {"index": 1, "score": 1}]}, "not finite"),
        ({"results": [{"index": 0, "relevance_score": "high"}, {"index": 1, "relevance_score": 1}]}, "without scores"),
    ],
)
def test_what_is_no_score_is_an_error(reply: dict[str, Any], words: str) -> None:
    """The error names the model and what came in place of scores."""
    with FakeApi(recorded=[Recorded(body=reply)]) as server:
        with pytest.raises(ModelUnavailableError, match=words) as caught:
            reranker_for(model(server, "openai")).scores([("q", "a"), ("q", "b")])
        assert "m at 127.0.0.1" in caught.value.message


@pytest.mark.parametrize(
    ("api", "load"), [("anthropic", load_embedder), ("google", reranker_for), ("ollama", reranker_for)]
)
def test_a_protocol_without_such_models_is_refused(api: str, load: Any) -> None:
    """The message says what the protocol has, the remedy which protocols have it. Nothing is sent."""
    with FakeApi() as server:
        with pytest.raises(ConfigError, match=f"`api: {api}` has none .it has generators") as caught:
            load(model(server, api))
        assert "cohere" in caught.value.remedy and server.n_requests == 0


@pytest.mark.parametrize("api", ["cohere", "voyage", "tei"])
def test_a_reranker_with_a_price_is_counted(api: str) -> None:
    """Also where the server counts no tokens, or answers with a list: then a call counts at its most."""
    price = {"input_tokens": 1.0, "output_tokens": 0.0}
    body: Any = [{"index": 0, "score": 0.5}] if api == "tei" else {"results": [{"index": 0, "relevance_score": 0.5}]}
    if api == "voyage":
        body = {"data": body["results"], "usage": {"total_tokens": 7}}
    with (
        FakeApi(recorded=[Recorded(body=body)]) as server,
        counting(Ledger(lambda one: TokenPrice(**price))) as ledger,
    ):
        reranker_for(model(server, api, price=price)).scores([("q", "a")])
        part = ledger.spending().parts[0]
    assert (part.role, part.calls, part.unknown) == ("reranking", 1, 0) and part.usd > 0
    assert part.prompt_tokens == (7 if api == "voyage" else 0)
