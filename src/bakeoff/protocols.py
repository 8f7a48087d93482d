"""The small protocols that let a part be replaced: whoever implements one writes one class.

Knows only the records. Names in a configuration are either Bakeoff's own or a full import path
(`my_package.my_module.MyClass`).
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bakeoff.records import Answer, Completion, Document, GenerationSettings, Hit, Prompt, Question, Record


class Embedder(Protocol):
    """Texts to vectors. Some models embed a query and the passage that answers it in different ways."""

    name: str
    dimension: int

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """Queries to a float32 array of shape (len(texts), dimension), rows of unit length, in the order given."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """The same for passages: their product with a query's vector is the similarity."""
        ...


class Retriever(Protocol):
    """Queries to passages."""

    def search(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        """At most k hits for each query, best first, in the order of the queries."""
        ...


class Generator(Protocol):
    """Prompts to completions."""

    name: str
    context_tokens: int

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order. A prompt that fails yields a Completion with its error."""
        ...

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """The pieces of one completion as they come, then the Completion that they make as the last item.

        Closing the iterator stops the model. What makes an error of a completion in `generate` is raised here.
        """
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


class StreamingContender(Contender, Protocol):
    """A contender that can show an answer while it is written."""

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The pieces of the text as they come, then the whole Answer as the last item.

        Whether it declines is decided before any text that declining withholds leaves the object.
        """
        ...


class Tuner(Protocol):
    """Examples to a tuned model: one way of tuning, named in `tuning.method`."""

    def fit(
        self,
        weights: Path,
        lesson: Any,
        settings: Any,
        folder: Path,
        on_progress: Callable[[Any], None] | None = None,
        start_from: Path | None = None,
    ) -> Any:
        """Tune the model of a folder on a `tuning.lessons.Lesson`, by `tuning.settings.Tuning`, into another folder.

        Called again after a kill it goes on where it stopped; when finished it returns its report: what the tuning took
        and reached. `start_from` is the folder of an earlier tuned model to go on from.
        """
        ...


class Changes(Record):
    """What a source says has changed: new or changed documents, the sources that are gone, where to go on from."""

    documents: tuple[Document, ...] = ()
    deleted: tuple[str, ...] = ()
    cursor: str = ""


class Source(Protocol):
    """Where documents come from."""

    def changes_since(self, cursor: str) -> Changes:
        """What changed since that cursor; everything for an empty one."""
        ...
