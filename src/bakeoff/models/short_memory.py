"""Work that gets no more memory: how it is recognised, and how it is done again in smaller pieces, a few times.

Takes errors, gives the number of pieces. Whoever does the work cuts it. Each time a warning says so. Knows no work.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bakeoff.errors import BakeoffError
from bakeoff.files.room import limit_of
from bakeoff.models.memory import release_memory

T = TypeVar("T")
RESTARTS = 3
"""So often is work done again, each time in pieces of half the size."""
WORDS = (
    *("DefaultCPUAllocator", "bad_alloc", "Cannot allocate memory", "failed to allocate", "not enough memory"),
    *("can't start new thread", "failed to map segment", "cannot allocate memory", "Unable to allocate"),
)
"""What PyTorch, OpenVINO, Arrow, NumPy, the system and its loader of libraries say of a process that gets no more
memory. Also without a new thread: it has no room for a stack."""
CAUSES = 10
"""So many errors that led to one are looked at."""
CLOSE = "close other programs, or use a machine with more memory"
VMSTAT = Path("/proc/vmstat")
_log = logging.getLogger(__name__)
_ended = 0


class MemoryShortError(BakeoffError):
    """Work that gets too little memory in the smallest pieces, too. What was finished is kept. `of_gpu`: on a GPU."""

    of_gpu = False


def is_short(error: BaseException) -> bool:
    """Whether an error says that there is no more memory, on this machine or on its GPU."""
    return is_short_here(error) or is_short_on_gpu(error)


def is_short_here(error: BaseException) -> bool:
    """Whether it is the memory of this machine."""
    return isinstance(error, MemoryError) or any(word in str(error) for word in WORDS)


def no_memory(error: BaseException, command: str) -> BakeoffError | None:
    """One clear error for a command that got no more memory. None if that is not what the error, or what led to it,
    says.
    """
    one: BaseException | None = error
    for _ in range(CAUSES):
        if one is None:
            return None
        if is_short(one):
            break
        one = one.__cause__ or one.__context__
    else:
        return None
    reason = " ".join(str(one).split())[:200].rstrip(". ")
    what = type(one).__name__ + (f": {reason}" if reason else "")
    limit = limit_of("RLIMIT_AS")
    allow = f"allow this process more than {limit:,} bytes (ulimit -v), " if limit else ""
    return MemoryShortError(
        f"There is too little memory for `bakeoff {command}` ({what}).",
        f"{allow}{CLOSE}, or name smaller models or fewer documents. What was finished is kept: a run goes on with "
        "bakeoff run CONFIG --resume",
    )


def is_short_on_gpu(error: BaseException) -> bool:
    """Whether it is that of a GPU, which others on this machine do not need."""
    return type(error).__name__ == "OutOfMemoryError" or "CUDA out of memory" in str(error)


def more_pieces(pieces: int, of: int, what: str, error: BaseException, remedy: str) -> int:
    """Twice as many pieces of work that can be cut into `of`, with a warning.

    Raises MemoryShortError if it was done again often enough, or cannot be cut further.
    """
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    if pieces >= min(of, 2**RESTARTS):
        short = MemoryShortError(f"{what} got too little memory in the smallest pieces, too ({reason}).", remedy)
        short.of_gpu = is_short_on_gpu(error)
        raise short from error
    _log.warning("%s got too little memory (%s): it is done again in %d pieces.", what, reason, 2 * pieces)
    return 2 * pieces


def again_in_pieces(
    work: Callable[[], T], pieces: int, of: int, what: str, remedy: str, cut_into: Callable[[int], None]
) -> T:
    """What the work gives. With too little memory it is done again, after `cut_into` was told of more pieces.

    Raises MemoryShortError as `more_pieces`.
    """
    while True:
        try:
            return work()
        except (MemoryError, RuntimeError) as error:
            if not is_short(error):
                raise
            pieces = more_pieces(pieces, of, what, error, remedy)
            free(error)
        cut_into(pieces)


def free(error: BaseException) -> None:
    """Lets go of what the failed work held, and returns it to the system."""
    while error is not None:
        error.__traceback__ = None
        error = error.__context__  # type: ignore[assignment]
    release_memory()


def n_ended_by_system() -> int:
    """How many processes this system has ended because there was no more memory; 0 where it does not say."""
    try:
        lines = VMSTAT.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def first_pieces() -> int:
    """In how many pieces this process does its work from the beginning: more if the system ended one that did it."""
    return int(2 ** min(_ended, RESTARTS))


def was_ended(times: int) -> None:
    """Says how often the system has ended a process that did what this one does now."""
    global _ended
    _ended = times


def cut(n: int, pieces: int) -> list[range]:
    """The numbers below n in so many pieces, whose sizes differ by at most one; none is empty.

    >>> cut(5, 2)
    [range(0, 2), range(2, 5)]
    """
    pieces = max(1, min(n, pieces))
    return [range(n * i // pieces, n * (i + 1) // pieces) for i in range(pieces)]
