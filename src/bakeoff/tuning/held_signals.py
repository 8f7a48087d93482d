"""Ctrl-C, SIGTERM and SIGHUP held back while something must not be left half done.

Takes nothing, gives a list that fills with the signals that have come. Knows nothing about training.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def held_signals() -> Iterator[list[int]]:
    """Collect these signals while the body runs; after it they do what they would have done.

    The body looks at the list where it can stop. A second signal takes effect at once. Signals that are ignored stay
    ignored. In a thread other than the main one nothing is held: Python delivers no signal there.
    """
    arrived: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield arrived
        return
    handlers: dict[signal.Signals, Any] = {number: signal.getsignal(number) for number in HELD}
    handlers = {number: handler for number, handler in handlers.items() if handler not in (signal.SIG_IGN, None)}

    def hold(number: int, frame: FrameType | None) -> None:
        if not arrived:
            arrived.append(number)
            return
        arrived.clear()
        _restore(handlers)
        _deliver(number, frame, handlers)

    try:
        for number in handlers:
            signal.signal(number, hold)
        yield arrived
    finally:
        _restore(handlers)
        if arrived:
            _deliver(arrived[0], None, handlers)


def _restore(handlers: dict[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _deliver(number: int, frame: FrameType | None, handlers: dict[signal.Signals, Any]) -> None:
    """What the signal would have done; a handler of Python is called, so that it raises here and not a bit later."""
    handler = handlers[signal.Signals(number)]
    if callable(handler):
        handler(number, frame)
    else:
        signal.raise_signal(number)
