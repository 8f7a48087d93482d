"""Learning rates of a training: over its steps, over the layers of its model, and which layers are trained in an epoch.

Takes settings and names of parameters, gives numbers. Knows nothing about models or optimizers. Source of all but the
linear schedule: Howard & Ruder 2018, "Universal Language Model Fine-tuning for Text Classification" (ULMFiT,
arXiv 1801.06146), section 3.2: slanted triangular rates, discriminative rates, gradual unfreezing.
"""

import re
from collections.abc import Iterable, Mapping

from bakeoff.tuning.settings import Schedule

CUT_SHARE, RATIO = 0.1, 32.0
"""ULMFiT's cut_frac and ratio: the share of the steps in which the rate rises, and the highest rate over the lowest."""
_LAYER = re.compile(r"(?:^|\.)layers\.(\d+)\.")


def share_of_rate(schedule: Schedule, step: int, n_steps: int, warmup_steps: int) -> float:
    """The rate of a step (the first is 0) as a share of the highest rate."""
    if schedule == "slanted-triangular":
        return slanted_triangular(step, n_steps)
    warm = min(1.0, (step + 1) / (warmup_steps + 1))
    return warm * (1.0 - 0.9 * step / n_steps)


def slanted_triangular(step: int, n_steps: int) -> float:
    """Rises in a straight line for a tenth of the steps, then falls in one, from and to a 32nd of the highest rate.

    cut = floor(T cut_frac); p = t / cut before it, else 1 - (t - cut) / (cut (1 / cut_frac - 1)); (1 + p (ratio - 1)) /
    ratio. Where T is not a multiple of ten that divisor is smaller than T - cut and the rate would fall below zero, so
    T - cut is used, which is the same elsewhere.

    >>> [round(slanted_triangular(step, 20), 3) for step in (0, 1, 2, 11, 19)]
    [0.031, 0.516, 1.0, 0.516, 0.085]
    """
    cut = max(1, int(n_steps * CUT_SHARE))
    p = step / cut if step < cut else 1 - (step - cut) / max(1, n_steps - cut)
    return (1 + p * (RATIO - 1)) / RATIO


def layers_of(names: Iterable[str]) -> dict[str, int]:
    """The layer of each parameter: 0 for embeddings, then the model's layers from 1. What comes after the last layer
    (its norm, an output layer of its own) belongs to it. An output layer that is tied to the embeddings is in 0.

    >>> layers_of(["embed_tokens.weight", "layers.0.mlp.weight", "layers.1.mlp.weight", "norm.weight"])
    {'embed_tokens.weight': 0, 'layers.0.mlp.weight': 1, 'layers.1.mlp.weight': 2, 'norm.weight': 2}
    """
    numbers = {name: _layer(name) for name in names}
    last = max((number for number in numbers.values() if number is not None), default=0)
    return {name: last if number is None else number for name, number in numbers.items()}


def _layer(name: str) -> int | None:
    found = _LAYER.search(name)
    return int(found[1]) + 1 if found else 0 if "embed" in name else None


def share_of_layer(layer: int, last: int, decay: float) -> float:
    """The rate of a layer as a share of that of the last one: each has the rate of the one above it over `decay`."""
    return float(decay ** (layer - last))


def trained_in(epoch: int, layers: Mapping[str, int]) -> set[str]:
    """The parameters that gradual unfreezing trains in an epoch, from 1: the last layer, then one more in each."""
    last = max(layers.values(), default=0)
    return {name for name, layer in layers.items() if layer > last - epoch}
