"""A local model whose answers a vLLM server writes: prompts as token ids, adapters by name, and what is refused."""

import gc
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from bakeoff.errors import ConfigError, ModelUnavailableError
from bakeoff.models.adapter_check import FILES
from bakeoff.models.chat import Chat
from bakeoff.models.engines.vllm import VllmGenerator
from bakeoff.models.load import load_generator
from bakeoff.models.probe import probe
from bakeoff.models.providers.adapters import adapter_name, load_adapter
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.models.sharing import read_apart
from bakeoff.pilot.run import run
from bakeoff.records import Completion, GenerationSettings, Message, Prompt
from tests.end_to_end.small import make
from tests.fake_vllm import BASE, FakeVllm
from tests.unit.tiny_model import write_tiny_model

FEW = GenerationSettings(max_new_tokens=500, stop=("zzz",))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """The files of an adapter; a server that is no vLLM reads the rank only."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / FILES[0]).write_text(json.dumps({"peft_type": "LORA", "r": 8}))
    (folder / FILES[1]).write_bytes(b"weights")
    return folder


def server_of(fake: FakeVllm, **more: Any) -> ApiModel:
    named = {
        "api": "openai",
        "base_url": fake.url,
        "model": BASE,
        "context_tokens": 1024,
        "retries": 0,
        "timeout_s": 5.0,
    }
    return ApiModel(**{**named, **more})


def local(fake: FakeVllm, tiny: Path, **more: Any) -> LocalModel:
    return LocalModel(name=str(tiny), answered_by=server_of(fake), **more)


def ask(text: str) -> Prompt:
    return Prompt(messages=(Message(role="system", content="Be brief."), Message(role="user", content=text)))


def test_prompts_are_rendered_here_by_the_template_that_tuning_uses(tiny: Path) -> None:
    """The server gets token ids, the model's own end tokens, and no chat to render; counts are exact."""
    chat = Chat(tiny)
    with FakeVllm() as fake:
        generator = load_generator(local(fake, tiny))
        completion = generator.generate([ask("2+2?")], FEW)[0]
        ids = chat.ids(ask("2+2?"))
        assert completion.text == " ".join([BASE, *map(str, ids)])
        assert [request.path for request in fake.requests] == ["/v1/completions"]
        body = fake.bodies[0]
        assert body == {
            "model": BASE, "prompt": ids, "max_tokens": 500, "temperature": 0.0, "logprobs": 0,
            "stop_token_ids": sorted(chat.end_ids), "stop": ["zzz"],
            "top_p": 1.0, "top_k": -1, "repetition_penalty": 1.0,
        }  # fmt: skip
    assert completion.usage.prompt_tokens == len(ids) and completion.logprob == -0.5
    assert generator.count_tokens("2+2?") == len(chat.plain_ids("2+2?"))


def test_a_stream_says_what_a_batch_says(tiny: Path) -> None:
    """Text, counts and why it ended are the same."""
    with FakeVllm() as fake:
        generator = load_generator(local(fake, tiny))
        for settings in (FEW, GenerationSettings(max_new_tokens=3)):
            *pieces, last = generator.stream(ask("Name three colours."), settings)
            whole = generator.generate([ask("Name three colours.")], settings)[0]
            assert isinstance(last, Completion) and "".join(map(str, pieces)) == last.text == whole.text
            assert (last.truncated, last.logprob) == (whole.truncated, whole.logprob)
            assert last.usage.completion_tokens == whole.usage.completion_tokens


def test_what_does_not_fit_is_not_sent(tiny: Path) -> None:
    """The smaller context counts, the model's or the server's; other prompts are answered."""
    with FakeVllm() as fake:
        generator = VllmGenerator(server_of(fake, context_tokens=64), tiny, "tiny")
        assert generator.context_tokens == 64
        long, short = generator.generate([ask("no end " * 50), ask("2+2?")], GenerationSettings(max_new_tokens=8))
        assert long.error and "64" in long.error and not short.error and fake.n_requests == 1


