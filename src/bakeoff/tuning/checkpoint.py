"""How far a training is (`Position`), when its next checkpoint is due, and whether a folder holds the same training.

Knows nothing about models. How a checkpoint is kept: `models.saved_state`.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from bakeoff.errors import RunFolderError
from bakeoff.models.saved_state import replace
from bakeoff.records import Record


class DevFit(Record):
    """Results on the first `n_batches` of the dev batches: the summed loss, and which completions are exactly right.

    Of preferences: which pairs the model prefers as people do, and `gain`, by how much the log-probabilities of the
    answers that people like have risen, summed.
    """

    n_batches: int = 0
    loss: float = 0.0
    n_wanted: int = 0
    exact: tuple[bool, ...] = ()
    gain: float = 0.0


class Position(Record):
    """How far a training has come.

    The order of the examples follows from the seed and the epoch, so the number of finished steps determines the next
    batch. `dev` is set while the dev examples are being measured. `pieces` is in how many pieces each row is computed:
    more than one if there was too little memory.
    """

    step: int = 0
    n_tokens: int = 0
    n_computed_tokens: int = 0
    seconds: float = 0.0
    epoch_loss: float = 0.0
    epoch_wanted: int = 0
    best_exact: float | None = None
    best_loss: float | None = None
    n_worse: int = 0
    stopped_because: str = ""
    dev: DevFit | None = None
    pieces: int = 1


class Schedule:
    """Says when to save, so that a killed training loses at most `every_s` seconds of work.

    A checkpoint is due if the next piece of work might end after that limit, assuming it takes as long as the longest
    piece since the last checkpoint. If one piece takes longer than the limit, there is a checkpoint after each piece.
    """

    def __init__(self, every_s: float, clock: Callable[[], float]) -> None:
        self._every_s = every_s
        self._clock = clock
        self.saved()

    def saved(self) -> None:
        """Records that all work until now is saved."""
        self._saved_at = self._last = self._clock()
        self._longest = 0.0

    def is_due(self) -> bool:
        """Whether to save now. To be called after each piece of work."""
        now = self._clock()
        self._longest, self._last = max(self._longest, now - self._last), now
        return now - self._saved_at + self._longest > self._every_s


def claim(folder: Path, request: Mapping[str, str], remedy: str = "remove that folder") -> None:
    """Writes down what is trained in this folder: the hash of each input, by a name in words.

    Raises RunFolderError if the folder holds another training.
    """
    path = folder / "request.json"
    if not path.exists():
        write_bytes(path, json.dumps(dict(request), indent=1).encode())
        return
    earlier = json.loads(path.read_text(encoding="utf-8"))
    others = [name for name, digest in request.items() if earlier.get(name) != digest]
    if others:
        raise RunFolderError(f"{folder} holds a training with another {', another '.join(others)}.", remedy)


def write_bytes(path: Path, content: bytes) -> None:
    """Replaces the file as a whole or not at all. Raises RunFolderError if it cannot be written."""
    replace(path, lambda temporary: temporary.write_bytes(content), len(content))
