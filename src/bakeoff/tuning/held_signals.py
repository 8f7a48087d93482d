"""Delays Ctrl-C, SIGTERM and SIGHUP while something must not be interrupted.

Takes nothing, gives a list to which signals are added as they arrive. Knows nothing about training.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

HELD = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""Windows has no SIGHUP."""


@contextmanager
def held_signals() -> Iterator[list[int]]:
    """Collects these signals while the body runs. Afterwards they have their usual effect.

    The body checks the list where it can stop. A second signal takes effect at once. Signals that are ignored stay
    ignored. Outside the main thread nothing is delayed, because Python delivers no signals there.
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
    """Gives the signal its usual effect. A Python handler is called directly, so that it raises here and not later."""
    handler = handlers[signal.Signals(number)]
    if callable(handler):
        handler(number, frame)
    else:
        signal.raise_signal(number)
