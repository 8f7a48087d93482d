"""`drqa`: retrieve, then a trained reader marks the answer in a passage. Needs no language model and invents nothing.

Source: Chen et al. 2017, "Reading Wikipedia to Answer Open-Domain Questions", arXiv:1704.00051 (docs/drqa.md).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from bakeoff.contenders.recipe import Fitted, Given, Made, Material, OnProgress, Recipe, Took, World
from bakeoff.contenders.retrieving import retriever_of
from bakeoff.contenders.span_answers import SpanAnswers
from bakeoff.contenders.span_lessons import span_questions
from bakeoff.contenders.span_training import QUESTIONS, READER, digest, digest_of, finish, is_done
from bakeoff.errors import ContenderError, MissingExtraError, ModelUnavailableError
from bakeoff.measure.comparison import Days, Declining
from bakeoff.models.checksums import file_sha256
from bakeoff.models.spans.shipped import base_folder, shipped_reader, start_of_training, trained_reader
from bakeoff.models.spans.windows import SpanQuestion
from bakeoff.records import Question, Record
from bakeoff.tuning.lessons import sample

if TYPE_CHECKING:
    from bakeoff.models.spans.training import Trained

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
    uses = ("retrieval", "tuning.examples", "tuning.max_seconds")
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
        return self.make(world, material, lambda done, total: None).fitted

    def make(self, world: World, material: Material, on_progress: OnProgress) -> Made:
        """The same; a training on these questions that is finished is not repeated, one that was killed goes on."""
        folder = world.contender_folder(self.spec.name)
        if not self.options.epochs or is_done(folder, self._request(material)):
            return Made()
        lesson = self._lesson(world, material)
        if not lesson:
            raise ContenderError(
                f"'{self.spec.name}' cannot be trained: no answer stands in the passages retrieved for it.",
                "raise retrieval.k, or set options.epochs to 0",
            )
        trained = finish(folder, lambda file, kept: self._train(lesson, material.seed, (file, kept), on_progress))
        detail = f"{len(lesson)} questions, {trained.n_steps} steps"
        detail += f", {trained.stopped_because}" if trained.stopped_because else ""
        return Made(took=Took(seconds=trained.seconds, tokens=trained.n_tokens, detail=detail))

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
        return SpanAnswers(self.spec.name, retriever_of(world, retrieval), reader, retrieval.k, fitted.decline_below)

    def _weights(self, world: World) -> Path:
        return world.contender_folder(self.spec.name) / READER

    def _questions(self, material: Material) -> Sequence[Question]:
        return sample(material.train, self.spec.tuning.examples, material.seed)

    def _lesson(self, world: World, material: Material) -> Sequence[SpanQuestion]:
        retrieval, asked = self.spec.retrieval, self._questions(material)
        return span_questions(asked, retriever_of(world, retrieval), retrieval.k, SHARE_UNANSWERED, material.seed)

    def _request(self, material: Material) -> dict[str, str]:
        """A hash of each input that decides about the weights; passages follow from documents and settings."""
        start, limit = start_of_training(), str(self.spec.tuning.max_seconds)
        files = [base_folder() / "model.safetensors", *([start] if start else [])]
        settings = [self.options.model_dump_json(), self.spec.retrieval.model_dump_json(), str(material.seed), limit]
        return {
            QUESTIONS: digest_of(self._questions(material)),
            "settings": digest(settings),
            "model": digest([file_sha256(file) for file in files]),
        }

    def _train(
        self, lesson: Sequence[SpanQuestion], seed: int, files: tuple[Path, Path], on_progress: OnProgress
    ) -> "Trained":
        """Writes the weights of the reader after its epochs over the lesson to the first file, checkpoints to the
        second.
        """
        from bakeoff.models.spans.training import SpanTraining, train_further

        limit, rate = self.spec.tuning.max_seconds, self.options.learning_rate
        settings = SpanTraining(learning_rate=rate, seed=seed, max_seconds=limit)
        passes = (lesson, self.options.epochs)
        told = lambda step: on_progress(step.number, step.of)  # noqa: E731
        return train_further(base_folder(), start_of_training(), passes, settings, *files, told)
