"""`rag-token`: each retrieved passage in a prompt of its own; every token is chosen by all of them together.

Source: RAG-Token, Lewis et al. 2020, arXiv:2005.11401.
"""

from bakeoff.contenders.marginal import TokenMarginal
from bakeoff.contenders.marginal_recipe import MarginalRecipe
from bakeoff.contenders.recipe import Fitted, Given, World
from bakeoff.contenders.retrieving import retriever_of


class RagToken(MarginalRecipe):
    """Passages read one by one, mixed token by token."""

    name = "rag-token"
    title = "RAG-Token"
    summary = "each retrieved passage read alone by the model as it comes; every token is chosen by all of them"
    respects_labels = True

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> TokenMarginal:
        """A contender with the spec's model and index."""
        return TokenMarginal(
            self.spec.name,
            retriever_of(world, self.spec.retrieval),
            self.spec.n_passages,
            self.reading(world),
            self.weights(world),
            fitted.decline_below,
        )