def test_an_adapter_is_asked_for_by_the_sum_of_its_weights_and_unloaded_after_use(tiny: Path, adapter: Path) -> None:
    """The name holds the sum: the same weights have the same name, others another one, so none is used again."""
    with FakeVllm() as fake:
        generator = load_generator(local(fake, tiny), adapter)
        name = adapter_name(adapter)
        assert fake.adapters == {name: str(adapter.resolve())}
        assert generator.generate([ask("2+2?")], FEW)[0].text.startswith(f"{name} ")
        (adapter / FILES[1]).write_bytes(b"other weights")
        other = load_generator(local(fake, tiny), adapter)
        assert len(fake.adapters) == 2
        del generator
        gc.collect()
        assert [*fake.adapters] == [adapter_name(adapter)] != [name]
        assert other.generate([ask("2+2?")], FEW)[0].text.startswith(adapter_name(adapter))
        del other
        gc.collect()
        assert fake.adapters == {}
        loaded = [named for named, _ in fake.ever_loaded]
        assert len(set(loaded)) == len(loaded) == 2


def test_settings_of_an_adapter_are_part_of_its_name(adapter: Path) -> None:
    """They say how strongly it changes the weights."""
    before = adapter_name(adapter)
    (adapter / FILES[0]).write_text(json.dumps({"peft_type": "LORA", "r": 8, "lora_alpha": 32}))
    assert adapter_name(adapter) != before


def test_an_adapter_that_another_process_loaded_stays(tiny: Path, adapter: Path) -> None:
    """It has the same name, so the same weights: it is used, and left there."""
    with FakeVllm() as fake:
        fake.adapters[adapter_name(adapter)] = "/elsewhere"
        generator = load_generator(local(fake, tiny), adapter)
        assert generator.generate([ask("2+2?")], FEW)[0].error is None
        del generator
        gc.collect()
        assert fake.adapters == {adapter_name(adapter): "/elsewhere"}


