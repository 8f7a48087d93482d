"""What every host that tunes models can do, in one form: the protocol `Host`, and the records that go in and out.

Knows no host's addresses or words.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

from bakeoff.records import Record
from bakeoff.tuning.hosted.settings import Rented

JobStatus = Literal["waiting", "running", "done", "failed", "cancelled"]
MachineStatus = Literal["starting", "ready", "failed", "stopped"]


class Order(NamedTuple):
    """A job to be started: its own name, the model it begins with, the uploaded file, and how it is trained.

    `model` is a tuned model if `goes_on`. `rank` and `learning_rate` are None where the host chooses.
    """

    name: str
    model: str
    file: str
    epochs: int
    seed: int
    goes_on: bool = False
    is_full: bool = False
    rank: int | None = None
    learning_rate: float | None = None
    hyperparameters: dict[str, Any] = {}  # noqa: RUF012  (never changed)


class Job(Record):
    """A job as its host shows it. `model` is the tuned model, once there is one. `usd` is the host's cost."""

    id: str
    status: JobStatus
    model: str = ""
    tokens: int | None = None
    usd: float | None = None
    error: str = ""


class JobEvent(Record):
    """A line of a job's log, with the seconds since 1970."""

    at: float
    message: str


class Machine(Record):
    """A deployment as its host shows it. `model` is the name by which it is asked."""

    id: str
    status: MachineStatus
    model: str = ""
    error: str = ""


class Download(NamedTuple):
    """A file that a host hands out. `has_own_key`: its address is signed, so that the account's key is not sent.

    `name` is that of the file, or empty for an archive of several.
    """

    url: str
    name: str
    has_own_key: bool


class Host(Protocol):
    """A host. Every method sends requests and raises ApiError.

    `find_...` look for what an order with this name has made, so that nothing is made twice.
    """

    def upload(self, name: str, content: bytes) -> str:
        """Uploads a training file under this name. Returns its id."""
        ...

    def find_file(self, name: str) -> str | None: ...

    def delete_file(self, file: str) -> None:
        """Deletes a training file. One that is gone already is no error."""
        ...

    def create(self, order: Order) -> Job:
        """Starts a job. Sent once, whatever happens."""
        ...

    def find_job(self, order: Order) -> Job | None: ...

    def job(self, id: str) -> Job:
        """The job as it is now. Asked for once: whoever waits for it looks again."""
        ...

    def events(self, id: str) -> Sequence[JobEvent]:
        """What the job has logged, in any order. Asked for once."""
        ...

    def cancel(self, id: str) -> None: ...

    def deploy(self, name: str, model: str, rented: Rented) -> Machine:
        """Starts a deployment. Sent once, whatever happens. Raises ConfigError where the host has none."""
        ...

    def find_machine(self, name: str) -> Machine | None: ...

    def machine(self, id: str) -> Machine: ...

    def stop(self, id: str) -> None:
        """Stops a deployment for good. One that is gone already is no error."""
        ...

    def adapter_files(self, job: Job) -> Sequence[Download]:
        """The files of the job's adapter; empty if the host hands out none."""
        ...
