"""Who may read and write what: the file of keys, deployments with their documents and log, runs, the cache.

Takes paths, gives findings. Changes nothing.
"""

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from bakeoff.doctor.file_systems import existing
from bakeoff.doctor.finding import Finding, fine, note, problem

OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_WRITE = stat.S_IWOTH


def private(what: str, paths: Iterable[Path]) -> list[Finding]:
    """Files and folders that only their owner may open. Those that do not exist are left out."""
    there = [path for path in paths if path.exists()]
    open_ones = [path for path in there if path.stat().st_mode & OTHERS]
    findings = [
        problem(
            "permissions",
            f"{what}: others on this machine may open {path} (mode {stat.S_IMODE(path.stat().st_mode):o})",
            f"chmod {'700' if path.is_dir() else '600'} {path}",
        )
        for path in open_ones
    ]
    if findings or not there:
        return findings
    return [fine("permissions", f"{what}: only their owner may open them", n=len(there))]


def shared(what: str, folder: Path) -> list[Finding]:
    """A folder with documents and answers that others on this machine may read."""
    mode = folder.stat().st_mode
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        found = f"{what}: others on this machine may read {folder} (mode {stat.S_IMODE(mode):o})"
        return [note("permissions", found, f"if its documents are not for everybody: chmod go-rwx {folder}")]
    return []


def _may(path: Path, rights: int) -> bool:
    return os.access(path, rights)


def may_change(path: Path, may: Callable[[Path, int], bool] = _may) -> bool:
    """Whether this user may write this file, or make files in this folder."""
    return may(path, os.W_OK | os.X_OK if path.is_dir() else os.W_OK)


def changed(what: str, paths: Iterable[Path], may: Callable[[Path, int], bool] = _may) -> list[Finding]:
    """Files and folders in a run or a deployment that this user must be able to write, in place."""
    return [
        problem(
            "permissions",
            f"{what}: {path} is not writable for this user, so changes fail",
            _by_owner("u+rwx" if path.is_dir() else "u+rw", path),
        )
        for path in paths
        if not may_change(path, may)
    ]


def writable(what: str, folder: Path, may: Callable[[Path, int], bool] = _may) -> list[Finding]:
    """A folder that this user must be able to write, and that not everybody on the machine should."""
    place = existing(folder)
    if not may_change(place, may):
        return [
            problem(
                "permissions",
                f"{what}: {place} is not writable for this user",
                f"{_by_owner('u+rwx', place)}, or use another",
            )
        ]
    mode = place.stat().st_mode
    if mode & OTHERS_WRITE and not mode & stat.S_ISVTX:
        return [problem("permissions", f"{what}: everybody on this machine may change {place}", f"chmod o-w {place}")]
    return [fine("permissions", f"{what}: {place} can be written")]


def readable(what: str, paths: Iterable[Path], may: Callable[[Path, int], bool] = _may) -> list[Finding]:
    """Files that this user must be able to read."""
    return [
        problem("permissions", f"{what}: {path} cannot be read by this user", _by_owner("u+r", path))
        for path in paths
        if path.exists() and not may(path, os.R_OK)
    ]


def _by_owner(rights: str, path: Path) -> str:
    """What gives this user the rights: a command if the file is theirs, else its owner or root must do it."""
    geteuid = getattr(os, "geteuid", None)  # Windows has none
    if geteuid is None or path.stat().st_uid == geteuid():
        return f"chmod {rights} {path}"
    return f"ask the owner of {path}, or root, to give this user the rights {rights[2:]}"


def user(id: int | None = None) -> list[Finding]:
    """Whether this is root, who needs no permission for anything."""
    geteuid = getattr(os, "geteuid", None)  # Windows has none
    id = geteuid() if id is None and geteuid else id
    if id is None:
        return []
    if id == 0:
        return [note("user", "commands run as root", "serve as a user of its own (docs/operation.md)", root=True)]
    return [fine("user", "not root", root=False)]
