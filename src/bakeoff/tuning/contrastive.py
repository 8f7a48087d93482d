"""Tunes a sentence embedder on labelled texts, so that texts with one label are near and others are not.

Takes an embedder's folder, texts and the number of each label; writes an embedder's folder. The pairs and the loss
are SetFit's: two texts with one label should have the cosine 1, two with other labels 0, squared errors, as many of one
kind as of the other. SetFit draws pairs and reads both texts of each; here each text of a batch is read once and all
its pairs count, which is the same mean from fewer passes. Importing it imports no engine.
Source: Tunstall et al. 2022, Efficient Few-Shot Learning Without Prompts, arXiv:2209.11055.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from bakeoff.files.flush import folder_to_disk
from bakeoff.models import saved_state
from bakeoff.models.sentence_model import SentenceModel
from bakeoff.models.sentence_tokens import SentenceTokenizer
from bakeoff.records import Record
from bakeoff.tuning.checkpoint import Position, Schedule

if TYPE_CHECKING:
    import torch

WARM_UP, WEIGHT_DECAY, LARGEST_SLOPE = 0.1, 0.01, 1.0
READ_TOGETHER = 16
CHECKPOINT_EVERY_S = 60.0
MOST_TOKENS = 128
"""Longer texts are cut in training: a few of them would set the time of every batch."""


class ContrastiveSettings(Record):
    """`epochs` is how often each text is read, in at most `max_steps` batches of `batch` texts."""

    epochs: int = Field(default=16, ge=1)
    batch: int = Field(default=64, ge=4)
    max_steps: int = Field(default=240, ge=1)
    learning_rate: float = Field(default=1e-4, gt=0, lt=1)
    seed: int = 7


def has_pairs(classes: np.ndarray) -> bool:
    """Whether there are two texts with one label, and two labels."""
    counts = np.bincount(classes) if len(classes) else np.zeros(0, int)
    return bool((counts > 1).any() and (counts > 0).sum() > 1)


def n_steps(n_texts: int, settings: ContrastiveSettings) -> int:
    """The number of batches."""
    return min(settings.max_steps, -(-settings.epochs * n_texts // settings.batch))


def batches(classes: np.ndarray, settings: ContrastiveSettings) -> Iterator[np.ndarray]:
    """The texts of each batch: some labels in random order, and of each at least two texts if there are as many.

    Every label is drawn before one comes again, and so is every text of a label.
    """
    rng = np.random.default_rng(settings.seed)
    members = {int(label): _in_turn(np.flatnonzero(classes == label), rng) for label in np.unique(classes)}
    sizes = {label: int((classes == label).sum()) for label in members}
    labels = _in_turn(np.array(list(members)), rng)
    n_labels = min(len(members), settings.batch // 2)
    each = settings.batch // n_labels
    for _ in range(n_steps(len(classes), settings)):
        chosen = dict.fromkeys(int(next(labels)) for _ in range(n_labels))
        yield np.array([next(members[label]) for label in chosen for _ in range(min(each, sizes[label]))])


def _in_turn(values: np.ndarray, rng: np.random.Generator) -> Iterator[Any]:
    """The values in a random order, then in another one, and so on."""
    while True:
        yield from rng.permutation(values)


def pair_loss(vectors: "torch.Tensor", classes: "torch.Tensor") -> "torch.Tensor":
    """The mean squared error of the cosines of pairs: half of it from pairs with one label, half from the others.

    `vectors` (n, d) have unit length.
    """
    import torch

    cosines = vectors @ vectors.T
    first, second = torch.triu_indices(len(classes), len(classes), offset=1)
    same = (classes[first] == classes[second]).to(cosines.dtype)
    errors = (cosines[first, second] - same) ** 2
    near, far = same.sum().clamp(min=1), (1 - same).sum().clamp(min=1)
    return ((errors * same).sum() / near + (errors * (1 - same)).sum() / far) / 2


def tune_embedder(
    source: Path,
    sentence: SentenceModel,
    texts: Sequence[str],
    classes: np.ndarray,
    settings: ContrastiveSettings,
    target: Path,
    checkpoint: Path,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Position:
    """Tunes the embedder of the folder `source` and writes it to `target`, whole or not at all. Returns the steps,
    seconds and tokens that it took, those before a kill among them.

    Its Dense layers stay as they are. Products are computed in bfloat16 if the processor
    has instructions for it. The same seed gives the same weights on the same number of threads. Called again after a
    kill, it goes on from the file `checkpoint`, and ends with the same weights.
    """
    import torch

    from bakeoff.models.engines.sentence_encoders import pooled_model
    from bakeoff.models.gpu import has_bfloat16
    from bakeoff.models.threads import free_threads, use_threads

    begun, schedule = time.monotonic(), Schedule(CHECKPOINT_EVERY_S, time.monotonic)
    use_threads(free_threads())
    total = n_steps(len(texts), settings)
    module = pooled_model(source, sentence)
    windows = [ids[:MOST_TOKENS] for ids in _first_windows(source, sentence, texts)]
    weights = list(module.model.parameters())
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=WEIGHT_DECAY)
    first = at = _resumed(checkpoint, weights, optimizer)
    for rows in islice(batches(classes, settings), at.step, None):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * _share_of_rate(at.step, total)
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
            vectors, order = _vectors(module, [windows[row] for row in rows])
        loss = pair_loss(vectors.float(), torch.from_numpy(classes[rows[order]]))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(weights, LARGEST_SLOPE)
        optimizer.step()
        at = Position(
            step=at.step + 1,
            seconds=first.seconds + time.monotonic() - begun,
            n_tokens=at.n_tokens + sum(len(windows[row]) for row in rows),
        )
        on_step(at.step, total)
        if schedule.is_due():
            saved_state.save(checkpoint, _state(weights, optimizer), at)
            schedule.saved()
    _save(module.model, source, target)
    return at


def _state(weights: "Sequence[torch.Tensor]", optimizer: "torch.optim.Optimizer") -> "dict[str, torch.Tensor]":
    """The weights and the optimizer's moments, by the number of each weight."""
    moments = optimizer.state_dict()["state"]
    return {f"weight/{number}": weight.detach().contiguous() for number, weight in enumerate(weights)} | {
        f"optimizer/{number}/{name}": tensor for number, of in moments.items() for name, tensor in of.items()
    }


