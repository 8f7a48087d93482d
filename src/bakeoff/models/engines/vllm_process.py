"""One vLLM server that Bakeoff starts: a process of its own on this machine, with a key that nobody else knows.

Takes a model's folder and options, gives the address and the name to ask. It runs under `watched.py`, which ends it and
all its workers when it is stopped, and when this process is gone in whatever way: no server outlives it with the
memory of a GPU. It sends no statistics of use and looks for nothing on a network. Knows nothing about prompts.
Source: https://docs.vllm.ai/en/latest/cli/serve.html (options), /configuration/env_vars.html, /usage/usage_stats.html.
"""

import hashlib
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bakeoff.errors import EngineGoneError, ModelUnavailableError
from bakeoff.files.cache import cache_folder
from bakeoff.models.engines import watched
from bakeoff.models.engines.vllm_failures import is_port_taken, last_lines, why_it_ended
from bakeoff.models.providers.keys import headers_with, keep_own_key, key_of
from bakeoff.models.settings import ApiModel
from bakeoff.models.vllm_options import VllmOptions

RANKS = (16, 32, 64, 128, 256, 320, 512)
"""The ranks of adapters that vLLM can be started for (`MaxLoRARanks` in vllm/config/lora.py), from Bakeoff's own on."""
SEVERAL_PORTS = 3
LOOK_EVERY_S = 0.2
TELL_EVERY_S = 30.0
LOG_DAYS = 7
ANSWER_TIMEOUT_S = 600.0
STOP_S = watched.TIME_TO_END_S + 10.0
ENVIRONMENT = {
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """A model to be served: its folder, its name in answers, and the highest rank of an adapter (0: no adapter)."""

    folder: Path
    name: str
    options: VllmOptions
    context_tokens: int
    rank: int = 0

    @property
    def model_len(self) -> int:
        return min(self.context_tokens, self.options.max_model_len or self.context_tokens)

    def is_same_model(self, other: "Wanted") -> bool:
        """Whether one server can answer for both, but for the rank."""
        return (self.folder, self.name, self.options) == (other.folder, other.name, other.options)


class VllmProcess:
    """A server that was started. `settings` are those of a model behind it. `n_uses` counts who asks it now."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.max_rank = highest_rank(wanted.rank, wanted.name)
        self.version = ""
        self.n_uses = 0
        command, port, key = command_of(wanted.options), _free_port(), secrets.token_urlsafe(32)
        self.log = _log_file(wanted)
        self._begun = time.monotonic()
        self._root = f"http://127.0.0.1:{port}"
        self.settings = _settings(wanted, f"{self._root}/v1", key)
        line = [sys.executable, "-I", "-S", watched.__file__, command, *arguments(wanted, port, self.max_rank)]
        with self.log.open("wb") as log:
            self._watch = subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for Bakeoff, which then stops the server
                env={**os.environ, **ENVIRONMENT, "VLLM_API_KEY": key},
            )
        self.stop = weakref.finalize(self, _stop, self._watch, os.getpid())
        """Ends the server and waits until it has ended. Also called when the process ends."""

    @property
    def is_running(self) -> bool:
        return self._watch.poll() is None

    def wait_until_ready(self) -> None:
        """Returns once it answers. Raises EngineGoneError if it ends before, or is not ready in time."""
        name, limit = self.wanted.name, self.wanted.options.start_timeout_s
        _log.warning("vLLM loads %s (at most %.0f s; its log is %s).", name, limit, self.log)
        for seconds in self._seconds(limit):
            if not self.is_running:
                raise self.why_it_ended("while it was loading")
            if self._is_healthy() and self._is_ours():
                self.version = self._read_version()
                _log.warning("vLLM has loaded %s after %.0f s.", name, seconds)
                return
        self.stop()
        raise EngineGoneError(
            f"The vLLM server of {name} was not ready after {limit:g} s. The last line of its log: "
            f"{next(iter(last_lines(self.log)[-1:]), 'none')}",
            f"raise vllm.start_timeout_s if it was still loading; its log is {self.log}",
        )

    def _seconds(self, limit: float) -> Iterator[float]:
        """The time since the start, again and again until the limit. Says now and then that it is waiting."""
        told = 0.0
        while (seconds := time.monotonic() - self._begun) < limit:
            yield seconds
            if seconds - told >= TELL_EVERY_S:
                told = seconds
                line = next(iter(last_lines(self.log)[-1:]), "")
                _log.warning("vLLM is still loading %s after %.0f s: %s", self.wanted.name, seconds, line[:200])
            time.sleep(LOOK_EVERY_S)

    def why_it_ended(self, when: str) -> EngineGoneError:
        """The error of a server that has ended."""
        return why_it_ended(self.log, self.wanted.name, self._watch.poll(), when)

    def raise_if_ended(self) -> None:
        """Raises EngineGoneError with the reason if the server has ended while it was asked.

        Its connections break before all its processes are gone, so this waits for them unless it is healthy.
        """
        if not self._is_healthy():
            with suppress(subprocess.TimeoutExpired):
                self._watch.wait(STOP_S)
        if not self.is_running:
            raise self.why_it_ended("while it was answering")

    @property
    def port_was_taken(self) -> bool:
        return not self.is_running and is_port_taken(self.log)

    def _is_healthy(self) -> bool:
        try:
            return httpx2.get(f"{self._root}/health", timeout=5.0, trust_env=False).is_success
        except httpx2.HTTPError:
            return False

    def _is_ours(self) -> bool:
        """Whether this server has the key and the model: while vLLM loads, another program may listen at its port."""
        headers = headers_with(key_of(self.settings), self.settings.api)
        try:
            reply = httpx2.get(f"{self.settings.base_url}/models", headers=headers, timeout=5.0, trust_env=False)
            return self.wanted.name in [one["id"] for one in reply.raise_for_status().json()["data"]]
        except (httpx2.HTTPError, ValueError, LookupError, TypeError):
            return False

    def _read_version(self) -> str:
        """The version of vLLM, which answers depend on; empty if it names none."""
        try:
            named = httpx2.get(f"{self._root}/version", timeout=5.0, trust_env=False).json()
        except (httpx2.HTTPError, ValueError):
            return ""
        return str(named.get("version", "")) if isinstance(named, dict) else ""


def started(wanted: Wanted) -> VllmProcess:
    """A server that is ready. Raises EngineGoneError with the reason if there is none."""
    for attempt in range(SEVERAL_PORTS):
        process = VllmProcess(wanted)
        try:
            process.wait_until_ready()
            return process
        except BaseException:  # Ctrl-C too: nothing is left behind
            taken = process.port_was_taken
            process.stop()
            if not taken or attempt == SEVERAL_PORTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def command_of(options: VllmOptions) -> str:
    """The program that starts vLLM, on the PATH or beside this Python.

    Raises ModelUnavailableError if there is none.
    """
    beside = Path(sys.executable).parent
    found = shutil.which(str(Path(options.command).expanduser())) or shutil.which(options.command, path=str(beside))
    if found is None:
        raise ModelUnavailableError(
            f"engine: vllm needs vLLM, but there is no command '{options.command}'.",
            "install it into an environment of its own (python -m venv vllm; vllm/bin/pip install vllm) and name its "
            "command, vllm: {command: /path/to/vllm/bin/vllm}; or set engine: transformers",
        )
    return found


def arguments(wanted: Wanted, port: int, max_rank: int) -> list[str]:
    """What vLLM is started with. It is asked for tokens only, so it needs no chat template, and applies no sampling
    settings of the model's own, as no engine here does.
    """
    options = wanted.options
    return [
        *("serve", str(wanted.folder), "--host", "127.0.0.1", "--port", str(port)),
        *("--served-model-name", wanted.name, "--max-model-len", str(wanted.model_len)),
        *("--dtype", options.dtype, "--generation-config", "vllm"),
        *("--gpu-memory-utilization", f"{options.gpu_memory_utilization:g}"),
        *("--tensor-parallel-size", str(options.tensor_parallel_size), "--disable-uvicorn-access-log"),
        *(("--enable-lora", "--max-lora-rank", str(max_rank)) if max_rank else ()),
    ]


def highest_rank(rank: int, name: str) -> int:
    """The rank to start a server for that takes adapters of this one; 0 for none.

    Raises ModelUnavailableError if vLLM takes none so high.
    """
    if not rank:
        return 0
    found = next((one for one in RANKS if one >= rank), None)
    if found is None:
        raise ModelUnavailableError(
            f"An adapter of {name} has rank {rank}, and vLLM takes ranks up to {RANKS[-1]}.",
            "tune with a lower tuning.rank, or set engine: transformers",
        )
    return found


def _settings(wanted: Wanted, url: str, key: str) -> ApiModel:
    """The server as a model: one retry, since a server on this machine is there or has ended."""
    variable = f"BAKEOFF_VLLM_KEY_{secrets.token_hex(4)}"
    keep_own_key(variable, key)
    return ApiModel(
        api="openai",
        base_url=url,
        model=wanted.name,
        key_env=variable,
        context_tokens=wanted.model_len,
        concurrency=wanted.options.concurrency,
        timeout_s=ANSWER_TIMEOUT_S,
        retries=1,
    )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _log_file(wanted: Wanted) -> Path:
    """A new file for the log of one start, which only its owner reads. Logs of earlier weeks are removed."""
    folder = cache_folder() / "vllm"
    folder.mkdir(0o700, parents=True, exist_ok=True)
    for old in folder.glob("*.log"):
        with suppress(FileNotFoundError):
            if old.stat().st_mtime < time.time() - LOG_DAYS * 86_400:
                old.unlink()
    known = hashlib.sha256(str(wanted.folder).encode()).hexdigest()[:8]
    descriptor, log = tempfile.mkstemp(".log", f"{wanted.folder.name}-{known}-{os.getpid()}-", folder)
    os.close(descriptor)  # only its owner may read it
    return Path(log)


def _stop(watch: subprocess.Popen[bytes], owner: int) -> None:
    """Closes the pipe, upon which the watching process ends the server and itself."""
    if os.getpid() != owner or watch.poll() is not None or watch.stdin is None:
        return
    with suppress(OSError):
        watch.stdin.close()
    try:
        watch.wait(STOP_S)
    except subprocess.TimeoutExpired:
        watch.kill()
        watch.wait()
