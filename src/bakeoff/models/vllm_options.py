"""How Bakeoff starts a vLLM server of its own: the command, its share of the GPU's memory, and what limits its answers.

Takes plain values, gives a frozen record. Names of vLLM's own options are theirs. Starts nothing.
Source: https://docs.vllm.ai/en/latest/cli/serve.html
"""

from typing import Literal

from pydantic import Field

from bakeoff.models.defaults import MOST_CONCURRENCY
from bakeoff.records import Record

HOW_RUN = {"command", "gpu_memory_utilization", "concurrency", "start_timeout_s"}
"""Options that say how a server runs, not what it answers."""


class VllmOptions(Record):
    """The `vllm:` of a local model with `engine: vllm`.

    `command` starts vLLM, by name or path. A server takes the share `gpu_memory_utilization` of the GPU's memory;
    servers whose shares are at most 1 together run side by side. `max_model_len` limits prompt and answer (None: the
    model's own context). `concurrency` is the number of requests at once. A server that is not ready after
    `start_timeout_s` is an error.
    """

    command: str = Field(default="vllm", min_length=1)
    gpu_memory_utilization: float = Field(default=0.9, gt=0, le=1)
    max_model_len: int | None = Field(default=None, ge=64)
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "bfloat16"
    tensor_parallel_size: int = Field(default=1, ge=1)
    concurrency: int = Field(default=32, ge=1, le=MOST_CONCURRENCY)
    start_timeout_s: float = Field(default=900.0, gt=0)
