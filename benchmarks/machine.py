"""What this machine is called, how busy it is, and the most it can do: products of matrices, reading of memory.

Linux names more; elsewhere what is not known is left out. Nothing here belongs to Bakeoff.
"""

import os
import platform
import re
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PACKAGES = ("torch", "transformers", "openvino-genai", "lancedb", "numpy", "sentence-transformers", "trl")
TRIES = 7


def named() -> str:
    """One line: processor, cores, memory, system."""
    processor = re.search(r"model name\s*: (.*)", _read("/proc/cpuinfo"))
    memory = re.search(r"MemTotal:\s*(\d+)", _read("/proc/meminfo"))
    parts = [processor[1] if processor else platform.processor() or platform.machine(), f"{os.cpu_count()} cores"]
    if memory:
        parts.append(f"{int(memory[1]) / 2**20:.0f} GiB of memory")
    return ", ".join([*parts, f"{platform.system()} {platform.machine()}", f"Python {platform.python_version()}"])


def versions() -> str:
    """The versions of what was measured, or beside which."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def load() -> float:
    """How many processes wanted a core on average over the last minute."""
    return os.getloadavg()[0]


def fastest(work: Callable[[], object], tries: int = TRIES) -> float:
    """Seconds of the fastest of several tries: other work on the machine can only slow one down."""
    times = []
    for _ in range(tries):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def products_per_s(rows: int = 512, inner: int = 576, columns: int = 1536) -> float:
    """Floating-point operations a second of a matrix product of a small model's sizes, in bfloat16 or float32."""
    import torch

    rates = []
    for kind in (torch.bfloat16, torch.float32):
        left, right = torch.randn(rows, inner).to(kind), torch.randn(columns, inner).to(kind)
        torch.nn.functional.linear(left, right)
        seconds = fastest(lambda left=left, right=right: torch.nn.functional.linear(left, right), 30)
        rates.append(2 * rows * inner * columns / seconds)
    return max(rates)


def bytes_per_s(size: int = 2**28) -> float:
    """Bytes a second that are read from memory, by adding up more numbers than the caches hold."""
    numbers = np.ones(size // 4, np.float32)
    return size / fastest(lambda: float(np.dot(numbers, numbers)))


def peak_mib() -> float:
    """The most memory that this process has held, in MiB; 0 where the system does not say."""
    return _mib("VmHWM")


def memory_mib() -> float:
    """The memory that this process holds now, in MiB; 0 where the system does not say."""
    return _mib("VmRSS")


def _mib(field: str) -> float:
    found = re.search(rf"{field}:\s+(\d+) kB", _read("/proc/self/status"))
    return int(found[1]) / 1024 if found else 0.0


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""
