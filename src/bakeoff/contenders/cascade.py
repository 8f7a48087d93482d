"""`cascade`: contenders in turn, the cheap ones first; each answers what it is sure enough of.

It uses contenders of the same run, the `levels` of its `parts`, in that order. If `parts` names none: known answers
(`faq`), then a model tuned without retrieval, then the contender that retrieves and is worth most on dev.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import ClassVar

from bakeoff.contenders.cascading import Cascaded, Cascading, Level, fit_cascade, level_of
from bakeoff.contenders.label_answers import known_labels
from bakeoff.contenders.outcomes import FREE, Outcomes, outcomes
from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.contenders.remembering import remembering
from bakeoff.errors import ConfigError
from bakeoff.grading.label import label_key
from bakeoff.measure.comparison import Days
from bakeoff.records import Record


class CascadeOptions(Record):
    """Whether the thresholds count the cost of answers; by default if the profile says what a right one is worth."""

    count_cost: bool | None = None


class Cascade(Recipe):
    """Several contenders, and from which confidence each of them answers."""

    name = "cascade"
    title = "Cascade"
    summary = "several contenders in turn, the cheap ones first; each answers what it is sure enough of"
    uses = ()
    approach = "hybrid"
    days = Days(setup=14.0, data=6.0, upkeep_per_month=1.5)
    asks_model = False
    declines = False
    respects_labels = True
    step = 2
    roles: ClassVar[Mapping[str, bool]] = {"levels": True}
    Options = CascadeOptions
    options: CascadeOptions
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

    def obstacle(self, world: World, material: Material) -> str | None:
        """If it is to count cost, the profile must say what a right answer is worth."""
        if self.options.count_cost and not material.right_answer_usd:
            return (
                "it is to count cost (count_cost: true), and the profile does not say what a right answer is worth; "
                "give it, as in  value: {currency: USD, unanswered: 4}"
            )
        return None

    def calibrate(self, world: World, material: Material, fitted: Fitted, given: Given) -> Fitted:
        """The thresholds whose answers are worth most on dev, less their cost if it counts."""
        per_usd = self._per_usd(material)

        def found(name: str, decline_below: float | None = None) -> Outcomes:
            penalty, rates = material.wrong_answer_penalty, material.rates.get(name, FREE)
            return outcomes(material.dev, given(name), penalty, decline_below, rates)

        def own(name: str) -> float | None:
            return world.built(name).fitted.decline_below

        def worth(last: Level) -> float:
            return fmean([outcome.net(per_usd) for outcome in last.answers.values()] or [0.0])

        last = max((Level(name, found(name, own(name))) for name in self.lasts), key=worth)
        facts = {question.id: question.fact for question in material.dev}
        # What a level's own threshold would withhold counts as given.
        firsts = [level_of(name, found(name), facts, own(name)) for name in self.firsts]
        cascading = fit_cascade([*firsts, last], facts, per_usd)
        return fitted.model_copy(update={"routing": cascading.model_dump()})

    def _per_usd(self, material: Material) -> float:
        """How many right answers a US dollar is worth; 0 if cost does not count."""
        if self.options.count_cost is False or not material.right_answer_usd:
            return 0.0
        return 1 / material.right_answer_usd

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Cascaded:
        """The levels behind it. Answers they gave in the run are reused."""
        cascading = Cascading.model_validate(fitted.routing_of(self.spec.name))
        levels = [remembering(world.open(name), given) for name in cascading.levels]
        labels = [label for name in cascading.levels for label in known_labels(world.contender_folder(name))]
        return Cascaded(self.spec.name, levels, cascading.answers_from, frozenset(map(label_key, labels)))
