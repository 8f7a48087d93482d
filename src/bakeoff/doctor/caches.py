"""The cache of converted models, and what is kept of answers from run to run: where, how large, whole.

Takes folders, gives findings. Removes nothing: what is damaged there is made again by what needs it.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from bakeoff.doctor import permissions
from bakeoff.doctor.databases import files
from bakeoff.doctor.finding import Finding, fine, note, problem
from bakeoff.files.cache import cache_folder
from bakeoff.files.unreadable import NOT_READABLE
from bakeoff.models.checksums import is_intact

MADE = ("models", "openvino", "openvino-tuned", "embedders")
"""The folders of the cache whose entries have checksums."""
MOST_S = 1.0
"""Sums of files that have changed are computed again, for this long at most; then the rest is left out, and said so."""
GIB = 1024**3


def cache(root: Path | None = None, most_s: float = MOST_S) -> list[Finding]:
    """Where the cache is, how large, and whether its entries are whole."""
    root = cache_folder() if root is None else root
    if not root.is_dir():
        return [fine("cache", f"{root} does not exist yet; the first run makes it (or set BAKEOFF_CACHE)", bytes=0)]
    entries = list(_entries(root))
    damaged, seen = _damaged(entries, most_s)
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    figures = {"bytes": size, "entries": len(entries), "damaged": len(damaged), "examined": seen}
    unseen = (
        f"; {len(entries) - seen} of {len(entries)} entries were not examined, for lack of time"
        if seen < len(entries)
        else ""
    )
    found = fine("cache", f"{root}: {size / GIB:.1f} GiB, {len(entries)} converted models{unseen}", **figures)
    return [found, *(_told(path) for path in damaged)]


def _told(path: Path) -> Finding:
    closed = permissions.readable("cache", [path, *path.rglob("*")])
    if closed:
        return note("cache", closed[0].found, closed[0].remedy)
    return note(
        "cache",
        f"{path} is damaged: its files are not those that were written",
        f"nothing, it is made again when it is needed; or remove it: rm -r {path}",
    )


def _entries(root: Path) -> Iterator[Path]:
    for name in MADE:
        yield from sorted(path for path in root.glob(f"{name}/*") if path.is_dir() and not path.name.startswith("."))


def _damaged(entries: list[Path], most_s: float) -> tuple[list[Path], int]:
    """The entries that are not whole, and how many were examined: those used last come first."""
    end = time.monotonic() + most_s
    damaged: list[Path] = []
    for n, path in enumerate(sorted(entries, key=lambda path: path.stat().st_mtime, reverse=True)):
        if time.monotonic() > end:
            return damaged, n
        if not is_intact(path):
            damaged.append(path)
    return damaged, len(entries)


def kept_results(path: Path) -> list[Finding]:
    """The file of answers and vectors that runs take from one another."""
    if not path.is_file():
        return [fine("kept results", f"none yet ({path})", bytes=0)]
    [whole] = files([path]) or [fine("kept results", f"{path} is empty")]
    if whole.state == "problem":
        remedy = whole.remedy if whole.remedy == NOT_READABLE else f"remove it; it is made again: rm {path}"
        return [problem("kept results", whole.found, remedy, **whole.figures)]
    return [whole.model_copy(update={"check": "kept results"})]
