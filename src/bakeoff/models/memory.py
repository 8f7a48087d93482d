"""What memory this process holds, and giving back what it does not need."""

import ctypes
import gc
import resource
import sys


def peak_memory_bytes() -> int:
    """The most memory this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def release_memory() -> None:
    """Give memory that is free inside this process back to the system, where the C library can (glibc).

    After a training gigabytes of it would stay with the process while it answers questions.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
