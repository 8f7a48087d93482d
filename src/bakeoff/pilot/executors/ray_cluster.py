"""Workers on a Ray cluster: each job is a Ray task. Nodes may come and go.

Takes jobs, gives outcomes as they finish. Knows no job. The cluster is the team's: nothing is started here. Ray keeps a
worker process with its models open between jobs. The package ray is imported when a cluster is opened.
"""

import logging
import math
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bakeoff.errors import MissingExtraError, WorkerError
from bakeoff.files.unreadable import reason_of
from bakeoff.models import threads
from bakeoff.pilot.executors.jobs import outcome_in_worker
from bakeoff.pilot.executors.local import NOTHING_LOST, check_deaths
from bakeoff.protocols import Job, Outcome
from bakeoff.runs.executor import ExecutorSettings
from bakeoff.sentences import counted

REACHED_S = 5.0
WAITED_S = 1.0
"""Between two looks whether the run was stopped."""
START = "start one (ray start --head) and give its address in executor.address"


class RayExecutor:
    """The nodes of one cluster. Raises WorkerError if it does not answer, or no node can do a job.

    `tell` is called with a line when a worker has died.
    """

    def __init__(self, settings: ExecutorSettings, tell: Callable[[str], None] = lambda line: None) -> None:
        self._settings, self._tell = settings, tell
        self._ray, self._owned = connected(settings.address)
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        fitting = sum(_jobs_on(node, settings) for node in nodes)
        if not fitting:
            self.close()
            raise WorkerError(
                f"executor: a job needs {_words(settings.cpus, settings.gpus)}, and no node of the Ray cluster has "
                f"them. Its nodes: {'; '.join(_words(node.get('CPU', 0), node.get('GPU', 0)) for node in nodes)}.",
                "add such a node, or set executor.cpus or executor.gpus lower",
            )
        self.threads = threads.chosen() or settings.cpus
        self.workers = min(fitting, settings.workers or fitting)
        nodes_words = counted(len(nodes), "node")
        self.label = f"{counted(self.workers, 'worker')} on {nodes_words} of the Ray cluster at {settings.address}"

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
        """As `protocols.Executor` says."""
        ray, waiting, deaths = self._ray, list(range(len(jobs)))[::-1], Counter[int]()
        busy: dict[Any, int] = {}
        settings = self._settings
        # Bakeoff counts the deaths itself, so that a run ends with one message.
        task = ray.remote(num_cpus=settings.cpus, num_gpus=settings.gpus, max_retries=0)(outcome_in_worker)
        try:
            while waiting or busy:
                while waiting and len(busy) < self.workers:
                    number = waiting.pop()
                    busy[task.options(name=jobs[number].name[:80]).remote(jobs[number])] = number
                for reference in ray.wait(list(busy), timeout=WAITED_S)[0]:
                    number = busy.pop(reference)
                    try:
                        outcome = ray.get(reference)
                    except ray.exceptions.RayError as error:
                        deaths[number] += 1
                        line = f"The worker of '{jobs[number].name}' died ({type(error).__name__})"
                        check_deaths(line, deaths[number], settings.retries)
                        self._tell(f"note: {line}; another one does it again.")
                        waiting.append(number)
                        continue
                    yield number, outcome
        finally:
            for reference in busy:
                ray.cancel(reference, force=True)

    def close(self) -> None:
        """Leaves the cluster, which goes on."""
        if self._owned:
            self._ray.shutdown()


def connected(address: str) -> tuple[Any, bool]:
    """The package ray in touch with the cluster, and whether this call did it. Raises WorkerError if nobody answers."""
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("executor.kind: ray", "ray", "ray") from error
    if ray.is_initialized():
        return ray, False
    _check_reachable(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        reason = " ".join(str(error).split())[:300]
        raise WorkerError(f"executor: no Ray cluster can be joined at {address}: {reason}", START) from error
    return ray, True


def _check_reachable(address: str) -> None:
    """Raises WorkerError if nobody listens at a HOST:PORT: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host:
        if address == "auto":
            return
        raise WorkerError(
            f"executor.address is '{address}'; it is HOST:PORT, ray://HOST:PORT, or auto.", "correct the address"
        )
    try:
        socket.create_connection((host, int(port)), REACHED_S).close()
    except (OSError, ValueError) as error:
        raise WorkerError(
            f"executor: nobody answers at {address} ({reason_of(error)}).", f"{START}. {NOTHING_LOST.capitalize()}"
        ) from error


def _jobs_on(node: dict[str, float], settings: ExecutorSettings) -> int:
    """How many jobs a node does at once."""
    n = math.floor(node.get("CPU", 0) / settings.cpus)
    return min(n, math.floor(node.get("GPU", 0) / settings.gpus)) if settings.gpus else n


def _words(cpus: float, gpus: float) -> str:
    return f"{counted(int(cpus), 'core')} and {counted(int(gpus), 'graphics card')}"
