"""ClosedBook: a model answers from its weights alone (`base`, and `tuned` with an adapter).

Takes questions, gives answers. Knows nothing about retrieval, training or measures.
"""

from collections.abc import Iterator, Sequence

from bakeoff.contenders.declining import answer_from
from bakeoff.contenders.streaming import as_written, whole
from bakeoff.models.prompts import PromptTemplate
from bakeoff.protocols import Generator
from bakeoff.records import Answer, GenerationSettings, Question


class ClosedBook:
    """A generator that is asked without any passage."""

    def __init__(
        self,
        name: str,
        generator: Generator,
        template: PromptTemplate,
        settings: GenerationSettings,
        decline_below: float | None = None,
    ) -> None:
        self.name = name
        self._generator = generator
        self._template = template
        self._settings = settings
        self._decline_below = decline_below

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order."""
        prompts = [self._template.render(question.text) for question in questions]
        completions = self._generator.generate(prompts, self._settings)
        return [
            answer_from(question, self.name, completion, self._decline_below)
            for question, completion in zip(questions, completions, strict=True)
        ]

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The pieces of the answer, then the whole answer."""
        if self._decline_below is not None:
            return whole(self, question)
        prompt = self._template.render(question.text)
        return as_written(self.name, question, self._generator, prompt, self._settings)
