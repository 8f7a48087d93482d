"""Training on a device that is not the CPU: torch's `meta` stands in for a GPU, which computes shapes and no values.

Every operation of a step refuses tensors of two devices there too, so a tensor that was left on the CPU is found. What
a GPU computes is not tested.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("peft")

import torch

from bakeoff.tuning import fast_model
from bakeoff.tuning.fast_model import FastModel
from bakeoff.tuning.full_model import FullModel
from bakeoff.tuning.packing import encode, pack
from bakeoff.tuning.tuned_model import TunedModel
from tests.unit.tiny_model import example, write_tiny_model

EXAMPLES = [example(f"What is {i} and {i}?", f"It is {i + i}.") for i in range(3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model", sliding_window=None)


def tuned(folder: Path) -> FastModel:
    return TunedModel(folder, 4, 8, ("q_proj", "v_proj", "down_proj"), seed=0)


@pytest.mark.parametrize("made", [tuned, FullModel])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_step_stays_on_its_device(
    made: Callable[[Path], FastModel], dtype: torch.dtype, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loss, gradients, the optimizer's step and what follows it; the weights that are kept are a CPU's."""
    monkeypatch.setattr(fast_model, "compute_device", lambda: "meta")
    monkeypatch.setattr(fast_model, "has_bfloat16", lambda device: dtype == torch.bfloat16)
    monkeypatch.setattr(fast_model, "_difference", lambda one, other: 0.0)  # a comparison of values
    model = made(folder)
    assert model.dtype == dtype and {one.device.type for one in model.parameters.values()} == {"meta"}
    row = pack(encode(model.chat, EXAMPLES))
    assert row.layout.n_shared and row.tokens.device.type == "cpu"
    optimizer = torch.optim.AdamW(model.parameters.values(), lr=1e-3)
    for loss in (model.loss(row), -model.log_probabilities(row).sum()):
        assert loss.device.type == "meta" and loss.dtype == torch.float32
        loss.backward()
    gradients = [one.grad for one in model.parameters.values()]
    assert all(one is not None and one.device.type == "meta" and one.dtype == torch.float32 for one in gradients)
    optimizer.step()
    model.after_step()


def test_a_tensor_that_is_left_on_the_cpu_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in refuses what a GPU refuses."""
    monkeypatch.setattr(fast_model, "compute_device", lambda: "meta")
    monkeypatch.setattr(fast_model, "_difference", lambda one, other: 0.0)
    model = tuned(folder)
    monkeypatch.setattr("bakeoff.tuning.packing.Row.to", lambda row, device: row)
    with pytest.raises(RuntimeError, match="device"):
        model.loss(pack(encode(model.chat, EXAMPLES)))
