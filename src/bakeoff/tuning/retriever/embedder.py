"""Tuning an embedder on pairs: questions come nearer to the passages that answer them than to all others of a batch.

Takes a sentence-transformers folder, pairs and a dev pool. Gives a task for the training loop, and writes the tuned
embedder as a folder of the same kind. The word embeddings and projections stay as they are, and no dropout is used, so
a training depends on its seed alone. Source: Karpukhin et al. 2020, arXiv:2004.04906.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.models.engines.sentence_encoders import batches_of, pooled_model
from bakeoff.models.sentence_model import read_sentence_model
from bakeoff.models.sentence_tokens import SentenceTokenizer
from bakeoff.records import Chunk, Question
from bakeoff.tuning.retriever.dev import Pool
from bakeoff.tuning.retriever.losses import info_nce
from bakeoff.tuning.retriever.pairs import Pair, answers
from bakeoff.tuning.retriever.training import Quality, computing

LONGEST = 256
"""The most tokens of a text that are trained on; of a longer one, its beginning."""
TOKENS_TOGETHER = 2048
TOKENS_MEASURED = 4096


class EmbedderTask:
    """An embedder in training."""

    def __init__(self, folder: Path, pairs: Sequence[Pair], pool: Pool, k: int) -> None:
        import torch

        self._torch = torch
        self._pairs, self._pool, self._k = pairs, pool, k
        sentence = read_sentence_model(folder)
        self._prompts = (sentence.query_prompt, sentence.passage_prompt)
        self._tokenizer = SentenceTokenizer(folder, sentence)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self.module = pooled_model(folder, sentence).to(self._device)
        self.parameters = trained_parameters(self.module)
        self.n_pairs, self.n_dev = len(pairs), len(pool.questions)
        self._answers: dict[tuple[str, str], bool] = {}
        self._windows: dict[tuple[str, bool], list[int]] = {}

    def loss(self, batch: Sequence[int]) -> tuple[Any, int]:
        """InfoNCE over the batch: each question against its passage and all passages that do not answer it."""
        torch, pairs = self._torch, [self._pairs[i] for i in batch]
        chunks = list({chunk.id: chunk for pair in pairs for chunk in (pair.positive, *pair.negatives)}.values())
        number = {chunk.id: i for i, chunk in enumerate(chunks)}
        own = torch.tensor([number[pair.positive.id] for pair in pairs], device=self._device)
        wrong = torch.tensor([[not self._is_answer(pair.question, chunk) for chunk in chunks] for pair in pairs])
        questions = [self._window(pair.question.text, asks=True) for pair in pairs]
        passages = [self._window(chunk.passage, asks=False) for chunk in chunks]
        vectors = self._vectors([*questions, *passages], TOKENS_TOGETHER)
        n_tokens = sum(map(len, questions)) + sum(map(len, passages))
        return info_nce(vectors[: len(pairs)], vectors[len(pairs) :], own, wrong.to(self._device)), n_tokens

    def _is_answer(self, question: Question, chunk: Chunk) -> bool:
        key = (question.id, chunk.id)
        if key not in self._answers:
            self._answers[key] = answers(question, chunk)
        return self._answers[key]

    def _window(self, text: str, asks: bool) -> list[int]:
        key = (text, asks)
        if key not in self._windows:
            (ids, *_), _ = self._tokenizer.windows([text], self._prompts[0 if asks else 1])
            self._windows[key] = ids if len(ids) <= LONGEST else [*ids[: LONGEST - 1], ids[-1]]
        return self._windows[key]

    def _vectors(self, windows: Sequence[list[int]], budget: int) -> Any:
        """Unit vectors of the windows, in order; computed in batches of similar length."""
        torch = self._torch
        lengths = np.array([len(window) for window in windows])
        rows, parts = [], []
        for batch in batches_of(windows, lengths, budget):
            ids, mask = (torch.from_numpy(part).to(self._device) for part in (batch.ids, batch.mask))
            rows.append(batch.rows)
            with computing(self._device):
                parts.append(self.module(ids, mask).float())
        back = np.argsort(np.concatenate(rows), kind="stable")
        return torch.cat(parts)[torch.from_numpy(back).to(self._device)]

    def quality(self) -> Quality:
        """The quality on dev with the present weights."""
        with self._torch.inference_mode():
            questions = self._vectors([self._window(one.text, True) for one in self._pool.questions], TOKENS_MEASURED)
            passages = self._vectors([self._window(one.passage, False) for one in self._pool.embedded], TOKENS_MEASURED)
        return self._pool.quality(questions.float().cpu().numpy(), passages.float().cpu().numpy(), self._k)

    def untuned(self) -> Quality:
        """The same before the first step."""
        return self.quality()

    def tensors(self, best: Mapping[str, Any]) -> dict[str, Any]:
        """All tensors of the transformer with the best weights."""
        return dict(self.module.model.state_dict()) | dict(best)


def trained_parameters(module: Any, unused: Sequence[str] = ("pooler.",)) -> dict[str, Any]:
    """The parameters of a module's `model` that are trained: all but the word embeddings and parts it does not use."""
    words = module.model.get_input_embeddings().weight
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    trained = {
        name: parameter
        for name, parameter in module.model.named_parameters()
        if parameter is not words and not name.startswith(tuple(unused))
    }
    for parameter in trained.values():
        parameter.requires_grad_(True)
    return trained
