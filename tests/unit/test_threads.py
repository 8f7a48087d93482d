"""The number of threads a model computes with: chosen by the user, free cores, and limits of control groups."""

import multiprocessing
import os
from pathlib import Path

import pytest

from bakeoff.models import threads


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "_configured", None)
    monkeypatch.setattr(threads, "SAMPLE_S", 0.0)


def test_a_number_given_comes_before_the_configuration_and_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """And each of those before the number of free cores."""
    monkeypatch.setattr(threads, "busy_cores", lambda: 0.0)
    monkeypatch.setattr(threads, "usable_cores", lambda: 1)
    assert threads.free_threads() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "5,2")
    assert threads.free_threads() == 5
    threads.configure(7)
    assert threads.free_threads() == 7
    assert threads.free_threads(3) == 3
    threads.configure(None)
    assert threads.free_threads() == 5


def test_threads_that_do_not_wait_for_one_another_take_every_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the user chose a number."""
    monkeypatch.setattr(threads, "busy_cores", lambda: 4.0)
    monkeypatch.setattr(threads, "usable_cores", lambda: 4)
    assert threads.independent_threads() == 4
    assert threads.free_threads() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert threads.independent_threads() == 2
    assert threads.independent_threads(3) == 3


@pytest.mark.parametrize("value", ["", "0", "-1", "many"])
def test_an_environment_variable_that_is_no_number_of_threads_is_ignored(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Then the cores are counted."""
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    monkeypatch.setattr(threads, "busy_cores", lambda: 0.0)
    monkeypatch.setattr(threads, "_cpus", lambda: (0, 1, 2))
    monkeypatch.setattr(threads, "usable_cores", lambda: 3)
    assert threads.free_threads() == 3


@pytest.mark.parametrize(
    ("n_cpus", "usable", "busy", "free"),
    [
        (2, 2, 0.0, 2),
        (2, 2, 0.4, 2),
        (2, 2, 0.6, 1),
        (2, 2, 2.0, 1),  # one thread even if no core is free
        (8, 8, 10.0, 1),
        (64, 4, 30.0, 4),  # a control group's four of 64, half of which others use
        (64, 4, 62.0, 2),
        (8, 4, 3.0, 4),  # eight logical processors on four cores
    ],
)
def test_cores_that_others_use_are_left_to_them(
    monkeypatch: pytest.MonkeyPatch, n_cpus: int, usable: int, busy: float, free: int
) -> None:
    """Rounded to whole cores. Other processes count only if they use cores that this process may use."""
    monkeypatch.setattr(threads, "_cpus", lambda: tuple(range(n_cpus)))
    assert threads.free_cores(usable, busy) == free


def test_a_busy_neighbour_is_seen_and_this_process_itself_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """With counters like the kernel's: two cores, both busy, one of them with this process's own work."""
    seconds = iter([100.0, 110.0])
    monkeypatch.setattr(threads, "_busy_seconds", lambda: next(seconds))
    wall, own = iter([0.0, 5.0]), iter([50.0, 55.0])
    monkeypatch.setattr(threads.time, "perf_counter", lambda: next(wall))
    monkeypatch.setattr(threads.time, "process_time", lambda: next(own))
    assert threads.busy_cores(lambda s: None) == pytest.approx(1.0)


def _spin() -> None:
    while True:
        pass


def test_processes_that_keep_every_core_busy_leave_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured on this machine with a neighbour on each of its cores."""
    monkeypatch.setattr(threads, "SAMPLE_S", 0.5)
    if threads._busy_seconds() is None:
        pytest.skip("this system has no /proc/stat")
    neighbours = [multiprocessing.get_context("spawn").Process(target=_spin, daemon=True) for _ in threads._cpus()]
    for neighbour in neighbours:
        neighbour.start()
    try:
        for _ in range(40):  # until they have started
            if (n_free := threads.free_threads()) == 1:
                break
        assert n_free == 1
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.join()


def test_a_system_without_counters_is_judged_by_its_load_average(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less the load of this process."""
    monkeypatch.setattr(threads, "_busy_seconds", lambda: None)
    monkeypatch.setattr(os, "getloadavg", lambda: (3.0, 0.0, 0.0))
    monkeypatch.setattr(threads, "_own_load", lambda: 1.0)
    assert threads.busy_cores() == 2.0


