"""`rag-sequence`: each retrieved passage in a prompt of its own; of their answers, the one all find most probable.

Source: RAG-Sequence, Lewis et al. 2020, arXiv:2005.11401.
"""

from typing import Literal

from bakeoff.contenders.marginal import SequenceMarginal
from bakeoff.contenders.marginal_recipe import MarginalOptions, MarginalRecipe
from bakeoff.contenders.recipe import Fitted, Given, World
from bakeoff.contenders.retrieving import retriever_of


class SequenceOptions(MarginalOptions):
    """`decoding` is `thorough` (each answer is scored after every passage) or `fast` (only after those that wrote
    it)."""

    decoding: Literal["thorough", "fast"] = "thorough"


class RagSequence(MarginalRecipe):
    """Passages read one by one, mixed by whole answers."""

    name = "rag-sequence"
    title = "RAG-Sequence"
    summary = "each retrieved passage read alone by the model as it comes; the answer that all find most probable"
    respects_labels = True
    Options = SequenceOptions
    options: SequenceOptions

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> SequenceMarginal:
        """A contender with the spec's model and index."""
        return SequenceMarginal(
            self.spec.name,
            retriever_of(world, self.spec.retrieval),
            self.spec.n_passages,
            self.reading(world),
            self.weights(world),
            fitted.decline_below,
            self.options.decoding == "thorough",
        )
