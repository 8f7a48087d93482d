"""`extract`: retrieve, then copy the sentence that answers. It needs no language model and cannot invent."""

from bakeoff.contenders.extractor import Extractor, words_to_copy
from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.measure.comparison import Days


class Extract(Recipe):
    """Sentences copied from what was retrieved."""

    name = "extract"
    title = "Extract"
    summary = "the best sentences of the retrieved passages, copied; no language model"
    approach = "rag"
    days = Days(setup=3.0, data=1.0, upkeep_per_month=0.5)
    shows = "retrieval"
    retrieves = True
    asks_model = False
    step = 1

    def prepare(self, world: World, material: Material) -> Fitted:
        """It copies as many words as known answers have."""
        known = [question for question in (*material.train, *material.dev) if question.answerable]
        return Fitted(answer_words=words_to_copy([question.answers for question in known]))

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Extractor:
        """An extractor on the spec's index and its embedder."""
        retrieval = self.spec.retrieval
        index, embedder = world.index(retrieval), world.embedder(retrieval.embedder)
        return Extractor(self.spec.name, index, embedder, retrieval.k, fitted.decline_below, fitted.answer_words)
