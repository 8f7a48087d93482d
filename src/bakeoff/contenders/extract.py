"""Extract: retrieve, then copy the sentence that answers. No language model: it can be beside the point, never invent.

Takes questions, gives answers that are verbatim pieces of the chunk they cite. Knows nothing about generators.
Source of the idea: retrieve-then-read (Chen et al. 2017, "Reading Wikipedia to Answer Open-Domain Questions", DrQA),
with sentences ranked by an embedder and shared words in place of a trained reader.
"""

import re
import time
from collections import Counter
from collections.abc import Sequence

import numpy as np

from bakeoff.contenders.declining import declines
from bakeoff.protocols import Embedder, Retriever
from bakeoff.records import Answer, Hit, Question, Usage

SENTENCE = re.compile(r"[^\n]+?(?:[.!?](?=\s|$)|(?=\n)|$)")
WORD = re.compile(r"\w+")
LEXICAL_WEIGHT = 0.5
RANK_WEIGHT = 0.1
MIN_WORDS = 2


class Extract:
    """A retriever and an embedder; the best sentence of the best k passages is the answer."""

    def __init__(
        self, name: str, retriever: Retriever, embedder: Embedder, k: int, decline_below: float | None = None
    ) -> None:
        self.name = name
        self._retriever = retriever
        self._embedder = embedder
        self._k = k
        self._decline_below = decline_below

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order; the chunk copied from is cited first."""
        begun = time.perf_counter()
        found = self._retriever.search([question.text for question in questions], self._k)
        candidates = [[(hit, text) for hit in hits for text in sentences(hit.chunk.text)] for hits in found]
        vectors = self._embed(questions, candidates)
        picked = [
            self._pick(question, hits, options, query, rows)
            for question, hits, options, (query, rows) in zip(questions, found, candidates, vectors, strict=True)
        ]
        seconds = (time.perf_counter() - begun) / max(1, len(questions))
        return [answer.model_copy(update={"usage": Usage(seconds=seconds)}) for answer in picked]

    def _embed(
        self, questions: Sequence[Question], candidates: Sequence[Sequence[tuple[Hit, str]]]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each question its own vector and one row for each candidate; each distinct sentence is embedded once."""
        unique = {(hit.chunk.heading, text): None for options in candidates for hit, text in options}
        row_of = {key: i for i, key in enumerate(unique)}
        texts = [question.text for question in questions] + [f"{heading} {text}" for heading, text in unique]
        vectors = self._embedder.embed(texts)
        rows = vectors[len(questions) :]
        return [
            (vectors[i], rows[[row_of[hit.chunk.heading, text] for hit, text in options]])
            for i, options in enumerate(candidates)
        ]

    def _pick(
        self,
        question: Question,
        hits: Sequence[Hit],
        options: Sequence[tuple[Hit, str]],
        query: np.ndarray,
        rows: np.ndarray,
    ) -> Answer:
        if not options:
            return Answer(question_id=question.id, contender=self.name, abstained=True)
        lexical = _shared_words(question.text, [f"{hit.chunk.heading} {text}" for hit, text in options])
        ranks = np.array([1.0 / hit.rank for hit, _ in options])
        scores = rows @ query + LEXICAL_WEIGHT * lexical + RANK_WEIGHT * ranks
        best = int(np.argmax(scores))
        source, text = options[best]
        confidence = float(scores[best])
        return Answer(
            question_id=question.id,
            contender=self.name,
            text=text,
            citations=(source, *(hit for hit in hits if hit is not source)),
            confidence=confidence,
            abstained=declines(text, confidence, self._decline_below),
        )


def sentences(text: str) -> list[str]:
    """The sentences and lines of a passage, verbatim, those of fewer than two words left out."""
    pieces = (match.group().strip() for match in SENTENCE.finditer(text))
    return [piece for piece in pieces if len(WORD.findall(piece)) >= MIN_WORDS]


def _shared_words(question: str, texts: Sequence[str]) -> np.ndarray:
    """For each text the share of the question's words it holds, rare words (among the texts) counting more."""
    bags = [set(_stems(text)) for text in texts]
    frequency = Counter(word for bag in bags for word in bag)
    weights = {word: np.log1p(len(texts) / (1 + frequency[word])) for word in set(_stems(question))}
    total = sum(weights.values()) or 1.0
    return np.array([sum(weight for word, weight in weights.items() if word in bag) / total for bag in bags])


def _stems(text: str) -> list[str]:
    return [word[:-1] if len(word) > 3 and word.endswith("s") else word for word in WORD.findall(text.lower())]
