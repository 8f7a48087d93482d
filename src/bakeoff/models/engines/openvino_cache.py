"""Models as OpenVINO graphs below the cache folder, each written once under a name made of the hashes of what it holds.

Takes a model folder and perhaps an adapter (or a whole tuned model, which takes its place), gives the folder of a graph
with int8 weights. Bakeoff's own fast graph is used for the shapes that it supports, for others the exporter of
optimum-intel if it is installed. Only the graphs used last are kept.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from bakeoff.errors import ConfigError
from bakeoff.files.cache import cache_folder
from bakeoff.models.adapter_check import FILES, require_adapter
from bakeoff.models.checksums import MADE_FORMAT, file_sha256, made_intact, model_sha256
from bakeoff.models.engines import optimum_export
from bakeoff.models.engines.openvino_graph import unsupported, write_graph
from bakeoff.models.tuned_folder import is_whole_model

GRAPH_FORMAT = "4"  # raise this when the written graph changes, so that older ones in the cache are not used
GRAPHS_KEPT, TUNED_GRAPHS_KEPT = 4, 8

Write = Callable[[Path, Path | None, Path], None]
"""Writes the graph of a model folder and an adapter into a folder."""


class NoGraphError(ConfigError):
    """A model that cannot be written as an OpenVINO graph here."""


_refused: dict[str, str] = {}
"""Models that the exporter refused in this process, with the reason: an attempt takes long."""


def graph_folder(folder: Path, adapter: Path | None) -> Path:
    """The folder of the model as an OpenVINO graph in the cache. The graph is written first if it does not exist
    or if its files have changed.

    Raises NoGraphError if neither the own graph nor the exporter supports the model.
    """
    model = f"{file_sha256(folder / 'config.json')} {model_sha256(folder)}"
    writer, write = _writer(folder, model)
    key = f"{writer} {MADE_FORMAT} {model} {_adapter_sha256(adapter)}"
    name = hashlib.sha256(key.encode()).hexdigest()[:24]
    place, keep = ("openvino", GRAPHS_KEPT) if adapter is None else ("openvino-tuned", TUNED_GRAPHS_KEPT)
    try:
        return made_intact(cache_folder() / place / name, lambda half: write(folder, adapter, half), keep=keep)
    except optimum_export.ExportError as error:
        _refused[model] = error.message
        raise _no_graph(folder, error.message) from error


def _writer(folder: Path, model: str) -> tuple[str, Write]:
    """What writes this model's graph, with the version of what it writes."""
    reason = unsupported(folder)
    if not reason:
        return GRAPH_FORMAT, write_graph
    version = optimum_export.installed_version()
    if version is None:
        raise _no_graph(folder, f"{reason}, and the exporter of optimum-intel is not installed")
    if model in _refused:
        raise _no_graph(folder, _refused[model])
    return f"optimum-intel {version}", optimum_export.export


def _no_graph(folder: Path, reason: str) -> NoGraphError:
    return NoGraphError(
        f"The engine 'openvino' cannot run the model in {folder}: {reason}.",
        "set the model's engine to transformers, or install optimum-intel if it exports such models (docs/models.md)",
    )


def _adapter_sha256(adapter: Path | None) -> str:
    if adapter is None:
        return ""
    if is_whole_model(adapter):
        return f"whole {file_sha256(adapter / 'config.json')} {model_sha256(adapter)}"
    require_adapter(adapter)
    return " ".join(file_sha256(adapter / name) for name in FILES)
