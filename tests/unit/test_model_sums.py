"""Other weights under a run are noticed when it goes on or is asked; what is no file, or was never summed, is not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from safetensors.torch import load_file, save_file

from bakeoff.errors import RunFolderError
from bakeoff.models.checksums import file_sha256, model_sha256
from bakeoff.models.model_sums import sums_of
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.pilot.run import run
from bakeoff.runs.run import Run, open_run
from tests.end_to_end.small import make
from tests.unit.test_damaged_models import write_adapter
from tests.unit.tiny_model import write_tiny_model

QUESTION = "How long is Aldra's year?"


@pytest.fixture
def pilot(tmp_path: Path) -> Callable[..., Run]:
    """A pilot on a tiny model with an adapter; the first of its contenders asks the model, the second none."""
    model = write_tiny_model(tmp_path / "model", max_position_embeddings=4096)
    adapter = write_adapter(model, tmp_path / "adapter")
    settings = {"name": str(model), "engine": "transformers", "adapter": str(adapter)}
    config = make(
        tmp_path / "pilot",
        contenders=["base", "extract"],
        models={"generator": settings, "embedder": "hash"},
        generation={"max_new_tokens": 2},
    )
    return lambda **more: run(config, runs=tmp_path / "runs", **more)


def rewrite(file: Path) -> None:
    """The same tensors with other values, as after more training."""
    save_file({name: tensor * 2 for name, tensor in load_file(file).items()}, file, {"format": "pt"})


def stronger(file: Path) -> None:
    """The adapter counts twice as much."""
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, "lora_alpha": 2 * config["lora_alpha"]}))


def other_rope(file: Path) -> None:
    """Each answer is another one, by the same weights."""
    file.write_text(json.dumps({**json.loads(file.read_text()), "hidden_act": "relu"}))


def longer(file: Path) -> None:
    """One more space."""
    file.write_text(file.read_text() + " ")


@pytest.mark.parametrize(
    ("name", "change", "part"),
    [
        ("model/model.safetensors", rewrite, "weights"),
        ("adapter/adapter_model.safetensors", rewrite, "adapter"),
        ("adapter/adapter_config.json", stronger, "adapter"),
        ("model/config.json", other_rope, "settings, tokenizer or chat template"),
        ("model/tokenizer_config.json", longer, "settings, tokenizer or chat template"),
        ("model/chat_template.jinja", longer, "settings, tokenizer or chat template"),
    ],
)
def test_other_weights_under_a_run_are_refused(
    pilot: Callable[..., Run], tmp_path: Path, name: str, change: Callable[[Path], None], part: str
) -> None:
    """By --resume, ask, stream and open: the message names the model and its part, and says what to do. A contender
    that does not use the model still answers, and so does everyone when the files are restored."""
    finished = pilot()
    file, content = tmp_path / name, (tmp_path / name).read_bytes()
    change(file)
    message = rf"The {part} of the model 'generator' \(.*model\) are not those that .*planets was started with"
    with pytest.raises(RunFolderError, match=message) as resumed:
        pilot(resume=True)
    assert "leave out --resume" in resumed.value.remedy
    uses: tuple[Callable[[Run], Any], ...] = (
        lambda opened: opened.open("base"),
        lambda opened: opened.ask(QUESTION, "base"),
        lambda opened: list(opened.stream(QUESTION, "base")),
    )
    for use in uses:
        with pytest.raises(RunFolderError, match=message) as caught:
            use(open_run(finished.folder.root))
        assert "restore its files" in caught.value.remedy
    assert open_run(finished.folder.root).ask(QUESTION, "extract").error is None
    file.write_bytes(content)
    assert open_run(finished.folder.root).ask(QUESTION, "base").error is None
    assert pilot(resume=True).folder.root == finished.folder.root


def test_the_sums_stand_in_the_environment(pilot: Callable[..., Run], tmp_path: Path) -> None:
    """Of the weights and of the adapter with its settings; nothing of an embedder that has no weights."""
    environment = json.loads(pilot().folder.environment_path.read_text())
    assert environment["models"].keys() == {"generator"}
    assert environment["models"]["generator"]["weights"] == model_sha256(tmp_path / "model")
    assert environment["models"]["generator"].keys() == {"weights", "adapter", "files"}


def test_a_run_that_noted_no_sum_of_a_models_other_files_is_resumed(pilot: Callable[..., Run], tmp_path: Path) -> None:
    """As one of an older version."""
    folder = pilot().folder
    environment = json.loads(folder.environment_path.read_text())
    del environment["models"]["generator"]["files"]
    folder.environment_path.write_text(json.dumps(environment))
    longer(tmp_path / "model" / "chat_template.jinja")
    assert pilot(resume=True).folder.root == folder.root


def test_a_run_of_an_older_version_has_no_sums_and_works_as_before(pilot: Callable[..., Run], tmp_path: Path) -> None:
    """Nothing is compared where nothing was written; the folder is not changed."""
    folder = pilot().folder
    environment = json.loads(folder.environment_path.read_text())
    del environment["models"]
    folder.environment_path.write_text(json.dumps(environment))
    rewrite(tmp_path / "model" / "model.safetensors")
    assert open_run(folder.root).ask(QUESTION, "base").error is None
    assert "models" not in json.loads(pilot(resume=True).folder.environment_path.read_text())


def test_broken_sums_are_named(pilot: Callable[..., Run]) -> None:
    """As any other part of a run's files that was changed by hand."""
    folder = pilot().folder
    environment = json.loads(folder.environment_path.read_text())
    for broken in ([], {"generator": "abc"}):
        folder.environment_path.write_text(json.dumps({**environment, "models": broken}))
        with pytest.raises(RunFolderError, match="'models' holds no checksums"):
            open_run(folder.root).open("base")


def test_models_without_files_have_no_sums() -> None:
    """Those behind a server, and Python objects."""
    server = ApiModel(api="openai", base_url="http://localhost/v1", model="m")
    python = LocalModel(name="bakeoff.models.engines.scripted.ScriptedGenerator")
    for settings in (server, python, LocalModel(name="scripted"), LocalModel(name="hash")):
        assert sums_of(settings) == {}


def test_an_embedders_dense_layers_count(tmp_path: Path) -> None:
    """Their weights are in folders of their own."""
    from tests.unit.test_sentence_model import TANH, write_model

    folder = write_model(tmp_path / "model", {}, ((8, TANH, True),))
    before = sums_of(LocalModel(name=str(folder)))
    rewrite(folder / "2_Dense" / "model.safetensors")
    after = sums_of(LocalModel(name=str(folder)))
    assert before["weights"] == after["weights"] and before["pooling"] != after["pooling"]


def test_weights_made_in_the_cache_count_as_what_they_were_made_from(tmp_path: Path) -> None:
    """Merged again with other rounding they are the same model; changed by hand they are not."""
    from bakeoff.models.checksums import made_intact, weights_sha256

    def write(folder: Path) -> None:
        (folder / "model.safetensors").write_text(folder.name)
        (folder / "origin.json").write_text('{"gguf_sha256": "abc"}')

    first, second = (made_intact(tmp_path / "cache" / name, write) for name in ("a", "b"))
    assert weights_sha256(first) == weights_sha256(second)
    (second / "model.safetensors").write_text("changed")
    assert weights_sha256(second)["weights"] == file_sha256(second / "model.safetensors")
