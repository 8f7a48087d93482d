"""Damaged weights, adapters and settings are one clear error before a run, on both engines; so is an adapter that does
not fit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

pytest.importorskip("torch")

import peft
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.adapter_check import check_adapter, difference
from bakeoff.models.engines.pair_scorers import scoring_model
from bakeoff.models.engines.sentence_encoders import pooled_model
from bakeoff.models.engines.transformers import load_model
from bakeoff.models.load import load_generator
from bakeoff.models.probe import probe
from bakeoff.models.sentence_model import SentenceModel
from bakeoff.models.settings import LocalModel
from tests.unit.tiny_model import write_tiny_model

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
ENGINES: tuple[Literal["transformers", "openvino"], ...] = ("transformers", "openvino")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("whole") / "model", num_hidden_layers=3)


@pytest.fixture
def model(whole: Path, tmp_path: Path) -> Path:
    """A copy of the model, to be damaged."""
    return copied(whole, tmp_path / "model")


@pytest.fixture
def adapter(whole: Path, tmp_path: Path) -> Path:
    return write_adapter(whole, tmp_path / "adapter")


def copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def write_adapter(model: Path, folder: Path, **settings: Any) -> Path:
    """An adapter that changes what the model says."""
    config = peft.LoraConfig(
        **{
            "task_type": "CAUSAL_LM",
            "r": 4,
            "target_modules": ["q_proj", "v_proj"],
            "init_lora_weights": False,
            **settings,
        }
    )
    torch.manual_seed(1)
    peft.get_peft_model(AutoModelForCausalLM.from_pretrained(model), config).save_pretrained(folder)
    return folder


def halve(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def change(adapter: Path, changed: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    """Writes the adapter's tensors as `changed` gives them."""
    save_file(changed(load_file(adapter / WEIGHTS)), adapter / WEIGHTS, {"format": "pt"})


def refused(settings: LocalModel) -> str:
    """What the probe says, which is what loading on each engine says too."""
    with pytest.raises(ModelUnavailableError) as caught:
        probe(settings)
    assert caught.value.remedy
    for engine in ENGINES:
        with pytest.raises(ModelUnavailableError) as loaded:
            load_generator(settings.model_copy(update={"engine": engine}))
        assert loaded.value.remedy
    return caught.value.message


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"]
)
@pytest.mark.parametrize("damage", [halve, lambda file: file.write_text("[1]"), lambda file: file.write_bytes(b"\xff")])
def test_a_damaged_file_of_a_model_is_named(model: Path, name: str, damage: Callable[[Path], None]) -> None:
    """Cut in half, holding something else, or no text: the message names the folder, and says to copy it again."""
    damage(model / name)
    assert str(model) in refused(LocalModel(name=str(model)))


def test_weights_that_config_json_does_not_describe_are_refused(model: Path) -> None:
    """Transformers would make up a layer that is not there, and only warn."""
    config = json.loads((model / "config.json").read_text())
    for change_of in ({"num_hidden_layers": 4, "layer_types": None}, {"intermediate_size": 32}):
        (model / "config.json").write_text(json.dumps({**config, **change_of}))
        for engine in ENGINES:
            with pytest.raises(ModelUnavailableError, match=str(model)):
                load_generator(LocalModel(name=str(model), engine=engine))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(model: Path, value: float) -> None:
    """One value is enough; the tensor is named."""
    tensors = load_file(model / "model.safetensors")
    tensors["model.layers.1.mlp.up_proj.weight"][0, 0] = value
    save_file(tensors, model / "model.safetensors", {"format": "pt"})
    for engine in ENGINES:
        with pytest.raises(ModelUnavailableError, match=r"not finite.*layers\.1\.mlp\.up_proj"):
            load_generator(LocalModel(name=str(model), engine=engine))


def test_a_damaged_index_of_shards_is_named(model: Path) -> None:
    """Cut in half, or without the map from tensors to files."""
    index = model / "model.safetensors.index.json"
    for content in ('{"weight_map": {"a"', "[]", '{"weight_map": 3}'):
        index.write_text(content)
        assert index.name in refused(LocalModel(name=str(model)))


def test_a_damaged_gguf_is_named(tmp_path: Path) -> None:
    """It is converted before a run."""
    gguf = tmp_path / "model.gguf"
    gguf.write_bytes(b"GGUF\x03\x00")
    with pytest.raises(ModelUnavailableError, match=r"model\.gguf cannot be read"):
        probe(str(gguf))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (CONFIG, None),
        (CONFIG, "{}"),
        (CONFIG, "[]"),
        (CONFIG, '{"peft_type": "NO_SUCH"}'),
        (CONFIG, '{"peft_type": "LORA", "target_modules": ["no_such"], "task_type": "CAUSAL_LM"}'),
        (WEIGHTS, None),
        (WEIGHTS, ""),
    ],
)
def test_a_damaged_adapter_is_refused(model: Path, adapter: Path, name: str, content: str | None) -> None:
    """Either file: cut in half (None), empty, of no known type, or for modules that the model does not have."""
    halve(adapter / name) if content is None else (adapter / name).write_text(content)
    assert str(adapter) in refused(LocalModel(name=str(model), adapter=str(adapter)))


