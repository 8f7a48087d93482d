"""Why a vLLM server of Bakeoff's own ended, read from the last lines of its log.

Takes the log's file, gives one error with what to do. Knows nothing about processes.
Sources: vllm-project/vllm, v1/worker/gpu_worker.py ("Free memory on device"), v1/core/kv_cache_utils.py (KV cache),
model_executor/models/registry.py (architectures), platforms/cuda.py (bfloat16).
"""

import re
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import EngineGoneError

TAIL_BYTES = 262_144
LONGEST_LINE = 300
ERROR_LINE = re.compile(r"((?:[\w.]+\.)?\w*(?:Error|Exception|Interrupt)\b: .+|^(?:vllm|usage).*: error: .+)")
POINTS_ELSEWHERE = re.compile(r"See (?:root cause|stack trace) above|EngineCore (?:failed|encountered)", re.IGNORECASE)
PORT_TAKEN = re.compile(r"address already in use|Errno 98|Errno 48", re.IGNORECASE)


class Reason(NamedTuple):
    """What a log says when it is this, what the message says, and what to do."""

    words: str
    message: str
    remedy: str


REASONS = (
    Reason(
        r"less than desired GPU memory utilization",
        "less of the GPU's memory is free than it is to take",
        "lower vllm.gpu_memory_utilization, or end what else uses the GPU (nvidia-smi lists it)",
    ),
    Reason(
        r"max(?:imum)? seq(?:uence)? len.*KV cache|KV cache.*max seq|estimated maximum model length",
        "the model's context does not fit into the GPU's memory beside its weights",
        "set vllm.max_model_len to a shorter context, or raise vllm.gpu_memory_utilization",
    ),
    Reason(
        r"out of memory|OutOfMemoryError|No available memory for the cache blocks",
        "the GPU has not enough memory for this model",
        "raise vllm.gpu_memory_utilization where the GPU is free, set vllm.max_model_len lower, spread the model over "
        "more GPUs with vllm.tensor_parallel_size, or use a smaller model",
    ),
    Reason(
        r"architectures? .*(?:not supported|failed to be inspected)|no vLLM implementation",
        "it does not know this kind of model",
        "install a newer vLLM, or set engine: transformers",
    ),
    Reason(r"Bfloat16 is only supported", "this GPU does not compute in bfloat16", "set vllm: {dtype: float16}"),
    Reason(
        r"unrecognized arguments|invalid choice",
        "it does not know an option that Bakeoff gives it",
        "install a current vLLM (pip install -U vllm in its environment)",
    ),
    Reason(
        r"Failed to infer device type|No CUDA GPUs are available|libcuda\.so|NVIDIA driver",
        "it finds no GPU that it can use",
        "check the driver (nvidia-smi), or set engine: auto to answer without a GPU",
    ),
    Reason(r"No space left on device", "the disk is full", "make room, then go on with --resume"),
)


def last_lines(log: Path) -> list[str]:
    """The last lines of the log that are not empty; none if it cannot be read."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]


def is_port_taken(log: Path) -> bool:
    """Whether it ended because another program listens at its port."""
    return any(PORT_TAKEN.search(line) for line in last_lines(log))


def why_it_ended(log: Path, name: str, status: int | None, when: str) -> EngineGoneError:
    """The error that says why the server of this model ended. `when` says what it was doing."""
    lines = last_lines(log)
    words = _said(lines)
    said = f": {words}" if words else f" (exit status {status})"
    for reason in REASONS:
        if any(re.search(reason.words, line, re.IGNORECASE) for line in lines):
            return EngineGoneError(
                f"The vLLM server of {name} ended {when}: {reason.message}{f' ({words})' if words else ''}.",
                f"{reason.remedy}; its log is {log}",
            )
    return EngineGoneError(
        f"The vLLM server of {name} ended {when}{said}", f"read its log, {log}; then go on with --resume"
    )


def _said(lines: list[str]) -> str:
    """The last line that names an error and does not point to one above; else the last line."""
    found = [match.group(1) for line in lines if (match := ERROR_LINE.search(line))]
    causes = [line for line in found if not POINTS_ELSEWHERE.search(line)]
    chosen = next(iter([*causes[-1:], *found[-1:], *lines[-1:]]), "")
    return chosen[:LONGEST_LINE]
