"""The pilot: documents and questions in, a run folder with every contender measured out.

Takes a `Config`, gives a `Run`. The whole process is in this file: prepare, index, build, answer, update, compare,
report. Each step reads what the previous one left in the run folder and skips what is done, so a killed run continues
where it stopped.
"""

import datetime
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

from bakeoff.contenders.identities import Identities
from bakeoff.contenders.identity import identity_of
from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import BakeoffError, WorkerError
from bakeoff.imports import search_in
from bakeoff.measure.collect import collect, collect_latency
from bakeoff.measures import Measure
from bakeoff.models import threads
from bakeoff.models.memory import peak_memory_bytes
from bakeoff.models.spending.ledger import Ledger, SpendingStopped, counting
from bakeoff.models.tuned_folder import DEPLOYMENT
from bakeoff.pilot.answer_settings import answers_line, settled
from bakeoff.pilot.asking import Asking, Workers, collect_from, workers_lines, workers_of
from bakeoff.pilot.budget import budget_lines, planned
from bakeoff.pilot.build import Builder, Earlier, batch_size
from bakeoff.pilot.data_files import write_data
from bakeoff.pilot.executors.jobs import Asked
from bakeoff.pilot.executors.opening import executing
from bakeoff.pilot.helping import helped_embedders, helped_judge
from bakeoff.pilot.hosting import (
    Machines,
    allowed_usd,
    check_allowed,
    expected_lines,
    hosted_costs,
    hosted_notes,
    hosting_in,
    set_aside,
)
from bakeoff.pilot.judge import check_profile
from bakeoff.pilot.judge_answers import judge_answers, judge_warnings
from bakeoff.pilot.judging import judge_run
from bakeoff.pilot.latency import latency_questions
from bakeoff.pilot.left_out import LeftOut
from bakeoff.pilot.material import material_of
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.pilot.present import Presenter, extra_answers
from bakeoff.pilot.probing import negotiated, probe_judge, probe_models
from bakeoff.pilot.racing import Racing
from bakeoff.pilot.regrade import regraded_notes
from bakeoff.pilot.repair import forget_detours
from bakeoff.pilot.reuse import NO_REUSE, Reuse
from bakeoff.pilot.spending import asking_recipes, kept, pays, prices_of, write_spending
from bakeoff.pilot.stage_times import Event, Listener, StageTimes
from bakeoff.records import Question
from bakeoff.retrieval.opening import copy_documents
from bakeoff.runs import folder as run_folder
from bakeoff.runs.config import Config, load_config
from bakeoff.runs.earlier import TAKEN, taken_line
from bakeoff.runs.folder import RunFolder, write_json, write_record
from bakeoff.runs.own import measures_of, style_notes
from bakeoff.runs.race import racers_of
from bakeoff.runs.run import Run

"""In environment.json: by kind, how many were taken from earlier runs, of how many."""


def run(
    config: Config | Path | str,
    *,
    runs: Path | str = "runs",
    resume: bool = False,
    listener: Listener | None = None,
    prepared: Prepared | None = None,
    yes_spend: float | None = None,
    reuse: bool = True,
) -> Run:
    """Runs the whole pilot (or the rest of it) and writes its report. `prepared` are the data, if they are not to be
    read from the configuration's files. `yes_spend` is the most US dollars that tuning at hosts may cost, by default
    the `budget.usd` of the configuration. With `reuse`, what the other runs in `runs` have made in the very same way is
    not made again.

    Raises a BakeoffError if the configuration, the data or a model does not allow it. The folder stays resumable.
    """
    config = config if isinstance(config, Config) else load_config(Path(config))
    recipes = make_recipes(config.specs, config.imports_from)
    own = measures_of(config)
    check_profile(config.profile, [recipe.entrant(config.models) for recipe in recipes], own)
    search_in(config.imports_from)
    threads.configure(config.threads)
    prepared = prepared or prepare(config)
    fresh = settled(config, prepared.answer_lengths)
    budget, expected = config.budget, planned(fresh, prepared, resume)
    costs = hosted_costs(config, prepared)
    if not resume:
        check_allowed(costs, allowed_usd(config, yes_spend))
    asking = asking_recipes(config)
    earlier = run_folder.resume(config, Path(runs), fresh) if resume else None
    tell = listener or (lambda event: None)
    with (
        executing(config.executor, lambda line: tell(Event(stage="data", note=line))) as executor,
        counting(Ledger(prices_of(config.profile), budget)) as ledger,
    ):
        judge_notes = _tested(config, asking, ledger, earlier)
        taken = negotiated(config, asking)
        waiting = None if resume else run_folder.unfinished(config.name, Path(runs))
        folder = earlier or run_folder.begin(fresh, Path(runs))
        config = folder.config()
        recipes = make_recipes(config.specs, config.imports_from)  # with the prompts and limits of this run
        racers = racers_of(folder.begun_config())
        others = Reuse(Path(runs) if reuse else None)
        times = StageTimes(folder, tell, others)
        times.note(f"Run folder: {folder.root}")
        for line in expected_lines(costs, datetime.date.today()):
            times.note(line)
        for line in workers_lines(executor, recipes, config.models) if executor else ():
            times.note(line)
        notes = (*([_waits(waiting)] if waiting else []), *taken, *judge_notes)
        for line in (*(f"note: {note}" for note in notes), *budget_lines(expected, budget)):
            times.note(line)
        for line in data_lines(config, prepared, recipes):
            times.note(line)
        account = kept(ledger, folder, times.note)
        with folder.lock(), account if pays(config) else nullcontext(), closing(others):
            workers = workers_of(executor, config.executor, others.results, folder.root)
            if racers:
                Racing(folder.begun_config(), folder, prepared, times, others, workers).run(racers)
                config = folder.config()
                recipes = make_recipes(config.specs, config.imports_from)
            own = measures_of(config, folder, prepared.of("test"))
            pilot = Pilot(
                config, recipes, own, folder, prepared, times, yes_spend=yes_spend, reuse=others, workers=workers
            )
            pilot.run()
            if workers and (left := workers.finish()):
                times.note(f"note: {left}")
    return Run(folder)


