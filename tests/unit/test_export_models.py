"""Exported models: an adapter that PEFT opens and a merged folder give the logits of the model that was measured."""

import json
import struct
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import BakeoffError, ConfigError, RunFolderError
from bakeoff.exports.adapter import export_adapter
from bakeoff.exports.gguf import check_header, export_gguf, find_converter
from bakeoff.exports.merged import export_merged
from bakeoff.exports.origin import origin_of, run_root
from bakeoff.exports.weights import weights_of
from tests.end_to_end.small import make
from tests.unit.tiny_model import write_tiny_model

pytest.importorskip("peft")

FEW = {"epochs": 2, "examples": 12, "rank": 4}
ROPE = {"rope_parameters": {"rope_type": "default", "rope_theta": 50_000.0}}
SECRET = "sk-this-must-not-leave"
CONVERTER = """
import json, os, sys
from pathlib import Path
import gguf
folder, out = Path(sys.argv[1]), Path(sys.argv[sys.argv.index("--outfile") + 1])
assert sys.argv[sys.argv.index("--outtype") + 1] == "f16" and (folder / "model.safetensors").exists()
import numpy
writer = gguf.GGUFWriter(out, "llama")
rope_theta = json.loads((folder / "config.json").read_text()).get("rope_theta")  # as before transformers 5
if rope_theta is not None and "forgets" not in sys.argv[0]:
    writer.add_rope_freq_base(rope_theta)
writer.add_string("test.environment", " ".join(f"{name}={value}" for name, value in os.environ.items()))
writer.add_tensor("token_embd.weight", numpy.zeros((4, 4), dtype=numpy.float32))
writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.write_tensors_to_file(); writer.close()
"""


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    """A run of a tiny model: as it is, tuned, and with retrieval."""
    from bakeoff.pilot.run import run

    folder = tmp_path_factory.mktemp("pilot")
    models = {
        "generator": {"name": str(write_tiny_model(folder / "tiny", **ROPE)), "engine": "transformers"},
        "embedder": "hash",
        "server": "tests.end_to_end.small.reader",
    }
    contenders = ["base", "tuned", "extract", {"like": "base", "name": "far", "model": "server"}]
    config = make(folder, models=models, contenders=contenders, generation={"max_new_tokens": 2}, tuning=FEW)
    return run(config, runs=folder / "runs")


@pytest.fixture
def origin(pilot):
    return origin_of(str(pilot.folder.root), Path("none"), Path("none"))


def logits(model):
    """What a model computes for a fixed text."""
    import torch

    with torch.no_grad():
        return model.eval()(input_ids=torch.arange(2, 60)[None]).logits.float()


def measured(origin, contender: str):
    """The logits of the model as Bakeoff itself loads it."""
    import torch

    from bakeoff.models.engines.transformers import load_model

    weights = weights_of(origin, contender)
    return logits(load_model(weights.base, weights.adapter, torch.float32))


def opened(folder: Path):
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def test_an_exported_adapter_opens_with_peft_on_its_base(origin, tmp_path):
    """By nothing but what its files say, and it computes what was measured, which is not what the base computes."""
    from peft import AutoPeftModelForCausalLM

    contender, _ = export_adapter(origin, tmp_path / "adapter", "tuned")
    assert contender == "tuned" and {path.name for path in (tmp_path / "adapter").iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "bakeoff.json",
    }
    found = logits(AutoPeftModelForCausalLM.from_pretrained(tmp_path / "adapter"))
    assert (found - measured(origin, "tuned")).abs().max() < 1e-4
    assert (found - measured(origin, "base")).abs().max() > 1e-2


def test_an_exported_adapter_has_what_vllm_requires(origin, tmp_path):
    """LoRA of one rank without bias, DoRA and saved modules, with names that end in lora_A.weight or lora_B.weight."""
    from safetensors import safe_open

    export_adapter(origin, tmp_path / "adapter", "tuned", base="org/model")
    config = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert (config["peft_type"], config["r"], config["lora_alpha"]) == ("LORA", 4, 32)
    assert (config["bias"], config["use_dora"], config["modules_to_save"]) == ("none", False, None)
    assert not config["rank_pattern"] and config["base_model_name_or_path"] == "org/model"
    with safe_open(tmp_path / "adapter" / "adapter_model.safetensors", framework="pt") as file:
        names = list(file.keys())
    assert names and all(name.startswith("base_model.model.model.layers.") for name in names)
    assert all(name.endswith((".lora_A.weight", ".lora_B.weight")) for name in names)
    assert {name.split(".")[-3] for name in names} == set(config["target_modules"])


