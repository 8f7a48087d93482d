"""A recipe: one kind of contender, from its description to an object that answers.

To add a kind of contender, write one such class in one file. All other code asks the recipe and never compares names. A
recipe takes its `Spec`; building it takes a `World` and a `Material`.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import Field

from bakeoff.contenders.asked import asked_model
from bakeoff.contenders.built import Built, Fitted, Given
from bakeoff.contenders.given import options_of
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.where_tuned import why_not_hosted, why_not_tuned
from bakeoff.measure.comparison import Axes, Days, Entrant
from bakeoff.measure.rates import Rates
from bakeoff.models.prompts import PromptTemplate
from bakeoff.models.settings import ApiModel, LocalModel, ModelSettings
from bakeoff.protocols import Contender, DocumentStore, Embedder, Generator, Retriever
from bakeoff.records import Approach, Document, Hit, Prompt, Question, Record
from bakeoff.retrieval.presentation import Aspect, Presentation
from bakeoff.retrieval.rerank import Scores
from bakeoff.retrieval.settings import Retrieval
from bakeoff.tuning.lessons import Lesson
from bakeoff.tuning.preferences.held import Judgements, divided, why_not
from bakeoff.tuning.preferences.lesson import Judged, PreferenceLesson

__all__ = ["Fitted", "Given", "Material", "Recipe", "World"]


OnProgress = Callable[[int, int], None]
"""Takes the steps done and all steps."""


class Material(Record):
    """The data that building may use. `changed` are training questions about what the update changes.

    `wrong_answer_penalty` is what a wrong answer costs, where a correct one earns 1. `facts` are the answerable and the
    unanswerable facts of the question files; (0, 0) if they were not counted. `right_answer_usd` is what a right answer
    is worth in US dollars, None if the profile does not say; `rates` are the prices of each contender's answers.
    `judgements` are what people prefer, by the files that a contender's `tuning.preferences` names, without what is
    said about questions in dev and test.
    """

    documents: tuple[Document, ...] = ()
    train: tuple[Question, ...] = ()
    dev: tuple[Question, ...] = ()
    changed: tuple[Question, ...] = ()
    seed: int = 7
    wrong_answer_penalty: float = 1.0
    facts: tuple[int, int] = (0, 0)
    right_answer_usd: float | None = None
    rates: dict[str, Rates] = Field(default_factory=dict)
    judgements: tuple[Judgements, ...] = ()

    def judgements_of(self, files: Sequence[str]) -> Judgements:
        """What people prefer, by these files."""
        return next(some for some in self.judgements if some.files == tuple(files))


class Took(Record):
    """What a training took (the seconds before a kill included), and a sentence if it did not help."""

    seconds: float
    tokens: int
    detail: str
    note: str = ""


class World(Protocol):
    """What a recipe may use of a world: a folder with a document store, indexes, tuned models and contenders."""

    @property
    def models(self) -> Mapping[str, ModelSettings]: ...

    @property
    def store(self) -> DocumentStore: ...

    def embedder(self, name: str) -> Embedder:
        """The embedder of this name in `models:`, or the tuned one."""

    def index(self, retrieval: Retrieval) -> Retriever:
        """The index for these settings."""

    def reranker(self, name: str) -> Scores:
        """The reranker of this name in `models:`, or the tuned one."""

    def generator(self, model: str, adapter: str = "", template: PromptTemplate | None = None) -> Generator:
        """The model of this name in `models:`, with this adapter, and checked against this template."""

    def adapter_folder(self, adapter: str) -> Path:
        """The folder of a tuned model, or of another part that was tuned."""

    def contender_folder(self, name: str) -> Path:
        """The folder for a contender's own files."""

    def built(self, name: str) -> Built:
        """The stored settings and fitted values of a contender of the world."""

    def open(self, name: str, given: Given | None = None) -> Contender:
        """Another contender of the world, ready to answer."""


class Made(Record):
    """What `Recipe.make` gives. `took` is what its training took; without one, the stage is timed."""

    fitted: Fitted = Fitted()
    took: Took | None = None


class NoOptions(Record):
    """For recipes without options."""


