"""The most memory that this program has had. Takes nothing, gives bytes."""

import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_memory_bytes() -> int:
    """In bytes, since this program began. 0 where the system does not say, as on Windows.

    On Linux `ru_maxrss` also counts what the process had that started this one (setmax_mm_hiwater_rss at exec), so that
    a large parent would be taken for a large child; VmHWM is of this program alone. Source: proc_pid_status(5).
    """
    try:
        lines = STATUS.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration, ValueError, IndexError):  # not Linux, or a /proc that does not say
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
