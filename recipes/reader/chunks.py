"""Cuts a text into passages as the product does."""

from collections.abc import Callable

from lesson import Passage

from bakeoff.corpus.chunk import chunk_document
from bakeoff.records import Document

Counted = Callable[[str], int]
"""Counts the tokens of a text."""


def cut(title: str, text: str, max_tokens: int, count: Counted) -> list[tuple[Passage, int, int]]:
    """The passages of a text, each with its first character and the one after its last."""
    document = Document(id="document", text=text, title=title, source="document.md")
    return [
        (Passage(chunk.heading, chunk.text), chunk.start, chunk.end)
        for chunk in chunk_document(document, max_tokens, count)
    ]
