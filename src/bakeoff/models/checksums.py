"""SHA-256 sums of files: they identify a model or an adapter, and show whether a folder of the cache is damaged.

Takes files and folders. Knows nothing about models.
"""

import contextlib
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from bakeoff.errors import ModelUnavailableError
from bakeoff.files.cache import cache_folder, made_once
from bakeoff.files.jsonl import write_text

SUMS = "sums.json"
"""The file of a cached folder that holds the SHA-256 sums of its other files, by path."""
ORIGIN = "origin.json"
"""The file of a cached model that names what it was made from, with checksums."""
MADE_FORMAT = "2"
"""Part of the name of every folder that `made_intact` makes. Raise it when what counts as intact changes: otherwise two
versions of Bakeoff that share a cache would make each other's folders again, in turn."""

Sums = Mapping[str, str]
"""The SHA-256 sums of a model's parts, by name."""


def file_sha256(path: Path) -> str:
    """The file's SHA-256. It is computed once and cached until the file's size or modification time changes."""
    path = path.resolve()
    stat = path.stat()
    key = [str(path), stat.st_size, stat.st_mtime_ns]
    memory = cache_folder() / "sha256" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        remembered = json.loads(memory.read_text(encoding="utf-8"))
        if remembered["key"] == key:
            return str(remembered["sha256"])
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with contextlib.suppress(OSError):  # if the cache is full or read-only, the sum is computed again next time
        write_text(memory, json.dumps({"key": key, "sha256": digest}))
    return digest


def model_sha256(folder: Path) -> str:
    """One checksum for a model or adapter folder: the weight file's own, or one of all sums if there are many files."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelUnavailableError(f"{folder} holds no safetensors weights.", "name a model's or an adapter's folder")
    if len(files) == 1:
        return file_sha256(files[0])
    listing = "".join(f"{file_sha256(file)}  {file.name}\n" for file in files)
    return hashlib.sha256(listing.encode()).hexdigest()


def weights_sha256(folder: Path, adapter: Path | None = None) -> dict[str, str]:
    """The checksums that say whether a model is still the same: its `weights`, and its `adapter` if it has one.

    An adapter's settings count too: they say how strongly it changes the weights. A whole tuned model counts as the
    `adapter` of the model that it was tuned from. Weights that Bakeoff made in its
    cache count as what they were made from, because another machine may round them otherwise.
    """
    made = (folder / ORIGIN).exists() and is_intact(folder)
    sums = {"weights": file_sha256(folder / ORIGIN) if made else model_sha256(folder)}
    if adapter is not None:
        settings = next((name for name in ("adapter_config.json", "config.json") if (adapter / name).is_file()), None)
        if settings is None:
            raise ModelUnavailableError(
                f"{adapter} holds no adapter_config.json and no config.json.",
                "name a folder that a PEFT adapter was saved to",
            )
        parts = [file_sha256(adapter / settings), model_sha256(adapter)]
        sums["adapter"] = hashlib.sha256(" ".join(parts).encode()).hexdigest()
    return sums


def made_intact(target: Path, write: Callable[[Path], None], keep: int | None = None) -> Path:
    """The folder `target` of the cache, filled by `write` if it does not exist or if a file in it was changed or added.

    The sums of all files are written beside them, and compared at every call. `file_sha256` remembers them, so a call
    reads only files whose size or modification time is new. Raises and keeps what `made_once` does.
    """
    if target.exists() and not is_intact(target):
        logging.getLogger(__name__).warning("The cached folder %s is damaged. It is made again.", target)

    def write_with_sums(half: Path) -> None:
        write(half)
        write_text(half / SUMS, json.dumps(_sums(half)))

    return made_once(target, write_with_sums, is_intact, keep)


def is_intact(folder: Path) -> bool:
    """Whether this folder holds every file that `made_intact` wrote, with its sum, and no other.

    A library may read any file that it finds, such as an adapter_config.json beside merged weights. Hidden files do not
    count.
    """
    try:
        sums = json.loads((folder / SUMS).read_text(encoding="utf-8"))
        names = {path.relative_to(folder).as_posix() for path in _files(folder)}
        return bool(sums) and sums.keys() == names and all(file_sha256(folder / name) == sums[name] for name in names)
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def _files(folder: Path) -> list[Path]:
    """The folder's files but for the sums and hidden ones."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path != folder / SUMS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _sums(folder: Path) -> dict[str, str]:
    """The sums by path, not remembered, because the folder is renamed when it is complete."""
    sums = {}
    for path in _files(folder):
        with path.open("rb") as file:
            sums[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return sums
