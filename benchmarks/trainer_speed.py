"""Processor seconds of an epoch of embedder training on the same pairs: ours and sentence-transformers, in turn.

Takes the data of `tuned_retrieval.py --trainer`. Both begin with the same weights, with batches of 16 questions, each
with its passage and one hard negative, at most 256 tokens a text. Ours masks what answers, leaves word embeddings as
they are, and computes in bfloat16 where the processor can. Theirs is its model and its loss with their defaults in a
plain loop: its trainer needs the package datasets. Nothing is measured on dev.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from bakeoff.models.weights import resolve_model
from bakeoff.tuning.lessons import sample
from bakeoff.tuning.retriever.dev import Pool
from bakeoff.tuning.retriever.embedder import EmbedderTask
from bakeoff.tuning.retriever.pairs import Pair, mined
from bakeoff.tuning.retriever.training import Quality, Settings, train

PAIRS, TIMES, BATCH = 48, 3, 16


class Unmeasured(EmbedderTask):
    """Training alone."""

    def quality(self) -> Quality:
        return Quality(found=0.0, mean_reciprocal_rank=0.0)


def epoch_seconds(of: Any) -> tuple[list[float], list[float]]:
    """The seconds of each time, ours and theirs."""
    folder = resolve_model(of.world.models["embedder"].name)
    index = of.world.index(of.run.config().specs[0].retrieval)
    hits = index.search([one.text for one in of.material.train], 50)
    chunks = list({hit.chunk.id: hit.chunk for found in hits for hit in found}.values())
    questions = sample(of.material.train, PAIRS + 20, 0)
    pairs = mined(questions, index, lambda source: [one for one in chunks if one.source == source], 1)
    pairs = [pair for pair in pairs if pair.negatives][:PAIRS]
    ours, theirs = [], []
    for _ in range(TIMES):
        ours.append(_ours(folder, pairs))
        theirs.append(_theirs(folder, pairs))
    return ours, theirs


def _ours(folder: Path, pairs: list[Pair]) -> float:
    task = Unmeasured(folder, pairs, Pool([], [], 0, None, []), 3)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as scratch:
        begun = time.process_time()
        train(task, Settings(epochs=1), Path(scratch), lambda best: "")
        return time.process_time() - begun


def _theirs(folder: Path, pairs: list[Pair]) -> float:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.losses import MultipleNegativesRankingLoss

    model = SentenceTransformer(str(folder), device="cpu")
    model.train()
    loss, optimizer = MultipleNegativesRankingLoss(model), torch.optim.AdamW(model.parameters(), lr=5e-5)
    begun = time.process_time()
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        columns = (
            [pair.question.text for pair in batch],
            [pair.positive.passage for pair in batch],
            [pair.negatives[0].passage for pair in batch],
        )
        features = [model.preprocess(texts) for texts in columns]
        loss(features, torch.empty(0)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return time.process_time() - begun
