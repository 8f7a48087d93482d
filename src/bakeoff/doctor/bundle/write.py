"""Writes a bundle: a new zip that only its owner may read, whole or not at all.

Takes parts, gives a file. Its entries have no times of this machine.
"""

import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from bakeoff.doctor.bundle.parts import Part
from bakeoff.errors import ConfigError
from bakeoff.files.sqlite_file import OWNER_ONLY

LONG_AGO = (1980, 1, 1, 0, 0, 0)


def write(path: Path, parts: Sequence[Part]) -> None:
    """Writes the bundle. Raises ConfigError if it exists, if its folder does not, or if it cannot be written."""
    if path.exists():
        raise ConfigError(f"{path} exists.", "name a new file")
    if not path.parent.is_dir():
        raise ConfigError(f"The folder {path.parent} does not exist.", "make it, or name a file elsewhere")
    try:
        _write(path, parts)
    except OSError as error:
        raise ConfigError(
            f"Cannot write {path}: {error.strerror or error}.",
            "name a file where you may write and there is room: bakeoff doctor --bundle FOLDER/FILE.zip",
        ) from error


def _write(path: Path, parts: Sequence[Part]) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".bundle-")  # for its owner only
    half = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
                for part in parts:
                    bundle.writestr(_entry(part.name), part.text)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = OWNER_ONLY << 16
    return entry
