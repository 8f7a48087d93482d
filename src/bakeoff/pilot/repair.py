"""Repairing what failed answers have left: fitted values and stored answers, when a run is resumed.

Takes a world, a recipe and its run folder. Marks for a new calibration what was fitted while dev answers failed, and
makes stored answers agree with new fitted values. Asks no model.
"""

from collections.abc import Collection, Iterator, Sequence

from bakeoff.catalogue import RECIPES
from bakeoff.contenders.built import Fitted
from bakeoff.contenders.declining import is_below
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.files import jsonl
from bakeoff.grading.label import is_refusal
from bakeoff.questions.facts.labels import label_keys
from bakeoff.records import Answer, Question
from bakeoff.runs.folder import RunFolder

PHASES = ("", "latency", "updated")
"""The answers that depend on fitted values. Dev answers do not: they are given without a threshold."""


def is_fitted_on_failures(folder: RunFolder, name: str) -> bool:
    """Whether dev answers of this contender have failed and were not answered since."""
    return any(answer.error is not None for answer in folder.answers(name, "dev"))


def reopen(world: WorldFolder, recipe: Recipe, recipes: Sequence[Recipe]) -> None:
    """Marks a contender as not calibrated, and before it all that choose by its dev answers.

    In this order, because after a kill only what still has failed dev answers is found again.
    """
    name = recipe.spec.name
    for other in recipes:
        if other is not recipe and name in other.behind() and world.is_calibrated(other.spec.name):
            reopen(world, other, recipes)
    world.save(world.built(name).model_copy(update={"calibrated": False}))


def agree(folder: RunFolder, recipe: Recipe, fitted: Fitted, dev: Sequence[Question]) -> None:
    """Makes the answers that were stored before a new calibration agree with it.

    Where a threshold alone was fitted, text and confidence of each answer are known, and only whether it is declined is
    decided again. Answers of those that choose between others, and of recipes that Bakeoff does not know, are removed,
    so that they are asked again.
    """
    for path in (folder.answers_path(recipe.spec.name, phase) for phase in PHASES):
        if not path.exists():
            continue
        if recipe.behind() or fitted.routing is not None or recipe.spec.recipe not in RECIPES:
            path.unlink()
        elif recipe.declines:
            labels = label_keys(dev)
            stored = {answer.question_id: answer for answer in jsonl.read(path, Answer)}.values()
            jsonl.write(path, [_decided(answer, fitted.decline_below, labels) for answer in stored])


def _decided(answer: Answer, decline_below: float | None, labels: Collection[str]) -> Answer:
    """The answer, declined if its text says so or its confidence is below the threshold."""
    if answer.error is not None:
        return answer
    says_so = answer.abstained and is_refusal(answer.text, labels)
    return answer.model_copy(update={"abstained": says_so or is_below(answer.confidence, decline_below)})


def forget_detours(folder: RunFolder, recipe: Recipe, phase: str = "") -> None:
    """Removes the answers to questions that one of those behind a contender failed on and has answered since.

    A cascade passes such a question on; now it need not.
    """
    path = folder.answers_path(recipe.spec.name, phase)
    again = {key for name in recipe.behind() for key in _repaired(folder, name, phase)}
    if again and path.exists():
        kept = [answer for answer in jsonl.read(path, Answer) if answer.question_id not in again]
        jsonl.write(path, kept)


def _repaired(folder: RunFolder, name: str, phase: str) -> Iterator[str]:
    """The questions that this contender first failed on and then answered."""
    rows = jsonl.read(folder.answers_path(name, phase), Answer)
    failed = {answer.question_id for answer in rows if answer.error is not None}
    yield from (answer.question_id for answer in rows if answer.error is None and answer.question_id in failed)
