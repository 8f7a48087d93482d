"""The state of a training on disk: tensors and a record of how far it is, in two safetensors files that take turns.

Takes and gives tensors by name and a record. The newer file is read; if it is damaged (cut off or zeroed, as a power
failure leaves it), the one before, and without either the training begins again. Knows no model and no optimizer.
"""

import json
import logging
import math
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bakeoff.errors import RunFolderError
from bakeoff.files.flush import to_disk
from bakeoff.files.room import room_remedy
from bakeoff.records import Record

if TYPE_CHECKING:
    import torch

R = TypeVar("R", bound=Record)

RESUMES = "start the training again to continue from its last checkpoint"
_log = logging.getLogger(__name__)


def files(path: Path) -> tuple[Path, Path]:
    """The two files of a state: the path itself, and one beside it."""
    return path, path.with_name(f"{path.stem}-2{path.suffix}")


def save(path: Path, tensors: "Mapping[str, torch.Tensor]", position: Record) -> None:
    """Writes the state in place of the older of the two files. Makes no copy of the tensors in memory.

    Raises RunFolderError if it cannot be written; both files are then as they were.
    """
    from safetensors.torch import save_file

    numbers = {file: _number(file) for file in files(path)}
    target = min(numbers, key=lambda file: numbers[file])
    n_bytes = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    metadata = {
        "position": position.model_dump_json(),
        "number": str(max(numbers.values()) + 1),
        "sums": json.dumps({name: _sum(tensor) for name, tensor in tensors.items()}),
    }
    replace(target, lambda temporary: save_file(dict(tensors), temporary, metadata), n_bytes)


def load(path: Path, kind: type[R]) -> "tuple[dict[str, torch.Tensor], R] | None":
    """The newest state that is whole; None if there is none. Removes damaged files, and warns of each.

    Raises RunFolderError if a file cannot be read, as where the disk fails.
    """
    for file in sorted(filter(Path.exists, files(path)), key=_number_or_damaged, reverse=True):
        read = _read(file, kind)
        if isinstance(read, tuple):
            return read
        _log.warning("%s is no whole checkpoint (%s): the training goes on from the one before.", file, read)
        file.unlink()
    return None


def remove(path: Path) -> None:
    """Removes the state of a training that is finished."""
    for file in files(path):
        file.unlink(missing_ok=True)


def under(prefix: str, tensors: "Mapping[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    """The tensors whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def optimizer_state(tensors: "Mapping[str, torch.Tensor]") -> "dict[int, dict[str, torch.Tensor]]":
    """An optimizer's moments by the number of their parameter, from names such as `optimizer/3/exp_avg`."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in under("optimizer/", tensors).items():
        number, moment = name.split("/")
        state.setdefault(int(number), {})[moment] = tensor
    return state


def replace(path: Path, write: Callable[[Path], object], n_bytes: int) -> None:
    """Writes a file beside its place, waits until it is on the disk, then moves it there.

    Raises RunFolderError if it cannot be written.
    """
    from safetensors import SafetensorError

    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        to_disk(temporary)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        _remove_quietly(temporary)
        reason = getattr(error, "strerror", None) or error
        raise RunFolderError(
            f"{path} could not be written: {reason}. It has {n_bytes / 1e6:.0f} MB.",
            f"{room_remedy(error)}; {RESUMES}",
        ) from error


def _remove_quietly(path: Path) -> None:
    """Removes what is left of a failed write; on a disk that fails, this may fail, too."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("%s could not be removed: %s", path, error)


def _number(file: Path) -> int:
    """The how-manieth state a file holds; -1 if it holds none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened:
            return int((opened.metadata() or {}).get("number", 0))
    except (SafetensorError, ValueError, OSError):
        return -1


def _number_or_damaged(file: Path) -> float:
    """The same; infinite if it holds none, so that it is looked at first and does not stay."""
    number = _number(file)
    return math.inf if number < 0 else number


def _read(file: Path, kind: type[R]) -> "tuple[dict[str, torch.Tensor], R] | str":
    """What a file holds, or in words why it is not whole."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened:
            metadata: dict[str, Any] = opened.metadata() or {}
            position = kind.model_validate_json(metadata["position"])
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        return " ".join(str(error).split())
    except OSError as error:
        raise RunFolderError(f"{file} could not be read: {error.strerror or error}.", RESUMES) from error
    sums = json.loads(metadata.get("sums", "{}"))  # an earlier version wrote none
    wrong = [name for name, tensor in tensors.items() if name in sums and sums[name] != _sum(tensor)]
    return f"{wrong[0]} is not as it was written" if wrong else (tensors, position)


def _sum(tensor: "torch.Tensor") -> int:
    """A checksum of a tensor's bytes."""
    import torch

    return zlib.crc32(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
