"""Contenders that read each retrieved passage in a prompt of its own and mix the answers (`rag-token`, `rag-sequence`).

Takes questions, gives answers that cite the passages shown, best first: by their share in the answer. Does not know how
the index or the model was made. `mixture.py` has the sums, `marginal_recipe.py` what both recipes share.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from bakeoff.contenders.declining import answer_from
from bakeoff.contenders.grounded import n_fitting
from bakeoff.contenders.mixture import Mixed, TokenMixture, best_sequence, log_sum
from bakeoff.contenders.streaming import whole
from bakeoff.errors import TooLongError, error_line
from bakeoff.models.kept.clock import now
from bakeoff.models.prompts import PromptTemplate
from bakeoff.protocols import Embedder, Retriever, SteppingGenerator, TokenSteps
from bakeoff.records import Answer, Completion, GenerationSettings, Hit, Question, Usage
from bakeoff.retrieval.presentation import Presentation
from bakeoff.retrieval.visible import hits_for


class Reading(NamedTuple):
    """A model, and how it is shown one passage."""

    generator: SteppingGenerator
    template: PromptTemplate
    settings: GenerationSettings
    presentation: Presentation

    def fitting(self, question: Question, hits: Sequence[Hit]) -> list[Hit]:
        """The hits whose passage alone fits into the model's context, with the question and the answer."""
        limit = self.settings.max_new_tokens
        return [
            hit
            for hit in hits
            if n_fitting(question, [self.presentation.text(hit.chunk)], self.template, self.generator, limit)
        ]

    def steps(self, question: Question, hits: Sequence[Hit]) -> TokenSteps:
        """A prompt for each hit, read. One prompt without a passage if there is no hit, as in `rag`."""
        shown = [[self.presentation.text(hit.chunk)] for hit in hits] or [[]]
        prompts = [self.template.render(question.text, passages, question.instructions) for passages in shown]
        return self.generator.steps(prompts, self.settings)


class Weights(NamedTuple):
    """How probable each passage is before anything is read: softmax(score / temperature) over the hits.

    The score is the cosine of question and passage by `embedder`; without one it is that of retrieval (`Hit.score`).
    """

    embedder: Embedder | None
    temperature: float

    def log_weights(self, question: Question, hits: Sequence[Hit]) -> np.ndarray:
        """The log-probabilities of the hits, (hits,) in float64; (1,) zeros if there is none."""
        if not hits:
            return np.zeros(1)
        scaled = self._scores(question, hits) / self.temperature
        return scaled - log_sum(scaled)

    def _scores(self, question: Question, hits: Sequence[Hit]) -> np.ndarray:
        if self.embedder is None:
            return np.array([hit.score for hit in hits], np.float64)
        (asked,) = self.embedder.embed_queries([question.text])
        passages = self.embedder.embed_passages([hit.chunk.passage for hit in hits])
        return passages.astype(np.float64) @ asked.astype(np.float64)


class Marginal:
    """A retriever and a model that reads the k best passages one by one. A subclass mixes what it makes of them.

    A passage that does not fit into the model's context is left out, and the others are read.
    """

    def __init__(
        self, name: str, retriever: Retriever, k: int, reading: Reading, weights: Weights, decline_below: float | None
    ) -> None:
        self.name = name
        self._retriever, self._k = retriever, k
        self._reading, self._weights = reading, weights
        self._decline_below = decline_below

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order. The prompts of one question are read together."""
        begun = now()
        hits_of_questions = hits_for(self._retriever, questions, self._k)
        retrieval = Usage(seconds=(now() - begun) / max(1, len(questions)))
        return [
            self._one(question, hits, retrieval) for question, hits in zip(questions, hits_of_questions, strict=True)
        ]

    def _one(self, question: Question, hits: Sequence[Hit], retrieval: Usage) -> Answer:
        begun = now()
        try:
            shown, log_weights, steps = self._read(question, hits)
        except TooLongError as error:
            return Answer(question_id=question.id, contender=self.name, error=error_line(error))
        mixed = self._mixed(steps, log_weights)
        return self._answer(question, (shown, steps, mixed), retrieval, begun)

    def _read(self, question: Question, hits: Sequence[Hit]) -> tuple[list[Hit], np.ndarray, TokenSteps]:
        """The hits shown, their log-probabilities, and their prompts. Raises TooLongError for a question too long."""
        shown = self._reading.fitting(question, hits)
        return shown, self._weights.log_weights(question, shown), self._reading.steps(question, shown)

    def _mixed(self, steps: TokenSteps, log_weights: np.ndarray) -> Mixed:
        """The answer."""
        raise NotImplementedError(f"{type(self).__name__} does not define _mixed()")

    def _answer(
        self, question: Question, made: tuple[Sequence[Hit], TokenSteps, Mixed], retrieval: Usage, begun: float
    ) -> Answer:
        shown, steps, mixed = made
        usage = mixed.usage + Usage(seconds=now() - begun)
        completion: Completion = steps.written(mixed.ids).model_copy(
            update={"usage": usage, "logprob": mixed.per_token}
        )
        cited = [shown[i] for i in mixed.order] if shown else []
        return answer_from(question, self.name, completion, self._decline_below, cited, retrieval)


class TokenMarginal(Marginal):
    """RAG-Token: each token is chosen by the mixture of all passages, so the text can be shown as it is written."""

    decides_before_streaming = True

    def _mixed(self, steps: TokenSteps, log_weights: np.ndarray) -> Mixed:
        mixture = TokenMixture(steps, log_weights)
        for _ in mixture:
            pass
        return mixture.mixed

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The pieces of the answer, then the whole answer. Raises TooLongError for a question that is too long."""
        if self._decline_below is not None:
            yield from whole(self, question)
            return
        begun = now()
        (hits,) = hits_for(self._retriever, [question], self._k)
        retrieval = Usage(seconds=now() - begun)
        read = now()
        shown, log_weights, steps = self._read(question, hits)
        mixture = TokenMixture(steps, log_weights)
        yield from steps.pieces(mixture)
        answer = self._answer(question, (shown, steps, mixture.mixed), retrieval, read)
        yield answer.model_copy(update={"latency_ms": 1000 * (now() - begun)})


class SequenceMarginal(Marginal):
    """RAG-Sequence: whole answers are compared, so nothing can be shown before all are written."""

    def __init__(
        self,
        name: str,
        retriever: Retriever,
        k: int,
        reading: Reading,
        weights: Weights,
        decline_below: float | None,
        is_thorough: bool = True,
    ) -> None:
        super().__init__(name, retriever, k, reading, weights, decline_below)
        self._is_thorough = is_thorough

    def _mixed(self, steps: TokenSteps, log_weights: np.ndarray) -> Mixed:
        return best_sequence(steps, log_weights, self._is_thorough)
