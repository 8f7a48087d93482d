"""All measures that a team adds in bakeoff.yaml: its own functions, and its style.

Takes a configuration, and the run's folder for the classifier of style, which is trained and checked once for a run.
Loads the embedder only where a classifier is trained or an answer is judged by it.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from bakeoff.errors import MeasureError
from bakeoff.measure.own import own_measures
from bakeoff.measures import Measure
from bakeoff.records import Question
from bakeoff.runs.config import Config
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.style.classifier import Classifier, Embeds, trained
from bakeoff.style.examples import read_examples, without_test_answers
from bakeoff.style.measures import style_measures
from bakeoff.style.settings import Style


def measures_of(config: Config, folder: RunFolder | None = None, test: Sequence[Question] = ()) -> list[Measure]:
    """The team's measures, in order. With a `folder`, its classifier of style is read, or trained and kept there.

    Without a folder, the examples are read and checked for mistakes, and no model is loaded. `test` are questions
    whose accepted answers the classifier must not be trained on. Raises ConfigError, InputError or MeasureError for
    what cannot be used, and if two measures have the same name.
    """
    own = own_measures(config.measures, config.imports_from)
    measures = _of_style(config, config.style, folder, test) if config.style else []
    taken = {measure.name for measure in measures}
    twice = next((measure.name for measure in own if measure.name in taken), None)
    if twice:
        raise MeasureError(f"Your measure '{twice}' has the name of a measure of style.", "give it another name")
    return [*own, *measures]


def style_notes(folder: RunFolder) -> list[str]:
    """The warnings about the examples of style of a run, and why their classifier cannot be used."""
    if not folder.style_path.exists():
        return []
    check = folder.record(folder.style_path, Classifier).check
    problem = [f"{check.says[:1].upper()}{check.says[1:]}."] if check.problem else []
    return [*problem, *check.warnings]


def _of_style(config: Config, style: Style, folder: RunFolder | None, test: Sequence[Question]) -> list[Measure]:
    if not style.examples:
        return style_measures(style)
    if folder is None:
        read_examples(Path(style.examples))
        return style_measures(style)
    opened = _embedder(config, style)
    classifier = _classifier(config, style, folder, opened, test)
    return style_measures(style, classifier, cache(lambda text: classifier.judge(text, opened())))


def _classifier(
    config: Config, style: Style, folder: RunFolder, opened: Callable[[], Embeds], test: Sequence[Question]
) -> Classifier:
    """The run's own classifier, as it was trained when the run began: changed examples are for the next run."""
    if folder.style_path.exists():
        return folder.record(folder.style_path, Classifier)
    answers = {answer for question in test for answer in question.answers}
    examples, notes = without_test_answers(read_examples(Path(style.examples or "")), answers)
    classifier = trained(examples, opened, config.seed, notes)
    write_record(folder.style_path, classifier)
    return classifier


def _embedder(config: Config, style: Style) -> Callable[[], Embeds]:
    """Loads the embedder at the first call."""

    @cache
    def opened() -> Embeds:
        from bakeoff.models.embed import load_embedder

        return load_embedder(config.models[style.embedder])

    return opened
