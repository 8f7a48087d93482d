"""A recipe: one way of knowing, from its description to a contender that answers.

Whoever adds a contender writes one class of this kind in one file; everything else asks the recipe, and never compares
a name. A recipe takes its `Spec`; building it takes a `World` and a `Material`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol

from pydantic import ValidationError

from bakeoff.contenders.built import Built, Fitted, Given
from bakeoff.contenders.spec import Spec
from bakeoff.corpus.store import DocumentStore
from bakeoff.errors import ConfigError
from bakeoff.measure.comparison import AskedModel, Axes, Days, Entrant
from bakeoff.models.prompts import PromptTemplate
from bakeoff.models.settings import ApiModel, ModelSettings
from bakeoff.protocols import Contender, Embedder, Generator, Retriever
from bakeoff.records import Approach, Document, Question, Record
from bakeoff.retrieval.settings import Retrieval
from bakeoff.tuning.lessons import Lesson

__all__ = ["Fitted", "Given", "Material", "Recipe", "World"]


class Material(Record):
    """The data that building may use. `changed` are training questions about what the update changes."""

    documents: tuple[Document, ...] = ()
    train: tuple[Question, ...] = ()
    dev: tuple[Question, ...] = ()
    changed: tuple[Question, ...] = ()
    seed: int = 7


class World(Protocol):
    """What a recipe may use of a world: a folder with a document store, indexes, tuned models and contenders."""

    @property
    def models(self) -> Mapping[str, ModelSettings]: ...

    @property
    def store(self) -> DocumentStore: ...

    def embedder(self, name: str) -> Embedder:
        """The embedder of this name in `models:`."""

    def index(self, retrieval: Retrieval) -> Retriever:
        """The index that these settings need."""

    def generator(self, model: str, adapter: str = "", template: PromptTemplate | None = None) -> Generator:
        """The model of this name in `models:`, with these tuned weights and checked against this template."""

    def contender_folder(self, name: str) -> Path:
        """Where a contender keeps what is its own."""

    def built(self, name: str) -> Built:
        """What is known of a contender of the world."""

    def open(self, name: str, given: Given | None = None) -> Contender:
        """Another contender of the world, ready to answer."""


class NoOptions(Record):
    """A recipe without options of its own."""


class Recipe:
    """One way of knowing. A subclass says what it is by class attributes and at least how it is opened.

    `name` is its short name; `days` what it is assumed to take in work. `shows` is what its model is shown besides the
    question: nothing, retrieved passages, or all documents. `step` orders calibration: higher ones are calibrated on
    what lower ones answered. `roles` are the parts that others may play in it, and whether several may.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    approach: ClassVar[Approach | None] = None
    days: ClassVar[Days] = Days(setup=12.0, data=6.0, upkeep_per_month=1.25)
    shows: ClassVar[str] = ""
    asks_model: ClassVar[bool] = True
    retrieves: ClassVar[bool] = False
    tunes: ClassVar[bool] = False
    learns_facts: ClassVar[bool] = False
    in_grid: ClassVar[bool] = False
    declines: ClassVar[bool] = True
    epochs: ClassVar[int] = 1
    step: ClassVar[int] = 0
    roles: ClassVar[Mapping[str, bool]] = {}
    Options: ClassVar[type[Record]] = NoOptions

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        try:
            self.options = self.Options.model_validate(spec.options)
        except ValidationError as error:
            allowed = ", ".join(self.Options.model_fields) or "none"
            raise ConfigError(
                f"The contender '{spec.name}': options.{error.errors()[0]['loc'][-1]}: {error.errors()[0]['msg']}.",
                f"options of the recipe '{spec.recipe}': {allowed}",
            ) from error

    # What it is.

    @property
    def template(self) -> PromptTemplate | None:
        """The prompt template its model is asked with."""
        if not self.asks_model:
            return None
        return self.spec.prompts.grounded if self.shows else self.spec.prompts.closed_book

    @property
    def adapter(self) -> str:
        """The name of its tuned model, the same for contenders that can share one; empty where nothing is tuned."""
        if not self.tunes or self.template is None:
            return ""
        depends_on = self.spec.model_dump(mode="json", include={"recipe", "model", "tuning", "options"})
        depends_on |= {"template": self.template.fingerprint}
        if self.retrieves:  # how many passages fit depends on the room that an answer needs
            room = self.spec.generation.max_new_tokens
            depends_on |= {"retrieval": self.spec.retrieval.model_dump(), "max_new_tokens": room}
        digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.spec.recipe.rsplit('.', 1)[-1]}-{digest}"

    @property
    def index(self) -> str:
        """The name of the index it searches; empty where it retrieves nothing."""
        return self.spec.retrieval.index if self.retrieves else ""

    @property
    def knowledge(self) -> str:
        """What its model is shown, in words."""
        return self.spec.retrieval.label if self.retrieves else self.shows

    def parts(self) -> tuple[str, ...]:
        """What it is made of, as stages name it."""
        model = f"model:{self.spec.model}" if self.asks_model and not self.tunes else ""
        index = f"index:{self.index}" if self.index else ""
        adapter = f"adapter:{self.adapter}" if self.adapter else ""
        return tuple(part for part in (model, index, adapter, self.own_part) if part)

    @property
    def own_part(self) -> str:
        """The name of what `prepare` makes for this contender alone; empty where it makes nothing."""
        return f"contender:{self.spec.name}" if type(self).prepare is not Recipe.prepare else ""

    @property
    def embedder(self) -> str:
        """The name in `models:` of what it embeds with; empty where it embeds nothing."""
        return self.spec.retrieval.embedder if self.retrieves else ""

    def behind(self) -> tuple[str, ...]:
        """The contenders it sends questions to."""
        return ()

    def entrant(self, models: Mapping[str, ModelSettings]) -> Entrant:
        """What comparison, cost, verdict and report need to know of it."""
        axes = Axes(
            model=self.spec.model, tuning=self.spec.tuning.label if self.tunes else "", knowledge=self.knowledge
        )
        return Entrant(
            name=self.spec.name,
            recipe=self.spec.recipe,
            title=self.title,
            summary=self.summary,
            approach=self.approach,
            axes=axes if self.in_grid else None,
            shown=self.knowledge,
            is_baseline=self.in_grid and not axes.tuning and not axes.knowledge,
            retrieves=self.retrieves,
            is_tuned=self.tunes,
            learns_facts=self.learns_facts,
            model=_asked(self.spec.model, models[self.spec.model]) if self.asks_model else None,
            parts=self.parts(),
            behind=self.behind(),
            days=self.days,
        )

    # How it is built. Each step may be left as it is.

    def check(self, others: Sequence["Recipe"]) -> None:
        """Raise ConfigError where the run lacks something it needs; `others` are all recipes of the run."""

    def obstacle(self, world: World, material: Material) -> str | None:
        """Why it cannot be built here, or None. The run leaves it out then, and says why."""
        if self.tunes:
            return _why_not_tuned(world.models[self.spec.model], material)
        return None

    def lost(self, skipped: Mapping[str, str]) -> str | None:
        """Why it cannot be built without the contenders that are skipped (by name, with the reason), or None."""
        missing = [name for name in self.behind() if name in skipped]
        if not missing:
            return None
        return f"'{missing[0]}', which it sends questions to, could not be built: {skipped[missing[0]]}"

    def lesson(self, world: World, material: Material) -> Lesson:
        """What its model is tuned on. Raises InputError where there is nothing that it can be tuned on."""
        raise NotImplementedError(f"{type(self).__name__} tunes a model but has no lesson")

    def update_lesson(self, world: World, material: Material) -> Lesson | None:
        """What its model is tuned on further when documents have changed; None where it need not be."""
        return None

    def prepare(self, world: World, material: Material) -> Fitted:
        """What it needs beside index and tuned model, and what the known answers say about it."""
        return Fitted()

    def calibrate(self, world: World, material: Material, fitted: Fitted, given: Given) -> Fitted:
        """Fit it on dev; `given` are dev answers, its own among them where it declines by a threshold."""
        return fitted

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Contender:
        """The contender, ready to answer. `given` tells what contenders behind it answered before."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is opened")


def _asked(name: str, settings: ModelSettings) -> AskedModel:
    price = settings.price if isinstance(settings, ApiModel) else None
    return AskedModel(name=name, label=settings.label, location=settings.location, host=settings.host, price=price)


def _why_not_tuned(settings: ModelSettings, material: Material) -> str | None:
    from bakeoff.models.load import has_no_weights

    if has_no_weights(settings):
        return f"the weights of {settings.label} are not on this machine: only a local model can be tuned"
    if not material.train:
        return "there is no training question: every fact is held out"
    if not any(question.answerable for question in material.train):
        return "there is no answerable question to train on"
    return None
