"""The span reader of the package: its weights beside those of the reading model, checked against a pinned sum.

Takes nothing, gives the reader. It is loaded once for all contenders. Its weights are differences to the sentence model
`DEFAULT_EMBEDDER`, so that one must be here, with the weights that they were trained from (docs/drqa.md).
"""

import functools
from pathlib import Path

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.checksums import file_sha256
from bakeoff.models.settings import DEFAULT_EMBEDDER
from bakeoff.models.spans.reader import SpanReader, reader_of
from bakeoff.models.weights import WHEELS, resolve_model

WEIGHTS = Path(__file__).parents[1] / "adapters" / "span_reader" / "span_reader.safetensors"
PINNED = "a3c1a1ded2dfb00066fcbec590df110d6d4dd49ba2c59e5c2b966bfcfd80743a"
"""The SHA-256 sum of these weights; empty if the package holds none. recipes/span_reader/ship.py writes it."""


def base_folder() -> Path:
    """The folder of the sentence model. Raises ModelUnavailableError if it is missing, or has other weights."""
    folder = resolve_model(DEFAULT_EMBEDDER)
    _check(folder / "model.safetensors", WHEELS[DEFAULT_EMBEDDER].sha256, WHEELS[DEFAULT_EMBEDDER].install)
    return folder


def shipped_reader() -> SpanReader:
    """The reader as it comes. Raises ModelUnavailableError if its parts are missing or damaged."""
    base = base_folder()
    check_shipped()
    return _opened(base, WEIGHTS, WEIGHTS.stat().st_mtime_ns)


def start_of_training() -> Path | None:
    """The weights that training on own questions starts from; None if it starts from the sentence model itself.

    Raises ModelUnavailableError if the weights of the package are missing or damaged.
    """
    if not PINNED:
        return None
    check_shipped()
    return WEIGHTS


def check_shipped() -> None:
    """Raises ModelUnavailableError if the package holds no weights, or damaged ones."""
    if not PINNED:
        raise ModelUnavailableError(
            "This release holds no trained span reader.",
            "set the contender's options.epochs, so that one is trained on your own questions alone",
        )
    _check(WEIGHTS, PINNED, "install bakeoff again")


def trained_reader(file: Path) -> SpanReader:
    """A reader that was trained further, from its file. Raises ModelUnavailableError if it cannot be read."""
    base = base_folder()
    if not file.exists():
        raise ModelUnavailableError(f"The span reader's weights {file} are missing.", "restore them, or run it again")
    return _opened(base, file, file.stat().st_mtime_ns)


@functools.lru_cache(maxsize=2)
def _opened(base: Path, file: Path, changed: int) -> SpanReader:
    """`changed` is when the file was written: one that was written again is another one."""
    return reader_of(base, file)


def _check(file: Path, pinned: str, remedy: str) -> None:
    if not file.exists():
        found = "is missing"
    elif (sha256 := file_sha256(file)) != pinned:
        found = f"has the SHA-256 sum {sha256}, not the pinned {pinned}"
    else:
        return
    raise ModelUnavailableError(f"The span reader's file {file} {found}, so it was not used.", remedy)