def _resumed(checkpoint: Path, weights: "Sequence[torch.Tensor]", optimizer: "torch.optim.Optimizer") -> Position:
    """Returns to the last checkpoint, if there is one."""
    import torch

    kept = saved_state.load(checkpoint, Position)
    if kept is None:
        return Position()
    tensors, at = kept
    state = saved_state.optimizer_state(tensors)
    with torch.no_grad():
        for number, weight in enumerate(weights):
            weight.copy_(tensors[f"weight/{number}"])
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return at


def _share_of_rate(step: int, total: int) -> float:
    """Rises over the first tenth of the steps, then falls to 0, both in a straight line."""
    warm = max(1, round(WARM_UP * total))
    return (step + 1) / warm if step < warm else max(0.0, (total - step) / max(1, total - warm))


def _first_windows(source: Path, sentence: SentenceModel, texts: Sequence[str]) -> list[list[int]]:
    """The token ids of each text, up to the model's window."""
    windows, owners = SentenceTokenizer(source, sentence).windows(texts, sentence.query_prompt)
    first: dict[int, list[int]] = {}
    for ids, owner in zip(windows, owners, strict=True):
        first.setdefault(owner, ids)
    return [first[i] for i in range(len(texts))]


def _vectors(module: Any, windows: Sequence[Sequence[int]]) -> tuple["torch.Tensor", np.ndarray]:
    """The vectors of the windows from short to long, and that order. Texts of one length are read together: most of a
    batch would be padding otherwise.
    """
    import torch

    order = np.argsort([len(window) for window in windows], kind="stable")
    parts = [order[start : start + READ_TOGETHER] for start in range(0, len(order), READ_TOGETHER)]
    return torch.cat([module(*_padded([windows[i] for i in part])) for part in parts]), order


def _padded(windows: Sequence[Sequence[int]]) -> tuple["torch.Tensor", "torch.Tensor"]:
    import torch

    longest = max(map(len, windows))
    ids = torch.tensor([[*window, *[0] * (longest - len(window))] for window in windows])
    mask = torch.tensor([[1] * len(window) + [0] * (longest - len(window)) for window in windows])
    return ids, mask


def _save(model: Any, source: Path, target: Path) -> None:
    """The tuned transformer as safetensors, with everything else of the source's folder."""
    from bakeoff.models.weights import quiet_libraries

    half = target.with_name(target.name + ".part")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(source, half, ignore=_only_what_is_needed)
    with quiet_libraries():
        model.save_pretrained(half)
    folder_to_disk(half)
    shutil.rmtree(target, ignore_errors=True)
    half.rename(target)


def _only_what_is_needed(folder: str, names: list[str]) -> set[str]:
    """What is not copied: the weights of the transformer, formats of other programs, and hidden files."""
    is_inner = (Path(folder) / "config.json").exists() and not (Path(folder) / "tokenizer.json").exists()
    kept = (".json", ".txt", ".model", ".md") + ((".safetensors",) if is_inner else ())
    return {
        name
        for name in names
        if name.startswith(".") or not (name.endswith(kept) or (Path(folder) / name / "config.json").exists())
    }
