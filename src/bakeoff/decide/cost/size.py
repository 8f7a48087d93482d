"""How a model's size changes assumed costs: seconds of an answer, speed of training, and machines to hold it.

Takes billions of parameters and where the model runs. Gives factors on what was measured with the default model. Knows
nothing about contenders or prices.

On a machine without a GPU everything follows from the measurement with 0.135 billion parameters in proportion to size.
On a GPU the arithmetic is that of a 24 GB card with 35 x 10^12 operations a second in 16 bits, 40 % of it used, and 8
answers at a time: 2 operations for each parameter and token of a prompt (Kaplan et al. 2020, arXiv:2001.08361), 2 bytes
of each parameter read for 8 answer tokens at 600 GB/s, 6 operations for each parameter and trained token.
"""

import math
from typing import Literal

from bakeoff.records import Record

DEFAULT_BILLION = 0.135
"""The size of the model that the assumed seconds were measured with, assumed if the profile names none."""
GPU_OPERATIONS = 35e12 * 0.4
GPU_BYTES_PER_SECOND = 600e9
GPU_BATCH = 8
BYTES = 2
GPU_GB, MACHINE_GB = 20.0, 6.0
"""Memory of one GPU and of one machine that weights may take; the rest is for prompts, the index and the system."""


class Size(Record):
    """A model of so many billion parameters. `known` is false if the profile does not say."""

    billion: float = DEFAULT_BILLION
    known: bool = False

    @property
    def note(self) -> str:
        """The size in words, for the source of an assumed number."""
        size = f"{self.billion:g} billion parameters"
        return f"a model of {size}" if self.known else f"a model of {size}, because the profile does not say its size"

    def answer_seconds(
        self, at_default: float, prompt: float, completion: float, on: Literal["machine", "gpu", "api"]
    ) -> float:
        """Seconds of an answer; `at_default` is what the default model takes without a GPU."""
        if on != "gpu":
            return at_default * self.billion / DEFAULT_BILLION
        parameters = self.billion * 1e9
        reading = 2 * parameters * prompt / GPU_OPERATIONS
        writing = completion * BYTES * parameters / GPU_BYTES_PER_SECOND / GPU_BATCH
        return reading + writing

    def training_tokens_per_second(self, at_default: float, on: Literal["machine", "gpu", "api"]) -> float:
        """Trained tokens a second; `at_default` is what the default model reaches without a GPU."""
        if on != "gpu":
            return at_default * DEFAULT_BILLION / self.billion
        return GPU_OPERATIONS / (6 * self.billion * 1e9)

    def machines(self, on: Literal["machine", "gpu", "api"]) -> int:
        """How many machines (each with a GPU, or without) hold the weights; their hours are paid together."""
        room = GPU_GB if on == "gpu" else MACHINE_GB
        return max(1, math.ceil(BYTES * self.billion / room))
