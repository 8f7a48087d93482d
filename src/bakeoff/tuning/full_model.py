"""A local language model all of whose weights are trained, and the model to and from a folder.

Takes a model's folder, gives a `FullModel`. Knows nothing about epochs, optimizers and checkpoints. Importing it
imports torch and transformers. Source of training with weights in two precisions: Micikevicius et al. 2018, "Mixed
Precision Training" (arXiv 1710.03740); bfloat16 needs no scaling of the loss.
"""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from bakeoff.errors import ModelUnavailableError
from bakeoff.files.flush import to_disk
from bakeoff.models.adapter_check import difference, shapes_of
from bakeoff.models.engines.transformers import load_base
from bakeoff.models.tuned_folder import is_whole_model
from bakeoff.models.weights import quiet_libraries
from bakeoff.tuning.fast_model import FastModel
from bakeoff.tuning.kernels import Lookup


class FullModel(FastModel):
    """A model with all its weights in training.

    `parameters` are the float32 weights that the optimizer changes, by their names in the model; weights that are tied
    (embeddings and output layer) are one of them. Computation uses their copies in bfloat16 where the processor has it,
    which `after_step` updates and `save` writes; elsewhere the float32 weights themselves.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._folder = folder
        self._computed: dict[str, torch.nn.Parameter] = dict(self._base.named_parameters())
        self.parameters = self._masters()
        self._speed_up()
        self.check()

    def _masters(self) -> dict[str, torch.nn.Parameter]:
        """The float32 weights, to which the gradients of the computed ones go."""
        if self.dtype == torch.float32:
            for parameter in self._computed.values():
                parameter.data = parameter.data.float()
            return self._computed
        masters = {}
        for name, parameter in self._computed.items():
            masters[name] = torch.nn.Parameter(parameter.detach().float().clone())
            parameter.data = parameter.data.to(self.dtype)
            parameter.register_post_accumulate_grad_hook(_to_master(masters[name]))
        of_weight = {id(parameter): masters[name] for name, parameter in self._computed.items()}
        for module in self._base.modules():
            if type(module) is torch.nn.Embedding:
                module.forward = _lookup(module, of_weight[id(module.weight)])  # type: ignore[method-assign, assignment]
        return masters

    @torch.no_grad()
    def after_step(self) -> None:
        """Rounds the changed weights to the type of the computation."""
        if self.parameters is not self._computed:
            changed = [name for name, parameter in self.parameters.items() if parameter.requires_grad]
            torch._foreach_copy_(
                [self._computed[name].data for name in changed], [self.parameters[name].data for name in changed]
            )

    def train_only(self, names: Collection[str]) -> None:
        """From now on only these parameters have gradients."""
        for name, parameter in self.parameters.items():
            parameter.requires_grad_(name in names)
            self._computed[name].requires_grad_(name in names)

    def kept(self) -> dict[str, torch.Tensor]:
        """A copy of what `save` writes, as it is now: the weights that are computed with."""
        return {name: tensor.detach().cpu().clone() for name, tensor in self._computed.items()}

    @torch.no_grad()
    def load(self, tensors: dict[str, torch.Tensor]) -> None:
        """Sets the weights to these values."""
        for name, parameter in self.parameters.items():
            parameter.copy_(tensors[name])
            self._computed[name].copy_(parameter)

    def load_folder(self, folder: Path) -> None:
        """Loads the model in a folder. Raises ModelUnavailableError if it is damaged, or is no such model."""
        if not is_whole_model(folder):
            raise ModelUnavailableError(
                f"{folder} holds no whole model.", "name the folder of a finished full training"
            )
        tensors = dict(load_base(folder, "auto").named_parameters())
        problem = difference(shapes_of(tensors), shapes_of(self.parameters))
        if problem:
            raise ModelUnavailableError(
                f"The model in {folder} has another shape than the one in {self._folder}: {problem}.",
                "start from a model that was tuned from this one, or from none",
            )
        self.load(tensors)

    @torch.no_grad()
    def save(self, folder: Path, tensors: dict[str, torch.Tensor]) -> None:
        """Writes a whole model with these values: settings, weights, tokenizer. Nothing can be trained afterwards."""
        for name, parameter in self._computed.items():
            parameter.data = tensors[name].to(parameter.device)
        self._base.config._name_or_path = self._folder.name
        with quiet_libraries():
            self._base.save_pretrained(folder)
            AutoTokenizer.from_pretrained(self._folder, trust_remote_code=False).save_pretrained(folder)
        for path in folder.iterdir():
            to_disk(path)


def _to_master(master: torch.nn.Parameter) -> Callable[[torch.Tensor], None]:
    """Adds a gradient to that of the float32 weight, where those of several rows are summed."""

    def move(parameter: torch.Tensor) -> None:
        if parameter.grad is not None:
            _add(master, parameter.grad)
            parameter.grad = None

    return move


def _add(master: torch.nn.Parameter, gradient: torch.Tensor) -> None:
    if master.grad is None:
        master.grad = gradient.float()
    else:
        master.grad.add_(gradient)


def _lookup(module: torch.nn.Embedding, master: torch.nn.Parameter) -> Callable[[torch.Tensor], Any]:
    """The forward pass of embeddings whose gradient is summed in float32: frequent tokens have hundreds of parts."""

    def add(ids: torch.Tensor, gradient: torch.Tensor) -> None:
        if master.grad is None:
            master.grad = torch.zeros_like(master)
        if (
            module.padding_idx is not None
        ):  # as torch does: the padding's embedding is not trained by what it is read as
            gradient = gradient * (ids != module.padding_idx)[:, None]
        master.grad.index_add_(0, ids, gradient.float())

    return lambda ids: Lookup.apply(ids, module.weight, add)
