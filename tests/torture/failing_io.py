"""Promise 11: any failing I/O. The Nth file operation of a pilot, of changes of documents, or of a log's writes, fails.

A library that is loaded before all others (`failing_io.c`) counts what goes through the C library, so that it reaches
Python, SQLite and LanceDB. Then the error must be told without a traceback, and what is left must open and go on.
"""

import errno
import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.errors import BakeoffError
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Thumb
from tests.end_to_end.small import REPOSITORY, environment, make
from tests.torture.documents import Texts, _after, _apply
from tests.torture.promise import Promise, Seen, Trial

SOURCE = Path(__file__).with_suffix(".c")
FAULTS = ((errno.EIO, False), (errno.ENOSPC, False), (errno.ENOSPC, True))
"""The error, and whether every write fails from then on."""
NO_FAULT = (0, (0, False))
LOG = "log.sqlite"
Fault = tuple[int, tuple[int, bool]]


class Ended(NamedTuple):
    """How an order ended: its exit code, the number of its file operations, and what it said."""

    code: int
    n: int
    out: str
    err: str


class Worker:
    """The process that carries out orders."""

    def __init__(self, folder: Path, library: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.io_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env={**environment(), "LD_PRELOAD": str(library), "BAKEOFF_CACHE": str(folder / "cache")},
        )

    def does(self, work: list[str] | str, cwd: Path, fault: Fault = NO_FAULT, seed: int = 0) -> Ended:
        """A command, or a kind of changes (`io_child.WORKS`), in this folder, with a fault below it."""
        assert self._process.stdin and self._process.stdout
        n, (number, lasts) = fault
        out, err = self._folder / "out.txt", self._folder / "err.txt"
        order: dict[str, Any] = {"work": work, "cwd": str(cwd), "below": str(cwd), "seed": seed}
        order |= {"n": n, "errno": number, "lasts": lasts, "out": str(out), "err": str(err)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        ended = json.loads(self._process.stdout.readline())
        return Ended(ended["code"], ended["n"], out.read_text(), err.read_text())

    def close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()


def library(folder: Path) -> Path | None:
    """The compiled library; None where there is no compiler of C, or no Linux."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sysconfig.get_platform().startswith("linux"):
        return None
    target = folder / "failing_io.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(target), str(SOURCE), "-ldl"], check=True)
    return target


def trial(told: Trial) -> Seen:
    """Faults in pilots first, then in changes of documents, then in a server's log of answers and feedback."""
    compiled = library(told.folder)
    if compiled is None:
        return Seen("nothing", untried="it needs Linux and a compiler of C")
    worker = Worker(told.folder, compiled)
    try:
        pilots, broken = _pilots(told, worker)
        documents, lost = _changes(told, worker, "documents", 5, _lost)
        logs, unlogged = _changes(told, worker, "log", 5, _unlogged)
    finally:
        worker.close()
    return Seen(f"{pilots}; {documents}; {logs}", (*broken, *lost, *unlogged))


def _fault(told: Trial, n: int) -> Fault:
    return n, FAULTS[(n + told.seed) % len(FAULTS)]


def _numbers(told: Trial, n_operations: int, short: int) -> list[int]:
    """Which operations fail: 500, or a few, evenly over all of them."""
    n = min(told.times(500, short), n_operations)
    first = told.chance().random()
    return [1 + int(n_operations * (at + first) / n) for at in range(n)]


def _pilots(told: Trial, worker: Worker) -> tuple[str, list[str]]:
    pilot, broken, n_told = make(told.folder / "pilot").parent, list[str](), 0
    first = worker.does(["run", "--fresh", "--name", "undisturbed"], pilot)
    if first.code:
        raise RuntimeError(first.err)
    wanted = _results(pilot / "runs" / "undisturbed")
    numbers = _numbers(told, first.n, 2)
    for n in numbers:
        name = f"failed-{n}"
        ended = worker.does(["run", "--fresh", "--name", name], pilot, _fault(told, n))
        n_told += ended.code != 0
        found = _unclear(ended)
        if ended.code or not _is_same(pilot / "runs" / name, wanted):
            begun = (pilot / "runs" / name).exists()
            again = worker.does(["run", "--resume" if begun else "--fresh", "--name", name], pilot)
            found += [f"could not be resumed: {again.err[-500:]}"] if again.code else []
            if not again.code and not _is_same(pilot / "runs" / name, wanted):
                found.append(f"other results; it had said: {ended.err[-500:]}")
        broken += [f"pilot, operation {n} ({_named(told, n)}): {line}" for line in found]
        shutil.rmtree(pilot / "runs" / name, ignore_errors=True)
    return f"{len(numbers)} faults in pilots of {first.n} operations, {n_told} told as an error", broken


def _changes(
    told: Trial, worker: Worker, kind: str, short: int, lost: Callable[[Path, list[str]], list[str]]
) -> tuple[str, list[str]]:
    """Faults in changes of this kind; `lost` says what is wrong with a folder after what was printed."""
    broken, n_told = list[str](), 0
    first = worker.does(kind, _new(told.folder / f"first-{kind}"))
    if first.code:
        raise RuntimeError(first.err)
    numbers = _numbers(told, first.n, short)
    for n in numbers:
        folder = _new(told.folder / f"{kind}-{n}")
        ended = worker.does(kind, folder, _fault(told, n), n)
        n_told += ended.code != 0
        broken += [
            f"{kind}, operation {n} ({_named(told, n)}): {line}"
            for line in _unclear(ended) + lost(folder, ended.out.splitlines())
        ]
        shutil.rmtree(folder)
    return f"{len(numbers)} in {kind} of {first.n} operations, {n_told} told", broken


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _lost(folder: Path, lines: list[str]) -> list[str]:
    """What is wrong with the documents after these changes, of which the last may not have been acknowledged."""
    changes = [json.loads(line) for line in lines if line != "done"]
    n_done, texts = lines.count("done"), Texts()
    for change in changes[:n_done]:
        _apply(texts, change)
    last = changes[n_done] if len(changes) > n_done else {}
    try:
        return _after(folder, texts, last)[1]
    except BakeoffError as error:
        return [f"does not open: {error}"]


def _unlogged(folder: Path, lines: list[str]) -> list[str]:
    """What is wrong with the log after these entries, of which the last may not have been acknowledged."""
    given = [line for line in lines if line != "done"]
    try:
        with Log(folder / LOG) as log:
            found = [entry.id for kind in (LoggedAnswer, Thumb) for entry in log.entries(kind)]
            log.append(LoggedAnswer(question="And now?", text="It is 5.", contender="rag"))
    except BakeoffError as error:
        return [f"does not open: {error}"]
    missing = set(given[: lines.count("done")]) - set(found)
    return [f"{len(missing)} acknowledged entries are missing"] * bool(missing) + [
        f"{one} was never given" for one in set(found) - set(given)
    ]


def _unclear(ended: Ended) -> list[str]:
    """Whether an error was not told as one."""
    if "Traceback" in ended.err or ended.code not in (0, 1, 2) or (ended.code and not ended.err.strip()):
        return [f"ended with {ended.code}: ...{ended.err[-900:]}"]
    return []


def _is_same(run: Path, wanted: dict[str, list[str]]) -> bool:
    try:
        return _results(run) == wanted
    except FileNotFoundError:
        return False


def _results(run: Path) -> dict[str, list[str]]:
    """The scores of a run, and what was answered: of a question that was asked again, as it failed, the later one."""
    found = {"scores": sorted((run / "scores.jsonl").read_text().splitlines())}
    for path in sorted((run / "answers").glob("*.test.jsonl")) or sorted((run / "answers").glob("*.jsonl")):
        answers = {one["question_id"]: one["text"] for one in map(json.loads, path.read_text().splitlines())}
        found[path.name] = sorted(f"{id}: {text}" for id, text in answers.items())
    return found


def _named(told: Trial, n: int) -> str:
    number, lasts = _fault(told, n)[1]
    return f"{errno.errorcode[number]}{' from then on' if lasts else ''}"


PROMISES = (Promise(11, "any failing I/O", "the Nth operation fails, N = 1..500: named error, no corruption", trial),)