def test_an_exported_adapter_comes_back_as_the_adapter_of_a_model(origin, tmp_path):
    """`models: {name, adapter}` takes it, as one that PEFT saved elsewhere."""
    from bakeoff.models.load import load_generator
    from bakeoff.models.settings import LocalModel

    export_adapter(origin, tmp_path / "adapter", "tuned")
    base = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())["base_model_name_or_path"]
    settings = LocalModel(name=base, adapter=str(tmp_path / "adapter"), engine="transformers")
    assert (logits(load_generator(settings)._model) - measured(origin, "tuned")).abs().max() < 1e-4


@pytest.mark.parametrize("contender", ["tuned", "base"])
def test_a_merged_folder_opens_with_transformers(origin, tmp_path, contender):
    """With tokenizer, chat template and the tokens that end an answer; it is a model that Bakeoff takes, too."""
    from transformers import AutoTokenizer, GenerationConfig

    from bakeoff.models.chat import Chat
    from bakeoff.models.weights import resolve_model

    export_merged(origin, tmp_path / "model", contender)
    assert (logits(opened(tmp_path / "model")) - measured(origin, contender)).abs().max() < 1e-4
    base = weights_of(origin, contender).base
    turns = [{"role": "user", "content": "Hello?"}]
    shown = [
        AutoTokenizer.from_pretrained(folder).apply_chat_template(turns, tokenize=False)
        for folder in (tmp_path / "model", base)
    ]
    assert shown[0] == shown[1]
    ends = GenerationConfig.from_pretrained(tmp_path / "model").eos_token_id
    assert set(ends if isinstance(ends, list) else [ends]) == Chat(base).end_ids
    assert resolve_model(str(tmp_path / "model")) == tmp_path / "model"


def test_half_precision_takes_half_the_room(origin, tmp_path):
    """And is near what was measured."""
    export_merged(origin, tmp_path / "full", "tuned")
    export_merged(origin, tmp_path / "half", "tuned", "bfloat16")
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("full", "half")]
    assert 0.45 < sizes[1] / sizes[0] < 0.6
    assert (logits(opened(tmp_path / "half")) - measured(origin, "tuned")).abs().mean() < 0.1


def test_what_is_exported_says_how_to_ask_it_and_nothing_of_this_machine(origin, pilot, tmp_path):
    """The prompt it was trained with; no path of the folder that it came from."""
    export_merged(origin, tmp_path / "model", "tuned")
    card = json.loads((tmp_path / "model" / "bakeoff.json").read_text())
    spec = origin.world.built("tuned").spec
    assert card["prompt"] == spec.prompts.closed_book.model_dump() and card["max_new_tokens"] == 2
    assert set(card["sha256"]) == {"weights", "adapter"}
    others = [path for path in (tmp_path / "model").iterdir() if path.name != "bakeoff.json"]
    assert not [path for path in others if str(pilot.folder.root.parent.parent).encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("form", "contender", "told", "remedy"),
    [
        (export_adapter, "base", "has no adapter", "tuned"),
        (export_merged, "extract", "asks no model", "base and tuned"),
        (export_merged, "far", "has no weights here", "base and tuned"),
        (export_merged, "tund", "did you mean 'tuned'", "base, tuned"),
    ],
)
def test_what_has_no_weights_is_refused_with_what_has(origin, tmp_path, form, contender, told, remedy):
    """Before anything is written."""
    with pytest.raises(ConfigError, match=told) as caught:
        form(origin, tmp_path / "out", contender)
    assert remedy in caught.value.remedy and not list(tmp_path.iterdir())


