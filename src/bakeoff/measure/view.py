"""What was collected about every contender of one test, and the values that estimators take from it.

Takes the questions, answers and scores of a run. Gives the values of a score for each question, with what labels,
unsure grades and other dev sets may change. Estimates nothing itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from bakeoff.catalogue import RECIPES
from bakeoff.measure import classification, ppi
from bakeoff.measure.comparison import Declining, Entrant, QuestionOrigin
from bakeoff.measure.graded import Graded, Values, graded, known
from bakeoff.measure.labelled import Labelled
from bakeoff.measure.rates import Rates
from bakeoff.measure.redecided import Redecided, Thresholds, redecided
from bakeoff.measure.risk_coverage import Corrections, Ranked, equal_coverage, ranked
from bakeoff.measure.saving import Course
from bakeoff.measure.statistics import NO_SHIFT
from bakeoff.measures import GRADED, IN_DOMAIN, Measure
from bakeoff.questions.answer_lengths import LENGTHS, AnswerLength, answer_length
from bakeoff.records import Answer, Question, Slice, Stage


@dataclass(frozen=True)
class Measured:
    """What was collected about one contender.

    `values` are those of the test answers by measure, `updated` those after the update (empty if it was not asked
    again). `update` is None if it was not updated. `declining` is None if the contender decides itself when to
    decline. `course` has the settings of a cascade's thresholds.
    """

    entrant: Entrant
    values: Mapping[str, Values]
    updated: Mapping[str, Values] = field(default_factory=dict)
    answers: Sequence[Answer] = ()
    updated_answers: Sequence[Answer] = ()
    latencies_ms: Sequence[float] = ()
    setup: Sequence[Stage] = ()
    update: Sequence[Stage] | None = ()
    rates: Rates = field(default_factory=Rates)
    declining: Declining | None = None
    course: Course | None = None

    @property
    def name(self) -> str:
        return self.entrant.name


@dataclass(frozen=True)
class View:
    """The test of one run: its questions, the fact of each, and what was collected about every contender."""

    questions: Sequence[Question]
    facts: Mapping[str, str]
    measured: Sequence[Measured]
    labelled: Labelled
    thresholds: Thresholds = field(default_factory=dict)

    @cached_property
    def redecided(self) -> Mapping[str, Redecided]:
        """The test answers with the thresholds of other dev sets, of contenders that depend on one."""
        again = {
            collected.name: redecided(
                self.questions, collected.answers, collected.values.get("knows", {}), collected.name, self.thresholds
            )
            for collected in (self.measured if self.thresholds else ())
        }
        return {name: answers for name, answers in again.items() if answers is not None}

    def shift(self, name: str, score: str, weights: Values) -> np.ndarray:
        """How much a contender's weighted mean of a score changes with other dev sets."""
        return self.redecided[name].shift(score, weights) if name in self.redecided else NO_SHIFT

    def shifts(self, score: str, values: Mapping[str, Graded]) -> dict[str, np.ndarray]:
        """The shift of each contender's mean over the questions that it has values for."""
        return {name: self.shift(name, score, dict.fromkeys(given.values, 1.0)) for name, given in values.items()}

    @cached_property
    def ranked(self) -> Mapping[str, Ranked]:
        """The in-domain answers from the surest to the least sure, of contenders that say how sure they are."""
        asked = [question for question in self.questions if question.slice in IN_DOMAIN]
        by_name = {
            collected.name: ranked(
                asked,
                collected.answers,
                collected.values.get("knows", {}),
                collected.values.get("correct", {}),
                self._corrections(collected.name),
            )
            for collected in self.measured
        }
        return {name: answers for name, answers in by_name.items() if answers is not None}

    def classified(self, collected: Measured) -> classification.Classified:
        """The in-domain answers as labels."""
        asked = [question for question in self.questions if question.slice in IN_DOMAIN]
        return classification.classified(asked, collected.answers, collected.values.get("knows", {}))

    def _corrections(self, name: str) -> Corrections | None:
        """What labels say about a contender's texts; None with too few of them."""
        if not self.labelled.corrected:
            return None
        knows, hallucinated = (self.labelled.corrected[score] for score in ("knows", "hallucinated"))
        return Corrections(knows.pseudos[name], hallucinated.pseudos[name], hallucinated.n_labels)

    @cached_property
    def equal_coverage(self) -> float | None:
        """The share of the questions at which hallucination is compared."""
        # As Ranked.coverage computes it: 1 - 1/3 is more than 2/3, and nobody would answer as much as the least does.
        answered = [(len(given) - sum(given)) / len(given) for given in map(self._declined, self.measured) if given]
        return equal_coverage(answered)

    def _declined(self, collected: Measured) -> list[float]:
        return list(self.values(collected.values, "abstained", IN_DOMAIN).values())

    def values(self, values: Mapping[str, Values], score: str, slices: Sequence[Slice]) -> dict[str, float]:
        """The values of one score on these slices."""
        wanted = {question.id for question in self.questions if question.slice in slices}
        return {key: value for key, value in values.get(score, {}).items() if key in wanted}

    def values_of(
        self, collected: Measured, measure: Measure, slices: Sequence[Slice] | None = None
    ) -> dict[str, float]:
        """A measure's value for each question of its slices (or of these) whose answer did not fail."""
        slices = measure.slices if slices is None else slices
        if measure.score:
            return self.values(
                collected.updated if measure.phase == "updated" else collected.values, measure.score, slices
            )
        asked = {question.id: question for question in self.questions if question.slice in slices}
        per_question = measure.per_question
        if per_question is None:
            return {}
        given = ((asked[a.question_id], a) for a in collected.answers if a.error is None and a.question_id in asked)
        value_of_question = {question.id: per_question(question, answer) for question, answer in given}
        return {key: value for key, value in value_of_question.items() if value is not None}

    def graded(self, collected: Measured, measure: Measure) -> Graded:
        """As `values_of`, with what the unsure ones may be."""
        values = self.values_of(collected, measure)
        if measure.score not in GRADED:
            return known(values)
        if measure.phase == "updated":
            return graded(values, collected.updated_answers)
        return self.labelled.graded(collected.name, measure.score, values.keys())

    def corrected(self, measure: Measure) -> ppi.Corrected | None:
        """The answers corrected by labels, if they are those that this measure is about."""
        is_covered = measure.phase == "test" and set(measure.slices) <= set(IN_DOMAIN)
        return self.labelled.corrected.get(measure.score) if is_covered else None

    @cached_property
    def by_length(self) -> Mapping[AnswerLength, "View"]:
        """The answerable questions about the documents by the length of their answers; empty if all have one length."""
        groups: dict[AnswerLength, list[Question]] = {length: [] for length in LENGTHS}
        for question in self.questions:
            length = answer_length(question) if question.slice in IN_DOMAIN else None
            if length:
                groups[length].append(question)
        if not all(groups.values()):
            return {}
        return {length: replace(self, questions=asked) for length, asked in groups.items()}

    @cached_property
    def by_origin(self) -> Mapping[QuestionOrigin, "View"]:
        """The questions about the documents by their origin; empty if the test has no synthetic ones, or only those."""
        groups: dict[QuestionOrigin, list[Question]] = {"asked": [], "synthetic": []}
        for question in self.questions:
            if question.slice in IN_DOMAIN:
                groups["synthetic" if question.synthetic else "asked"].append(question)
        return {origin: replace(self, questions=of) for origin, of in groups.items()} if all(groups.values()) else {}

    def baseline(self, collected: Measured) -> Measured | None:
        """The same model untuned and shown nothing.

        For a contender that asks no model itself, the model of the contenders it sends questions to; else the first
        baseline.
        """
        models = self._models_of(collected.entrant)
        bases = [other for other in self.measured if other.entrant.is_baseline]
        named = [base for base in bases if not models or _model_of(base.entrant) in models]
        return next(iter(named), None)

    def is_untuned(self, entrant: Entrant) -> bool:
        """Whether neither it nor a contender it sends questions to tunes a model: then nothing can be forgotten.

        Of a team's own class, and of what answers outside of Bakeoff, that is not known. A baseline is measured: others
        are compared with it.
        """
        by_name = {other.entrant.name: other.entrant for other in self.measured}
        parts = [by_name[name] for name in entrant.behind if name in by_name]
        is_unknown = entrant.outside or entrant.recipe not in RECIPES or len(parts) < len(entrant.behind)
        if entrant.is_baseline or entrant.is_tuned or is_unknown:
            return False
        return all(part.is_baseline or self.is_untuned(part) for part in parts)

    def _models_of(self, entrant: Entrant) -> set[str]:
        """The models that write its answers, by their names in the configuration."""
        behind = [other.entrant for other in self.measured if other.entrant.name in entrant.behind]
        return {model for model in map(_model_of, [entrant, *behind]) if model}


def _model_of(entrant: Entrant) -> str:
    """The name of its model in the configuration; empty if it asks none."""
    return entrant.axes.model if entrant.axes else entrant.model.name if entrant.model else ""
