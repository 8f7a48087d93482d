"""What transformers said of a model's files is asked once, and again when a file changes. Then torch is not needed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bakeoff.models.gpu
from bakeoff.models.architecture import text_config
from bakeoff.models.gpu import has_gpu
from bakeoff.models.tokenizer import load_tokenizer
from tests.unit.shapes import SHAPES, write_shape
from tests.unit.tiny_model import write_tiny_model

TEXTS = ["Hi", "  two  spaces\n\nand lines", "naïve façade 12345 ▁x", "<|im_end|> [INST] </s>"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))


def refuse(*arguments: Any, **more: Any) -> None:
    raise AssertionError("transformers was asked again")


@pytest.mark.parametrize("name", SHAPES)
def test_a_remembered_model_is_the_one_that_transformers_gives(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same settings and a tokenizer of the same class with the same tokens, for every family."""
    import transformers

    folder = write_shape(name, tmp_path / "model")
    plain = transformers.AutoTokenizer.from_pretrained(folder)
    settings = transformers.AutoConfig.from_pretrained(folder).get_text_config(decoder=True).to_dict()
    settings.pop("_name_or_path", None)
    for _ in range(2):
        tokenizer = load_tokenizer(folder)
        assert type(tokenizer) is type(plain) and tokenizer.chat_template == plain.chat_template
        assert tokenizer(TEXTS)["input_ids"] == plain(TEXTS)["input_ids"]
        assert text_config(folder) == json.loads(json.dumps(settings))
        monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", refuse)
        monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", refuse)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    """A context that somebody shortened in config.json counts from the next opening on."""
    folder = write_tiny_model(tmp_path / "model")
    assert text_config(folder)["max_position_embeddings"] == 1024
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 96}))
    assert text_config(folder)["max_position_embeddings"] == 96


def test_a_model_that_was_opened_before_is_opened_on_openvino_without_torch(tmp_path: Path) -> None:
    """Importing torch takes longer than all else. Nor is the package loaded with which OpenVINO counts its users."""
    folder = write_tiny_model(tmp_path / "model")
    code = (
        "import sys, bakeoff.models.gpu as gpu; gpu.has_driver = lambda: False\n"
        f"from bakeoff.models.load import load_generator; generator = load_generator({str(folder)!r})\n"
        "print(type(generator).__name__, 'torch' in sys.modules, sys.modules.get('openvino_telemetry'))"
    )

    def opened() -> list[str]:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert opened() == ["OpenVinoGenerator", "True", "None"]
    assert opened() == ["OpenVinoGenerator", "False", "None"]


def test_torch_is_asked_about_a_gpu_only_where_a_driver_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver alone is no GPU: torch may be one for processors."""
    for driver, usable in ((False, True), (True, False), (True, True)):
        monkeypatch.setattr(bakeoff.models.gpu, "has_driver", lambda driver=driver: driver)
        monkeypatch.setattr("torch.cuda.is_available", lambda usable=usable: usable)
        has_gpu.cache_clear()
        assert has_gpu() is (driver and usable)
    has_gpu.cache_clear()