def test_weights_that_were_not_measured_are_refused(pilot, tmp_path):
    """A run's adapter that was changed since."""
    import shutil

    copy = tmp_path / "run"
    shutil.copytree(pilot.folder.root, copy)
    (path,) = copy.glob("adapters/tuned-*/adapter_config.json")
    path.write_text(path.read_text().replace('"lora_alpha": 32', '"lora_alpha": 64'))
    with pytest.raises(RunFolderError, match=r"no longer what was measured\. Changed since: adapter"):
        export_adapter(origin_of(str(copy), Path("none"), Path("none")), tmp_path / "out", "tuned")


def test_an_existing_path_is_kept(origin, tmp_path):
    """For every form of a model."""
    (tmp_path / "out").mkdir()
    for form in (export_adapter, export_merged):
        with pytest.raises(ConfigError, match="overwrites nothing"):
            form(origin, tmp_path / "out", "tuned")
    assert not list((tmp_path / "out").iterdir())


def test_a_deployment_exports_the_release_that_it_serves(pilot, tmp_path):
    """By its folder, or by its name if no run has it."""
    from bakeoff.serve.deployment import deploy

    deploy(pilot, tmp_path / "deployments" / "desk", ["tuned"])
    for name in (str(tmp_path / "deployments" / "desk"), "desk"):
        served = origin_of(name, tmp_path / "runs", tmp_path / "deployments")
        assert (served.default, served.contenders) == ("tuned", ("tuned",))
    export_adapter(served, tmp_path / "adapter")
    (mine,) = pilot.folder.root.glob("adapters/tuned-*/adapter_model.safetensors")
    assert (tmp_path / "adapter" / "adapter_model.safetensors").read_bytes() == mine.read_bytes()
    with pytest.raises(RunFolderError, match="There is no run 'none'"):
        origin_of("none", tmp_path / "runs", tmp_path / "deployments")
    with pytest.raises(RunFolderError, match="is a deployment, and this form exports a run") as caught:
        run_root(str(tmp_path / "deployments" / "desk"), tmp_path / "runs", tmp_path / "deployments")
    assert str(pilot.folder.root) in caught.value.remedy


