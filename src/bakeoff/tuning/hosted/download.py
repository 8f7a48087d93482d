"""The adapter that a host hands out, on this machine: only its settings and its safetensors, of a limited size.

Takes a host and a job, gives a folder with a PEFT adapter. Files may come singly or in an archive (tar, also packed
with zstd or gzip): nothing is unpacked but plain files of the two names. Loads nothing.
"""

import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from bakeoff.errors import ContenderError, MissingExtraError
from bakeoff.files import jsonl
from bakeoff.files.unreadable import reason_of
from bakeoff.models.adapter_check import CONFIG, FILES
from bakeoff.models.checksums import file_sha256
from bakeoff.tuning.hosted.host import Download, Host, Job
from bakeoff.tuning.hosted.http import HostClient, HostError

MOST_BYTES = 4 * 1024**3
MOST_CONFIG_BYTES = 1024**2
DOWNLOADED = "download.json"
"""Where the files came from, with their sums."""
ZSTD = b"\x28\xb5\x2f\xfd"
BLOCK = 1 << 20
BY_HAND = "download the adapter by hand, and name its folder as `adapter` of a local model"


def fetch_adapter(host: Host, client: HostClient, job: Job, folder: Path, most_bytes: int = MOST_BYTES) -> str:
    """Writes the job's adapter into the folder, as a whole or not at all. Returns the second host that it came from.

    That is empty if it came from the configured one. What is there is not fetched again. Raises ContenderError if the
    host has none, or what it sends is none.
    """
    if all((folder / name).is_file() for name in FILES):
        return _second_host(folder)
    half = folder.with_name(folder.name + ".part")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    try:
        files = [file for file in host.adapter_files(job) if file.name in ("", *FILES)]
        seconds = {_fetched(client, file, half, most_bytes) for file in files}
    except HostError as error:
        raise ContenderError(f"The adapter of {job.id} was not fetched: {error.message}", error.remedy) from error
    _check(half, job.id)
    second = ", ".join(sorted(filter(None, seconds)))
    sums = {name: file_sha256(half / name) for name in FILES}
    jsonl.write_text(half / DOWNLOADED, json.dumps({"job": job.id, "second_host": second, "sha256": sums}) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    half.rename(folder)
    return second


def _fetched(client: HostClient, file: Download, half: Path, most_bytes: int) -> str:
    path = half / (file.name or "archive")
    second = client.download(file.url, path, most_bytes, file.has_own_key)
    if not file.name:
        unpack(path, half, most_bytes)
        path.unlink()
    return second


def unpack(archive: Path, folder: Path, most_bytes: int) -> None:
    """Writes an adapter's two files out of an archive, wherever in it they are. Nothing else is written.

    Raises ContenderError if it is no archive, or a file is larger than it may be.
    """
    try:
        with _opened(archive) as file:
            limited: Any = _Limited(file, 2 * most_bytes)
            with tarfile.open(fileobj=limited, mode="r|") as members:
                _write_files(members, folder, most_bytes)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ContenderError(
            f"What the host sent as an adapter cannot be unpacked: {reason_of(error)}.", BY_HAND
        ) from error


def _write_files(members: tarfile.TarFile, folder: Path, most_bytes: int) -> None:
    for member in members:
        name = PurePosixPath(member.name).name
        if not member.isfile() or name not in FILES:
            continue
        most = MOST_CONFIG_BYTES if name == CONFIG else most_bytes
        source = members.extractfile(member)
        if member.size > most or source is None:
            raise ContenderError(f"'{name}' in the archive has {member.size:,} bytes; {most:,} are the most.", BY_HAND)
        with (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target, BLOCK)


class _Limited:
    """A file that gives so many bytes at most: a small archive may unpack to a huge one."""

    def __init__(self, file: IO[bytes], most_bytes: int) -> None:
        self._file, self._left, self._most = file, most_bytes, most_bytes

    def read(self, n: int = -1) -> bytes:
        """Raises ContenderError at the limit."""
        part = self._file.read(n)
        self._left -= len(part)
        if self._left < 0:
            raise ContenderError(
                f"What the host sent as an adapter unpacks to more than {self._most:,} bytes.", BY_HAND
            )
        return part


@contextmanager
def _opened(archive: Path) -> Iterator[IO[bytes]]:
    """The archive, unpacked while it is read."""
    with archive.open("rb") as file:
        first = file.read(len(ZSTD))
        file.seek(0)
        if first == ZSTD:
            yield from _unpacked_by_zstd(file)
        elif first[:2] == b"\x1f\x8b":
            import gzip

            yield gzip.GzipFile(fileobj=file)  # type: ignore[misc]
        else:
            yield file


def _unpacked_by_zstd(file: IO[bytes]) -> Iterator[IO[bytes]]:
    try:
        import zstandard
    except ImportError as error:
        raise MissingExtraError("An adapter from this host", "zstandard", "hosted") from error
    try:
        with zstandard.ZstdDecompressor().stream_reader(file) as reader:
            yield reader
    except zstandard.ZstdError as error:
        raise ContenderError(f"What the host sent as an adapter is damaged: {error}.", BY_HAND) from error


def _check(folder: Path, job: str) -> None:
    """Raises ContenderError unless both files are there and the settings are JSON."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise ContenderError(f"The host handed out no {' and no '.join(missing)} for the job {job}.", BY_HAND)
    try:
        if (folder / CONFIG).stat().st_size > MOST_CONFIG_BYTES:
            raise ValueError("it is too large")
        if not isinstance(json.loads((folder / CONFIG).read_text(encoding="utf-8")), dict):
            raise ValueError("it is no JSON object")
    except ValueError as error:
        raise ContenderError(f"{CONFIG} of the job {job} cannot be read: {error}.", BY_HAND) from error


def _second_host(folder: Path) -> str:
    try:
        return str(json.loads((folder / DOWNLOADED).read_text(encoding="utf-8"))["second_host"])
    except (OSError, ValueError, KeyError):
        return ""
