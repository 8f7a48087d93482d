"""Delays Ctrl-C, SIGTERM and SIGHUP while something must not be interrupted.

Takes nothing, gives a list to which signals are added as they arrive. Knows nothing about training.
"""

import _thread
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

HELD = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""Windows has no SIGHUP."""
WITHIN_S = 6.0
"""So long a signal is held: who asks a process to end, as `docker stop` does, often kills it after ten seconds."""


@contextmanager
def held_signals(within_s: float = WITHIN_S) -> Iterator[list[int]]:
    """Collects these signals while the body runs. Afterwards they have their usual effect.

    The body checks the list where it can stop. A signal that it has held for `within_s` seconds takes effect in the
    midst of it, and a second signal at once. Signals that are ignored stay ignored. Outside the main thread nothing is
    delayed, because Python delivers no signals there.
    """
    arrived: list[int] = []
    late: list[threading.Timer] = []
    if threading.current_thread() is not threading.main_thread():
        yield arrived
        return
    handlers: dict[signal.Signals, Any] = {number: signal.getsignal(number) for number in HELD}
    handlers = {number: handler for number, handler in handlers.items() if handler not in (signal.SIG_IGN, None)}

    def hold(number: int, frame: FrameType | None) -> None:
        if not arrived:
            arrived.append(number)
            late.append(threading.Timer(within_s, _thread.interrupt_main, (number,)))
            late[0].daemon = True
            late[0].start()
            return
        for timer in late:
            timer.cancel()
        arrived.clear()
        _restore(handlers)
        _deliver(number, frame, handlers)

    try:
        for number in handlers:
            signal.signal(number, hold)
        yield arrived
    finally:
        for timer in late:
            timer.cancel()
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
