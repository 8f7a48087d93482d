"""Where a training stands, kept in one safetensors file that is replaced whole: no pickle, nothing half written.

Takes tensors by name and a `Position`, gives them back; says when the next one is due. Knows nothing of models.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.errors import RunFolderError
from bakeoff.records import Record

if TYPE_CHECKING:
    import torch

RESUMES = "the training goes on from its last checkpoint when it is started again"


class DevFit(Record):
    """How well the first `n_batches` of the dev batches are predicted: their loss in all, which are exactly right."""

    n_batches: int = 0
    loss: float = 0.0
    n_wanted: int = 0
    exact: tuple[bool, ...] = ()


class Position(Record):
    """How far a training has come. The order of the examples follows from the seed and the epoch, so that the number
    of finished steps says which batch is next. `dev` is set while the dev examples are being measured."""

    step: int = 0
    n_tokens: int = 0
    seconds: float = 0.0
    epoch_loss: float = 0.0
    epoch_wanted: int = 0
    best_exact: float | None = None
    best_loss: float | None = None
    n_worse: int = 0
    stopped_because: str = ""
    dev: DevFit | None = None


class Schedule:
    """Says when to save, so that what a kill loses took no longer than `every_s` seconds.

    That is when the next piece of work, if it takes as long as the longest since the last saving, would end later. A
    piece that is longer than that by itself is saved after each.
    """

    def __init__(self, every_s: float, clock: Callable[[], float]) -> None:
        self._every_s = every_s
        self._clock = clock
        self.saved()

    def saved(self) -> None:
        """All work until now is safe."""
        self._saved_at = self._last = self._clock()
        self._longest = 0.0

    def is_due(self) -> bool:
        """Whether to save now; to be asked after each piece of work."""
        now = self._clock()
        self._longest, self._last = max(self._longest, now - self._last), now
        return now - self._saved_at + self._longest > self._every_s


def write_bytes(path: Path, content: bytes) -> None:
    """Replace the file, all or nothing. Raises RunFolderError where the disk refuses."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RunFolderError(
            f"{path} could not be written: {error.strerror}.", f"free {len(content) / 1e6:.0f} MB there; {RESUMES}"
        ) from error


def save(path: Path, tensors: "Mapping[str, torch.Tensor]", position: Position) -> None:
    """Replace the checkpoint."""
    from safetensors.torch import save as to_safetensors

    write_bytes(path, to_safetensors(dict(tensors), {"position": position.model_dump_json()}))


def load(path: Path) -> "tuple[dict[str, torch.Tensor], Position] | None":
    """What was saved last; None where nothing was. Raises RunFolderError where the file is not a checkpoint."""
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            position = Position.model_validate_json(file.metadata()["position"])
            return {name: file.get_tensor(name) for name in file.keys()}, position  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise RunFolderError(
            f"{path} is no checkpoint of a training: {error}.", f"remove {path.parent} and start again"
        ) from error
