"""Rag: retrieve passages, then write the answer from them (`rag`, and `hybrid` with a tuned model).

Takes questions, gives answers that cite the chunks shown. Knows nothing about how the index or the model was made.
"""

import time
from collections.abc import Sequence

from bakeoff.contenders.declining import answer_from
from bakeoff.prompts import PromptTemplate
from bakeoff.protocols import Generator, Retriever
from bakeoff.records import Answer, Hit, Question, Usage


class Rag:
    """A retriever and a generator; the generator sees the best k passages, fewer where its context is short."""

    def __init__(
        self,
        name: str,
        retriever: Retriever,
        generator: Generator,
        template: PromptTemplate,
        k: int,
        max_new_tokens: int,
        decline_below: float | None = None,
    ) -> None:
        self.name = name
        self._retriever = retriever
        self._generator = generator
        self._template = template
        self._k = k
        self._max_new_tokens = max_new_tokens
        self._decline_below = decline_below

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order, with the chunks its prompt held as citations."""
        begun = time.perf_counter()
        found = self._retriever.search([question.text for question in questions], self._k)
        shown = [self._fitting(question, hits) for question, hits in zip(questions, found, strict=True)]
        retrieval = Usage(seconds=(time.perf_counter() - begun) / max(1, len(questions)))
        prompts = [
            self._template.render(question.text, [hit.chunk.passage for hit in hits])
            for question, hits in zip(questions, shown, strict=True)
        ]
        completions = self._generator.generate(prompts, self._max_new_tokens)
        return [
            answer_from(question, self.name, completion, self._decline_below, hits, retrieval)
            for question, completion, hits in zip(questions, completions, shown, strict=True)
        ]

    def _fitting(self, question: Question, hits: Sequence[Hit]) -> list[Hit]:
        """The best hits that fit into the model's context beside the question and the answer."""
        messages = self._template.render(question.text).messages
        room = self._generator.context_tokens - self._max_new_tokens - 64  # 64: the chat template's own tokens
        room -= sum(self._generator.count_tokens(message.content) for message in messages)
        kept: list[Hit] = []
        for hit in hits:
            room -= self._generator.count_tokens(hit.chunk.passage) + 4
            if room < 0:
                break
            kept.append(hit)
        return kept
