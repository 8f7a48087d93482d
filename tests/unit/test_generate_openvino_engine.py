"""The OpenVINO graph against transformers on the same random weights: shapes, adapters, the cache of graphs."""

import json
import os
import time
from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13 as op

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.checksums import is_intact
from bakeoff.models.engines import openvino as openvino_engine
from bakeoff.models.engines import openvino_cache
from bakeoff.models.engines.openvino import OpenVinoGenerator, _properties
from bakeoff.models.engines.openvino_cache import graph_folder
from bakeoff.models.engines.openvino_graph import LlamaGraph, unsupported
from bakeoff.models.engines.transformers import TransformersGenerator
from bakeoff.records import GenerationSettings, Message, Prompt
from tests.unit.shapes import write_shape
from tests.unit.tiny_model import write_looping_model, write_tiny_model

PROMPTS = [Prompt(messages=(Message(role="user", content=f"question {i} {'and ' * (i * 7)}?"),)) for i in range(12)]


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))


def write_adapter(model: Path, folder: Path, seed: int = 0) -> Path:
    """A LoRA of rank 2 with both factors random, so that it changes the model's answers."""
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


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is quantised: weights, activations and the cache in f32, so that only the graph is compared."""
    monkeypatch.setattr(LlamaGraph, "_int8", lambda graph, name: op.constant(graph.weights[name].astype(np.float32)))
    plain = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0", "KV_CACHE_PRECISION": "f32"}
    monkeypatch.setattr(openvino_engine, "_properties", lambda config: plain)


def assert_same(folder: Path, adapter: Path | None = None) -> list[str]:
    """Both engines complete every prompt with the same tokens at the same log-probability."""
    fast = OpenVinoGenerator(folder, "m", adapter).generate(PROMPTS, GenerationSettings(max_new_tokens=8))
    slow = TransformersGenerator(folder, "m", adapter).generate(PROMPTS, GenerationSettings(max_new_tokens=8))
    assert [one.text for one in fast] == [one.text for one in slow]
    assert [one.logprob for one in fast] == pytest.approx([one.logprob for one in slow], abs=1e-3)
    counts = [[(one.usage.prompt_tokens, one.usage.completion_tokens) for one in engine] for engine in (fast, slow)]
    assert counts[0] == counts[1]
    texts = [one.text for one in fast]
    assert len(set(texts)) > len(PROMPTS) // 2
    return texts


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
def test_a_llama_says_what_transformers_says(tmp_path: Path, tied: bool, n_kv_heads: int) -> None:
    """One, some or all heads with their own keys; embeddings tied to the head or not."""
    shape = {"tie_word_embeddings": tied, "num_key_value_heads": n_kv_heads, "rms_norm_eps": 1e-3}
    assert_same(write_tiny_model(tmp_path / "llama", **shape))


@pytest.mark.usefixtures("exact")
def test_a_qwen2_says_what_transformers_says(tmp_path: Path) -> None:
    """Biases and a head of its own."""
    assert_same(write_qwen2(tmp_path / "qwen2"))


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("name", ["llama", "qwen2", "qwen3", "mistral full"])
def test_a_shape_says_what_transformers_says(tmp_path: Path, name: str) -> None:
    """Scaled rotation (Llama 3), normed queries and keys (Qwen3), heads that are wider than the model's rows."""
    assert_same(write_shape(name, tmp_path / "model", eos_token_id=5))


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("rope", [{"rope_type": "linear", "factor": 4.0}, {"rope_type": "yarn", "factor": 4.0}])
def test_a_longer_rotation_says_what_transformers_says(tmp_path: Path, rope: dict[str, object]) -> None:
    """Kinds of rotary embedding that do not depend on the length of the text."""
    parameters = {"rope_theta": 10_000.0, "original_max_position_embeddings": 256, **rope}
    assert_same(write_tiny_model(tmp_path / "llama", rope_parameters=parameters))


@pytest.mark.usefixtures("exact")
def test_an_adapter_is_merged(tmp_path: Path) -> None:
    """With an adapter both engines agree too, on other answers than without it."""
    folder = write_tiny_model(tmp_path / "llama")
    adapter = write_adapter(folder, tmp_path / "adapter")
    assert assert_same(folder, adapter) != assert_same(folder)


