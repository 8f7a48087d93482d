"""Adapters on a vLLM server: loaded under a name that holds the sum of their weights, and unloaded after use.

Takes a server and the folder of a PEFT adapter, gives the name to ask for. Knows nothing about prompts.
Source: https://docs.vllm.ai/en/latest/features/lora.html (`/v1/load_lora_adapter`, VLLM_ALLOW_RUNTIME_LORA_UPDATING).
"""

import hashlib
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import BakeoffError, ConfigError, ModelUnavailableError
from bakeoff.models.adapter_check import CONFIG, FILES, require_adapter
from bakeoff.models.checksums import file_sha256
from bakeoff.models.providers.client import ApiClient, ApiError
from bakeoff.models.settings import ApiModel

ALREADY_LOADED = re.compile(r"already (?:been )?loaded", re.IGNORECASE)
NO_SUCH_CALL = re.compile(r"not found", re.IGNORECASE)
ABOUT_ADAPTERS = re.compile(r"lora|adapter", re.IGNORECASE)
RANK = re.compile(r"max_lora_rank", re.IGNORECASE)
NOT_ENABLED = re.compile(r"lora is not (?:enabled|supported)|enable[-_]lora", re.IGNORECASE)
START = "start vLLM with --enable-lora and with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True in its environment"
SECONDS_TO_UNLOAD = 10.0


class Loaded(NamedTuple):
    """An adapter on a server: the name to ask for, and what takes it away again."""

    name: str
    unload: Callable[[], None]


def adapter_name(adapter: Path) -> str:
    """The name of an adapter: other weights or settings have another name, so none is ever used again for others."""
    sums = "".join(file_sha256(adapter / name) for name in FILES)
    return f"bakeoff-{hashlib.sha256(sums.encode()).hexdigest()[:24]}"


def load_adapter(server: ApiModel, adapter: Path, shared: Path | None = None) -> Loaded:
    """Loads an adapter, unless the server has it by that name already: then it is not unloaded here either.

    The server reads the adapter's folder itself. `shared` is a folder that it sees under the same path as this machine:
    the adapter is copied there, and removed again when it is unloaded. Without one the server is given the adapter's
    own path. Raises ConfigError for a whole tuned model, ModelUnavailableError where the server does not load it.
    """
    if not (adapter / CONFIG).exists() and (adapter / "config.json").exists():
        raise ConfigError(
            f"{adapter} holds a whole tuned model. A vLLM server loads adapters, not models.",
            "tune with tuning: {method: lora}, or start a server with this folder and name it as a model",
        )
    require_adapter(adapter)
    name, client = adapter_name(adapter), ApiClient(server)
    path = _copied(adapter, shared / name) if shared else adapter
    try:
        client.tell(f"{server.base_url}/load_lora_adapter", {"lora_name": name, "lora_path": str(path.resolve())})
    except ApiError as error:
        if error.status == 400 and ALREADY_LOADED.search(error.body):
            return Loaded(name, lambda: None)
        _remove(path if shared else None)
        raise _explained(error, server, path) from None
    finally:
        client.close()
    return Loaded(name, lambda: _unload(server, name, path if shared else None))


def _copied(adapter: Path, target: Path) -> Path:
    """The adapter's two files in a folder of their own. Raises ModelUnavailableError if they cannot be written."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copyfile(adapter / name, target / name)
    except OSError as error:
        raise ModelUnavailableError(
            f"The adapter cannot be copied to {target}: {error.strerror}.",
            "set adapters_at to a folder that this machine can write and the server can read under the same path",
        ) from error
    return target


def _explained(error: ApiError, server: ApiModel, path: Path) -> ModelUnavailableError:
    """Why a server does not load an adapter, and what to do."""
    words, at = error.body, f"The server {server.host}"
    absent = error.status in (404, 405) and NO_SUCH_CALL.search(words) and not ABOUT_ADAPTERS.search(words)
    if absent or error.status in (403, 405):
        return ModelUnavailableError(f"{at} does not let adapters be loaded while it runs.", START)
    if NOT_ENABLED.search(words):
        return ModelUnavailableError(f"{at} was started without adapters: {error.message}", START)
    if RANK.search(words):
        return ModelUnavailableError(
            f"{at} takes no adapter of this rank: {error.message}",
            "start vLLM with --max-lora-rank of at least tuning.rank, or lower tuning.rank",
        )
    if error.status in (400, 404, 422, 500):
        return ModelUnavailableError(
            f"{at} cannot load the adapter {path}: {error.message}",
            "set adapters_at to a folder that both machines see under the same path; check that the server serves the "
            "base model that the adapter was trained on",
        )
    return error


def _unload(server: ApiModel, name: str, copy: Path | None) -> None:
    """Takes an adapter away. Where the server is gone or has it no more, there is nothing to do."""
    quick = server.model_copy(update={"retries": 0, "timeout_s": min(server.timeout_s, SECONDS_TO_UNLOAD)})
    client = ApiClient(quick)
    with suppress(BakeoffError):
        client.tell(f"{server.base_url}/unload_lora_adapter", {"lora_name": name})
    client.close()
    _remove(copy)


def _remove(copy: Path | None) -> None:
    if copy is not None:
        shutil.rmtree(copy, ignore_errors=True)
