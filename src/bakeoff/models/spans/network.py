"""The network of the span reader: MiniLM's layers, a head for where an answer starts and ends, and one for no answer.

Takes windows, gives for each token how likely an answer starts or ends there, and for each window how likely its
passage holds none. The scores of several windows are on one scale: the loss shares one normalisation among all
windows of a question. Imports torch and transformers.
Source: Chen et al. 2017, arXiv:1704.00051 (DrQA, and its feature "exact match"); Devlin et al. 2019,
arXiv:1810.04805 (start and end heads on BERT); Clark and Gardner 2018, arXiv:1710.10723 (the shared normalisation, with
an option for no answer).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertModel

from bakeoff.models.other_loads import refuse_other_loads
from bakeoff.models.spans.windows import Window
from bakeoff.models.weights import quiet_libraries

N_MATCHES = 3
"""A token of one side is not on the other side, is a common one there, or a rare one."""
COMMON = 3000
"""Tokens with lower ids are common: BERT's vocabulary begins with marks, letters and the most frequent words."""


class SpanNetwork(nn.Module):
    """BERT's layers with two linear heads: (start, end) of each token, and no answer of each window.

    What is added to the embedding of a token says whether question and passage share it (DrQA's "exact match").
    """

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder
        self.matches = nn.Embedding(2 * N_MATCHES, encoder.config.hidden_size)
        self.spans = nn.Linear(encoder.config.hidden_size, 2)
        self.nothing = nn.Linear(encoder.config.hidden_size, 1)

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of shape (n_windows, n_tokens, 2) and (n_windows,)."""
        embedded = self.encoder.embeddings.word_embeddings(ids) + self.matches(matches_of(ids, kinds, mask))
        hidden = self.encoder(inputs_embeds=embedded, token_type_ids=kinds, attention_mask=mask).last_hidden_state
        return self.spans(hidden).float(), self.nothing(hidden[:, 0]).squeeze(-1).float()


def matches_of(ids: Tensor, kinds: Tensor, mask: Tensor) -> Tensor:
    """For each token 0, 1 or 2 (not shared, common, rare), and 3 more if it stands in the passage."""
    same = (ids[:, :, None] == ids[:, None, :]) & (kinds[:, :, None] != kinds[:, None, :]) & (mask[:, None, :] == 1)
    level = same.any(-1).long() * (1 + (ids >= COMMON).long())
    return (level + N_MATCHES * kinds) * mask


@dataclass(frozen=True)
class Padded:
    """Windows as tensors of shape (n_windows, n_tokens). `is_text` marks the tokens that an answer may have."""

    ids: Tensor
    kinds: Tensor
    mask: Tensor
    is_text: Tensor


def padded(windows: Sequence[Window]) -> Padded:
    """The windows with zeros behind the shorter ones."""
    shape = len(windows), max(len(window.ids) for window in windows)
    ids, kinds = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    mask, is_text = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.bool)
    for row, window in enumerate(windows):
        n = len(window.ids)
        ids[row, :n] = torch.tensor(window.ids)
        kinds[row, window.n_question : n] = 1
        mask[row, :n] = 1
        is_text[row, window.first : window.first + len(window.offsets)] = True
    return Padded(ids, kinds, mask, is_text)


def untrained(folder: Path, seed: int) -> SpanNetwork:
    """The sentence model's weights with new heads, drawn with the seed."""
    refuse_other_loads(folder)
    with quiet_libraries():
        encoder = BertModel.from_pretrained(
            folder, add_pooling_layer=False, dtype=torch.float32, local_files_only=True, use_safetensors=True
        )
    torch.manual_seed(seed)
    network = SpanNetwork(encoder)
    nn.init.normal_(network.matches.weight, std=0.05)
    for head in (network.spans, network.nothing):
        nn.init.normal_(head.weight, std=0.02)
        nn.init.zeros_(head.bias)
    network.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    return network


def shared_loss(spans: Tensor, nothing: Tensor, is_text: Tensor, answers: Sequence["Answers"]) -> Tensor:
    """The mean over questions of minus the log-probability of the right starts and ends, or of no answer.

    The probabilities of a question are shared among all tokens of its windows and one "nothing" of each window; those
    of several right places are added up.
    """
    losses = []
    for rows, right in ((answer.rows, answer.places) for answer in answers):
        none = nothing[rows]
        for side in (0, 1):
            scores = spans[rows, :, side].masked_fill(~is_text[rows], -torch.inf)
            every = torch.logsumexp(torch.cat([scores.flatten(), none]), 0)
            wanted = torch.stack([scores[row, place[side]] for row, *place in right]) if right else none
            losses.append(every - torch.logsumexp(wanted, 0))
    return torch.stack(losses).sum() / (2 * len(answers))


@dataclass(frozen=True)
class Answers:
    """The rows of one question's windows in a batch, and the right places as (row among these, first, last token)."""

    rows: slice
    places: tuple[tuple[int, int, int], ...]
