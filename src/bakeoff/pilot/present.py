"""Chooses on dev how retrieved passages are shown to each model: one rule for all contenders that read passages.

Takes recipes, an indexed world and the dev questions. Asks the untuned model, before anything is tuned, and gives each
recipe the presentation that it then trains, measures and serves with. Every answer is on the disk before the next is
asked, so a killed run asks none twice. Rule and reasons: docs/presentation.md.
"""

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from bakeoff.catalogue import RECIPES
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.files import jsonl
from bakeoff.measure.collect import Progress
from bakeoff.measure.value import is_clear, mean_gain, value_of
from bakeoff.models.prompts import plainer
from bakeoff.pilot.asking import Asking, Workers, collect_from
from bakeoff.pilot.executors.jobs import Asked, reader
from bakeoff.records import Answer, Question, Record
from bakeoff.retrieval.presentation import ASPECTS, Aspect, Presentation
from bakeoff.runs.folder import RunFolder, write_record

MOST_QUESTIONS, FEWEST_QUESTIONS = 40, 10
FIRST_QUESTIONS = 20
"""A change that is not ahead after so many questions is dropped."""
MOST_CHANGES = 5
"""Each is asked 20 questions, and all 40 if it is ahead after 20."""


class Tried(Record):
    """A presentation that was tried: its mean value on the first `n_questions` dev questions."""

    presentation: Presentation
    n_questions: int
    value: float


class Choice(Record):
    """What was chosen for a group of contenders, and all that was tried, the start first."""

    presentation: Presentation
    n_questions: int
    tried: tuple[Tried, ...]


Ask = Callable[[Presentation, Sequence[Question]], Mapping[str, float]]
"""The value of each question's answer with this presentation, by question id. Failed answers are left out."""


def choose(spec: Spec, questions: Sequence[Question], ask: Ask) -> Choice:
    """Starts from the spec's presentation and tries one change at a time; goes on from the better one.

    A change is taken if its gain on the same questions is above zero by more than one standard error.
    """
    best = spec.presentation
    values = ask(best, questions)
    tried = [_tried(best, questions, values)]
    for aspect in _open_aspects(spec):
        for change in best.changed(aspect, spec.retrieval.k):
            shown, new = _tried_out(change, questions, values, ask)
            tried.append(_tried(change, shown, new))
            gain, error = _gain(new, values)
            if len(shown) == len(questions) and is_clear(gain, error):
                best, values = change, new
    return Choice(presentation=best, n_questions=len(values), tried=tuple(tried))


def _open_aspects(spec: Spec) -> list[Aspect]:
    """The aspects that may be changed. A prompt of the team's own has no plainer one."""
    own_prompt = plainer(spec.prompts.grounded) is None
    return [aspect for aspect in ASPECTS if aspect in spec.to_choose and not (aspect == "prompt" and own_prompt)]


def _tried_out(
    change: Presentation, questions: Sequence[Question], before: Mapping[str, float], ask: Ask
) -> tuple[Sequence[Question], Mapping[str, float]]:
    """The questions that a change was asked, and their values: the first ones, and all if it is ahead on those."""
    first = questions[:FIRST_QUESTIONS]
    values = ask(change, first)
    if _gain(values, before)[0] <= 0:
        return first, values
    return questions, ask(change, questions)


def _gain(values: Mapping[str, float], before: Mapping[str, float]) -> tuple[float, float]:
    """The mean gain over the questions that both have, and its standard error. (0, 0) for fewer than two questions."""
    return mean_gain([value - before[key] for key, value in values.items() if key in before])


def _tried(presentation: Presentation, questions: Sequence[Question], values: Mapping[str, float]) -> Tried:
    return Tried(presentation=presentation, n_questions=len(questions), value=fmean(values.values()) if values else 0.0)


def asked_on(dev: Sequence[Question], seed: int) -> list[Question]:
    """At most 40 dev questions in random order, one phrasing of each fact, answerable or not."""
    drawn = random.Random(seed).sample(list(dev), len(dev))
    of_facts = {question.fact: question for question in reversed(drawn) if question.slice != "general"}
    first = {question.id for question in of_facts.values()}
    return [question for question in drawn if question.id in first][:MOST_QUESTIONS]


def groups(recipes: Sequence[Recipe]) -> dict[str, list[Recipe]]:
    """The contenders that read retrieved passages and leave something open, by what they share.

    That is: the model, the index, the prompt, the limits, and where they start from.
    """
    found: dict[str, list[Recipe]] = {}
    for recipe in recipes:
        if recipe.index and recipe.asks_model and set(recipe.presents) & set(recipe.spec.to_choose):
            found.setdefault(_group(recipe.spec), []).append(recipe)
    return found


