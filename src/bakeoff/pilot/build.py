"""Building: indexes, tuned models and fitted values, until every contender of a world can be opened; then updates.

Takes recipes, prepared data and a world, fills the world's folder. Each distinct index and each distinct tuned model is
built once. Knows no contender by name, and nothing about test questions.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.contenders.built import Built, Fitted
from bakeoff.contenders.recipe import Material, Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import InputError
from bakeoff.files import jsonl
from bakeoff.measure.collect import ANSWERING_ERRORS
from bakeoff.measure.comparison import Declining
from bakeoff.measure.score import rightness
from bakeoff.measure.settings import Measuring
from bakeoff.measure.threshold import Facts, fit
from bakeoff.models.kept.clock import now
from bakeoff.models.providers.batches import MOST_BATCHED
from bakeoff.models.settings import ApiModel, ModelSettings
from bakeoff.pilot.asking import Asking, Workers, collect_from
from bakeoff.pilot.executors.jobs import Asked
from bakeoff.pilot.fitting import Fitting, costing_one_contender
from bakeoff.pilot.left_out import LeftOut
from bakeoff.pilot.present import Presenter, followers, groups
from bakeoff.pilot.repair import agree, is_fitted_on_failures, reopen
from bakeoff.pilot.retrieval_parts import tune_in_turn
from bakeoff.pilot.reuse import Reuse, Trained, copy_folder, retrieval_key, write_trained
from bakeoff.pilot.tuners import NO_LESSON, NOTHING_ALLOWED, Course, Hosting, check_length, waiting_for
from bakeoff.records import Answer, Completion
from bakeoff.runs.folder import RunFolder
from bakeoff.tuning.lessons import Lesson
from bakeoff.tuning.retriever.folders import is_tuned_part

SAYS_LOGPROBS = "log-probabilities.json"
"""The file of a world that says which models give log-probabilities."""
NO_LOGPROBS = "a model of this run gives no log-probabilities"
"""Why no contender of a run has a threshold."""
Timed = Callable[..., AbstractContextManager[dict[str, Any]]]
Progress = Callable[..., Callable[..., None]]
"""Takes a stage and a contender; gives a function of the amount done, the total, and optionally a detail."""


class Earlier(NamedTuple):
    """A world whose tuned models training goes on from. `relearns`: there are new training questions; without any, its
    tuned models are taken as they are.
    """

    world: WorldFolder
    relearns: bool


class Builder:
    """Builds and updates worlds for the recipes of one run.

    With `earlier`, models that were tuned with the same settings there are tuned further on all training questions,
    the earlier ones among them so that they are not forgotten, in half the epochs. `engine_notes` say of models, by
    name, why they run on a slower engine than others, `retrieval_notes` what tuning retrieval did not improve. With
    `reuse`, trainings of other runs are taken where they would be the same.
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        material: Material,
        timed: Timed,
        progress: Progress,
        earlier: Earlier | None = None,
        left_out: LeftOut | None = None,
        hosting: Hosting = NOTHING_ALLOWED,
        reuse: Reuse | None = None,
        workers: Workers | None = None,
    ) -> None:
        self._recipes = recipes
        self._workers = workers
        self._material = material
        self._timed = timed
        self._progress = progress
        self._earlier = earlier
        self._hosting = hosting
        self._reuse = reuse or Reuse()
        self.left_out = left_out or LeftOut(recipes)
        self._silent: set[str] = set()
        self.engine_notes: dict[str, str] = {}
        self.retrieval_notes: dict[tuple[str, str], str] = {}

    def build(self, world: WorldFolder, presenter: Presenter) -> None:
        """Makes every contender ready to calibrate that can be built."""
        self._load(world)
        self._take_tuned_parts(world)
        self._index(world, "index")
        self._leave_out_obstructed(world)
        self._present(world, self.left_out.without(self._recipes), presenter)
        self._tune_retrieval(world)
        self._train(world)
        for recipe in self.left_out.without(self._recipes):
            with self.left_out.trying("its preparation", [recipe]):
                if not world.is_calibrated(recipe.spec.name):
                    fitted = self._prepared("prepare", world, recipe, self._material)
                    world.save(Built(spec=recipe.spec, entrant=recipe.entrant(world.models), fitted=fitted))

    def _load(self, world: WorldFolder) -> None:
        """Loads every model once."""
        for model in dict.fromkeys(recipe.spec.model for recipe in self._recipes if recipe.asks_model):
            asking = [recipe for recipe in self._recipes if recipe.asks_model and recipe.spec.model == model]
            with self.left_out.trying(f"loading the model '{model}'", asking):
                with self._timed("load", part=f"model:{model}"):
                    note = getattr(world.generator(model), "note", "")
                if note:
                    self.engine_notes[model] = note
                if self._is_silent(world, model):
                    self._silent.add(model)

    def _take_tuned_parts(self, world: WorldFolder) -> None:
        """Copies the tuned parts of retrieval that what is served has, which the index of this world needs."""
        for recipe in self._recipes:
            with self.left_out.trying("taking its tuned retrieval", [recipe]):
                for name in (recipe.embedder, recipe.spec.reranker):
                    if self._earlier and is_tuned_part(name, world.models):
                        copy_folder(self._earlier.world.adapter_folder(name), world.adapter_folder(name))

    def _tune_retrieval(self, world: WorldFolder) -> None:
        """Tunes what retrieval is made of, and builds the indexes of tuned embedders."""
        for recipe in self.left_out.without(self._recipes):
            notes = tune_in_turn(recipe, self.left_out, partial(self._tune_part, world, recipe))
            self.retrieval_notes |= {(recipe.spec.name, part): note for part, note in notes.items()}

    def _tune_part(self, world: WorldFolder, recipe: Recipe, part: str) -> str:
        """Tunes the embedder or the reranker of a contender. Returns a note if it is not used."""
        taken = self._earlier.world.adapter_folder("") if self._earlier and not self._earlier.relearns else None
        name, training = recipe.spec.name, recipe.retrieval_training(part)
        folder, key = world.adapter_folder(training), retrieval_key(recipe, part, world, self._material)
        if taken is None and not folder.exists():
            found = self._reuse.trained(key, folder)
            taken = found.parent if found else None
        with self._timed("train", name, f"retriever:{training}") as more:
            took = recipe.tune_retrieval(part, world, self._material, self._progress("train", name), taken)
            more |= took.model_dump(exclude={"note"})
        if self._earlier is None or self._earlier.relearns:  # else it was trained on what was known earlier
            write_trained(folder, Trained(key=key, **took.model_dump(exclude={"note"})))
        if is_tuned_part(recipe.embedder, world.models):
            self._index(world, "index", [recipe])
        return took.note

    def _train(self, world: WorldFolder) -> None:
        """Tunes the models of the contenders, from the earlier ones where there are any."""
        sharing = _by_adapter(self.left_out.without(self._recipes))
        courses: dict[str, Course] = {}
        for recipes in sharing.values():
            with self.left_out.trying("its training", recipes):
                if not self._is_taken(world, recipes[0]):
                    courses |= self._courses(world, recipes[0])
        if courses:  # training needs the memory that loaded models take
            world.release()
        self._fit("train", "its training", world, courses)

    def _courses(self, world: WorldFolder, recipe: Recipe) -> "dict[str, Course]":
        """The trainings that make a recipe's tuned model, in order: before preferences its supervised training."""
        there = recipe.at_its_host
        if there is not None:
            course = Course(recipe, NO_LESSON, world.adapter_folder(there.adapter))
            return {**self._courses(world, there), recipe.adapter: course}
        before, preferences = recipe.supervised, recipe.spec.tuning.preferences
        if preferences is None:
            earlier = self._earlier_adapter(recipe)
            return {recipe.adapter: Course(recipe, self._lesson(world, recipe, earlier), earlier)}
        courses = {} if before is None or self._is_taken(world, before) else self._courses(world, before)
        start = world.adapter_folder(before.adapter) if before else Path(preferences.start_from or "")
        with costing_one_contender():
            if before is None and not start.is_dir():
                raise InputError(f"There is no folder {start}.", "set tuning.preferences.start_from to a tuned model")
            learned = recipe.preference_lesson(world, self._material)
            assert learned is not None  # the recipe has preferences
            check_length(world, recipe, [example for part in learned for one in part for example in one.examples])
        return {**courses, recipe.adapter: Course(recipe, Lesson([], [], preferences.epochs, learned), start)}

    def _earlier_adapter(self, recipe: Recipe) -> Path | None:
        """The folder of the earlier model that was tuned with the same settings; None if there is none."""
        folder = self._earlier.world.adapter_folder(recipe.adapter) if self._earlier else None
        return folder if folder and (folder / "template.txt").exists() else None

    def _is_taken(self, world: WorldFolder, recipe: Recipe) -> bool:
        """Whether a tuned model is the earlier one, because there is nothing new to learn; then it is copied here."""
        earlier = self._earlier_adapter(recipe)
        if earlier is None or self._earlier is None or self._earlier.relearns:
            return False
        copy_folder(earlier, world.adapter_folder(recipe.adapter))
        return True

    def _present(self, world: WorldFolder, recipes: Sequence[Recipe], presenter: Presenter) -> None:
        """Chooses on dev how passages are shown, before models are tuned to read them."""
        for group, members in groups(recipes).items():
            with (
                self.left_out.trying("choosing how passages are shown to it", members),
                self._timed("present", members[0].spec.name, f"presentation:{group}"),
            ):
                following = [recipe for recipe in followers(recipes, members) if not recipe.presented_by]
                presenter.present(world, group, members, following, self._progress("present", members[0].spec.name))

    def _prepared(self, stage: str, world: WorldFolder, recipe: Recipe, material: Material) -> Fitted:
        """What a contender needs for itself, timed if its recipe makes something."""
        if not recipe.own_part:
            return Fitted()
        with self._timed(stage, recipe.spec.name, recipe.own_part) as more:
            made = recipe.make(world, material, self._progress(stage, recipe.spec.name))
            more |= made.took.model_dump(exclude={"note"}) if made.took else {}
            return made.fitted

    def n_chunks(self, world: WorldFolder) -> int:
        """Number of chunks in the world's first index; 0 if no contender retrieves."""
        first = next((recipe for recipe in self.left_out.without(self._recipes) if recipe.index), None)
        return int(world.index(first.spec.retrieval).n_chunks) if first else 0

    def _index(self, world: WorldFolder, stage: str, recipes: Sequence[Recipe] | None = None) -> None:
        """Brings the indexes of these recipes (by default all) up to date.

        Time spent by a session that was killed is included.
        """
        chosen = self._recipes if recipes is None else recipes
        reading = [recipe for recipe in self.left_out.without(chosen) if recipe.index]
        for name in dict.fromkeys(recipe.index for recipe in reading):
            sharing = [recipe for recipe in reading if recipe.index == name]
            with self.left_out.trying("its index", sharing), self._timed(stage, part=f"index:{name}") as more:
                begun, retrieval = now(), sharing[0].spec.retrieval
                world.embedder(retrieval.embedder)
                opening_s = now() - begun
                index = world.sound_index(retrieval)  # which checks what is there: no part of an update
                report = index.sync(world.store, self._progress(stage))
                more |= {"tokens": report.n_tokens, "seconds": opening_s + report.seconds}

    def _leave_out_obstructed(self, world: WorldFolder) -> None:
        """Leaves out the contenders that cannot be built here, and those that lack all contenders behind them."""
        for recipe in self.left_out.without(self._recipes):
            with self.left_out.trying("its check", [recipe]):
                reason = recipe.obstacle(world, self._material)
                if reason:
                    self.left_out.add(recipe.spec.name, reason)
        self.left_out.add_lost()

    def _lesson(self, world: WorldFolder, recipe: Recipe, earlier: Path | None) -> Lesson:
        """The examples a recipe's model is tuned on. Half the epochs if it goes on from an earlier one.

        Raises InputError before any training if the model cannot take them.
        """
        lesson = recipe.lesson(world, self._material)
        if earlier is not None:
            lesson = lesson._replace(max_epochs=-(-lesson.max_epochs // 2))
        check_length(world, recipe, [*lesson.examples, *lesson.dev])
        return lesson

    def _fit(self, stage: str, work: str, world: WorldFolder, courses: Mapping[str, Course]) -> None:
        """Trains in the order of the courses, or side by side. What fails costs those that wait for it."""

        def waiting(adapter: str) -> list[Recipe]:
            return self.left_out.without(waiting_for(adapter, self._recipes))

        def is_wanted(adapter: str) -> bool:
            return bool(waiting(adapter))

        fitting = Fitting(self._material.seed, self._hosting, self._reuse, self._workers)
        for adapter, took in fitting.trainings(world, courses, is_wanted, partial(self._progress, stage)):
            recipes = waiting(adapter)
            if recipes:
                name = recipes[0].spec.name
                with self.left_out.trying(work, recipes), self._timed(stage, name, f"adapter:{adapter}") as more:
                    more |= took()

    def is_to_calibrate(self, world: WorldFolder, recipe: Recipe, folder: RunFolder) -> bool:
        """Whether a contender was not calibrated yet, or while some of its dev answers failed, or in another field:
        an earlier session of the run left out what it now could choose, or the model that gives no log-probabilities.
        """
        name = recipe.spec.name
        if not world.is_calibrated(name) or is_fitted_on_failures(folder, name):
            return True
        built = world.built(name)
        declining, among = built.fitted.declining, built.chosen_among
        is_silent = declining is not None and declining.reason == NO_LOGPROBS
        return (recipe.declines and is_silent != bool(self.without_confidence)) or among not in (None, recipe.behind())

    def calibrate(self, world: WorldFolder, recipe: Recipe, folder: RunFolder, measuring: Measuring) -> None:
        """Decides on dev when a contender declines (or how a router routes), and saves it.

        Once decided it does not change when the run is resumed, because answers depend on it, unless dev answers had
        failed or the field was another one (`is_to_calibrate`): these are asked again, and the answers made to agree.
        If a model of the run gives no log-probabilities, no contender gets a threshold, so that all have the same
        chance to decline.
        """
        name, dev = recipe.spec.name, list(self._material.dev)
        if not self.is_to_calibrate(world, recipe, folder):
            return
        if world.is_calibrated(name):
            reopen(world, recipe, self._recipes)
        built = world.built(name)
        fitted = built.fitted
        if recipe.declines:
            # Asked without a threshold, because the threshold is chosen from the confidences of all answers.
            world.save(built.model_copy(update={"fitted": fitted.model_copy(update={"declining": Declining()})}))
        # A contender behind another one is asked too, because who answers what is decided on dev.
        if dev and is_asked_dev(recipe, self._recipes):
            path, size = folder.answers_path(name, "dev"), batch_size(recipe, world.models, measuring)
            asking = Asking(recipe, Asked(recipe.spec, "calibrate"), lambda: world.open(name), dev, path, size)
            collect_from(self._workers, world, [asking], self._progress("calibrate", name))
        if recipe.declines:
            fitted = fitted.model_copy(update={"declining": self._declining(folder.answers(name, "dev"))})
        fitted = recipe.calibrate(world, self._material, fitted, lambda part: folder.answers(part, "dev"))
        agree(folder, recipe, fitted, dev)
        final = {"fitted": fitted, "calibrated": True, "chosen_among": recipe.behind()}
        world.save(built.model_copy(update=final))

    def _declining(self, answers: Sequence[Answer]) -> Declining:
        penalty = self._material.wrong_answer_penalty
        if self.without_confidence:
            return Declining(reason=NO_LOGPROBS, wrong_answer_penalty=penalty)
        return fit(self._material.dev, answers, rightness, penalty, Facts(*self._material.facts))

    @property
    def without_confidence(self) -> list[str]:
        """The contenders whose model gives no log-probability. If there is one, no contender gets a threshold."""
        return [recipe.spec.name for recipe in self._recipes if recipe.asks_model and recipe.spec.model in self._silent]

    def _is_silent(self, world: WorldFolder, model: str) -> bool:
        """Whether this model's answers have no log-probability. Asks it one question, once in a run."""
        path = world.root / SAYS_LOGPROBS
        known: dict[str, bool] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if model not in known:
            completion = self._one_completion(world, model)
            if completion is None or completion.error is not None:  # each of its answers will have this error
                return False
            known[model] = completion.logprob is not None
            jsonl.write_text(path, json.dumps(known) + "\n")
        return not known[model]

    def _one_completion(self, world: WorldFolder, model: str) -> Completion | None:
        recipe = next(recipe for recipe in self._recipes if recipe.asks_model and recipe.spec.model == model)
        question = next(iter(self._material.dev), None)
        if question is None or recipe.template is None:
            return None
        prompt = recipe.template.render(question.text)
        try:
            return world.generator(model).generate([prompt], recipe.spec.generation)[0]
        except ANSWERING_ERRORS:
            return None

    # After the documents have changed.

    def relearning(self) -> list[Recipe]:
        """Recipes whose model is tuned again after the update, because its weights hold facts."""
        return [recipe for recipe in self._recipes if recipe.adapter and recipe.learns_facts and self._material.changed]

    def update(self, world: WorldFolder, before: WorldFolder, documents: Sequence[Any]) -> None:
        """Brings a copied world up to date: indexes the new documents, and tunes models that hold facts again."""
        world.store.upsert(documents)
        for recipe in self.left_out.without(self._recipes):
            world.save(before.built(recipe.spec.name))  # it may have been calibrated again since the world was copied
        self._index(world, "update-index")
        work, courses = "its training after the update", dict[str, Course]()
        for recipes in _by_adapter(self.left_out.without(self.relearning())).values():
            with self.left_out.trying(work, recipes):
                courses |= self._update_courses(world, before, recipes[0])
        self._fit("update-train", work, world, courses)
        train = (*self._material.train, *self._material.changed)
        after = self._material.model_copy(update={"train": train, "changed": ()})
        for recipe in self.left_out.without(self._recipes):
            with self.left_out.trying("its preparation after the update", [recipe]):
                self._prepared("update-prepare", world, recipe, after)

    def _update_courses(self, world: WorldFolder, before: WorldFolder, recipe: Recipe) -> dict[str, Course]:
        """The trainings after an update, by the names of the tuned models; none if there is nothing to learn."""
        there = recipe.at_its_host
        if there is not None:
            first = self._update_courses(world, before, there)
            last = {recipe.adapter: Course(recipe, NO_LESSON, world.adapter_folder(there.adapter))}
            return {**first, **last} if first else {}
        lesson = recipe.update_lesson(world, self._material)
        start = before.adapter_folder(recipe.adapter)
        return {} if lesson is None else {recipe.adapter: Course(recipe, lesson, start)}


def is_asked_dev(recipe: Recipe, recipes: Sequence[Recipe]) -> bool:
    """Whether a contender answers the dev questions: for a threshold of its own, or for those that it is behind."""
    return recipe.declines or any(recipe.spec.name in other.behind() for other in recipes)


def batch_size(recipe: Recipe, models: Mapping[str, ModelSettings], measuring: Measuring) -> int:
    """How many questions are asked together: all by a batch API, else the batch size, rounded up by concurrency."""
    settings = models[recipe.spec.model] if recipe.asks_model else None
    if isinstance(settings, ApiModel) and settings.batch:
        return MOST_BATCHED
    at_once = settings.concurrency if settings else 1
    return -(-measuring.batch_size // at_once) * at_once


def _by_adapter(recipes: Sequence[Recipe]) -> dict[str, list[Recipe]]:
    """The recipes that share each distinct tuned model."""
    found: dict[str, list[Recipe]] = {}
    for recipe in recipes:
        if recipe.adapter:
            found.setdefault(recipe.adapter, []).append(recipe)
    return found