class Recipe:
    """One kind of contender. A subclass describes itself by class attributes and defines at least `open`.

    `name` is its short name. `days` are its assumed days of work. `shows` is what its model is shown besides the
    question: nothing, retrieved passages, or all documents. `presents` are the aspects of the presentation that it
    follows. `answers_known`: it gives known answers to known questions. `step` orders calibration: contenders with a
    higher step are calibrated on the answers of those with a lower one. `roles` are the roles of the contenders it
    uses, and whether several may have the same role.
    `uses` are the settings of an entry ("tuning" or "tuning.examples") that change what it does; any other is an error
    in bakeoff.yaml. None, where it does not say so, allows all.
    `tunes_retrieval` are the parts of its retrieval that it may tune, in order; `tuned_parts` those that it does.
    `tuned_at_hosts`: its lesson is all that its training needs, so that a host can train it (`tuning.host`).
    `respects_labels` says that its contenders show and cite only what a question's `access` lets see. Without it they
    are never asked for somebody who may not see every document. A subclass must say so itself: it may open another one.
    `learns_answers`: the answers of training questions make it better, so near-copies of these in the test favour it.
    None, where it does not say so: if it is tuned or prepares a part of its own.
    `outside`: it answers outside of Bakeoff. `recorded`: its answers were given before, with their times.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    approach: ClassVar[Approach | None] = None
    days: ClassVar[Days] = Days(setup=12.0, data=6.0, upkeep_per_month=1.25)
    shows: ClassVar[str] = ""
    asks_model: ClassVar[bool] = True
    retrieves: ClassVar[bool] = False
    presents: ClassVar[tuple[Aspect, ...]] = ()
    tunes: ClassVar[bool] = False
    tuned_at_hosts: ClassVar[bool] = False
    learns_facts: ClassVar[bool] = False
    answers_known: ClassVar[bool] = False
    learns_answers: ClassVar[bool | None] = None
    in_grid: ClassVar[bool] = False
    declines: ClassVar[bool] = True
    epochs: ClassVar[int] = 1
    step: ClassVar[int] = 0
    respects_labels: ClassVar[bool] = False
    roles: ClassVar[Mapping[str, bool]] = {}
    tunes_retrieval: ClassVar[tuple[str, ...]] = ()
    uses: ClassVar[tuple[str, ...] | None] = None
    outside: ClassVar[bool] = False
    recorded: ClassVar[bool] = False
    Options: ClassVar[type[Record]] = NoOptions

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.presented_by = ""
        self.options = options_of(self.Options, spec)

    # Description.

    @property
    def template(self) -> PromptTemplate | None:
        """The prompt template of its model."""
        if not self.asks_model:
            return None
        return self.spec.grounded if self.shows else self.spec.prompts.closed_book

    @property
    def adapter(self) -> str:
        """The name of its tuned model, shared by contenders with the same training; empty if nothing is tuned."""
        if not self.tunes or self.template is None:
            return ""
        trained = self.spec.model_copy(update={"options": dict(self.tuning_options)})
        depends_on = trained.model_dump(mode="json", include={"recipe", "model", "tuning", "options"})
        depends_on |= {"template": self.template.fingerprint, "tuning": self.spec.tuning.identity()}
        if self.retrieves:  # the number of passages that fit depends on the length of answers
            room = self.spec.generation.max_new_tokens
            depends_on |= {"retrieval": self.spec.retrieval.model_dump(), "max_new_tokens": room}
            depends_on |= {"presentation": self.spec.presentation.model_dump()}
        digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.spec.recipe.rsplit('.', 1)[-1]}-{digest}"

    @property
    def supervised(self) -> "Recipe | None":
        """The same without preferences, whose tuned model learns them; None if there is nothing to learn before."""
        preferences = self.spec.tuning.preferences
        if not self.adapter or preferences is None or preferences.start_from:
            return None
        tuning = self.spec.tuning.model_copy(update={"preferences": None})
        return type(self)(self.spec.model_copy(update={"tuning": tuning}))

    @property
    def is_hosted(self) -> bool:
        """Whether its model is tuned at a host and stays there."""
        return bool(self.adapter) and self.spec.tuning.host is not None and not self.spec.trained_as

    @property
    def at_its_host(self) -> "Recipe | None":
        """The same with the model behind a server, which is tuned at its host and whose adapter this one runs here."""
        if not self.adapter or not self.spec.trained_as:
            return None
        return type(self)(self.spec.model_copy(update={"model": self.spec.trained_as, "trained_as": ""}))

    @property
    def tuning_options(self) -> Mapping[str, Any]:
        """Those of its options that its training depends on, as they were given: all of them unless it says which."""
        return self.spec.options

    @property
    def tuning_label(self) -> str:
        """How its model is tuned, in words; empty if it is not."""
        return self.spec.tuning.label if self.tunes else ""

    @property
    def index(self) -> str:
        """The name of the index it searches; empty if it retrieves nothing."""
        return self.spec.retrieval.index if self.retrieves else ""

    @property
    def knowledge(self) -> str:
        """What its model is shown, in words."""
        return self.spec.retrieval.label if self.retrieves else self.shows

    def parts(self) -> tuple[str, ...]:
        """Its parts, by the names that stages use."""
        model = f"model:{self.spec.model}" if self.asks_model and not self.tunes else ""
        index = f"index:{self.index}" if self.index else ""
        adapter = f"adapter:{self.adapter}" if self.adapter else ""
        first = self.supervised or self.at_its_host
        before = f"adapter:{first.adapter}" if first else ""
        return tuple(part for part in (model, index, self.presented_by, before, adapter, self.own_part) if part)

    @property
    def own_part(self) -> str:
        """The name of the part that `prepare` makes for this contender alone; empty if it makes none."""
        return f"contender:{self.spec.name}" if type(self).prepare is not Recipe.prepare else ""

    def present(self, chosen: Presentation, n_questions: int, part: str) -> None:
        """Takes from a presentation chosen on so many dev questions what it follows and did not decide itself.

        `part` names the choice among the parts it consists of.
        """
        aspects = [aspect for aspect in self.presents if aspect in self.spec.to_choose]
        if aspects:
            new = self.spec.presentation.model_copy(update={aspect: getattr(chosen, aspect) for aspect in aspects})
            changes = {"presentation": new, "to_choose": (), "chosen_on": n_questions}
            self.spec, self.presented_by = self.spec.model_copy(update=changes), part

    @property
    def presentation(self) -> str:
        """How it shows passages, in words; empty if it shows none."""
        if not self.presents:
            return ""
        label = self.spec.presentation.label(self.spec.retrieval.k, self.presents)
        return f"{label}; chosen on {self.spec.chosen_on} dev questions" if self.spec.chosen_on else label

    def numbered(self, hits: Sequence[Hit]) -> Sequence[Hit]:
        """Of an answer's citations, best first, those that its model was shown with numbers, in the order of these.

        None if its template numbers no passages: then a mark such as [2] in its text is no citation.
        """
        template = self.template
        return self.spec.presentation.ordered(hits) if template and "{rank}" in template.passage else ()

    @property
    def embedder(self) -> str:
        """The name in `models:` of its embedder; empty if it embeds nothing."""
        return self.spec.retrieval.embedder if self.retrieves else ""

    @property
    def reranker(self) -> str:
        """The name in `models:` of its reranker, or of a tuned one; empty if its hits stay as retrieved."""
        return self.spec.reranker or (self.spec.retrieval.reranker if self.retrieves else "")

    def behind(self) -> tuple[str, ...]:
        """The names of the contenders it sends questions to."""
        return ()

    def sends_to(self, fitted: Fitted) -> tuple[str, ...]:
        """The names of the contenders it sends questions to, once fitted."""
        return self.behind()

    @property
    def keeps_to_labels(self) -> bool:
        """Whether its own class says that it respects labels."""
        return vars(type(self)).get("respects_labels") is True

    @property
    def not_updated(self) -> str:
        """Why it is not asked again after documents have changed; empty if it is."""
        return ""

    def entrant(self, models: Mapping[str, ModelSettings]) -> Entrant:
        """What comparison, cost, verdict and report need to know about it."""
        axes = Axes(model=self.spec.model, tuning=self.tuning_label, knowledge=self.knowledge)
        return Entrant(
            name=self.spec.name,
            recipe=self.spec.recipe,
            title=self.title,
            summary=self.summary,
            approach=self.approach,
            axes=axes if self.in_grid else None,
            shown=self.knowledge,
            presentation=self.presentation,
            is_baseline=self.in_grid and not axes.tuning and not axes.knowledge,
            retrieves=self.retrieves,
            is_tuned=self.tunes,
            learns_facts=self.learns_facts,
            learns_answers=self.is_helped_by_copies,
            model=asked_model(self.spec, self.adapter, models[self.spec.model]) if self.asks_model else None,
            parts=self.parts(),
            behind=self.behind(),
            days=self.days,
            outside=self.outside,
            unmeasured={"freshness": self.not_updated} if self.not_updated else {},
        )

    # Building. Each step is optional for a subclass.

    def check(self, others: Sequence["Recipe"]) -> None:
        """Raises ConfigError if the run lacks something it needs. `others` are all recipes of the run."""

    @property
    def own_server(self) -> ApiModel | None:
        """The server that it asks by settings of its own, not of `models:`; None if there is none."""
        return None

    def obstacle(self, world: World, material: Material) -> str | None:
        """Why it cannot be built here, or None. If there is a reason, the run leaves it out and reports the reason."""
        if not self.tunes:
            return None
        if self.spec.tuning.host is not None:
            return why_not_hosted(self, world.models, len(material.train))
        settings, preferences = world.models[self.spec.model], self.spec.tuning.preferences
        if isinstance(settings, LocalModel) and settings.answered_by and self.spec.tuning.method == "full":
            return f"the server {settings.host} (answered_by) loads adapters, but tuning.method is full; set it to lora"
        reason = why_not_tuned(settings, material.train)
        if reason or preferences is None:
            return reason
        return why_not(material.judgements_of(preferences.files), preferences) or None

    def lost(self, skipped: Mapping[str, str]) -> str | None:
        """Why it cannot be built without the skipped contenders (by name, with the reason), or None."""
        missing = [name for name in self.behind() if name in skipped]
        if not missing:
            return None
        return f"'{missing[0]}', which it sends questions to, could not be built: {skipped[missing[0]]}"

    def lesson(self, world: World, material: Material) -> Lesson:
        """The examples its model is tuned on. Raises InputError if there are none to tune on."""
        raise NotImplementedError(f"{type(self).__name__} tunes a model but has no lesson")

    def update_lesson(self, world: World, material: Material) -> Lesson | None:
        """The examples its model is tuned on after documents change, or None if it needs no further tuning."""
        return None

    @property
    def tuned_parts(self) -> tuple[str, ...]:
        """The parts of its retrieval that it tunes."""
        return self.tunes_retrieval

    @property
    def is_helped_by_copies(self) -> bool:
        """Whether test questions that nearly copy a training question favour it."""
        if self.tunes or self.tuned_parts:
            return True
        return bool(self.own_part) if self.learns_answers is None else self.learns_answers

    def retrieval_training(self, part: str) -> str:
        """The name of the training of such a part, shared by contenders with the same training."""
        raise NotImplementedError(f"{type(self).__name__} tunes retrieval but names no training")

    def tune_retrieval(
        self, part: str, world: World, material: Material, on_progress: OnProgress, earlier: Path | None
    ) -> Took:
        """Tunes a part of its retrieval and uses it from now on. `earlier` is the folder of another world's tuned
        models, whose part is taken if it was trained with the same settings.
        """
        raise NotImplementedError(f"{type(self).__name__} tunes retrieval but does not say how")

    def preference_lesson(self, world: World, material: Material) -> PreferenceLesson | None:
        """What its model learns of people's preferences after that; None if its settings name none."""
        preferences = self.spec.tuning.preferences
        if not self.adapter or preferences is None:
            return None
        parts = divided(material.judgements_of(preferences.files), preferences, material.seed)
        train, held = (
            [
                Judged(prompt=prompt, liked=row.liked, disliked=row.disliked)
                for prompt, row in zip(self.asked(world, [row.question for row in rows]), rows, strict=True)
            ]
            for rows in parts
        )
        return PreferenceLesson(train, held)

    def asked(self, world: World, questions: Sequence[str]) -> list[Prompt]:
        """The prompts that its model gets for these questions in use. Needed for preferences only."""
        raise NotImplementedError(f"{type(self).__name__} tunes a model but does not say what it is asked")

    def prepare(self, world: World, material: Material) -> Fitted:
        """Prepares whatever it needs besides index and tuned model, including values derived from known answers."""
        return Fitted()

    def make(self, world: World, material: Material, on_progress: OnProgress) -> Made:
        """What is called to `prepare` it. For one whose preparation takes long: also says how far it is."""
        return Made(fitted=self.prepare(world, material))

    def calibrate(self, world: World, material: Material, fitted: Fitted, given: Given) -> Fitted:
        """Fits it on dev. `given` returns dev answers, including its own if it declines by a threshold."""
        return fitted

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Contender:
        """The contender, ready to answer. `given` returns earlier answers of the contenders behind it."""
        raise NotImplementedError(f"{type(self).__name__} does not define open()")
