"""The small protocols that make parts replaceable. To replace a part, write one class that implements its protocol.

Knows only the records. A name in a configuration is either one of Bakeoff's own or a full import path
(`my_package.my_module.MyClass`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from bakeoff.records import (
    Answer,
    Completion,
    Document,
    GenerationSettings,
    Hit,
    Labels,
    Problem,
    Prompt,
    Question,
    Record,
)


class Embedder(Protocol):
    """Turns texts into vectors. Some models embed queries and passages differently, so there are two methods."""

    name: str
    dimension: int

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """A float32 array of shape (len(texts), dimension), one row of unit length per query, in the given order."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """The same for passages. The dot product of a query's and a passage's vector is their similarity."""
        ...

    def count_tokens(self, text: str) -> int:
        """The number of tokens of the text by this model's tokenizer, without special tokens."""
        ...


class Retriever(Protocol):
    """Finds passages for queries, in all documents."""

    def search(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        """At most k hits for each query, best first, in the order of the queries."""
        ...


@runtime_checkable
class LabelledRetriever(Retriever, Protocol):
    """A retriever that can leave out documents. One that cannot is only searched for those who may see all of them."""

    def search_visible(self, queries: Sequence[str], k: int, access: tuple[str, ...]) -> list[list[Hit]]:
        """The same from the documents that have no labels, or at least one of these.

        The others are left out before the best k are chosen, so that they do not take the place of visible ones.
        """
        ...


@runtime_checkable
class VectorRetriever(Retriever, Protocol):
    """A retriever that can be searched by vectors that are not those of the queries' own texts."""

    def search_vectors(
        self, queries: Sequence[str], vectors: np.ndarray, k: int, access: Labels = None
    ) -> list[list[Hit]]:
        """The same as `search`, with a row of `vectors` (float32, unit length) in place of each query's embedding.

        What else the search uses, such as the words, is that of the queries. With `access`, only documents without
        labels and those with at least one of these.
        """
        ...


class Generator(Protocol):
    """Turns prompts into completions. `context_tokens` is the most tokens the model can read and write at once.

    It may also have `n_parallel`, the number of streams that a server should run at once. Without it, it is 1.
    """

    name: str
    context_tokens: int

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion per prompt, in order. A prompt that fails gives a Completion with `error` set."""
        ...

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """The pieces of one completion as they come, then the Completion that they make as the last item.

        Closing the iterator stops the model. What makes an error of a completion in `generate` is raised here.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """The number of tokens of the text by this model's tokenizer, without special tokens."""
        ...


class TokenSteps(Protocol):
    """Several prompts that a model continues side by side, one token of each at a time; each has its own cache.

    The caller chooses the tokens, so it can use the probabilities of all prompts together. Texts follow the rules of
    `Generator.generate` (end tokens, stop texts, loops, the limit of new tokens). Used in one thread.
    """

    prompt_tokens: tuple[int, ...]
    """The number of tokens of each prompt."""

    def next_log_probs(self) -> np.ndarray:
        """The log-probabilities of the next token: float64 of shape (prompts, vocabulary), in the order of the prompts.

        They are those of the model, before any temperature.
        """
        ...

    def advance(self, tokens: Sequence[int]) -> None:
        """Adds one token to each prompt."""
        ...

    def log_probs_of(self, continuation: Sequence[int]) -> np.ndarray:
        """The log-probability of these tokens right after each prompt, shape (prompts,): the sum over the tokens.

        Tokens that were added by `advance` neither count nor change.
        """
        ...

    def is_ended(self, ids: Sequence[int]) -> bool:
        """Whether an answer of these tokens goes no further: an end token, a stop text, a loop, or the limit."""
        ...

    def written(self, ids: Sequence[int]) -> Completion:
        """The completion that these tokens make, without usage and log-probability."""
        ...

    def pieces(self, chosen: Iterable[Sequence[int]]) -> Iterator[str]:
        """The pieces of the text of tokens that are chosen one after another."""
        ...


@runtime_checkable
class SteppingGenerator(Generator, Protocol):
    """A generator that shows the probability of every next token. Most models behind an API cannot."""

    def steps(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> TokenSteps:
        """These prompts, read and ready to be continued. At least one.

        Raises TooLongError if one does not fit into the context with its answer, and ConfigError if this model cannot
        be run in this way.
        """
        ...


class Contender(Protocol):
    """Answers questions in one particular way."""

    name: str

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer per question, in order. A question that fails gives an Answer with `error` set."""
        ...


@runtime_checkable
class StreamingContender(Contender, Protocol):
    """A contender that can show an answer while it is being written.

    It may also have `decides_before_streaming = True`: it decides whether to decline before it yields any text that
    declining would withhold. Without that, its text is held back until its Answer says that it did not decline.
    """

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The pieces of the text as they are generated, then the whole Answer as the last item."""
        ...


class Tuner(Protocol):
    """Tunes a model on examples with one method. `tuning.method` in the configuration names it."""

    def fit(
        self,
        weights: Any,
        lesson: Any,
        settings: Any,
        folder: Path,
        on_progress: Callable[[Any], None] | None = None,
        start_from: Path | None = None,
    ) -> Any:
        """Tune the model in `weights` and write the result to `folder`.

        `weights` is the folder of a local model; for one that is tuned at its host, its settings (`ApiModel`).

        `lesson` is a `tuning.lessons.Lesson`, `settings` a `tuning.settings.Tuning`. Called again after a kill, it
        continues where it stopped. Returns a report on the time and the results of the tuning. `start_from` is the
        folder of an earlier tuned model to continue from.
        """
        ...


class Changes(Record):
    """What changed in a source since a cursor, and the cursor for the next call.

    `documents` are new or changed, `deleted` are the sources of documents that are gone. A renamed document is in both:
    its old source in `deleted`, and the document under its new one. A source never reports a document as deleted
    because it could not be read; `problems` name what was not read now, by its source, its file or a folder above.
    """

    documents: tuple[Document, ...] = ()
    deleted: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    cursor: str = ""


class Source(Protocol):
    """A place where documents come from."""

    def changes_since(self, cursor: str) -> Changes:
        """What changed since that cursor. An empty cursor returns everything that is there now.

        `Document.source` is unique within the source. The same cursor may be given again: after a crash, the same
        changes are read and applied once more. Raises BakeoffError if the place cannot be reached or read at all, and
        CursorError for a cursor that this source did not make.
        """
        ...
