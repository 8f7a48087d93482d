"""A model's folder may hold code. It is never run, and nobody is asked whether it may be."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.architecture import takes_only_text, text_config
from bakeoff.models.tokenizer import load_tokenizer
from tests.unit.tiny_model import write_tiny_model

CODE = """
from pathlib import Path
from transformers import PreTrainedConfig, PreTrainedTokenizerFast

Path({ran!r}).touch()

class Own(PreTrainedConfig):
    model_type = "no_such"

class OwnTokenizer(PreTrainedTokenizerFast):
    pass
"""


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that the code of the model in `model` would write. Whoever is asked allows it."""
    path, folder = tmp_path / "ran", write_tiny_model(tmp_path / "model")
    (folder / "own.py").write_text(CODE.format(ran=str(path)))
    settings = {"model_type": "no_such", "auto_map": {"AutoConfig": "own.Own"}}
    (folder / "config.json").write_text(json.dumps(settings))
    tokenizer = {"tokenizer_class": "OwnTokenizer", "auto_map": {"AutoTokenizer": [None, "own.OwnTokenizer"]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))  # nothing is remembered of these files
    return path


@pytest.mark.parametrize("read", [text_config, takes_only_text, load_tokenizer])
def test_code_in_a_model_folder_is_not_run_whoever_allows_it(read, ran):
    with pytest.raises(ModelUnavailableError):
        read(ran.parent / "model")
    assert not ran.exists()
