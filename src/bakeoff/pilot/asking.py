"""Asking the contenders of a world: in this process, or by workers, a batch each.

Takes contenders, questions and files, fills the files. The batches are the same either way, and so is the order of the
answers in the files. Latency is never measured here.
"""

import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.catalogue import RECIPES
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import WorkerError
from bakeoff.files import jsonl
from bakeoff.measure.collect import Progress, collect, unanswered
from bakeoff.models.kept.results import KeptResults
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.models.spending.who import asking_in
from bakeoff.pilot.executors import jobs
from bakeoff.pilot.executors.jobs import Answered, Asked, Place, Tuned
from bakeoff.pilot.executors.parts import Part
from bakeoff.pilot.executors.sharing import EVERYTHING, Share
from bakeoff.protocols import Contender, Executor, Job, Outcome
from bakeoff.records import Answer, Question
from bakeoff.runs.executor import ExecutorSettings
from bakeoff.sentences import listed


class Asking(NamedTuple):
    """What is asked of whom: a contender of a world, opened by `open` if this process asks it."""

    recipe: Recipe
    asked: Asked
    open: Callable[[], Contender]
    questions: Sequence[Question]
    path: Path
    batch_size: int


class Workers:
    """The workers of a run, and what earlier runs made, which they read and the main process writes."""

    def __init__(self, executor: Executor, results: KeptResults | None, share: Share | None = None) -> None:
        self.executor = executor
        self._results = results
        self._share = share

    def place(
        self,
        root: Path,
        models: Mapping[str, ModelSettings],
        imports_from: Path | None,
        kinds: Collection[str] = EVERYTHING,
    ) -> Place:
        """A world in this folder as workers open it. `kinds` are the parts that they need."""
        kept = self._results.path.resolve() if self._results else None
        shared = self._share.world(root, kinds) if self._share else None
        seen = Path() if shared else root.resolve()
        threads = self.executor.threads
        return Place(seen, dict(models), imports_from, kept, socket.gethostname(), threads, shared)

    def world(self, world: WorldFolder, kinds: Collection[str] = EVERYTHING) -> Place:
        """The same of a world that is open here."""
        return self.place(world.root, world.models, world.imports_from, kinds)

    def finish(self) -> str:
        """Removes what was put into a store for the workers, who have nothing more to do. Says what is left there."""
        if self._share is not None:
            try:
                self._share.store.remove_all()
            except WorkerError as error:
                return f"{error.message} The run is finished; delete what is left at {self._share.store.address}."
        return ""

    def each(self, work: Callable[..., Any], jobs: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Any]:
        """What this work gives for each job, a name and the arguments, in the order of the jobs."""
        done: dict[int, Any] = {}
        given = 0
        for number, outcome in self.executor.outcomes([Job(name, _name(work), values) for name, values in jobs]):
            done[number] = outcome.get()
            while given in done:
                yield done.pop(given)
                given += 1

    def ask(self, world: WorldFolder, askings: Sequence[Asking], progress: Progress) -> None:
        """Asks all of them at once. Calls progress(done, total) over all questions."""
        place, total = self.world(world), sum(len(asking.questions) for asking in askings)
        asked: list[tuple[Asking, Sequence[Question]]] = []
        for asking in askings:
            waiting, size = unanswered(asking.questions, asking.path), asking.batch_size
            asked += [(asking, waiting[i : i + size]) for i in range(0, len(waiting), size)]
        done = total - sum(len(questions) for _, questions in asked)
        progress(done, total)
        new: dict[Path, dict[int, list[Answer]]] = {}
        try:
            for number, outcome in self.executor.outcomes([_job(place, *one) for one in asked]):
                answered: Answered = outcome.get()
                asking, questions = asked[number]
                jsonl.append(asking.path, answered.answers)
                new.setdefault(asking.path, {})[number] = answered.answers
                if self._results is not None:
                    for noted in answered.noted:
                        noted.tell(self._results)
                done += len(questions)
                progress(done, total)
        finally:
            for path, parts in new.items():
                _put_in_order(path, parts)

    def train(self, world: WorldFolder, trainings: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Outcome]]:
        """The place of each training with its outcome, as they finish. Each names what `jobs.train` takes."""
        place = self.world(world)
        given = [{"place": place, **one, "start_from": self._start(one["start_from"])} for one in trainings]
        training = [Job(f"training of {one['spec'].name}", _name(jobs.train), one) for one in given]
        for number, outcome in self.executor.outcomes(training):
            if outcome.error is not None:
                yield number, outcome
                continue
            tuned: Tuned = outcome.get()
            if tuned.model is not None and self._share is not None:
                self._share.store.bring(tuned.model, world.root / tuned.model.path)
                self._share.store.remove(tuned.model)
            yield number, Outcome(tuned.report)

    def _start(self, folder: Path | None) -> Path | Part | None:
        """The tuned model that a training goes on from, as workers open it."""
        return self._share.part(folder, folder.parent) if self._share and folder else folder


