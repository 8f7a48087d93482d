"""Folders that Bakeoff writes to: room, and whether their file system does what runs and stores rely on.

Takes folders, gives findings. What it writes is a folder of its own, which it removes.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from bakeoff.doctor.finding import Finding, fine, note, problem
from bakeoff.errors import BakeoffError, disk_is_full
from bakeoff.files.locks import held
from bakeoff.files.room import largest_file, room_remedy
from bakeoff.files.unreadable import reason_of
from bakeoff.sentences import listed

GIB = 1024**3
LEAST_ROOM, USUAL_ROOM = GIB, 10 * GIB
"""With less room than the first, runs fail; converting the default models in the first run takes 5 GB."""
NETWORK = (
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "9p",
    "ceph",
    "glusterfs",
    "lustre",
    "fuse.s3fs",
    "afs",
)
"""Kinds of file systems that are on another machine."""
LET_IN, KEPT_OUT_OF_LOCK, KEPT_OUT_OF_STORE = 10, 1, 2
CHILD = f"""
import json, sqlite3, sys
from pathlib import Path
sys.path[:] = json.loads(sys.argv[2])
from bakeoff.errors import BakeoffError
from bakeoff.files.locks import held
code = {LET_IN}
try:
    with held(Path(sys.argv[1]) / "lock", BakeoffError("")):
        pass
except BakeoffError:
    code += {KEPT_OUT_OF_LOCK}
try:
    sqlite3.connect(Path(sys.argv[1]) / "store", timeout=0).execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    code += {KEPT_OUT_OF_STORE}
sys.exit(code)
"""
"""What another process does while this one holds a lock and writes a store. Its exit code says what kept it out."""


class Room(NamedTuple):
    """The bytes of a disk that are free, and the number of files that may still be made (None: no such limit)."""

    free: int
    files: int | None


def existing(folder: Path) -> Path:
    """The folder itself, or the nearest one above that exists: where it would be made."""
    folder = folder.expanduser().absolute()
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def room_of(folder: Path) -> Room:
    """The room where this folder is."""
    statvfs = getattr(os, "statvfs", None)  # Windows has none
    inodes = statvfs(folder) if statvfs else None
    return Room(shutil.disk_usage(folder).free, inodes.f_favail if inodes and inodes.f_files else None)


def disk_space(what: str, folder: Path, room: Callable[[Path], Room] = room_of) -> list[Finding]:
    """The room for what Bakeoff writes there."""
    place = existing(folder)
    free, files = room(place)
    found = f"{what} ({place}): {free / GIB:.1f} GiB free"
    if files is not None and files < 1000:
        return [
            problem("disk space", f"{found}, and {files} more files", "remove files that you do not need", free=free)
        ]
    if free < LEAST_ROOM:
        return [problem("disk space", found, "free at least 1 GiB, or use a folder on another disk", free=free)]
    limit = largest_file()
    if limit is not None and limit < GIB:
        return [
            problem("disk space", f"{found}; files may have {limit:,} bytes at most", "ulimit -f unlimited", free=free)
        ]
    if free < USUAL_ROOM:
        return [note("disk space", found, "the first run takes 5 GB, and models of your own more", free=free)]
    return [fine("disk space", found, free=free)]


def file_system(what: str, folder: Path) -> list[Finding]:
    """Whether files can be made there, locks hold between processes, and a file can replace another."""
    place = existing(folder)
    kind = kind_of(place)
    try:
        with _own_folder(place) as own:
            failed = _failing(own)
            sensitive = _is_case_sensitive(own)
    except OSError as error:
        remedy = room_remedy(error) if disk_is_full(error) else "check its permissions and disk"
        return [problem("file system", f"{what} ({place}) cannot be written: {reason_of(error)}", remedy)]
    figures = {"case_sensitive": sensitive, "network": kind in NETWORK}
    if failed:
        remedy = "use a folder on a disk of this machine: two processes would overwrite each other's files"
        return [problem("file system", f"{what} ({place}, {kind}): {listed(failed)}", remedy, **figures)]
    if kind in NETWORK:
        remedy = (
            "let only one machine use it at a time, or use a disk of this machine: locks may not hold between machines"
        )
        return [note("file system", f"{what} ({place}) is on another machine ({kind})", remedy, **figures)]
    names = "case-sensitive names" if sensitive else "names in which case does not count"
    return [fine("file system", f"{what} ({place}, {kind}): locks hold, files replace others, {names}", **figures)]


@contextmanager
def _own_folder(place: Path) -> Iterator[Path]:
    own = Path(tempfile.mkdtemp(prefix=".bakeoff-doctor-", dir=place))
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _failing(own: Path) -> list[str]:
    """What this file system does not do."""
    failed = []
    if not _replaces(own):
        failed.append("a file cannot replace another")
    return failed + not_locked(own)


def _replaces(own: Path) -> bool:
    """Whether a new file takes the name of another, which stays readable where it is open, and both reach the disk."""
    old, new = own / "a", own / "b"
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    with old.open("rb") as reader:
        new.replace(old)
        return reader.read() == b"old" and old.read_bytes() == b"new"


def not_locked(own: Path, program: str = CHILD) -> list[str]:
    """What does not keep another process out of this folder: the lock of a run, and that of a store."""
    refusal = BakeoffError("The lock is taken.")
    try:
        with held(own / "lock", refusal), closing(sqlite3.connect(own / "store", isolation_level=None)) as store:
            store.execute("CREATE TABLE IF NOT EXISTS one (n)")
            store.execute("BEGIN IMMEDIATE")
            command = [sys.executable, "-I", "-S", "-c", program, str(own), json.dumps(sys.path)]
            code = subprocess.run(command, capture_output=True, check=False, timeout=10).returncode - LET_IN
    except (BakeoffError, OSError, sqlite3.Error) as error:
        return [f"files cannot be locked ({reason_of(error)})"]
    kept_out = code if 0 <= code <= KEPT_OUT_OF_LOCK + KEPT_OUT_OF_STORE else 0
    told = {KEPT_OUT_OF_LOCK: "locks of runs do not hold", KEPT_OUT_OF_STORE: "locks of SQLite do not hold"}
    return [words for bit, words in told.items() if not kept_out & bit]


def _is_case_sensitive(own: Path) -> bool:
    (own / "case").touch()
    return not (own / "CASE").exists()


def kind_of(place: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """The kind of the file system, such as 'ext4'; '?' if the system does not say. Source: proc_pid_mountinfo(5)."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "?"
    best, kind = -1, "?"
    for line in lines:
        fields, _, rest = line.partition(" - ")
        point = fields.split()[4].replace("\\040", " ")
        if place.is_relative_to(point) and len(point) >= best:
            best, kind = len(point), rest.split()[0]
    return kind
