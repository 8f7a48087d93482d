"""What the labels so far do to the verdict, and what more of them would: the closest contrasts in accuracy.

Takes a `Labelling`. Gives sentences. The figures are those of `measure/ppi.py`: grades corrected by labels.
With fewer than MIN_LABELS nothing is corrected yet, and the contrasts are those of the comparison. A judge model that
has judged the run may need more labels. Names of contenders stand here, but never beside an answer.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from bakeoff.labelling.labelling import Labelling
from bakeoff.llm_judge.accept import counts_of
from bakeoff.llm_judge.calibration import labels_needed
from bakeoff.measure.comparison import Comparison, reversed_contrast
from bakeoff.measure.labelled import Labels, labelled
from bakeoff.measure.labels import settled
from bakeoff.measure.narrowing import narrowing
from bakeoff.measure.ppi import MIN_LABELS
from bakeoff.measure.ppi_intervals import contrasts
from bakeoff.measure.sampling import inclusion_probabilities, sample_of
from bakeoff.measure.score import values_of
from bakeoff.records import Contrast
from bakeoff.runs.labels import read_weights
from bakeoff.sentences import NARROW

MORE = 10
"""Labels whose effect is foretold."""
MOST_PAIRS = 2


def outlook(labelling: Labelling) -> list[str]:
    """Sentences for the labeller."""
    n = labelling.progress().labelled
    if n < MIN_LABELS:
        return [_until_corrected(n), *_closest_now(labelling.folder.comparison()), *_for_the_judge(labelling)]
    return [*_with_labels(labelling), *_for_the_judge(labelling)]


def _for_the_judge(labelling: Labelling) -> list[str]:
    """How many labels a judge model needs until its agreement with people is known, if one has judged the run."""
    calibration, units, judged, _ = labelling.judge
    if calibration is None:
        return []
    labels = _labels(labelling)
    drawn = {unit: labels.verdicts[unit] for unit in labels.sample.labelled}
    missing = labels_needed(counts_of(units, judged, drawn), calibration.least_labels)
    return [f"The judge {calibration.judge} does not count yet. {missing}"] if missing else []


def _labels(labelling: Labelling) -> Labels:
    """The labels so far, with how likely each answer was to be drawn."""
    verdicts = settled(labelling.labels().values())
    weights, units = read_weights(labelling.folder), {graded.unit for graded in labelling.by_id.values()}
    seed = labelling.folder.config().seed
    sample = sample_of(weights, seed, verdicts.keys(), known=weights.keys() - units)
    return Labels(verdicts, sample, labelling.judge.verdicts)


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
    weights, seed, labels = read_weights(folder), folder.config().seed, _labels(labelling)
    asked = [question for question in folder.questions() if question.split == "test"]
    scores, names = values_of(folder.scores()), folder.comparison().names
    of = labelled(asked, {name: folder.answers(name) for name in names}, scores, labels).corrected.get("correct")
    if of is None:
        return [
            f"The {labels.n_weighted} labels at the front of the order are too few yet: label the answers left out."
        ]
    fact_of = {question.id: question.fact for question in asked}
    found = contrasts(of, fact_of, "accuracy", margin=folder.config().profile.margin)
    later = inclusion_probabilities(weights, seed, labels.sample.front + MORE)
    narrowed = {frozenset((each.a, each.b)): each for each in narrowing(of, fact_of, later, of.n_labels + MORE)}
    means = {name: float(np.mean(list(of.values(name).values()))) for name in names if of.values(name)}
    sentences = [f"{of.n_labels} labels correct the grades of all answers.", _settled(found, means)]
    for pair in _closest(found, means) if len(labels.verdicts) < len(weights) else ():
        both = narrowed[frozenset((pair.a, pair.b))]
        sentences.append(
            f"{_behind(pair)}, ±{100 * both.now:.1f} now; with {MORE} more labels about ±{100 * both.later:.1f}."
        )
    return sentences


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
