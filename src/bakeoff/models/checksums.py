"""SHA-256 sums of weight files: what a model or an adapter is told by. Knows nothing about models."""

import contextlib
import hashlib
import json
from pathlib import Path

from bakeoff.errors import ModelUnavailableError
from bakeoff.files.cache import cache_folder
from bakeoff.files.jsonl import write_text


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


def weights_are_intact(folder: Path) -> bool:
    """Whether a folder made by us holds weights with the checksum in its origin.json, which is written last."""
    try:
        origin = json.loads((folder / "origin.json").read_text(encoding="utf-8"))
        return bool(origin["weights_sha256"] == file_sha256(folder / "model.safetensors"))
    except (OSError, ValueError, KeyError, TypeError):
        return False
