"""The files of a run about labels: labels.jsonl, which people's verdicts are appended to, and label_weights.jsonl.

Takes and gives records. Several processes may append at the same time, since two people can label one run. Does not
know how answers are chosen for labelling or shown.
"""

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from pathlib import Path

from pydantic import ValidationError

from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.locks import waited_for
from bakeoff.files.plain_types import message_of
from bakeoff.measure.labelled import NO_LABELS, Labels
from bakeoff.measure.labels import Label, Unit, settled
from bakeoff.measure.sampling import sample_of
from bakeoff.measure.units import is_labelled, is_unit, unit_of
from bakeoff.records import Answer, Record
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.judged import read_judged

WITHOUT = (
    "correct or delete this line; or, for a verdict without labels, move labels.jsonl out of the run folder and type: "
    "bakeoff report RUN"
)

AGAIN = "restore the file; or move labels.jsonl and label_weights.jsonl out of the run folder and begin again"


class UnitWeight(Record):
    """How much the label of one answer matters, as it was set before the first label."""

    question_id: str
    text: str
    weight: float

    @property
    def unit(self) -> Unit:
        return Unit(self.question_id, self.text)


def read_labels(path: Path, units: Collection[Unit] | None = None) -> list[Label]:
    """All labels in the order in which they were given. Empty if there is no file.

    Raises RunFolderError with the line if one is no label, or if `units` are given and it is about none of them.
    """
    labels = []
    for number, line in _lines(path):
        label = _label(path, number, line)
        if units is not None and label.unit not in units:
            raise RunFolderError(
                f"{path}, line {number}: no contender of this run gave the answer {_short(label.text)} to the question "
                f"'{label.question_id}'.",
                f"the label is of another run, or its text was changed: {WITHOUT}",
            )
        labels.append(label)
    return labels


def labels_of(folder: RunFolder) -> Labels:
    """What people said about the answers of a run, how likely each answer was to be drawn, and a judge's verdicts.

    Raises RunFolderError as `read_labels`, `read_weights`, `check_weights` and `read_judged` do.
    """
    judged = read_judged(folder)
    if not folder.labels_path.exists():
        return replace(NO_LABELS, judged=judged)
    weights, units = read_weights(folder), test_units(folder)
    check_weights(folder, weights, units)
    verdicts = settled(label for label in read_labels(folder.labels_path, weights.keys()) if label.unit in units)
    sample = sample_of(weights, folder.config().seed, verdicts.keys(), known=weights.keys() - units)
    return Labels(verdicts, sample, judged)


def append_labels(path: Path, labels: Sequence[Label]) -> None:
    """Appends labels and flushes them to the disk, one process at a time. Does not touch the labels before them."""
    with _alone(path):
        _end_last_line(path)
        jsonl.append(path, labels)


def test_units(folder: RunFolder) -> set[Unit]:
    """Every answer of the run that a label can be about."""
    return {unit_of(answer) for answer in _tested(folder) if is_unit(answer)}


def _tested(folder: RunFolder) -> Iterator[Answer]:
    """Every answer to a question whose answers are labelled."""
    asked = {question.id for question in folder.questions() if is_labelled(question)}
    answers = (answer for name in folder.comparison().names for answer in folder.answers(name))
    return (answer for answer in answers if answer.question_id in asked)


def set_labels_aside(folder: RunFolder, question_ids: Collection[str]) -> int:
    """Takes the labels of these questions out of labels.jsonl, and returns how many answers they were about.

    The file as it was stays beside it, under the first free number (labels.1.jsonl). Nothing is written if there are
    none.
    """
    with _alone(folder.labels_path):
        labels = read_labels(folder.labels_path)
        gone = {label.unit for label in labels if label.question_id in question_ids}
        if gone:
            number = 1
            while (copy := folder.labels_path.with_name(f"labels.{number}.jsonl")).exists():
                number += 1
            copy.write_bytes(folder.labels_path.read_bytes())
            jsonl.write(folder.labels_path, [label for label in labels if label.unit not in gone])
        return len(gone)


def read_weights(folder: RunFolder) -> dict[Unit, float]:
    """The weights that were set before the first label, by unit; empty if nobody has begun to label.

    Raises RunFolderError if the file is broken, or missing although there are labels.
    """
    path = folder.label_weights_path
    if not path.exists() and folder.labels_path.exists():
        raise RunFolderError(
            f"{folder.root} has labels, but no {path.name}: it is not known how their answers were drawn.",
            f"restore {path.name}; or, for a verdict without labels, move labels.jsonl out of the run folder and type: "
            "bakeoff report RUN",
        )
    return {entry.unit: entry.weight for entry in jsonl.read(path, UnitWeight, AGAIN)}


def check_weights(folder: RunFolder, weights: Mapping[Unit, float], units: Collection[Unit]) -> None:
    """Raises RunFolderError unless the weights are those of these answers, and finite numbers above 0.

    An answer of the run may have a weight although it needs no label any more: the lists of refusals have grown.
    """
    bad = next((unit for unit, weight in weights.items() if not 0 < weight < inf), None)
    if bad is not None:
        raise RunFolderError(
            f"{folder.label_weights_path}: the weight of an answer to '{bad.question_id}' is {weights[bad]:g}; weights "
            "are numbers above 0.",
            AGAIN,
        )
    missing, more = set(units) - weights.keys(), weights.keys() - set(units)
    if more:
        more -= {unit_of(answer) for answer in _tested(folder)}
    if n_other := len(missing) + len(more):
        raise RunFolderError(
            f"{folder.label_weights_path} does not fit the run's answers: {n_other} answers are in only one of them.",
            f"the answers, the file or the lists of $BAKEOFF_LANGUAGES changed after labelling began: {AGAIN}",
        )


def set_weights(folder: RunFolder, weights: Mapping[Unit, float]) -> dict[Unit, float]:
    """Writes the weights unless another process has written them before. Returns those that hold."""
    with _alone(folder.label_weights_path):
        if not folder.label_weights_path.exists():
            entries = (UnitWeight(**unit._asdict(), weight=weight) for unit, weight in weights.items())
            jsonl.write(folder.label_weights_path, entries)
        return read_weights(folder)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers. A last line without a line break counts if it is whole: an editor left it out."""
    content = path.read_bytes() if path.exists() else b""
    for number, line in enumerate(io.BytesIO(content), 1):
        if line.strip() and (line.endswith(b"\n") or _is_whole(line)):
            yield number, line


def _is_whole(line: bytes) -> bool:
    try:
        Label.model_validate_json(line)
    except ValidationError:
        return False
    return True


def _label(path: Path, number: int, line: bytes) -> Label:
    try:
        return Label.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"'{first['loc'][0]}': " if first["loc"] else ""
        raise RunFolderError(f"{path}, line {number}: not a label ({where}{message_of(first)}).", WITHOUT) from error


def _short(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return f"'{line if len(line) <= most else line[: most - 1] + '…'}'"


def _end_last_line(path: Path) -> None:
    """Adds the line break that an editor left out; otherwise the label would be taken for one cut off by a kill."""
    content = path.read_bytes() if path.exists() else b""
    last = content.rpartition(b"\n")[2]
    if last and _is_whole(last):
        with path.open("ab") as file:
            file.write(b"\n")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Lets no other process append to the file in the meantime. Waits for one that does."""
    with waited_for(path.parent / ".labels.lock", 0o644):
        yield
