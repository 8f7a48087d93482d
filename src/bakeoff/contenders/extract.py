"""`extract`: retrieve, then copy the sentence that answers. Needs no language model and cannot invent anything."""

from bakeoff.contenders.extractor import Extractor, words_to_copy
from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.contenders.retrieving import retriever_of
from bakeoff.measure.comparison import Days
from bakeoff.questions.answer_lengths import AnswerLengths


class Extract(Recipe):
    """Sentences copied from retrieved passages."""

    name = "extract"
    title = "Extract"
    summary = "whole sentences copied from the retrieved passages; no language model"
    uses = ("retrieval",)
    approach = "rag"
    days = Days(setup=3.0, data=1.0, upkeep_per_month=0.5)
    shows = "retrieval"
    retrieves = True
    asks_model = False
    learns_answers = False  # only how long answers are
    respects_labels = True
    step = 1

    def prepare(self, world: World, material: Material) -> Fitted:
        """Sets how many words to copy, from the length of known answers."""
        return Fitted(answer_words=words_to_copy(AnswerLengths.of([*material.train, *material.dev])))

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Extractor:
        """An extractor with the spec's index and the index's embedder."""
        retrieval = self.spec.retrieval
        index, embedder = retriever_of(world, retrieval), world.embedder(retrieval.embedder)
        return Extractor(self.spec.name, index, embedder, retrieval.k, fitted.decline_below, fitted.answer_words)
