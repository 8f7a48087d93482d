"""WholeCorpus: the whole corpus in every prompt, if it fits. No retrieval, no training.

Takes questions, gives answers. Knows nothing about indexes.
"""

from collections.abc import Iterator, Sequence

from bakeoff.contenders.declining import answer_from
from bakeoff.contenders.streaming import as_written, whole
from bakeoff.models.prompts import PromptTemplate
from bakeoff.protocols import Generator
from bakeoff.records import Answer, Document, GenerationSettings, Question

ROOM_FOR_QUESTION = 256


class WholeCorpus:
    """A generator that reads every document before each question."""

    def __init__(
        self,
        name: str,
        documents: Sequence[Document],
        generator: Generator,
        template: PromptTemplate,
        settings: GenerationSettings,
        decline_below: float | None = None,
    ) -> None:
        self.name = name
        self._texts = _texts(documents)
        self._generator = generator
        self._template = template
        self._settings = settings
        self._decline_below = decline_below

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order."""
        prompts = [self._template.render(question.text, self._texts) for question in questions]
        completions = self._generator.generate(prompts, self._settings)
        return [
            answer_from(question, self.name, completion, self._decline_below)
            for question, completion in zip(questions, completions, strict=True)
        ]

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The pieces of the answer, then the whole answer."""
        if self._decline_below is not None:
            return whole(self, question)
        prompt = self._template.render(question.text, self._texts)
        return as_written(self.name, question, self._generator, prompt, self._settings)


def _texts(documents: Sequence[Document]) -> list[str]:
    return [f"{document.title}\n{document.text}" for document in documents]


def reason_not_to_fit(documents: Sequence[Document], generator: Generator, max_new_tokens: int) -> str | None:
    """Why the corpus does not fit into the model's context, or None if it fits."""
    available = generator.context_tokens - max_new_tokens - ROOM_FOR_QUESTION
    needed = sum(generator.count_tokens(text) for text in _texts(documents))
    if needed <= available:
        return None
    return (
        f"the corpus has {needed:,} tokens, but {generator.name} takes {generator.context_tokens:,}, of which "
        f"{available:,} are left after the question and the answer"
    )
