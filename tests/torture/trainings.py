"""Promise 8: a training resumes. It is killed at random moments; then its newest checkpoint is torn, or not."""

import importlib
import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.models import saved_state
from tests.torture.promise import Promise, Seen, Trial

CHILD = "tests.torture.training_child"
OPTIMIZER = "optimizer.safetensors"
STATES = {
    "adapter": "checkpoint/state.safetensors",
    "whole model": "checkpoint/state.safetensors",
    "retriever": "checkpoint/state.safetensors",
    "embedder": "tuned.safetensors",
    "span reader": "checkpoint.safetensors",
}
"""The kinds of training, with the file of the state of each in its folder."""
ALLOWED = 1e-4
"""How far a loss may be from that of an undisturbed training."""
MOST_STEPS = 6
LONGEST_S = 0.02
SHORT = ("adapter", "span reader")
Losses = dict[int, float]
Torn = dict[Path, bytes]
"""What the files that were torn here hold since."""


class Attempt(NamedTuple):
    """One process: the steps it told with their losses, and whether it was killed before its end."""

    steps: list[tuple[int, float]]
    killed: bool


def trial(told: Trial) -> Seen:
    """Each kind of training is killed and goes on, until there were enough kills; then it is compared."""
    models, chance, broken, n_kills, n_torn = told.folder / "models", told.chance(), list[str](), 0, 0
    _process("prepare", models).join()
    kinds = SHORT if told.is_short else tuple(STATES)
    for kind in kinds:
        whole = told.folder / kind / "whole"
        losses = dict(_attempt(kind, models, whole).steps)
        killed, n = 0, 0
        while killed < told.times(20, 2):
            folder, n = told.folder / kind / f"killed-{n}", n + 1
            most = told.times(20, 2) - killed
            kills, torn, found = _until_finished(kind, models, folder, losses, chance, most)
            killed, n_torn = killed + kills, n_torn + torn
            broken += [f"{kind}, training {n}: {line}" for line in (*found, *_differences(whole, folder))]
        n_kills += killed
    figures = f"{n_kills} kills of {len(kinds)} kinds of training, after {n_torn} of them a torn checkpoint"
    return Seen(f"{figures}; optimizer, weights and losses equal" if not broken else figures, tuple(broken))


def _until_finished(
    kind: str, models: Path, folder: Path, losses: Losses, chance: random.Random, most: int
) -> tuple[int, int, list[str]]:
    """Kills a training until it has finished, at most so often: how often, how often its checkpoint was torn, and what
    was wrong.
    """
    state, n_kills, n_torn, broken, torn = folder / STATES[kind], 0, 0, list[str](), Torn()
    while True:
        wanted = _reached(state, torn)
        attempt = _attempt(kind, models, folder, chance if n_kills < most else None)
        if attempt.steps and attempt.steps[0][0] not in (wanted, wanted + 1):
            broken.append(f"went on with step {attempt.steps[0][0]} after step {wanted}")
        worst = max((abs(loss - losses.get(step, loss)) for step, loss in attempt.steps), default=0.0)
        broken += [f"a loss is {worst:.2g} from the undisturbed one"] if worst > ALLOWED else []
        if not attempt.killed:
            return n_kills, n_torn, broken
        n_kills += 1
        if chance.random() < 0.5 and state.exists():
            torn |= _tear(state, torn, chance)
            n_torn += 1


def _attempt(kind: str, models: Path, folder: Path, chance: random.Random | None = None) -> Attempt:
    """A training in a process of its own, killed some steps after it began if a chance is given."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = _process("train", kind, models, folder, theirs)
    theirs.close()
    n_steps = chance.randint(1, MOST_STEPS) if chance else 0
    steps, killed = list[tuple[int, float]](), False
    for step in _received(ours):
        steps.append(step)
        if chance and len(steps) == n_steps:
            time.sleep(LONGEST_S * chance.random())
            with suppress(ProcessLookupError):  # it has just finished
                os.kill(process.pid, signal.SIGKILL)
                killed = True
    process.join()
    return Attempt(steps, killed and not (folder / OPTIMIZER).exists())


def _process(name: str, *arguments: Any) -> Any:
    """This function of the child's module in a process of its own, from a server that has imported what it needs."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([CHILD])
    process = processes.Process(target=_call, args=(name, *arguments))
    process.start()
    return process


def _call(name: str, *arguments: Any) -> None:
    getattr(importlib.import_module(CHILD), name)(*arguments)


def _received(connection: Any) -> Iterator[tuple[int, float]]:
    while True:
        try:
            yield connection.recv()
        except (EOFError, OSError):
            return


def _reached(state: Path, torn: Torn) -> int:
    """The step of the newest checkpoint that is whole."""
    return max((_step(file, torn) for file in saved_state.files(state) if file.exists()), default=0)


def _step(file: Path, torn: Torn) -> int:
    """The step of a checkpoint, read apart from what reads it in the product. 0 if it was torn here."""
    content = file.read_bytes()
    if torn.get(file) == content:
        return 0
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    position = json.loads(header["__metadata__"]["position"])
    return int(position.get("step", position.get("n_steps")))


def _tear(state: Path, torn: Torn, chance: random.Random) -> Torn:
    """Cuts the newest checkpoint, or fills its end with zeros, as a power failure leaves it."""
    newest = max(filter(Path.exists, saved_state.files(state)), key=lambda file: _step(file, torn))
    content = left = newest.read_bytes()
    while left == content:
        kept = chance.randrange(len(content))
        left = content[:kept] + (bytes(len(content) - kept) if chance.random() < 0.5 else b"")
    newest.write_bytes(left)
    return {newest: left}


def _differences(whole: Path, folder: Path) -> list[str]:
    """The files of tensors in which a training differs from the undisturbed one."""
    names = sorted(path.relative_to(whole) for path in whole.rglob("*.safetensors") if "checkpoint" not in path.name)
    if Path(OPTIMIZER) not in names or len(names) < 2:
        raise RuntimeError(f"the undisturbed training wrote {names}")
    return [f"{name} differs" for name in names if not _equal(whole / name, folder / name)]


def _equal(one: Path, other: Path) -> bool:
    from safetensors.torch import load_file

    if not other.exists():
        return False
    first, second = load_file(one), load_file(other)
    return first.keys() == second.keys() and all(first[name].equal(second[name]) for name in first)


PROMISES = (
    Promise(8, "training resumes", "20 kills: optimizer equal, loss within 1e-4; torn: the checkpoint before", trial),
)
