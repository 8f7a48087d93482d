"""Direct: a model is asked without retrieval (`base`, `tuned` with an adapter, `long-context` with every document).

Takes questions, gives answers. Knows nothing about indexes, training or measures.
"""

from collections.abc import Callable, Iterator, Sequence

from bakeoff.contenders.declining import answer_from
from bakeoff.contenders.streaming import as_written, whole
from bakeoff.models.prompts import PromptTemplate
from bakeoff.protocols import Generator
from bakeoff.records import Answer, GenerationSettings, Prompt, Question

Passages = Callable[[Question], Sequence[str]]
"""The passages to show with a question: those that the caller may see."""


def no_passages(question: Question) -> Sequence[str]:
    """For a model that is asked without any."""
    return ()


class Direct:
    """A generator that is shown the same passages with each question: none, or every document that may be seen."""

    decides_before_streaming = True

    def __init__(
        self,
        name: str,
        generator: Generator,
        template: PromptTemplate,
        settings: GenerationSettings,
        decline_below: float | None = None,
        passages: Passages = no_passages,
    ) -> None:
        self.name = name
        self._generator = generator
        self._template = template
        self._settings = settings
        self._decline_below = decline_below
        self._passages = passages

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order."""
        prompts = [self._prompt(question) for question in questions]
        completions = self._generator.generate(prompts, self._settings)
        return [
            answer_from(question, self.name, completion, self._decline_below)
            for question, completion in zip(questions, completions, strict=True)
        ]

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The pieces of the answer, then the whole answer."""
        if self._decline_below is not None:
            return whole(self, question)
        return as_written(self.name, question, self._generator, self._prompt(question), self._settings)

    def _prompt(self, question: Question) -> Prompt:
        return self._template.render(question.text, self._passages(question), question.instructions)
