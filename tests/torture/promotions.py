"""Promise 24: a promotion is atomic, a rollback is quick, and a worse candidate is not promoted.

A process promotes by the gate and rolls back until it is killed; a server is rolled back by the real command; worse
candidates of several kinds are put before the gate. One that is better is promoted, else a gate that is shut would do.
"""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import bakeoff
from bakeoff.decide.situation.profile import Profile
from bakeoff.learn.decisions import level_of_next, next_round, read_decisions
from bakeoff.learn.gate.gate import gate
from bakeoff.learn.gate.tested import GateDecision, Tested
from bakeoff.learn.promotion import Candidate, GateRound, decide_promotion
from bakeoff.runs.run import Run
from bakeoff.serve.deployment import deploy
from bakeoff.serve.releases import (
    add_release,
    current,
    make_current,
    numbers,
    previous,
    prune,
    read_release,
    rollback,
)
from tests.end_to_end.server_process import Server
from tests.end_to_end.small import bakeoff as command
from tests.end_to_end.small import make
from tests.torture.promise import Promise, Seen, Trial
from tests.unit.gate_rounds import N_GENERAL, asked, round_of
from tests.unit.released import ADAPTER, released_run

KILLED_WITHIN_S = (0.01, 0.4)
MOST = 5
"""So many times the kills are made at most until some promotions were among them: a busy machine comes to few."""
WEIGHTS = bytes(range(256)) * 1024
ROLLED_BACK_S, ROLLED_BACK_SHORT_S = 1.0, 10.0
"""From the start of the command until the server answers with the release before. The short form runs beside other
tests, which take the processor from it."""
N_FACTS = 300
RESTARTED_EVERY = 3
"""After so many rollbacks the server is started again."""


def trial(told: Trial) -> Seen:
    """Kills, rollbacks, and worse candidates."""
    run = released_run(told.folder / "runs" / "planets", weights=WEIGHTS)
    n_kills, n_promoted, broken = _killed(told, run)
    took, of_rollbacks = _rolled_back(told)
    n_worse, n_passed = told.times(20, 20), 0
    for what, tested in _worse(told.chance(), n_worse):
        if _served(told.folder / "worse", run, tested) != 1:
            n_passed += 1
            broken.append(f"a worse candidate was promoted: {what}")
    if _served(told.folder / "better", run, round_of(N_FACTS, won=45, lost=15)) != 2:
        broken.append("a better candidate was refused")
    return Seen(
        f"{n_kills} kills, {n_promoted} promotions between them, always one live; {len(took)} rollbacks, "
        f"the slowest {max(of.command_s for of in took):.2f} s, answered by the release before after "
        f"{max(of.answered_s for of in took):.2f} s; {n_worse - n_passed} of {n_worse} worse candidates refused",
        (*broken, *of_rollbacks),
    )


def _killed(told: Trial, run: Run) -> tuple[int, int, list[str]]:
    """How many kills there were, how many promotions happened between them, and what was wrong after one of them."""
    root, chance, broken = deploy(run, told.folder / "killed", ["base"]).root, told.chance(), list[str]()
    n_kills, kill = told.times(50, 10), 0
    while kill < n_kills or (_n_promoted(root) <= told.times(5, 2) and kill < MOST * n_kills):
        child = os.fork()
        if child == 0:
            try:
                _changes_for_ever(root, run, told.seed + kill)
            finally:
                os._exit(1)
        time.sleep(chance.uniform(*KILLED_WITHIN_S))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        broken += [] if os.WIFSIGNALED(status) else [f"kill {kill}: the process had failed before"]
        broken += [f"kill {kill}: {fault}" for fault in _faults(root)]
        kill += 1
    prune(root, keep=2)
    broken += [f"left behind: {path}" for path in (root / "releases").glob(".*")]
    n_promoted = _n_promoted(root)
    return kill, n_promoted, broken if n_promoted > told.times(5, 2) else [*broken, "too few promotions were tried"]


def _n_promoted(root: Path) -> int:
    return sum(decision.outcome == "promote" for decision in read_decisions(root))


def _changes_for_ever(root: Path, run: Run, seed: int) -> None:
    """What the process that is killed does. `base` reads no index: LanceDB does not work in a fork."""
    chance = random.Random(seed)
    while True:
        level = level_of_next(read_decisions(root))
        passed = GateDecision(promote=True, p=level / 2, level=level, reasons=("better",), facts=("f1",))
        _decide(root, run, passed)
        if chance.random() < 0.3:
            rollback(root)


