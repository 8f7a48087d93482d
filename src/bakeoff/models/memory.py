"""Limits what libraries keep, and returns unused memory to the system."""

import ctypes
import gc
import os
import sys


def release_memory() -> None:
    """Returns memory that is free inside this process to the system, if the C library supports it (glibc).

    That of a GPU is returned to other processes.

    Otherwise the process would hold gigabytes from training while it, or a vLLM server, answers questions.
    """
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    give_back()


def give_back() -> None:
    """Returns free memory to the system now. Only glibc can; elsewhere nothing happens. Python's lock is not kept."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)


def make_room_to_train() -> None:
    """Frees what answers needed: stops vLLM servers of this process that nobody asks, and returns unused memory.

    A server that is stopped starts again with the next question.
    """
    from bakeoff.models.engines.vllm_servers import SERVERS

    SERVERS.stop_idle()
    release_memory()


def keep_fewer_kernels() -> None:
    """Lets oneDNN, with which torch computes on a CPU, keep 64 compiled operations in place of 1,024.

    Each shape of a batch needs its own, so a training on rows of different lengths fills the memory with them: 300 MB
    in 15 steps, for no gain in speed. Takes effect only before the first operation. A value set outside is kept.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
