"""A configuration as a bundle shows it: numbers, choices, recipes, kinds of sources, and models of public places.

Takes a configuration, gives plain values without names that a team chose. The numbers of the profile are in it.
"""

from typing import Any

from bakeoff.catalogue import RECIPES
from bakeoff.corpus.sources.kinds import KINDS
from bakeoff.corpus.sources.settings import SourceSettings
from bakeoff.doctor.bundle.plain import OTHER, known, plain
from bakeoff.models.defaults import DEFAULT_EMBEDDER
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.load import SCRIPTED
from bakeoff.models.reader import READER, UNTAUGHT
from bakeoff.models.settings import ApiModel, ModelSettings
from bakeoff.runs.config import Config

PUBLIC_MODELS = (READER, UNTAUGHT, DEFAULT_EMBEDDER, SCRIPTED, HashEmbedder.name)
PUBLIC_HOSTS = (
    "api.openai.com",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
    "api.cohere.com",
    "api.jina.ai",
    "api.voyageai.com",
    "api.together.ai",
    "api.together.xyz",
    "api.fireworks.ai",
    "openrouter.ai",
    "api.mistral.ai",
    "api.groq.com",
    "api.deepseek.com",
    "localhost",
    "127.0.0.1",
)
"""Hosts that many people use; the name of any other may say whose it is."""


def settings(config: Config) -> dict[str, Any]:
    """All of a configuration that may leave."""
    return {
        **plain(config),
        "models": [_model(model) for model in config.models.values()],
        "contenders": [{"recipe": known(spec.recipe, RECIPES), **plain(spec)} for spec in config.specs],
        "documents": [_source(source) for source in config.documents],
        "judge": _model(config.judge) if config.judge else None,
        "in_database": bool(config.store),
    }


def _model(model: ModelSettings) -> dict[str, Any]:
    if isinstance(model, ApiModel):
        return {"kind": "api", "host": known(model.host, PUBLIC_HOSTS), **plain(model)}
    return {"kind": "local", "name": known(model.name, PUBLIC_MODELS), "adapter": bool(model.adapter), **plain(model)}


def _source(source: str | SourceSettings) -> dict[str, Any]:
    if isinstance(source, str):
        return {"kind": "path"}
    return {"kind": known(source.kind, KINDS), **plain(source)} if source.kind in KINDS else {"kind": OTHER}
