"""What the recipes `rag-token` and `rag-sequence` share: options, parts, and when they cannot be built.

Takes a spec, gives the parts of a contender. `marginal.py` answers.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from bakeoff.contenders.marginal import Reading, Weights
from bakeoff.contenders.recipe import Material, Recipe, World
from bakeoff.errors import BakeoffError, ContenderError
from bakeoff.measure.comparison import Days
from bakeoff.models.settings import ApiModel, ModelSettings
from bakeoff.protocols import Generator, SteppingGenerator
from bakeoff.records import Hit, Message, Prompt, Record

PROBE = Prompt(messages=(Message(role="user", content="?"),))
TRAINED_AT = 0.05
"""The temperature at which sentence-transformers trains its embedders: it compares passages by softmax(20 * cosine), so
this is the model's own probability of a passage. Source: `MultipleNegativesRankingLoss`, scale 20; Reimers and Gurevych
2019, arXiv:1908.10084."""


class MarginalOptions(Record):
    """`temperature` of the softmax over the passages' scores. `by` says which: the `cosine` of question and passage, or
    the `score` of retrieval."""

    temperature: float = Field(default=TRAINED_AT, gt=0, allow_inf_nan=False)
    by: Literal["cosine", "score"] = "cosine"


class MarginalRecipe(Recipe):
    """Retrieved passages, each read in a prompt of its own by the untuned model."""

    approach = "rag"
    uses = ("model", "generation", "retrieval", "prompts.grounded", "presentation")
    days = Days(setup=6.0, data=1.0, upkeep_per_month=0.75)
    shows = "retrieval"
    retrieves = True
    presents = ("headings", "prompt")
    Options = MarginalOptions
    options: MarginalOptions

    def obstacle(self, world: World, material: Material) -> str | None:
        """The reason if the model shows no probabilities of next tokens, or is to draw tokens."""
        settings = world.models[self.spec.model]
        if isinstance(settings, ApiModel) or settings.engine == "vllm" or settings.answered_by is not None:
            return (
                f"it needs the probability of every next token, which {_asked(settings)} does not show; use a "
                "model that runs in this process"
            )
        if self.spec.generation.samples:
            return (
                f"it takes the most probable token each time, but generation.temperature is "
                f"{self.spec.generation.temperature}; set it to 0 for this contender"
            )
        generator = world.generator(self.spec.model)
        if not isinstance(generator, SteppingGenerator):
            return _without_steps(generator)
        try:
            generator.steps([PROBE], self.spec.generation)
        except BakeoffError as error:
            return error.message
        return None

    def numbered(self, hits: Sequence[Hit]) -> Sequence[Hit]:
        """None: each passage is shown alone, so a number says nothing about which one it is."""
        return ()

    def reading(self, world: World) -> Reading:
        """The model, loaded and ready for the first question. Raises ContenderError if it shows no probabilities."""
        generator = world.generator(self.spec.model)
        if not isinstance(generator, SteppingGenerator):
            raise ContenderError(
                f"The contender '{self.spec.name}' cannot be opened: {_without_steps(generator)}.",
                "give it a local model, or ask another contender",
            )
        generator.steps([PROBE], self.spec.generation)
        return Reading(generator, self.spec.grounded, self.spec.generation, self.spec.presentation)

    def weights(self, world: World) -> Weights:
        """How the passages are weighed."""
        embedder = world.embedder(self.spec.retrieval.embedder) if self.options.by == "cosine" else None
        return Weights(embedder, self.options.temperature)


def _asked(settings: ModelSettings) -> str:
    """What answers for a model that does not run in this process."""
    return settings.label if isinstance(settings, ApiModel) else f"the vLLM server of {settings.label}"


def _without_steps(generator: Generator) -> str:
    return (
        f"it needs the probability of every next token, which the generator '{generator.name}' does not show (it has "
        "no `steps`, see protocols.SteppingGenerator)"
    )
