"""One question before a run: detects unreachable or wrong endpoints, and missing weights."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from bakeoff.errors import ConfigError, ModelUnavailableError
from bakeoff.models import weights
from bakeoff.models.load import load_generator
from bakeoff.models.probe import probe
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.records import GenerationSettings, Message, Prompt
from tests.fake_api import FakeApi, Fault
from tests.unit.tiny_model import write_tiny_model

Protocol = Literal["openai", "ollama"]


def model(server: FakeApi, **more: Any) -> ApiModel:
    return ApiModel(**{"api": "openai", "base_url": server.url, "model": "some-model", "retries": 20, **more})


@pytest.mark.parametrize("api", ["openai", "ollama"])
@pytest.mark.parametrize("embeds", [False, True])
def test_a_model_that_answers_is_asked_once(api: Protocol, embeds: bool) -> None:
    """One request, a short answer or one embedding, and nothing raised."""
    with FakeApi() as server:
        assert probe(model(server, api=api), embeds) is None
        assert server.n_requests == 1
        assert ("input" in server.bodies[0]) == embeds


@pytest.mark.parametrize(
    ("fault", "message", "remedy"),
    [
        (Fault(status=401, body='{"error": "bad key"}'), "answered 401: bad key", "key_env"),
        (Fault(status=404, body='{"error": "model unknown"}'), "answered 404: model unknown", "'some-model'"),
        (Fault("html"), "HTML page", "base_url"),
        (Fault("redirect", location="https://elsewhere.example/v1"), "redirect to elsewhere.example", "base_url"),
        (Fault(status=500), "answered 500", "log"),
        (Fault(status=429), "answered 429", "concurrency"),
        (Fault("not json", body="[]"), "not an object", "base_url"),
    ],
)
@pytest.mark.parametrize("embeds", [False, True])
@pytest.mark.parametrize("api", ["openai", "ollama"])
def test_a_model_that_does_not_answer_is_named(
    api: Protocol, embeds: bool, fault: Fault, message: str, remedy: str
) -> None:
    """The error names the model, its server, what was received, and what to do. There are at most two requests."""
    with FakeApi(fault=fault) as server:
        with pytest.raises(ModelUnavailableError) as caught:
            probe(model(server, api=api), embeds)
        assert "some-model at 127.0.0.1 does not answer" in caught.value.message
        assert message in caught.value.message and remedy in caught.value.remedy
        assert 1 <= server.n_requests <= 2


def test_nobody_listening_is_noticed() -> None:
    """The error says that the server could not be reached, and its address."""
    with FakeApi() as server:
        settings = model(server)
    with pytest.raises(ModelUnavailableError, match=f"{server.url}/chat/completions could not be reached"):
        probe(settings)


def test_a_refused_key_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """401 with a key: the remedy names the variable, and the key is not shown though the server repeats it."""
    monkeypatch.setenv("FAKE_KEY", "sk-wrong-key-given")
    with FakeApi(key="sk-right-key") as server:
        with pytest.raises(ModelUnavailableError) as caught:
            probe(model(server, key_env="FAKE_KEY"))
        assert "FAKE_KEY" in caught.value.remedy and "sk-wrong" not in str(caught.value)
        monkeypatch.setenv("FAKE_KEY", "sk-right-key")
        probe(model(server, key_env="FAKE_KEY"))


def test_a_model_that_takes_other_parameters_is_well() -> None:
    """Negotiated parameters are not a failure."""
    with FakeApi(refuses=("max_tokens", "temperature", "logprobs")) as server:
        probe(model(server))
        assert server.n_requests == 2


def test_what_the_probe_negotiated_is_known_to_the_run() -> None:
    """It tries the model's own temperature, never null, and no later generator is refused again."""
    with FakeApi(refuses=("logprobs",)) as server:
        settings = model(server, temperature=0.7)
        probe(settings)
        prompt = Prompt(messages=(Message(role="user", content="hello"),))
        assert load_generator(settings).generate([prompt], GenerationSettings())[0].text == "you said hello"
        assert server.n_requests == 3
        assert [body["temperature"] for body in server.bodies] == [0.7] * 3


def test_a_local_model_is_found_and_not_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Missing weights and adapters are errors. Of existing weights only what they hold is read, not their values."""
    pytest.importorskip("torch")
    from transformers import PreTrainedModel

    folder = write_tiny_model(tmp_path / "model")
    monkeypatch.setattr(weights, "_from_hub_cache", _absent)
    monkeypatch.setattr(weights, "_reachable", lambda endpoint: False)
    monkeypatch.setattr(PreTrainedModel, "from_pretrained", None)
    probe(str(folder))
    probe("scripted")
    probe("hash", embeds=True)
    probe("bakeoff.models.engines.scripted.ScriptedGenerator")
    with pytest.raises(ModelUnavailableError, match="no-such-model"):
        probe("somebody/no-such-model")
    with pytest.raises(ModelUnavailableError, match=r"adapter_config\.json"):
        probe(LocalModel(name=str(folder), adapter=str(tmp_path)))
    with pytest.raises(ConfigError, match="no_such_module"):
        probe("no_such_module.Thing")


def test_a_local_embedder_that_cannot_be_used_is_noticed(tmp_path: Path) -> None:
    """An adapter, and an unknown pooling."""
    pytest.importorskip("tokenizers")
    folder = write_tiny_model(tmp_path / "model")
    probe(str(folder), embeds=True)
    with pytest.raises(ConfigError, match="adapter"):
        probe(LocalModel(name=str(folder), adapter="somewhere"), embeds=True)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_max_tokens": True}))
    with pytest.raises(ModelUnavailableError, match="max"):
        probe(str(folder), embeds=True)


def _absent(name: str) -> Path:
    raise weights._NotThereError("not in it")
