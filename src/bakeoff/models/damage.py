"""Damaged models as one clear error: what cannot be read, where, and what to do.

Takes a model's folder. Opens its files, but loads no tensor. Knows no engine.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bakeoff.errors import BakeoffError, MissingExtraError, ModelUnavailableError, disk_is_full
from bakeoff.files.plain_json import plain_json
from bakeoff.files.unreadable import reason_of
from bakeoff.sentences import kind_of_value

COPY_AGAIN = "copy or download the model again"
SHOWN_CHARACTERS = 200
INDEX = "model.safetensors.index.json"
ADAPTER = "adapter_config.json"


@contextlib.contextmanager
def refusing_damage(what: str, remedy: str = COPY_AGAIN) -> Iterator[None]:
    """A context for calls of libraries that read a model's files: what they raise becomes a ModelUnavailableError.

    `what` names what is read and where. Errors that say nothing about the files pass: a full memory or disk, a missing
    package, and Bakeoff's own.
    """
    try:
        yield
    except (BakeoffError, MemoryError, ImportError):
        raise
    except Exception as error:  # each library has its own; tokenizers raises plain Exceptions
        if type(error).__name__ == "OutOfMemoryError" or disk_is_full(error):
            raise
        reason = f"{type(error).__name__}: {reason_of(error)}"[:SHOWN_CHARACTERS].rstrip(". ")
        raise ModelUnavailableError(f"{what} cannot be read ({reason}).", remedy) from error


def read_json_object(path: Path) -> dict[str, Any]:
    """The content of one of a model's JSON files; empty if there is no such file.

    Raises ModelUnavailableError if it is damaged or holds no object.
    """
    if not path.exists():
        return {}
    with refusing_damage(f"The model's file {path}"):
        content = plain_json(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ModelUnavailableError(
            f"The model's file {path} holds {kind_of_value(content)}, not an object of settings.", COPY_AGAIN
        )
    return content


def shards_of(folder: Path) -> set[str]:
    """The files of weights that the folder's index names.

    Raises ModelUnavailableError for one that is not a safetensors file in the folder itself: it would be loaded, but is
    neither checked nor part of the model's sums.
    """
    index = folder / INDEX
    shards = read_json_object(index).get("weight_map", {})
    if not isinstance(shards, dict):
        raise ModelUnavailableError(f"The model's file {index} names no files of weights by tensor.", COPY_AGAIN)
    names = {str(shard) for shard in shards.values()}
    strange = sorted(name for name in names if not is_plain(name))
    if strange:
        raise ModelUnavailableError(
            f"The model's file {index} names weights that are no safetensors file in the model's own folder: "
            f"{strange[0][:SHOWN_CHARACTERS]!r}.",
            "put all *.safetensors files into the model's folder, and name them in the index without a folder",
        )
    return names


def missing_shards(folder: Path) -> list[str]:
    """The files of weights that the folder's index names and that are not there. Raises as `shards_of`."""
    return sorted(name for name in shards_of(folder) if not (folder / name).exists())


def is_plain(name: Any, ending: str = ".safetensors") -> bool:
    """Whether this names a file with this ending in a folder itself, which the folder's sums cover."""
    if not isinstance(name, str) or not name.endswith(ending) or name.startswith("."):
        return False
    return not set(name) & {"/", "\\", ":", "\0"}


def check_weights(folder: Path) -> None:
    """Raises ModelUnavailableError if a file of weights is cut off, or is not a safetensors file.

    Reads their headers only.
    """
    try:
        from safetensors import safe_open
    except ImportError as error:
        raise MissingExtraError("A local model", "safetensors", "local") from error
    for file in sorted(folder.glob("*.safetensors")):
        with refusing_damage(f"The weights {file}"), safe_open(file, framework="numpy"):
            pass
