"""A model's folder may hold code. It is never run, and nobody is asked whether it may be."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.adapter_check import check_adapter
from bakeoff.models.architecture import takes_only_text, text_config
from bakeoff.models.tokenizer import load_tokenizer
from bakeoff.models.weights import quiet_libraries
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


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 2, "prompt_tuning_init": "TEXT"}, "cannot be merged"),
        ({"peft_type": "MULTITASK_PROMPT_TUNING", "num_virtual_tokens": 2, "num_tasks": 1}, "cannot be merged"),
        ({"peft_type": "XLORA", "adapters": {"0": "elsewhere"}}, "cannot be merged"),
        ({"peft_type": ["LORA"]}, "cannot be merged"),
        ({"peft_type": "LORA", "megatron_config": {"a": 1}, "megatron_core": "antigravity"}, "megatron_config"),
        ({"peft_type": "LORA", "arrow_config": {"a": 1}}, "arrow_config"),
        ({"peft_type": "LORA", "corda_config": {"cache_file": "x"}}, "corda_config"),
        ({}, "cannot be read"),
    ],
)
def test_an_adapter_that_names_more_than_weights_is_refused_unread(settings, said, ran, monkeypatch):
    """PEFT does what the settings say: it loads a tokenizer, a pickle, a module or other adapters. It is not asked."""
    peft, torch = pytest.importorskip("peft"), pytest.importorskip("torch")
    from safetensors.torch import save_file

    from bakeoff.models.engines.transformers import load_model

    adapter = ran.parent / "model"
    base = write_tiny_model(ran.parent / "base")
    (adapter / "config.json").write_text('{"model_type": "llama"}')
    more = {
        "task_type": "CAUSAL_LM",
        "tokenizer_name_or_path": str(adapter),
        "prompt_tuning_init_text": "x",
        "prompt_tuning_init_state_dict_path": str(adapter / "state.bin"),
    }
    (adapter / "adapter_config.json").write_text(json.dumps({**more, **settings}))
    save_file({"x": torch.zeros(2)}, adapter / "adapter_model.safetensors")
    for module, name in ((peft, "get_peft_model"), (peft.PeftConfig, "from_pretrained"), (torch, "load")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("it was given to a library"))
    for use in (check_adapter, lambda *given: load_model(*given, torch.float32)):
        with pytest.raises(ModelUnavailableError, match=said):
            use(base, adapter)
    assert not ran.exists()


def test_nobody_is_asked_whether_code_may_run(ran):
    """Where a library forgets to forbid it."""
    transformers = pytest.importorskip("transformers")
    with quiet_libraries(), pytest.raises(ValueError, match="execute custom code"):
        transformers.AutoTokenizer.from_pretrained(ran.parent / "model")
    assert not ran.exists()
