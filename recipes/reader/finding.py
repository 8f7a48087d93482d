"""BM25 over a few passages: finds the wrong passages that look most like the right one."""

from collections.abc import Sequence

import bm25s
from lesson import Passage


class Finder:
    """The passages of one document."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = list(passages)
        self._index = bm25s.BM25()
        texts = [f"{passage.heading} {passage.text}" for passage in passages]
        self._index.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)

    def like(self, text: str, k: int) -> list[Passage]:
        """The k passages that share most with the text, best first."""
        tokens = bm25s.tokenize([text], stopwords="en", show_progress=False)
        rows, _ = self._index.retrieve(tokens, k=min(k, len(self._passages)), show_progress=False)
        return [self._passages[i] for i in rows[0]]
