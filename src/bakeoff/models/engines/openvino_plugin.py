"""Loads OpenVINO's plugin for the processor without harm to the thread that asks for a model.

The plugin gives the thread that loads it a new stack for signals, and frees that stack when its last model is released.
If another thread releases that model, the first thread is left with a stack that is gone, and the next Ctrl-C kills the
process with a segmentation fault. So models are opened in a thread that ends at once.
"""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import openvino

DEVICE = "CPU"

Model = TypeVar("Model")


def opened_apart(opened: Callable[[], Model]) -> Model:
    """What `opened` returns or raises, called in a thread of its own. Everything that loads the plugin goes through
    here."""
    with ThreadPoolExecutor(1, "openvino-opens") as thread:
        return thread.submit(opened).result()


@functools.cache
def precision() -> str:
    """The fastest type of numbers that this processor computes with: bf16 or f32."""
    capabilities = opened_apart(lambda: openvino.Core().get_property(DEVICE, "OPTIMIZATION_CAPABILITIES"))
    return "bf16" if "BF16" in capabilities else "f32"
