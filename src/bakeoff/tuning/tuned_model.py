"""A local language model with LoRA adapters in training, and the adapter to and from a folder.

Takes a model's folder, gives a `TunedModel`. Knows nothing about epochs, optimizers and checkpoints. Importing it
imports torch, transformers and peft.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import peft
import torch
from safetensors.torch import save as to_safetensors

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.adapter_check import WEIGHTS, difference, read_tensors, shapes_of
from bakeoff.models.weights import quiet_libraries
from bakeoff.tuning.checkpoint import write_bytes
from bakeoff.tuning.fast_model import FastModel
from bakeoff.tuning.kernels import LoraLinear
from bakeoff.tuning.tunable import targets_in

ADAPTER = "default"


class TunedModel(FastModel):
    """A frozen model and its trainable adapter.

    `parameters` are the adapter's tensors by their names in a PEFT adapter file. Computation uses the frozen weights
    with the adapter merged in; `after_step` updates them after each change of the adapter.
    """

    def __init__(self, folder: Path, rank: int, alpha: int, target_modules: tuple[str, ...], seed: int) -> None:
        super().__init__(folder)
        self.config = peft.LoraConfig(
            task_type="CAUSAL_LM",
            r=rank,
            lora_alpha=alpha,
            lora_dropout=0.0,
            target_modules=targets_in((name for name, _ in self._base.named_modules()), target_modules),
        )
        self._name = folder.name
        self._model = _with_adapter(self._base, self.config, seed)
        self._merges: list[Any] = []
        self._rewire()
        names = peft.get_peft_model_state_dict(self._model)
        own = dict(self._model.named_parameters())
        self.parameters = {name: own[_in_model(name)] for name in sorted(names)}
        self.check()

    def _rewire(self) -> None:
        """Replaces plain operations by the fast ones, and converts all frozen weights to the computing type."""
        lora = [module for module in self._model.modules() if isinstance(module, peft.tuners.lora.Linear)]
        kept = {id(parameter) for module in lora for parameter in module.parameters()}
        for parameter in self._model.parameters():
            if id(parameter) not in kept:
                parameter.data = parameter.data.to(self.dtype)
        for module in lora:
            module.forward = self._lora_forward(module)  # type: ignore[method-assign]
        self.after_step()
        self._speed_up()

    def _lora_forward(self, module: Any) -> Any:
        frozen = module.base_layer
        a, b = module.lora_A[ADAPTER].weight, module.lora_B[ADAPTER].weight
        merged, scale = torch.empty_like(frozen.weight, dtype=self.dtype), module.scaling[ADAPTER]
        bias = None if frozen.bias is None else frozen.bias.detach().to(self.dtype)
        self._merges.append((frozen.weight, a, b, merged, scale))
        return lambda x: LoraLinear.apply(x, a, b, merged, bias, scale)

    @torch.no_grad()
    def after_step(self) -> None:
        """Merges the adapter's products into copies of the frozen weights, summed in float32.

        Computation uses these copies.
        """
        for frozen, a, b, merged, scale in self._merges:
            merged.copy_(torch.addmm(frozen.float(), b.float(), a.float(), alpha=scale))

    def train_only(self, names: Collection[str]) -> None:
        """From now on only these parameters have gradients."""
        for name, parameter in self.parameters.items():
            parameter.requires_grad_(name in names)

    def kept(self) -> dict[str, torch.Tensor]:
        """A copy of what `save` writes, as it is now."""
        return {name: tensor.detach().cpu().clone() for name, tensor in self.parameters.items()}

    def load(self, tensors: dict[str, torch.Tensor]) -> None:
        """Sets the adapter to these values."""
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(tensors[name])
        self.after_step()

    def load_folder(self, folder: Path) -> None:
        """Loads the adapter in a folder. Raises ModelUnavailableError if it is damaged, or its shape does not match
        this one.
        """
        if not (folder / WEIGHTS).exists():
            raise ModelUnavailableError(f"{folder} holds no adapter.", "name the folder of a finished training")
        tensors = read_tensors(folder)
        problem = difference(shapes_of(tensors), shapes_of(self.parameters))
        if problem:
            raise ModelUnavailableError(
                f"The adapter in {folder} has another rank, other modules or another model: {problem}.",
                "start from an adapter with the same settings, or from none",
            )
        self.load(tensors)

    def save(self, folder: Path, tensors: dict[str, torch.Tensor]) -> None:
        """Writes a PEFT adapter with these values."""
        self.config.inference_mode = True
        self.config.base_model_name_or_path = self._name
        self.config.save_pretrained(str(folder))
        write_bytes(folder / WEIGHTS, to_safetensors(tensors, {"format": "pt"}))


def _with_adapter(base: Any, config: peft.LoraConfig, seed: int) -> Any:
    """The model with a new adapter, the same for the same seed.

    Raises ModelUnavailableError if LoRA does not fit it.
    """
    with quiet_libraries(), torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            return peft.get_peft_model(base, config, adapter_name=ADAPTER)
        except ValueError as error:
            raise ModelUnavailableError(
                f"LoRA cannot be added to this model: {error}", "set target_modules to modules that the model has"
            ) from error


def _in_model(name: str) -> str:
    """The model's name for a tensor of an adapter file."""
    return name.replace(".weight", f".{ADAPTER}.weight")
