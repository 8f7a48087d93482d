"""The span reader's weights: differences to the sentence model, eight bits each with a scale for every row.

Takes a network, writes one safetensors file; takes such a file and the sentence model's folder, gives the network. The
word embeddings are the sentence model's own and are not stored. Tensors with one dimension are stored whole.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.damage import refusing_damage
from bakeoff.models.saved_state import replace
from bakeoff.models.spans.network import SpanNetwork, untrained

FROZEN = "encoder.embeddings.word_embeddings.weight"
HEADS = ("spans.", "nothing.", "matches.")
SCALE = ".scale"
LEVELS = 127


def save_difference(network: SpanNetwork, base: Path, file: Path, whole: bool = False) -> None:
    """Writes how the network differs from the sentence model in the folder `base`; with `whole` in float32."""
    before = untrained(base, 0).state_dict()
    tensors: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        if name == FROZEN or not tensor.is_floating_point():
            continue
        if name.startswith(HEADS) or tensor.ndim < 2:
            tensors[name] = tensor.clone()
        elif whole:
            tensors[name] = tensor - before[name]
        else:
            tensors[name], tensors[name + SCALE] = rounded(tensor - before[name])
    n_bytes = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    replace(file, lambda half: save_file(tensors, half, {"format": "pt"}), n_bytes)


def load_difference(base: Path, file: Path) -> SpanNetwork:
    """The network of a file and its base model, ready to read. Raises ModelUnavailableError if they do not fit."""
    network = untrained(base, 0)
    now = network.state_dict()
    with refusing_damage(f"The span reader's weights {file}"):
        tensors = load_file(file)
    names = {name for name in tensors if not name.endswith(SCALE)}
    wanted = {name for name, tensor in now.items() if name != FROZEN and tensor.is_floating_point()}
    if names != wanted or any(tensors[name].shape != now[name].shape for name in names):
        raise ModelUnavailableError(
            f"The span reader's weights {file} do not fit the sentence model in {base}.",
            "use the sentence model that they were trained from, or train the contender again",
        )
    for name in sorted(names):
        stored = tensors[name]
        if not (name.startswith(HEADS) or stored.ndim < 2):
            scale = tensors.get(name + SCALE)
            stored = now[name] + (stored if scale is None else stored.float() * scale[:, None])
        now[name].copy_(stored)
    return network.eval()


def rounded(difference: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix as int8 with one float32 scale for each row: difference is about values * scale[:, None]."""
    scale = difference.abs().amax(1).clamp(min=1e-12) / LEVELS
    return torch.round(difference / scale[:, None]).to(torch.int8), scale
