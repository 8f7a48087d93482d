"""The round trip: a question is kept if its passage answers it, nothing else does, and retrieval finds the passage.

Takes candidates, a model that reads and a retriever; gives for each why it is dropped, or nothing. A question without
an answer is kept if no passage that is retrieved for it answers it.
Source: Alberti et al. 2019, Synthetic QA Corpora Generation with Roundtrip Consistency, arXiv:1906.05416: a question is
kept if a reader that sees question and passage finds the answer that it was made from. Asking without the passage
drops what the model knows anyway.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.grading.grade import grade, is_abstention
from bakeoff.models.prompts import Prompts
from bakeoff.protocols import Generator, Retriever
from bakeoff.records import Chunk, Completion, GenerationSettings, Prompt
from bakeoff.synthesis.drafts import Draft, holds
from bakeoff.synthesis.writing import NO_SPAN

NOT_FOUND = "its passage is not retrieved for it"
NOT_ANSWERED = "the reader answers it otherwise from its passage"
KNOWN = "the reader answers it without its passage"
ANSWERABLE = "the reader answers it from a retrieved passage, though it should have no answer"
FAILED = "the reader failed"
K, LEAST_TOKENS = 5, 32


class Candidate(NamedTuple):
    """A draft with the passages that its answer is in (several for another wording, whose evidence is known)."""

    draft: Draft
    passages: tuple[Chunk, ...]


class Checks:
    """The checks with one reader and one retriever. `n_asked` counts what the reader was asked."""

    def __init__(self, reader: Generator, retriever: Retriever, k: int = K, max_new_tokens: int = LEAST_TOKENS) -> None:
        self.n_asked = 0
        self._reader, self._retriever, self._k = reader, retriever, k
        self._prompts, self._settings = Prompts(), GenerationSettings(max_new_tokens=max_new_tokens)

    def reasons(self, candidates: Sequence[Candidate]) -> list[str]:
        """For each candidate why it is dropped, in order; empty if it is kept. Each check sees what the last one kept.

        Another wording is only read: its source has shown that the passage is the right one.
        """
        reasons = [_unfounded(candidate) for candidate in candidates]
        hits = self._found([candidate.draft.question for candidate in candidates])
        for i, candidate in enumerate(candidates):
            made = candidate.draft.answers and not candidate.draft.paraphrase_of
            if not reasons[i] and made and not any(_is_in(chunk, hits[i]) for chunk in candidate.passages):
                reasons[i] = NOT_FOUND
        self._read(candidates, reasons)
        self._ask_without(candidates, reasons)
        self._must_decline(candidates, hits, reasons)
        return reasons

    def _found(self, questions: Sequence[str]) -> list[list[Chunk]]:
        found = self._retriever.search(list(questions), self._k) if questions else []
        return [[hit.chunk for hit in hits] for hits in found]

    def _read(self, candidates: Sequence[Candidate], reasons: list[str]) -> None:
        open_ones = [i for i, of in enumerate(candidates) if of.draft.answers and not reasons[i]]
        prompts = [self._with(candidates[i].draft, candidates[i].passages) for i in open_ones]
        for i, completion in zip(open_ones, self._ask(prompts), strict=True):
            reasons[i] = _judged(completion, candidates[i].draft, NOT_ANSWERED, wants_right=True)

    def _ask_without(self, candidates: Sequence[Candidate], reasons: list[str]) -> None:
        """Drops what is answered without the passage; not other wordings, whose source was asked by somebody."""
        open_ones = [
            i for i, of in enumerate(candidates) if of.draft.answers and not of.draft.paraphrase_of and not reasons[i]
        ]
        prompts = [self._prompts.closed_book.render(candidates[i].draft.question) for i in open_ones]
        for i, completion in zip(open_ones, self._ask(prompts), strict=True):
            reasons[i] = _judged(completion, candidates[i].draft, KNOWN, wants_right=False)

    def _must_decline(
        self, candidates: Sequence[Candidate], hits: Sequence[Sequence[Chunk]], reasons: list[str]
    ) -> None:
        """Drops a question without an answer if the reader answers it from any passage retrieved for it, each alone."""
        pairs = [
            (i, chunk)
            for i, of in enumerate(candidates)
            if not of.draft.answers and not reasons[i]
            for chunk in hits[i]
        ]
        prompts = [self._with(candidates[i].draft, (chunk,)) for i, chunk in pairs]
        for (i, _), completion in zip(pairs, self._ask(prompts), strict=True):
            if completion.error:
                reasons[i] = FAILED
            elif not is_abstention(completion.text):
                reasons[i] = reasons[i] or ANSWERABLE

    def _with(self, draft: Draft, passages: Sequence[Chunk]) -> Prompt:
        return self._prompts.grounded.render(draft.question, [chunk.passage for chunk in passages])

    def _ask(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self.n_asked += len(prompts)
        return self._reader.generate(prompts, self._settings) if prompts else []


def _unfounded(candidate: Candidate) -> str:
    """Why a draft is dropped by its text: a made question's answer must stand in its passage. Other wordings keep their
    source's answers.
    """
    draft = candidate.draft
    if draft.paraphrase_of or not draft.answers:
        return ""
    return "" if any(holds(passage, draft.answers[0]) for passage in candidate.passages) else NO_SPAN


def _is_in(chunk: Chunk, found: Sequence[Chunk]) -> bool:
    return any(chunk.source == hit.source and chunk.start < hit.end and hit.start < chunk.end for hit in found)


def _judged(completion: Completion, draft: Draft, reason: str, wants_right: bool) -> str:
    if completion.error:
        return FAILED
    is_right = grade(completion.text, draft.answers, draft.kind).correct
    return "" if is_right == wants_right else reason
