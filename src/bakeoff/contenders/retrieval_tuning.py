"""Tunes a part of a contender's retrieval in a world, and says whether that was worth it.

Takes a world with the untuned index, the training and dev questions, and settings. Gives the report of the training,
whose result is a folder beside the tuned models. Knows no recipe.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.contenders.recipe import Material, OnProgress, World
from bakeoff.corpus.chunk import chunk_document
from bakeoff.errors import TooFewPairsError
from bakeoff.models.checksums import model_sha256
from bakeoff.models.kept.clock import now
from bakeoff.models.threads import free_threads, use_threads
from bakeoff.records import Chunk
from bakeoff.retrieval.settings import Retrieval
from bakeoff.sentences import percent
from bakeoff.tuning.checkpoint import claim
from bakeoff.tuning.lessons import sample
from bakeoff.tuning.retriever.dev import pool_of, with_evidence
from bakeoff.tuning.retriever.folders import folder_name, write_embedder, write_reranker
from bakeoff.tuning.retriever.pairs import DEPTH, FEWEST, Pair, mined
from bakeoff.tuning.retriever.training import Report, Settings, report_of, train


class Sources(NamedTuple):
    """What a training is made from. `retrieval` is what is in use, `untuned` what tuning began with. `weights` is the
    folder that is tuned, `shown` the number of passages that the contender's model is shown.
    """

    world: World
    material: Material
    weights: Path
    untuned: Retrieval
    retrieval: Retrieval
    shown: int
    candidates: int
    negatives: int
    examples: int | None
    settings: Settings


MEASURED_ON: Mapping[str, str] = {
    "embedder": "over all passages that are ranked for dev",
    "reranker": "over the hits that the reranker puts in order",
}
"""What the two figures of a part are about; so they differ between the parts."""


class Said(NamedTuple):
    """What a report says: how the training went, and a sentence if the tuned part is not better on dev."""

    detail: str
    note: str


def tune(part: str, sources: Sources, folder: Path, on_progress: OnProgress) -> Report:
    """Trains the embedder or the reranker in this folder; a finished training is not repeated.

    Raises TooFewPairsError if too few pairs could be made.
    """
    begun = now()
    chunks = _Chunks(sources)
    questions = sample(sources.material.train, sources.examples, sources.material.seed)
    index = sources.world.index(sources.untuned)
    pairs = mined(questions, index, chunks.of, sources.negatives)
    pairs = _usable(part, pairs)
    claim(folder, _fingerprint(sources, pairs))
    use_threads(free_threads())
    task, save = _TASKS[part](sources, pairs, chunks)
    took_s = now() - begun
    return train(
        task, sources.settings, folder, lambda best: save(folder.parent, best), on_progress, preparation_s=took_s
    )


def _usable(part: str, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs that this part can be trained on. Raises TooFewPairsError, with the cause, if they are too few."""
    if len(pairs) < FEWEST:
        raise TooFewPairsError(
            f"{len(pairs)} training questions have a passage that holds their evidence; tuning retrieval needs at "
            f"least {FEWEST}.",
            "add training questions whose evidence is in the documents",
        )
    if part == "embedder":  # it also learns from the passages of the other questions of a batch
        return list(pairs)
    usable = [pair for pair in pairs if pair.negatives]
    if len(usable) < FEWEST:
        raise TooFewPairsError(
            f"Of {len(pairs)} training questions with a passage that holds their evidence, {len(usable)} have a wrong "
            f"passage among their first {DEPTH} hits; training a reranker needs at least {FEWEST}. The documents have "
            "too few passages that do not answer.",
            "add documents, lower retrieval.chunk_tokens, or set options.reranker to false",
        )
    return usable


def take(earlier: Path, folder: Path) -> None:
    """Takes over a training with the same settings, with its result, from the tuned models of another world."""
    report = report_of(earlier / folder.name)
    if report is None or folder.exists():
        return
    for name in filter(None, (report.name, folder.name)):
        target = folder.with_name(folder_name(name))
        if not target.exists():
            half = target.with_name(f".{target.name}.part")
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(earlier / target.name, half)
            half.rename(target)


