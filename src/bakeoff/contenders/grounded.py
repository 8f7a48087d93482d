"""Grounded: retrieve passages, then write the answer from them (`rag`, and `hybrid` with a tuned model).

Takes questions, gives answers that cite the chunks shown. Does not know how the index or the model was made.
"""

import time
from collections.abc import Iterator, Sequence

from bakeoff.contenders.declining import answer_from
from bakeoff.contenders.streaming import as_written, whole
from bakeoff.models.prompts import PromptTemplate
from bakeoff.protocols import Generator, Retriever
from bakeoff.records import Answer, GenerationSettings, Hit, Prompt, Question, Usage
from bakeoff.retrieval.presentation import Presentation
from bakeoff.retrieval.visible import hits_for

AS_RETRIEVED = Presentation()


class Grounded:
    """A retriever and a generator. The generator sees the best k passages, or fewer if its context is too short.

    `presentation` says in which order and how they are shown. Citations are always best first.
    """

    decides_before_streaming = True

    def __init__(
        self,
        name: str,
        retriever: Retriever,
        generator: Generator,
        template: PromptTemplate,
        k: int,
        settings: GenerationSettings,
        decline_below: float | None = None,
        presentation: Presentation = AS_RETRIEVED,
    ) -> None:
        self.name = name
        self._retriever = retriever
        self._generator = generator
        self._template = template
        self._k = k
        self._settings = settings
        self._decline_below = decline_below
        self._presentation = presentation

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order. Its citations are the chunks in its prompt."""
        begun = time.perf_counter()
        hits_of_questions = hits_for(self._retriever, questions, self._k)
        shown = [self._fitting(question, hits) for question, hits in zip(questions, hits_of_questions, strict=True)]
        retrieval = Usage(seconds=(time.perf_counter() - begun) / max(1, len(questions)))
        prompts = [self._prompt(question, hits) for question, hits in zip(questions, shown, strict=True)]
        completions = self._generator.generate(prompts, self._settings)
        return [
            answer_from(question, self.name, completion, self._decline_below, hits, retrieval)
            for question, completion, hits in zip(questions, completions, shown, strict=True)
        ]

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The pieces of the answer, then the whole answer with the chunks shown."""
        if self._decline_below is not None:
            return whole(self, question)
        begun = time.perf_counter()
        hits = self._fitting(question, hits_for(self._retriever, [question], self._k)[0])
        retrieval = Usage(seconds=time.perf_counter() - begun)
        prompt = self._prompt(question, hits)
        return as_written(self.name, question, self._generator, prompt, self._settings, hits, retrieval)

    def _prompt(self, question: Question, hits: Sequence[Hit]) -> Prompt:
        passages = self._presentation.texts([hit.chunk for hit in hits])
        return self._template.render(question.text, passages, question.instructions)

    def _fitting(self, question: Question, hits: Sequence[Hit]) -> Sequence[Hit]:
        passages = [self._presentation.text(hit.chunk) for hit in hits]
        return hits[: n_fitting(question, passages, self._template, self._generator, self._settings.max_new_tokens)]


def n_fitting(
    question: Question, passages: Sequence[str], template: PromptTemplate, generator: Generator, max_new_tokens: int
) -> int:
    """Number of passages, best first, that fit into the model's context with the question and the answer."""
    without = template.render(question.text, (), question.instructions)
    room = generator.context_tokens - max_new_tokens - 64  # 64: the chat template's own tokens
    room -= sum(generator.count_tokens(message.content) for message in without.messages)
    for n, passage in enumerate(passages):
        room -= generator.count_tokens(template.without_tags(passage)) + 4
        if room < 0:
            return n
    return len(passages)
