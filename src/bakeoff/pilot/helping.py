"""Models of the main process that workers help: an embedder with many passages, a judge with many answers.

Takes a model and workers, gives the model, which hands several batches at a time to them. Each batch is what one
process would compute at once, so vectors and replies are the same. One batch alone is computed here.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.contenders.world import WorldFolder
from bakeoff.models.load import load_generator
from bakeoff.models.settings import ModelSettings
from bakeoff.pilot.asking import Workers, workers_compute
from bakeoff.pilot.executors import jobs
from bakeoff.pilot.executors.jobs import Place
from bakeoff.pilot.executors.sharing import ADAPTERS
from bakeoff.protocols import Embedder, Generator
from bakeoff.records import Completion, GenerationSettings, Prompt

EACH = 4
"""So many batches for each worker are handed out together: few wait for the slowest, and few texts are in memory."""
JUDGE = "judge"


class HelpedEmbedder:
    """An embedder of a world with workers that embed passages. All else it does itself."""

    def __init__(self, workers: Workers, world: WorldFolder, name: str, embedder: Embedder) -> None:
        self._workers, self._world, self._name, self._embedder = workers, world, name, embedder
        self.n_batches = EACH * workers.executor.workers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_batches(self, batches: Sequence[Sequence[str]]) -> Iterator[np.ndarray]:
        """What `embed_passages` gives for each batch, in order."""
        if len(batches) < 2:
            yield from map(self._embedder.embed_passages, batches)
            return
        place = self._workers.world(self._world, [ADAPTERS])
        handed = [
            (f"embedding, {len(texts)} passages", {"place": place, "name": self._name, "texts": tuple(texts)})
            for texts in batches
        ]
        yield from self._workers.each(jobs.embed, handed)


class HelpedGenerator:
    """An untuned generator with workers that ask it. All else it does itself."""

    def __init__(self, workers: Workers, place: Place, name: str, generator: Generator) -> None:
        self._workers, self._place, self._name, self._generator = workers, place, name, generator
        self.n_batches = EACH * workers.executor.workers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def generate_batches(
        self, batches: Sequence[Sequence[Prompt]], settings: GenerationSettings
    ) -> list[list[Completion]]:
        """What `generate` gives for each batch."""
        handed = [
            (
                f"{self._name}, {len(prompts)} prompts",
                {"place": self._place, "name": self._name, "prompts": tuple(prompts), "settings": settings},
            )
            for prompts in batches
        ]
        return list(self._workers.each(jobs.generate, handed))


def helped_embedders(workers: Workers | None) -> Callable[[WorldFolder, str, Embedder], Any] | None:
    """What gives the embedders of a world their help; None without workers."""
    if workers is None:
        return None
    return lambda world, name, embedder: HelpedEmbedder(workers, world, name, embedder)


def helped_judge(
    workers: Workers | None, folder: Path, imports_from: Path | None
) -> Callable[[ModelSettings], Generator]:
    """What loads the judge: with help if workers can have it, and there are workers."""

    def load(settings: ModelSettings) -> Any:
        generator = load_generator(settings)
        if workers is None or not workers_compute(settings):
            return generator
        place = workers.place(folder, {JUDGE: settings}, imports_from, kinds=())._replace(kept=None)
        return HelpedGenerator(workers, place, JUDGE, generator)

    return load
