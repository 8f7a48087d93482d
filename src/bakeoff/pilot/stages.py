"""The stages of a pilot: index, build, answer, update, compare, report.

Takes prepared data, recipes and a run folder, leaves every contender measured in the folder. Each stage reads what the
previous one left there and skips what is done.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bakeoff.apart.peak_memory import peak_memory_bytes
from bakeoff.contenders.identities import Identities
from bakeoff.contenders.identity import identity_of
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import check_store
from bakeoff.errors import BakeoffError, WorkerError
from bakeoff.measure.collect import collect, collect_latency
from bakeoff.measures import Measure
from bakeoff.pilot.answer_settings import answers_line
from bakeoff.pilot.asking import Asking, Workers, collect_from
from bakeoff.pilot.build import Builder, Earlier, batch_size
from bakeoff.pilot.busy import BUSY, busy_warning, noting_other_work
from bakeoff.pilot.data_files import VERSIONS, version_warning, write_data
from bakeoff.pilot.executors.jobs import Asked
from bakeoff.pilot.helping import helped_embedders, helped_judge
from bakeoff.pilot.hosting import (
    Machines,
    hosted_notes,
    hosting_in,
    set_aside,
)
from bakeoff.pilot.judge_answers import judge_answers, judge_warnings
from bakeoff.pilot.judging import judge_run
from bakeoff.pilot.latency import latency_questions
from bakeoff.pilot.left_out import LeftOut
from bakeoff.pilot.material import material_of
from bakeoff.pilot.prepare import Prepared
from bakeoff.pilot.present import Presenter, extra_answers
from bakeoff.pilot.regrade import regraded_notes
from bakeoff.pilot.repair import forget_detours
from bakeoff.pilot.reuse import NO_REUSE, Reuse
from bakeoff.pilot.spending import write_spending
from bakeoff.pilot.stage_times import StageTimes
from bakeoff.pilot.updated_world import bring_up_to_date
from bakeoff.records import Question
from bakeoff.runs.config import Config
from bakeoff.runs.earlier import TAKEN, taken_line
from bakeoff.runs.folder import RunFolder, write_json, write_record
from bakeoff.runs.own import style_notes


def data_lines(config: Config, prepared: Prepared, recipes: Sequence[Recipe]) -> Iterator[str]:
    """What the data allow, and what follows from them for a run."""
    yield from prepared.lines()
    yield answers_line(config, prepared.answer_lengths)
    yield from extra_answers(recipes, prepared.of("dev"), config.seed)


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
        write_data(self._folder, self._config, self._prepared, self._recipes, self._times)
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
        silent, environment = self._builder.without_confidence, self._folder.read_json(self._folder.environment_path)
        note = (
            f"The model gives no log-probabilities ({', '.join(silent)}), so the common rule gives no contender a "
            "threshold for declining."
        )
        return [
            *self._builder.engine_notes.values(),
            *hosted_notes([self._world, self._updated_world], built),
            *self._builder.retrieval_notes.values(),
            *busy_warning(environment.get(BUSY, {})),
            *([version_warning(environment[VERSIONS])] if VERSIONS in environment else []),
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
                timed, contender = latency_questions(self._config, self._prepared.of("test")), world.open(name)
                with noting_other_work(self._folder, self._config.models, name):
                    collect_latency(contender, timed, path, progress)
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
        root, documents = self._folder.updated_world, self._prepared.documents
        again = self._builder.relearning()
        relearning = {one.adapter for recipe in again for one in (recipe, recipe.at_its_host) if one is not None}
        self._world.store.close()
        bring_up_to_date(self._folder.world, root, without=relearning, is_indexed=self._is_updated())
        check_store(root, f"delete {root}: it is made again, with what is tuned for the update", bool(documents))
        self._world.release()
        world = self._updated_world
        self._builder.update(world, self._world, self._prepared.updated_documents)
        set_aside(self._folder.root)
        for recipe in sorted(self._left_out.without(self._recipes), key=lambda recipe: recipe.step):
            forget_detours(self._folder, recipe, "updated")
            if not (recipe.not_updated or self._is_asked_no_more(recipe, "updated", changed)):
                with self._left_out.trying("its test after the update", [recipe]):
                    self._ask_updated(recipe, changed)

    def _is_updated(self) -> bool:
        """Whether every index has been brought up to date after the update; then that time is known."""
        done = {stage.part for stage in self._folder.stages() if stage.stage == "update-index"}
        return all(f"index:{one.index}" in done for one in self._left_out.without(self._recipes) if one.index)

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
