"""Rewriting: a model rewrites the question before it is searched for.

Takes questions, gives hits with the tokens and the time of rewriting and searching. Nothing is kept from one question
to the next. The model takes the most probable tokens, sees only the question, and neither documents nor instructions.

Sources: HyDE, Gao et al. 2022, arXiv:2212.10496; RAG-Fusion, Rackauckas 2024, arXiv:2402.03367.
"""

import re
from collections.abc import Sequence

import numpy as np

from bakeoff.contenders.finding import Found, share_since
from bakeoff.errors import ContenderError
from bakeoff.grading.abstention import is_abstention
from bakeoff.models.kept.clock import now
from bakeoff.models.prompts import PromptTemplate
from bakeoff.models.spending.who import REWRITING, in_role
from bakeoff.protocols import Embedder, Generator, Retriever, VectorRetriever
from bakeoff.records import Completion, GenerationSettings, Hit, Question, Usage
from bakeoff.retrieval.fuse import fused_hits
from bakeoff.retrieval.search_words import encodable
from bakeoff.retrieval.visible import hits_by_vectors, hits_for

FUSED_DEPTH = 20
"""The hits of each wording that are fused, or k if that is more."""
_AROUND = "\"'“”*"
"""Quotes, and the stars of bold text."""
_MARK = re.compile(r"^\s*(?:[-*•]\s*|\(?\d{1,2}[.):]\s+)")


class Writer:
    """A model with a prompt that rewrites questions, and the most tokens that it may write."""

    def __init__(self, generator: Generator, template: PromptTemplate, max_new_tokens: int) -> None:
        self._generator = generator
        self._template = template
        self._settings = GenerationSettings(max_new_tokens=max_new_tokens, temperature=0.0)

    def written(self, questions: Sequence[Question]) -> list[Completion]:
        """What it writes about each question, in order."""
        with in_role(REWRITING):
            return self._generator.generate([self._template.render(one.text) for one in questions], self._settings)


class Hyde:
    """Searches for a passage that the model makes up: by its vector and the question's, and by the question's words.

    The vector is the mean of the question's and the passage's, as in the paper with one passage, at unit length. BM25
    searches the question's own words, since made-up names and numbers would find what has nothing to do with it.
    """

    def __init__(self, writer: Writer, retriever: Retriever, embedder: Embedder) -> None:
        if not isinstance(retriever, VectorRetriever):
            raise ContenderError(
                f"{type(retriever).__name__} cannot be searched by vectors, which HyDE needs.",
                "give the class search_vectors(queries, vectors, k, access), or set options: {rewrite: multi-query}",
            )
        self._writer = writer
        self._retriever = retriever
        self._embedder = embedder

    def find(self, questions: Sequence[Question], k: int) -> list[Found]:
        """The hits by words of the question and by the mean vector. If nothing was made up, by the question alone."""
        written = self._writer.written(questions)
        begun = now()
        vectors = hyde_vectors(self._embedder, questions, [passage_of(one) for one in written])
        hits = hits_by_vectors(self._retriever, questions, vectors, k)
        return _with_usage(hits, written, share_since(begun, len(questions)))


def passage_of(written: Completion) -> str:
    """The passage that a model made up; empty if it wrote none, or only that it does not know."""
    text = written.text.strip()
    return "" if is_abstention(text) else text


def hyde_vectors(embedder: Embedder, questions: Sequence[Question], passages: Sequence[str]) -> np.ndarray:
    """For each question the mean of its vector and its passage's, at unit length: (questions, dimension), float32.

    Where the passage is empty, the question's own vector. Questions and passages are embedded as such.
    """
    vectors = np.array(embedder.embed_queries([encodable(question.text) for question in questions]), np.float32)
    there = [i for i, passage in enumerate(passages) if passage]
    if there:
        made_up = embedder.embed_passages([encodable(passages[i]) for i in there])
        means = (vectors[there] + made_up) / 2
        vectors[there] = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return vectors


class MultiQuery:
    """Searches for the question and for rewordings of it, and fuses what they find by reciprocal rank."""

    def __init__(self, writer: Writer, retriever: Retriever, n: int) -> None:
        self._writer = writer
        self._retriever = retriever
        self._n = n

    def find(self, questions: Sequence[Question], k: int) -> list[Found]:
        """The k hits that the wordings agree on most. The question itself is always one of them."""
        written = self._writer.written(questions)
        begun = now()
        wordings = [
            [question.text, *rewordings(one.text, question.text, self._n)]
            for question, one in zip(questions, written, strict=True)
        ]
        asked = [
            question.model_copy(update={"text": text})
            for question, texts in zip(questions, wordings, strict=True)
            for text in texts
        ]
        found = iter(hits_for(self._retriever, asked, max(k, FUSED_DEPTH)))
        hits = [fused_hits([next(found) for _ in texts], k) for texts in wordings]
        return _with_usage(hits, written, share_since(begun, len(questions)))


def rewordings(text: str, question: str, n: int) -> list[str]:
    """The first n lines of a model's text that are not the question again, without list marks and quotes.

    A line that says that the model does not know is none, and neither is one that announces others ("Here they are:").

    >>> rewordings("1. How long is it?\\n- HOW LONG is it?\\n\\"What length?\\"\\nWhy?", "Why?", 3)
    ['How long is it?', 'What length?']
    """
    kept: dict[str, str] = {}
    known = question.casefold().strip()
    for line in text.splitlines():
        wording = _MARK.sub("", line).strip().strip(_AROUND).strip()
        is_other = any(map(str.isalnum, wording)) and wording.casefold() != known
        if is_other and not wording.endswith((":", "：")) and not is_abstention(wording):
            kept.setdefault(wording.casefold(), wording)
    return list(kept.values())[:n]


def _with_usage(hits: Sequence[Sequence[Hit]], written: Sequence[Completion], searched: Usage) -> list[Found]:
    """The hits with the usage of rewriting and searching. A question that could not be rewritten has the error."""
    return [
        Found(() if one.error else found, one.usage + searched, one.error)
        for found, one in zip(hits, written, strict=True)
    ]
