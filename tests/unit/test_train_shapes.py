"""The fast training on each shape: it computes what PEFT computes and its adapter loads, or it is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.records import Message, Prompt
from bakeoff.tuning.lora import Example, TrainingSettings, train_adapter
from bakeoff.tuning.packing import encode, pack
from bakeoff.tuning.tunable import why_not_tunable
from tests.unit.shapes import SHAPES, write_shape
from tests.unit.tiny_model import arithmetic, write_tiny_model

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
transformers = pytest.importorskip("transformers")

TUNABLE = [name for name in SHAPES if name != "gemma2"]
SETTINGS = TrainingSettings(rank=4, alpha=8, max_epochs=1, examples_per_batch=4)


@pytest.fixture(autouse=True)
def _in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in float32, so that only mistakes make differences."""
    monkeypatch.setattr("bakeoff.tuning.fast_model.has_bfloat16", lambda device: False)


def tuned_model(folder: Path):
    from bakeoff.tuning.tuned_model import TunedModel

    return TunedModel(folder, 4, 8, SETTINGS.target_modules, 0)


def asked(question: str) -> Example:
    system = Message(role="system", content="Answer in as few words as you can, but never in none at all.")
    return Example(prompt=Prompt(messages=(system, Message(role="user", content=question))), completion="Yes.")


def assert_near(given, expected) -> None:
    """The length of the difference is a thousandth at most: rounding, which these random models make larger."""
    difference, size = (given - expected).detach().norm(), expected.detach().norm()
    assert float(difference) < 1e-3 * float(size)


@pytest.mark.parametrize("name", TUNABLE)
def test_logits_and_gradients_are_those_of_peft(name: str, folders: Callable[[str], Path]) -> None:
    """In one row, whose shared beginning and whose examples are longer than the window of the attention, if any."""
    fast = tuned_model(folders(name))
    draw = torch.Generator().manual_seed(1)
    values = {key: 0.1 * torch.randn(one.shape, generator=draw) for key, one in fast.parameters.items()}
    fast.load(values)
    questions = ["2+2?", "And then?", "Is this longer than any window? " * 3]
    encoded = encode(fast.chat, [asked(question) for question in questions])
    row = pack(encoded)
    plain = peft.get_peft_model(transformers.AutoModelForCausalLM.from_pretrained(folders(name)), fast.config)
    peft.set_peft_model_state_dict(plain, values)

    logits, losses = [], []
    for one in encoded:
        alone = plain(input_ids=torch.tensor([one.tokens])).logits[0, one.n_prompt - 1 : -1]
        wanted = torch.tensor(one.tokens[one.n_prompt :])
        losses.append(torch.nn.functional.cross_entropy(alone, wanted, reduction="sum"))
        logits.append(alone)
    assert row.layout.n_shared > 48
    assert_near(fast._logits(row)[0], torch.cat(logits))
    loss = fast.loss(row)
    assert_near(loss, sum(losses))

    loss.backward()
    sum(losses).backward()
    own = dict(plain.named_parameters())
    for key, parameter in fast.parameters.items():
        assert_near(parameter.grad, own[key.replace(".weight", ".default.weight")].grad)


@pytest.mark.parametrize("name", TUNABLE)
def test_an_adapter_of_one_step_is_loaded_again(name: str, folders: Callable[[str], Path], tmp_path: Path) -> None:
    """Every kind of module of the model has one, and merged into the weights it changes what the model computes."""
    from bakeoff.models.engines.transformers import load_model

    report = train_adapter(folders(name), arithmetic(4), [], SETTINGS, tmp_path)
    assert report.n_steps == 1
    trained = tuned_model(folders(name))
    trained.load_folder(tmp_path)
    modules = {key.split(".")[-3] for key in trained.parameters}
    fused = {"qkv_proj", "o_proj", "gate_up_proj", "down_proj"}
    assert modules == (fused if name == "phi3" else set(SETTINGS.target_modules))
    (one,) = encode(trained.chat, arithmetic(1))
    ids = torch.tensor([one.tokens])
    with torch.no_grad():
        merged = load_model(folders(name), tmp_path, torch.float32)(input_ids=ids).logits[0, one.n_prompt - 1 : -1]
        plain = load_model(folders(name), None, torch.float32)(input_ids=ids).logits[0, one.n_prompt - 1 : -1]
        assert_near(trained._logits(pack([one]))[0], merged)
    assert not torch.allclose(merged, plain, atol=1e-3)


@pytest.mark.parametrize("name", SHAPES)
def test_what_cannot_be_tuned_is_known_beforehand(name: str, folders: Callable[[str], Path]) -> None:
    """Gemma 2 caps its attention scores. All other shapes are fine."""
    assert ("caps the scores" in why_not_tunable(folders(name))) == (name == "gemma2")


def test_a_model_that_also_takes_images_is_not_tuned(folders: Callable[[str], Path], tmp_path: Path) -> None:
    """Its image part has modules of the same names."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma3", "text_config": {}, "vision_config": {}}))
    assert "more than text" in why_not_tunable(tmp_path)


def test_a_shape_that_the_fast_training_would_get_wrong_is_refused(tmp_path: Path) -> None:
    """A model with capped attention is refused with the name of its attention, before anything is trained."""
    with pytest.raises(ModelUnavailableError, match="Gemma2Attention"):
        tuned_model(write_shape("gemma2", tmp_path))


def test_a_model_that_mixes_the_examples_of_a_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its shape: where a row gives other logits than its examples alone, nothing is trained."""

    def mixing(module, query, key, value, attention_mask, layout, scaling, **more):
        attend = torch.nn.functional.scaled_dot_product_attention
        return attend(query, key, value, is_causal=True, scale=scaling, enable_gqa=True).transpose(1, 2), None

    monkeypatch.setattr("bakeoff.tuning.fast_model.packed_attention", mixing)
    with pytest.raises(ModelUnavailableError, match="computes something else"):
        tuned_model(write_tiny_model(tmp_path))
