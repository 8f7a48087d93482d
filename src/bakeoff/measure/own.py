"""A team's own measures, by import path: a `Measure`, or a function of a question and its answer.

Takes import paths, gives `Measure`s and their values. Knows nothing about runs or files.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bakeoff.errors import MeasureError
from bakeoff.files.plain_types import message_of
from bakeoff.imports import imported
from bakeoff.measures import BY_NAME, SCORES, Measure
from bakeoff.questions.naming import named
from bakeoff.records import Answer, Question

SETTINGS = ("title", "description", "unit", "better", "slices", "per_slice", "contrasted", "short", "source")
"""Attributes by which a function may describe its measure."""
CONTRACT = "give a bakeoff.measures.Measure with per_question, or a function (question, answer) -> float | None"


def own_measures(paths: Sequence[str], folder: Path | None = None) -> list[Measure]:
    """The measures at these import paths (`my_package.my_module.has_greeting`), in order.

    `folder` is searched for modules too. Raises ConfigError if a path cannot be imported, MeasureError if it is not a
    measure or if two have the same name.
    """
    measures = [_imported(path, folder) for path in paths]
    names: set[str] = set()
    for path, measure in zip(paths, measures, strict=True):
        if measure.name in names or measure.name in BY_NAME or measure.name in SCORES:
            raise MeasureError(
                f"The measure {path} is called '{measure.name}', but this name is taken.", "give it another name"
            )
        names.add(measure.name)
    return measures


def _imported(path: str, folder: Path | None) -> Measure:
    if "." not in path:
        raise MeasureError(
            f"The measure '{path}' is not an import path.", "write it as my_package.my_module.my_measure"
        )
    target = imported(path, folder, "The measure")
    if isinstance(target, Measure):
        return _of_measure(target, path)
    if callable(target) and not isinstance(target, type):
        return _of_function(target, path)
    raise MeasureError(f"The measure {path} is {type(target).__name__}.", CONTRACT)


def _of_measure(measure: Measure, path: str) -> Measure:
    """The measure, with its values stored in scores.jsonl under its name. Measures other than shares are means."""
    if measure.per_question is None:
        raise MeasureError(f"The measure {path} has no per_question.", CONTRACT)
    if measure.estimator not in ("share", "mean"):
        raise MeasureError(
            f"The measure {path} has the estimator '{measure.estimator}'.", "your own measure must be a share or a mean"
        )
    estimator = measure.estimator if measure.unit == "share" else "mean"
    return measure.model_copy(update={"score": measure.name, "estimator": estimator})


def _of_function(function: Callable[..., Any], path: str) -> Measure:
    name = path.rpartition(".")[2]
    settings = {key: getattr(function, key) for key in SETTINGS if hasattr(function, key)}
    settings.setdefault("title", name.replace("_", " ").strip().capitalize())
    settings.setdefault("description", " ".join((function.__doc__ or "").split("\n\n")[0].split()).rstrip("."))
    unit = settings.get("unit", "share")
    try:
        return Measure(
            name=name,
            score=name,
            per_question=function,
            estimator="share" if unit == "share" else "mean",
            **{"per_slice": True, "contrasted": True, **settings},
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MeasureError(f"The measure {path} has a bad '{where}': {message_of(first)}.", CONTRACT) from None


def own_value(measure: Measure, question: Question, answer: Answer) -> float | None:
    """The value of a team's measure for one answer. None if the measure does not apply.

    Raises MeasureError if it fails or returns anything but a finite number (in 0..1, if its unit is 'share').
    """
    if measure.per_question is None:
        raise MeasureError(f"The measure '{measure.name}' cannot be computed here.", CONTRACT)
    try:
        value = measure.per_question(question, answer)
    except Exception as error:  # a team's own code may raise anything
        raise MeasureError(
            f"The measure '{measure.name}' failed on question {named(question)} ({answer.contender}): "
            f"{type(error).__name__}: {error}.",
            "fix the function, then continue with: bakeoff run CONFIG --resume",
        ) from error
    if value is None:
        return None
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise _bad(measure, question, value, "a finite number or None")
    if measure.unit == "share" and not 0 <= value <= 1:
        raise _bad(
            measure, question, value, "a number from 0 to 1 (for the unit 'share'; set another unit for other numbers)"
        )
    return float(value)


def _bad(measure: Measure, question: Question, value: object, allowed: str) -> MeasureError:
    return MeasureError(
        f"The measure '{measure.name}' returned {value!r} for question {named(question)}.", f"make it return {allowed}"
    )
