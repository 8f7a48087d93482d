"""Who asks a model: which contender, in which stage of a run, and in which role the model is asked.

Takes nothing, gives names that the ledger writes down. They are carried by the context of a thread, so that the layers
between a run and its HTTP client need not know them. Knows nothing about prices.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

LATENCY = "latency"
"""The stage that measures latency: its calls are always sent, one at a time."""
LOADING = "load"
"""The stage that loads models, and tests them."""
EMBEDDING, REWRITING, RERANKING, JUDGE, CHECK = "embedding", "rewriting", "reranking", "judge", "check"
"""Roles that are the same in every stage. In all other calls the role is that of the stage."""
JUDGE_AGAIN, JUDGE_CANARIES = "judge-again", "judge-canaries"
"""What a judge is asked once more, to see whether it says the same: never answered by replies to the first time."""
ROLES = {
    "calibrate": "dev",
    "served-dev": "dev",
    "latency": "latency",
    "answer": "test",
    "answer-updated": "update",
    "present": "presentation",
    JUDGE: JUDGE,
    JUDGE_AGAIN: JUDGE,
    JUDGE_CANARIES: JUDGE,
    LOADING: CHECK,
}
"""The role of a model that is asked in a stage, by the stage's name."""


class Asker(NamedTuple):
    """A contender (empty if several share the call), a stage, and the role of the model."""

    contender: str = ""
    stage: str = ""
    role: str = CHECK


NOBODY = Asker()
_ASKER: ContextVar[Asker] = ContextVar("asker", default=NOBODY)


def asker() -> Asker:
    """Who asks in this thread. Threads that are started by `in_parallel` ask for the one that started them."""
    return _ASKER.get()


@contextmanager
def asking_in(stage: str, contender: str = "") -> Iterator[None]:
    """Within this block, calls are those of this stage of this contender."""
    before = _ASKER.set(Asker(contender, stage, ROLES.get(stage, stage)))
    try:
        yield
    finally:
        _ASKER.reset(before)


@contextmanager
def in_role(role: str) -> Iterator[None]:
    """Within this block, the model is asked in this role, for whom it was asked before."""
    before = _ASKER.set(_ASKER.get()._replace(role=role))
    try:
        yield
    finally:
        _ASKER.reset(before)
