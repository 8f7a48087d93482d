"""A logistic head on vectors of texts: fitted on training examples, with the chance that its label is right.

Takes vectors of training and dev examples, writes and reads a contender's folder (`head.safetensors`, `curve.json`,
`labels.json`). Does not know which model the vectors come from.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bakeoff.contenders.label_answers import FEWEST, NONE, Chosen, Examples, read_record, write_labels
from bakeoff.errors import MissingExtraError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.unreadable import unreadable
from bakeoff.records import Record
from bakeoff.tuning.calibration import Platt, fit_platt
from bakeoff.tuning.logistic import Logistic, fit_logistic, log_softmax

HEAD, CURVE = "head.safetensors", "curve.json"
STRENGTHS, USUAL = (1.0, 10.0, 100.0), 10.0
"""What `c` of the head may be; dev decides. Without enough of dev it is the usual one."""
N_FOLDS = 5


class Curve(Record):
    """From a head's logits to the chance that its label is right. `c` is the head's."""

    c: float
    curve: Platt


def fit_head(
    folder: Path, examples: Examples, vectors: np.ndarray, dev: Examples, dev_vectors: np.ndarray
) -> float | None:
    """Fits a head and its curve, and writes both. Returns its mean loss on dev examples in scope.

    With too few dev examples in scope, the curve is fitted on training examples by heads that left them out, and there
    is no loss.
    """
    n_labels, known = len(examples.labels), dev.numbers != NONE
    is_enough = int(known.sum()) >= FEWEST
    heads = {c: fit_logistic(vectors, examples.numbers, n_labels, c) for c in (STRENGTHS if is_enough else (USUAL,))}
    c = min(heads, key=lambda c: _loss(heads[c], dev_vectors[known], dev.numbers[known])) if is_enough else USUAL
    logits, truth = heads[c].logits(dev_vectors) if len(dev.texts) else np.zeros((0, n_labels)), dev.numbers
    if not is_enough:
        logits = np.concatenate([_left_out(vectors, examples.numbers, n_labels), logits[~known]])
        truth = np.concatenate([examples.numbers, truth[~known]])
    curve = fit_platt(features(logits), list(logits.argmax(axis=1) == truth))
    write_labels(folder, examples.labels)
    write_tensors(folder / HEAD, {"weights": heads[c].weights, "biases": heads[c].biases})
    jsonl.write_text(folder / CURVE, Curve(c=c, curve=curve).model_dump_json(indent=1) + "\n")
    return _loss(heads[c], dev_vectors[known], dev.numbers[known]) if is_enough else None


def _loss(head: Logistic, vectors: np.ndarray, numbers: np.ndarray) -> float:
    return -float(log_softmax(head.logits(vectors))[np.arange(len(numbers)), numbers].mean())


def _left_out(vectors: np.ndarray, numbers: np.ndarray, n_labels: int) -> np.ndarray:
    """The logits of each training example by a head that was fitted without it and others, a fifth at a time."""
    logits = np.zeros((len(numbers), n_labels))
    folds = np.random.default_rng(0).permutation(len(numbers)) % N_FOLDS
    for fold in range(N_FOLDS):
        kept = folds != fold
        logits[~kept] = fit_logistic(vectors[kept], numbers[kept], n_labels, USUAL).logits(vectors[~kept])
    return logits


def features(logits: np.ndarray) -> np.ndarray:
    """(n, 2): the log-odds of the most probable label, and how large the logits are as a whole.

    The second is the energy of Liu et al. 2020, arXiv:2010.03759, which is low for texts that are like no label.
    """
    chances = np.clip(np.exp(log_softmax(logits).max(axis=1)), 1e-9, 1 - 1e-9)
    top = logits.max(axis=1)
    energy = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return np.column_stack([np.log(chances) - np.log1p(-chances), energy])


class Head:
    """A head of a contender's folder. Raises RunFolderError if it is missing or broken."""

    def __init__(self, folder: Path) -> None:
        tensors = read_tensors(folder / HEAD, ("weights", "biases"))
        self._head = Logistic(tensors["weights"], tensors["biases"])
        self._curve = read_record(folder / CURVE, Curve).curve

    def choose(self, vectors: np.ndarray, n_tokens: Sequence[int] = ()) -> Chosen:
        """The label of each vector."""
        logits = self._head.logits(vectors)
        return Chosen(logits.argmax(axis=1), self._curve.chances(features(logits)), n_tokens)


def write_tensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """Writes arrays as float32 safetensors. Raises MissingExtraError if the package is not installed."""
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise MissingExtraError("A head for labels", "safetensors", "local") from error
    path.write_bytes(save({name: np.ascontiguousarray(array, np.float32) for name, array in tensors.items()}))


def read_tensors(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """These arrays of a file. Raises RunFolderError if it is missing, broken or lacks one."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(path.read_bytes())
        return {name: tensors[name] for name in names}
    except (OSError, SafetensorError, KeyError) as error:
        raise RunFolderError(
            *unreadable(f"Cannot read {path}", error, "restore the file, or start a new run")
        ) from error
