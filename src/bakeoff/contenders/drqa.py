"""`drqa`: retrieve, then a trained reader marks the answer in a passage. Needs no language model and invents nothing.

Source: Chen et al. 2017, "Reading Wikipedia to Answer Open-Domain Questions", arXiv:1704.00051 (docs/drqa.md).
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.contenders.span_answers import SpanAnswers
from bakeoff.contenders.span_lessons import span_questions
from bakeoff.errors import InputError, MissingExtraError, ModelUnavailableError
from bakeoff.measure.comparison import Days, Declining
from bakeoff.models.spans.shipped import base_folder, shipped_reader, start_of_training, trained_reader
from bakeoff.models.spans.windows import SpanQuestion
from bakeoff.records import Record

READER = "reader.safetensors"
SHARE_UNANSWERED = 0.3
"""The largest share of questions without an answer in the passages among those that it is trained on."""


class Reading(Record):
    """`epochs` over the team's own training questions before it answers; 0 takes the reader as it comes."""

    epochs: int = Field(default=0, ge=0, le=20)
    learning_rate: float = Field(default=3e-5, gt=0, le=1e-3)


class DrQa(Recipe):
    """Spans marked in retrieved passages by a trained reader."""

    name = "drqa"
    title = "DrQA"
    summary = "spans that a trained reader marks in the retrieved passages; no language model"
    approach = "rag"
    days = Days(setup=4.0, data=1.0, upkeep_per_month=0.5)
    shows = "retrieval"
    retrieves = True
    asks_model = False
    respects_labels = True
    step = 1
    Options = Reading
    options: Reading

    def obstacle(self, world: World, material: Material) -> str | None:
        """It needs its weights; to be trained further, training questions whose answers stand in the passages."""
        try:
            base_folder()
            start_of_training()
            if not self.options.epochs:
                shipped_reader()
        except (ModelUnavailableError, MissingExtraError) as error:
            return f"its reader cannot be loaded: {error}"
        if self.options.epochs and not self._lesson(world, material):
            return (
                "no answer of a training question stands word for word in the passages retrieved for it, so its reader "
                "cannot be trained on them; with options.epochs 0 it is taken as it comes"
            )
        return None

    def prepare(self, world: World, material: Material) -> Fitted:
        """Trains the reader further on the team's own questions, if `options.epochs` says so."""
        if self.options.epochs:
            lesson = self._lesson(world, material)
            if not lesson:
                raise InputError(
                    f"'{self.spec.name}' cannot be trained: no answer stands in the passages retrieved for it.",
                    "raise retrieval.k, or set options.epochs to 0",
                )
            _train(lesson, self.options, material.seed, self._weights(world))
        return Fitted()

    def calibrate(self, world: World, material: Material, fitted: Fitted, given: Given) -> Fitted:
        """Where dev is too small to fit a threshold, the reader's own head for "no answer" decides."""
        declining = fitted.declining or Declining()
        if declining.fitted:
            return fitted
        own = f"{declining.reason}; so it declines where no answer is more likely than the best span"
        return fitted.model_copy(update={"declining": declining.model_copy(update={"below": 0.0, "reason": own})})

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> SpanAnswers:
        """The reader as it comes or as trained here, with the spec's index."""
        retrieval = self.spec.retrieval
        reader = trained_reader(self._weights(world)) if self.options.epochs else shipped_reader()
        return SpanAnswers(self.spec.name, world.index(retrieval), reader, retrieval.k, fitted.decline_below)

    def _weights(self, world: World) -> Path:
        return world.contender_folder(self.spec.name) / READER

    def _lesson(self, world: World, material: Material) -> Sequence[SpanQuestion]:
        retrieval = self.spec.retrieval
        return span_questions(material.train, world.index(retrieval), retrieval.k, SHARE_UNANSWERED, material.seed)


def _train(lesson: Sequence[SpanQuestion], options: Reading, seed: int, file: Path) -> None:
    """Writes the weights of the reader after so many passes over the lesson."""
    from bakeoff.models.spans.training import SpanTraining, train_further

    file.parent.mkdir(parents=True, exist_ok=True)
    settings = SpanTraining(learning_rate=options.learning_rate, seed=seed)
    train_further(base_folder(), start_of_training(), lesson, options.epochs, settings, file)
