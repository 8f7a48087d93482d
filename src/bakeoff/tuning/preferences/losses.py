"""The losses of DPO and KTO, from log-probabilities of whole answers under the model and the reference.

Takes and gives tensors. Knows nothing about models. Importing it imports torch.
Sources: Rafailov et al. 2023, "Direct Preference Optimization" (arXiv 2305.18290), equation 7; Ethayarajh et al. 2024,
"KTO: Model Alignment as Prospect Theoretic Optimization" (arXiv 2402.01306), equation 8.
"""

import torch
from torch.nn import functional


def dpo_losses(chosen: torch.Tensor, rejected: torch.Tensor, beta: float) -> torch.Tensor:
    """A loss for each pair. Both are log-ratios: the answer's log-probability less that under the reference."""
    return -functional.logsigmoid(beta * (chosen - rejected))


def kto_losses(
    ratios: torch.Tensor, liked: torch.Tensor, z: torch.Tensor, beta: float, weights: tuple[float, float]
) -> torch.Tensor:
    """A loss for each answer from its log-ratio. `weights` are those of liked and of disliked answers.

    `z` is the reference point: how far the model has moved from the reference (`kto_point`).
    """
    value = torch.sigmoid(torch.where(liked, beta * (ratios - z), beta * (z - ratios)))
    return torch.where(liked, weights[0], weights[1]) * (1 - value)


def kto_point(mismatched: torch.Tensor) -> torch.Tensor:
    """The estimate of the divergence from the reference, from log-ratios of answers to other questions."""
    return mismatched.mean().clamp(min=0).detach()
