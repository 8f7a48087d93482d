"""Picks and loads the generator for a model's settings.

Knows nothing about retrieval or training. An engine is imported only when it is picked.
"""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.imports import imported
from bakeoff.models.adapter_check import require_adapter
from bakeoff.models.gpu import has_gpu
from bakeoff.models.providers.roles import require_role
from bakeoff.models.reference import shown_address
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.models.tuned_folder import asked_name, hosted_model
from bakeoff.models.weights import resolve_model
from bakeoff.protocols import Generator

if TYPE_CHECKING:
    from bakeoff.models.engines.hosted import HostedGenerator
    from bakeoff.models.engines.ollama import OllamaGenerator
    from bakeoff.models.engines.openai import OpenAiGenerator

    Server = OpenAiGenerator | OllamaGenerator | HostedGenerator

SCRIPTED = "scripted"
OPENVINO = ("openvino", "openvino_genai")
SLOWER = "It runs on transformers, which is slower on a CPU."
THE_GENERATOR = "The generator"
"""How errors call what an import path in `models:` names."""


def load_generator(settings: LocalModel | ApiModel | str, adapter: Path | None = None) -> Generator:
    """The generator for these settings, with this adapter (from tuning, for example) merged in if one is given. A whole
    tuned model is loaded in place of the one that it was tuned from.

    A plain string is the name of a local model. Engine 'auto' uses OpenVINO on a machine without a GPU if the model can
    be written as a graph, else transformers, with a `note` that says why. Engine 'vllm' starts a server. Loading sends
    no request to any other server; `bakeoff.models.probe` does. Raises ConfigError for settings that cannot be
    combined, MissingExtraError, ModelUnavailableError.
    """
    settings = as_settings(settings)
    if isinstance(settings, ApiModel):
        return behind_a_server(_tuned_at_its_host(settings, adapter))
    if has_no_weights(settings):
        _refuse_adapter(adapter or settings.adapter, settings.name)
        _refuse_server(settings)
        return _imported(settings.name)
    return _local(settings, _one_adapter(settings, adapter))


def _tuned_at_its_host(settings: ApiModel, adapter: Path | None) -> ApiModel:
    """The settings with the name of the model that was tuned at this host, if the folder stands for one."""
    tuned = hosted_model(adapter) if adapter else None
    if adapter is None or tuned is None:
        _refuse_adapter(adapter, settings.label)
        return settings
    if tuned.host != settings.host:
        raise ConfigError(
            f"The model {tuned.model} was tuned at {tuned.host}, but '{settings.model}' is asked at {settings.host}.",
            f"set base_url to the address of {tuned.host}",
        )
    price = settings.price if tuned.price is None else tuned.price
    return settings.model_copy(update={"model": asked_name(adapter, tuned), "price": price})


def as_settings(settings: LocalModel | ApiModel | str) -> LocalModel | ApiModel:
    """The settings. A plain string becomes the settings of a local model. Raises ConfigError for 'openai:...'."""
    if isinstance(settings, str) and settings.startswith("openai:"):
        address = shown_address(settings.removeprefix("openai:"))
        raise ConfigError(
            f"'openai:{address}' is no longer how a model behind a server is written.",
            "write {api: openai, base_url: https://host/v1, model: NAME, key_env: VARIABLE}",
        )
    return LocalModel(name=settings) if isinstance(settings, str) else settings


def has_no_weights(settings: LocalModel | ApiModel | str) -> bool:
    """Whether this model has no weights here (an API or a Python object), so that it cannot be tuned."""
    settings = as_settings(settings)
    return isinstance(settings, ApiModel) or settings.name == SCRIPTED or is_import_path(settings.name)


def is_import_path(name: str) -> bool:
    """Whether a model's name can only be the import path of a Python object."""
    return (
        "/" not in name
        and "." in name
        and not Path(name).exists()
        and all(part.isidentifier() for part in name.split("."))
    )


def _refuse_adapter(adapter: Path | str | None, name: str) -> None:
    if adapter is not None:
        raise ConfigError(f"The adapter {adapter} cannot be merged into '{name}'.", "tune a local model")


def _refuse_server(settings: LocalModel) -> None:
    if settings.engine == "vllm":
        raise ConfigError(
            f"'{settings.name}' has no weights that a vLLM server could load.", "leave engine out, or name a model"
        )
    if settings.answered_by is not None:
        raise ConfigError(
            f"'{settings.name}' has no weights that {settings.answered_by.host} (answered_by) could have too.",
            "write a model behind a server as {api: openai, base_url: https://host/v1, model: NAME}",
        )


