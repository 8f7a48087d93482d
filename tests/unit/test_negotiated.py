"""What servers say of themselves and refuse: contexts are checked, and a run shows both before its first question."""

from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import ConfigError
from bakeoff.models.engines.negotiated import note_about
from bakeoff.models.load import load_generator
from bakeoff.models.probe import negotiated_with, probe
from bakeoff.models.providers.roles import ROLES, require_role
from bakeoff.models.providers.served import served_context
from bakeoff.models.settings import ApiModel
from bakeoff.pilot.run import run
from bakeoff.pilot.stage_times import Event
from bakeoff.records import GenerationSettings, Message, Prompt
from tests.end_to_end.small import make
from tests.fake_api import FakeApi

SLOT = {"default_generation_settings": {"n_ctx": 4096}, "total_slots": 4}
PLACES = [
    ("openai", {"/v1/models": {"data": [{"id": "other", "max_model_len": 9}, {"id": "m", "max_model_len": 4096}]}}),
    ("openai", {"/props": SLOT}),
    ("openai", {"/v1/models": {"data": [{"id": "m", "meta": {"n_ctx_train": 131072}}]}, "/props": SLOT}),
    ("anthropic", {"/v1/models/m": {"id": "m", "type": "model", "max_input_tokens": 4096, "max_tokens": 128}}),
    ("google", {"/v1beta/models/m": {"name": "models/m", "inputTokenLimit": 4096, "outputTokenLimit": 128}}),
]


def model(server: FakeApi, api: str = "openai", **more: Any) -> ApiModel:
    named = {"api": api, "base_url": server.base_url(api), "model": "m", "context_tokens": 4096, "retries": 0}
    return ApiModel(**{**named, **more})


@pytest.mark.parametrize(("api", "known"), PLACES)
def test_the_context_that_a_server_names(api: str, known: dict[str, Any]) -> None:
    """Of vLLM, llama.cpp's server (that of a slot, not that of training), Anthropic and Google."""
    with FakeApi(known=known) as server:
        assert served_context(model(server, api)) == 4096
        probe(model(server, api))
        assert server.n_requests == 1  # the question of the probe: looking up is none


@pytest.mark.parametrize(("api", "known"), PLACES)
def test_a_context_smaller_than_the_settings_say_stops_a_run(api: str, known: dict[str, Any]) -> None:
    """Its prompts would be refused one by one, or cut: the message has both numbers, the remedy the one to set."""
    expected = pytest.raises(ConfigError, match="context of 4,096 tokens, but context_tokens is 8,192")
    with FakeApi(known=known) as server, expected as caught:
        probe(model(server, api, context_tokens=8192))
    assert "context_tokens: 4096" in caught.value.remedy


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"/v1/models": {"data": None}},
        {"/v1/models": {"object": "list"}, "/props": {"default_generation_settings": None}},
        {"/v1/models": {"data": ["m"]}, "/props": {"default_generation_settings": {"n_ctx": "many"}}},
        {"/v1/models": {"data": [{"id": "m", "max_model_len": 0}]}},
    ],
)
@pytest.mark.parametrize("api", ["openai", "anthropic", "google", "ollama"])
def test_a_server_that_names_no_context_is_believed(api: str, known: dict[str, Any]) -> None:
    """An answer of another form, and none, mean nothing."""
    with FakeApi(known=known) as server:
        assert served_context(model(server, api)) is None
        probe(model(server, api))


def test_a_server_on_the_internet_is_not_searched_for_a_context() -> None:
    """OpenAI names none, and its list of models is long: no request is made, so none can fail."""
    assert served_context(ApiModel(api="openai", base_url="https://llm.example/v1", model="m", timeout_s=0.001)) is None


def test_a_run_shows_what_was_negotiated(tmp_path: Path) -> None:
    """Before its first question, and what was refused as a warning of the report too."""
    events: list[Event] = []
    known = {"/v1/models": {"data": [{"id": "m", "max_model_len": 32768}]}}
    with FakeApi(refuses=("temperature", "logprobs"), known=known) as server:
        settings = model(server).model_dump(mode="json")
        path = make(tmp_path, models={"generator": settings, "embedder": "hash"}, contenders=["base"])
        finished = run(path, runs=tmp_path / "runs", listener=events.append)
    shown = [event.note for event in events if event.note]
    context = "The server of m at 127.0.0.1 has a context of 32,768 tokens; context_tokens uses 4,096 of them."
    refused = "The server of m at 127.0.0.1 takes no logprobs, seed and temperature"
    assert f"note: {context}" in shown
    assert any(line.startswith(f"note: {refused}") and "drawn at random" in line for line in shown)
    warnings = finished.folder.data().warnings
    assert any(line.startswith(refused) for line in warnings)


@pytest.mark.parametrize("api", ["openai", "anthropic", "google"])
def test_nothing_refused_nothing_said(api: str) -> None:
    """A server that takes everything has no note."""
    with FakeApi() as server:
        generator = load_generator(model(server, api))
        prompt = Prompt(messages=(Message(role="user", content="a"),))
        assert generator.generate([prompt], GenerationSettings())[0].error is None
        assert generator.note == "" and negotiated_with(model(server, api)) == []  # type: ignore[attr-defined]


def test_a_model_that_cannot_stop_thinking_is_told_to_be_given_more_tokens() -> None:
    """Its thinking counts as answer tokens."""
    settings = ApiModel(api="anthropic", base_url="https://api.anthropic.com/v1", model="claude-x")
    assert "raise generation.max_new_tokens" in note_about(settings, ["thinking"])


@pytest.mark.parametrize("api", ROLES)
@pytest.mark.parametrize("role", ["generator", "embedder", "reranker"])
def test_roles(api: Any, role: str) -> None:
    """A protocol has what the table says; else the message says what it has and which protocols have that role."""
    settings = ApiModel(api=api, base_url="https://llm.example/v1", model="m")
    if role in ROLES[api]:
        return require_role(settings, role)
    with pytest.raises(ConfigError, match=f"used as an? {role}, but `api: {api}` has none") as caught:
        require_role(settings, role)
    assert "api: openai" in caught.value.remedy
    return None