def _decide(root: Path, run: Run, decided: GateDecision) -> None:
    turn = GateRound(next_round(read_decisions(root)), current(root))
    decide_promotion(root, turn, decided, Candidate(run, ("base",)))


def _faults(root: Path) -> Iterator[str]:
    """Exactly one release is live, it was decided, and every one that can be seen is complete."""
    there = set[int]()
    for number in numbers(root):
        folder = root / "releases" / str(number)
        built = json.loads((folder / "contenders" / "rag" / "contender.json").read_text())
        weights = (folder / "adapters" / ADAPTER / "weights.bin").read_bytes()
        if read_release(root, number).number == number and built["calibrated"] and weights == WEIGHTS:
            there.add(number)
        else:
            yield f"release {number} is not whole"
    live, before = current(root), previous(root)
    decided = {decision.candidate for decision in read_decisions(root) if decision.outcome == "promote"}
    if live not in there or before not in (None, *there):
        yield f"release {live} is live, {before} before it; whole are {sorted(there)}"
    if live != 1 and str(live) not in decided:
        yield f"release {live} is live without a decision"


class RolledBack(NamedTuple):
    """Seconds from the start of the command until it ended, and until the server answered with the release before."""

    command_s: float
    answered_s: float


def _rolled_back(told: Trial) -> tuple[list[RolledBack], list[str]]:
    """A server that is rolled back again and again by the command, and what was wrong."""
    folder = make(told.folder / "pilot").parent
    run = bakeoff.run(folder / "bakeoff.yaml", runs=folder / "runs")
    server, took = Server(folder, "-c", "extract").wait(), list[RolledBack]()
    root = folder / "deployments" / "planets"
    try:
        make_current(root, add_release(root, run, ["rag"], "better").number, "better")
        _wait_for(server, 2)
        for number in range(told.times(20, 3)):
            if number % RESTARTED_EVERY == RESTARTED_EVERY - 1:
                server.stop()
                server = Server(folder).wait()
                _wait_for(server, 3 - current(root), "release_before")
            goal, begun = 3 - current(root), time.perf_counter()
            done = command("rollback", "planets", cwd=folder)
            ended = time.perf_counter() - begun
            _wait_for(server, goal)
            took.append(RolledBack(ended, time.perf_counter() - begun))
            if done.returncode or current(root) != goal:
                return took, [f"a rollback failed: {done.stderr[-300:]}"]
    finally:
        server.stop()
    seconds = [of.answered_s for of in took]
    most = ROLLED_BACK_SHORT_S if told.is_short else ROLLED_BACK_S
    return took, [f"a rollback took {of:.2f} s" for of in seconds if of > most]


def _wait_for(server: Server, number: int, which: str = "release") -> None:
    deadline = time.monotonic() + 60
    while server.get("/health")[which] != number:
        if time.monotonic() > deadline:
            raise RuntimeError(server.said()[-1000:])
        time.sleep(0.01)


def _worse(chance: random.Random, n: int) -> Iterator[tuple[str, Tested]]:
    """Candidates that are worse: everywhere, on one slice alone, in general knowledge, by what they cost."""
    for i in range(n):
        lead = chance.randint(3, 15)
        wins = sum(chance.random() < 0.1 for _ in range(N_FACTS))
        losses = sum(chance.random() < 0.1 + lead / 100 for _ in range(N_FACTS))
        if i % 4 == 0:
            yield f"{lead} points worse", round_of(N_FACTS, won=wins, lost=losses)
        elif i % 4 == 1:
            questions = [*asked(240), *asked(60, "unanswerable", 240)]
            yield "worse on a slice", round_of(won=60, lost=15 + lead, questions=questions)
        elif i % 4 == 2:
            yield "worse in general knowledge", round_of(N_FACTS, won=60, general_lost=N_GENERAL // 4)
        else:
            yield f"{lead} points worse, cheaper", round_of(N_FACTS, won=wins, lost=losses, costs=(2.0, 1.0))


def _served(root: Path, run: Run, tested: Tested) -> int:
    """The release that is live after the gate decided about a candidate for release 1."""
    root = deploy(run, root, ["base"]).root
    _decide(root, run, gate(tested, Profile(), level_of_next(read_decisions(root))))
    return current(root)


PROMISES = (
    Promise(
        24,
        "promotion is atomic",
        "50 kills: exactly one live; rollback within 1 s; a worse candidate refused 20 of 20",
        trial,
    ),
)