def test_weights_are_rounded_to_the_nearest_of_their_rows_scale() -> None:
    """Restored weights differ by at most half a step of their row. A row of zeros stays zero."""
    weight = np.random.default_rng(0).normal(size=(6, 64)).astype(np.float32) * np.logspace(-9, 2, 6)[:, None]
    weight[2] = 0
    config = {"num_hidden_layers": 0, "num_attention_heads": 1, "hidden_size": 64, "rms_norm_eps": 1e-5}
    node = LlamaGraph(config, {"w": weight.astype(np.float32)})._int8("w")
    model = openvino.Core().compile_model(openvino.Model([node], []), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    read = model([])[0]
    step = np.abs(weight).max(axis=1, keepdims=True) / 127
    assert (np.abs(read - weight) <= 0.5001 * step).all()
    assert not read[2].any()


def test_a_graph_is_written_once_for_each_model_and_adapter(tmp_path: Path) -> None:
    """The same weights have the same folder, untouched; another adapter, or another config, another folder."""
    folder = write_tiny_model(tmp_path / "llama")
    first = graph_folder(folder, None)
    written = (first / "openvino_model.xml").stat().st_mtime_ns
    assert graph_folder(folder, None) == first
    assert (first / "openvino_model.xml").stat().st_mtime_ns == written
    adapters = [write_adapter(folder, tmp_path / f"adapter{seed}", seed) for seed in (0, 1)]
    folders = {first, *(graph_folder(folder, adapter) for adapter in adapters)}
    assert graph_folder(folder, adapters[0]) in folders
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 1e-3}))
    assert len(folders | {graph_folder(folder, None)}) == 4
    assert [one for one in first.parent.iterdir() if one.name.startswith(".")] == []


