"""Settings to generators: which engine is used, and what is refused with a remedy."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bakeoff.models.load
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.models.embed import load_embedder
from bakeoff.models.engines.ollama import OllamaGenerator
from bakeoff.models.engines.openai import OpenAiGenerator
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.models.load import has_no_weights, load_generator
from bakeoff.models.probe import probe
from bakeoff.models.prompts import DECLINE
from bakeoff.models.rerank import reranker_for
from bakeoff.models.settings import ApiModel, LocalModel
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
    """A mapping's replies are given. Other messages are declined."""
    one, other = ScriptedGenerator({"a": "b c d"}).generate([ask("a"), ask("z")], GenerationSettings(max_new_tokens=2))
    assert (one.text, other.text) == ("b c", " ".join(DECLINE.split(" ")[:2]))


REMOTE = {"base_url": "http://127.0.0.1:9/v1", "model": "some/model"}


def test_settings_choose_engines() -> None:
    """'scripted', an import path, and a server by its protocol each give their generator. Loading sends no request."""
    assert isinstance(load_generator("scripted"), ScriptedGenerator)
    assert isinstance(load_generator("bakeoff.models.engines.scripted.ScriptedGenerator"), ScriptedGenerator)
    openai = load_generator(ApiModel(api="openai", context_tokens=5000, **REMOTE))
    assert isinstance(openai, OpenAiGenerator) and (openai.name, openai.context_tokens) == ("some/model", 5000)
    assert isinstance(load_generator(ApiModel(api="ollama", **REMOTE)), OllamaGenerator)


def test_the_old_way_to_name_a_server_is_refused_with_the_new_one() -> None:
    """'openai:URL#MODEL' is a ConfigError that shows what to write."""
    with pytest.raises(ConfigError, match="api: openai, base_url"):
        load_generator("openai:http://127.0.0.1:9/v1#m")


def test_what_has_weights() -> None:
    """A server, a script and an import path have no weights here; a name and a folder have."""
    without = [ApiModel(api="openai", **REMOTE), LocalModel(name="scripted"), "scripted", "some.module.Thing"]
    assert [has_no_weights(settings) for settings in without] == [True] * 4
    assert not has_no_weights("org/model") and not has_no_weights(LocalModel(name="./folder.v2"))


def test_auto_takes_openvino_on_a_cpu(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU 'auto' is OpenVINO if it supports the architecture, else transformers. With a GPU, transformers."""
    monkeypatch.setattr(bakeoff.models.load, "has_gpu", lambda: False)
    assert type(load_generator(str(tiny))).__name__ == "OpenVinoGenerator"
    monkeypatch.setattr("bakeoff.models.engines.openvino_cache.unsupported", lambda folder: "a strange shape")
    monkeypatch.setattr("bakeoff.models.engines.optimum_export.installed_version", lambda: None)
    assert type(load_generator(str(tiny))).__name__ == "TransformersGenerator"
    with pytest.raises(ConfigError, match="a strange shape"):
        load_generator(LocalModel(name=str(tiny), engine="openvino"))
    monkeypatch.setattr(bakeoff.models.load, "has_gpu", lambda: True)
    assert not bakeoff.models.load._openvino_is_faster()


@pytest.mark.parametrize("model", ["scripted", ApiModel(api="openai", **REMOTE), "some.module.Thing"])
def test_an_adapter_needs_weights(model: str | ApiModel, tmp_path: Path) -> None:
    """An adapter for a model without weights here is an error, instead of being silently ignored."""
    with pytest.raises(ConfigError, match="cannot be merged"):
        load_generator(model, adapter=tmp_path)


def test_two_adapters_are_refused(tiny: Path, tmp_path: Path) -> None:
    """A tuned adapter for a model with its own adapter is a ConfigError that names both."""
    with pytest.raises(ConfigError, match=r"first.*second.*cannot"):
        load_generator(LocalModel(name=str(tiny), adapter="/no/first"), adapter=Path("/no/second"))


@pytest.mark.parametrize("engine", ["transformers", "openvino"])
def test_a_models_own_adapter_is_merged(tiny: Path, tmp_path: Path, engine: Any) -> None:
    """`adapter` in the settings does what an adapter given to the loader does, and changes the answers."""
    adapter = write_adapter(tiny, tmp_path / "adapter")
    settings = GenerationSettings(max_new_tokens=12)
    prompts = [ask("2+2?"), ask("Name three colours.")]

    def texts(**more: Any) -> list[str]:
        generator = load_generator(LocalModel(name=str(tiny), engine=engine, **more.pop("own", {})), **more)
        return [completion.text for completion in generator.generate(prompts, settings)]

    merged = texts(own={"adapter": str(adapter)})
    assert merged == texts(adapter=adapter) != texts()


def write_adapter(model: Path, folder: Path) -> Path:
    """A random adapter that PEFT saved."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    lora = LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(model), lora).save_pretrained(folder)
    return folder


def test_an_import_path_that_leads_nowhere_is_an_error() -> None:
    """A missing module or name is a ConfigError with the path."""
    for path in ("no_such_module_here.Thing", "bakeoff.models.engines.scripted.NoSuchThing"):
        with pytest.raises(ConfigError, match=path):
            load_generator(path)


def test_an_import_path_whose_module_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a team's own module raises, it is a ConfigError with the path and the reason."""
    (tmp_path / "own_failing_generator.py").write_text("raise RuntimeError('no licence')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for asked in (load_generator, probe):
        with pytest.raises(ConfigError, match=r"own_failing_generator\.Mine.*RuntimeError: no licence"):
            asked("own_failing_generator.Mine")


def test_a_generator_beside_the_configuration_is_found_when_a_world_is_opened(tmp_path: Path) -> None:
    """Also where no run has looked for anything there in this process."""
    text = "from bakeoff.models.engines.scripted import ScriptedGenerator as Mine\n"
    (tmp_path / "own_generator_beside.py").write_text(text)
    models = {"generator": LocalModel(name="own_generator_beside.Mine")}
    assert WorldFolder(tmp_path / "world", models, tmp_path).generator("generator").name == "scripted"


def test_a_missing_extra_is_one_line(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torch a local model is a MissingExtraError with the pip command, also if its weights are not here."""
    found = bakeoff.models.load.importlib.util.find_spec
    monkeypatch.setattr(
        bakeoff.models.load.importlib.util, "find_spec", lambda name: None if name == "torch" else found(name)
    )
    with pytest.raises(MissingExtraError, match=r"'torch'.*\n.*bakeoff\[local\]"):
        load_generator(str(tiny))
    absent = LocalModel(name=str(tiny / "absent"))
    for load in (load_generator, load_embedder, reranker_for):
        with pytest.raises(MissingExtraError, match=r"'torch'.*\n.*bakeoff\[local\]"):
            load(absent)


def test_importing_the_package_loads_no_engine() -> None:
    """`import bakeoff.models.load` does not import torch, transformers or openvino."""
    code = "import sys, bakeoff.models.load, bakeoff.models.weights; "
    code += "print({'torch', 'transformers', 'openvino'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
