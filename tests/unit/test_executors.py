"""Executors: what workers are asked, what is counted where, and what is said when there are none."""

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from bakeoff.contenders.load import make_recipes
from bakeoff.errors import ConfigError, LimitReachedError, MissingExtraError, StoppedError, WorkerError
from bakeoff.files.locks import waited_for
from bakeoff.models.kept.clock import taken_s
from bakeoff.models.kept.results import Kept, KeptResults, NotedResults
from bakeoff.models.sharing import group
from bakeoff.pilot.asking import is_spread
from bakeoff.pilot.executors import jobs as jobs_of_workers
from bakeoff.pilot.executors import local
from bakeoff.pilot.executors.jobs import outcome_of
from bakeoff.pilot.executors.local import LocalExecutor
from bakeoff.pilot.executors.opening import executing
from bakeoff.protocols import Job
from bakeoff.runs.config import validate
from bakeoff.runs.executor import ExecutorSettings
from tests.end_to_end.small import environment

HERE = "tests.end_to_end.slow_reader"


def config(**more: Any) -> Any:
    return validate({"name": "a", "documents": ["d"], "questions": ["q"], "general": None, **more})


def spread_names(**more: Any) -> list[str]:
    settings = config(**more)
    return [recipe.spec.name for recipe in make_recipes(settings.specs) if is_spread(recipe, settings.models)]


def test_workers_ask_what_runs_here_and_the_main_process_asks_servers_and_own_classes() -> None:
    server = {"api": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "m"}
    contenders = [
        "base",
        "rag",
        {"like": "rag", "name": "paid", "model": "large"},
        {"like": "rag", "name": "found", "retrieval": {"embedder": "far"}},
        "extract",
        {"like": "router", "parts": {"near": ["base"], "far": ["rag"]}},
    ]
    models = {"generator": "scripted", "embedder": "hash", "large": server, "far": {**server, "model": "n"}}
    assert spread_names(contenders=contenders, models=models) == ["base", "rag", "extract"]
    answered = {"name": "HuggingFaceTB/SmolLM2-135M-Instruct", "answered_by": server}
    assert spread_names(contenders=["base", "extract"], models={"generator": answered, "embedder": "hash"}) == [
        "extract"
    ]


def test_jobs_come_back_with_their_values_or_their_own_errors() -> None:
    executor = LocalExecutor(2, 1, retries=0)
    jobs = [Job(str(n), f"{HERE}.doubled", {"n": n}) for n in (1, None, 3)]
    found = dict(executor.outcomes(jobs))
    assert (found[0].get(), found[2].get()) == (2, 6)
    with pytest.raises(TypeError) as raised:
        found[1].get()
    assert "slow_reader.py" in raised.value.__notes__[0], "the traceback of the worker"
    executor.close()


def test_a_worker_that_died_while_idle_costs_no_job_a_try(tmp_path: Path) -> None:
    executor = LocalExecutor(1, 1, retries=0)
    (first,) = executor.outcomes([Job("pid", "os.getpid", {})])
    os.kill(first[1].get(), 9)
    executor._free[0].how_it_ended()
    (second,) = executor.outcomes([Job("pid", "os.getpid", {})])
    assert second[1].get() != first[1].get()
    executor.close()


def test_what_is_under_way_stops_when_nobody_wants_it_any_more(tmp_path: Path) -> None:
    executor = LocalExecutor(2, 1, retries=0)
    outcomes = executor.outcomes(
        [Job("fast", f"{HERE}.doubled", {"n": 1}), Job("slow", f"{HERE}.sleeps", {"seconds": 600})]
    )
    assert next(outcomes)[0] == 0
    (slow,) = [process for process in executor._busy]
    outcomes.close()
    assert slow.how_it_ended()
    executor.close()


