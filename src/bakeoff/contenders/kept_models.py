"""The keys of models whose results are kept from run to run: all that an answer or a vector depends on besides texts.

Takes a model's settings, gives the model with kept results around it. Your own classes are always asked: they may
depend on anything.
"""

import functools
from importlib import metadata
from pathlib import Path
from typing import Any

from bakeoff.contenders.identities import content_sum
from bakeoff.contenders.model_identity import HOW_ASKED, code_sum, folder_sum, model_sum
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.gpu import has_gpu
from bakeoff.models.kept.embedder import KeptEmbedder
from bakeoff.models.kept.generator import keeping
from bakeoff.models.kept.results import KeptResults
from bakeoff.models.load import has_no_weights
from bakeoff.models.settings import ApiModel, LocalModel, ModelSettings
from bakeoff.models.tuned_folder import hosted_model
from bakeoff.models.vllm_options import HOW_RUN
from bakeoff.protocols import Embedder, Generator

ENGINES = ("torch", "transformers", "openvino", "openvino-genai", "tokenizers")
DAYS = 7
"""So long are results of models behind a server kept: a host may change what a name stands for."""


def kept_generator(
    generator: Generator, settings: ModelSettings, adapter: Path | None, results: KeptResults | None
) -> Generator:
    """The generator with the completions of earlier runs, if its results can be kept."""
    if results is None or not _can_be_kept(settings):
        return generator
    tuned = [folder_sum(adapter), str(hosted_model(adapter))] if adapter else []
    return keeping(generator, _key(generator, settings, tuned), results, _days(settings))


def kept_embedder(
    embedder: Embedder, settings: ModelSettings, results: KeptResults | None, helped: Embedder | None = None
) -> Any:
    """The embedder with the vectors of earlier runs, if its results can be kept. `helped` is the same one with others
    that help it, which is asked in its place.
    """
    asked = helped or embedder
    if results is None or not _can_be_kept(settings):
        return asked
    return KeptEmbedder(asked, _key(embedder, settings, []), results, _days(settings))


def _can_be_kept(settings: ModelSettings) -> bool:
    return isinstance(settings, ApiModel) or not (has_no_weights(settings) or settings.name == HashEmbedder.name)


def _days(settings: ModelSettings) -> int | None:
    elsewhere = isinstance(settings, ApiModel) or settings.answered_by is not None
    return DAYS if elsewhere else None


def _key(model: Any, settings: ModelSettings, tuned: list[str]) -> str:
    """One sum over weights, settings, engine and code."""
    engine = [type(model).__qualname__, getattr(model, "name", ""), getattr(model, "engine_version", "")]
    how: list[object] = []
    if isinstance(settings, LocalModel):
        server = settings.answered_by
        options = settings.vllm_options.model_dump(mode="json", exclude=HOW_RUN) if settings.engine == "vllm" else None
        how = [settings.engine, server.model_dump(mode="json", exclude=HOW_ASKED) if server else None, options]
    return content_sum([model_sum(settings), tuned, engine, how, engine_versions(), source_sum("models")])


@functools.cache
def engine_versions() -> list[str]:
    """The versions of the packages that run models here, and whether they run them on a GPU."""
    found = []
    for name in ENGINES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return [*found, "gpu"] if has_gpu() else found


@functools.cache
def source_sum(*packages: str) -> str:
    """One sum over the source of these packages of Bakeoff."""
    return code_sum(lambda package: package in packages)
