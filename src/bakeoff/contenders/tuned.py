"""`tuned`: a model fine-tuned on all training questions, asked without any passage.

Its weights hold facts, so it is trained further when documents change.
"""

from collections.abc import Sequence

from bakeoff.contenders.direct import Direct
from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.measure.comparison import Days
from bakeoff.records import Prompt
from bakeoff.tuning.examples import closed_book_examples
from bakeoff.tuning.lessons import Lesson, replayed, sample


class Tuned(Recipe):
    """What the model learned from questions and answers."""

    name = "tuned"
    title = "Fine-tuned"
    summary = "the model fine-tuned on the training questions, without documents"
    uses = ("model", "generation", "tuning", "prompts.closed_book")
    approach = "fine-tuning"
    days = Days(setup=8.0, data=5.0, upkeep_per_month=0.75)
    tunes = True
    tuned_at_hosts = True
    learns_facts = True
    in_grid = True
    respects_labels = True
    epochs = 8

    def lesson(self, world: World, material: Material) -> Lesson:
        """All training questions, with other phrasings of the same facts as dev, because only they show what was
        learned.
        """
        seen = [question for question in material.dev if question.slice == "seen"]
        questions = sample(material.train, self.spec.tuning.examples, material.seed)
        return self._lesson(questions, seen, material.seed, self.spec.tuning.epochs or self.epochs)

    def update_lesson(self, world: World, material: Material) -> Lesson | None:
        """The changed facts, and some of the others so that they are not forgotten.

        Half of the epochs: the model has learned the kind of question already.
        """
        if not material.changed:
            return None
        epochs = -(-(self.spec.tuning.epochs or self.epochs) // 2)
        return self._lesson(replayed(material.train, material.changed, material.seed), [], material.seed, epochs)

    def _lesson(self, questions: list, dev: list, seed: int, epochs: int) -> Lesson:
        tuning, template = self.spec.tuning, self.spec.prompts.closed_book
        examples = [closed_book_examples(some, template, tuning.declining, seed) for some in (questions, dev)]
        return Lesson(examples[0], examples[1] if epochs > 1 else [], epochs)

    def asked(self, world: World, questions: Sequence[str]) -> list[Prompt]:
        """The questions alone."""
        return [self.spec.prompts.closed_book.render(text) for text in questions]

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Direct:
        """A closed-book contender with the tuned model."""
        template, settings = self.spec.prompts.closed_book, self.spec.generation
        generator = world.generator(self.spec.model, self.adapter, template)
        return Direct(self.spec.name, generator, template, settings, fitted.decline_below)
