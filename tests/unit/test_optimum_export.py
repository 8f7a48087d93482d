"""Graphs by the exporter of optimum-intel, with a command in its place: what it is asked, kept and refused.

`test_shapes.py` runs the exporter itself where it is installed.
"""

import sys
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import BakeoffError, ConfigError
from bakeoff.models.engines import openvino_cache, optimum_export
from bakeoff.models.engines.openvino_cache import NoGraphError, graph_folder
from bakeoff.models.load import load_generator
from bakeoff.models.settings import LocalModel
from tests.unit.shapes import write_shape

WRITES = """
import pathlib, shutil, sys
model, target = pathlib.Path(sys.argv[sys.argv.index("--model") + 1]), pathlib.Path(sys.argv[-1])
with open(LOG, "a") as log:
    log.write(" ".join(sys.argv[1:]) + chr(10))
assert (model / "config.json").exists() and (model / "tokenizer.json").exists()
target.mkdir()
(target / "openvino_model.xml").write_text("a graph")
(target / "config.json").write_text("{}")
shutil.copy(model / "model.safetensors", target / "openvino_model.bin")
"""
FAILS = """
import sys
with open(LOG, "a") as log:
    log.write("asked" + chr(10))
sys.exit("Traceback" + chr(10) + "ValueError: Maximum required is 5.0." + chr(10))
"""


@pytest.fixture(scope="module")
def phi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shape("phi3", tmp_path_factory.mktemp("shape") / "model")


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(openvino_cache, "_refused", {})
    monkeypatch.setattr("bakeoff.models.load.has_gpu", lambda: False)


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Puts a script in the place of the exporter. Gives the file that it notes its calls in."""

    def install(script: str) -> Path:
        log, file = tmp_path / "log", tmp_path / "exporter.py"
        file.write_text(f"LOG = {str(log)!r}\n{script}")
        monkeypatch.setattr(optimum_export, "COMMAND", (sys.executable, str(file)))
        monkeypatch.setattr(optimum_export, "installed_version", lambda: "2.2.0")
        return log

    return install


def test_a_model_without_an_own_graph_is_exported_once(phi: Path, exporter: Any) -> None:
    """With int8 weights, straight from its folder. Only the graph's two files and their sums are kept."""
    log = exporter(WRITES)
    first = graph_folder(phi, None)
    assert graph_folder(phi, None) == first
    (call,) = log.read_text().splitlines()
    assert f"--model {phi}" in call and "--weight-format int8" in call and "text-generation-with-past" in call
    assert {file.name for file in first.iterdir()} == {"openvino_model.xml", "openvino_model.bin", "sums.json"}


def test_another_version_of_the_exporter_writes_another_graph(
    phi: Path, exporter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an older one wrote is not used."""
    exporter(WRITES)
    first = graph_folder(phi, None)
    monkeypatch.setattr(optimum_export, "installed_version", lambda: "2.3.0")
    assert graph_folder(phi, None) != first


def test_an_adapter_is_merged_before_the_export(phi: Path, exporter: Any, tmp_path: Path) -> None:
    """The exporter gets a whole model with other weights, which is not kept. The graph has a name of its own."""
    import torch
    from peft import LoraConfig, get_peft_model
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    lora = LoraConfig(r=2, target_modules=["qkv_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(phi), lora).save_pretrained(tmp_path / "adapter")
    exporter(WRITES)
    plain, tuned = graph_folder(phi, None), graph_folder(phi, tmp_path / "adapter")
    assert tuned.parent.name == "openvino-tuned" and len(list(tuned.iterdir())) == 3
    before, after = (load_file(folder / "openvino_model.bin") for folder in (plain, tuned))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if "qkv_proj" in name} and before.keys() == after.keys()


def test_where_the_exporter_fails_auto_takes_transformers_and_says_why(phi: Path, exporter: Any) -> None:
    """The exporter is asked once in a process. Nothing half written stays. `engine: openvino` is an error."""
    log = exporter(FAILS)
    for _ in range(2):
        generator: Any = load_generator(str(phi))
        assert type(generator).__name__ == "TransformersGenerator"
        assert "Maximum required is 5.0" in generator.note and "slower" in generator.note
    with pytest.raises(NoGraphError, match=r"Maximum required is 5\.0"):
        load_generator(LocalModel(name=str(phi), engine="openvino"))
    assert log.read_text() == "asked\n"
    assert list((openvino_cache.cache_folder() / "openvino").iterdir()) == []


def test_an_exporter_that_hangs_is_stopped(phi: Path, exporter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter("import time\ntime.sleep(600)")
    monkeypatch.setattr(optimum_export, "LONGEST_S", 0.5)
    with pytest.raises(NoGraphError, match="did not end within"):
        load_generator(LocalModel(name=str(phi), engine="openvino"))


def test_without_the_exporter_the_note_names_it(phi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` takes transformers and says what is missing; `engine: openvino` is an error with the same reason."""
    monkeypatch.setattr(optimum_export, "installed_version", lambda: None)
    generator: Any = load_generator(str(phi))
    assert "'phi3'" in generator.note and "optimum-intel is not installed" in generator.note
    with pytest.raises(ConfigError, match="optimum-intel is not installed"):
        load_generator(LocalModel(name=str(phi), engine="openvino"))
    assert load_generator(LocalModel(name=str(phi), engine="transformers")).note == ""  # type: ignore[attr-defined]


def test_a_full_disk_is_not_taken_for_a_model_that_cannot_be_exported(phi: Path, exporter: Any) -> None:
    """It is an error with its remedy, instead of a slower engine."""
    exporter("import sys\nsys.exit('OSError: No space left on device')")
    with pytest.raises(BakeoffError, match="not enough room"):
        load_generator(str(phi))