def workers_of(
    executor: Executor | None, settings: ExecutorSettings | None, results: KeptResults | None, run: Path
) -> Workers | None:
    """The workers of the run in this folder, with what they share; None if there are none."""
    if executor is None or settings is None:
        return None
    return Workers(executor, results, Share(settings.share, run) if settings.share else None)


def collect_from(workers: Workers | None, world: WorldFolder, askings: Sequence[Asking], progress: Progress) -> None:
    """Has the workers ask whom they can ask, and asks the others here, one after another."""
    spread = [one for one in askings if workers is not None and is_spread(one.recipe, world.models)]
    if workers is not None and spread:
        workers.ask(world, spread, progress)
    for one in askings:
        if one not in spread:
            with asking_in(one.asked.stage, one.recipe.spec.name):
                collect(one.open(), one.questions, one.path, one.batch_size, progress)


def is_spread(recipe: Recipe, models: Mapping[str, ModelSettings]) -> bool:
    """Whether workers ask this contender.

    They do not if it asks a server (the main process counts what that costs, and asks several at once), gives answers
    that others gave, or is a class of the team's own, which may depend on anything in its process.
    """
    if recipe.spec.recipe not in RECIPES or recipe.outside or recipe.recorded or recipe.behind() or recipe.own_server:
        return False
    named = [recipe.spec.model if recipe.asks_model else "", recipe.embedder, recipe.reranker]
    used = [models[name] for name in named if name in models]
    return all(map(workers_compute, used))


def workers_compute(model: ModelSettings) -> bool:
    """Whether a worker can have this model: it is computed in the process that asks it, and not by a server."""
    return isinstance(model, LocalModel) and model.answered_by is None and model.engine != "vllm"


def workers_lines(executor: Executor, recipes: Sequence[Recipe], models: Mapping[str, ModelSettings]) -> Iterator[str]:
    """Who does the work of a run, and which contenders the main process asks all the same."""
    yield f"Workers: {executor.label}."
    here = [recipe.spec.name for recipe in recipes if not is_spread(recipe, models)]
    if here:
        yield f"The main process asks {listed(here)}: servers, classes of your own, and who sends questions to others."


def _job(place: Place, asking: Asking, questions: Sequence[Question]) -> Job:
    name = f"{asking.recipe.spec.name}, {questions[0].id} to {questions[-1].id}"
    return Job(name, _name(jobs.answer), {"place": place, "asked": asking.asked, "questions": tuple(questions)})


def _name(work: Callable[..., Any]) -> str:
    """How workers find this function."""
    return f"{work.__module__}.{work.__name__}"


def _put_in_order(path: Path, parts: Mapping[int, Sequence[Answer]]) -> None:
    """Puts the answers that were appended as they came into the order of their batches."""
    if list(parts) == sorted(parts):
        return
    answers = jsonl.read(path, Answer)
    before = answers[: len(answers) - sum(map(len, parts.values()))]
    ordered = [answer for number in sorted(parts) for answer in parts[number]]
    jsonl.write_text(path, "".join(f"{answer.model_dump_json()}\n" for answer in (*before, *ordered)))
