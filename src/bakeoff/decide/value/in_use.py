"""What each question is worth in use, where documents change: for the paired contrasts of a decision.

Takes the worth of every answer in the test, and to changed questions before and after their update. Gives the worth of
all of them with weights, so that a mean over them is the utility that the draws have. Knows nothing about contrasts.

Changed questions stand for the share of the year's questions whose fact has changed. Each is worth what it was after
the update, and what it was before it for the time that an update is not in. A contender that was not asked about
changed documents is taken to know them as it knows the others once its update is in, and to be wrong until then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bakeoff.decide.value.outcomes import scaled_pseudo
from bakeoff.decide.value.updates import Changes
from bakeoff.measure.graded import Graded
from bakeoff.measure.ppi import Corrected, Pseudo
from bakeoff.records import Question

Worth = Mapping[str, Graded]


@dataclass(frozen=True)
class InUse:
    """The worth of answers by contender and question, with each question's fact and weight (mean 1).

    `kept` is the part of the worth of an answer in the test that is counted here too, by contender; 1 if not given.
    """

    values: Worth
    facts: Mapping[str, str]
    weights: Mapping[str, float]
    kept: Mapping[str, float] = field(default_factory=dict)

    def with_labels(self, of: Corrected) -> Corrected:
        """The same worth, with what labels leave open about answers in the test: `of` is worth corrected by labels.

        Answers to changed questions are as they were graded.
        """
        pseudos = {}
        for name, column in of.pseudos.items():
            worth, kept = self.values[name], self.kept.get(name, 1.0)
            pseudos[name] = {
                key: scaled_pseudo(column[key], kept, value)
                if key in column
                else Pseudo(value, value, doubt=worth.half(key))
                for key, value in worth.values.items()
            }
        return replace(of, pseudos=pseudos)


@dataclass(frozen=True)
class Updated:
    """The worth of answers to changed questions by contender, `before` and `after` the update; {} if not asked.

    `wrong` is what a wrong answer to each question of the test is worth, `days` how long an update takes by contender.
    """

    questions: Sequence[Question]
    before: Worth
    after: Worth
    wrong: Graded
    days: Mapping[str, float]


def in_use(
    questions: Sequence[Question], values: Worth, weights: Mapping[str, float], changes: Changes, of: Updated
) -> InUse:
    """The worth of the questions of the test and of changed ones, in the shares in which they are asked over a year."""
    facts = {question.id: question.fact for question in questions}
    if not changes.changed:
        return InUse(values, facts, weights)
    stale = {name: changes.stale(of.days.get(name, 0.0)) for name in values}
    if not any(name in of.after for name in values):
        assumed = {name: _mixed(own, of.wrong, stale[name]) for name, own in values.items()}
        return InUse(assumed, facts, weights, {name: 1 - share for name, share in stale.items()})
    n, total = len(of.questions), sum(weights.values())
    mixed = {}
    for name, own in values.items():
        late = stale[name] / changes.changed
        known = of.after.get(name) or _mean_of(own, weights, of.questions)
        unknown = of.before.get(name) or _mean_of(of.wrong, weights, of.questions)
        changed = _mixed(known, unknown, late)
        mixed[name] = Graded(
            {**own.values, **changed.values}, {**own.unsure, **changed.unsure}, {**own.reach, **changed.reach}
        )
    each = total * changes.changed / n
    same = {key: weight * (1 - changes.changed) for key, weight in weights.items()}
    scale = (len(weights) + n) / total
    every = {key: scale * weight for key, weight in {**same, **{q.id: each for q in of.questions}}.items()}
    return InUse(mixed, {**facts, **{q.id: q.fact for q in of.questions}}, every)


def _mixed(of: Graded, other: Graded, share: float) -> Graded:
    """The worth with this share of another one, by question."""
    values = {key: (1 - share) * value + share * other.values.get(key, value) for key, value in of.values.items()}
    keys = {**other.unsure, **of.unsure} if share else of.unsure
    reach = {key: (1 - share) * of.reach.get(key, 0.0) + share * other.reach.get(key, 0.0) for key in keys}
    return Graded(values, {key: text for key, text in keys.items() if key in values}, reach)


def _mean_of(own: Graded, weights: Mapping[str, float], questions: Sequence[Question]) -> Graded:
    """Each of these questions worth the mean of the test."""
    total = sum(weights[key] for key in own.values)
    mean = sum(weights[key] * value for key, value in own.values.items()) / total if total else 0.0
    return Graded({question.id: mean for question in questions})
