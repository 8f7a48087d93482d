"""Measures the memory of this process, and returns unused memory to the system."""

import ctypes
import gc
import resource
import sys


def peak_memory_bytes() -> int:
    """The peak memory of this process, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def release_memory() -> None:
    """Returns memory that is free inside this process to the system, if the C library supports it (glibc).

    Otherwise the process would hold gigabytes from training while it answers questions.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
