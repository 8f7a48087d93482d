"""A judge's verdicts and people's labels in the scores of a test: they decide or correct each contender's values.

Takes questions, answers, the rules' scores, the judge's verdicts that count, and the labels with what is known about
how they were drawn. Gives values by question. A judge's verdict counts instead of the rules' grade. With at least
`MIN_LABELS` labels, the answers to questions about the documents are corrected by prediction-powered inference
(`ppi.py`). With fewer, a labelled answer has its label's value and the others keep theirs. Knows no file and no
contender's name.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bakeoff.measure import ppi
from bakeoff.measure.graded import UNSURE, Graded, Values, graded, known
from bakeoff.measure.labels import LabelVerdict, Unit, label_scores
from bakeoff.measure.sampling import Sample
from bakeoff.measure.units import is_unit, unit_of
from bakeoff.measures import GRADED, IN_DOMAIN
from bakeoff.records import Answer, Question


@dataclass(frozen=True)
class Labels:
    """What people said about each answer, how the answers were drawn, and the verdicts of a judge model that count."""

    verdicts: Mapping[Unit, LabelVerdict]
    sample: Sample
    judged: Mapping[Unit, LabelVerdict] = field(default_factory=dict)

    @property
    def chances(self) -> Mapping[Unit, float]:
        """1 / the probability of having been drawn, for each labelled answer that can be weighted."""
        return {unit: 1 / self.sample.probability[unit] for unit in self.sample.labelled}

    @property
    def n_weighted(self) -> int:
        """The number of labels that can be weighted: with enough of them, answers are corrected."""
        return len(self.sample.labelled)

    @property
    def is_enough(self) -> bool:
        return self.n_weighted >= ppi.MIN_LABELS


NO_LABELS = Labels({}, Sample(0, frozenset(), {}))


@dataclass(frozen=True)
class Labelled:
    """The scores of every contender's test answers, with the labels.

    `answers` and `values` (score -> question id -> value) are by contender. `corrected` holds, by score, what
    prediction-powered inference makes of the answers to questions about the documents; it is empty with too few labels.
    """

    answers: Mapping[str, Sequence[Answer]]
    values: Mapping[str, Mapping[str, Values]]
    corrected: Mapping[str, ppi.Corrected] = field(default_factory=dict)

    def graded(self, name: str, score: str, keys: Collection[str]) -> Graded:
        """One contender's values on these questions, for effects, claims and redrawn pilots."""
        values = {key: value for key, value in self.values.get(name, {}).get(score, {}).items() if key in keys}
        if score not in GRADED:
            return known(values)
        of = graded(values, self.answers.get(name, ()))
        if score not in self.corrected:
            return of
        pseudos = self.corrected[score].pseudos.get(name, {})
        corrections = {key: pseudo for key, pseudo in pseudos.items() if key in values}
        return Graded(
            values | {key: pseudo.value for key, pseudo in corrections.items()},
            {key: text for key, text in of.unsure.items() if key not in corrections}
            | {key: pseudo.unit.text for key, pseudo in corrections.items() if pseudo.doubt and pseudo.unit},
            {key: pseudo.doubt for key, pseudo in corrections.items() if pseudo.doubt},
        )


def labelled(
    questions: Sequence[Question],
    answers: Mapping[str, Sequence[Answer]],
    values: Mapping[str, Mapping[str, Values]],
    labels: Labels = NO_LABELS,
) -> Labelled:
    """The scores of these contenders with the labels. `values` are contender -> score -> question id -> value."""
    asked = {question.id: question for question in questions}
    values = {name: _overlaid(asked, answers.get(name, ()), values[name], labels.judged) for name in values}
    if not labels.is_enough:
        own = {name: _overlaid(asked, answers.get(name, ()), values[name], labels.verdicts) for name in values}
        return Labelled(answers, own)
    units = {name: _units(asked, answers.get(name, ())) for name in values}
    return Labelled(
        answers,
        values,
        {
            score: ppi.corrected(
                {name: _predictions(asked, values[name].get(score, {}), units[name], labels) for name in values},
                _label_values(asked, labels.verdicts, score),
                labels.sample,
            )
            for score in GRADED
        },
    )


def _overlaid(
    asked: Mapping[str, Question],
    answers: Sequence[Answer],
    values: Mapping[str, Values],
    verdicts: Mapping[Unit, LabelVerdict],
) -> Mapping[str, Values]:
    """One contender's values, with those of the verdicts where there is one."""
    said = {
        answer.question_id: label_scores(asked[answer.question_id], verdicts[unit_of(answer)])
        for answer in answers
        if answer.question_id in asked and is_unit(answer) and unit_of(answer) in verdicts
    }
    if not said:
        return values
    return {
        score: {key: said.get(key, {}).get(score, value) for key, value in given.items()} if score in GRADED else given
        for score, given in values.items()
    } | {"unsure": _unsure(values, said)}


def _unsure(values: Mapping[str, Values], said: Mapping[str, Values]) -> Values:
    """Which answers are still unsure after the labels."""
    return {
        key: float(said[key]["correct"] == UNSURE) if key in said else value
        for key, value in values.get("unsure", {}).items()
    }


def _units(asked: Mapping[str, Question], answers: Sequence[Answer]) -> dict[str, Unit]:
    """The unit of each answer that a label can be about, by question id."""
    return {
        answer.question_id: unit_of(answer)
        for answer in answers
        if answer.question_id in asked and asked[answer.question_id].slice in IN_DOMAIN and is_unit(answer)
    }


def _predictions(
    asked: Mapping[str, Question], values: Values, units: Mapping[str, Unit], labels: Labels
) -> dict[str, ppi.Predicted]:
    """What the grades predict, by question id, for the questions about the documents."""
    return {
        key: ppi.Predicted(value, units.get(key), _kind(value, units.get(key), labels))
        for key, value in values.items()
        if key in asked and asked[key].slice in IN_DOMAIN
    }


def _kind(value: float, unit: Unit | None, labels: Labels) -> ppi.Kind:
    if value == UNSURE:
        return "unsure"
    return "judged" if unit in labels.judged else "decided"


def _label_values(
    asked: Mapping[str, Question], verdicts: Mapping[Unit, LabelVerdict], score: str
) -> dict[Unit, float]:
    scores = {unit: label_scores(asked[unit.question_id], verdict) for unit, verdict in verdicts.items()
              if unit.question_id in asked}  # fmt: skip
    return {unit: values[score] for unit, values in scores.items() if score in values}