@pytest.mark.parametrize("name", ["openvino_model.bin", "openvino_model.xml"])
@pytest.mark.parametrize("tuned", [False, True])
def test_a_damaged_graph_is_written_again(tmp_path: Path, name: str, tuned: bool) -> None:
    """A file that was cut off, or that has one other byte, is not loaded."""
    folder = write_tiny_model(tmp_path / "llama")
    adapter = write_adapter(folder, tmp_path / "adapter", 0) if tuned else None
    file = graph_folder(folder, adapter) / name
    whole = file.read_bytes()
    for damaged in (whole[: len(whole) // 2], bytes([whole[0] ^ 1]) + whole[1:]):
        file.write_bytes(damaged)
        graph = graph_folder(folder, adapter)
        assert file.read_bytes() != damaged and is_intact(graph)
        openvino.Core().read_model(graph / "openvino_model.xml")


def test_of_tuned_models_only_the_last_few_graphs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph of the model without an adapter is not removed."""
    monkeypatch.setattr(openvino_cache, "TUNED_GRAPHS_KEPT", 2)
    folder = write_tiny_model(tmp_path / "llama")
    graphs = [graph_folder(folder, None)]
    for seed in range(4):
        graphs.append(graph_folder(folder, write_adapter(folder, tmp_path / f"adapter{seed}", seed)))
        for age, graph in enumerate(reversed(graphs), 1):
            if graph.exists():
                os.utime(graph, (time.time() - age * 5000,) * 2)
    assert [graph.exists() for graph in graphs] == [True, False, False, True, True]


def test_of_other_models_only_the_last_few_graphs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those used last, not those written last. A graph used in the last hour stays."""
    monkeypatch.setattr(openvino_cache, "GRAPHS_KEPT", 2)
    folders = [write_tiny_model(tmp_path / f"llama{i}", rms_norm_eps=10.0 ** -(i + 3)) for i in range(4)]
    graphs = [graph_folder(folder, None) for folder in folders[:3]]
    assert all(graph.exists() for graph in graphs)
    for age, graph in enumerate(graphs, 1):
        os.utime(graph, (time.time() - age * 5000,) * 2)
    graphs.append(graph_folder(folders[3], None))
    assert [graph.exists() for graph in graphs] == [True, False, False, True]


def test_a_graph_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """A failure in the middle of writing leaves no folder that a later run would take."""
    folder = write_tiny_model(tmp_path / "llama")
    (folder / "model.safetensors").write_bytes(b"\0" * 64)
    with pytest.raises(ModelUnavailableError, match="cannot be read"):
        graph_folder(folder, None)
    assert list((tmp_path / "cache" / "openvino").iterdir()) == []


@pytest.mark.parametrize("missing", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_folder_that_is_no_adapter_is_refused(tmp_path: Path, missing: str) -> None:
    """The message names the missing file."""
    folder = write_tiny_model(tmp_path / "llama")
    for name in {"adapter_config.json", "adapter_model.safetensors"} - {missing}:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelUnavailableError, match=missing):
        graph_folder(folder, tmp_path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_type": "gemma"}, "type 'gemma'"),
        ({"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}}, "rope type is 'dynamic'"),
        ({"hidden_act": "gelu"}, "activation is 'gelu'"),
        ({"model_type": "mistral", "sliding_window": 512}, "slides over a window"),
        ({"model_type": "mistral", "sliding_window": 1024}, ""),
        ({"model_type": "mistral", "sliding_window": None}, ""),
        ({"model_type": "qwen2", "use_sliding_window": True, "sliding_window": 512, "max_window_layers": 1}, "window"),
        ({"model_type": "qwen2", "use_sliding_window": False, "sliding_window": 512}, ""),
        ({"vocab_size": 2**20 + 1}, "more than 1,048,576 tokens"),  # the bits above are marks
        ({"vocab_size": 2**20}, ""),
        ({}, ""),
    ],
)
def test_what_the_graph_cannot_do_is_known_beforehand(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    """A model of another type is declined with the reason, so that 'auto' uses another engine."""
    folder = write_tiny_model(tmp_path / "llama")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    assert reason in unsupported(folder) and bool(unsupported(folder)) == bool(reason)


def test_activations_are_quantised_in_groups_that_divide_every_row() -> None:
    """For rows of 576 and 1536 the group is 192. If no group of 32 divides all rows, none is set."""
    shape = {"num_hidden_layers": 1, "num_attention_heads": 9, "hidden_size": 576, "intermediate_size": 1536}
    assert _properties(shape)["DYNAMIC_QUANTIZATION_GROUP_SIZE"] == "192"
    assert "DYNAMIC_QUANTIZATION_GROUP_SIZE" not in _properties({**shape, "intermediate_size": 1537})


@pytest.mark.usefixtures("exact")
def test_a_model_that_repeats_itself_is_stopped(tmp_path: Path) -> None:
    """At the same token as by the other engine, in a batch and in a stream."""
    folder, long = write_looping_model(tmp_path / "llama"), GenerationSettings(max_new_tokens=200)
    fast, slow = OpenVinoGenerator(folder, "m"), TransformersGenerator(folder, "m")
    completions = [engine.generate(PROMPTS[:4], long) for engine in (fast, slow)]
    shown = [[(one.text, one.looped, one.usage.completion_tokens) for one in engine] for engine in completions]
    assert shown[0] == shown[1]
    looped = [i for i, one in enumerate(completions[0]) if one.looped]
    assert looped and completions[0][looped[0]].usage.completion_tokens < 200
    *_, streamed = fast.stream(PROMPTS[looped[0]], long)
    assert streamed.looped and streamed.text == completions[0][looped[0]].text


def test_a_configuration_that_names_no_sizes_gets_no_groups() -> None:
    """Exported models of other families call their sizes by other names: they run without grouped activations."""
    from bakeoff.models.engines.openvino import _properties

    sizes = {"hidden_size": 96, "intermediate_size": 192, "num_hidden_layers": 2, "num_attention_heads": 3}
    assert _properties(sizes)["DYNAMIC_QUANTIZATION_GROUP_SIZE"] == "96"
    assert "DYNAMIC_QUANTIZATION_GROUP_SIZE" not in _properties({"n_embd": 96, "n_layer": 2, "n_head": 3})
