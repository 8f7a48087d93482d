"""Tuning the models of a run: taken from earlier runs, trained here one after another, or by workers side by side.

Takes courses and a world, fills the folders of tuned models, gives what each training took. Knows no contender by name.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

from bakeoff.contenders.access import record_learned
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import BakeoffError, ContenderError, InputError, ModelUnavailableError
from bakeoff.files import jsonl
from bakeoff.models.memory import make_room_to_train, release_memory
from bakeoff.pilot.asking import Workers
from bakeoff.pilot.reuse import Reuse, Trained, copy_folder, trained_in, training_key, write_trained
from bakeoff.pilot.tuners import Course, Hosting, tuner_of
from bakeoff.protocols import Outcome

Took = Callable[[], dict[str, Any]]
"""Does what is left of a training, and gives what its stage took. Raises the error of the training."""


class Fitting:
    """The trainings of one run."""

    def __init__(self, seed: int, hosting: Hosting, reuse: Reuse, workers: Workers | None = None) -> None:
        self._seed, self._hosting, self._reuse, self._workers = seed, hosting, reuse, workers

    def trainings(
        self,
        world: WorldFolder,
        courses: Mapping[str, Course],
        is_wanted: Callable[[str], bool],
        progress: Callable[[str], Callable[..., None]],
    ) -> Iterator[tuple[str, Took]]:
        """Every course, by its tuned model, when it is ready: those of workers as they finish, each after the one
        that it goes on from. Models that no longer `is_wanted` are left out. `progress` takes a contender.
        """
        left = dict(courses)
        while left:
            folders = {world.adapter_folder(adapter) for adapter in left}
            ready = {adapter: course for adapter, course in left.items() if course.start_from not in folders}
            left = {adapter: course for adapter, course in left.items() if adapter not in ready}
            ready = {adapter: course for adapter, course in ready.items() if is_wanted(adapter)}
            spread = {adapter: course for adapter, course in ready.items() if self._is_spread(world, course)}
            yield from self._by_workers(world, spread, progress)
            for adapter, course in ready.items():
                if adapter not in spread:
                    yield adapter, partial(self._here, world, course, progress(course.recipe.spec.name))

    def _is_spread(self, world: WorldFolder, course: Course) -> bool:
        """Whether a worker trains it: not at a host, and not if an earlier run has made it."""
        try:
            return self._workers is not None and is_local(course) and self._known(world, course) is None
        except BakeoffError:
            return False  # training it here raises this again, and costs its contender

    def _by_workers(
        self, world: WorldFolder, courses: Mapping[str, Course], progress: Callable[[str], Callable[..., None]]
    ) -> Iterator[tuple[str, Took]]:
        if not courses or self._workers is None:
            return
        adapters = list(courses)
        trainings = [
            {
                "spec": course.recipe.spec,
                "lesson": course.lesson,
                "start_from": course.start_from and course.start_from.resolve(),
                "seed": self._seed,
            }
            for course in courses.values()
        ]
        make_room_to_train()  # on the GPUs of this machine, which workers may train on
        for done, (number, outcome) in enumerate(self._workers.train(world, trainings), 1):
            course = courses[adapters[number]]
            progress(course.recipe.spec.name)(done, len(adapters), self._workers.executor.label)
            yield adapters[number], partial(self._finished, world, course, outcome)

    def _here(self, world: WorldFolder, course: Course, progress: Callable[..., None]) -> dict[str, Any]:
        """Trains it in this process, or takes it from an earlier run."""
        known = self._known(world, course) if is_local(course) else None
        recipe, lesson, start_from = course
        if known is not None:
            # the weights are the same; which labels the documents have here is not what they depend on
            record_learned(world.adapter_folder(recipe.adapter), world.store.documents(), start_from)
            return known.model_dump(exclude={"key"})
        with _costing(course):
            tuner, model = tuner_of(recipe, world, self._seed, self._hosting)
            report = tuner.fit(
                model,
                lesson,
                recipe.spec.tuning,
                world.adapter_folder(recipe.adapter),
                on_progress=lambda at: progress(at.step, at.n_steps, at.detail),
                start_from=start_from,
            )
        return self._finished(world, course, Outcome(report))

    def _finished(self, world: WorldFolder, course: Course, outcome: Outcome) -> dict[str, Any]:
        """Writes down what the tuned model is, and learned from."""
        with _costing(course):
            report = outcome.get()
        release_memory()
        recipe, folder = course.recipe, world.adapter_folder(course.recipe.adapter)
        assert recipe.template is not None  # a tuned model is served with a template
        jsonl.write_text(folder / "template.txt", recipe.template.fingerprint + "\n")
        record_learned(folder, world.store.documents(), course.start_from)
        detail = f"{report.n_examples} examples, {report.epochs:g} epochs, {report.stopped_because}"
        key = self._key(world, course) if is_local(course) else ""
        trained = Trained(key=key, seconds=report.seconds, tokens=report.n_tokens, detail=detail)
        if key:
            write_trained(folder, trained)
        return trained.model_dump(exclude={"key"})

    def _known(self, world: WorldFolder, course: Course) -> Trained | None:
        """What is known of the very same training, if another run has done it, or this one; then it is here.

        What a kill left of this run's own training is given up for a finished one.
        """
        key, folder = self._key(world, course), world.adapter_folder(course.recipe.adapter)
        earlier = self._reuse.trained(key, folder) if trained_in(folder, key) is None else None
        if earlier is not None:
            copy_folder(earlier, folder, instead=True)
        return trained_in(folder, key)

    def _key(self, world: WorldFolder, course: Course) -> str:
        return training_key(course.recipe, world, course.lesson, course.start_from, self._seed)


def is_local(course: Course) -> bool:
    """Whether it is trained on our own machines."""
    return not course.recipe.is_hosted and course.recipe.at_its_host is None


@contextmanager
def costing_one_contender() -> Iterator[None]:
    """What is wrong with a contender's preferences, or with where they start, leaves out that contender alone."""
    try:
        yield
    except (InputError, ModelUnavailableError) as error:
        raise ContenderError(error.message, error.remedy) from error


def _costing(course: Course) -> AbstractContextManager[None]:
    return costing_one_contender() if course.lesson.preferences else nullcontext()
