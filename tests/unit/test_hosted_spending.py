"""The ledger counts calls of every protocol once; what computes nothing is free; a used-up quota stops a run."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bakeoff.errors import LimitReachedError
from bakeoff.models.load import load_generator
from bakeoff.models.providers.client import ApiClient, ApiQuotaError
from bakeoff.models.settings import ApiModel, LocalModel, TokenPrice
from bakeoff.models.spending.ledger import Ledger, counting
from bakeoff.pilot.spending import paid_models
from bakeoff.records import GenerationSettings, Message, Prompt
from bakeoff.runs.config import Config
from tests.fake_api import FakeApi, Fault, Recorded

PRICE = TokenPrice(input_tokens=10.0, output_tokens=20.0, cached_input_tokens=1.0)
PROMPT = Prompt(messages=(Message(role="user", content="one two three"),))
SETTINGS = GenerationSettings(max_new_tokens=16)
DAY = {"error": {"code": 429, "details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProject-FreeTier"}]}]}}
WITH_CACHE = {
    "anthropic": {
        "type": "message",
        "model": "m",
        "content": [{"type": "text", "text": "yes"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 20, "cache_read_input_tokens": 80, "output_tokens": 2},
    },
    "google": {
        "candidates": [{"content": {"parts": [{"text": "yes"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 100, "cachedContentTokenCount": 80, "candidatesTokenCount": 2},
    },
    "openai": {
        "choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 2, "prompt_cache_hit_tokens": 80},
    },
}


def model(server: FakeApi, api: str, **more: Any) -> ApiModel:
    return ApiModel(
        **{"api": api, "base_url": server.base_url(api), "model": "m", "price": PRICE, "timeout_s": 5.0, **more}
    )


@pytest.mark.parametrize("api", WITH_CACHE)
def test_cached_tokens_are_the_same_in_the_answer_and_in_the_ledger(api: str) -> None:
    """They have their own price, whatever a protocol calls them."""
    with FakeApi(recorded=[Recorded(body=WITH_CACHE[api])]) as server, counting(Ledger(lambda one: PRICE)) as ledger:
        usage = load_generator(model(server, api)).generate([PROMPT], SETTINGS)[0].usage
        total = ledger.spending().total
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (100, 80, 2)
    assert (total.prompt_tokens, total.cached_tokens, total.completion_tokens) == (100, 80, 2)
    assert total.usd == pytest.approx((20 * 10 + 80 * 1 + 2 * 20) / 1e6)


@pytest.mark.parametrize("api", ["anthropic", "google"])
def test_a_stream_is_counted_when_it_ends(api: str) -> None:
    with FakeApi() as server, counting(Ledger(lambda one: PRICE)) as ledger:
        *_, last = load_generator(model(server, api)).stream(PROMPT, SETTINGS)  # type: ignore[attr-defined]
        total = ledger.spending().total
    assert (total.calls, total.unknown) == (1, 0)
    assert (total.prompt_tokens, total.completion_tokens) == (last.usage.prompt_tokens, last.usage.completion_tokens)


def test_what_computes_nothing_is_free(tmp_path: Path) -> None:
    """Orders, and what is looked up, leave no row."""
    with FakeApi(known={"/v1/models": {"data": []}}, recorded=[Recorded(body={"ok": 1})]) as server:
        with counting(Ledger(lambda one: PRICE)) as ledger:
            ledger.keep_in(tmp_path)
            client = ApiClient(model(server, "openai"))
            assert client.look_up(f"{server.url}/models") == {"data": []}
            assert json.loads(client.tell(f"{server.url}/load_lora_adapter", {"lora_name": "a"})) == {"ok": 1}
            assert ledger.spending().total.calls == 0
        assert server.n_requests == 1 and server.requests[0].body == {"lora_name": "a"}


@pytest.mark.parametrize(
    ("api", "status", "body"),
    [
        ("anthropic", 402, {"error": {"type": "billing_error", "message": "no"}}),
        ("anthropic", 400, {"error": {"message": "Your credit balance is too low"}}),
        ("google", 429, DAY),
        ("openai", 429, {"error": {"code": "insufficient_quota"}}),
    ],
)
def test_a_quota_that_is_used_up_stops_a_run(api: str, status: int, body: dict[str, Any]) -> None:
    """It is asked once. Outside of a run, it is the error of this call."""
    with FakeApi(fault=Fault(status=status, body=json.dumps(body))) as server:
        with pytest.raises(LimitReachedError, match="quota of m at"), counting(Ledger(lambda one: PRICE)):
            load_generator(model(server, api)).generate([PROMPT], SETTINGS)
        assert server.n_requests == 1
        with pytest.raises(ApiQuotaError) as caught:
            load_generator(model(server, api)).complete(PROMPT, SETTINGS)  # type: ignore[attr-defined]
        assert "add credit" in caught.value.remedy


def test_a_run_pays_for_rerankers_and_for_the_server_of_a_local_model(tmp_path: Path) -> None:
    server = {"api": "openai", "base_url": "http://127.0.0.1:1/v1", "model": "m", "price": PRICE.model_dump()}
    config = Config.model_validate(
        {
            "name": "a",
            "documents": str(tmp_path),
            "questions": str(tmp_path / "questions.jsonl"),
            "models": {
                "generator": {"name": "folder", "answered_by": server},
                "order": {**server, "api": "cohere"},
            },
            "contenders": [{"name": "ordered", "like": "rag", "retrieval": {"reranker": "order"}}],
        }
    )
    assert paid_models(config).keys() == {"generator", "order"}


def test_vllm_has_no_batches() -> None:
    server = {"api": "openai", "base_url": "http://127.0.0.1:1/v1", "model": "m", "price": PRICE, "batch": True}
    with pytest.raises(ValidationError, match="no batch API"):
        LocalModel(name="folder", answered_by=ApiModel(**server))  # type: ignore[arg-type]
