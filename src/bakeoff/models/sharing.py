"""Which prompts may share what a local engine keeps of them: the keys and values of a common beginning.

Takes nothing, gives numbers of groups that an engine asks for. They are carried by the context of a thread, so that the
layers between a run and its engine need not know them. Knows nothing about engines.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

EVERYBODY = 1
_numbers = itertools.count(EVERYBODY + 1)
_group: ContextVar[int] = ContextVar("group", default=EVERYBODY)


def group() -> int:
    """The group of the prompts of this thread. Those that are in no block below, as a server's, are all in one."""
    return _group.get()


@contextmanager
def read_apart() -> Iterator[None]:
    """Within this block, prompts share nothing with any prompt before it, beside it or after it.

    What is measured within is the same no matter what the engine has read before.
    """
    before = _group.set(next(_numbers))
    try:
        yield
    finally:
        _group.reset(before)