def test_the_converter_makes_a_gguf_of_the_merged_model(origin, tmp_path, monkeypatch):
    """It gets a folder with weights, and of the environment nothing that could be secret; nothing else is left."""
    from gguf import GGUFReader

    (tmp_path / "llama.cpp").mkdir()
    (tmp_path / "llama.cpp" / "convert_hf_to_gguf.py").write_text(CONVERTER)
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path / "llama.cpp"))
    monkeypatch.setenv("SOME_KEY", SECRET)
    assert export_gguf(origin, tmp_path / "out.gguf", "tuned") == "tuned"
    reader = GGUFReader(tmp_path / "out.gguf")
    assert reader.get_field("general.architecture").contents() == "llama" and len(reader.tensors) == 1
    seen = reader.get_field("test.environment").contents()
    assert "PATH=" in seen and SECRET not in seen
    assert sorted(path.name for path in tmp_path.iterdir()) == ["llama.cpp", "out.gguf"]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("import sys; sys.exit('Model FooForCausalLM is not supported')", "FooForCausalLM is not supported"),
        ("pass", "is missing or empty"),
        ("import sys; open(sys.argv[sys.argv.index('--outfile') + 1], 'w').write('x' * 99)", "wrote no GGUF file"),
    ],
)
def test_a_converter_that_fails_leaves_nothing(origin, tmp_path, script, told):
    """What it said last is the message."""
    path = tmp_path / "convert_hf_to_gguf.py"
    path.write_text(script)
    with pytest.raises(BakeoffError, match=told):
        export_gguf(origin, tmp_path / "out.gguf", "tuned", converter=path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_converter_that_does_not_end_is_stopped(origin, tmp_path, monkeypatch):
    monkeypatch.setattr("bakeoff.exports.gguf.LONGEST_S", 0.2)
    path = tmp_path / "waits.py"
    path.write_text("import time; time.sleep(600)")
    with pytest.raises(BakeoffError, match="did not end within"):
        export_gguf(origin, tmp_path / "out.gguf", "tuned", converter=path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_converter_that_loses_the_rotary_base_is_found_out(origin, tmp_path):
    """Its file would load, and compute something else."""
    path = tmp_path / "forgets.py"
    path.write_text(CONVERTER)
    with pytest.raises(BakeoffError, match=r"another rotary base \(10,000\) than the model has \(50,000\)"):
        export_gguf(origin, tmp_path / "out.gguf", "tuned", converter=path)
    assert list(tmp_path.iterdir()) == [path]


def test_older_tools_find_the_rotary_embedding_where_they_look(tmp_path):
    """Before transformers 5 its settings stood at the top of config.json; what stands there now is kept."""
    import torch

    from bakeoff.exports.merged import _add_older_keys

    scaled = {"rope_type": "linear", "factor": 4.0, "rope_theta": 50_000.0}
    folder = write_tiny_model(tmp_path / "tiny", rope_parameters=scaled)
    before = logits(opened(folder))
    _add_older_keys(folder / "config.json")
    config = json.loads((folder / "config.json").read_text())
    assert config["rope_theta"] == 50_000 and config["rope_scaling"] == {"rope_type": "linear", "factor": 4.0}
    assert config["rope_parameters"] == scaled
    assert torch.equal(logits(opened(folder)), before)
    del config["rope_parameters"]
    (folder / "config.json").write_text(json.dumps(config))
    assert torch.equal(logits(opened(folder)), before)


def test_a_program_that_runs_the_converter_is_run_as_it_is(origin, tmp_path):
    """Its own environment is its business; one that may not be run is an error."""
    (tmp_path / "script.py").write_text(CONVERTER)
    program = tmp_path / "convert"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path}/script.py" "$@"\n')
    with pytest.raises(ConfigError, match="cannot be run"):
        export_gguf(origin, tmp_path / "out.gguf", "tuned", converter=program)
    program.chmod(0o755)
    export_gguf(origin, tmp_path / "out.gguf", "tuned", converter=program)
    check_header(tmp_path / "out.gguf")


def test_without_a_converter_one_line_says_what_to_do(tmp_path, monkeypatch):
    """Nothing is loaded before."""
    monkeypatch.delenv("LLAMA_CPP", raising=False)
    with pytest.raises(ConfigError, match="neither --converter nor LLAMA_CPP names it") as caught:
        find_converter(None)
    assert "--converter" in caught.value.remedy
    with pytest.raises(ConfigError, match="is not at"):
        find_converter(tmp_path)


def test_a_header_without_tensors_is_no_model(tmp_path):
    """Versions 2 and 3 with tensors are."""
    path = tmp_path / "x.gguf"
    path.write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, 1, 0))
    check_header(path)
    for bad in (struct.pack("<4sIQQ", b"GGUF", 3, 0, 0), struct.pack("<4sIQQ", b"GGUF", 1, 1, 0), b"GGUF"):
        path.write_bytes(bad)
        with pytest.raises(BakeoffError, match="no GGUF file"):
            check_header(path)


def test_a_disk_that_fills_while_merging_leaves_nothing(origin, tmp_path):
    """And the error says what would help."""
    from tests.unit.file_limit import files_of_at_most

    with files_of_at_most(20_000), pytest.raises(BakeoffError, match="not enough room"):
        export_merged(origin, tmp_path / "model", "tuned")
    assert not list(tmp_path.iterdir())


def test_an_option_of_another_form_is_refused(tmp_path):
    """So that none is silently ignored."""
    arguments = ["export", "x", "--to", "chat", "--out", str(tmp_path / "o"), "--precision", "float16"]
    with pytest.raises(ConfigError, match="--precision does not belong to --to chat"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


@pytest.mark.parametrize(("name", "expected"), [("org/model", "org/model"), ("bakeoff-reader", "FOLDER")])
def test_the_base_is_named_so_that_it_can_be_found(tmp_path, name, expected):
    """A model of the hub by its name; one that Bakeoff made by its folder."""
    from bakeoff.exports.weights import Weights

    if expected == "FOLDER":
        (tmp_path / "origin.json").write_text("{}")
    weights = Weights("run", SimpleNamespace(), name, tmp_path, None)
    assert weights.base_name == (str(tmp_path) if expected == "FOLDER" else expected)
