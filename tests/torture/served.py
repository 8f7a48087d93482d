"""A small run whose model is a fake one behind a server, served by `bakeoff serve` in a process of its own."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bakeoff
from tests.end_to_end.server_process import Server, free_port
from tests.end_to_end.small import PLANETS, make
from tests.torture.clients import Question
from tests.torture.fake_model import FakeModel, fake_model

MODEL = "rag"
QUESTIONS: tuple[Question, ...] = tuple(
    (f"How long is a year on {planet}?", facts[0]) for planet, facts in PLANETS.items()
)
UNLIMITED = ("--per-minute", "1000000")
"""One address asks all that is asked here."""


class Served(NamedTuple):
    """A running server, and the model that it asks."""

    server: Server
    model: FakeModel


def finished_run(folder: Path, port: int, **more: Any) -> bakeoff.Run:
    """A finished run whose model was a fast fake one at this port; a slower one may take its place."""
    with fake_model(0, port) as model:
        models = {"generator": model.settings, "embedder": "hash"}
        return bakeoff.run(make(folder, contenders=[MODEL], models=models, **more), runs=folder / "runs")


@contextlib.contextmanager
def served(
    folder: Path, seconds: float, *arguments: str, port: int | None = None, is_late: bool = False
) -> Iterator[Served]:
    """The run in this folder, made if there is none, behind a server; each answer of its model takes so long.

    `port` is that of the model of the run that is there.
    """
    if port is None:
        port = free_port()
        finished_run(folder, port)
    with fake_model(seconds, port, is_late) as model:
        server = Server(folder, *arguments)
        try:
            yield Served(server.wait(), model)
        finally:
            server.stop()
