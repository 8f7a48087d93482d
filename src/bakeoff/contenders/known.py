"""Known questions and their answers: the answer of the most similar one, if its evidence still stands.

Takes known questions with embeddings and the document store. Gives answers whose confidence is the cosine of the
question and the known one. An answer is given only while the documents say what it rests on, and only to those who may
see them. Knows nothing about training or thresholds.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bakeoff.contenders.declining import declines
from bakeoff.corpus.access import may_see
from bakeoff.corpus.chunk import passage
from bakeoff.models.kept.clock import now
from bakeoff.models.prompts import DECLINE
from bakeoff.protocols import DocumentStore, Embedder
from bakeoff.questions.evidence.quotes import Locator
from bakeoff.records import Answer, Chunk, Document, Hit, Labels, Question, Record, Usage

Evidence = dict[int, tuple[Hit, ...] | None]
"""The lines that each known answer rests on, by its number; None if a document no longer says it."""


class RestsOn(Record):
    """A document that an answer rests on: it must say one of these quotes. Without quotes it must exist."""

    source: str
    quotes: tuple[str, ...] = ()


class KnownQuestion(Record):
    """A question with its answer, word for word; without an answer the documents do not answer it."""

    text: str
    answer: str = ""
    rests_on: tuple[RestsOn, ...] = ()


def known_question(question: Question, texts: Mapping[str, str]) -> KnownQuestion:
    """The known question of a training question. `texts` are those of the documents, by source.

    What marks its evidence must stay in the document. Where nothing is marked, an accepted answer must.
    """
    rests_on = []
    for span in question.source_spans:
        text = texts.get(span.source, "")
        if span.start is not None and span.end is not None:
            quotes = [text[span.start : span.end]]
        else:
            locator = Locator(text)
            quotes = [answer for answer in question.answers if locator.find(answer) is not None]
        rests_on.append(RestsOn(source=span.source, quotes=tuple(quote for quote in quotes if quote.strip())))
    return KnownQuestion(
        text=question.text, answer=question.answers[0] if question.answers else "", rests_on=tuple(rests_on)
    )


class KnownAnswers:
    """The contender: known questions, compared by the cosine of embeddings (n_known, n_dims)."""

    def __init__(
        self,
        name: str,
        known: Sequence[KnownQuestion],
        vectors: np.ndarray,
        embedder: Embedder,
        store: DocumentStore,
        decline_below: float | None,
    ) -> None:
        self.name = name
        self._known, self._vectors = list(known), vectors
        self._embedder, self._store, self._threshold = embedder, store, decline_below
        self._looked_up: tuple[int, Evidence] = (-1, {})

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order: that of the most similar known question whose evidence stands."""
        begun = now()
        cosines = self._embedder.embed_queries([question.text for question in questions]) @ self._vectors.T
        evidence = self._evidence()
        found = [self._best(row, question.access, evidence) for row, question in zip(cosines, questions, strict=True)]
        usage = Usage(seconds=(now() - begun) / max(1, len(questions)))
        return [self._answer(question, *best, usage) for question, best in zip(questions, found, strict=True)]

    def _best(self, cosines: np.ndarray, access: Labels, evidence: Evidence) -> tuple[str, tuple[Hit, ...], float]:
        """The answer of the most similar known question that may be used, what it rests on, and its cosine.

        No answer and -1 if there is none.
        """
        for place in np.argsort(-cosines, kind="stable"):
            number = int(place)
            known = self._known[number]
            if access is not None and not self._is_visible(known, access):
                continue
            if number not in evidence:
                evidence[number] = self._standing(known)
            hits = evidence[number]
            if hits is not None:
                return known.answer, hits, float(cosines[number])
        return "", (), -1.0

    def _answer(self, question: Question, said: str, hits: tuple[Hit, ...], cosine: float, usage: Usage) -> Answer:
        text = said or DECLINE
        return Answer(
            question_id=question.id,
            contender=self.name,
            text=text,
            citations=hits,
            usage=usage,
            confidence=cosine,
            abstained=declines(text, cosine, self._threshold),
        )

    def _evidence(self) -> Evidence:
        """What was looked up in the documents as they are now. A change of documents begins a new one."""
        version = self._store.version
        if version != self._looked_up[0]:
            self._looked_up = (version, {})
        return self._looked_up[1]

    def _is_visible(self, known: KnownQuestion, access: Labels) -> bool:
        """Whether somebody with these labels may see all that an answer rests on; if that is nothing, they may not."""
        documents = [self._store.get_by_source(one.source) for one in known.rests_on]
        return bool(documents) and all(one is not None and may_see(access, one.access) for one in documents)

    def _standing(self, known: KnownQuestion) -> tuple[Hit, ...] | None:
        """The lines of the documents that the answer rests on; None if one document no longer says it."""
        chunks: list[Chunk] = []
        for one in known.rests_on:
            document = self._store.get_by_source(one.source)
            if document is None:
                return None
            locator = Locator(document.text)
            places = [place for quote in one.quotes if (place := locator.find(quote)) is not None]
            if one.quotes and not places:
                return None
            chunks += [_lines(document, *place) for place in places[:1]]
        return tuple(Hit(chunk=chunk, score=1.0, rank=rank) for rank, chunk in enumerate(chunks, 1))


def _lines(document: Document, start: int, end: int) -> Chunk:
    """The whole lines around a place in a document."""
    start = document.text.rfind("\n", 0, start) + 1
    end = len(document.text) if (after := document.text.find("\n", end)) < 0 else after
    return passage(document, start, end)
