"""Small trainings and the answers of their models, for all laws alike.

Takes examples and questions, gives tuned models (kept in a folder, so that a killed training goes on) and graded
answers.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bakeoff.measure.score import rightness
from bakeoff.models.embed import load_embedder
from bakeoff.models.load import load_generator
from bakeoff.models.prompts import CLOSED_BOOK, GROUNDED
from bakeoff.models.reader import UNTAUGHT
from bakeoff.models.weights import resolve_model
from bakeoff.records import Chunk, Completion, GenerationSettings, Hit, Prompt, Question
from bakeoff.tuning.full import FullSettings, train_full
from bakeoff.tuning.lora import TrainingSettings, train_adapter
from bakeoff.tuning.packing import Example
from bakeoff.tuning.report import Progress

from .rule import Outcome

RANK, BATCH, SEED, K, ASKED_TOGETHER = 8, 8, 7, 3, 16
SETTINGS = GenerationSettings(max_new_tokens=12)
Value = Callable[[Question, str], float]
"""What an answer counts: by default whether it is right."""


class Passages:
    """The passages of invented people, found by the default embedder: a `Retriever`."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks, self._embedder = list(chunks), load_embedder()
        self._vectors = self._embedder.embed_passages([chunk.text for chunk in chunks])

    def search(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        """The k most similar passages."""
        scores = self._embedder.embed_queries(queries) @ self._vectors.T
        return [self._hits(row, k) for row in scores]

    def _hits(self, scores: np.ndarray, k: int) -> list[Hit]:
        best = np.argsort(-scores, kind="stable")[:k]
        return [Hit(chunk=self._chunks[i], score=float(scores[i]), rank=rank) for rank, i in enumerate(best, 1)]


def exposed(questions: Sequence[Question], n_examples: int, seed: int) -> list[Example]:
    """So many closed-book examples: the questions again and again, in a random order."""
    repeated = [questions[i % len(questions)] for i in range(n_examples)]
    random.Random(SEED + seed).shuffle(repeated)
    return [Example(prompt=CLOSED_BOOK.render(one.text), completion=one.answers[0]) for one in repeated]


def tuned(examples: Sequence[Example], folder: Path, seed: int, method: str = "lora") -> Path:
    """The folder of a model tuned on these examples in one pass, so that the number of steps follows from theirs."""
    shared = {"max_epochs": 1, "examples_per_batch": BATCH, "seed": SEED + seed}
    weights = resolve_model(UNTAUGHT)
    if method == "full":
        train_full(weights, examples, [], FullSettings(**shared), folder, _show(folder.name))
    else:
        train_adapter(weights, examples, [], TrainingSettings(rank=RANK, **shared), folder, _show(folder.name))
    return folder


def _show(name: str) -> Callable[[Progress], None]:
    def show(at: Progress) -> None:
        if at.step % 10 == 0:
            print(f"{name}: step {at.step} of {at.n_steps}, loss {at.loss:.2f}, {at.eta_s:.0f} s left", flush=True)

    return show


def asked(
    arm: str,
    questions: Sequence[Question],
    adapter: Path | None = None,
    retriever: Passages | None = None,
    model: str = UNTAUGHT,
    value: Value = rightness,
    unit: Callable[[Question], str] = lambda question: question.fact,
) -> list[Outcome]:
    """The graded answers of a model, with the K passages that are found if a retriever is given."""
    prompts = _prompts(questions, retriever)
    generator = load_generator(model, adapter)
    completions: list[Completion] = []
    for start in range(0, len(prompts), ASKED_TOGETHER):
        completions += generator.generate(prompts[start : start + ASKED_TOGETHER], SETTINGS)
        print(f"{arm}: {len(completions)} of {len(prompts)} answers", flush=True)
    pairs = zip(questions, completions, strict=True)
    return [
        Outcome(arm=arm, unit=unit(one), question=one.text, value=value(one, said.text), text=said.text)
        for one, said in pairs
    ]


def _prompts(questions: Sequence[Question], retriever: Passages | None) -> list[Prompt]:
    if retriever is None:
        return [CLOSED_BOOK.render(one.text) for one in questions]
    hits = retriever.search([one.text for one in questions], K)
    return [
        GROUNDED.render(one.text, [hit.chunk.text for hit in found]) for one, found in zip(questions, hits, strict=True)
    ]
