"""The sums of what a model consists of: weights, tokenizer, templates, an adapter, the file of a class.

Takes settings and folders, gives SHA-256 sums. Loads no engine and no model.
"""

import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bakeoff
from bakeoff.contenders.identities import content_sum
from bakeoff.errors import RunFolderError
from bakeoff.models.checksums import ORIGIN, file_sha256
from bakeoff.models.model_files import files_of
from bakeoff.models.model_sums import other_sums, sums_of
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.models.weights import resolve_model

HOW_ASKED = {"key_env", "concurrency", "timeout_s", "retries", "price"}
"""Settings of a model behind a server that say how it is asked and paid, not which one it is."""


def model_sum(settings: ModelSettings) -> str:
    """The sum of a model's weights, adapter, tokenizer and templates, or of its settings if it has no files here.

    Weights that Bakeoff made in its cache count as what they were made from.
    """
    sums = sums_of(settings)
    if not sums or not isinstance(settings, LocalModel):
        return content_sum(settings.model_dump(mode="json", exclude=HOW_ASKED))
    folder = resolve_model(settings.name)
    if not (folder / ORIGIN).exists():
        sums |= other_sums(folder)
    return content_sum(sums)


def folder_sum(folder: Path) -> str:
    """One sum over the files of a folder, by path. Checkpoints and logs of a training do not count.

    Raises RunFolderError if the folder is missing or empty.
    """
    if not any(files_of(folder)):
        raise RunFolderError(f"{folder} is missing or empty.", "restore it, or run the pilot again: bakeoff run CONFIG")
    return content_sum({path.relative_to(folder).as_posix(): file_sha256(path) for path in files_of(folder)})


def file_sum(kind: Any) -> str:
    """The sum of the file that defines a class or a function."""
    try:
        return file_sha256(Path(inspect.getfile(kind)))
    except (TypeError, OSError):  # made in an interactive session: there is no file
        return content_sum(f"{kind.__module__}.{kind.__qualname__}")


def code_sum(counts: Callable[[str], bool]) -> str:
    """One sum over the source of Bakeoff's packages (and modules beside them) that count."""
    root = Path(bakeoff.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if counts(name.parts[0]):
            digest.update(f"{name.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()
