"""A pilot on a Ray cluster of several nodes on this machine: the same as in one process, also if a node is killed."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import WorkerError
from bakeoff.pilot.executors.ray_cluster import RayExecutor
from bakeoff.protocols import Job
from bakeoff.runs.executor import ExecutorSettings
from tests.end_to_end.small import REPOSITORY
from tests.end_to_end.test_executors import pilot, same

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow
SLOWER = {"models": {"generator": "tests.end_to_end.slow_reader.slower_reader", "embedder": "hash"}}
NODE = {"num_cpus": 1, "object_store_memory": 80_000_000}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A cluster with a head that does no jobs and two nodes with a core each, on 127.0.0.1 only."""
    from ray._private import ray_constants
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # so Ray listens on 127.0.0.1 only
    monkeypatch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", False)  # the same, where ray was imported before
    monkeypatch.setenv("PYTHONPATH", f"{REPOSITORY / 'src'}:{REPOSITORY}")
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAKEOFF_TEST_NODE", str(tmp_path / "node"))
    head = {**NODE, "num_cpus": 0, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            made.add_node(**NODE)
        made.wait_for_nodes(30)
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


def on(cluster: Any, **more: Any) -> dict[str, Any]:
    return {"executor": {"kind": "ray", "address": cluster.address, **more}}


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_node_that_is_killed_costs_nothing(is_shared: bool, cluster: Any, tmp_path: Path) -> None:
    """The pilot in one process and on two nodes, of which one is killed once there are answers: all is equal. The nodes
    see the folder of runs, or an object store.
    """
    more = {"share": f"file://{tmp_path}/bucket"} if is_shared else {}
    notes: list[str] = []
    few = {"contenders": ["base", "rag", "extract"], "measuring": {"latency_questions": 3, "batch_size": 16}}
    whole = pilot(tmp_path / "one", **few)
    answers = tmp_path / "two" / "runs" / "planets" / "answers"

    def kill() -> None:
        workers = {node.node_id: node for node in cluster.worker_nodes}
        while not list(answers.glob("*.jsonl")):
            time.sleep(0.01)
        (tmp_path / "node").unlink()
        while not (tmp_path / "node").exists() or (asked_on := (tmp_path / "node").read_text()) not in workers:
            time.sleep(0.01)
        cluster.remove_node(workers[asked_on], allow_graceful=False)

    thread = threading.Thread(target=kill)
    thread.start()
    spread = pilot(tmp_path / "two", notes, **few, **on(cluster, **more), **SLOWER)
    thread.join()
    assert any("2 workers on 3 nodes of the Ray cluster" in note for note in notes)
    assert any("died" in note and "another one does it again" in note for note in notes), notes
    assert sum(node["Alive"] for node in cluster_nodes(cluster)) == 2
    same(whole, spread)


def cluster_nodes(cluster: Any) -> list[dict[str, Any]]:
    ray.init(address=cluster.address, log_to_driver=False)
    return list(ray.nodes())


def test_jobs_whose_workers_die_are_done_again_but_not_for_ever(cluster: Any, tmp_path: Path) -> None:
    told: list[str] = []
    executor = RayExecutor(ExecutorSettings(kind="ray", address=cluster.address, retries=1), told.append)
    here = "tests.end_to_end.slow_reader"
    jobs = [Job("once", f"{here}.dies_once", {"mark": tmp_path / "mark"}), Job("fine", f"{here}.doubled", {"n": 4})]
    assert {number: outcome.get() for number, outcome in executor.outcomes(jobs)} == {0: "alive", 1: 8}
    assert told == ["note: The worker of 'once' died (WorkerCrashedError); another one does it again."]
    failing = [Job("fails", f"{here}.doubled", {"n": None})]
    assert isinstance(next(executor.outcomes(failing))[1].error, TypeError), "its own error is not tried again"
    with pytest.raises(WorkerError, match=r"The worker of 'always' died .*, 2 times at this job"):
        list(executor.outcomes([Job("always", f"{here}.dies", {})]))
    executor.close()


def test_what_no_node_can_do_is_said_at_once(cluster: Any) -> None:
    with pytest.raises(WorkerError, match="needs 1 core and 1 graphics card, and no node of the Ray cluster has them"):
        RayExecutor(ExecutorSettings(kind="ray", address=cluster.address, gpus=1))
    assert not ray.is_initialized()
