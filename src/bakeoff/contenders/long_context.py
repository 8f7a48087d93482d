"""`long-context`: every document in every prompt, if the model's context is large enough."""

from collections.abc import Iterable

from bakeoff.contenders.direct import Direct
from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.formats.line_kinds import line_kinds
from bakeoff.formats.readable import readable
from bakeoff.measure.comparison import Days
from bakeoff.protocols import Generator
from bakeoff.records import Document

ROOM_FOR_QUESTION = 256


class LongContext(Recipe):
    """All documents, read by the untuned model."""

    name = "long-context"
    title = "Long context"
    summary = "all documents in every prompt, read by the model as it comes"
    approach = "rag"
    days = Days(setup=2.0, data=1.0, upkeep_per_month=0.5)
    shows = "all documents"
    presents = ("headings", "prompt")
    in_grid = True

    def obstacle(self, world: World, material: Material) -> str | None:
        """The reason if the documents do not fit into the model's context."""
        generator = world.generator(self.spec.model)
        return reason_not_to_fit(material.documents, generator, self.spec.generation.max_new_tokens)

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Direct:
        """A contender that is shown every document of the world's store."""
        template, settings = self.spec.grounded, self.spec.generation
        generator = world.generator(self.spec.model)
        texts = _texts(world.store.documents(), self.spec.presentation.headings)
        return Direct(self.spec.name, generator, template, settings, fitted.decline_below, texts)


def _texts(documents: Iterable[Document], titles: bool = True) -> list[str]:
    """What is shown of each document, with its title above it unless `titles` is off or it has none."""
    return [
        f"{document.title}\n" * bool(titles and document.title)
        + readable(document.text, line_kinds(document.text, document.title, document.source))
        for document in documents
    ]


def reason_not_to_fit(documents: Iterable[Document], generator: Generator, max_new_tokens: int) -> str | None:
    """Why the corpus does not fit into the model's context, or None if it fits."""
    available = generator.context_tokens - max_new_tokens - ROOM_FOR_QUESTION
    needed = sum(generator.count_tokens(text) for text in _texts(documents))
    if needed <= available:
        return None
    return (
        f"the corpus has {needed:,} tokens, but {generator.name} takes {generator.context_tokens:,}, of which "
        f"{available:,} are left after the question and the answer"
    )