def kept(name: str, part: str, report: Report, shown: int) -> Said:
    """What to say of a training."""
    passages = f"the first {shown} passages" if shown > 1 else "the first passage"
    figures = (
        f"with it the evidence of {percent(report.tuned.found)} of {report.n_dev} dev questions is among {passages} "
        f"(without: {percent(report.untuned.found)}), at a mean reciprocal rank of "
        f"{report.tuned.mean_reciprocal_rank:.3f} (without: {report.untuned.mean_reciprocal_rank:.3f})"
    )
    figures += f", {MEASURED_ON[part]}"
    detail = f"{report.n_pairs} pairs, best epoch {report.best}, {report.stopped_because}; {figures}"
    if report.improved:
        return Said(detail, "")
    use = f"{name} uses the tuned {part}, as options.keep says, although" if report.name else ""
    return Said(detail, f"{use or f'{name} does not use a tuned {part}, since'} it is not better on dev: {figures}.")


class _Chunks:
    """The chunks of the documents, cut as the index does."""

    def __init__(self, sources: Sources) -> None:
        self._size = sources.untuned.chunk_tokens
        self._count = sources.world.embedder(sources.untuned.embedder).count_tokens
        self._documents = {document.source: document for document in sources.world.store.documents()}
        self._known: dict[str, list[Chunk]] = {}

    def of(self, source: str) -> Sequence[Chunk]:
        """Those of one document; none if there is no such document."""
        if source not in self._documents:
            return ()
        if source not in self._known:
            self._known[source] = chunk_document(self._documents[source], self._size, self._count)
        return self._known[source]

    def all(self) -> list[Chunk]:
        return [chunk for source in self._documents for chunk in self.of(source)]


Save = Callable[[Path, Mapping[str, Any]], str]
"""Takes the folder of tuned models and the best weights, gives the name of the tuned part."""


def _embedder(sources: Sources, pairs: Sequence[Pair], chunks: _Chunks) -> tuple[Any, Save]:
    from bakeoff.tuning.retriever.embedder import EmbedderTask

    index: Any = sources.world.index(sources.untuned)
    pool = pool_of(sources.material.dev, index, chunks.all, chunks.of)
    task = EmbedderTask(sources.weights, pairs, pool, sources.shown)

    def save(adapters: Path, best: Mapping[str, Any]) -> str:
        return write_embedder(sources.weights, task.tensors(best), adapters, sources.untuned.embedder)

    return task, save


def _reranker(sources: Sources, pairs: Sequence[Pair], chunks: _Chunks) -> tuple[Any, Save]:
    from bakeoff.tuning.retriever.reranker import RerankerTask

    questions = with_evidence(sources.material.dev)
    depth = max(sources.shown, sources.candidates)
    candidates = sources.world.index(sources.retrieval).search([one.text for one in questions], depth)
    seed = sources.material.seed
    task = RerankerTask(sources.weights, pairs, questions, candidates, sources.shown, seed)

    def save(adapters: Path, best: Mapping[str, Any]) -> str:
        return write_reranker(sources.weights, task.module.model.config, task.tensors(best), adapters)

    return task, save


_TASKS: Mapping[str, Callable[[Sources, Sequence[Pair], _Chunks], tuple[Any, Save]]] = {
    "embedder": _embedder,
    "reranker": _reranker,
}


def _fingerprint(sources: Sources, pairs: Sequence[Pair]) -> dict[str, str]:
    """A short hash of each input that determines the tuned part."""
    texts = [
        "\0".join([pair.question.text, *(chunk.passage for chunk in (pair.positive, *pair.negatives))])
        for pair in pairs
    ]
    dev = [question.model_dump_json() for question in with_evidence(sources.material.dev)]
    settings = sources.settings.model_dump_json(exclude={"checkpoint_every_s"})  # does not change the weights
    return {
        "model": model_sha256(sources.weights),
        "pairs": _sha256(texts),
        "dev questions": _sha256(dev),
        "settings": _sha256([settings, sources.retrieval.model_dump_json()]),
        "number of passages shown": str(sources.shown),
    }


def _sha256(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
