"""The options of `rag` and `hybrid` that say how passages are searched for, and the contender that they make.

Takes a spec with its options and a world, gives a contender. Knows nothing about training.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from bakeoff.contenders.finding import Finder
from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.iterative import Iterative
from bakeoff.contenders.recipe import Recipe, World
from bakeoff.contenders.retrieving import retriever_of
from bakeoff.contenders.rewriting import Hyde, MultiQuery, Writer
from bakeoff.errors import ConfigError
from bakeoff.models.prompts import HYDE, MULTI_QUERY, PromptTemplate, check_rewriting
from bakeoff.protocols import Generator, Retriever
from bakeoff.records import Record

PASSAGE_TOKENS = 96
"""The most tokens of a passage that HyDE makes up, unless `rewrite_tokens` says otherwise. Passages have 128."""
WORDING_TOKENS = 32
"""The same for each rewording of a question."""


class Searching(Record):
    """How passages are searched for.

    `rewrite`: for the question as it is (`none`), with the vector of a passage that the model makes up (`hyde`), or
    also for rewordings by the model, as many as `rewordings` says (`multi-query`). `rewrite_tokens` are the most tokens
    it writes for that. `iterations`: the rounds of searching and answering; from the second on, the answer is searched
    for too.
    """

    rewrite: Literal["none", "hyde", "multi-query"] = "none"
    rewordings: int = Field(default=3, ge=1, le=10)
    rewrite_tokens: int | None = Field(default=None, ge=8, le=1024)
    iterations: int = Field(default=1, ge=1, le=5)

    @field_validator("rewordings", "rewrite_tokens")
    @classmethod
    def _belongs_to_rewriting(cls, value: int | None, info: ValidationInfo) -> int | None:
        rewrite = info.data.get("rewrite")
        if info.field_name == "rewordings" and rewrite in ("none", "hyde"):
            raise ValueError(f"it counts the rewordings of rewrite: multi-query, but rewrite is '{rewrite}'")
        if info.field_name == "rewrite_tokens" and rewrite == "none" and value is not None:
            raise ValueError("it limits what the model writes to rewrite a question, but rewrite is 'none'")
        return value

    @field_validator("iterations")
    @classmethod
    def _one_of_both(cls, value: int, info: ValidationInfo) -> int:
        rewrite = info.data.get("rewrite", "none")
        if value > 1 and rewrite != "none":
            raise ValueError(f"{value} rounds cannot be combined with rewrite: {rewrite}; make two contenders of them")
        return value

    @property
    def rewrites(self) -> bool:
        return self.rewrite != "none"

    @property
    def label(self) -> str:
        """What differs from one search for the question, in words.

        >>> Searching(rewrite="multi-query", rewordings=4).label, Searching(iterations=2).label, Searching().label
        ('4 rewordings', '2 rounds', '')
        """
        words = {"hyde": "HyDE", "multi-query": f"{self.rewordings} rewordings", "none": ""}
        return words[self.rewrite] or (f"{self.iterations} rounds" if self.iterations > 1 else "")


class SearchingRecipe(Recipe):
    """A recipe whose contenders search for passages as its options say."""

    Options: ClassVar[type[Record]] = Searching

    @property
    def searching(self) -> Searching:
        """The options about searching; the defaults for a subclass whose options are others."""
        return self.options if isinstance(self.options, Searching) else Searching()

    @property
    def knowledge(self) -> str:
        """What its model is shown and how that is found, in words."""
        return ", ".join(filter(None, [super().knowledge, self.searching.label]))

    def check(self, others: Sequence[Recipe]) -> None:
        """Raises ConfigError if the prompt that rewrites questions has no place for them."""
        given = self.spec.prompts.rewrite
        if self.searching.rewrites and given is not None:
            check_rewriting(given)
            if self.searching.rewrite == "hyde" and "{n}" in given.system + given.user:
                raise ConfigError(
                    f"The contender '{self.spec.name}' has a prompts.rewrite with {{n}}, the number of rewordings, but "
                    "rewrite: hyde makes up one passage.",
                    "remove {n} from the prompt, or set options: {rewrite: multi-query}",
                )

    def grounded(self, world: World, generator: Generator, decline_below: float | None) -> Grounded:
        """The contender that answers with this generator."""
        spec, finder = self.spec, self._finder(world)
        shown = (spec.n_passages, spec.generation, decline_below, spec.presentation)
        if self.searching.iterations == 1:
            return Grounded(spec.name, finder, generator, spec.grounded, *shown)
        return Iterative(spec.name, finder, generator, spec.grounded, *shown, rounds=self.searching.iterations)

    def _finder(self, world: World) -> Retriever | Finder:
        """The index, or what rewrites the questions first. The model as it comes rewrites, also where it was tuned."""
        options, index = self.searching, retriever_of(world, self.spec.retrieval)
        if not options.rewrites:
            return index
        writer = Writer(world.generator(self.spec.model), *self.writing())
        if options.rewrite == "hyde":
            return Hyde(writer, index, world.embedder(self.spec.retrieval.embedder))
        return MultiQuery(writer, index, options.rewordings)

    def writing(self) -> tuple[PromptTemplate, int]:
        """The prompt that rewrites, and the most tokens it may take."""
        options, given = self.searching, self.spec.prompts.rewrite
        if options.rewrite == "hyde":
            return given or HYDE, options.rewrite_tokens or PASSAGE_TOKENS
        template, n = given or MULTI_QUERY, str(options.rewordings)
        counted = PromptTemplate(system=template.system.replace("{n}", n), user=template.user.replace("{n}", n))
        return counted, options.rewrite_tokens or WORDING_TOKENS * options.rewordings
