"""Extractor: retrieve, then copy the sentence that answers. Without a language model it may miss, but never invents.

Takes questions, gives answers that are pieces of what the chunk they cite shows, word for word, without the marks of
Markdown. Knows nothing about generators. Source of the idea: retrieve-then-read (Chen et al. 2017, "Reading Wikipedia
to Answer Open-Domain Questions", DrQA), but sentences are ranked by an embedder and shared words instead of a trained
reader.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from bakeoff.contenders.copied import as_read
from bakeoff.contenders.declining import declines
from bakeoff.contenders.pieces import pieces
from bakeoff.models.kept.clock import now
from bakeoff.protocols import Embedder, Retriever
from bakeoff.questions.answer_lengths import AnswerLengths
from bakeoff.records import Answer, Hit, Question, Usage
from bakeoff.retrieval.coverage import covers_text, languages_of
from bakeoff.retrieval.search_words import search_words
from bakeoff.retrieval.visible import hits_for
from bakeoff.writing.scripts import MARKS
from bakeoff.writing.words import count_words

WORD = re.compile(rf"[\w{MARKS}]+")
LEXICAL_WEIGHT = 0.5
RANK_WEIGHT = 0.1
SEMANTIC_WEIGHT, UNCOVERED_WEIGHT = 1.0, 0.2  # of the embedder; the lower one where it was not made for the language
COPIED_FOR_WRITTEN = 1.5  # passages need more words than written answers to say the same


class Sentence(NamedTuple):
    """A piece of a chunk's shown text: `hit.chunk.shown[start:end]`. `header` is that of the table it is a row of."""

    hit: Hit
    start: int
    end: int
    block: int = 0
    header: str = ""

    @property
    def text(self) -> str:
        """The piece as it is copied: on one line, without marks."""
        chunk = self.hit.chunk
        return as_read(chunk.shown[self.start : self.end], chunk.heading, self.header)

    @property
    def in_context(self) -> str:
        """The sentence with the headings above it, for comparison with the question."""
        chunk = self.hit.chunk
        return f"{chunk.heading} {chunk.shown[self.start : self.end]}"


class Extractor:
    """A retriever and an embedder. The answer is the best sentence of the best k passages.

    If the accepted answers are longer than a sentence (`answer_words`), neighbouring sentences of the chunk are added.
    Sentences are copied whole: no limit cuts them off.
    """

    def __init__(
        self,
        name: str,
        retriever: Retriever,
        embedder: Embedder,
        k: int,
        decline_below: float | None = None,
        answer_words: int = 0,
    ) -> None:
        self.name = name
        self._retriever = retriever
        self._embedder = embedder
        self._k = k
        self._decline_below = decline_below
        self._answer_words = answer_words

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order. The chunk that was copied from is cited first."""
        begun = now()
        hits_of_questions = hits_for(self._retriever, questions, self._k)
        candidates = [[sentence for hit in hits for sentence in sentences(hit)] for hits in hits_of_questions]
        vectors = self._embed(questions, candidates)
        picked = [
            self._pick(question, hits, options, query, rows)
            for question, hits, options, (query, rows) in zip(
                questions, hits_of_questions, candidates, vectors, strict=True
            )
        ]
        seconds = (now() - begun) / max(1, len(questions))
        return [answer.model_copy(update={"usage": Usage(seconds=seconds)}) for answer in picked]

    def _embed(
        self, questions: Sequence[Question], candidates: Sequence[Sequence[Sentence]]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each question its vector, and one row for each candidate. Each distinct sentence is embedded once."""
        unique = list(dict.fromkeys(sentence.in_context for options in candidates for sentence in options))
        row_of = {text: i for i, text in enumerate(unique)}
        queries = self._embedder.embed_queries([question.text for question in questions])
        rows = self._embedder.embed_passages(unique) if unique else np.zeros((0, self._embedder.dimension), np.float32)
        return [
            (queries[i], rows[[row_of[sentence.in_context] for sentence in options]])
            for i, options in enumerate(candidates)
        ]

    def _pick(
        self,
        question: Question,
        hits: Sequence[Hit],
        options: Sequence[Sentence],
        query: np.ndarray,
        rows: np.ndarray,
    ) -> Answer:
        if not options:
            return Answer(question_id=question.id, contender=self.name, abstained=True)
        lexical = _shared_words(question.text, [option.in_context for option in options])
        ranks = np.array([1.0 / option.hit.rank for option in options])
        scores = self._semantic_weight(question, hits) * (rows @ query) + LEXICAL_WEIGHT * lexical + RANK_WEIGHT * ranks
        best = int(np.argmax(scores))
        source = options[best].hit
        text = _widened(options, scores, best, self._answer_words)
        confidence = float(scores[best])
        return Answer(
            question_id=question.id,
            contender=self.name,
            text=text,
            citations=(source, *(hit for hit in hits if hit is not source)),
            confidence=confidence,
            abstained=declines(text, confidence, self._decline_below),
        )

    def _semantic_weight(self, question: Question, hits: Sequence[Hit]) -> float:
        passages = (hit.chunk.shown for hit in hits)
        is_covered = covers_text(languages_of(self._embedder), question.text, passages)
        return SEMANTIC_WEIGHT if is_covered else UNCOVERED_WEIGHT


def words_to_copy(lengths: AnswerLengths) -> int:
    """Number of words to copy, from the lengths of known answers. 0 if there are none."""
    return round(COPIED_FOR_WRITTEN * lengths.median_words)


def _widened(options: Sequence[Sentence], scores: np.ndarray, best: int, n_words: int) -> str:
    """The best sentence and its neighbours in the chunk, higher scores first, up to n_words words."""
    first = last = best
    chunk = options[best].hit.chunk
    while True:
        text = _joined(options[first : last + 1])
        beside = [i for i in (first - 1, last + 1) if 0 <= i < len(options) and options[i].hit.chunk is chunk]
        if count_words(text) >= n_words or not beside:
            return text
        chosen = max(beside, key=lambda i: float(scores[i]))
        first, last = min(first, chosen), max(last, chosen)


def _joined(sentences: Sequence[Sentence]) -> str:
    """The sentences as one text: those of a paragraph on one line."""
    text = sentences[0].text
    for before, sentence in pairwise(sentences):
        if sentence.end <= before.end:  # an item of a list that is copied already
            continue
        gap = before.hit.chunk.shown[before.end : sentence.start]
        text += ("\n" if before.block != sentence.block else " " if gap else "") + sentence.text
    return text


def sentences(hit: Hit) -> list[Sentence]:
    """The sentences, rows and items of a passage, without what answers nothing.

    That is: fewer than two words, headings of any kind, and questions. They share more words with the question than
    the sentence that answers it.
    """
    chunk = hit.chunk
    return [Sentence(hit, *piece) for piece in pieces(chunk.shown, chunk.heading)]


def _shared_words(question: str, texts: Sequence[str]) -> np.ndarray:
    """For each text the share of the question's words it holds. Words that are rare among the texts count more.

    Words are added up in the order of the question: sums of floats in another order differ, and so would two processes.
    """
    bags = [set(_stems(text)) for text in texts]
    frequency = Counter(word for bag in bags for word in bag)
    weights = {word: np.log1p(len(texts) / (1 + frequency[word])) for word in dict.fromkeys(_stems(question))}
    total = sum(weights.values()) or 1.0
    return np.array([sum(weight for word, weight in weights.items() if word in bag) / total for bag in bags])


def _stems(text: str) -> list[str]:
    words = WORD.findall(search_words(text).lower())
    return [word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words]
