"""`faq`: the known answer of the most similar known question, word for word. Needs no language model.

It knows the training questions, so what is learned from use joins at once. It declines what is too unlike all of them,
by a threshold fitted on dev. An answer whose evidence is no longer in the documents is not given.
"""

import numpy as np

from bakeoff.contenders.built import Fitted, Given
from bakeoff.contenders.cuts import FEWEST_FACTS
from bakeoff.contenders.known import KnownAnswers, KnownQuestion, known_question
from bakeoff.contenders.recipe import Material, Recipe, World
from bakeoff.files import jsonl
from bakeoff.measure.comparison import Days, Declining
from bakeoff.measure.score import rightness
from bakeoff.measure.threshold import N_DRAWS, Facts, best_cut, dev_answers

NEAR_COPY = 0.95
"""The least cosine of a question that is answered where dev is too small to fit a threshold."""
VECTORS, QUESTIONS = "known.npy", "known.jsonl"


class Faq(Recipe):
    """Known questions with known answers."""

    name = "faq"
    title = "FAQ"
    summary = "the known answer of the most similar training question, word for word; no language model"
    uses = ("retrieval.embedder",)
    days = Days(setup=2.0, data=2.0, upkeep_per_month=0.5)
    asks_model = False
    answers_known = True
    respects_labels = True

    @property
    def embedder(self) -> str:
        """The embedder that compares questions."""
        return self.spec.retrieval.embedder

    def obstacle(self, world: World, material: Material) -> str | None:
        """It needs a question whose answer it may know."""
        if any(question.answerable for question in material.train):
            return None
        return "there are no answerable training questions whose answers it could give"

    def prepare(self, world: World, material: Material) -> Fitted:
        """Stores the training questions with their answers, what these rest on, and their embeddings."""
        sources: dict[str, str] = {document.source: document.text for document in world.store.documents()}
        known = [known_question(question, sources) for question in material.train]
        folder = world.contender_folder(self.spec.name)
        folder.mkdir(parents=True, exist_ok=True)
        vectors = world.embedder(self.embedder).embed_queries([one.text for one in known])
        np.save(folder / VECTORS, vectors, allow_pickle=False)
        jsonl.write(folder / QUESTIONS, known)
        return Fitted()

    def calibrate(self, world: World, material: Material, fitted: Fitted, given: Given) -> Fitted:
        """The similarity below which it declines.

        The rule is the one for all contenders, without its least number of unanswerable facts: a question about a fact
        that it does not know is one that it cannot answer, and dev has many of them.
        """
        n_facts = Facts.of(material.dev)
        declining = Declining(
            n_answerable=n_facts.answerable,
            n_unanswerable=n_facts.unanswerable,
            wrong_answer_penalty=material.wrong_answer_penalty,
        )
        of = dev_answers(material.dev, given(self.spec.name), rightness, material.wrong_answer_penalty)
        if sum(n_facts) < FEWEST_FACTS or not len(of.gains):
            reason = f"dev has fewer than {FEWEST_FACTS} facts, so only near-copies of known questions are answered"
            return _with(fitted, declining.model_copy(update={"below": NEAR_COPY, "reason": reason}))
        cut = best_cut(of, np.ones(of.n_facts), N_DRAWS, np.random.default_rng(0))
        if not np.isfinite(cut.below):
            reason = "declining does not pay on dev"
            return _with(fitted, declining.model_copy(update={"fitted": True, "reason": reason}))
        return _with(fitted, declining.model_copy(update={"fitted": True, "below": cut.below, "gain": cut.gain}))

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> KnownAnswers:
        """The known questions, and the documents that their answers rest on as they are now."""
        folder = world.contender_folder(self.spec.name)
        return KnownAnswers(
            self.spec.name,
            jsonl.read(folder / QUESTIONS, KnownQuestion),
            np.load(folder / VECTORS, allow_pickle=False),
            world.embedder(self.embedder),
            world.store,
            fitted.decline_below,
        )


def _with(fitted: Fitted, declining: Declining) -> Fitted:
    return fitted.model_copy(update={"declining": declining})