@pytest.mark.parametrize("settings", [{"peft_type": "LORA"}, {"peft_type": "XLORA", "adapters": {"0": "org/other"}}])
def test_an_adapter_in_a_models_own_folder_is_refused(model: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    """PEFT would do what its settings say: read other folders and pickles, or ask the hub for what they name."""
    (model / CONFIG).write_text(json.dumps({"base_model_name_or_path": "org/base", **settings}))
    said = refused(LocalModel(name=str(model)))
    assert str(model) in said and CONFIG in said
    with pytest.raises(ModelUnavailableError, match=CONFIG):
        load_model(model, None, torch.float32)
    with pytest.raises(ModelUnavailableError, match=CONFIG):
        pooled_model(model, SentenceModel(pooling="mean"))
    with pytest.raises(ModelUnavailableError, match=CONFIG):
        scoring_model(model, 0)
    (tmp_path / CONFIG).write_text((model / CONFIG).read_text())
    (tmp_path / "model.gguf").write_bytes(b"GGUF\x03\x00")
    with pytest.raises(ModelUnavailableError, match=CONFIG):
        probe(str(tmp_path / "model.gguf"))


def test_an_adapter_that_is_not_there_is_refused(model: Path, tmp_path: Path) -> None:
    """Both files are named."""
    message = refused(LocalModel(name=str(model), adapter=str(tmp_path)))
    assert CONFIG in message and WEIGHTS in message


def renamed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.replace("model.layers", "model.blocks"): tensor for name, tensor in tensors.items()}


def one_renamed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    first = min(tensors)
    return {name + "s" if name == first else name: tensor for name, tensor in tensors.items()}


def one_more(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {**tensors, "more": torch.zeros(1)}


def one_less(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in tensors.items() if name != min(tensors)}


def with_value(value: float) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    def changed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        tensors[max(tensors)][0, 0] = value
        return tensors

    return changed


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (renamed, "takes no tensor"),
        (one_renamed, "takes no tensor"),
        (one_more, "takes no tensor 'more'"),
        (one_less, "lacks 1 of 12 tensors"),
        (with_value(float("nan")), "not finite"),
        (with_value(float("-inf")), "not finite"),
        (lambda tensors: {}, "hold no tensor"),
    ],
)
def test_an_adapter_that_would_change_nothing_or_everything_is_refused(
    model: Path, adapter: Path, changed: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]], reason: str
) -> None:
    """PEFT leaves out tensors that it does not know, and starts those that are missing at zero."""
    change(adapter, changed)
    message = refused(LocalModel(name=str(model), adapter=str(adapter)))
    assert reason in message and str(adapter) in message


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ({"num_hidden_layers": 2}, "lacks 4 of 12"),
        ({"hidden_size": 64}, "shape"),
        ({"num_key_value_heads": 4}, "shape"),
    ],
)
def test_an_adapter_of_another_model_is_refused(
    model: Path, tmp_path: Path, shape: dict[str, int], reason: str
) -> None:
    """Of one with fewer layers, of another width, with other heads: the message says what differs."""
    other = write_tiny_model(tmp_path / "other", **{"num_hidden_layers": 3, **shape})
    message = refused(LocalModel(name=str(model), adapter=str(write_adapter(other, tmp_path / "adapter"))))
    assert reason in message and str(model) in message


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"use_dora": True},
        {"target_modules": "all-linear"},
        {"modules_to_save": ["lm_head"]},
        {"target_modules": ["q_proj", "embed_tokens"]},
        {"layers_to_transform": [1]},
    ],
)
def test_adapters_of_every_kind_that_fit_are_merged(model: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    """The merged weights are PEFT's own."""
    adapter = write_adapter(model, tmp_path / "adapter", **settings)
    probe(LocalModel(name=str(model), adapter=str(adapter)))
    merged = load_model(model, adapter, torch.float32).state_dict()
    base = AutoModelForCausalLM.from_pretrained(model)
    expected = peft.PeftModel.from_pretrained(base, str(adapter)).merge_and_unload().state_dict()
    assert all(torch.equal(merged[name], tensor) for name, tensor in expected.items())


def test_an_adapter_that_cannot_be_merged_is_refused(model: Path, tmp_path: Path) -> None:
    """Prompt tuning learns no weights of the model."""
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    peft.get_peft_model(AutoModelForCausalLM.from_pretrained(model), config).save_pretrained(tmp_path / "adapter")
    with pytest.raises(ModelUnavailableError, match="cannot be merged"):
        check_adapter(model, tmp_path / "adapter")


def test_a_difference_names_the_first_names() -> None:
    """And how many more there are."""
    given = {name: (1,) for name in "abcd"}
    assert difference(given, {}) == "the model takes no tensor 'a', 'b' and 2 more"
    assert difference(given, given) == ""
