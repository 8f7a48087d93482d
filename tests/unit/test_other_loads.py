"""What else a model's folder would make a library load: weights of other folders, and code from a hub."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.checksums import model_sha256
from bakeoff.models.other_loads import BUILT_IN, refuse_kernels, refuse_other_loads
from bakeoff.models.weights import resolve_model

INDEX = "model.safetensors.index.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    made.mkdir()
    (made / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (made / "a.safetensors").write_bytes(b"weights")
    return made


def name_shards(folder: Path, *names: object) -> None:
    (folder / INDEX).write_text(json.dumps({"weight_map": {f"t{i}": name for i, name in enumerate(names)}}))


@pytest.mark.parametrize(
    "name", ["../out/x.safetensors", "/x.safetensors", "checkpoint-1/x.safetensors", ".x/x.safetensors", "..", "b.bin",
             "c:x.safetensors", "part\\x.safetensors", ".x.safetensors", 7, "", "x.safetensors\0"],
)  # fmt: skip
def test_weights_that_lie_elsewhere_are_refused_by_name(folder, tmp_path, name):
    """Also where they are there, beside weights of the folder itself."""
    for place in ("../out", "checkpoint-1", ".x"):
        (folder / place).mkdir(exist_ok=True)
        (folder / place / "x.safetensors").write_bytes(b"others")
    name_shards(folder, "a.safetensors", name)
    for look in (lambda: refuse_other_loads(folder), lambda: resolve_model(str(folder))):
        with pytest.raises(ModelUnavailableError, match="own folder") as refused:
            look()
        assert INDEX in str(refused.value) and repr(str(name)) in str(refused.value)
    name_shards(folder)
    (folder / "config.json").write_text(json.dumps({"transformers_weights": name}))
    with pytest.raises(ModelUnavailableError, match="transformers_weights"):
        refuse_other_loads(folder)


def test_the_sums_cover_every_shard_that_may_be_loaded(folder):
    for name in ("model-1.safetensors", "model 2.safetensors"):
        (folder / name).write_bytes(b"one")
        name_shards(folder, "a.safetensors", name)
        refuse_other_loads(folder)
        before = model_sha256(folder)
        (folder / name).write_bytes(b"other weights")
        assert model_sha256(folder) != before


@pytest.mark.parametrize(
    "key", ["attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation",
            "_attn_implementation_internal", "new_implementation"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "sentence_bert_config.json"])
def test_code_from_a_hub_is_refused_by_name(folder, key, name):
    values = ["evil/x", "kernels-community/flash-attn2", "paged|evil/x", "evil/x@main:f", "sonicmoe", "deepgemm", 3,
              {"": "eager", "text_config": "evil/x"}, ["evil/x"], ""]  # fmt: skip
    for value in values:
        for settings in ({key: value}, {"text_config": {key: value}}, {"parts": [{key: value}]}):
            (folder / name).write_text(json.dumps({"model_type": "llama", **settings}))
            with pytest.raises(ModelUnavailableError, match="fetched from a hub") as refused:
                resolve_model(str(folder))
            assert key in str(refused.value) and name in str(refused.value)


@pytest.mark.parametrize("name", ["../out/tokenizer.4.0.0.json", "/out/tokenizer.4.0.0.json", "b\\t.json", "t.bin", 5])
def test_a_tokenizer_that_lies_elsewhere_is_refused_by_name(folder, name):
    """transformers takes the one of its own version, and the sums cover those of the folder."""
    for value in (["tokenizer.json", name], name):
        (folder / "tokenizer_config.json").write_text(json.dumps({"fast_tokenizer_files": value}))
        with pytest.raises(ModelUnavailableError, match="fast_tokenizer_files") as refused:
            resolve_model(str(folder))
        assert repr(str(name)) in str(refused.value)
    named = ["tokenizer.json", "tokenizer.4.0.0.json"]
    (folder / "tokenizer_config.json").write_text(json.dumps({"fast_tokenizer_files": named}))
    refuse_other_loads(folder)


@pytest.mark.parametrize("path", ["../out", "/out", "1_Pooling/../../out", "c:out", "..\\out"])
def test_a_layer_of_a_sentence_model_that_lies_elsewhere_is_refused(folder, path):
    (folder / "modules.json").write_text(
        json.dumps([{"type": "x.Transformer", "path": ""}, {"type": "x.Dense", "path": path}])
    )
    with pytest.raises(ModelUnavailableError, match=r"modules\.json names a part"):
        refuse_other_loads(folder)
    (folder / "modules.json").write_text(
        json.dumps([{"type": "x.Pooling", "path": "1_Pooling"}, {"type": "x.Normalize"}])
    )
    refuse_other_loads(folder)


def test_built_in_code_is_not_refused(folder):
    for value in (*BUILT_IN, "paged|sdpa", None, True, {"": "eager", "vision": "sdpa"}):
        (folder / "config.json").write_text(json.dumps({"attn_implementation": value, "name": "org/name"}))
        refuse_other_loads(folder)


def test_the_code_that_is_called_built_in_is_in_transformers_and_needs_no_hub():
    utils = pytest.importorskip("transformers.modeling_utils")
    moe = pytest.importorskip("transformers.integrations.moe")
    known = {"eager", *utils.ALL_ATTENTION_FUNCTIONS.keys(), *moe.ALL_EXPERTS_FUNCTIONS.keys()}
    assert set(BUILT_IN) <= known


def test_an_adapter_cannot_name_code_either(tmp_path):
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "attn_implementation": "evil/x"}))
    with pytest.raises(ModelUnavailableError, match="evil/x"):
        refuse_kernels(tmp_path)


@pytest.mark.slow
def test_nothing_is_asked_of_a_hub_when_a_model_is_loaded(tmp_path, monkeypatch):
    """Each kind of loading of a model's folder refuses it before transformers reads the settings."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from bakeoff.models.engines.pair_scorers import scoring_model
    from bakeoff.models.engines.transformers import load_base
    from bakeoff.models.spans.network import untrained
    from tests.unit.tiny_model import write_tiny_model

    folder = write_tiny_model(tmp_path / "m")
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "attn_implementation": "evil/x"}))
    for load in (lambda: load_base(folder, torch.float32), lambda: scoring_model(folder), lambda: untrained(folder, 1)):
        with pytest.raises(ModelUnavailableError, match="evil/x"):
            load()
