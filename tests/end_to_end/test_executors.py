"""Pilots whose work is done by processes of their own: the same answers, scores and verdict as in one process."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import WorkerError
from bakeoff.files import jsonl
from bakeoff.pilot.executors.local import LocalExecutor
from bakeoff.pilot.run import run
from bakeoff.pilot.stage_times import Event
from bakeoff.records import Answer
from bakeoff.retrieval import syncing
from bakeoff.retrieval.lance_table import open_table, read_state
from bakeoff.runs.config import load_config
from bakeoff.runs.folder import RunFolder
from tests.end_to_end.small import environment, make
from tests.end_to_end.test_race import OVER

ROUTER = {"like": "router", "parts": {"near": ["base"], "far": ["rag"]}}
CONTENDERS = ["base", "rag", "extract", "long-context", "faq", ROUTER]
TIMES = ("seconds", "latency_ms")
SLOW = {"models": {"generator": "tests.end_to_end.slow_reader.slow_reader", "embedder": "hash"}}
LOCAL = {"executor": {"workers": 2}}


def answers_of(folder: RunFolder) -> dict[str, list[Any]]:
    """All answers of a run, without how long they took. Latency is measured in the main process, on other questions."""
    files = sorted(folder.root.glob("**/answers/*.jsonl"))
    return {
        str(file.relative_to(folder.root)): [
            untimed(answer.model_dump(mode="json")) for answer in jsonl.read(file, Answer)
        ]
        for file in files
    }


def untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: untimed(item) for key, item in value.items() if key not in TIMES}
    return [untimed(item) for item in value] if isinstance(value, list) else value


def verdict_of(folder: RunFolder) -> Any:
    """What was decided. What it costs depends on times."""
    verdict = json.loads(folder.verdict_path.read_text())
    return {key: verdict[key] for key in ("name", "status", "requirements") if key in verdict}


def scores_of(folder: RunFolder) -> list[Any]:
    return sorted(
        (row["contender"], row["question_id"], row["measure"], row["value"])
        for row in map(json.loads, folder.scores_path.read_text().splitlines())
        if row["measure"] not in TIMES
    )


def same(one: RunFolder, other: RunFolder) -> None:
    """Both runs gave the same, bit for bit."""
    assert answers_of(one) == answers_of(other)
    assert scores_of(one) == scores_of(other)
    assert verdict_of(one) == verdict_of(other)
    assert {race.contender: race for race in one.races()} == {race.contender: race for race in other.races()}


def pilot(folder: Path, notes: list[str] | None = None, **more: Any) -> RunFolder:
    def listen(event: Event) -> None:
        if notes is not None and event.note:
            notes.append(event.note)

    path = make(folder, **{"contenders": CONTENDERS, **more})
    return run(load_config(path), runs=folder / "runs", listener=listen).folder


def test_workers_give_what_one_process_gives(tmp_path: Path) -> None:
    notes: list[str] = []
    whole = pilot(tmp_path / "one")
    spread = pilot(tmp_path / "two", notes, **LOCAL)
    same(whole, spread)
    assert any(note.startswith("Workers: 2 processes on this machine") for note in notes)
    assert any(note.startswith("The main process asks router") for note in notes)


def test_a_race_by_workers_ends_as_in_one_process(tmp_path: Path) -> None:
    race = {"contenders": ["rag", "extract"], "race": {"over": OVER, "facts": 4}}
    whole, spread = pilot(tmp_path / "one", **race), pilot(tmp_path / "two", **race, **LOCAL)
    assert whole.races() and whole.races()[0].n_answers
    same(whole, spread)


def workers_of(parent: int) -> list[int]:
    """The processes that a process has started as workers."""
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "executors.worker" in line]


def test_a_worker_that_is_killed_costs_nothing(tmp_path: Path) -> None:
    """SIGKILL in the middle of a batch: another worker asks it again, and all is as in one process."""
    notes: list[str] = []
    whole = pilot(tmp_path / "one")
    killed: list[int] = []

    def kill() -> None:
        answers = tmp_path / "two" / "runs" / "planets" / "answers"
        while not list(answers.glob("*.jsonl")):
            time.sleep(0.01)
        killed.extend(workers_of(os.getpid())[:1])
        os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    spread = pilot(tmp_path / "two", notes, **LOCAL, **SLOW)
    thread.join()
    assert killed and killed[0] not in workers_of(os.getpid())
    same(whole, spread)


def test_a_worker_that_dies_again_and_again_ends_the_run_which_goes_on(tmp_path: Path) -> None:
    """One question kills whoever is asked it. The message names it; what was answered before is kept."""
    path = make(
        tmp_path,
        contenders=["base", "rag"],
        models={"generator": "tests.end_to_end.slow_reader.deadly", "embedder": "hash"},
        **LOCAL,
    )
    with pytest.raises(WorkerError, match=r"The worker of 'base, .*' died \(exit code 7\), 3 times at this job"):
        run(load_config(path), runs=tmp_path / "runs")
    answers = tmp_path / "runs" / "planets" / "answers"
    before = {file.name: jsonl.read(file, Answer) for file in answers.glob("*.jsonl")}
    assert not workers_of(os.getpid())
    os.environ["BAKEOFF_TEST_HARMLESS"] = "1"
    try:
        folder = run(load_config(path), runs=tmp_path / "runs", resume=True).folder
    finally:
        del os.environ["BAKEOFF_TEST_HARMLESS"]
    for name, earlier in before.items():
        now = {answer.question_id: answer for answer in jsonl.read(answers / name, Answer)}
        assert all(now[answer.question_id] == answer for answer in earlier), "kept, not asked again"
    assert folder.verdict_path.exists()


def test_workers_end_with_a_main_process_that_is_killed(tmp_path: Path) -> None:
    make(tmp_path, contenders=["base", "rag"], **LOCAL, **SLOW)
    process = subprocess.Popen(
        [sys.executable, "-m", "bakeoff", "run"], cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL
    )
    while process.poll() is None and not (workers := workers_of(process.pid)):
        time.sleep(0.02)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert workers and not [worker for worker in workers if Path(f"/proc/{worker}").exists()]


def test_other_workers_may_go_on_with_a_run(tmp_path: Path) -> None:
    """`executor` is no part of what a run measures."""
    folder = pilot(tmp_path, **LOCAL)
    folder.verdict_path.unlink()
    path = tmp_path / "bakeoff.yaml"
    path.write_text(json.dumps({**json.loads(path.read_text()), "executor": {"workers": 1}}))
    assert run(load_config(path), runs=tmp_path / "runs", resume=True).folder.root == folder.root


def test_an_index_that_workers_embed_is_that_of_one_process(tmp_path: Path, monkeypatch: Any) -> None:
    """Groups of three chunks, so that there are many."""
    monkeypatch.setattr(syncing, "GROUP_CHUNKS", 3)
    handed: list[str] = []
    outcomes = LocalExecutor.outcomes

    def watched(self: LocalExecutor, jobs: Any) -> Any:
        handed.extend(job.function.rpartition(".")[2] for job in jobs)
        return outcomes(self, jobs)

    monkeypatch.setattr(LocalExecutor, "outcomes", watched)
    whole, spread = (pilot(tmp_path / name, contenders=["rag"], **more) for name, more in (("one", {}), ("two", LOCAL)))
    assert handed.count("embed") > 3
    same(whole, spread)
    tables = [vectors_of(folder) for folder in (whole, spread)]
    assert tables[0] == tables[1] and len(tables[0]) > 10


def vectors_of(folder: RunFolder) -> list[Any]:
    """The passages and vectors of a run's index, in their order."""
    (index,) = (folder.world / "indexes").iterdir()
    rows = open_table(index, read_state(index).table).search().limit(1000).to_arrow().to_pylist()  # type: ignore[union-attr]
    return sorted((row["passage"], row["vector"]) for row in rows)
