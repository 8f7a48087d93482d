"""`cascade`: contenders in turn, the cheap ones first; each answers what it is sure enough of.

It uses contenders of the same run, the `levels` of its `parts`, in that order. If `parts` names none: known answers
(`faq`), then a model tuned without retrieval, then the contender that retrieves and is worth most on dev.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import ClassVar

from bakeoff.contenders.cascading import Cascaded, Cascading, Level, LevelAnswer, fit_cascade
from bakeoff.contenders.outcomes import outcomes
from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.contenders.remembering import remembering
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.grading.abstention import is_abstention
from bakeoff.measure.comparison import Days
from bakeoff.measure.value import value_of
from bakeoff.records import Answer


class Cascade(Recipe):
    """Several contenders, and from which confidence each of them answers."""

    name = "cascade"
    title = "Cascade"
    summary = "several contenders in turn, the cheap ones first; each answers what it is sure enough of"
    approach = "hybrid"
    days = Days(setup=14.0, data=6.0, upkeep_per_month=1.5)
    asks_model = False
    declines = False
    respects_labels = True
    step = 2
    roles: ClassVar[Mapping[str, bool]] = {"levels": True}
    firsts: tuple[str, ...] = ()
    lasts: tuple[str, ...] = ()

    def check(self, others: Sequence[Recipe]) -> None:
        """Finds its levels among the others. Raises ConfigError if there are fewer than two."""
        named = tuple(self.spec.parts.get("levels", ()))
        if named:
            self.firsts, self.lasts = named[:-1], named[-1:]
        else:
            known = tuple(other.spec.name for other in others if other.answers_known)
            tuned = tuple(other.spec.name for other in others if other.tunes and other.learns_facts)
            self.firsts = (*known[:1], *tuned[:1])
            self.lasts = tuple(other.spec.name for other in others if other.retrieves and other.asks_model)
        later = [other.spec.name for other in others if other.spec.name in named and other.step >= self.step]
        if later:
            raise ConfigError(
                f"The contender '{self.spec.name}' has the level '{later[0]}', which itself sends questions to others.",
                "name contenders that answer themselves as its levels",
            )
        if not self.firsts or not self.lasts:
            raise ConfigError(
                f"The contender '{self.spec.name}' needs at least two levels, and the run has "
                f"{', '.join([*self.firsts, *self.lasts]) or 'none'} that it could use.",
                "add 'faq' or 'tuned', and 'rag' or 'hybrid', to `contenders:`, or name its `parts: {levels: [...]}`",
            )

    def lost(self, skipped: Mapping[str, str]) -> str | None:
        """Goes on with the levels that could be built, if two are left."""
        firsts = tuple(name for name in self.firsts if name not in skipped)
        lasts = tuple(name for name in self.lasts if name not in skipped)
        if not firsts or not lasts:
            gone = next(name for name in (*self.firsts, *self.lasts) if name in skipped)
            return f"'{gone}', one of its levels, could not be built: {skipped[gone]}"
        self.firsts, self.lasts = firsts, lasts
        return None

    def behind(self) -> tuple[str, ...]:
        """The contenders it may send questions to."""
        return (*self.firsts, *self.lasts)

    def sends_to(self, fitted: Fitted) -> tuple[str, ...]:
        """The levels that its thresholds were fitted for."""
        return Cascading.model_validate(fitted.routing).levels if fitted.routing else self.behind()

    def calibrate(self, world: World, material: Material, fitted: Fitted, given: Given) -> Fitted:
        """The thresholds whose answers are worth most on dev, with the penalty for wrong answers."""
        finals = {name: outcomes(world, name, material, given(name)) for name in self.lasts}
        last = max(self.lasts, key=lambda name: fmean([worth for worth, _ in finals[name].values()] or [0.0]))
        levels = [Level(name, _answers(material, given(name))) for name in self.firsts]
        facts = {question.id: question.fact for question in material.dev}
        return fitted.model_copy(update={"routing": fit_cascade(levels, last, finals[last], facts).model_dump()})

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Cascaded:
        """The levels behind it. Answers they gave in the run are reused."""
        if fitted.routing is None:
            raise RunFolderError(
                f"The contender '{self.spec.name}' has not been calibrated.",
                "finish the run first: bakeoff run CONFIG --resume",
            )
        cascading = Cascading.model_validate(fitted.routing)
        levels = [remembering(world.open(name), given) for name in cascading.levels]
        return Cascaded(self.spec.name, levels, cascading.answers_from)


def _answers(material: Material, answers: Sequence[Answer]) -> dict[str, LevelAnswer]:
    """A level's dev answers as they would be used: what its own threshold would withhold counts as given."""
    questions = {question.id: question for question in material.dev}
    found = {}
    for answer in answers:
        question = questions.get(answer.question_id)
        if question is not None and answer.error is None:
            shown = answer.model_copy(update={"abstained": is_abstention(answer.text)})
            worth = value_of(question, shown, material.wrong_answer_penalty)
            confidence = None if shown.abstained else answer.confidence
            found[question.id] = LevelAnswer(worth, answer.usage.seconds, confidence)
    return found