def refuse_vllm(settings: LocalModel, role: str) -> None:
    """Raises ConfigError if the settings have vLLM answer for a model that writes no answers."""
    if settings.engine == "vllm" or settings.answered_by is not None:
        key = "engine: vllm" if settings.engine == "vllm" else "answered_by"
        raise ConfigError(
            f"The {role} {settings.name} has {key}, which is for models that write answers.",
            f"leave it out: the {role} runs in this process; one on a vLLM server is written as {{api: openai, "
            "base_url: http://host/v1, model: NAME}",
        )


def _one_adapter(settings: LocalModel, tuned: Path | None) -> Path | None:
    """The adapter to merge.

    Raises ConfigError for two: the second was not trained on weights with the first one merged. Raises
    ModelUnavailableError if the model's own is none.
    """
    if settings.adapter is None:
        return tuned
    if tuned is not None:
        raise ConfigError(
            f"The model {settings.name} has its own adapter ({settings.adapter}). The tuned adapter ({tuned}) cannot "
            "be merged on top of it.",
            "merge the first adapter into the weights, and name the folder of the merged model",
        )
    own = Path(settings.adapter).expanduser()
    require_adapter(own)
    return own


def behind_a_server(settings: ApiModel) -> "Server":
    """The generator for this server's protocol. Raises ConfigError if its protocol has no generators."""
    require_role(settings, "generator")
    if settings.api == "ollama":
        from bakeoff.models.engines.ollama import OllamaGenerator

        return OllamaGenerator(settings)
    if settings.api == "openai":
        from bakeoff.models.engines.openai import OpenAiGenerator

        if settings.batch:
            from bakeoff.models.engines.openai_batches import BatchingGenerator

            return BatchingGenerator(settings)
        return OpenAiGenerator(settings)
    from bakeoff.models.engines.anthropic import Anthropic
    from bakeoff.models.engines.google import Google
    from bakeoff.models.engines.hosted import HostedGenerator

    return HostedGenerator(settings, Anthropic() if settings.api == "anthropic" else Google())


def _imported(name: str) -> Generator:
    if name == SCRIPTED:
        from bakeoff.models.engines.scripted import ScriptedGenerator

        return ScriptedGenerator()
    return imported(name, None, THE_GENERATOR)()  # type: ignore[no-any-return]


def _local(settings: LocalModel, adapter: Path | None) -> Generator:
    require_packages(settings)
    folder = resolve_model(settings.name)
    if settings.answered_by is not None:
        return _on_vllm(settings, settings.answered_by, folder, adapter)
    if settings.engine == "vllm":
        from bakeoff.models.engines.vllm_own import OwnVllmGenerator

        return OwnVllmGenerator(folder, settings.name, settings.vllm_options, adapter)
    if settings.engine == "openvino":
        return _on_openvino(folder, settings.name, adapter)
    if settings.engine == "transformers" or not _openvino_is_faster():
        return _on_transformers(folder, settings.name, adapter)
    from bakeoff.models.engines.openvino_cache import NoGraphError

    try:
        return _on_openvino(folder, settings.name, adapter)
    except NoGraphError as error:
        return _on_transformers(folder, settings.name, adapter, note=f"{error.message} {SLOWER}")


def _on_transformers(folder: Path, name: str, adapter: Path | None, note: str = "") -> Generator:
    from bakeoff.models.engines.transformers import TransformersGenerator

    return TransformersGenerator(folder, name, adapter, note=note)


def _on_vllm(settings: LocalModel, server: ApiModel, folder: Path, adapter: Path | None) -> Generator:
    from bakeoff.models.engines.vllm import VllmGenerator

    shared = Path(settings.adapters_at).expanduser() if settings.adapters_at else None
    return VllmGenerator(server, folder, settings.name, adapter, shared)


def _on_openvino(folder: Path, name: str, adapter: Path | None) -> Generator:
    from bakeoff.models.engines.openvino import OpenVinoGenerator

    return OpenVinoGenerator(folder, name, adapter)


def require_packages(settings: LocalModel) -> None:
    """Raises MissingExtraError if a package that runs this model is not installed."""
    for module in ("torch", "transformers", *(OPENVINO if settings.engine == "openvino" else ())):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("A local model", module, "local")


def _openvino_is_faster() -> bool:
    """Whether OpenVINO is installed and there is no GPU."""
    return not has_gpu() and all(importlib.util.find_spec(module) for module in OPENVINO)
