"""Promise 19: who leaves stops the work. Clients leave at random moments, in every way in which a model is asked."""

import asyncio
import itertools
import random
import re
import socket
import struct
import time
from typing import NamedTuple

import bakeoff
from bakeoff.models.settings import DEFAULT_GENERATOR
from tests.end_to_end.server_process import Server, free_port
from tests.end_to_end.small import PLANETS, make
from tests.torture.clients import ask, metric, request
from tests.torture.fake_model import FakeModel
from tests.torture.promise import Promise, Seen, Trial
from tests.torture.served import MODEL, UNLIMITED, finished_run, served

WITHIN_S = 1.0
ANSWER_S, FIRST_S, LAST_S = 4.0, 0.8, 2.5
"""The time of an answer, and between which moments clients leave."""
AT_ONCE = 48
LONG_CHARACTERS = 7_900
LONG_WORDS = ("documents", "answers", "printers", "colour", "year", "customers", "orbit", "report", "planet", "morning")
EARLIER = ("How long is a year on Borun?", "29 days.")
"""What was said before a question that a model has to complete first."""
RESET = struct.pack("ii", 1, 0)
"""To linger for no time: closing resets the connection. Source: socket(7)."""


class Way(NamedTuple):
    """How a client asks, and leaves."""

    stream: bool
    is_follow_up: bool
    is_reset: bool
    sends_on: bool

    @property
    def words(self) -> str:
        said = ["streamed" if self.stream else "whole", "a follow-up" * self.is_follow_up]
        said += ["reset" if self.is_reset else "closed", "more was sent" * self.sends_on]
        return ", ".join(filter(None, said))


WAYS = [Way(*values) for values in itertools.product((True, False), repeat=4)]


class Left(NamedTuple):
    """A client that left: how, and when."""

    way: Way
    at: float


def trial(told: Trial) -> Seen:
    """Many clients at once, on a model that sends nothing before its end, and on one that streams."""
    port, slowest, n, broken = free_port(), 0.0, 0, list[str]()
    finished_run(told.folder, port)
    for is_late in (True, False)[: told.times(2, 1)]:
        with served(told.folder, ANSWER_S, port=port, is_late=is_late) as running:
            for i in range(told.times(20, 1)):
                chance = random.Random(told.seed + i)
                left = asyncio.run(_leave(running.server.port, chance))
                time.sleep(WITHIN_S)
                still = asyncio.run(metric(running.server.port, "bakeoff_answers_running"))
                broken += [f"the server still answered {still:.0f} questions after {WITHIN_S:g} s"] if still else []
                took = _took(running.model, left)
                model = "which sends nothing before its end" if is_late else "which streams"
                broken += [
                    f"{left[j].way.words}, of a model {model}: {s:.2f} s" for j, s in took.items() if s > WITHIN_S
                ]
                slowest, n = max(slowest, *took.values()), n + len(took)
    broken += ["not half of the clients left during a generation"] if n < told.times(2 * 20, 1) * AT_ONCE / 2 else []
    said = f"{n} clients left, the slowest end of a generation after {slowest:.2f} s"
    if n_local := told.times(30, 0):
        took = _left_while_read(told, n_local)
        said += f"; {n_local} while the local model read a long prompt, the slowest end after {max(took):.2f} s"
        broken += [f"the local model went on for {s:.2f} s" for s in took if s > WITHIN_S]
    return Seen(said, tuple(broken))


def _left_while_read(told: Trial, n: int) -> list[float]:
    """The seconds until the model that comes with Bakeoff does nothing, for clients that leave one after another."""
    folder, chance = told.folder / "local", told.chance()
    models = {"generator": DEFAULT_GENERATOR, "embedder": "hash"}
    few = dict(itertools.islice(PLANETS.items(), 3))
    bakeoff.run(make(folder, few, contenders=[MODEL], models=models), runs=folder / "runs")
    server = Server(folder, *UNLIMITED)
    try:
        server.wait()
        asyncio.run(ask(server.port, MODEL, "How long is a year on Aldra?", "", stream=False))  # the model is loaded
        return [asyncio.run(_idle_again(server.port, chance)) for _ in range(n)]
    finally:
        server.stop()


async def _idle_again(port: int, chance: random.Random) -> float:
    """The seconds from a client's leaving to the moment at which no question is answered."""
    words = " ".join(chance.choice(LONG_WORDS) for _ in range(LONG_CHARACTERS // 8))[:LONG_CHARACTERS]
    asked = request(MODEL, f"Summarise this: {words}", stream=chance.random() < 0.5)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(asked)
    await asyncio.sleep(chance.uniform(FIRST_S / 2, LAST_S))
    writer.close()
    left = time.monotonic()
    while await metric(port, "bakeoff_answers_running"):
        await asyncio.sleep(0.02)
    return time.monotonic() - left


async def _leave(port: int, chance: random.Random) -> dict[int, Left]:
    """Lets clients ask, and leave one after another; gives those that did, by the number in their question."""
    ways = [WAYS[i % len(WAYS)] for i in range(AT_ONCE)]
    moments = [chance.uniform(FIRST_S, LAST_S) for _ in ways]
    times = await asyncio.gather(*(_left(port, i, *one) for i, one in enumerate(zip(ways, moments, strict=True))))
    return {i: Left(way, at) for i, (way, at) in enumerate(zip(ways, times, strict=True))}


async def _left(port: int, number: int, way: Way, after_s: float) -> float:
    """When a client left that had asked."""
    begun = time.monotonic()
    asked = request(MODEL, f"How long is a year there? ({number})", way.stream, EARLIER if way.is_follow_up else ())
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(asked.replace(b"Connection: close\r\n", b"") if way.sends_on else asked)
    if way.sends_on:
        await asyncio.sleep(FIRST_S / 2)
        writer.write(asked)
    await asyncio.sleep(begun + after_s - time.monotonic())
    if way.is_reset:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
    else:
        writer.close()
    return time.monotonic()


def _took(model: FakeModel, left: dict[int, Left]) -> dict[int, float]:
    """The seconds until the generation for each of them ended, waiting for the last one.

    Nothing was generated for one that left before the model was asked.
    """
    while (state := model.state())["running"]:
        time.sleep(0.1)
    ended: dict[int, float] = {}
    for prompt, _, at in state["ended"]:
        number = re.findall(r"\((\d+)\)", prompt)
        ended |= {int(number[-1]): at} if number else {}
    return {i: max(0.0, at - left[i].at) for i, at in ended.items()}


PROMISES = (Promise(19, "who leaves stops the work", "a client leaves: the generation ends within 1 s", trial),)
