"""Bakeoff answers "RAG, fine-tuning, or both?" for a team's own documents and questions, by measurement.

import bakeoff

run = bakeoff.run("bakeoff.yaml")           # the whole pilot; runs/<name>/report.html shows it
run = bakeoff.open_run("runs/my-pilot")     # a run of an earlier day
run.measure("rag", "accuracy")              # any contender, any measure
run.ask("How long is the Tide Valve under warranty?")  # by the winner, or by the contender you name
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bakeoff.pilot.run import run
    from bakeoff.records import Answer, Question, ask
    from bakeoff.runs.config import Config, load_config
    from bakeoff.runs.run import Run, open_run

__version__ = "0.1.0"
__all__ = ["Answer", "Config", "Question", "Run", "ask", "load_config", "open_run", "run"]

_HOMES = {
    "Answer": "bakeoff.records",
    "Config": "bakeoff.runs.config",
    "Question": "bakeoff.records",
    "Run": "bakeoff.runs.run",
    "ask": "bakeoff.records",
    "load_config": "bakeoff.runs.config",
    "open_run": "bakeoff.runs.run",
    "run": "bakeoff.pilot.run",
}


def __getattr__(name: str) -> Any:
    """The public names, imported when they are first used, so that `import bakeoff` itself is instant."""
    if name not in _HOMES:
        raise AttributeError(f"module 'bakeoff' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
