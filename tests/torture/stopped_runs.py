"""Promise 6: a clean pause. A pilot gets SIGTERM at random moments: it ends soon, says so, and can be resumed.

Pilots of three kinds take turns: one whose model answers at once, one that waits for a model's server, and one that
trains in two workers.
"""

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.end_to_end.small import bakeoff, make
from tests.torture.fake_model import fake_model
from tests.torture.promise import Promise, Seen, Trial
from tests.torture.signalled import Command, Ended
from tests.unit.tiny_model import write_tiny_model

WITHIN_S = 10.0
STOPPED = 128 + signal.SIGTERM
ANSWER_S = 2.0
"""The time of the server for an answer."""
Kind = Callable[[Path], contextlib.AbstractContextManager[Path]]
"""Gives the folder of a pilot, within which its model answers."""


@contextlib.contextmanager
def at_once(folder: Path) -> Iterator[Path]:
    yield make(folder).parent


@contextlib.contextmanager
def waiting(folder: Path) -> Iterator[Path]:
    with fake_model(ANSWER_S) as model:
        yield make(folder, contenders=["rag"], models={"generator": model.settings, "embedder": "hash"}).parent


@contextlib.contextmanager
def training(folder: Path) -> Iterator[Path]:
    model = write_tiny_model(folder / "model", max_position_embeddings=1024)
    yield make(
        folder,
        models={"generator": {"name": str(model), "engine": "transformers"}, "embedder": "hash"},
        contenders=["tuned", {"like": "tuned", "name": "smaller", "tuning": {"rank": 2}}],
        retrieval={"k": 2, "chunk_tokens": 64},
        generation={"max_new_tokens": 1},
        tuning={"epochs": 2, "examples": 12},
        executor={"workers": 2},
        threads=1,
    ).parent


KINDS: tuple[tuple[Kind, int, int], ...] = ((at_once, 20, 1), (waiting, 15, 1), (training, 15, 0))
"""Each with its signals in full and in short: a pilot that trains takes longer than the short form may."""


def trial(told: Trial) -> Seen:
    """Of each kind, a run is begun, stopped and resumed, until enough signals were sent."""
    seen, broken, all_took = list[str](), list[str](), list[float]()
    for kind, full, short in KINDS:
        if n := told.times(full, short):
            with kind(told.folder / kind.__name__) as pilot:
                took, faults = _stopped(told, pilot, n)
            name = kind.__name__.replace("_", " ")
            seen.append(f"{len(took)} {name} (slowest {max(took):.1f} s)")
            broken += [f"{name}: {fault}" for fault in faults]
            all_took += took
    return Seen(
        f"{len(all_took)} SIGTERMs, the slowest end after {max(all_took):.1f} s: {', '.join(seen)}", tuple(broken)
    )


def _stopped(told: Trial, pilot: Path, n: int) -> tuple[list[float], list[str]]:
    """How long runs of this pilot took to end after their signals, and what went wrong."""
    length, chance = Command(pilot, "undisturbed", "--fresh").length(), told.chance()
    took, broken, number = list[float](), list[str](), 0
    while len(took) < n:
        name, number = f"stopped-{number}", number + 1
        ended = Command(pilot, name, "--fresh").signalled(signal.SIGTERM, length, chance)
        if ended.code != 0:  # else it had finished
            took.append(ended.seconds)
            broken += [f"{name} {fault}" for fault in _faults(pilot, name, ended)]
    return took, broken


def _faults(pilot: Path, name: str, ended: Ended) -> Iterator[str]:
    if ended.code not in (STOPPED, -signal.SIGTERM) or "Traceback" in ended.said:
        yield f"ended with {ended.code}: {ended.said[-300:]}"
    if ended.seconds > WITHIN_S:
        yield f"took {ended.seconds:.1f} s to end"
    if (pilot / "runs" / name).exists():
        last = bakeoff("run", "--resume", "--name", name, cwd=pilot)
        if last.returncode:
            yield f"could not be resumed: {last.stderr[-300:]}"


PROMISES = (Promise(6, "clean pause", "50 SIGTERMs end within 10 s", trial),)
