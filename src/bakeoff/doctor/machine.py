"""The machine: the processor's instructions, threads, memory, GPU and clock.

Takes what the system says, gives findings. Imports torch only where a driver of a GPU and a build for GPUs are there.
"""

import os
import platform
import sys
import time
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import bakeoff
from bakeoff.doctor.finding import Finding, fine, note, problem
from bakeoff.doctor.installation import built_for
from bakeoff.models.gpu import has_driver
from bakeoff.models.threads import cgroup_quota, usable_cores
from bakeoff.sentences import listed

GIB = 1024**3
LEAST_MEMORY, USUAL_MEMORY = 2 * GIB, 4 * GIB
"""With less than the first, the default models do not fit beside the data; a run of the example takes the second."""
X86 = ("x86_64", "AMD64")
FAST = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "asimddp", "i8mm", "bf16")
"""Instructions that make models fast, as /proc/cpuinfo calls them."""
DAY_S = 86_400


def cpu_flags(path: Path = Path("/proc/cpuinfo")) -> frozenset[str] | None:
    """The instructions that the processor has; None if the system does not say."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    line = next((line for line in lines if line.startswith(("flags", "Features"))), None)
    return frozenset(line.partition(":")[2].split()) if line else None


def processor(flags: Collection[str] | None, machine: str = platform.machine()) -> list[Finding]:
    """The instructions of the processor."""
    if flags is None:
        return [fine("processor", f"{machine}; the system does not say which instructions it has")]
    fast = [name for name in FAST if name in flags]
    figures = {name: name in flags for name in FAST}
    if machine in X86 and "avx2" not in flags:
        return [
            problem(
                "processor",
                f"{machine} without AVX2",
                "use a newer processor: packages that search and compute are built for AVX2 and may end with "
                "'Illegal instruction'",
                **figures,
            )
        ]
    return [fine("processor", f"{machine} with {listed(fast) or 'none of the fast instructions'}", **figures)]


def threads() -> list[Finding]:
    """How many threads models compute with, and what limits them."""
    set_to = os.environ.get("OMP_NUM_THREADS", "")
    quota, usable = cgroup_quota(), usable_cores()
    limits = [
        f"a control group allows {quota:g} cores" if quota else "",
        f"OMP_NUM_THREADS is {set_to[:20]}" if set_to else "",
    ]
    found = "; ".join([f"{os.cpu_count()} processors, {usable} usable cores", *filter(None, limits)])
    figures = {"processors": os.cpu_count() or 0, "usable": usable, "quota": quota or 0.0, "omp_set": bool(set_to)}
    if set_to and not set_to.split(",")[0].strip().isdigit():
        return [problem("threads", found, "set OMP_NUM_THREADS to a whole number, or unset it", **figures)]
    if set_to and int(set_to.split(",")[0]) < usable:
        return [note("threads", found, "unset OMP_NUM_THREADS to use all cores that are free", **figures)]
    return [fine("threads", found, **figures)]


def memory(total: int | None, available: int | None, limit: int | None) -> list[Finding]:
    """The memory of the machine, what of it is free, and the limit of this process's control group, in bytes."""
    if total is None:
        return [note("memory", "the system does not say how much memory it has", "make sure that it has 4 GiB")]
    usable = min(value for value in (total, available, limit) if value is not None)
    said = f"{total / GIB:.1f} GiB"
    said += f", {available / GIB:.1f} GiB free" if available is not None else ""
    said += f", limited to {limit / GIB:.1f} GiB by a control group" if limit is not None else ""
    figures = {"total": total, "available": available or 0, "limit": limit or 0}
    if usable < LEAST_MEMORY:
        return [problem("memory", said, "give it at least 2 GiB; the default models need 4 GiB", **figures)]
    if usable < USUAL_MEMORY:
        return [note("memory", said, "a run with the default models takes 4 GiB: close other programs", **figures)]
    return [fine("memory", said, **figures)]


def memory_now() -> list[Finding]:
    """The same for this machine."""
    return memory(*_meminfo(), _memory_limit())


def _meminfo(path: Path = Path("/proc/meminfo")) -> tuple[int | None, int | None]:
    """The bytes of memory, and those that are available."""
    try:
        rows = dict(line.split(":", 1) for line in path.read_text(encoding="utf-8").splitlines() if ":" in line)
        return int(rows["MemTotal"].split()[0]) * 1024, int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        pass
    sysconf = getattr(os, "sysconf", None)  # Windows has none
    try:
        return (sysconf("SC_PHYS_PAGES") * sysconf("SC_PAGE_SIZE"), None) if sysconf else (None, None)
    except (OSError, ValueError):
        return None, None


def _memory_limit(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int | None:
    """The least limit of memory of this process's control groups. Source: cgroup v2, memory.max."""
    try:
        path = next(line.split(":", 2)[2] for line in own.read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return None
    folder = root / path.lstrip("/")
    limits = []
    for group in (folder, *folder.parents):
        text = (group / "memory.max").read_text().strip() if (group / "memory.max").is_file() else ""
        limits += [int(text)] if text.isdigit() else []
        if group == root:
            break
    return min(limits, default=None)


def gpu(driver: bool | None = None, build: str | None = None) -> list[Finding]:
    """Whether there is a GPU, and whether torch can use it."""
    driver, build = has_driver() if driver is None else driver, built_for() if build is None else build
    if not driver:
        return [fine("gpu", "none; models run on the processor", driver=False, usable=False)]
    if not build:
        return [
            note(
                "gpu",
                "a GPU's driver is installed, and torch is missing or built for CPUs only",
                "to use the GPU, install a build of torch for it (https://pytorch.org/get-started)",
                driver=True,
                usable=False,
            )
        ]
    return [_asked_torch(build)]


def _asked_torch(build: str) -> Finding:
    import torch

    if not torch.cuda.is_available():
        remedy = "check the driver with nvidia-smi (or rocm-smi), and that its version fits the build of torch"
        return problem("gpu", f"torch for {build} finds no GPU that it can use", remedy, driver=True, usable=False)
    device = torch.cuda.get_device_properties(0)
    found = f"{device.name}, {device.total_memory / GIB:.0f} GiB, used by torch for {build}"
    return fine("gpu", found, driver=True, usable=True, count=torch.cuda.device_count(), memory=device.total_memory)


def clock(now: float | None = None, installed: float | None = None) -> list[Finding]:
    """Whether the clock can be right: it is not before the files of this installation, and not far in the future."""
    now = time.time() if now is None else now
    installed = Path(bakeoff.__file__).stat().st_mtime if installed is None else installed
    shown = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M} UTC"
    if now < installed - DAY_S:
        found = f"it says {shown}, which is before Bakeoff was installed"
        return [problem("clock", found, "set the clock: servers' certificates and the order of records depend on it")]
    return [fine("clock", shown)]


def system() -> list[Finding]:
    """The operating system."""
    name = platform.system()
    found = f"{name} {platform.release()}"
    if sys.platform != "linux":
        return [note("system", found, "Bakeoff is tested on Linux only; expect faults (docs/installation.md)")]
    return [fine("system", found)]
