"""The vLLM servers that this process has started: one for each model, as many at once as the GPU's memory holds.

Takes what is wanted, gives a running server for as long as it is used. A server starts when it is first used, again if
it was stopped since, and stops when no generator holds its model, when another needs its memory, and before a training.
"""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.cancelling import LOOK_EVERY_S, caller
from bakeoff.models.engines.vllm_process import VllmProcess, Wanted, started

WHOLE_MEMORY = 1.0 + 1e-9
"""Shares such as .7, .2 and .1 are a little more than 1 together as floats."""
LONGEST_WAIT_S = 120.0


class VllmServers:
    """Servers by model. Safe to use from several threads; while one starts, the others wait.

    Each takes the share `gpu_memory_utilization` of the memory. Servers whose shares are more than all of it together
    do not run at once: the one used longest ago is stopped, as soon as nobody asks it.
    """

    def __init__(self, start: Callable[[Wanted], VllmProcess] = started) -> None:
        self._start = start
        self._running: list[VllmProcess] = []  # the one used last is last
        self._held: list[Wanted] = []
        self._changed = threading.Condition()

    def hold(self, wanted: Wanted) -> None:
        """Says that a generator has this model. Starts nothing."""
        with self._changed:
            self._held.append(wanted)

    def let_go(self, wanted: Wanted) -> None:
        """Says that a generator is gone. Stops the model's server if no other one has it."""
        with self._changed:
            self._held.remove(wanted)
            if not any(other.is_same_model(wanted) for other in self._held):
                self._stop([one for one in self._running if one.wanted.is_same_model(wanted)])

    def stop_idle(self) -> None:
        """Stops every server that nobody asks now. Who still has its model gets a new one when it asks again."""
        with self._changed:
            self._stop([one for one in self._running if not one.n_uses])

    @contextmanager
    def using(self, wanted: Wanted) -> Iterator[VllmProcess]:
        """The server of this model, started if needed, which stays for the block.

        Raises ModelUnavailableError if it cannot be started, or if those in its way are asked for too long.
        """
        server = self._taken(wanted)
        try:
            yield server
        finally:
            with self._changed:
                server.n_uses -= 1
                self._changed.notify_all()

    def _taken(self, wanted: Wanted) -> VllmProcess:
        with self._changed:
            end = time.monotonic() + LONGEST_WAIT_S
            while True:
                self._running = [one for one in self._running if one.is_running]
                found = next((one for one in self._running if _answers_for(one, wanted)), None)
                in_the_way = [] if found else self._in_the_way(wanted)
                idle = [one for one in in_the_way if not one.n_uses]
                if idle:
                    self._stop(idle[:1])
                elif in_the_way:
                    self._wait(wanted, in_the_way[0], end)
                else:
                    return self._used(found or self._start(self._with_highest_rank(wanted)))

    def _used(self, server: VllmProcess) -> VllmProcess:
        self._running = [*(one for one in self._running if one is not server), server]
        server.n_uses += 1
        return server

    def _in_the_way(self, wanted: Wanted) -> list[VllmProcess]:
        """Servers that have to stop first: one of the same model for lower ranks, else the oldest that leave room."""
        same = [one for one in self._running if one.wanted.is_same_model(wanted)]
        if same:
            return same
        shares = [one.wanted.options.gpu_memory_utilization for one in self._running]
        too_much = sum(shares) + wanted.options.gpu_memory_utilization > WHOLE_MEMORY
        return list(self._running) if too_much else []

    def _with_highest_rank(self, wanted: Wanted) -> Wanted:
        """For the highest rank of those who have the model, so that it is started once for all of them."""
        ranks = [other.rank for other in self._held if other.is_same_model(wanted)]
        return dataclasses.replace(wanted, rank=max([wanted.rank, *ranks]))

    def _wait(self, wanted: Wanted, other: VllmProcess, end: float) -> None:
        caller().raise_if_gone()
        if time.monotonic() > end:
            raise ModelUnavailableError(
                f"The vLLM servers of {wanted.name} and {other.wanted.name} are asked at the same time, and the GPU's "
                "memory is for one of them.",
                "give both a vllm.gpu_memory_utilization that is at most 1 together, so that they run side by side",
            )
        self._changed.wait(LOOK_EVERY_S)

    def _stop(self, servers: list[VllmProcess]) -> None:
        self._running = [one for one in self._running if one not in servers]
        for server in servers:
            server.stop()


def _answers_for(server: VllmProcess, wanted: Wanted) -> bool:
    return server.wanted.is_same_model(wanted) and server.max_rank >= wanted.rank


SERVERS = VllmServers()
"""Those of this process."""
