"""Ctrl-C and the signals that ask a process to end, turned into one clear message.

Takes a body to run, raises StoppedError if it was stopped. Knows nothing about runs.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from bakeoff.errors import StoppedError
from bakeoff.files.cache import cache_folder
from bakeoff.files.room import is_of_system, refused

ENDING = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""Sent by kill, by a container's stop and by a closed terminal. Windows has no SIGHUP."""


class Terminated(KeyboardInterrupt):
    """Like KeyboardInterrupt, for other signals, so that code that cleans up after Ctrl-C does so here too."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def explained(then: str, *places: Path) -> Iterator[None]:
    """Raises what the system refuses, such as a full disk, as a BakeoffError; `then` is what to do afterwards. `places`
    are the folders that the body writes to, besides the cache.
    """
    try:
        yield
    except BrokenPipeError:  # the program that reads the output has ended: nothing is wrong here
        raise
    except OSError as error:
        if not is_of_system(error):
            raise
        raise refused(error, then, (*places, cache_folder())) from error


@contextmanager
def stoppable(go_on: str, *places: Path) -> Iterator[Callable[[], None]]:
    """Raises StoppedError if the body is stopped by Ctrl-C, SIGTERM or SIGHUP. `go_on` is the command that goes on,
    `places` are the folders that the body writes to, besides the cache.

    What the system refuses, as a full disk does, is raised as a BakeoffError that names this command, too.

    To be used in the main thread. A signal that is ignored (as nohup does with SIGHUP) stays ignored. Yields a function
    that the body calls now and then. It stops the body if a signal's exception was lost, which happens if the signal
    arrives while Python cleans up an object.
    """
    before = {number: signal.getsignal(number) for number in ENDING}
    arrived: list[int] = []

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        arrived.append(number)
        raise Terminated(number)

    def check() -> None:
        if arrived:
            raise Terminated(arrived[0])

    try:
        for number, handler in before.items():
            if handler != signal.SIG_IGN:
                signal.signal(number, stop)
        with explained(f"continue with: {go_on}", *places):
            yield check
    except Terminated as error:
        raise StoppedError(error.number, f"continue with: {go_on}") from None
    except KeyboardInterrupt:
        raise StoppedError(remedy=f"continue with: {go_on}") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
