"""Whether a model is still the one that a run was started with, by checksums of its files.

Takes a model's settings, gives sums, or an error where they differ from earlier ones. Loads no engine.
"""

import hashlib
import json
from pathlib import Path

from bakeoff.errors import RunFolderError
from bakeoff.models.checksums import ORIGIN, Sums, file_sha256, weights_sha256
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.load import has_no_weights
from bakeoff.models.model_files import files_of
from bakeoff.models.sentence_model import read_sentence_model
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.models.weights import resolve_model

SHOWN = 12
"""As many characters of a sum are enough to compare two by eye."""
RESTORE = "restore its files, or run the pilot again: bakeoff run CONFIG"
WORDS = {
    "weights": "weights",
    "adapter": "adapter",
    "pooling": "pooling and Dense layers",
    "files": "settings, tokenizer or chat template",
}
"""The parts of a model that have a sum of their own, as a message names them."""


def sums_of(settings: ModelSettings) -> dict[str, str]:
    """The sums of a model's `weights`, of its `adapter` and of what an embedder adds to its transformer (`pooling`).

    Empty for a model that has no files here: one behind a server, or a Python object. Raises ModelUnavailableError if
    its files are missing or damaged.
    """
    if not isinstance(settings, LocalModel) or has_no_weights(settings) or settings.name == HashEmbedder.name:
        return {}
    folder = resolve_model(settings.name)
    sums = weights_sha256(folder, Path(settings.adapter).expanduser() if settings.adapter else None)
    if (folder / "modules.json").exists():
        sums["pooling"] = read_sentence_model(folder).fingerprint
    return sums


def all_sums_of(settings: ModelSettings) -> dict[str, str]:
    """The same, and one sum over its other `files`: settings, tokenizer and chat template. Weights that Bakeoff made in
    its cache have none: another machine writes them otherwise.
    """
    sums = sums_of(settings)
    if sums and isinstance(settings, LocalModel):
        folder = resolve_model(settings.name)
        others = {} if (folder / ORIGIN).exists() else other_sums(folder)
        if others:
            sums["files"] = hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()
    return sums


def other_sums(folder: Path) -> dict[str, str]:
    """The sums of a model's files besides its weights, by path."""
    others = [path for path in files_of(folder) if path.suffix != ".safetensors"]
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in others}


def check_sums(name: str, settings: ModelSettings, before: Sums, run: Path, remedy: str = RESTORE) -> None:
    """Raises RunFolderError if the sums of this model differ from those before, which the folder `run` holds.

    `name` is the model's name in `models:`. Without sums from before nothing is compared. Older versions noted no sum
    of the `files`.
    """
    if not before:
        return
    now = all_sums_of(settings)
    for part in dict.fromkeys([*before, *now]):
        if before.get(part) != now.get(part) and (part in before or part != "files"):
            raise RunFolderError(
                f"The {WORDS.get(part, part)} of the model '{name}' ({settings.label}) are not those that {run} was "
                f"started with: SHA-256 {_shown(now.get(part))} instead of {_shown(before.get(part))}.",
                remedy,
            )


def _shown(sha256: str | None) -> str:
    return f"{sha256[:SHOWN]}..." if sha256 else "(none)"
