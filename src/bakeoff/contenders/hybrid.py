"""`hybrid`: a model fine-tuned to answer from retrieved passages, including distractors.

Source: RAFT, Zhang et al. 2024, arXiv:2403.10131.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import Field

from bakeoff.contenders.grounded import Grounded, n_fitting
from bakeoff.contenders.recipe import Fitted, Given, Material, World
from bakeoff.contenders.retrieving import retriever_of
from bakeoff.contenders.searching import Searching, SearchingRecipe
from bakeoff.errors import InputError
from bakeoff.measure.comparison import Days
from bakeoff.records import Prompt, Question, ask
from bakeoff.retrieval.presentation import ASPECTS
from bakeoff.tuning.examples import AS_IN_USE, Fitting, Mixing, grounded_examples
from bakeoff.tuning.lessons import Lesson, sample
from bakeoff.tuning.packing import Example


class HybridOptions(Searching):
    """`golden` is the share of the answered training examples that show the right passage (RAFT's P). `distractors` is
    the number of other passages in each training example; None shows as many passages as in use.
    """

    golden: float = Field(default=1.0, gt=0, le=1)
    distractors: int | None = Field(default=None, ge=0, le=20)


class Hybrid(SearchingRecipe):
    """Retrieved passages, read by a model that was tuned to read them.

    It is tuned on passages found by searching for the question itself, whatever `rewrite` says: the tuned model is the
    same for all ways of searching.
    """

    name = "hybrid"
    title = "Hybrid"
    summary = "retrieved passages, read by a model fine-tuned to answer from them"
    uses = ("model", "generation", "retrieval", "tuning", "prompts.grounded", "prompts.rewrite", "presentation")
    approach = "hybrid"
    days = Days(setup=12.0, data=6.0, upkeep_per_month=1.25)
    shows = "retrieval"
    retrieves = True
    presents = ASPECTS
    tunes = True
    tuned_at_hosts = True
    in_grid = True
    respects_labels = True
    epochs = 2
    Options = HybridOptions
    options: HybridOptions

    @property
    def tuning_options(self) -> Mapping[str, Any]:
        """Those of RAFT that differ from the defaults. How passages are searched for in use changes no training."""
        raft = self.options.model_dump(include={"golden", "distractors"}, exclude_defaults=True)
        others = {key: value for key, value in self.spec.options.items() if key not in HybridOptions.model_fields}
        return {**others, **raft}

    @property
    def tuning_label(self) -> str:
        """How its model is tuned, with RAFT's options where they are not the defaults."""
        raft = self.options
        golden = f"right passage in {100 * raft.golden:.3g} %" if raft.golden < 1 else ""
        distractors = f"{raft.distractors} distractors" if raft.distractors is not None else ""
        return ", ".join(filter(None, [self.spec.tuning.label, golden, distractors]))

    def parts(self) -> tuple[str, ...]:
        """Its parts; with rewriting, the model as it comes is one of them."""
        model = (f"model:{self.spec.model}",) if self.searching.rewrites else ()
        return (*model, *super().parts())

    def lesson(self, world: World, material: Material) -> Lesson:
        """Training questions with the passages retrieved for them."""
        questions = sample(material.train, self.spec.tuning.examples, material.seed)
        epochs = self.spec.tuning.epochs or self.epochs
        dev = self._examples(world, list(material.dev), material.seed, share=False) if epochs > 1 else []
        lesson = Lesson(self._examples(world, questions, material.seed, share=True), dev, epochs)
        if not lesson.examples:
            raise InputError(
                f"'{self.spec.name}' cannot be tuned: retrieval did not find the right passage for any training "
                "question.",
                f"raise retrieval.k, lower retrieval.chunk_tokens, or remove '{self.spec.name}' from the contenders",
            )
        return lesson

    def _examples(self, world: World, questions: list[Question], seed: int, share: bool) -> list[Example]:
        spec, template = self.spec, self.spec.grounded
        fitting = self._fitting(world)
        index, k = retriever_of(world, spec.retrieval), spec.n_passages
        declining, shown = spec.tuning.declining, spec.presentation
        mixing = Mixing(golden=self.options.golden, distractors=self.options.distractors) if share else AS_IN_USE
        return grounded_examples(questions, index, template, k, declining, seed, fitting, shown, mixing)

    def _fitting(self, world: World) -> Fitting:
        """How many passages fit beside a question."""
        generator, limit = world.generator(self.spec.model), self.spec.generation.max_new_tokens
        return partial(n_fitting, template=self.spec.grounded, generator=generator, max_new_tokens=limit)

    def asked(self, world: World, questions: Sequence[str]) -> list[Prompt]:
        """The questions with the passages that are retrieved for them and fit, as in use."""
        spec, fitting, prompts = self.spec, self._fitting(world), []
        found = retriever_of(world, spec.retrieval).search(list(questions), spec.n_passages)
        for text, hits in zip(questions, found, strict=True):
            chunks = [hit.chunk for hit in hits]
            n = fitting(ask(text), [spec.presentation.text(chunk) for chunk in chunks])
            prompts.append(spec.grounded.render(text, spec.presentation.texts(chunks[:n])))
        return prompts

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Grounded:
        """A grounded contender with the tuned model."""
        generator = world.generator(self.spec.model, self.adapter, self.spec.grounded)
        return self.grounded(world, generator, fitted.decline_below)