def test_a_shared_folder_takes_a_copy_that_is_removed_again(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    """The server reads the copy: two files and nothing else of a run's folder."""
    (adapter / "training.jsonl").write_text("{}")
    with FakeVllm() as fake:
        generator = load_generator(local(fake, tiny, adapters_at=str(tmp_path / "shared")), adapter)
        copy = tmp_path / "shared" / adapter_name(adapter)
        assert fake.adapters == {adapter_name(adapter): str(copy.resolve())}
        assert {path.name for path in copy.iterdir()} == set(FILES)
        del generator
        gc.collect()
        assert not copy.exists() and fake.adapters == {}


def test_the_end_of_the_process_unloads(tiny: Path, adapter: Path) -> None:
    """Also where nobody lets go of the generator."""
    program = f"""
        from pathlib import Path
        from bakeoff.models.load import load_generator
        from bakeoff.models.settings import LocalModel
        settings = LocalModel.model_validate_json(open(0).read())
        kept = load_generator(settings, Path({str(adapter)!r}))
    """
    with FakeVllm() as fake:
        given = local(fake, tiny).model_dump_json()
        subprocess.run([sys.executable, "-c", textwrap.dedent(program)], input=given, text=True, check=True)
        assert len(fake.ever_loaded) == 1 and fake.adapters == {}


@pytest.mark.parametrize(
    ("fake", "message", "remedy"),
    [
        (
            {"allows": "no updating"},
            "does not let adapters be loaded while it runs",
            "VLLM_ALLOW_RUNTIME_LORA_UPDATING",
        ),
        ({"allows": "no lora"}, "was started without adapters", "--enable-lora"),
        ({"max_lora_rank": 4}, "takes no adapter of this rank: .*rank 8", "--max-lora-rank"),
    ],
)
def test_a_server_that_does_not_load_adapters(
    fake: dict[str, Any], message: str, remedy: str, tiny: Path, adapter: Path
) -> None:
    """The message says what the server lacks, the remedy how to start it."""
    with FakeVllm(**fake) as server, pytest.raises(ModelUnavailableError, match=message) as caught:
        load_generator(local(server, tiny), adapter)
    assert remedy in caught.value.remedy


def test_a_folder_that_the_server_cannot_see(tiny: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy names the setting. A copy that was not loaded is removed."""
    with FakeVllm() as fake:
        monkeypatch.setattr(fake, "_load", lambda name, path: FakeVllm._load(fake, name, Path("/nowhere")))
        shared = adapter.parent / "shared"
        with pytest.raises(ModelUnavailableError, match=r"cannot load the adapter .*No adapter found") as caught:
            load_adapter(server_of(fake), adapter, shared)
    assert "adapters_at" in caught.value.remedy and not [*shared.iterdir()]


def test_a_whole_tuned_model_is_no_adapter(tiny: Path) -> None:
    """Nothing is sent."""
    with FakeVllm() as fake, pytest.raises(ConfigError, match="whole tuned model"):
        load_generator(local(fake, tiny), tiny)
    assert fake.n_requests == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": "m", "adapters_at": "x"}, "adapters_at is for a model with answered_by"),
        (
            {"name": "m", "answered_by": {"api": "ollama", "base_url": "http://h", "model": "m"}},
            "write its api as openai",
        ),
        (
            {"name": "m", "engine": "openvino", "answered_by": {"api": "openai", "base_url": "http://h", "model": "m"}},
            "engine openvino runs the model here",
        ),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LocalModel.model_validate(settings)


def test_a_model_without_weights_cannot_be_served_elsewhere() -> None:
    """There is nothing that the server could have too."""
    with FakeVllm() as fake, pytest.raises(ConfigError, match="has no weights that 127"):
        load_generator(LocalModel(name="scripted", answered_by=server_of(fake)))


def test_the_probe_asks_the_server(tiny: Path) -> None:
    """A dead server and a smaller context stop a run."""
    with FakeVllm() as fake:
        probe(local(fake, tiny))
        assert fake.n_requests == 1
        fake.known = {"/v1/models": {"data": [{"id": BASE, "max_model_len": 512}]}}
        with pytest.raises(ConfigError, match="context of 512 tokens, but context_tokens is 1,024"):
            probe(local(fake, tiny))
        settings = local(fake, tiny)
    with pytest.raises(ModelUnavailableError, match=r"at 127\.0\.0\.1 does not answer: .*could not be reached"):
        probe(settings)


def test_a_contender_tuned_here_is_answered_there(tiny: Path, tmp_path: Path) -> None:
    """A pilot trains an adapter, and every answer of the tuned contender is written under the adapter's name."""
    pytest.importorskip("peft")
    with FakeVllm() as fake:
        generator = local(fake, tiny).model_dump(mode="json")
        path = make(
            tmp_path,
            models={"generator": generator, "embedder": "hash"},
            contenders=[
                "base",
                "tuned",
                {"name": "all-weights", "like": "tuned", "tuning": {"method": "full", "rank": None}},
            ],
            tuning={"epochs": 1, "examples": 4, "rank": 2},
            generation={"max_new_tokens": 12},
        )
        finished = run(path, runs=tmp_path / "runs")
        (name, _), *others = fake.ever_loaded
        assert not others or {named for named, _ in others} == {name}
        answers = finished.folder.answers("tuned")
        assert answers and all(answer.error is None for answer in answers)
        asked = {body["model"] for body in fake.bodies if "prompt" in body}
        assert asked == {BASE, name}
        assert "tuning.method is full" in str(finished.folder.comparison().model_dump())
        origins = {answer.origin.model for answer in answers if answer.origin}
        assert origins == {name}
        del finished
        gc.collect()
        assert fake.adapters == {}


def test_what_a_server_of_our_own_has_read_is_shared_within_one_pass_only(tiny: Path) -> None:
    """So that no latency depends on who was asked before. A server that others use is sent the same for each pass: what
    a killed session has paid for is found by what was sent.
    """
    prompts = [Prompt(messages=(Message(role="user", content=f"Question {i}?"),)) for i in range(2)]
    with FakeVllm() as fake:
        own = VllmGenerator(server_of(fake), tiny, "m", keeps_apart=True)
        for generator in (own, VllmGenerator(server_of(fake), tiny, "m")):
            for _ in range(2):
                with read_apart():
                    generator.generate(prompts, FEW)
        own.generate(prompts, FEW)
        salts = [body.get("cache_salt") for body in fake.bodies]
    assert salts[0] == salts[1] and salts[2] == salts[3] and salts[0] and salts[2] not in (None, salts[0])
    assert salts[4:] == [None] * 6
