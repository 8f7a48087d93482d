"""Workers on this machine: processes that stay, each with its models open, and are replaced if they die.

Takes jobs, gives outcomes as they finish. Knows no job.
"""

import os
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import wait

from bakeoff.errors import WorkerError
from bakeoff.models.short_memory import n_ended_by_system
from bakeoff.protocols import Job, Outcome
from bakeoff.sentences import counted

STOP_S = 8.0
"""How long the workers that are stopped may take to save their trainings (`held_signals.WITHIN_S`) and to end."""
CARDS = "CUDA_VISIBLE_DEVICES"
AGAIN = "another one does it again"
IN_PIECES = "the system ended it for lack of memory, and another one does it again in smaller pieces"
NOTHING_LOST = "everything that was finished is kept: continue with --resume"


class LocalExecutor:
    """So many processes, started when there are jobs for them. `tell` is called with a line when one has died."""

    def __init__(
        self, workers: int, threads: int, retries: int, gpus: int = 0, tell: Callable[[str], None] = lambda line: None
    ) -> None:
        self.workers = workers
        self.label = f"{counted(workers, 'process', 'processes')} on this machine, {counted(threads, 'thread')} each"
        self.threads, self._retries, self._gpus, self._tell = threads, retries, gpus, tell
        self._free: list[Process] = []
        self._busy: dict[Process, int] = {}

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Outcome]]:
        """As `protocols.Executor` says."""
        waiting, deaths, ended = deque(range(len(jobs))), Counter[int](), Counter[int]()
        n_ended = n_ended_by_system()
        try:
            while waiting or self._busy:
                while waiting and len(self._busy) < self.workers:
                    process = self._free.pop() if self._free else self._started()
                    if process.give(jobs[waiting[0]]._replace(ended=ended[waiting[0]])):
                        self._busy[process] = waiting.popleft()
                ready = wait([process.connection for process in self._busy])
                for process in [one for one in self._busy if one.connection in ready]:
                    number, outcome = self._busy.pop(process), process.outcome()
                    if outcome is not None:
                        self._free.append(process)
                        yield number, outcome
                        continue
                    deaths[number] += 1
                    line = f"The worker of '{jobs[number].name}' died ({process.how_it_ended()})"
                    check_deaths(line, deaths[number], self._retries)
                    n_before, n_ended = n_ended, n_ended_by_system()
                    is_short = n_ended > n_before
                    ended[number] += is_short
                    self._tell(f"note: {line}; {IN_PIECES if is_short else AGAIN}.")
                    waiting.appendleft(number)
        finally:
            stop_all(list(self._busy))
            self._busy.clear()

    def close(self) -> None:
        """Stops all."""
        stop_all(self._free)
        self._free.clear()

    def _started(self) -> "Process":
        """A new process. If there are graphics cards, it sees only its own."""
        used = {process.place for process in (*self._free, *self._busy)}
        place = next(i for i in range(self.workers) if i not in used)
        return Process(place, self.threads, {CARDS: self._cards(place)} if self._gpus else {})

    def _cards(self, place: int) -> str:
        """The graphics cards of the process at this place, of those that the main process sees."""
        seen = os.environ.get(CARDS, "").split(",")
        places = range(place * self._gpus, (place + 1) * self._gpus)
        return ",".join(seen[i] if i < len(seen) and seen[i] else str(i) for i in places)


class Process:
    """A worker. It imports what the main process can import."""

    def __init__(self, place: int, threads: int, more: dict[str, str]) -> None:
        if os.name == "nt":
            raise WorkerError(
                "Processes on this machine need a Linux or macOS: Windows hands no pipe to a new program.",
                "leave out executor:, or set it to {kind: ray}",
            )
        self.place = place
        self.connection, theirs = Pipe()
        path = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bakeoff.pilot.executors.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads), **more},
            start_new_session=True,
        )
        theirs.close()

    def give(self, job: Job) -> bool:
        """Gives it a job. False if it has died before."""
        if self._process.poll() is None:
            try:
                self.connection.send(job)
                return True
            except OSError:
                pass  # it has died in between
        stop_all([self])
        return False

    def outcome(self) -> Outcome | None:
        """What came of its job; None if it has died."""
        try:
            return self.connection.recv()  # type: ignore[no-any-return]
        except (EOFError, OSError):
            stop_all([self])
            return None

    def how_it_ended(self) -> str:
        code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def ask_to_stop(self) -> None:
        self._process.terminate()

    def end(self, until: float) -> None:
        """Waits until it has saved what it does. At this time of the monotonic clock it is killed: its training goes on
        from the checkpoint before.
        """
        self.connection.close()
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()


def stop_all(processes: Sequence[Process]) -> None:
    """Stops these, all at once."""
    for process in processes:
        process.ask_to_stop()
    until = time.monotonic() + STOP_S
    for process in processes:
        process.end(until)


def check_deaths(line: str, n_deaths: int, retries: int) -> None:
    """Raises WorkerError if the workers of a job died more often than they may. `line` says how the last one did."""
    if n_deaths > retries:
        raise WorkerError(
            f"{line}, {counted(n_deaths, 'time')} at this job.",
            f"if memory is short, set executor.workers lower; {NOTHING_LOST}",
        )
