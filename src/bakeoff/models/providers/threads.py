"""Runs many calls on a limited number of threads, with the results in order.

Knows nothing about what is called.
"""

import itertools
import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TypeVar

from bakeoff.models.cancelling import LOOK_EVERY_S, CallerGoneError, caller, can_leave

Item = TypeVar("Item")
Value = TypeVar("Value")


def in_parallel(call: Callable[[Item], Value], items: Sequence[Item], n_threads: int) -> list[Value]:
    """`call(item)` for every item, in the order of the items. The first exception stops the work and is raised.

    The threads are daemons, so that Ctrl-C does not wait for running calls. If the caller leaves, CallerGoneError is
    raised, and running calls are not waited for either. A single call of work whose caller stays needs no thread, which
    would cost more than the rest of what a call does here.
    """
    if len(items) == 1 and not can_leave():
        return [call(items[0])]
    somebody = caller()
    values: dict[int, Value] = {}
    errors: list[BaseException] = []
    numbers = itertools.count()

    def work() -> None:
        for i in numbers:  # next() of a count is atomic, so each number goes to one thread
            if i >= len(items) or errors:
                return
            try:
                values[i] = call(items[i])
            except BaseException as error:  # noqa: BLE001  (raised again below, in the thread that asked)
                errors.append(error)

    threads = [
        threading.Thread(target=copy_context().run, args=(work,), daemon=True)  # the same caller, the same ledger
        for _ in range(min(n_threads, len(items)))
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(LOOK_EVERY_S)
                somebody.raise_if_gone()
    except (KeyboardInterrupt, CallerGoneError) as interrupt:
        errors.append(interrupt)  # the threads start no further calls
        raise
    if errors:
        raise errors[0]
    return [values[i] for i in range(len(items))]
