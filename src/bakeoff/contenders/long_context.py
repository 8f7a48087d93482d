"""`long-context`: every document in every prompt, if the model's context is large enough."""

import threading
from collections.abc import Iterable
from typing import NamedTuple

from bakeoff.contenders.direct import Direct
from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.corpus.access import may_see
from bakeoff.formats.line_kinds import line_kinds
from bakeoff.formats.readable import readable
from bakeoff.measure.comparison import Days
from bakeoff.models.prompts import GROUNDED, PromptTemplate
from bakeoff.protocols import DocumentStore, Generator
from bakeoff.records import Document, Prompt, Question

ROOM_FOR_QUESTION = 256
"""Also for the tokens of the chat template."""
BETWEEN = 2
"""Tokens of the blank line between two documents, at most."""


class LongContext(Recipe):
    """All documents, read by the untuned model."""

    name = "long-context"
    title = "Long context"
    summary = "all documents in every prompt, read by the model as it comes"
    uses = ("model", "generation", "prompts.grounded", "presentation.headings", "presentation.prompt")
    approach = "rag"
    days = Days(setup=2.0, data=1.0, upkeep_per_month=0.5)
    shows = "all documents"
    presents = ("headings", "prompt")
    in_grid = True
    respects_labels = True

    def obstacle(self, world: World, material: Material) -> str | None:
        """The reason if the documents do not fit into the model's context."""
        generator = world.generator(self.spec.model)
        return reason_not_to_fit(material.documents, generator, self.spec.generation.max_new_tokens, self.spec.grounded)

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Direct:
        """A contender that is shown every document of the world's store that the caller may see."""
        template, settings = self.spec.grounded, self.spec.generation
        generator = world.generator(self.spec.model)
        shown = ShownDocuments(world.store, self.spec.presentation.headings)
        return Direct(self.spec.name, generator, template, settings, fitted.decline_below, shown)


class _Read(NamedTuple):
    """What is shown of each document of a version of the store, with the document's labels."""

    version: int
    texts: list[tuple[tuple[str, ...], str]]


class ShownDocuments:
    """The texts of a store's documents, for each question those that the caller may see.

    They are read again when the store has changed. Threads may share it.
    """

    def __init__(self, store: DocumentStore, titles: bool = True) -> None:
        self._store = store
        self._titles = titles
        self._read: _Read | None = None
        self._reading = threading.Lock()

    def __call__(self, question: Question) -> list[str]:
        """The texts, ordered by source."""
        return [text for access, text in self._current().texts if may_see(question.access, access)]

    def _current(self) -> _Read:
        with self._reading:
            version = self._store.version
            if self._read is None or self._read.version != version:
                documents = self._store.documents()
                self._read = _Read(
                    version, [(document.access, _text(document, self._titles)) for document in documents]
                )
            return self._read


def _text(document: Document, titles: bool = True) -> str:
    """What is shown of a document, with its title above it unless `titles` is off or it has none."""
    shown = readable(document.text, line_kinds(document.text, document.title, document.source))
    return f"{document.title}\n{shown}" if titles and document.title else shown


def reason_not_to_fit(
    documents: Iterable[Document], generator: Generator, max_new_tokens: int, template: PromptTemplate = GROUNDED
) -> str | None:
    """Why the corpus does not fit into the model's context, or None if it fits.

    What the template writes around each document counts, and so do its own words.
    """
    own = _tokens_of(generator, template.render(""))
    available = generator.context_tokens - max_new_tokens - ROOM_FOR_QUESTION - own
    needed = sum(_tokens_of(generator, template.render("", [_text(one)])) - own + BETWEEN for one in documents)
    if needed <= available:
        return None
    return (
        f"the corpus has {needed:,} tokens, but {generator.name} takes {generator.context_tokens:,}, of which "
        f"{available:,} are left after the prompt, the question and the answer"
    )


def _tokens_of(generator: Generator, prompt: Prompt) -> int:
    return sum(generator.count_tokens(message.content) for message in prompt.messages)
