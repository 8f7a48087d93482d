"""The small protocols that let a part be replaced: whoever implements one writes one class.

Knows only the records. Names in a configuration are either Bakeoff's own or a full import path
(`my_package.my_module.MyClass`).
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from bakeoff.records import Answer, Completion, Hit, Prompt, Question


class Embedder(Protocol):
    """Texts to vectors."""

    name: str
    dimension: int

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of unit length, in the order given."""
        ...


class Retriever(Protocol):
    """Queries to passages."""

    def search(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        """At most k hits for each query, best first, in the order of the queries."""
        ...


class Generator(Protocol):
    """Prompts to completions, greedily (the most probable token each time)."""

    name: str
    context_tokens: int

    def generate(self, prompts: Sequence[Prompt], max_tokens: int) -> list[Completion]:
        """One completion for each prompt, in order, each of at most max_tokens tokens."""
        ...

    def stream(self, prompt: Prompt, max_tokens: int) -> Iterator[str]:
        """The pieces of one completion, as they come."""
        ...

    def count_tokens(self, text: str) -> int:
        """How many tokens this model's tokenizer makes of the text, special tokens apart."""
        ...


class Contender(Protocol):
    """Questions to answers: one way of knowing."""

    name: str

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order. A question that fails yields an Answer with its error."""
        ...
