"""`recorded`: answers that were given before, from a file, so that a team's existing results stand in the same table.

Takes a file of answers (`recorded_answers.py`) and questions, gives the recorded answer of each. Nothing is asked, so
its time and its cost are as recorded, or not measured; it cannot be served and is not updated. A question without a
recorded answer is an error, which is counted and shown.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from bakeoff.contenders.citing import CitedDocuments
from bakeoff.contenders.declining import declines
from bakeoff.contenders.elsewhere import Elsewhere
from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.contenders.recorded_answers import RecordedAnswer, question_key, read_recorded
from bakeoff.files import jsonl
from bakeoff.measure.comparison import Entrant
from bakeoff.models.settings import ModelSettings
from bakeoff.records import Answer, Approach, Question, Record, Usage

ANSWERS = "recorded.jsonl"
"""The file in the contender's folder that holds the answers as they were read."""
NOT_UPDATED = "its answers were recorded before the update"


class RecordedOptions(Record):
    """`answers` is the file, relative to bakeoff.yaml. `approach` says what it is for the decision matrix."""

    answers: str = Field(min_length=1)
    approach: Approach | None = None


class Recorded(Elsewhere):
    """Answers from a file."""

    name = "recorded"
    title = "Recorded answers"
    summary = "answers recorded elsewhere; nothing was asked in this run"
    uses = ()
    recorded = True
    Options: ClassVar[type[Record]] = RecordedOptions
    options: RecordedOptions

    @property
    def not_updated(self) -> str:
        """Recorded answers do not change."""
        return NOT_UPDATED

    @cached_property
    def _answers(self) -> list[RecordedAnswer]:
        """Raises InputError if the file cannot be read."""
        return read_recorded(Path(self.options.answers).expanduser())

    def check(self, others: Sequence[Recipe]) -> None:
        """Raises InputError if the file cannot be read as answers."""
        _ = self._answers

    def entrant(self, models: Mapping[str, ModelSettings]) -> Entrant:
        """As for other systems elsewhere, with what was not recorded."""
        known = super().entrant(models)
        reasons = {**known.unmeasured, **_not_recorded(self._answers)}
        summary = f"{self.summary}; from {Path(self.options.answers).name}"
        return known.model_copy(update={"unmeasured": reasons, "summary": summary})

    def prepare(self, world: World, material: Material) -> Fitted:
        """Keeps the answers in the run, so that it can be read again without the file."""
        jsonl.write(world.contender_folder(self.spec.name) / ANSWERS, self._answers)
        return Fitted()

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> "RecordedContender":
        """The answers that were read when the run was prepared."""
        answers = jsonl.read(world.contender_folder(self.spec.name) / ANSWERS, RecordedAnswer)
        return RecordedContender(self.spec.name, answers, CitedDocuments(world.store.documents()))


def _not_recorded(answers: Sequence[RecordedAnswer]) -> dict[str, str]:
    """The measures that the file says nothing about, with the reason: a number must be there for every answer."""
    given = [answer for answer in answers if not answer.error]
    recorded = {
        "latency_ms": all(answer.latency_ms is not None for answer in given),
        "cost_per_1k": all(answer.cost_usd is not None for answer in given),
        "tokens_per_question": all(None not in (answer.prompt_tokens, answer.completion_tokens) for answer in given),
    }
    recorded["seconds_per_question"] = recorded["latency_ms"]
    words = {"latency_ms": "latency", "seconds_per_question": "latency", "cost_per_1k": "cost"}
    return {
        measure: f"the file has no {words.get(measure, 'number of tokens')} for some of its answers"
        for measure, is_there in recorded.items()
        if not is_there
    }


class RecordedContender:
    """The contender: it looks answers up by the id or the text of the question."""

    def __init__(self, name: str, answers: Sequence[RecordedAnswer], documents: CitedDocuments) -> None:
        self.name = name
        self._n = len(answers)
        self._by_id = {answer.id: answer for answer in answers if answer.id}
        self._by_text = {question_key(answer.question): answer for answer in answers if answer.question}
        self._documents = documents

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """The recorded answer of each question, in order; an error where there is none."""
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Answer:
        recorded = self._by_text.get(question_key(question.text)) or self._by_id.get(question.id)
        if recorded is None:
            missing = f"no answer is recorded for this question; the file has {self._n:,} answers"
            return Answer(question_id=question.id, contender=self.name, error=missing)
        if recorded.error and not recorded.answer:
            return Answer(question_id=question.id, contender=self.name, error=f"recorded: {recorded.error}")
        return Answer(
            question_id=question.id,
            contender=self.name,
            text=recorded.answer,
            citations=self._documents.hits(recorded.sources),
            usage=Usage(
                prompt_tokens=recorded.prompt_tokens or 0,
                completion_tokens=recorded.completion_tokens or 0,
                seconds=(recorded.latency_ms or 0.0) / 1000,
                usd=recorded.cost_usd,
            ),
            latency_ms=recorded.latency_ms,
            abstained=declines(recorded.answer, None, None),
        )
