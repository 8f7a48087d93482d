"""The order in which people label the answers of a finished run: at random first, then where a label matters most.

Takes a run folder. Gives its units and their order, the same for every labeller and every session. The weights are set
once, from the comparison before the first label, and kept in label_weights.jsonl: how likely each answer was to be
drawn must not depend on labels. Sources: see `measure/sampling.py`.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from bakeoff.errors import InputError
from bakeoff.files import jsonl
from bakeoff.grading.abstention import is_abstention
from bakeoff.llm_judge.records import Judged
from bakeoff.measure.comparison import Comparison
from bakeoff.measure.labels import Unit
from bakeoff.measure.sampling import SPREADS, label_weight, labelling_order
from bakeoff.measure.units import GradedUnit, units_of
from bakeoff.questions.facts.labels import LABEL
from bakeoff.records import Contrast
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.judged import WITHOUT_JUDGE
from bakeoff.runs.labels import check_weights, read_weights, set_weights

DECLINED_SPREAD = 0.05
"""The expected standard deviation of label minus prediction where the whole text declines: rules hardly err there."""


def labelling_units(folder: RunFolder) -> list[GradedUnit]:
    """The units of a finished run, the first to label first. Sets their weights if nobody has labelled yet.

    Raises RunFolderError if the run is not finished, or if its answers are not those that labelling began with;
    InputError if there is nothing to label.
    """
    folder.require(folder.splits_path, folder.comparison_path, folder.data_path)
    comparison = folder.comparison()
    units = units_of(folder.questions(), {name: folder.answers(name) for name in comparison.names})
    if not units:
        raise InputError(
            f"No contender of {folder.root} answered a question about the documents, so there is nothing to label.",
            "look at the report for the reason",
        )
    weights = read_weights(folder) or set_weights(folder, weights_of(units, comparison, _judged(folder)))
    by_unit = {graded.unit: graded for graded in units}
    check_weights(folder, weights, by_unit.keys())
    return [by_unit[unit] for unit in labelling_order(weights, folder.config().seed) if unit in by_unit]


def weights_of(units: Iterable[GradedUnit], comparison: Comparison, judged: Collection[Unit] = ()) -> dict[Unit, float]:
    """How much the label of each answer matters: its open contrasts, and how sure its grade is.

    `judged` are the answers on which a judge model has a verdict.
    """
    pairs = open_pairs(comparison)
    return {graded.unit: _weight(graded, pairs, graded.unit in judged) for graded in units}


def _judged(folder: RunFolder) -> set[Unit]:
    lines = jsonl.read(folder.judge_path, Judged, WITHOUT_JUDGE)
    return {line.unit for line in lines if line.purpose == "grade" and line.verdict is not None}


def open_pairs(comparison: Comparison) -> list[Contrast]:
    """The contrasts in accuracy that are neither different nor tied; all of them if labels have corrected them already.

    Weights must not depend on labels, also where people began again after they moved the first ones away.
    """
    of_accuracy = [contrast for contrast in comparison.contrasts if contrast.measure == "accuracy"]
    if any(comparison.estimate(name, "accuracy").labels for name in comparison.names):
        return of_accuracy
    return [contrast for contrast in of_accuracy if contrast.finding == "open"]


def _weight(graded: GradedUnit, pairs: Sequence[Contrast], is_judged: bool) -> float:
    n_pairs = sum((pair.a in graded.contenders) != (pair.b in graded.contenders) for pair in pairs)
    if is_judged:
        return label_weight(n_pairs, SPREADS["judged"])
    if graded.verdict != "unsure" and graded.question.kind != LABEL and is_abstention(graded.unit.text):
        return label_weight(n_pairs, DECLINED_SPREAD)
    return label_weight(n_pairs, SPREADS["unsure" if graded.verdict == "unsure" else "decided"])


def unit_id(unit: Unit) -> str:
    """A short name for a unit. It begins with a letter, so that a spreadsheet does not take it for a number."""
    key = f"{unit.question_id}\0{unit.text}".encode("utf-8", "surrogatepass")
    return f"u{hashlib.sha256(key).hexdigest()[:11]}"


def ids_of(units: Iterable[GradedUnit]) -> Mapping[str, GradedUnit]:
    """The units by a short id, which depends on the question's id and the text only."""
    return {unit_id(graded.unit): graded for graded in units}
