"""The OpenVINO graph against transformers on the same random weights: shapes, adapters, the cache of graphs."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.generate.openvino_engine import OpenVinoGenerator, _properties, graph_folder
from bakeoff.generate.openvino_graph import unsupported
from bakeoff.generate.transformers_engine import TransformersGenerator
from bakeoff.records import Message, Prompt
from tests.unit.tiny_model import write_tiny_model

PROMPTS = [Prompt(messages=(Message(role="user", content=f"question {i} {'and ' * (i * 7)}?"),)) for i in range(12)]
N_SAME = 10  # of 12; int8 weights may turn a near tie of a random model


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))


def write_adapter(model: Path, folder: Path, seed: int = 0) -> Path:
    """A LoRA of rank 2 whose two factors are both random, so that it changes what the model says."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    config = LoraConfig(r=2, lora_alpha=8, target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(model), config).save_pretrained(folder)
    return folder


def write_qwen2(folder: Path) -> Path:
    """A random Qwen2: biases on queries, keys and values, and a head of its own."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    write_tiny_model(folder)
    llama = json.loads((folder / "config.json").read_text())
    kept = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    shape = {name: llama[name] for name in (*kept, "num_key_value_heads", "max_position_embeddings")}
    torch.manual_seed(1)
    model = Qwen2ForCausalLM(Qwen2Config(**shape, initializer_range=0.4, tie_word_embeddings=False, eos_token_id=1))
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.4)
    model.save_pretrained(folder)
    return folder


def assert_agree(folder: Path, adapter: Path | None = None) -> list[str]:
    """Nearly all greedy texts are the same, and the log-probabilities of those that are differ little."""
    fast = OpenVinoGenerator(folder, "m", adapter).generate(PROMPTS, 8)
    exact = TransformersGenerator(folder, "m", adapter).generate(PROMPTS, 8)
    same = [(a, b) for a, b in zip(fast, exact, strict=True) if a.text == b.text]
    assert len(same) >= N_SAME
    for a, b in same:
        assert a.usage.completion_tokens == b.usage.completion_tokens
        assert a.usage.prompt_tokens == b.usage.prompt_tokens
        assert a.logprob == pytest.approx(b.logprob, abs=0.15)
    return [one.text for one in exact]


def test_a_llama_says_what_transformers_says(tmp_path: Path) -> None:
    """Grouped heads and tied embeddings."""
    assert len(set(assert_agree(write_tiny_model(tmp_path / "llama", tie_word_embeddings=True)))) > 1


def test_a_qwen2_says_what_transformers_says(tmp_path: Path) -> None:
    """Biases and a head of its own."""
    assert len(set(assert_agree(write_qwen2(tmp_path / "qwen2")))) > 1


def test_an_adapter_is_merged(tmp_path: Path) -> None:
    """With an adapter both engines agree again, on something else than without."""
    folder = write_tiny_model(tmp_path / "llama")
    adapter = write_adapter(folder, tmp_path / "adapter")
    assert assert_agree(folder, adapter) != assert_agree(folder)


def test_a_graph_is_written_once_for_each_model_and_adapter(tmp_path: Path) -> None:
    """The same weights have the same folder, untouched; another adapter, or another config, another folder."""
    folder = write_tiny_model(tmp_path / "llama")
    first = graph_folder(folder, None)
    written = (first / "openvino_model.xml").stat().st_mtime_ns
    assert graph_folder(folder, None) == first
    assert (first / "openvino_model.xml").stat().st_mtime_ns == written
    adapters = [write_adapter(folder, tmp_path / f"adapter{seed}", seed) for seed in (0, 1)]
    folders = {first, *(graph_folder(folder, adapter) for adapter in adapters)}
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 1e-3}))
    assert len(folders | {graph_folder(folder, None)}) == 4
    assert [one for one in first.parent.iterdir() if one.name.startswith(".")] == []


def test_a_graph_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """A failure in the middle of writing leaves no folder that a later run would take."""
    folder = write_tiny_model(tmp_path / "llama")
    (folder / "model.safetensors").write_bytes(b"\0" * 64)
    with pytest.raises(Exception):  # noqa: B017 (whichever safetensors raises)
        graph_folder(folder, None)
    assert list((tmp_path / "cache" / "openvino").iterdir()) == []


@pytest.mark.parametrize("missing", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_folder_that_is_no_adapter_is_refused(tmp_path: Path, missing: str) -> None:
    """The message names the file that is not there."""
    folder = write_tiny_model(tmp_path / "llama")
    for name in {"adapter_config.json", "adapter_model.safetensors"} - {missing}:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelUnavailableError, match=missing):
        graph_folder(folder, tmp_path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_type": "gemma"}, "model type 'gemma'"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 1e4}}, "rope type 'llama3'"),
        ({"hidden_act": "gelu"}, "activation 'gelu'"),
        ({"use_sliding_window": True}, "sliding-window"),
        ({}, ""),
    ],
)
def test_what_the_graph_cannot_do_is_known_beforehand(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    """A model of another shape is declined with the reason, so that 'auto' takes another engine."""
    folder = write_tiny_model(tmp_path / "llama")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    assert reason in unsupported(folder) and bool(unsupported(folder)) == bool(reason)


def test_activations_are_quantised_in_groups_that_divide_every_row() -> None:
    """Of rows of 576 and 1536 the group is 192; where no group of 32 divides, none is set."""
    shape = {"num_hidden_layers": 1, "num_attention_heads": 9, "hidden_size": 576, "intermediate_size": 1536}
    assert _properties(shape)["DYNAMIC_QUANTIZATION_GROUP_SIZE"] == "192"
    assert "DYNAMIC_QUANTIZATION_GROUP_SIZE" not in _properties({**shape, "intermediate_size": 1537})
