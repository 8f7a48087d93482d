"""Ends a piece of Python code that takes too long, in whichever thread it runs.

Takes seconds and a class of exceptions. It ends loops of Python, not one long operation of it. Knows no model.
"""

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def time_limit(seconds: float, error: type[Exception]) -> Iterator[None]:
    """Raises the error in this thread, within the block, if the block has not ended after so many seconds."""
    thread, lock = ctypes.c_ulong(threading.get_ident()), threading.Lock()
    ended = raised = False

    def end() -> None:
        nonlocal raised
        with lock:
            if not ended:
                raised = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(error))

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    arrived = False
    try:
        yield
    except error:
        arrived = True
        raise
    finally:
        with lock:
            ended = True
        timer.cancel()
        if raised and not arrived:  # the block ended at the same moment
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)
