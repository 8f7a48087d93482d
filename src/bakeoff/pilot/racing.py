"""Races on dev: one contender with many settings, of which the run then measures the best on the test.

Takes a configuration, prepared data and a run folder, writes the result of each race into `race/`. Candidates are built
like contenders, in a world of their own; what they share is built once. Every answer is on the disk before the next
batch is asked, so a killed race asks nobody twice. The rule is in measure/race.py; docs/racing.md says why.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from bakeoff.contenders.identities import content_sum
from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.race.candidates import first_of, numbered, sample_line
from bakeoff.contenders.race.proposals import proposed
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import fill_store, is_filled
from bakeoff.errors import ConfigError, ContenderError
from bakeoff.files import jsonl
from bakeoff.measure.comparison import Declining
from bakeoff.measure.race import Race, Standing
from bakeoff.measure.value import value_of
from bakeoff.models.spending.ledger import settle
from bakeoff.models.spending.who import asking_in
from bakeoff.pilot.asking import Asking, Workers, collect_from
from bakeoff.pilot.build import Builder, batch_size
from bakeoff.pilot.data_files import write_data
from bakeoff.pilot.executors.jobs import Asked
from bakeoff.pilot.helping import helped_embedders
from bakeoff.pilot.left_out import LeftOut
from bakeoff.pilot.material import material_of
from bakeoff.pilot.prepare import Prepared
from bakeoff.pilot.present import Presenter
from bakeoff.pilot.race_facts import Facts, race_facts
from bakeoff.pilot.race_rungs import AtRung, at_rung, rungs_of
from bakeoff.pilot.reuse import Reuse
from bakeoff.pilot.stage_times import StageTimes
from bakeoff.records import Answer, Question
from bakeoff.report.races import race_sentences
from bakeoff.runs.config import Config
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.runs.race import Raced, Racer, RaceResult, different, made

STAGE = "race"
AT_ONCE = 4
"""The most candidates that are proposed between two looks."""


class Rung(NamedTuple):
    """What came of a rung of a race, the leader first."""

    raced: tuple[Raced, ...]
    n_answers: int


class NobodyBuiltError(ContenderError):
    """No candidate could be built: there is no race, and the contender stays as it is written."""


class Racing:
    """The races of one run."""

    def __init__(
        self,
        config: Config,
        folder: RunFolder,
        prepared: Prepared,
        times: StageTimes,
        reuse: Reuse,
        workers: Workers | None = None,
    ) -> None:
        assert config.race is not None  # else there is no race to run
        self._workers = workers
        self._config = config
        self._rules = config.race
        self._folder = folder
        self._prepared = prepared
        self._times = times
        self._reuse = reuse
        self._root = folder.root / "race"

    def run(self, races: Mapping[str, Sequence[Racer]]) -> None:
        """Runs the races that are not over."""
        recipes = [
            *make_recipes(self._config.specs, self._config.imports_from),
            *(racer.recipe for racers in races.values() for racer in racers),
        ]
        write_data(self._folder, self._config, self._prepared, recipes, self._times)
        done = {result.contender for result in self._folder.races()}
        for contender, racers in races.items():
            if contender not in done:
                self._run_one(contender, racers)

    def _run_one(self, contender: str, racers: Sequence[Racer]) -> None:
        """Runs a race and keeps its result. If nobody can be built, the run goes on with the contender as written."""
        sample = sample_line(contender, self._rules)
        if sample:
            self._times.note(sample)
        try:
            with self._times.timed(STAGE, contender):
                result = self._raced(contender, racers)
                write_record(self._folder.race_path(contender), result)
        except NobodyBuiltError as error:
            self._times.note(f"note: {error.message} It goes on as it is written.")
            return
        for line in race_sentences(result):
            self._times.note(line)

    def _raced(self, contender: str, racers: Sequence[Racer]) -> RaceResult:
        """One race, rung by rung: only who is not behind at a rung is trained for the next one."""
        rules = self._rules
        recipes = [racer.recipe for racer in racers]
        facts = race_facts(rules, recipes, self._prepared, self._config.seed)
        if not facts:
            raise ConfigError(f"'{contender}' cannot race: dev has no questions.", "add some, or raise split.dev")
        rungs = rungs_of(racers)
        left, gone, n_answers = list(racers), list[Raced](), 0
        for epochs in rungs:
            here = at_rung(left, epochs)
            rung = self._rung(contender, here, facts, rules.alpha / len(rungs))
            n_answers += rung.n_answers
            out = [one for one in rung.raced if epochs is None or one.fate in ("behind", "")]
            gone = [*(one.model_copy(update={"epochs": epochs}) for one in out), *gone]
            names = {one.candidate.name for one in out}
            left = [racer for racer in left if racer.candidate.name not in names]
        return RaceResult(
            contender=contender,
            winner=gone[0].candidate,
            raced=tuple(gone),
            n_facts=len(facts),
            n_answers=n_answers,
            n_all=len(gone) * sum(map(len, facts.values())),
            margin=rules.margin,
            alpha=rules.alpha,
        )

    def _rung(self, contender: str, here: Sequence[AtRung], facts: Facts, alpha: float) -> Rung:
        """Builds what stands for the candidates at a rung, and asks it."""
        world = WorldFolder(
            self._root,
            self._config.models,
            self._config.imports_from,
            kept=self._reuse.results,
            helped=helped_embedders(self._workers),
        )
        racers = [one.racer for one in here]
        left_out = LeftOut([racer.recipe for racer in racers], self._root / "left-out", self._times.note)
        self._build(world, contender, racers, left_out)
        ready = [one for one in here if left_out.without([one.racer.recipe])]
        if not ready:
            reasons = "; ".join(dict.fromkeys(left_out.reasons.values()))
            raise NobodyBuiltError(f"No candidate of '{contender}' could be built. {reasons}", "remove the causes")
        rung = self._asked(contender, ready, world, facts, alpha)
        lost = [
            Raced(candidate=racer.candidate, reason=left_out.reasons[one.racer.recipe.spec.name])
            for one in here
            if one not in ready
            for racer in one.stands_for
        ]
        return rung._replace(raced=(*rung.raced, *lost))

    def _build(self, world: WorldFolder, contender: str, racers: Sequence[Racer], left_out: LeftOut) -> None:
        """Makes every candidate ready to answer, without a threshold for declining."""
        recipes = [racer.recipe for racer in racers]
        if not is_filled(world.documents):
            fill_store(world.documents, self._prepared.documents)
        material = material_of(self._config, self._prepared, recipes)

        def progress(stage: str, name: str = "") -> Callable[..., None]:
            return self._times.progress(STAGE, contender)

        @contextmanager
        def timed(stage: str, name: str = "", part: str = "") -> Iterator[dict[str, Any]]:
            with asking_in(STAGE, contender):
                yield {}

        builder = Builder(recipes, material, timed, progress, None, left_out, reuse=self._reuse, workers=self._workers)
        builder.build(world, Presenter(RunFolder(self._root), (), 0, 0.0, lambda recipe: 1))
        for recipe in left_out.without(recipes):
            built = world.built(recipe.spec.name)
            if recipe.declines:
                fitted = built.fitted.model_copy(update={"declining": Declining()})
                world.save(built.model_copy(update={"fitted": fitted}))

    def _asked(self, contender: str, here: Sequence[AtRung], world: WorldFolder, facts: Facts, alpha: float) -> Rung:
        """Asks batch by batch who is still in, until one is left or there are no more facts."""
        rules = self._rules
        by_name = {one.racer.recipe.spec.name: one for one in here}
        penalty, n_answers = self._config.profile.penalty, 0
        space = rules.over[contender]
        n_more = max(0, rules.candidates - len(here)) if first_of(space, rules) < rules.candidates else 0
        race = Race(max(2, len(here) + n_more), -penalty, 1.0, rules.margin, alpha)
        for name in by_name:
            race.join(name)
        order, progress = list(facts), self._times.progress(STAGE, contender)
        for start in range(0, len(order), rules.facts):
            if race.is_over:
                break
            batch = order[start : start + rules.facts]
            questions = [question for fact in batch for question in facts[fact]]
            progress(start, len(order), f"{len(race.running)} of {len(by_name)} candidates are asked")
            self._ask(world, [by_name[name].racer.recipe for name in race.running], questions)
            values = {name: self._values(by_name[name].racer.recipe, questions, penalty) for name in race.running}
            n_answers += len(questions) * len(race.running)
            race.add([{name: of[fact] for name, of in values.items() if fact in of} for fact in batch])
            race.judge()
            if not n_more or start + rules.facts >= len(order):  # who joins now would be asked nothing
                continue
            joining = self._proposed(contender, world, race.standings(), by_name, n_more)
            n_more -= len(joining)
            for racer in joining:
                race.join(racer.candidate.name)
                by_name[racer.candidate.name] = AtRung(racer, (racer,))
        self._check_answered(contender, by_name, race.standings())
        first = {name: one.stands_for[0].candidate.name for name, one in by_name.items()}
        raced = tuple(
            Raced(
                candidate=racer.candidate,
                standing=standing.model_copy(
                    update={"name": racer.candidate.name, "against": first.get(standing.against, "")}
                ),
            )
            for standing in race.standings()
            for racer in by_name[standing.name].stands_for
        )
        return Rung(raced, n_answers)

    def _proposed(
        self, contender: str, world: WorldFolder, standings: Sequence[Standing], known: Mapping[str, AtRung], most: int
    ) -> list[Racer]:
        """At most a few candidates that Optuna proposes, ready to answer. They are asked the next facts."""
        rules = self._rules
        settings = {name: one.racer.candidate.settings for name, one in known.items()}
        next_ = 1 + max(int(name.rpartition("-")[2]) for name in known)  # some numbers are missing: they were equal
        told = [(settings[one.name], one.value) for one in standings if settings[one.name] and one.value is not None]
        found = proposed(rules.over[contender], told, min(most, AT_ONCE), self._config.seed)
        candidates = [numbered(contender, next_ + i, chosen) for i, chosen in enumerate(found)]
        racers = made(self._config, candidates) if candidates else []
        racers = different([*(one.racer for one in known.values()), *racers])[len(known) :]
        left_out = LeftOut([racer.recipe for racer in racers], None, self._times.note)
        self._build(world, contender, racers, left_out)
        return [racer for racer in racers if left_out.without([racer.recipe])]

    def _check_answered(self, contender: str, here: Mapping[str, AtRung], standings: Sequence[Standing]) -> None:
        """Raises ContenderError if candidates were asked and every answer of all of them failed."""
        if any(one.n_facts for one in standings):
            return
        paths = [self._answers_path(one.racer.recipe) for one in here.values()]
        errors = [answer.error for path in paths for answer in jsonl.read(path, Answer) if answer.error]
        if errors:
            raise ContenderError(
                f"No candidate of '{contender}' has answered. The first error: {errors[0]}",
                "remove its cause, then go on: bakeoff run CONFIG --resume",
            )

    def _answers_path(self, recipe: Recipe) -> Path:
        """Where its answers are: under its settings, since a proposed candidate may be another one when resumed."""
        settings = recipe.spec.model_dump(mode="json", exclude={"name"})
        return self._root / "answers" / f"{recipe.spec.name}.{content_sum(settings)[:12]}.jsonl"

    def _ask(self, world: WorldFolder, recipes: Sequence[Recipe], questions: Sequence[Question]) -> None:
        """Asks these candidates what they were not asked yet."""
        askings = [
            Asking(
                recipe,
                Asked(recipe.spec, STAGE),
                partial(world.open, recipe.spec.name),
                questions,
                self._answers_path(recipe),
                batch_size(recipe, self._config.models, self._config.measuring),
            )
            for recipe in recipes
        ]
        collect_from(self._workers, world, askings, lambda done, total: settle())
        for recipe in recipes:
            with asking_in(STAGE, recipe.spec.name):
                settle(is_finished=True)

    def _values(self, recipe: Recipe, questions: Sequence[Question], penalty: float) -> dict[str, float]:
        """The mean value of a candidate's answers to each fact. Facts of which an answer failed are left out."""
        path = self._answers_path(recipe)
        given = {answer.question_id: answer for answer in jsonl.read(path, Answer) if answer.error is None}
        of_facts: dict[str, list[float | None]] = {}
        for question in questions:
            answer = given.get(question.id)
            value = None if answer is None else value_of(question, answer, penalty)
            of_facts.setdefault(question.fact, []).append(value)
        whole = {fact: [value for value in values if value is not None] for fact, values in of_facts.items()}
        return {fact: fmean(values) for fact, values in whole.items() if len(values) == len(of_facts[fact])}
