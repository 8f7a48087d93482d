"""The number of threads a model computes with: this process's cores, less those that other processes use.

Takes nothing or a number chosen by the user, gives a number of threads. Knows nothing about models. Why it matters: the
threads of one matrix product wait for each other, so one thread without a core of its own delays all the others
(docs/results/training.md has the measurement).
"""

import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

SAMPLE_S = 0.25  # how long the other processes are watched, in seconds
WATCHED_S = 1.0  # a shorter time says little: the system counts hundredths of a second
TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
IDLE = (3, 4)  # idle and iowait among the fields of a line of /proc/stat (man 5 proc_stat)
GUESTS = 8  # the fields from here on are already counted in `user`

_configured: int | None = None


def configure(threads: int | None) -> None:
    """Sets the default number for later calls. None means to count free cores."""
    global _configured
    _configured = threads


def free_threads(configured: int | None = None) -> int:
    """The number of threads to compute with now, at least 1.

    The number given, else the one given to `configure`, else the environment variable OMP_NUM_THREADS, else the number
    of cores that are free now, which takes a quarter of a second to measure.
    """
    return chosen(configured) or free_cores(usable_cores(), busy_cores())


def independent_threads(configured: int | None = None) -> int:
    """The same for threads that never wait for each other: all usable cores, even if other processes use them.

    Such a thread gets its share of a busy core, so fewer threads would only be slower (benchmarks/threads.py, `embed`).
    """
    return chosen(configured) or usable_cores()


def use_threads(n: int) -> None:
    """Makes torch compute with n threads from now on, in the whole process."""
    import torch

    if torch.get_num_threads() != n:
        torch.set_num_threads(n)


def openvino_properties(n: int) -> dict[str, str]:
    """OpenVINO properties for n threads. If some cores are left to others, threads are not pinned to cores."""
    return {
        "INFERENCE_NUM_THREADS": str(n),
        **({"ENABLE_CPU_PINNING": "NO"} if n < len(_cpus()) else {}),
    }


def free_cores(usable: int, busy: float) -> int:
    """The usable cores less those that other processes keep busy on average, rounded; at least 1."""
    return max(1, min(usable, math.floor(len(_cpus()) - busy + 0.5)))


def usable_processors() -> int:
    """Number of logical processors that this process may run on."""
    return len(_cpus())


def usable_cores() -> int:
    """Number of physical cores this process may use, limited by its control group's share of processor time."""
    quota = cgroup_quota()
    cores = len({_siblings(cpu) for cpu in _cpus()})
    return max(1, min(cores, math.floor(quota) if quota else cores))


def busy_cores(sleep: Callable[[float], None] = time.sleep) -> float:
    """How many of this process's processors are kept busy by others, measured over `SAMPLE_S`.

    If the system has no /proc/stat: the load average of a minute, less what this process used since it started. If it
    has none of them, as Windows, none are busy.
    """
    watch = Watch()
    if not watch.can_see:
        return max(0.0, os.getloadavg()[0] - _own_load()) if hasattr(os, "getloadavg") else 0.0
    sleep(SAMPLE_S)
    return watch.cores(0.0) or 0.0


class Watch:
    """Watches the work of other processes from now on."""

    def __init__(self) -> None:
        self._before = _busy_seconds()
        self._began, self._own = time.perf_counter(), time.process_time()

    @property
    def can_see(self) -> bool:
        """Whether the system says how long its processors have worked: it has /proc/stat."""
        return self._before is not None

    def cores(self, least_s: float = WATCHED_S) -> float | None:
        """How many of this process's processors others kept busy on average; None if unknown or within this time."""
        seconds, own, after = time.perf_counter() - self._began, time.process_time() - self._own, _busy_seconds()
        if self._before is None or after is None or seconds < least_s:
            return None
        return max(0.0, (after - self._before - own) / max(seconds, 1e-9))


def cgroup_quota(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float | None:
    """The processor time that this process's control groups allow, in cores; None if there is no limit.

    Source: the Linux documentation of cgroup v2 (cpu.max) and of v1's scheduler (cpu.cfs_quota_us).
    """
    quotas = []
    for line in _read(own).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = root / controllers if controllers else root
        folder = top / path.lstrip("/")
        for group in (folder, *folder.parents):
            quotas.append(_quota(group))
            if group == top:
                break
    return min((quota for quota in quotas if quota), default=None)


def _quota(group: Path) -> float | None:
    """The limit of one control group."""
    limit, _, period = _read(group / "cpu.max").strip().partition(" ")
    if not limit:
        limit, period = _read(group / "cpu.cfs_quota_us").strip(), _read(group / "cpu.cfs_period_us").strip()
    if not limit.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(limit) / int(period)


def chosen(configured: int | None = None) -> int | None:
    """The number set by the user, if any."""
    return configured or _configured or _from_environment(os.environ)


def _from_environment(environment: Mapping[str, str]) -> int | None:
    """The first number in OMP_NUM_THREADS, for the outermost level. None if it is not set or not a number."""
    first = environment.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdigit() and int(first) > 0 else None


def _cpus() -> tuple[int, ...]:
    """The logical processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def _siblings(cpu: int) -> str:
    """A name for the physical core that a logical processor belongs to."""
    return _read(Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")).strip() or str(cpu)


def _busy_seconds() -> float | None:
    """Seconds that this process's processors have worked since the machine started; None if the system does not say."""
    wanted = {f"cpu{cpu}" for cpu in _cpus()}
    lines = [line.split() for line in _read(Path("/proc/stat")).splitlines()]
    counts = [[int(ticks) for ticks in line[1 : GUESTS + 1]] for line in lines if line and line[0] in wanted]
    if not counts:
        return None
    return sum(ticks for row in counts for i, ticks in enumerate(row) if i not in IDLE) / TICKS_PER_S


def _own_load() -> float:
    """This process's share of the load, on average since it started but at most over the last minute."""
    return min(float(len(_cpus())), time.process_time() / 60)


def _read(path: Path) -> str:
    """The file's text; empty if the file is missing or not readable."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