def test_workers_that_do_not_end_are_killed_all_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not each after its own wait: `docker stop` kills after ten seconds."""
    monkeypatch.setattr(local, "STOP_S", 2.0)
    executor = LocalExecutor(3, 1, retries=0)
    started = [tmp_path / str(i) for i in range(2)]
    jobs = [Job(path.name, f"{HERE}.sleeps_on", {"started": path}) for path in started]
    outcomes = executor.outcomes([*jobs, Job("fast", f"{HERE}.waits_for", {"paths": started})])
    assert next(outcomes)[0] == 2
    busy, began = list(executor._busy), time.monotonic()
    outcomes.close()
    assert time.monotonic() - began < 3.9
    assert [process.how_it_ended() for process in busy] == ["signal 9", "signal 9"]
    executor.close()


@pytest.mark.parametrize(
    "error",
    [ConfigError("a", "b"), MissingExtraError("ray", "ray", "ray"), StoppedError(15), LimitReachedError("full")],
)
def test_every_error_of_bakeoff_reaches_the_main_process_whole(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.exit_code) == (type(error), str(error), error.exit_code)  # type: ignore[attr-defined]


def test_an_error_that_cannot_be_pickled_comes_as_its_line() -> None:
    outcome = outcome_of(Job("odd", f"{HERE}.raises_odd", {}))
    assert type(outcome.error) is RuntimeError and "OddError: with a lock" in str(outcome.error)


def test_workers_only_read_what_is_kept_and_the_main_process_counts_and_writes(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite"
    earlier = KeptResults(path)
    earlier.put("answers", {b"a": Kept(b"1", 2.0)})
    earlier.close()
    main, worker = KeptResults(path), NotedResults(path)
    assert worker.get("answers", [b"a", b"b"]) == {b"a": Kept(b"1", 2.0)}
    worker.put("answers", {b"b": Kept(b"2", 1.0)})
    assert main.get("other", [b"b"]) == {}, "nothing was written yet"
    before = taken_s()
    for noted in pickle.loads(pickle.dumps(worker.noted())):
        noted.tell(main)
    assert worker.noted() == []
    assert main.counts["answers"] == (1, 2) and taken_s() - before == 2.0
    assert main.get("answers", [b"b"]) == {b"b": Kept(b"2", 1.0)}
    assert main.counts["answers"] == (1, 2), "what this run has made is not from an earlier one"
    assert NotedResults(None).get("answers", [b"a"]) == {}, "on another machine there is no file"


def test_a_second_training_in_a_folder_waits_for_the_first(tmp_path: Path) -> None:
    lock = str(tmp_path / "x.lock")
    code = (
        "from pathlib import Path; from bakeoff.files.locks import waited_for\n"
        f"with waited_for(Path({lock!r})): print('in', flush=True)"
    )
    with waited_for(tmp_path / "x.lock"):
        other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment())
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(3)
    assert other.communicate(timeout=60)[0] == "in\n"


def test_without_the_package_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(MissingExtraError, match=r"bakeoff\[ray\]"),
        executing(ExecutorSettings(kind="ray"), lambda line: None),
    ):
        pass


@pytest.mark.parametrize(
    ("address", "told"),
    [("127.0.0.1:9", "nobody answers at 127.0.0.1:9"), ("cluster", "it is HOST:PORT"), ("host:port", "nobody answers")],
)
def test_an_address_that_does_not_answer_is_said_before_the_run(address: str, told: str) -> None:
    pytest.importorskip("ray")
    with (
        pytest.raises(WorkerError, match=told),
        executing(ExecutorSettings(kind="ray", address=address), lambda line: None),
    ):
        pass


def test_graphics_cards_that_are_not_there_are_said_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with (
        pytest.raises(WorkerError, match="need 2 graphics cards, and this machine has 1 graphics card"),
        executing(ExecutorSettings(workers=2, gpus=1), lambda line: None),
    ):
        pass


def test_each_worker_sees_its_own_graphics_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,7")
    assert [LocalExecutor(2, 1, 0, gpus=1)._cards(place) for place in (0, 1, 2)] == ["4", "5", "7"]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert LocalExecutor(2, 1, 0, gpus=2)._cards(1) == "2,3"


def test_the_default_is_one_process() -> None:
    with executing(config().executor, lambda line: None) as executor:
        assert executor is None


def test_a_bad_executor_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"executor\.workers"):
        config(executor={"workers": 0})
    with pytest.raises(ConfigError, match=r"executor\.kind"):
        config(executor={"kind": "dask"})


def test_a_worker_reads_the_prompts_of_each_job_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So no answer is faster because of what this worker was asked before."""
    groups: list[int] = []

    def asked(contender: Any, questions: Any) -> list[Any]:
        groups.append(group())
        return []

    world = SimpleNamespace(open=lambda name: None)
    results = SimpleNamespace(noted=list)
    monkeypatch.setattr(jobs_of_workers, "opened", lambda place: (place, world, results))
    monkeypatch.setattr(jobs_of_workers, "ask", asked)
    place: Any = tmp_path
    spec: Any = SimpleNamespace(name="rag")
    for _ in range(2):
        jobs_of_workers.answer(place, jobs_of_workers.Asked(spec, "answer"), ())
    assert len({*groups, group()}) == 3


def test_an_address_without_a_cluster_is_refused() -> None:
    """It would be left unused, and the run would stay on this machine."""
    with pytest.raises(ValidationError, match="set kind: ray, or leave address out"):
        ExecutorSettings(workers=2, address="10.0.0.5:6379")
    assert ExecutorSettings(kind="ray", address="10.0.0.5:6379").address == "10.0.0.5:6379"
