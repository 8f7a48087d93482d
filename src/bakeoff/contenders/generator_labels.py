"""`generator-labels`: a language model that is shown the labels and can answer with nothing else.

Every label gets its log-probability as a completion, its end included, in one pass (`models/engines/label_scores.py`),
so the best label is exact: no search can miss it. From this the log-probability after a blank message is taken, if
labels are then more often right on dev: models prefer some labels whatever is asked. Nothing is trained.
Source: Zhao et al. 2021, Calibrate Before Use, arXiv:2102.09690.
"""

from collections.abc import Sequence

import numpy as np

from bakeoff.contenders.built import Fitted, Given
from bakeoff.contenders.label_answers import (
    FEWEST,
    NONE,
    Chosen,
    Examples,
    LabelAnswers,
    dev_examples,
    read_labels,
    read_record,
    training_examples,
    why_no_labels,
    write_labels,
)
from bakeoff.contenders.label_heads import features, read_tensors, write_tensors
from bakeoff.contenders.label_models import BLANK, causal_reader, naming, why_no_model, why_too_many
from bakeoff.contenders.recipe import Material, Recipe, World
from bakeoff.files import jsonl
from bakeoff.measure.comparison import Days
from bakeoff.models.prompts import PromptTemplate
from bakeoff.records import Record
from bakeoff.tuning.calibration import Platt, fit_platt

CURVE, PRIOR = "curve.json", "prior.safetensors"
MOST = 200
"""The most dev questions (or training questions, with too few of dev) whose scores fit the curve."""


class Curve(Record):
    """From log-probabilities of labels to the chance to be right. `less_prior`: those of a blank message are taken."""

    less_prior: bool
    curve: Platt


class GeneratorLabels(Recipe):
    """A language model that chooses among the labels."""

    name = "generator-labels"
    title = "Generator with labels"
    summary = "the model as it comes, shown the labels; the most probable label is the answer"
    uses = ("model",)
    days = Days(setup=2.0, data=2.0, upkeep_per_month=0.25)
    shows = ""

    def obstacle(self, world: World, material: Material) -> str | None:
        """It needs labels that fit into a local model's context."""
        settings = world.models[self.spec.model]
        reason = why_no_labels(material) or why_no_model(settings)
        return reason or why_too_many(settings, training_examples(material).labels)

    def prepare(self, world: World, material: Material) -> Fitted:
        """Scores a blank message and dev questions, and fits the curve."""
        examples, folder = training_examples(material), world.contender_folder(self.spec.name)
        reader = causal_reader(world, self.spec.model).scoring(naming(examples.labels).render, examples.labels)
        asked = _asked(examples, dev_examples(material, examples.labels), material.seed)
        prior, scores = reader.scores([BLANK])[0][0], reader.scores(asked.texts)[0]
        kept = ~np.isnan(scores).any(axis=1)
        scores, truth = scores[kept], asked.numbers[kept]
        known = truth != NONE
        right = [float((given.argmax(axis=1) == truth)[known].mean()) for given in (scores, scores - prior)]
        less_prior = right[1] >= right[0]
        scores = scores - prior if less_prior else scores
        curve = fit_platt(features(scores), list(scores.argmax(axis=1) == truth))
        write_labels(folder, examples.labels)
        write_tensors(folder / PRIOR, {"prior": prior})
        jsonl.write_text(folder / CURVE, Curve(less_prior=less_prior, curve=curve).model_dump_json(indent=1) + "\n")
        return Fitted()

    @property
    def template(self) -> PromptTemplate | None:
        """The prompt without its labels, which depend on the questions."""
        return naming(())

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> LabelAnswers:
        """The model, ready to score the labels."""
        folder = world.contender_folder(self.spec.name)
        labels, how = read_labels(folder), read_record(folder / CURVE, Curve)
        prior = read_tensors(folder / PRIOR, ("prior",))["prior"] if how.less_prior else 0.0
        reader = causal_reader(world, self.spec.model).scoring(naming(labels).render, labels)

        def classify(texts: Sequence[str]) -> Chosen:
            scores, n_tokens = reader.scores(texts)
            return chosen(scores - prior, how.curve, n_tokens)

        return LabelAnswers(self.spec.name, labels, classify, fitted.decline_below)


def chosen(scores: np.ndarray, curve: Platt, n_tokens: Sequence[int]) -> Chosen:
    """The best label of each row; `NONE` for rows of nan, whose text did not fit."""
    fits = ~np.isnan(scores).any(axis=1)
    safe = np.where(fits[:, None], scores, 0.0)
    return Chosen(np.where(fits, safe.argmax(axis=1), NONE), curve.chances(features(safe)), n_tokens)


def _asked(examples: Examples, dev: Examples, seed: int) -> Examples:
    """What the curve is fitted on: dev questions, at most `MOST`; with too few in scope, training questions too."""
    if (dev.numbers != NONE).sum() < FEWEST:
        texts, numbers = (*dev.texts, *examples.texts), np.concatenate([dev.numbers, examples.numbers])
        dev = Examples(examples.labels, texts, numbers)
    rows = np.random.default_rng(seed).permutation(len(dev.texts))[:MOST]
    return Examples(dev.labels, tuple(dev.texts[row] for row in rows), dev.numbers[rows])
