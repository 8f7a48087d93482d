"""`own-retriever`: a team's own retriever finds the passages, and the run's model answers from them, as in `rag`.

Takes the import path of a function or class that gives a retriever (`protocols.Retriever`); the adapters in
`frameworks/` make one of LangChain's and LlamaIndex's. So retrievers are compared with everything else equal: the
model, the prompt, the number of passages.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from bakeoff.contenders.custom import made, use_documents
from bakeoff.contenders.finding import Found, share_since
from bakeoff.contenders.frameworks.wrapped import LONGEST_ERROR
from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.recipe import Fitted, Given, Recipe, World
from bakeoff.errors import BakeoffError, ConfigError, error_line
from bakeoff.imports import imported
from bakeoff.measure.comparison import Days, Entrant
from bakeoff.models.kept.clock import now
from bakeoff.models.settings import ModelSettings
from bakeoff.records import Question, Record
from bakeoff.retrieval.presentation import ASPECTS
from bakeoff.retrieval.visible import hits_for


class OwnRetrieverOptions(Record):
    """`retriever` is the import path of what is called without arguments and gives the retriever."""

    retriever: str = Field(pattern=r"^\w+(\.\w+)+$")


class OwnFinder:
    """Finds with a team's own retriever. What that raises is the error of the question alone."""

    def __init__(self, retriever: Any) -> None:
        self._retriever = retriever

    def find(self, questions: Sequence[Question], k: int) -> list[Found]:
        """Its hits, at most k for each question. If it fails, each question is searched alone.

        Raises ContenderError as `hits_for`.
        """
        begun = now()
        try:
            hits = hits_for(self._retriever, questions, k)
        except BakeoffError:
            raise
        except Exception as error:  # noqa: BLE001  (a team's own code may raise anything; it costs this question)
            if len(questions) > 1:
                return [found for question in questions for found in self.find([question], k)]
            return [Found((), share_since(begun, 1), error_line(error)[:LONGEST_ERROR])]
        usage = share_since(begun, len(questions))
        return [Found(found[:k], usage) for found in hits]


class OwnRetriever(Recipe):
    """Passages of a team's own retriever, read by the untuned model."""

    name = "own-retriever"
    title = "RAG, own retriever"
    summary = "passages found by your own retriever, read by the model as it comes"
    approach = "rag"
    days = Days(setup=5.0, data=1.0, upkeep_per_month=0.75)
    shows = "retrieval"
    retrieves = True
    presents = ASPECTS
    uses = ("model", "generation", "retrieval.k", "prompts.grounded", "presentation")
    outside = True
    Options: ClassVar[type[Record]] = OwnRetrieverOptions
    options: OwnRetrieverOptions

    @property
    def index(self) -> str:
        """It searches no index of Bakeoff's."""
        return ""

    @property
    def embedder(self) -> str:
        """It uses no embedder of the run."""
        return ""

    @property
    def knowledge(self) -> str:
        """What its model is shown, in words."""
        return f"{self.options.retriever} (k {self.spec.retrieval.k})"

    @property
    def made_by(self) -> Any:
        """The class or function that gives the retriever. Raises ConfigError if it cannot be imported."""
        return imported(self.options.retriever, None, f"The contender '{self.spec.name}': options.retriever")

    @cached_property
    def _first(self) -> Any:
        return self._made()

    @property
    def not_updated(self) -> str:
        """Why its retriever says that it does not find changed documents."""
        return str(getattr(self._first, "not_updated", ""))

    def check(self, others: Sequence[Recipe]) -> None:
        """Makes one retriever now, so that mistakes show before any work is done."""
        _ = self._first

    def entrant(self, models: Mapping[str, ModelSettings]) -> Entrant:
        """As for other recipes; its retriever was set up elsewhere."""
        known = super().entrant(models)
        reasons = {"setup_s": "its retriever is set up elsewhere", **known.unmeasured}
        return known.model_copy(update={"unmeasured": reasons})

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Grounded:
        """A grounded contender with the spec's model and the retriever, which gets the documents of this world."""
        spec, retriever = self.spec, self._made()
        if callable(getattr(retriever, "use_documents", None)):
            use_documents(retriever, world.store.documents(), spec.name)
        shown = (spec.n_passages, spec.generation, fitted.decline_below, spec.presentation)
        return Grounded(spec.name, OwnFinder(retriever), world.generator(spec.model), spec.grounded, *shown)

    def _made(self) -> Any:
        what = f"The contender '{self.spec.name}': options.retriever '{self.options.retriever}'"
        retriever = made(self.made_by, what)
        if not callable(getattr(retriever, "search", None)):
            raise ConfigError(
                f"{what} gives a {type(retriever).__name__}, which has no method search(queries, k).",
                "give it one, or wrap it: bakeoff.contenders.frameworks.langchain.from_retriever, or llama_index's",
            )
        return retriever
