"""The small protocols that make parts replaceable. To replace a part, write one class that implements its protocol.

Knows only the records. A name in a configuration is either one of Bakeoff's own or a full import path
(`my_package.my_module.MyClass`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, Self, runtime_checkable

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


class StoredChanges(Record):
    """The ids of the documents that a call added, updated and deleted, or that changed since a version.

    `unchanged` counts the other documents. `version` is the store's current version, `stamp` when that was recorded, if
    it is known: if an older copy of the store is put back, another version gets the same number.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: int = 0
    version: int
    stamp: str = ""

    @property
    def any(self) -> bool:
        return bool(self.added or self.updated or self.deleted)


class StoredVersion(Record):
    """One entry of a document's history. A deletion has no document, nor has an old version whose text is not kept."""

    version: int
    kind: Literal["added", "updated", "deleted"]
    recorded_at: datetime
    document: Document | None


class StoreReading(Protocol):
    """One consistent state of a document store, for queries of other kinds (`corpus.store.Reading`)."""

    def select(self, query: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query, with the values of its `:names`."""
        ...


class DocumentStore(Protocol):
    """All documents, with their versions and deletions. What a call changed is kept when it returns, all or nothing."""

    @property
    def version(self) -> int:
        """The number of calls that changed something. 0 for a new store."""
        ...

    @property
    def identity(self) -> str:
        """A random name. Versions of stores with different identities are unrelated."""
        ...

    @property
    def folder(self) -> Path | None:
        """The folder that one process at a time may change. None where nothing of the documents is in a folder."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether others change the documents too, without this folder."""
        ...

    def replace_all(self, documents: Iterable[Document]) -> StoredChanges:
        """Makes the store hold exactly these documents. Raises InputError if two have the same id or source."""
        ...

    def upsert(self, documents: Iterable[Document]) -> StoredChanges:
        """Adds these documents, or replaces those with the same id. The other documents stay."""
        ...

    def delete(self, ids: Iterable[str]) -> StoredChanges:
        """Deletes the documents with these ids. Unknown ids are ignored. Texts stay in the history for a time."""
        ...

    def erase(self, document_id: str) -> int:
        """Drops the texts that are kept of a document that was deleted, or of its earlier versions; gives how many.

        What is live stays. Raises InputError where that is not possible.
        """
        ...

    def change(self, documents: Iterable[Document], deleted: Iterable[str]) -> StoredChanges:
        """`upsert` and `delete` as one change. A document that is given in both is added or replaced."""
        ...

    def documents(self) -> Iterator[Document]:
        """The documents at the time of the call, ordered by source. The store may be changed during the iteration.

        If so much changes meanwhile that a text is no longer kept, its document comes as it is now, or not at all.
        """
        ...

    def get(self, document_id: str) -> Document | None:
        """The document with this id. None if it does not exist or is deleted."""
        ...

    def get_by_source(self, source: str) -> Document | None:
        """The document with this source. None if it does not exist or is deleted."""
        ...

    def history(self, document_id: str) -> list[StoredVersion]:
        """Every version of a document, oldest first, including deletions. Empty for an unknown id."""
        ...

    def changes_since(self, version: int, stamp: str = "") -> StoredChanges:
        """The differences between that version and now. A change that was reverted does not count.

        Raises ForgottenError for a version that this store has not reached, or whose `stamp` is another one here: an
        older copy of it was put back; and for one that is so old that the store no longer knows which documents were
        deleted since.
        """
        ...

    def reading(self) -> AbstractContextManager[StoreReading]:
        """One consistent state, for queries of other kinds."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: Any) -> None: ...


class Synced(Record):
    """The result of a sync: the documents added, updated and deleted, and the chunks and tokens that were embedded.

    Chunks, tokens and seconds include those of earlier syncs that were killed. `n_written` are the documents whose rows
    this sync wrote or deleted.
    """

    n_added: int
    n_updated: int
    n_deleted: int
    n_chunks: int
    n_tokens: int
    seconds: float
    n_written: int = 0


class SearchIndex(LabelledRetriever, VectorRetriever, Protocol):
    """Every chunk of a document store, searched by words and by vectors, brought up to date by the difference.

    A search finds the documents as they were before a sync or as they are after it, never some of both.
    """

    @property
    def n_chunks(self) -> int: ...

    @property
    def version(self) -> int:
        """The version of the store at the last complete sync."""
        ...

    def sync(
        self,
        store: DocumentStore,
        progress: Callable[[int, int], None] | None = None,
        tidy: bool = True,
        again: Iterable[str] = (),
    ) -> Synced:
        """Updates the index to the current state of the store. Only changed documents are embedded.

        If a sync is killed, the next one does what is left. `progress` is called with (documents done, all documents to
        do). Without `tidy` the caller calls `tidy` later, so that a change is visible sooner. Documents in `again` are
        written even if they did not change. Raises RunFolderError if the index was built from another store.
        """
        ...

    def ahead(self, documents: Iterable[Document]) -> AbstractContextManager[None]:
        """Begins with what takes long for documents that are about to be stored, so that a sync within it is short.

        It changes nothing that is searched, and not what the sync makes. One at a time.
        """
        ...

    def search_bm25(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        """The same as `search` by words alone."""
        ...

    def search_dense(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        """The same as `search` by vectors alone."""
        ...

    def dense_weight(self, query: str) -> float:
        """The weight of the embedder's ranking for this query. The words have the rest of 1."""
        ...

    def load(self) -> None:
        """Does what the first search would do otherwise."""
        ...

    def check(self) -> None:
        """Reads what searches read, and searches for the words of one passage. Raises RunFolderError if a part is
        damaged or missing, DamagedIndexError if the index is a folder here, which can be made again.
        """
        ...

    def doubts(self, store: DocumentStore) -> tuple[str, ...]:
        """The ids of documents that the index holds otherwise than the store, though nothing changed since the last
        sync.
        """
        ...

    @property
    def is_untidy(self) -> bool:
        """Whether so much changed that `tidy` is worth its cost."""
        ...

    def tidy(self) -> None:
        """Makes searches fast again after many changes, and texts leave the files that `erase` asked for. Searches and
        syncs go on meanwhile.
        """

    def erase(self, version: int) -> None:
        """Notes that texts which are deleted as of this version of the store must not stay in files. Once a sync has
        reached that version, `is_untidy` is true until `tidy`.
        """


class Job(NamedTuple):
    """A function by its import path, with what it takes: values that can be pickled. `name` is for messages. `ended` is
    how often the system ended a process that did it, for lack of memory.

    Done twice, it changes no more than done once.
    """

    name: str
    function: str
    arguments: Mapping[str, Any]
    ended: int = 0


class Outcome(NamedTuple):
    """What a job gave, or the error that it raised."""

    value: Any = None
    error: Exception | None = None

    def get(self) -> Any:
        """The value. Raises the error."""
        if self.error is not None:
            raise self.error
        return self.value


class Executor(Protocol):
    """Does jobs in other processes, here or on other machines."""

    workers: int
    """How many jobs are done at once, at most."""
    label: str
    """Who does them, in words."""
    threads: int
    """With how many threads each job computes."""

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
        """The place of each job in the sequence with its outcome, as they finish.

        A job whose worker died is done again by another one; a job that raised an error is not. Raises WorkerError if
        the workers of a job died too often. Closing the iterator stops what is still under way.
        """
        ...

    def close(self) -> None:
        """Stops all workers."""
        ...
