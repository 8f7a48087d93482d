"""Prompts to completions: one file for each engine, one function that picks it.

Knows nothing about retrieval or training. Engines are imported when they are picked.
"""

import importlib
import importlib.util
from pathlib import Path

from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.models.weights import resolve_model
from bakeoff.protocols import Generator

ENGINES = ("auto", "openvino", "transformers")


def load_generator(model: str, engine: str = "auto", adapter: Path | None = None) -> Generator:
    """The generator of this name, with this adapter merged in where one is given.

    `model` is 'scripted'; 'openai:URL#MODEL', a server that speaks OpenAI's protocol, its key in OPENAI_API_KEY; the
    full import path of something that gives a Generator when called; or a model's name for `resolve_model`. Engine
    'auto' takes OpenVINO on a machine without a GPU where it supports the model, else transformers. Raises ConfigError
    for what cannot be combined or is unknown, MissingExtraError, ModelUnavailableError.
    """
    if engine not in ENGINES:
        raise ConfigError(f"There is no engine '{engine}'.", f"use one of: {', '.join(ENGINES)}")
    if has_no_weights(model) and adapter is not None:
        raise ConfigError(f"The adapter {adapter} cannot be merged into '{model}'.", "tune a local model")
    if model.startswith("openai:"):
        from bakeoff.models.engines.openai_http import OpenAiGenerator

        base_url, _, remote = model.removeprefix("openai:").partition("#")
        return OpenAiGenerator(base_url, remote)
    if model == "scripted":
        from bakeoff.models.engines.scripted import ScriptedGenerator

        return ScriptedGenerator()
    if _is_import_path(model):
        return _imported(model)
    _require("torch", "transformers")
    folder = resolve_model(model)
    if engine == "openvino" or (engine == "auto" and _openvino_fits(folder)):
        _require("openvino", "openvino_genai")
        _refuse_unsupported(folder, model)
        from bakeoff.models.engines.openvino import OpenVinoGenerator

        return OpenVinoGenerator(folder, model, adapter)
    from bakeoff.models.engines.transformers import TransformersGenerator

    return TransformersGenerator(folder, model, adapter)


def _require(*modules: str) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("A local model", module, "local")


def _openvino_fits(folder: Path) -> bool:
    import torch

    if torch.cuda.is_available() or any(
        importlib.util.find_spec(one) is None for one in ("openvino", "openvino_genai")
    ):
        return False
    from bakeoff.models.engines.openvino_graph import unsupported

    return not unsupported(folder)


def _refuse_unsupported(folder: Path, model: str) -> None:
    from bakeoff.models.engines.openvino_graph import unsupported

    reason = unsupported(folder)
    if reason:
        raise ConfigError(f"The engine 'openvino' cannot run {model}: {reason}.", "set models.engine to transformers")


def has_no_weights(model: str) -> bool:
    """Whether this generator is asked for answers only, so that nothing of it can be tuned here."""
    return model == "scripted" or model.startswith("openai:") or _is_import_path(model)


def _is_import_path(model: str) -> bool:
    return (
        "/" not in model
        and "." in model
        and not Path(model).exists()
        and all(part.isidentifier() for part in model.split("."))
    )


def _imported(path: str) -> Generator:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)()  # type: ignore[no-any-return]
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"The generator '{path}' cannot be imported: {error}.",
            "give the full import path of a class or function that takes no arguments",
        ) from error
