"""What a model behind each protocol can be: a generator, an embedder, a reranker.

Takes a model's settings. Sends nothing.
"""

from collections.abc import Mapping

from bakeoff.errors import ConfigError
from bakeoff.models.settings import Api, ApiModel
from bakeoff.sentences import listed

ROLES: Mapping[Api, tuple[str, ...]] = {
    "openai": ("generator", "embedder", "reranker"),
    "anthropic": ("generator",),
    "google": ("generator", "embedder"),
    "ollama": ("generator", "embedder"),
    "cohere": ("embedder", "reranker"),
    "jina": ("embedder", "reranker"),
    "voyage": ("embedder", "reranker"),
    "tei": ("embedder", "reranker"),
}


def require_role(settings: ApiModel, role: str) -> None:
    """Raises ConfigError if models behind this protocol cannot be this."""
    if role not in ROLES[settings.api]:
        can = [api for api, roles in ROLES.items() if role in roles]
        raise ConfigError(
            f"The model {settings.label} is used as {'an' if role[0] in 'aeiou' else 'a'} {role}, but `api: "
            f"{settings.api}` has none (it has {listed([f'{one}s' for one in ROLES[settings.api]])}).",
            f"name a local model, or one with api: {', '.join(can[:-1])} or {can[-1]}",
        )
