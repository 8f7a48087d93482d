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


def missing_shards(folder: Path) -> list[str]:
    """The files of weights that the folder's index names and that are not there."""
    index = folder / INDEX
    shards = read_json_object(index).get("weight_map", {})
    if not isinstance(shards, dict):
        raise ModelUnavailableError(f"The model's file {index} names no files of weights by tensor.", COPY_AGAIN)
    return sorted({str(shard) for shard in shards.values() if not (folder / str(shard)).exists()})


def refuse_adapter_inside(folder: Path) -> None:
    """Raises ModelUnavailableError if a model's folder has an adapter's settings beside its weights.

    transformers would hand such a folder to PEFT, which does what the settings say: load other folders, files of
    pickles, or another model from the hub. Adapters come by `adapter:`, where their settings are read first.
    """
    if (folder / ADAPTER).exists():
        raise ModelUnavailableError(
            f"The model's folder {folder} holds {ADAPTER}, an adapter's settings, beside the model's weights.",
            "move the adapter's files to a folder of their own and name it as the model's `adapter`, or delete them",
        )


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
