"""Whether a run is whole: every file that its finished stages need is there, can be read, and fits the others.

Takes a run folder, gives findings. Loads no model and writes nothing. What is wrong is found by what reads these files
in a run, a report and a server; what to do was tried for each file.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from bakeoff.contenders.identities import Identities
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import has_store
from bakeoff.doctor import worlds
from bakeoff.doctor.finding import Finding, fine, note
from bakeoff.doctor.looking import Looking
from bakeoff.errors import BakeoffError
from bakeoff.files.unreadable import is_there
from bakeoff.measure.graded import Values
from bakeoff.measure.score import values_by_phase
from bakeoff.pilot.build import SAYS_LOGPROBS, is_asked_dev
from bakeoff.pilot.latency import latency_questions
from bakeoff.pilot.score import require_all
from bakeoff.records import Phase, Question, Split
from bakeoff.report.gather import gather
from bakeoff.runs.documents import has_read_documents
from bakeoff.runs.folder import LOST, RunFolder, continued
from bakeoff.sentences import counted

if TYPE_CHECKING:
    from bakeoff.runs.config import Config

RESUME = "bakeoff run CONFIG --resume"
STAGES = {"": "answer", "updated": "answer-updated", "latency": "latency", "dev": "calibrate"}
"""The stage that writes the answers of each phase."""
KINDS = {"": "test", "updated": "changed", "latency": "timed", "dev": "dev"}
"""How the questions of each phase are called."""


def whole(root: Path, config: "Config | None") -> list[Finding]:
    """What is wrong with this run. `config` is None if its configuration cannot be read, which is said elsewhere."""
    folder = RunFolder(root)
    if folder.is_running:
        return [note("run", f"another process is working on {root}", "examine it again when that has ended")]
    look = _Run(folder, config)
    if not look.has_begun:
        return [note("run", f"{root} has no data yet: it was stopped at its beginning", f"continue it: {look.resume}")]
    look.all()
    if look.is_finished and config is not None and not look.n_problems:
        look.at(lambda: gather(root))
    if not look.is_finished:
        look.note(f"{root} is not finished: {counted(len(look.stages), 'stage')} ended", f"continue it: {look.resume}")
    if look.n_problems:
        return look.findings
    state = "finished" if look.is_finished else "whole as far as it is"
    found = f"{root} is {state}: {look.said}"
    return [fine("run", found, finished=look.is_finished, contenders=len(look.names)), *look.findings]


class _Run(Looking):
    """One run, file by file."""

    def __init__(self, folder: RunFolder, config: "Config | None") -> None:
        super().__init__("run")
        self.folder = folder
        self.config = config
        self.stages = self.at(folder.stages, LOST) or []
        self.done = {(stage.stage, stage.contender) for stage in self.stages}
        last = (folder.comparison_path, folder.verdict_path, folder.report_path, folder.identities_path)
        self.is_finished = ("compare", "") in self.done or any(path.exists() for path in last)
        self.has_begun = self.is_finished or bool(self.stages) or folder.environment_path.exists()
        self.resume = self._resume()
        self.names: list[str] = []
        self.said = ""

    def _resume(self) -> str:
        """The command that goes on with this run, or what else helps if it would go on with another one."""
        if self.config is None:
            return RESUME
        root = continued(self.config.name, self.folder.root.resolve().parent)
        if root is None or root.resolve() == self.folder.root.resolve():
            return RESUME
        return f"{RESUME} would go on with {root.name}, so {LOST}"

    def again(self, path: Path) -> str:
        """What to do about a file that a session of this run makes again once it is gone."""
        if self.resume != RESUME:
            return self.resume
        return f"delete {path}, then {RESUME} makes it again" if path.exists() else f"{RESUME} makes it again"

    def _data_again(self, path: Path) -> str:
        """The same for questions and their summary, unless 'bakeoff regrade' has changed them."""
        return LOST if self.folder.splits_path.with_name("splits.1.jsonl").exists() else self.again(path)

    def all(self) -> None:
        """Everything that the stages which ended have written."""
        folder = self.folder
        if self.is_finished:
            self.file(
                folder.stages_path,
                folder.stages_path.stat,
                f"{LOST} (how long its stages took is known from nowhere else)",
            )
        asked = self._questions()
        comparison = None
        identities = Identities()
        if self.is_finished:
            comparison = self.file(folder.comparison_path, folder.comparison, self.resume)
            judge = f"judge the run again: bakeoff report {folder.root}"
            self.file(folder.verdict_path, lambda: folder.read_json(folder.verdict_path), judge)
            self.file(folder.report_path, folder.report_path.stat, judge)
            identities = self._identities()
        self.names = list(comparison.names) if comparison else self._other_names(identities)
        recipes = self._world(identities)
        if asked is not None:
            for name in self.names:
                for phase in STAGES:
                    self._answers(name, phase, asked, recipes)
            if self.is_finished:
                self._scores(asked)
        path = folder.root / SAYS_LOGPROBS
        if path.exists():
            self.at(partial(folder.read_json, path), self.again(path))
        update = folder.updated_world
        if update.exists() and not has_store(update):
            self.add(f"{update} has no documents", self.again(update))
        self.said = (
            f"{counted(len(asked or ()), 'question')}, {counted(len(self.names), 'contender')} with their answers"
        )

    def _other_names(self, identities: Identities) -> list[str]:
        """The contenders, if the comparison does not say who they are."""
        if identities.contenders:
            return list(identities.sums)
        named = [spec.name for spec in self.config.specs] if self.config else []
        return [name for name in named if ("answer", name) in self.done]

    def _questions(self) -> Sequence[Question] | None:
        folder = self.folder
        if not self.is_finished and ("read", "") not in self.done:
            return None
        data = self.file(folder.data_path, folder.data, self._data_again(folder.data_path))
        asked = self.file(folder.splits_path, folder.questions, self._data_again(folder.splits_path))
        if data is not None and asked is not None and data.questions is not None:
            held = Counter(question.split for question in asked)
            for split in get_args(Split):
                wanted = sum(data.questions.counts.get(split, {}).values())
                if held[split] != wanted:
                    found = f"{folder.splits_path} holds {held[split]} of the {wanted} {split} questions"
                    self.add(found, self._data_again(folder.splits_path))
                    asked = None
        return asked

    def _identities(self) -> Identities:
        """What was measured. Empty for a run of a version that did not write it."""
        folder = self.folder
        # If it cannot be read, nor can the configuration, which is said elsewhere.
        environment = Looking("").at(lambda: folder.read_json(folder.environment_path)) or {}
        if "contender_sha256" not in environment and not folder.identities_path.exists():
            return Identities()
        found = self.file(
            folder.identities_path, lambda: folder.record(folder.identities_path, Identities), self.resume
        )
        return found or Identities()

    def _world(self, identities: Identities) -> dict[str, Recipe]:
        """What the contenders need to answer again."""
        config, world = self.config, self.folder.world
        if config is None or not (self.is_finished or self.done):
            return {}
        names = self.names if self.is_finished else [name for stage, name in self.done if stage == "calibrate"]
        remedies = {
            "settings": self.again,
            "index": self.again,
            "adapter": lambda folder: LOST,
            "documents": self.again,
        }
        compared = ("settings", "adapter", "documents", "index") if self.is_finished else ()
        opened = WorldFolder(world, config.models, config.imports_from)
        return worlds.parts(self, opened, names, identities, compared, remedies, self._has_documents())

    def _has_documents(self) -> bool:
        try:
            return has_read_documents(self.folder)
        except BakeoffError:  # said where the summary is looked at
            return False

    def _answers(self, name: str, phase: str, asked: Sequence[Question], recipes: dict[str, Recipe]) -> None:
        """Whether a contender has an answer to each question of a phase that ended."""
        path = self.folder.answers_path(name, phase)
        ended = (STAGES[phase], name) in self.done or (not phase and self.is_finished)
        there = self.at(lambda: is_there(path))
        if there is None or (not there and not ended):
            return
        remedy = self._again_with(name, path) if phase == "dev" else self.again(path)
        wanted = self._wanted(name, phase, asked, recipes) if ended else None
        if not there and not wanted:
            return
        given = self.file(path, partial(self.folder.answers, name, phase), remedy)
        if given is None or wanted is None:
            return
        held = [answer.question_id for answer in given]
        remedy = remedy if phase == "dev" else self.resume
        self.at(partial(require_all, path, name, wanted, held, KINDS[phase]), remedy)

    def _again_with(self, name: str, path: Path) -> str:
        """What to do about answers to dev questions: they are asked only to calibrate a contender."""
        folder = self.folder.world / "contenders" / name
        if self.resume != RESUME:
            return self.resume
        both = f"delete {folder}" + (f" and {path}" if path.exists() else "")
        return f"{both}, then {RESUME} asks these questions again and calibrates '{name}' again"

    def _wanted(self, name: str, phase: str, asked: Sequence[Question], recipes: dict[str, Recipe]) -> list[str] | None:
        """The ids of the questions that a contender is asked in a phase. None if that is not known."""
        test, recipe = _of(asked, "test"), recipes.get(name)
        if phase == "dev":
            is_asked = recipe is not None and is_asked_dev(recipe, list(recipes.values()))
            return [question.id for question in _of(asked, "dev")] if is_asked else None
        if phase == "latency":
            if self.config is None or recipe is None:
                return None
            chosen = test if recipe.recorded else latency_questions(self.config, test)[1:]
            return [question.id for question in chosen]
        return [question.id for question in test if not phase or question.slice == "changed"]

    def _scores(self, asked: Sequence[Question]) -> None:
        path = self.folder.scores_path
        scored = self.file(path, lambda: values_by_phase(self.folder.scores()), self.resume)
        if scored is None:
            return
        if not path.read_bytes().endswith(b"\n"):
            self.add(f"{path} ends within a line", self.resume)
            return
        for name in self.names:
            if not all(self._is_scored(path, name, *one) for one in self._scored(name, scored, asked)):
                return  # one line for the file is enough

    def _scored(
        self, name: str, scored: Mapping[Phase, Mapping[str, Mapping[str, Values]]], asked: Sequence[Question]
    ) -> Iterator[tuple[str, Collection[str], Collection[str]]]:
        """For each kind of questions that a contender was scored on: its name, the ids wanted and those held."""
        test, updated = (scored.get(phase, {}).get(name, {}) for phase in get_args(Phase))
        failed = test.get("error", {})
        questions = _of(asked, "test")
        yield "test", [question.id for question in questions], failed
        yield "answered", [key for key, value in failed.items() if not value], test.get("correct", {})
        if ("answer-updated", name) in self.done:
            yield "changed", [one.id for one in questions if one.slice == "changed"], updated.get("error", {})

    def _is_scored(self, path: Path, name: str, kind: str, wanted: Collection[str], held: Collection[str]) -> bool:
        before = self.n_problems
        self.at(partial(require_all, path, name, wanted, held, kind), self.resume)
        return self.n_problems == before


def _of(asked: Sequence[Question], split: str) -> list[Question]:
    return [question for question in asked if question.split == split]
