"""What the labels so far do to the verdict, and what more of them would: the closest contrasts in accuracy.

Takes a `Labelling`. Gives sentences. The figures are those of `measure/ppi.py`: the rules' grades corrected by labels.
With fewer than MIN_LABELS nothing is corrected yet, and the contrasts are those of the comparison. Names of contenders
stand here, but never beside an answer.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from bakeoff.labelling.labelling import Labelling
from bakeoff.measure.comparison import Comparison, reversed_contrast
from bakeoff.measure.labels import Unit, label_scores, settled
from bakeoff.measure.narrowing import narrowing
from bakeoff.measure.ppi import CANNOT_TELL, MIN_LABELS, Graded, corrected
from bakeoff.measure.ppi_intervals import contrasts
from bakeoff.measure.sampling import inclusion_probabilities, sample_of
from bakeoff.measure.units import GradedUnit, is_unit, unit_of
from bakeoff.measures import IN_DOMAIN
from bakeoff.records import Answer, Contrast, Question
from bakeoff.runs.labels import read_weights
from bakeoff.sentences import NARROW

MORE = 10
"""Labels whose effect is foretold."""
MOST_PAIRS = 2


def outlook(labelling: Labelling) -> list[str]:
    """Sentences for the labeller."""
    n = labelling.progress().labelled
    if n < MIN_LABELS:
        return [_until_corrected(n), *_closest_now(labelling.folder.comparison())]
    return _with_labels(labelling)


def _until_corrected(n: int) -> str:
    missing = MIN_LABELS - n
    return (
        f"{missing} {'label' if missing == 1 else 'labels'} to go until they correct the rules' grades of all answers. "
        "Until then each counts for its own answer only."
    )


def _closest_now(comparison: Comparison) -> list[str]:
    accuracies = comparison.values("accuracy")
    pairs = _closest([pair for pair in comparison.contrasts if pair.measure == "accuracy"], accuracies)
    return [
        f"{_behind(pair)} in accuracy, 95{NARROW}% interval {_points(pair.low)} to {_points(pair.high)}."
        for pair in pairs
    ]


def _with_labels(labelling: Labelling) -> list[str]:
    folder = labelling.folder
    weights, seed = read_weights(folder), folder.config().seed
    by_unit = {graded.unit: graded for graded in labelling.by_id.values()}
    values = {
        unit: label_scores(by_unit[unit].question, verdict)["correct"]
        for unit, verdict in settled(labelling.labels().values()).items()
    }
    sample = sample_of(weights, seed, values)
    asked = {question.id: question for question in folder.questions() if _counts(question)}
    answers = {name: folder.answers(name) for name in folder.comparison().names}
    graded = {name: predictions(asked, given, by_unit) for name, given in answers.items()}
    fact_of = {id: question.fact for id, question in asked.items()}
    of = corrected(graded, values, sample)
    found = contrasts(of, fact_of, "accuracy", folder.config().profile.margin)
    later = inclusion_probabilities(weights, seed, sample.front + MORE)
    narrowed = {frozenset((each.a, each.b)): each for each in narrowing(of, fact_of, later, of.n_labels + MORE)}
    means = {name: float(np.mean(list(of.values(name).values()))) for name in graded if graded[name]}
    sentences = [f"{of.n_labels} labels correct the rules' grades of all answers.", _settled(found, means)]
    for pair in _closest(found, means) if len(values) < len(weights) else ():
        both = narrowed[frozenset((pair.a, pair.b))]
        sentences.append(
            f"{_behind(pair)}, ±{100 * both.now:.1f} now; with {MORE} more labels about ±{100 * both.later:.1f}."
        )
    return sentences


def predictions(
    asked: Mapping[str, Question], given: Iterable[Answer], by_unit: Mapping[Unit, GradedUnit]
) -> dict[str, Graded]:
    """What the rules' grades say about `correct` for each question of one contender, without failed answers."""
    graded = {}
    for answer in given:
        question = asked.get(answer.question_id)
        if question is None or answer.error is not None:
            continue
        if not is_unit(answer):  # withheld or empty: declining is correct where there is no answer
            graded[question.id] = Graded(float(answer.abstained and not question.answerable))
            continue
        unit = unit_of(answer)
        verdict = by_unit[unit].verdict
        prediction = CANNOT_TELL if verdict == "unsure" else float(verdict == "right")
        graded[question.id] = Graded(prediction, unit, "unsure" if verdict == "unsure" else "decided")
    return graded


def _counts(question: Question) -> bool:
    return question.split == "test" and question.slice in IN_DOMAIN


def _closest(pairs: Iterable[Contrast], accuracies: Mapping[str, float]) -> list[Contrast]:
    """The open pairs of the leading contender (as `a`), the smallest difference first: on these the verdict depends."""
    return sorted((pair for pair in _of_leader(pairs, accuracies) if pair.finding == "open"), key=_difference)[
        :MOST_PAIRS
    ]


def _of_leader(pairs: Iterable[Contrast], accuracies: Mapping[str, float]) -> list[Contrast]:
    """The pairs of the contender with the highest accuracy, which is made `a`."""
    leader = max(accuracies, key=lambda name: accuracies[name], default="")
    return [pair if pair.a == leader else reversed_contrast(pair) for pair in pairs if leader in (pair.a, pair.b)]


def _difference(pair: Contrast) -> float:
    return pair.difference


def _settled(pairs: Iterable[Contrast], accuracies: Mapping[str, float]) -> str:
    of_leader = _of_leader(pairs, accuracies)
    n_open = sum(pair.finding == "open" for pair in of_leader)
    if not n_open:
        return "Nothing is open between the most accurate contender and the others."
    return f"Still open: {n_open} of {len(of_leader)} differences from the most accurate contender."


def _behind(pair: Contrast) -> str:
    return f"{pair.b} is {100 * pair.difference:.1f} points behind {pair.a}"


def _points(fraction: float) -> str:
    return f"{100 * fraction:.1f}".replace("-", "−")