def test_the_counters_of_the_kernel_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """All time that is not idle, of the processors this process may use. Guest time is already part of user time."""
    stat = "cpu 9 9 9 9\ncpu0 100 10 50 1000 30 1 2 3 77 0\ncpu1 200 0 0 900 0 0 0 0 0 0\ncpu2 5 5 5 5 5 5 5 5 5 5\n"
    monkeypatch.setattr(threads, "_read", lambda path: stat)
    monkeypatch.setattr(threads, "_cpus", lambda: (0, 1))
    assert threads._busy_seconds() == pytest.approx((166 + 200) / threads.TICKS_PER_S)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_tightest_control_group_counts(tmp_path: Path) -> None:
    """A group inside another gets no more than the outer one. v2 writes both numbers in one file."""
    own = tmp_path / "cgroup"
    own.write_text("0::/pods/mine\n")
    _write(tmp_path / "fs" / "cpu.max", "max 100000\n")
    _write(tmp_path / "fs" / "pods" / "cpu.max", "150000 100000\n")
    _write(tmp_path / "fs" / "pods" / "mine" / "cpu.max", "400000 100000\n")
    assert threads.cgroup_quota(tmp_path / "fs", own) == 1.5
    _write(tmp_path / "fs" / "pods" / "cpu.max", "max 100000\n")
    assert threads.cgroup_quota(tmp_path / "fs", own) == 4.0


def test_a_control_group_of_the_first_version(tmp_path: Path) -> None:
    """Two files in the controller's own folder. -1 means no limit."""
    own = tmp_path / "cgroup"
    own.write_text("4:memory:/m\n3:cpu,cpuacct:/docker/x\n")
    folder = tmp_path / "fs" / "cpu,cpuacct"
    _write(folder / "cpu.cfs_quota_us", "-1\n")
    _write(folder / "cpu.cfs_period_us", "100000\n")
    assert threads.cgroup_quota(tmp_path / "fs", own) is None
    _write(folder / "docker" / "x" / "cpu.cfs_quota_us", "50000\n")
    _write(folder / "docker" / "x" / "cpu.cfs_period_us", "100000\n")
    assert threads.cgroup_quota(tmp_path / "fs", own) == 0.5


def test_no_control_group_limits_nothing(tmp_path: Path) -> None:
    """As on a system without control groups."""
    assert threads.cgroup_quota(tmp_path, tmp_path / "missing") is None


def test_a_quota_below_one_core_leaves_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of a core is rounded down, but to at least one."""
    monkeypatch.setattr(threads, "_cpus", lambda: (0, 1, 2, 3))
    monkeypatch.setattr(threads, "_siblings", lambda cpu: str(cpu // 2))
    for quota, usable in ((None, 2), (0.5, 1), (1.9, 1), (8.0, 2)):
        monkeypatch.setattr(threads, "cgroup_quota", lambda quota=quota: quota)
        assert threads.usable_cores() == usable


def test_torch_computes_with_the_number_of_threads_given() -> None:
    """In the whole process, from then on."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    try:
        for n in (2, 1):
            threads.use_threads(n)
            assert torch.get_num_threads() == n
    finally:
        torch.set_num_threads(before)


def test_openvino_is_tied_to_cores_only_where_all_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes pinned to the same core would share it while others are free."""
    monkeypatch.setattr(threads, "_cpus", lambda: (0, 1))
    assert threads.openvino_properties(2) == {"INFERENCE_NUM_THREADS": "2"}
    assert threads.openvino_properties(1) == {"INFERENCE_NUM_THREADS": "1", "ENABLE_CPU_PINNING": "NO"}
