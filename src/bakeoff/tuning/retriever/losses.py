"""The losses of retrieval tuning, on scores that a model has computed.

Takes tensors. Knows nothing about models or texts.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

SCALE = 20.0
"""What cosines are multiplied with. Source: MultipleNegativesRankingLoss of sentence-transformers 6.2."""


def info_nce(
    questions: "torch.Tensor",
    passages: "torch.Tensor",
    own: "torch.Tensor",
    wrong: "torch.Tensor",
    scale: float = SCALE,
) -> "torch.Tensor":
    """The mean over questions of -log softmax(scale * cosines)[own], in nats.

    `questions` (n, d) and `passages` (m, d) have rows of unit length. `own` (n,) are the numbers of the passages that
    answer. The softmax of a question runs over its own passage and those that are `wrong` (n, m) for it: another
    question's passage that answers it too is in neither. Source: van den Oord et al. 2018, arXiv:1807.03748 (InfoNCE);
    with in-batch negatives, Karpukhin et al. 2020, arXiv:2004.04906.
    """
    import torch

    rows = torch.arange(len(own), device=own.device)
    counted = wrong.clone()
    counted[rows, own] = True
    scores = (scale * questions @ passages.T).masked_fill(~counted, float("-inf"))
    return torch.nn.functional.cross_entropy(scores, own)


def first_of_each(scores: "torch.Tensor", sizes: "list[int]") -> "torch.Tensor":
    """The mean over groups of -log softmax(scores of the group)[0], in nats: the first of each group is the right one.

    `scores` (sum of sizes,) are those of all groups in turn. Source: Gao, Dai, Callan 2021, arXiv:2101.08751
    (localised contrastive estimation).
    """
    import torch

    parts = torch.split(scores, sizes)
    return torch.stack([torch.logsumexp(part, 0) - part[0] for part in parts]).mean()
