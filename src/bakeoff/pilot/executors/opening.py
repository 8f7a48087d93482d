"""`executor:` of a configuration to an executor, checked before the run begins."""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bakeoff.errors import MissingExtraError, WorkerError
from bakeoff.models import threads
from bakeoff.pilot.executors.local import LocalExecutor
from bakeoff.pilot.executors.parts import PartStore
from bakeoff.protocols import Executor
from bakeoff.runs.executor import ExecutorSettings
from bakeoff.sentences import counted


@contextmanager
def executing(settings: ExecutorSettings | None, tell: Callable[[str], None]) -> Iterator[Executor | None]:
    """The executor that these settings name; None without any: the main process does everything.

    Raises WorkerError if there can be none, and MissingExtraError without the package ray.
    """
    executor = _opened(settings, tell) if settings else None
    try:
        yield executor
    finally:
        if executor is not None:
            executor.close()


def _opened(settings: ExecutorSettings, tell: Callable[[str], None]) -> Executor:
    if settings.share:
        PartStore(settings.share).check()
    if settings.kind == "ray":
        from bakeoff.pilot.executors.ray_cluster import RayExecutor

        return RayExecutor(settings, tell)
    workers = settings.workers or max(1, threads.usable_cores() // settings.cpus)
    if settings.gpus:
        _check_cards(workers * settings.gpus)
    return LocalExecutor(workers, threads.chosen() or settings.cpus, settings.retries, settings.gpus, tell)


def _check_cards(wanted: int) -> None:
    """Raises WorkerError if this machine has fewer graphics cards."""
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("executor.gpus", "torch", "local")
    import torch

    if torch.cuda.device_count() < wanted:
        has = counted(torch.cuda.device_count(), "graphics card")
        raise WorkerError(
            f"executor: its workers need {counted(wanted, 'graphics card')}, and this machine has {has}.",
            "set executor.gpus or executor.workers lower",
        )
