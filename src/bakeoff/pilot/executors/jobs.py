"""What workers do: ask a contender or a model, embed passages, tune a model. They open what they need from the folder
of a world by themselves.

Takes values that can be pickled and gives such. Answers are returned, not written; a tuned model appears in its folder
as in a run in one process. Done twice, a job changes nothing more.
"""

import importlib
import pickle
import socket
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.identities import content_sum
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.retrieving import retriever_of
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import error_line
from bakeoff.files.locks import waited_for
from bakeoff.imports import search_in, trust_all
from bakeoff.measure.collect import ask
from bakeoff.models import threads
from bakeoff.models.kept.results import Noted, NotedResults
from bakeoff.models.settings import ModelSettings
from bakeoff.models.sharing import read_apart
from bakeoff.models.short_memory import was_ended
from bakeoff.models.spending.who import asking_in
from bakeoff.pilot.executors.parts import Part
from bakeoff.pilot.executors.sharing import Reached, Shared, part_here, put_trained, training_folder, world_here
from bakeoff.pilot.tuners import NOTHING_ALLOWED, tuner_of
from bakeoff.protocols import Job, Outcome
from bakeoff.records import Answer, Completion, GenerationSettings, Prompt, Question
from bakeoff.retrieval.presentation import Presentation
from bakeoff.tuning.lessons import Lesson


class Place(NamedTuple):
    """A world as a worker opens it: its folder, which all machines see under this path, and the run's models.

    `kept` is the file of what earlier runs made. Only workers on the `host` that has it read it. `threads` is with how
    many a job computes. If the world is `shared`, workers do not look at `root`, but at what they fetch from there.
    """

    root: Path
    models: Mapping[str, ModelSettings]
    imports_from: Path | None
    kept: Path | None
    host: str
    threads: int
    shared: Shared | None = None


class Asked(NamedTuple):
    """A contender of a world, in a stage. With a presentation: its untuned model, shown passages in this way."""

    spec: Spec
    stage: str
    presentation: Presentation | None = None


class Answered(NamedTuple):
    """The answers to some questions, in their order, and what the worker used of earlier runs."""

    answers: list[Answer]
    noted: list[Noted]


class Tuned(NamedTuple):
    """The report of a training. Of a shared world, also the tuned model, which is not in its place then."""

    report: Any
    model: Part | None = None


class Opened(NamedTuple):
    """A world that this worker has open."""

    place: Place
    world: WorldFolder
    results: NotedResults


_opened: list[Opened] = []


def answer(place: Place, asked: Asked, questions: tuple[Question, ...]) -> Answered:
    """The contender's answers to these questions, asked together.

    Prompts share what they begin with within these questions only, so that no time depends on what a worker did before.
    """
    _, world, results = opened(place)
    with asking_in(asked.stage, asked.spec.name), read_apart():
        if asked.presentation is None:
            contender = world.open(asked.spec.name)
        else:
            contender = reader(world, asked.spec, asked.presentation)
        return Answered(ask(contender, questions), results.noted())


def train(place: Place, spec: Spec, lesson: Lesson, start_from: Path | Part | None, seed: int) -> Tuned:
    """Tunes the model of this contender in its folder, from the last checkpoint if there is one."""
    _, world, _ = opened(place)
    world.release()  # training needs the memory that loaded models take
    recipe = make_recipe(spec, place.imports_from)
    folder, shared, learned = world.adapter_folder(recipe.adapter), place.shared, ""
    if shared is not None:
        learned = content_sum([*lesson.content, start_from.sha256 if isinstance(start_from, Part) else "", seed])
        folder = training_folder(shared.address, folder.name, learned)
        start_from = part_here(shared.address, start_from) if isinstance(start_from, Part) else None
    assert not isinstance(start_from, Part)  # only of a shared world
    tuner, weights = tuner_of(recipe, world, seed, NOTHING_ALLOWED)
    # Waits for a worker that is still writing there: one that its cluster has given up, or of a killed run.
    with waited_for(folder.with_name(f"{folder.name}.lock"), needed=False):
        if shared is None:
            return Tuned(tuner.fit(weights, lesson, spec.tuning, folder, start_from=start_from))
        reached = Reached(shared.address, folder, learned)
        reached.take()
        report = tuner.fit(weights, lesson, spec.tuning, folder, on_progress=reached.keep, start_from=start_from)
        return Tuned(report, put_trained(shared.address, folder))


def embed(place: Place, name: str, texts: tuple[str, ...]) -> np.ndarray:
    """The vectors of these passages by the embedder of this name, as one batch."""
    _, world, results = opened(place)
    vectors: np.ndarray = world.embedder(name).embed_passages(texts)
    results.noted()  # the main process has looked for what is kept, and keeps these
    return vectors


def generate(place: Place, name: str, prompts: tuple[Prompt, ...], settings: GenerationSettings) -> list[Completion]:
    """What the untuned model of this name replies, as one batch."""
    _, world, results = opened(place)
    completions = world.generator(name).generate(prompts, settings)
    results.noted()  # nothing of this is kept
    return completions


def reader(world: WorldFolder, spec: Spec, presentation: Presentation) -> Grounded:
    """The untuned model, shown passages in this way."""
    shown = spec.model_copy(update={"presentation": presentation})
    index, generator = retriever_of(world, spec.retrieval), world.generator(spec.model)
    return Grounded(spec.name, index, generator, shown.grounded, shown.n_passages, spec.generation, None, presentation)


def opened(place: Place) -> Opened:
    """The world of a place. A worker has one open, with its models: the one that it was last asked for."""
    if place.shared is not None:
        place = place._replace(root=world_here(place.shared), shared=None)
    if not _opened or _opened[0].place != place:
        _opened.clear()
        threads.configure(place.threads)
        search_in(place.imports_from)
        is_here = place.kept is not None and socket.gethostname() == place.host and place.kept.exists()
        results = NotedResults(place.kept if is_here else None)
        _opened.append(Opened(place, WorldFolder(place.root, place.models, place.imports_from, kept=results), results))
    return _opened[0]


def outcome_of(job: Job) -> Outcome:
    """Does a job here. Its error, with its traceback as a note, is an outcome, too."""
    module, _, name = job.function.rpartition(".")
    was_ended(job.ended)
    try:
        function: Callable[..., Any] = getattr(importlib.import_module(module), name)
        return Outcome(function(**job.arguments))
    except Exception as error:  # noqa: BLE001  (anything may be raised; it is raised again in the main process)
        error.add_note("".join(traceback.format_exception(error)))
        return Outcome(error=_portable(error))


def outcome_in_worker(job: Job) -> Outcome:
    """The same in a process that only does jobs. The process that sends them has imported all code that they name."""
    trust_all()
    return outcome_of(job)


def _portable(error: Exception) -> Exception:
    """The error if it can go to another process, else its line."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001  (an error of a library may fail in any way here)
        return RuntimeError(error_line(error))
    return error
