"""The state of a job on the disk: written, and flushed, before and after each step, so that nothing is done twice.

Takes a folder, reads and writes `hosted_job.json` there. Sends nothing.
"""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.models.tuned_folder import HOSTED_JOB
from bakeoff.records import Record

Step = Literal["planned", "uploading", "uploaded", "creating", "created", "ended", "ready"]
NAME = "bakeoff-"
RANDOM_BYTES = 6


class JobRecord(Record):
    """A job: its own name (drawn once, in no other job), its host, and how far it is.

    A step that ends in -ing was begun: whether the host has done it has to be found out there. `most_tokens` and
    `most_usd` are the high end of the estimate that was allowed, `limit_usd` the most that was allowed for it.
    `tokens` and `usd` are what it took: of the host, or (`is_estimate`) as estimated. `file_left` says that the host
    did not delete the training file.
    """

    name: str
    host: str
    api: str
    base_model: str
    begins_with: str
    n_examples: int
    epochs: int
    most_tokens: int
    most_usd: float
    limit_usd: float
    begun_at: float
    step: Step = "planned"
    file: str = ""
    job: str = ""
    model: str = ""
    tokens: int = 0
    usd: float = 0.0
    is_estimate: bool = True
    seconds: float = 0.0
    file_left: bool = False


class Journal:
    """The record of one job in its folder. `clock` gives seconds since 1970."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / HOSTED_JOB
        self.clock = clock

    def read(self) -> JobRecord | None:
        """The record; None if there is none. Raises RunFolderError if it cannot be read: a job may be running."""
        if not self._path.exists():
            return None
        try:
            return JobRecord.model_validate_json(self._path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RunFolderError(
                f"{self._path} cannot be read, so that nobody knows whether a job is running at its host: {error}.",
                "restore the file, or look at the host for a job named 'bakeoff-...', then start a new run",
            ) from error

    def write(self, record: JobRecord) -> JobRecord:
        """Writes the record as a whole and flushes it to the disk."""
        jsonl.write_text(self._path, record.model_dump_json(indent=1) + "\n")
        return record

    def change(self, record: JobRecord, **changes: Any) -> JobRecord:
        """Writes the record with these changes."""
        return self.write(record.model_copy(update=changes))


def new_name() -> str:
    """A name that no other job has."""
    return NAME + secrets.token_hex(RANDOM_BYTES)


def jobs_in(root: Path) -> list[JobRecord]:
    """All jobs whose records are in folders below this one."""
    found = (Journal(path.parent).read() for path in sorted(root.rglob(HOSTED_JOB)))
    unique = {record.name: record for record in found if record is not None}
    return list(unique.values())