def _group(spec: Spec) -> str:
    shared = spec.model_dump(mode="json", include={"retrieval", "generation", "presentation", "to_choose"})
    shared["prompt"] = spec.prompts.grounded.fingerprint
    model = re.sub(r"[^A-Za-z0-9._-]", "-", spec.model)
    return f"{model}-{_digest(shared)}"


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]


def extra_answers(recipes: Sequence[Recipe], dev: Sequence[Question], seed: int) -> Iterator[str]:
    """A line for each model that is asked more than the test needs, with the most answers."""
    n = len(asked_on(dev, seed))
    for members in groups(recipes).values():
        if n >= FEWEST_QUESTIONS:
            names, model = ", ".join(recipe.spec.name for recipe in members), members[0].spec.model
            most = n * (1 + MOST_CHANGES)
            yield (
                f"How passages are shown to '{model}' ({names}) is chosen on {n} dev questions: at most {most} extra "
                "answers."
            )


class Presenter:
    """Chooses presentations for the recipes of one run, and keeps answers and choices in its folder."""

    def __init__(
        self,
        folder: RunFolder,
        dev: Sequence[Question],
        seed: int,
        wrong_answer_penalty: float,
        batch_size: Callable[[Recipe], int],
        workers: Workers | None = None,
    ) -> None:
        self._workers = workers
        self._folder = folder
        self._questions = asked_on(dev, seed)
        self._penalty = wrong_answer_penalty
        self._batch_size = batch_size

    def present(
        self,
        world: WorldFolder,
        group: str,
        members: Sequence[Recipe],
        following: Sequence[Recipe],
        progress: Progress,
    ) -> None:
        """Gives the contenders of a group, and those that follow it, the presentation chosen for the group.

        They keep their own if dev has too few questions.
        """
        if len(self._questions) < FEWEST_QUESTIONS:
            return
        path = self._root(group) / "choice.json"
        if path.exists():
            choice = self._folder.record(path, Choice)
        else:
            choice = self._choose(world, group, members[0], progress)
            write_record(path, choice)
        for recipe in (*members, *following):
            recipe.present(choice.presentation, choice.n_questions, f"presentation:{group}")
        for recipe in members:
            self._reuse(world, group, recipe, choice)

    def _root(self, group: str) -> Path:
        return self._folder.root / "presentation" / group

    def _answers_path(self, group: str, presentation: Presentation) -> Path:
        return self._root(group) / f"{_digest(presentation.model_dump(mode='json'))}.jsonl"

    def _choose(self, world: WorldFolder, group: str, recipe: Recipe, progress: Progress) -> Choice:
        most, begun = len(self._questions) * (1 + MOST_CHANGES), list[Presentation]()

        def ask(presentation: Presentation, questions: Sequence[Question]) -> dict[str, float]:
            if presentation not in begun:
                begun.append(presentation)
            before = len(self._questions) * begun.index(presentation)
            path, asked = self._answers_path(group, presentation), Asked(recipe.spec, "present", presentation)
            asking = Asking(
                recipe,
                asked,
                lambda: reader(world, asked.spec, presentation),
                questions,
                path,
                self._batch_size(recipe),
            )
            collect_from(self._workers, world, [asking], lambda done, _: progress(before + done, most))
            given = {answer.question_id: answer for answer in jsonl.read(path, Answer) if answer.error is None}
            return {
                question.id: value_of(question, given[question.id], self._penalty)
                for question in questions
                if question.id in given
            }

        return choose(recipe.spec, self._questions, ask)

    def _reuse(self, world: WorldFolder, group: str, recipe: Recipe, choice: Choice) -> None:
        """Makes the answers of the chosen presentation dev answers of a contender that gives the very same.

        A team's own recipe may make its answers in another way, and options or tuned retrieval may find other passages:
        they are asked themselves. So is one that follows only some aspects: it shows passages in its own way.
        """
        name = recipe.spec.name
        path = self._folder.answers_path(name, "dev")
        gives_others = recipe.spec.recipe not in RECIPES or recipe.tunes or recipe.presents != ASPECTS
        gives_others = gives_others or bool(recipe.tuned_parts) or bool(recipe.spec.options)
        if gives_others or path.exists() or world.is_calibrated(name):
            return
        given = jsonl.read(self._answers_path(group, choice.presentation), Answer)
        jsonl.append(path, [answer.model_copy(update={"contender": name}) for answer in given if answer.error is None])


def followers(recipes: Sequence[Recipe], members: Sequence[Recipe]) -> list[Recipe]:
    """The contenders without an index that follow the choice of this group: those that ask the same model."""
    return [
        recipe
        for recipe in recipes
        if recipe.presents and not recipe.index and recipe.spec.model == members[0].spec.model
        if recipe.spec.prompts.grounded == members[0].spec.prompts.grounded
    ]
