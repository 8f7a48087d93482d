"""The content of `comparison.json`: who took part, what was measured, and how any two contenders differ.

Frozen records, used by all stages after measuring. Does not know how contenders work: what later stages need to know
about a contender is in its `Entrant`.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from bakeoff.measures import Measure, by_name
from bakeoff.models.reference import Location
from bakeoff.models.settings import TokenPrice
from bakeoff.questions.answer_lengths import AnswerLength
from bakeoff.records import Approach, Contrast, Record


class Axes(Record):
    """A contender's place in the grid. Two contenders that differ in one axis show the effect of that axis.

    `model` is the name in `models:`. `tuning` is empty for an untuned model. `knowledge` is empty if the model is shown
    no documents. The labels are those of the configuration, such as 'retrieval (128 tokens, k 3)'.
    """

    model: str
    tuning: str = ""
    knowledge: str = ""


class Days(Record):
    """Assumed days of work: to set a contender up, to prepare data for it, and to maintain it each month."""

    setup: float = Field(ge=0)
    data: float = Field(ge=0)
    upkeep_per_month: float = Field(ge=0)


class AskedModel(Record):
    """The model that writes a contender's answers, and how it is paid for.

    One that is tuned at a host has the price of a million training tokens, in US dollars; one that answers there from a
    deployment that of an hour.
    """

    name: str
    label: str
    location: Location = "here"
    host: str = ""
    price: str | TokenPrice | None = None
    training_price: float | None = Field(default=None, exclude_if=lambda price: price is None)
    hourly_price: float | None = Field(default=None, exclude_if=lambda price: price is None)


class Entrant(Record):
    """What a contender is, for all code that compares, prices, judges or shows it.

    `recipe` is the recipe's short name or import path. `approach` is its approach in the decision matrix, None for an
    untuned model without documents. `axes` is None for contenders outside the grid. `shown` describes what the model is
    shown besides the question, `presentation` how passages are shown. `is_baseline`: an untuned model that is shown
    nothing. `learns_facts`: its weights hold facts from the documents, so that changed documents require more training.
    `learns_answers`: near-copies of training questions in the test favour it.
    `parts` names the index, the tuned models and the models it consists of, as in `Stage.part`. `behind` names the
    contenders it sends questions to. `outside`: it answers outside of Bakeoff, so that what it is made of is not known,
    and it cannot be served. `unmeasured` has the measures that say nothing about it, each with the reason.
    """

    name: str
    recipe: str
    title: str
    summary: str = ""
    approach: Approach | None = None
    axes: Axes | None = None
    shown: str = ""
    presentation: str = ""
    is_baseline: bool = False
    retrieves: bool = False
    is_tuned: bool = False
    learns_facts: bool = False
    learns_answers: bool = Field(default=False, exclude_if=lambda learns: not learns)
    model: AskedModel | None = None
    parts: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    days: Days = Days(setup=12.0, data=6.0, upkeep_per_month=1.25)
    outside: bool = Field(default=False, exclude_if=lambda outside: not outside)
    unmeasured: dict[str, str] = Field(default_factory=dict, exclude_if=lambda reasons: not reasons)


class Declining(Record):
    """When a contender declines besides saying so: if its confidence is below `below`, or (None) never, and `reason`.

    Dev held `n_answerable` and `n_unanswerable` facts. `fitted`: a threshold was looked for, with this penalty for a
    wrong answer. `gain` is what the threshold earns for each answer on dev facts that it was not fitted on.
    """

    below: float | None = None
    reason: str = ""
    fitted: bool = False
    n_answerable: int = 0
    n_unanswerable: int = 0
    wrong_answer_penalty: float = 1.0
    gain: float = 0.0


FAILED = " failed: "
"""In the reason of a skipped contender: an error left it out, not something that its data or this machine lack."""

QuestionOrigin = Literal["asked", "synthetic"]
"""Whether a question was asked, or made by a rule or a model and accepted by a person."""


class Estimate(Record):
    """A measure's value with its 95 % interval, or None if it could not be measured. `n` is the number of questions.

    `unsure` of the n answers could be called neither right nor wrong: each counts half in the value, and the interval
    reaches from all of them wrong to all of them right, `doubt` below to `doubt` above the value. With `labels` of
    people, the value is corrected by that many of them, and the unsure ones are those that people could not tell.
    `n_effective` is how many independent observations the interval of a share corresponds to, for bounds on one side
    (`bounds.py`); 0 for other measures.
    `reason` says why there is no value. `detail` holds named parts
    of the value, `slices` the same measure for each slice of the test. `by_length` is the same measure on answerable
    questions by the length of their accepted answers, if the test has both lengths. `by_origin` is the same measure on
    the questions that people asked and on accepted synthetic ones, if the test has both.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    n_effective: float = 0.0
    unsure: int = 0
    doubt: float = 0.0
    labels: int = 0
    reason: str = ""
    detail: dict[str, Any] = Field(default_factory=dict)
    slices: dict[str, "Estimate"] = Field(default_factory=dict)
    by_length: dict[AnswerLength, "Estimate"] = Field(default_factory=dict)
    by_origin: dict[QuestionOrigin, "Estimate"] = Field(default_factory=dict, exclude_if=lambda parts: not parts)

    @property
    def least(self) -> float | None:
        """The value if every unsure answer is counted as 0."""
        return None if self.value is None else self.value - self.doubt

    @property
    def most(self) -> float | None:
        """The value if every unsure answer is counted as 1."""
        return None if self.value is None else self.value + self.doubt