def data_lines(config: Config, prepared: Prepared, recipes: Sequence[Recipe]) -> Iterator[str]:
    """What the data allow, and what follows from them for a run."""
    yield from prepared.lines()
    yield answers_line(config, prepared.answer_lengths)
    yield from extra_answers(recipes, prepared.of("dev"), config.seed)


def _tested(config: Config, recipes: Sequence[Recipe], account: Ledger, earlier: RunFolder | None) -> list[str]:
    """Tests every model once, within the budget, and gives what speaks against the judge.

    A run that goes on without room for that may have all its answers: it is stopped by its first call that has none.
    """
    if earlier is not None:
        account.count_before(earlier.root)
    try:
        probe_models(config, recipes)
        return probe_judge(config)
    except SpendingStopped as stopped:
        if earlier is None:
            raise
        return [f"The models were not tested. {stopped.error.message}"]


def _waits(folder: Path) -> str:
    """What is said of an unfinished run beside which a new one begins."""
    if RunFolder(folder).is_running:
        return f"another process is working on {folder}; this run begins beside it."
    return f"{folder} is not finished. This run begins beside it; to continue that one, stop this run and add --resume."


class Pilot:
    """One pass over the stages of a run. `earlier` is the world whose tuned models training goes on from, if any."""

    def __init__(
        self,
        config: Config,
        recipes: Sequence[Recipe],
        own: Sequence[Measure],
        folder: RunFolder,
        prepared: Prepared,
        times: StageTimes,
        earlier: Earlier | None = None,
        yes_spend: float | None = None,
        reuse: Reuse = NO_REUSE,
        workers: Workers | None = None,
    ) -> None:
        self._config = config
        self._recipes = recipes
        self._own = own
        self._folder = folder
        self._prepared = prepared
        self._times = times
        self._reuse = reuse
        kept = self._reuse.results
        self._workers = workers
        self._world, self._updated_world = (
            WorldFolder(root, config.models, config.imports_from, kept=kept, helped=helped_embedders(workers))
            for root in (folder.world, folder.updated_world)
        )
        material = material_of(config, prepared, recipes)
        self._left_out = LeftOut(recipes, folder.root / "left-out", self._times.note, earlier is not None)
        hosting = hosting_in(folder.root, yes_spend)
        self._builder = Builder(
            recipes,
            material,
            self._times.timed,
            self._times.progress,
            earlier,
            self._left_out,
            hosting,
            self._reuse,
            self._workers,
        )
        self._machines = Machines(recipes, hosting, self._times.note)
        self._presenter = Presenter(
            folder,
            material.dev,
            config.seed,
            config.profile.penalty,
            lambda recipe: batch_size(recipe, config.models, config.measuring),
            self._workers,
        )

    def run(self) -> None:
        """Runs every stage in turn, after saying what the data allow. No deployment outlives it."""
        self._machines.stop_left(self._world, self._updated_world)
        set_aside(self._folder.root)
        try:
            self._run()
        finally:
            self._machines.stop()

    def _run(self) -> None:
        write_data(self._folder, self._world, self._config, self._prepared, self._recipes, self._times)
        self._builder.build(self._world, self._presenter)
        set_aside(self._folder.root)
        data = self._prepared.summary(self._builder.n_chunks(self._world))
        for recipe in sorted(self._recipes, key=lambda recipe: recipe.step):
            if self._left_out.without([recipe]):
                with self._left_out.trying("its calibration or test", [recipe]):
                    self._answer(recipe)
        self._stop_machines()
        if self._prepared.updated_documents:
            self._update()
            self._stop_machines()
        built = self._left_out.remaining()
        self._ask_judge()
        warnings = (*data.warnings, *self._warnings(built), *style_notes(self._folder), *regraded_notes(self._folder))
        write_record(self._folder.data_path, data.model_copy(update={"warnings": warnings}))
        self._judge(built)

    def _stop_machines(self) -> None:
        """Stops the deployments, and gives what they did not need back to the budget."""
        self._machines.stop()
        set_aside(self._folder.root)

    def _warnings(self, built: Sequence[Recipe]) -> list[str]:
        """Problems in the contenders' answers that the measures do not show."""
        errors: dict[str, list[str]] = {}
        uncertain: list[str] = []
        for recipe in built:
            name = recipe.spec.name
            first = next((answer.error for answer in self._folder.answers(name) if answer.error), None)
            if first:
                errors.setdefault(" ".join(first.split())[:300], []).append(name)
        for recipe in built:
            dev = self._folder.answers(recipe.spec.name, "dev")
            n_failed = sum(answer.error is not None for answer in dev)
            if n_failed:
                uncertain.append(f"{recipe.spec.name} ({n_failed} of {len(dev)})")
        silent = self._builder.without_confidence
        note = (
            f"The model gives no log-probabilities ({', '.join(silent)}), so the common rule gives no contender a "
            "threshold for declining."
        )
        return [
            *self._builder.engine_notes.values(),
            *hosted_notes([self._world, self._updated_world], built),
            *self._builder.retrieval_notes.values(),
            *([note] if silent else []),
            *(
                [
                    f"Dev questions failed: {', '.join(uncertain)}. Thresholds are calibrated on the others. "
                    "bakeoff run CONFIG --resume asks them again, and calibrates again."
                ]
                if uncertain
                else []
            ),
            *(
                f"The first failed answer of {', '.join(failed)} has this error: {error}"
                for error, failed in errors.items()
            ),
        ]

    def _answer(self, recipe: Recipe) -> None:
        """Calibrates a contender on dev, then asks it some test questions one at a time, then all of them."""
        name, world = recipe.spec.name, self._world
        forget_detours(self._folder, recipe)
        is_calibrated = not self._builder.is_to_calibrate(world, recipe, self._folder)
        if is_calibrated and self._is_asked_no_more(recipe, "", self._prepared.of("test")):
            return
        self._machines.need(world, recipe, lambda line: self._times.progress("load", name)(0, 0, line))
        set_aside(self._folder.root)
        if recipe.tunes:
            with self._times.timed("load", name, f"adapter:{recipe.adapter}"):
                world.generator(recipe.spec.model, recipe.adapter)
        with self._times.timed("calibrate", name):
            self._builder.calibrate(world, recipe, self._folder, self._config.measuring)
        with self._times.timed("latency", name):
            path, progress = self._folder.answers_path(name, "latency"), self._times.progress("latency", name)
            if recipe.recorded:
                collect(world.open(name), self._prepared.of("test"), path, self._config.measuring.batch_size, progress)
            else:
                collect_latency(world.open(name), latency_questions(self._config, self._prepared), path, progress)
        with self._times.timed("answer", name):
            self._collect("answer", world, recipe, "", self._prepared.of("test"))

    def _collect(
        self, stage: str, world: WorldFolder, recipe: Recipe, phase: str, questions: Sequence[Question]
    ) -> None:
        """Asks a contender, here or by workers. Those that send questions to others get their answers of this phase."""
        name = recipe.spec.name
        asking = Asking(
            recipe,
            Asked(recipe.spec, stage),
            lambda: world.open(name, given=lambda part: self._folder.answers(part, phase)),
            questions,
            self._folder.answers_path(name, phase),
            batch_size(recipe, self._config.models, self._config.measuring),
        )
        collect_from(self._workers, world, [asking], self._times.progress(stage, name))

    def _is_asked_no_more(self, recipe: Recipe, phase: str, asked: Sequence[Question]) -> bool:
        """Whether a tuned model at a host would be asked for answers that an earlier session has stored."""
        stored = self._folder.answers(recipe.spec.name, phase)
        is_done = len(stored) == len(asked) and not any(answer.error for answer in stored)
        return is_done and self._machines.are_needed(recipe)

    def _update(self) -> None:
        """Applies the updates to a copy of the world, then asks about what changed."""
        changed = [question for question in self._prepared.of("test") if question.slice == "changed"]
        root = self._folder.updated_world
        if not root.exists():
            self._world.store.close()
            again = self._builder.relearning()
            relearning = {one.adapter for recipe in again for one in (recipe, recipe.at_its_host) if one is not None}
            _copy_world(self._folder.world, root, without=sorted(relearning))
        self._world.release()
        world = self._updated_world
        self._builder.update(world, self._world, self._prepared.updated_documents)
        set_aside(self._folder.root)
        for recipe in sorted(self._left_out.without(self._recipes), key=lambda recipe: recipe.step):
            forget_detours(self._folder, recipe, "updated")
            if not (recipe.not_updated or self._is_asked_no_more(recipe, "updated", changed)):
                with self._left_out.trying("its test after the update", [recipe]):
                    self._ask_updated(recipe, changed)

    def _ask_updated(self, recipe: Recipe, changed: Sequence[Question]) -> None:
        """Asks a contender of the updated world about what changed."""
        world = self._updated_world
        with self._times.timed("answer-updated", recipe.spec.name):
            self._machines.need(world, recipe, lambda line: None)
            set_aside(self._folder.root)
            self._collect("answer-updated", world, recipe, "updated", changed)

    def _ask_judge(self) -> None:
        """Has long and unsure answers judged by the judge model, if there is one. If that fails, the run goes on.

        Raises WorkerError if workers fail.
        """
        if self._config.judge is None:
            return
        self._world.release()
        with self._times.timed("judge") as took:
            try:
                calibration = judge_answers(
                    self._folder,
                    self._config.judge,
                    self._config.grading,
                    self._config.profile,
                    progress=self._times.progress("judge"),
                    load=helped_judge(self._workers, self._folder.world, self._config.imports_from),
                )
            except WorkerError:
                raise  # as in every stage: what was judged is kept, and --resume goes on
            except BakeoffError as error:
                self._times.note(f"note: The judge was not used: {error}")
                return
            took["tokens"] = calibration.usage.prompt_tokens + calibration.usage.completion_tokens
        told = judge_warnings(self._config, self._config.judge)
        news = [note for note in calibration.notes if note not in told]
        for note in (calibration.line, *news, *calibration.cautions):
            self._times.note(f"note: {note}")

    def _judge(self, built: Sequence[Recipe]) -> None:
        """Scores every answer, compares the contenders, judges them, writes the report."""
        with self._times.timed("compare"):
            entrants = [recipe.entrant(self._config.models) for recipe in built]
            environment = self._folder.read_json(self._folder.environment_path)
            environment["peak_memory_bytes"] = max(peak_memory_bytes(), environment.get("peak_memory_bytes", 0))
            identities = Identities(contenders=tuple(identity_of(self._world, entrant.name) for entrant in entrants))
            write_record(self._folder.identities_path, identities)
            environment["contender_sha256"] = identities.sums
            environment |= self._taken(environment.get(TAKEN, {}))
            write_json(self._folder.environment_path, environment)
            write_spending(self._folder)
            judge_run(self._folder, self._config.profile, entrants, self._left_out.reasons, self._own)

    def _taken(self, before: Mapping[str, Sequence[int]]) -> dict[str, Any]:
        """What was taken from earlier runs, in all sessions of this one. Says so."""
        counts = self._reuse.counts
        problem = self._reuse.results.problem if self._reuse.results else ""
        for line in filter(None, (taken_line(counts), problem)):
            self._times.note(f"note: {line}")
        kinds = dict.fromkeys([*before, *counts])
        none = (0, 0)
        sums = {
            kind: [a + b for a, b in zip(before.get(kind, none), counts.get(kind, none), strict=True)] for kind in kinds
        }
        return {TAKEN: sums} if any(some for some, _ in sums.values()) else {}


def _copy_world(world: Path, copy: Path, without: Sequence[str]) -> None:
    """Makes a second world next to the first, whole or not at all: the store, the index and the contenders.

    The tuned models in `without` are not copied, because they are tuned further for the new documents.
    """
    half = copy.with_name(copy.name + ".part")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    copy_documents(world, half)
    for part in ("adapters", "contenders"):
        if (world / part).exists():
            shutil.copytree(world / part, half / part, ignore=shutil.ignore_patterns("checkpoint*", DEPLOYMENT))
    for name in without:
        shutil.rmtree(half / "adapters" / name, ignore_errors=True)
    half.replace(copy)
