"""The process that reads files for another one: python -m bakeoff.apart.child MEGABYTES

Takes calls from its standard input, tells what came of each. Ends with its parent; where the system can, it gets no
more memory than it may have, and writes no core.
"""

import faulthandler
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from bakeoff.apart import deadline, frames
from bakeoff.apart.peak_memory import peak_memory_bytes
from bakeoff.errors import BakeoffError

RETIRES_ABOVE = 0.35
"""A process that needed more than this share of its memory is not used again: freed memory is not always given back."""
OF_LIBRARIES = 48
"""Megabytes of the files of Python and of the parsers, which the limit does not count."""
GRACE_S = 10
"""The parent ends it in time. If there is none left to do so, it ends this much later by itself."""


def main() -> None:
    megabytes = int(sys.argv[1])
    asked, told = sys.stdin.buffer, _own_output()
    _limit(megabytes)
    while (call := frames.read(asked)) is not None:
        function, name, seconds = call.value
        module, _, called = function.partition(":")
        reader = getattr(importlib.import_module(module), called)
        _tell(told, frames.READY)
        if (content := frames.read(asked)) is None:
            return
        watch = _Watch(seconds, told)
        deadline.told_to(watch.longer)
        kind, value = _outcome(reader, name, content.content)
        watch.stop()
        del content
        _tell(told, kind, value)
        if kind not in (frames.GAVE, frames.REFUSED) or peak_memory_bytes() / 2**20 > RETIRES_ABOVE * megabytes:
            return
        _tell(told, frames.READY)


def _tell(told: IO[bytes], kind: bytes, content: bytes = b"") -> None:
    frames.write(told, kind, content)
    told.flush()


def _outcome(reader: Callable[[str, bytes], Any], name: str, content: bytes) -> tuple[bytes, bytes]:
    """What the function gives for the file, as a message. A foreign error is told by its kind and its words."""
    try:
        return frames.GAVE, frames.as_json(reader(name, content))
    except BakeoffError as error:
        return frames.REFUSED, frames.as_json([error.message, error.remedy])
    except MemoryError:
        return frames.NO_MEMORY, b""
    except Exception as error:  # noqa: BLE001  (a parser of others may raise anything: it costs this file alone)
        return frames.RAISED, frames.as_json(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")


class _Watch:
    """Ends this process if nobody else does."""

    def __init__(self, seconds: float, told: IO[bytes]) -> None:
        self._seconds, self._told = seconds, told
        self._null = Path(os.devnull).open("w")  # noqa: SIM115  (it is closed by `stop`)
        self._begin(seconds)

    def _begin(self, seconds: float) -> None:
        faulthandler.dump_traceback_later(seconds + GRACE_S, exit=True, file=self._null)

    def longer(self, seconds: float) -> None:
        _tell(self._told, frames.LONGER, frames.as_json(seconds))
        self._begin(self._seconds + seconds)

    def stop(self) -> None:
        faulthandler.cancel_dump_traceback_later()
        self._null.close()


def _own_output() -> IO[bytes]:
    """The pipe to the parent. What a library prints goes nowhere."""
    told = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return told


def _limit(megabytes: int) -> None:
    """No more memory than this, and no core: a core would hold what was read."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent still ends what takes too long
        return
    memory = getattr(resource, "RLIMIT_DATA" if sys.platform == "linux" else "RLIMIT_AS")
    for kind, most in ((memory, (megabytes - OF_LIBRARIES) * 2**20), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (wanted, wanted))
        except (ValueError, OSError):  # macOS refuses some
            continue


if __name__ == "__main__":
    main()
