"""Names to generators: which engine answers to which name, and what is refused with a remedy."""

import subprocess
import sys
from pathlib import Path

import pytest

import bakeoff.models.load
from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.models.engines.openai_http import OpenAiGenerator
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.models.load import load_generator
from bakeoff.models.prompts import DECLINE
from bakeoff.records import GenerationSettings, Message, Prompt
from tests.unit.tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))


def ask(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),))


def test_a_script_may_be_a_mapping() -> None:
    """A mapping's replies are given, and what it does not hold is declined."""
    one, other = ScriptedGenerator({"a": "b c d"}).generate([ask("a"), ask("z")], GenerationSettings(max_new_tokens=2))
    assert (one.text, other.text) == ("b c", " ".join(DECLINE.split(" ")[:2]))


def test_names_choose_engines() -> None:
    """'scripted', 'openai:URL#MODEL' and an import path each give their generator."""
    assert isinstance(load_generator("scripted"), ScriptedGenerator)
    remote = load_generator("openai:http://127.0.0.1:9/v1#some/model")
    assert isinstance(remote, OpenAiGenerator) and remote.name == "some/model"
    assert isinstance(load_generator("bakeoff.models.engines.scripted.ScriptedGenerator"), ScriptedGenerator)


def test_auto_takes_openvino_on_a_cpu(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU 'auto' is OpenVINO where it knows the architecture, else transformers; with one, transformers."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert type(load_generator(str(tiny))).__name__ == "OpenVinoGenerator"
    monkeypatch.setattr("bakeoff.models.engines.openvino_graph.unsupported", lambda folder: "a strange shape")
    assert type(load_generator(str(tiny))).__name__ == "TransformersGenerator"
    with pytest.raises(ConfigError, match="a strange shape"):
        load_generator(str(tiny), "openvino")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert not bakeoff.models.load._openvino_fits(tiny)


def test_an_unknown_engine_is_refused() -> None:
    """The message names the engines there are."""
    with pytest.raises(ConfigError, match="auto, openvino, transformers"):
        load_generator("scripted", "fastest")


@pytest.mark.parametrize("model", ["scripted", "openai:http://127.0.0.1:9/v1#m", "some.module.Thing"])
def test_an_adapter_needs_weights(model: str, tmp_path: Path) -> None:
    """What has no weights here takes no adapter, rather than leaving it out in silence."""
    with pytest.raises(ConfigError, match="cannot be merged"):
        load_generator(model, adapter=tmp_path)


def test_an_import_path_that_leads_nowhere_is_an_error() -> None:
    """A module or a name that is not there is a ConfigError with the path."""
    for path in ("no_such_module_here.Thing", "bakeoff.models.engines.scripted.NoSuchThing"):
        with pytest.raises(ConfigError, match=path):
            load_generator(path)


def test_a_missing_extra_is_one_line(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torch a local model is a MissingExtraError with the pip command."""
    found = bakeoff.models.load.importlib.util.find_spec
    monkeypatch.setattr(
        bakeoff.models.load.importlib.util, "find_spec", lambda name: None if name == "torch" else found(name)
    )
    with pytest.raises(MissingExtraError, match=r"'torch'.*\n.*bakeoff\[local\]"):
        load_generator(str(tiny))


def test_importing_the_package_loads_no_engine() -> None:
    """`import bakeoff.models.load` leaves torch, transformers and openvino alone."""
    code = "import sys, bakeoff.models.load, bakeoff.models.weights; "
    code += "print({'torch', 'transformers', 'openvino'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
