"""One tuning job at a host, from the upload of its file to the name of the tuned model; begun once, whatever happens.

Takes a host, a journal and an order, gives the finished record. Every step is in the journal before its request leaves
and after the answer has come. Where nobody knows whether a request did something (a kill, a time-out, a status of 500),
the host's own list says so before it is sent again. Knows no host's protocol.
"""

import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from bakeoff.errors import ContenderError
from bakeoff.models.cancelling import sleep
from bakeoff.models.providers.retry import spread_s
from bakeoff.sentences import usd as dollars
from bakeoff.tuning.hosted.host import Host, Job, Order
from bakeoff.tuning.hosted.http import HostError, wait_to_retry
from bakeoff.tuning.hosted.journal import JobRecord, Journal

LATER = "continue later with --resume, which finds the job again and starts no second one"


class Pace(NamedTuple):
    """How often a host is asked. Waits between looks grow from `first_s` to `longest_s`.

    `most_s` is the longest wait for a job in one session, `ready_s` for a finished model or a deployment to answer.
    A list is looked at `n_looks` times, because what was just made may be missing in it.
    """

    first_s: float = 5.0
    longest_s: float = 60.0
    most_s: float = 86_400.0
    ready_s: float = 1_800.0
    n_looks: int = 4
    look_s: float = 2.0


USUAL = Pace()


class At(NamedTuple):
    """How far a job is. Steps are not known of a host's job: `n_steps` is 0."""

    step: int
    n_steps: int
    detail: str


OnJob = Callable[[At], None]
T = TypeVar("T")


