"""What a contender's dev answers are worth, for those that choose between contenders: routers and cascades.

Takes dev answers of a contender of the world, gives their values and times. Knows no rule of choosing.
"""

from collections.abc import Sequence

from bakeoff.contenders.declining import declines
from bakeoff.contenders.recipe import Material, World
from bakeoff.measure.value import value_of
from bakeoff.records import Answer


def outcomes(world: World, name: str, material: Material, answers: Sequence[Answer]) -> dict[str, tuple[float, float]]:
    """(value, seconds) of each dev answer without error, by question id, with declining as calibrated."""
    questions = {question.id: question for question in material.dev}
    threshold = world.built(name).fitted.decline_below
    found = {}
    for answer in answers:
        question = questions.get(answer.question_id)
        if question is not None and answer.error is None:
            final = answer.model_copy(update={"abstained": declines(answer.text, answer.confidence, threshold)})
            found[question.id] = (value_of(question, final, material.wrong_answer_penalty), answer.usage.seconds)
    return found
