"""`router`: a tuned model answers questions that resemble its training questions, retrieval answers the rest.

It uses contenders of the same run: `near`, which is tuned and shown no passages, and one of `far`, which retrieve. If
`parts` names none, all matching contenders of the run are considered.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from bakeoff.contenders.cuts import Worth
from bakeoff.contenders.outcomes import outcomes
from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.contenders.remembering import remembering
from bakeoff.contenders.routing import Familiarity, Routed, Routing, calibrate_routing
from bakeoff.errors import ConfigError
from bakeoff.measure.comparison import Days


class Router(Recipe):
    """Two contenders and a rule that chooses between them."""

    name = "router"
    title = "Router"
    summary = "the fine-tuned model for questions that resemble its training questions, retrieval for the rest"
    uses = ("retrieval.embedder",)
    approach = "hybrid"
    days = Days(setup=14.0, data=6.0, upkeep_per_month=1.5)
    asks_model = False
    learns_answers = False  # those that it sends questions to may
    declines = False
    respects_labels = True
    step = 2
    roles: ClassVar[Mapping[str, bool]] = {"near": False, "far": True}
    nears: tuple[str, ...] = ()
    fars: tuple[str, ...] = ()

    def check(self, others: Sequence[Recipe]) -> None:
        """Checks that there is a tuned contender that is shown nothing, and one that retrieves for a model."""
        tuned = (other.spec.name for other in others if other.tunes and other.learns_facts)
        retrieving = (other.spec.name for other in others if other.retrieves and other.asks_model)
        self.nears = tuple(self.spec.parts.get("near") or tuned)
        self.fars = tuple(self.spec.parts.get("far") or retrieving)
        if not self.nears or not self.fars:
            lacking = "a fine-tuned contender without retrieval" if not self.nears else "a contender that retrieves"
            raise ConfigError(
                f"The contender '{self.spec.name}' routes between a fine-tuned contender and one that retrieves, but "
                f"the run lacks {lacking}.",
                f"add 'tuned' and 'rag' or 'hybrid' to `contenders:`, name its parts, or remove '{self.spec.name}'",
            )

    def lost(self, skipped: Mapping[str, str]) -> str | None:
        """Continues with the contenders that could be built, if there is one of each kind."""
        for names in (self.nears, self.fars):
            if all(name in skipped for name in names):
                return f"'{names[0]}', which it sends questions to, could not be built: {skipped[names[0]]}"
        self.nears = tuple(name for name in self.nears if name not in skipped)
        self.fars = tuple(name for name in self.fars if name not in skipped)
        return None

    @property
    def embedder(self) -> str:
        """The embedder that measures how familiar a question is."""
        return self.spec.retrieval.embedder

    def behind(self) -> tuple[str, ...]:
        """The contenders it may send questions to."""
        return (*self.nears[:1], *self.fars)

    def sends_to(self, fitted: Fitted) -> tuple[str, ...]:
        """The two contenders that its routing was calibrated to."""
        routing = Routing.model_validate(fitted.routing) if fitted.routing else None
        return (routing.near, routing.far) if routing else self.behind()

    def prepare(self, world: World, material: Material) -> Fitted:
        """Stores the embeddings of the training questions, to measure how familiar a question is."""
        folder = world.contender_folder(self.spec.name)
        folder.mkdir(parents=True, exist_ok=True)
        vectors = world.embedder(self.spec.retrieval.embedder).embed_queries(
            [question.text for question in material.train]
        )
        np.save(folder / "trained.npy", vectors, allow_pickle=False)
        return Fitted()

    def calibrate(self, world: World, material: Material, fitted: Fitted, given: Given) -> Fitted:
        """The routing whose answers are worth most on dev, with the penalty for wrong answers."""

        def worth(name: str) -> Worth:
            below, penalty = world.built(name).fitted.decline_below, material.wrong_answer_penalty
            answered = outcomes(material.dev, given(name), penalty, below)
            return {key: (outcome.value, outcome.seconds) for key, outcome in answered.items()}

        familiar = self._familiarity(world).of([question.text for question in material.dev])
        routing = calibrate_routing(
            near=worth(self.nears[0]),
            fars={name: worth(name) for name in self.fars},
            familiarity={question.id: float(value) for question, value in zip(material.dev, familiar, strict=True)},
            near_name=self.nears[0],
            trained_on=[question.id for question in material.dev if question.slice == "seen"],
            facts={question.id: question.fact for question in material.dev},
        )
        return fitted.model_copy(update={"routing": routing.model_dump()})

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Routed:
        """The two contenders behind it. Answers they gave in the run are reused."""
        routing = Routing.model_validate(fitted.routing_of(self.spec.name))
        near, far = (remembering(world.open(name), given) for name in (routing.near, routing.far))
        return Routed(self.spec.name, near, far, self._familiarity(world), routing.familiarity_at_least)

    def _familiarity(self, world: World) -> Familiarity:
        path = world.contender_folder(self.spec.name) / "trained.npy"
        embedder = world.embedder(self.spec.retrieval.embedder)
        return Familiarity(embedder, np.load(path, allow_pickle=False))
