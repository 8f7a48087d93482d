"""Models of the small pilot that take a while, or end the process that asks them."""

import os
import sys
import time

from bakeoff.models.engines.scripted import ScriptedGenerator
from tests.end_to_end.small import reader

PAUSE_S = 0.02
IN_A_WORKER = "executors" in sys.argv[0]


def slow_reader() -> ScriptedGenerator:
    """The reader, which takes a while for each answer."""
    usual = reader()._reply

    def reply(message: str) -> str:
        time.sleep(PAUSE_S)
        return usual(message)

    return ScriptedGenerator(reply, logprob=-0.1)


def deadly() -> ScriptedGenerator:
    """The reader. One question ends the worker that is asked it, unless BAKEOFF_TEST_HARMLESS is set."""
    usual, is_deadly = reader()._reply, "BAKEOFF_TEST_HARMLESS" not in os.environ

    def reply(message: str) -> str:
        if "Kesta" in message.splitlines()[-1] and IN_A_WORKER and is_deadly:
            os._exit(7)
        return usual(message)

    return ScriptedGenerator(reply, logprob=-0.1)
