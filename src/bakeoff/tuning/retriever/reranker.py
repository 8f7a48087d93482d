"""Tuning a reranker on pairs: a model that reads a question with a passage learns to score the right one highest.

Takes a folder with an encoder's weights, pairs, and the candidates of dev questions. Gives a task for the training
loop. Sources: Nogueira and Cho 2019, arXiv:1901.04085 (the model); Gao, Dai, Callan 2021, arXiv:2101.08751 (the loss:
the passage that answers against the hard negatives of its question).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.models.engines.pair_scorers import Pair as Tokens
from bakeoff.models.engines.pair_scorers import pair_batches, scoring_model
from bakeoff.models.rerank import PairTokenizer
from bakeoff.records import Hit, Question
from bakeoff.retrieval.rerank import reordered
from bakeoff.tuning.retriever.dev import quality_of_hits
from bakeoff.tuning.retriever.embedder import trained_parameters
from bakeoff.tuning.retriever.losses import first_of_each
from bakeoff.tuning.retriever.pairs import Pair
from bakeoff.tuning.retriever.training import Quality, computing

TOKENS_TOGETHER = 2048
TOKENS_MEASURED = 4096


class RerankerTask:
    """A reranker in training. Each pair has a negative. `candidates` are the hits of each dev question, in the
    retriever's order."""

    def __init__(
        self,
        folder: Path,
        pairs: Sequence[Pair],
        dev: Sequence[Question],
        candidates: Sequence[Sequence[Hit]],
        k: int,
        seed: int,
    ) -> None:
        import torch

        self._torch = torch
        self._pairs = pairs
        self._dev, self._candidates, self._k = dev, candidates, k
        self._tokenizer = PairTokenizer(folder)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self.module = scoring_model(folder, seed).to(self._device)
        self.parameters = trained_parameters(self.module, unused=())
        self.n_pairs, self.n_dev = len(self._pairs), len(dev)
        self._measured: list[Tokens] = []

    def loss(self, batch: Sequence[int]) -> tuple[Any, int]:
        """Each question's passage against its own hard negatives."""
        pairs = [self._pairs[i] for i in batch]
        texts = [(pair.question.text, chunk.passage) for pair in pairs for chunk in (pair.positive, *pair.negatives)]
        tokens = self._tokenizer.pairs(texts)
        scores = self._scores(tokens, TOKENS_TOGETHER)
        sizes = [1 + len(pair.negatives) for pair in pairs]
        return first_of_each(scores, sizes), sum(len(pair.ids) for pair in tokens)

    def _scores(self, tokens: Sequence[Tokens], budget: int) -> Any:
        torch = self._torch
        rows, parts = [], []
        for batch in pair_batches(tokens, budget):
            inputs = (torch.from_numpy(part).to(self._device) for part in batch[1:])
            rows.append(batch.rows)
            with computing(self._device):
                parts.append(self.module(*inputs)[:, 0].float())
        back = np.argsort(np.concatenate(rows), kind="stable")
        return torch.cat(parts)[torch.from_numpy(back).to(self._device)]

    def quality(self) -> Quality:
        """The quality on dev of the candidates in the order of the present scores."""
        if not self._measured:
            pairs = zip(self._dev, self._candidates, strict=True)
            self._measured = self._tokenizer.pairs(
                [(one.text, hit.chunk.passage) for one, hits in pairs for hit in hits]
            )
        with self._torch.inference_mode():
            scores = self._scores(self._measured, TOKENS_MEASURED).float().cpu().numpy()
        ends = np.cumsum([len(hits) for hits in self._candidates])[:-1]
        parts = np.split(scores, ends)
        ordered = [reordered(hits, part) for hits, part in zip(self._candidates, parts, strict=True)]
        return quality_of_hits(self._dev, ordered, self._k)

    def untuned(self) -> Quality:
        """The quality of the retriever's own order."""
        return quality_of_hits(self._dev, self._candidates, self._k)

    def tensors(self, best: Mapping[str, Any]) -> dict[str, Any]:
        """All tensors of the model with the best weights."""
        return dict(self.module.model.state_dict()) | dict(best)