class HostedJob:
    """A job in progress. `told` is called with how far it is.

    `retries`: how often an upload or an order may be sent again, and how many looks at the job may fail after the first
    that did, before one succeeds.
    """

    def __init__(self, host: Host, journal: Journal, pace: Pace, retries: int, told: OnJob = lambda at: None) -> None:
        self._host, self._journal, self._pace, self._retries, self._told = host, journal, pace, retries, told

    def run(self, record: JobRecord, content: bytes, order: Order) -> tuple[JobRecord, Job]:
        """The record and the job when it has succeeded.

        Raises ContenderError if the host refuses it, if it failed, or if it has not ended in time.
        """
        record = self._uploaded(record, content)
        order = order._replace(file=record.file)
        record = self._created(record, order)
        job = self._ended(record)
        return self._without_file(record), job

    def _uploaded(self, record: JobRecord, content: bytes) -> JobRecord:
        if record.file:
            return record
        file = self._shown(lambda: self._host.find_file(record.name), record) if record.step == "uploading" else None
        if file is None:
            record = self._journal.change(record, step="uploading")
            file = self._tried(
                lambda: self._host.upload(record.name, content),
                lambda: self._shown(lambda: self._host.find_file(record.name), record),
                f"{record.host} did not take the training file",
            )
        return self._journal.change(record, file=file, step="uploaded")

    def _created(self, record: JobRecord, order: Order) -> JobRecord:
        if record.job:
            return record
        job = self._shown(lambda: self._looked_for(order), record) if record.step == "creating" else None
        if job is None:
            record = self._journal.change(record, step="creating")
            try:
                job = self._tried(
                    lambda: self._host.create(order),
                    lambda: self._shown(lambda: self._looked_for(order), record),
                    f"{record.host} did not start the job {record.name}",
                )
            except _RefusedError:
                self._journal.change(record, step="uploaded")
                raise
        return self._journal.change(record, job=job.id, step="created")

    def _tried(self, send: Callable[[], T], find: Callable[[], T | None], failing: str) -> T:
        """What the host made: sent once, and again only if it certainly made nothing or shows nothing of it."""
        for attempt in range(self._retries + 1):
            try:
                return send()
            except HostError as error:
                made = None if error.made_nothing else find()
                if made is not None:
                    return made
                if error.made_nothing and error.again_s is None:
                    raise _RefusedError(f"{failing}: {error.message}", error.remedy) from error
                if error.again_s is None or attempt == self._retries:
                    raise ContenderError(f"{failing}: {error.message}", LATER) from error
                wait_to_retry(error, attempt, self._pace.look_s)
        raise AssertionError("the last attempt returns or raises")

    def _shown(self, find: Callable[[], T | None], record: JobRecord) -> T | None:
        """What the host's list shows. Raises ContenderError if the host does not show it: then nothing is sent again,
        because nobody knows what was made.
        """
        try:
            return find()
        except HostError as error:
            raise ContenderError(
                f"{record.host} does not show whether it has what was sent as {record.name}: {error.message}",
                f"{error.remedy}; {LATER}",
            ) from error

    def _looked_for(self, order: Order) -> Job | None:
        for look in range(self._pace.n_looks):
            job = self._host.find_job(order)
            if job is not None:
                return job
            sleep(self._pace.look_s * 2**look)
        return None

    def _ended(self, record: JobRecord) -> Job:
        """The job when it has succeeded and its model has a name.

        A look that failed is not repeated by itself: the next one, after the usual wait, takes its place.
        """
        begun, wait_s, n_failed = time.monotonic(), self._pace.first_s, 0
        while True:
            asked_s = 0.0
            try:
                job, n_failed = self._host.job(record.job), 0
            except HostError as error:
                n_failed += 1
                if _is_final(error) or n_failed > self._retries:
                    raise ContenderError(f"The job {record.job} cannot be followed: {error.message}", LATER) from error
                job, asked_s = None, error.again_s or 0.0
            if job is not None:
                self._check(job, record)
                if job.status == "done" and job.model:
                    return job
            waited_s = time.monotonic() - begun
            if waited_s > self._pace.most_s:
                raise ContenderError(
                    f"The job {record.job} at {record.host} has not ended after {waited_s:,.0f} seconds "
                    "(tuning.max_seconds). It goes on there, and is paid for.",
                    f"{LATER}; or cancel it at the host",
                )
            self._tell(record, job, waited_s)
            sleep(max(wait_s, spread_s(asked_s)))
            wait_s = min(self._pace.longest_s, 1.5 * wait_s)

    def _check(self, job: Job, record: JobRecord) -> None:
        """Raises ContenderError for a job that failed, or that costs more than was allowed; that one is cancelled."""
        if job.status in ("failed", "cancelled"):
            self._without_file(record)
            became = "has failed" if job.status == "failed" else "was cancelled"
            words = f": {job.error.rstrip('.')}" if job.error else ""
            raise ContenderError(
                f"The job {job.id} at {record.host} {became}{words}.",
                "see the job's log at the host; a new run starts a new job",
            )
        if job.status != "done" and job.usd is not None and job.usd > record.limit_usd:
            words = (
                f"{record.host} says that the job {job.id} costs {dollars(job.usd)}, and {dollars(record.limit_usd)} "
                "was allowed for it."
            )
            try:
                self._host.cancel(job.id)
            except HostError as error:
                raise ContenderError(
                    f"{words} It could not be cancelled, and may be paid for: {error.message}",
                    "cancel it at the host; --resume tries again, too",
                ) from error
            raise ContenderError(
                f"{words} It was cancelled.", "allow more in a new run, or set tuning.examples or tuning.epochs lower"
            )

    def _tell(self, record: JobRecord, job: Job | None, waited_s: float) -> None:
        """Says how far the job is: its state, and the newest line of its log if the host gives one."""
        state = job.status if job else "no answer from the host"
        try:
            log = sorted(self._host.events(record.job) if job else (), key=lambda event: event.at)
        except HostError:  # the log is for people only
            log = []
        words = f": {log[-1].message}" if log else ""
        self._told(At(0, 0, f"{record.job} at {record.host}, {waited_s / 60:.0f} min, {state}{words}"))

    def _without_file(self, record: JobRecord) -> JobRecord:
        """The training file is deleted at the host. If that fails, the record says so, and the run goes on."""
        if record.step in ("ended", "ready") and not record.file_left:
            return record
        try:
            self._host.delete_file(record.file)
        except HostError:
            return self._journal.change(record, step="ended", file_left=True)
        return self._journal.change(record, step="ended", file_left=False)


def _is_final(error: HostError) -> bool:
    """Whether a look failed so that a later one cannot succeed. What is no JSON may come from a gateway for a while."""
    return error.again_s is None and (error.status is None or error.status >= 300)


class _RefusedError(ContenderError):
    """The host refused: nothing was made."""