class ConstantAnswer(Record):
    """The baseline that needs no model: it always gives the most frequent answer in training.

    The value of `accuracy` is what is surely correct, and its interval reaches up to all `unsure` ones being right.
    `contrasts` compare each contender (`a`) with it (`b`, named CONSTANT), adjusted as one family.
    """

    answer: str
    accuracy: Estimate
    contrasts: tuple[Contrast, ...] = ()

    @property
    def not_beaten_by(self) -> tuple[str, ...]:
        """The contenders that are not significantly more accurate than the constant answer."""
        return tuple(
            contrast.a for contrast in self.contrasts if contrast.finding != "different" or contrast.difference <= 0
        )


NOTHING = Estimate()
CONSTANT = "constant answer"


class CascadePoint(Record):
    """One setting of a cascade's thresholds, or one level alone, on test.

    `right_answer_usd` is what a right answer is worth in US dollars where the thresholds were fitted on dev with cost
    counted, None if it was not. `share` is the share of its dev answers that each level keeps, if the thresholds were
    set by that. `answered_by` has the share of the test questions that each level answers. `value` is that of an
    answer: 1 if right, less the penalty if wrong. `seconds`, `tokens` and `usd` are means for a question, of all levels
    that were asked.
    """

    right_answer_usd: float | None = None
    share: float | None = None
    answered_by: dict[str, float] = Field(default_factory=dict)
    accuracy: float
    value: float
    seconds: float
    tokens: float
    usd: float


class CascadeCurve(Record):
    """A cascade's accuracy and value against its cost, on `n` test questions, as graded and not corrected by labels.

    `levels` are all that it was fitted to, in order; `asked` those that dev found worth asking, empty in older runs.
    `chosen` is the setting that it answers with, `accuracy` and `value` are its estimates; `gain` is how much more its
    answers are worth than those of its last level alone, and `cost_ratio` its cost as a share of that level's. `alone`
    has each level by itself. `by_price` are the settings that dev chose as cost counts more and more, `by_share` those
    in which all levels keep the same share of their answers.
    """

    levels: tuple[str, ...]
    asked: tuple[str, ...] = ()
    wrong_answer_penalty: float
    n: int
    chosen: CascadePoint
    accuracy: Estimate
    value: Estimate
    gain: Estimate
    cost_ratio: Estimate
    alone: dict[str, CascadePoint]
    by_price: tuple[CascadePoint, ...]
    by_share: tuple[CascadePoint, ...]


class Comparison(Record):
    """Everything that was measured. Contenders are in the order of the configuration.

    `measures` is by contender, then measure. `contrasts` holds every pair for every compared measure. `skipped` holds
    contenders that could not be built, with the reason. `own_measures` are the team's, in the order of the
    configuration. `declining` says when each contender declines; a contender that is not in it decides that itself.
    `cascades` has the curve of each cascade.
    """

    entrants: tuple[Entrant, ...]
    measures: dict[str, dict[str, Estimate]]
    contrasts: tuple[Contrast, ...] = ()
    skipped: dict[str, str] = Field(default_factory=dict)
    constant: ConstantAnswer | None = None
    own_measures: tuple[Measure, ...] = ()
    declining: dict[str, Declining] = Field(default_factory=dict)
    cascades: dict[str, CascadeCurve] = Field(default_factory=dict)

    @property
    def measure_of(self) -> dict[str, Measure]:
        """All measures by name: Bakeoff's own and the team's."""
        return by_name(self.own_measures)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(entrant.name for entrant in self.entrants)

    @property
    def untested(self) -> tuple[str, ...]:
        """The skipped contenders about which nothing is known because of an error: anyone of them may be the best."""
        return tuple(name for name, reason in self.skipped.items() if FAILED in reason)

    def entrant(self, name: str) -> Entrant:
        return next(entrant for entrant in self.entrants if entrant.name == name)

    def outside(self, name: str) -> str:
        """This contender, or one that it sends questions to, if that answers outside of Bakeoff; empty if none does."""
        entrant = self.entrant(name)
        if entrant.outside:
            return name
        behind = [other for other in entrant.behind if other in self.names]
        return next((found for other in behind if (found := self.outside(other))), "")

    def estimate(self, contender: str, measure: str) -> Estimate:
        """The contender's estimate, or an empty one if there is none."""
        return self.measures[contender].get(measure, NOTHING)

    def values(self, measure: str) -> Mapping[str, float]:
        """The measured values by contender, without contenders that have no value."""
        values = {name: self.estimate(name, measure).value for name in self.names}
        return {name: value for name, value in values.items() if value is not None}

    def contrast(self, a: str, b: str, measure: str = "accuracy") -> Contrast | None:
        """The contrast with the difference a - b, whichever way it is stored. None if the two were not compared."""
        for contrast in self.contrasts:
            if contrast.measure == measure and (contrast.a, contrast.b) == (a, b):
                return contrast
            if contrast.measure == measure and (contrast.a, contrast.b) == (b, a):
                return reversed_contrast(contrast)
        return None

    def beats(self, a: str, b: str, measure: str = "accuracy") -> bool:
        """Whether a is significantly higher than b by the paired test."""
        contrast = self.contrast(a, b, measure) if a != b else None
        return contrast is not None and contrast.finding == "different" and contrast.difference > 0


def reversed_contrast(contrast: Contrast) -> Contrast:
    """The same contrast as b - a."""
    return contrast.model_copy(
        update={
            "a": contrast.b,
            "b": contrast.a,
            "difference": -contrast.difference,
            "low": -contrast.high,
            "high": -contrast.low,
        }
    )
