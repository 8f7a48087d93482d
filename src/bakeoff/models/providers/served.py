"""How large a context a server says that its model has, where it says so.

Takes a model's settings, looks up one or two addresses of its server, gives a number of tokens. Asks no model anything.
Sources: vLLM (`max_model_len` in `/v1/models`); ggml-org/llama.cpp, tools/server/README.md (`n_ctx` of a slot in
`/props`); https://platform.claude.com/docs/en/api/models (`max_input_tokens`); https://ai.google.dev/api/models
(`inputTokenLimit`).
"""

from collections.abc import Iterator
from typing import Any

from bakeoff.errors import ConfigError
from bakeoff.models.engines.google import model_path
from bakeoff.models.providers.client import ApiClient, ApiError
from bakeoff.models.settings import ApiModel

LOOK_UP_SECONDS = 10.0


def check_context(model: ApiModel) -> int | None:
    """The tokens of the context that the server names, None if it names none.

    Raises ConfigError if `context_tokens` is more: prompts would be refused, or cut without a word.
    """
    tokens = served_context(model)
    if tokens is not None and tokens < model.context_tokens:
        raise ConfigError(
            f"The server of {model.label} has a context of {tokens:,} tokens, but context_tokens is "
            f"{model.context_tokens:,}.",
            f"set context_tokens: {tokens} for this model, or start the server with a larger context",
        )
    return tokens


def served_context(model: ApiModel) -> int | None:
    """The tokens of the context that the server names. None if it names none, or cannot be asked."""
    client = ApiClient(model.model_copy(update={"timeout_s": min(model.timeout_s, LOOK_UP_SECONDS)}))
    try:
        return next((tokens for tokens in _named(model, client) if isinstance(tokens, int) and tokens > 0), None)
    except ApiError:
        return None
    finally:
        client.close()


def _named(model: ApiModel, client: ApiClient) -> Iterator[Any]:
    """The places where servers of this protocol name it, in order."""
    if model.api == "anthropic":
        yield client.look_up(f"{model.base_url}/models/{model.model}").get("max_input_tokens")
    elif model.api == "google":
        yield client.look_up(f"{model.base_url}/{model_path(model)}").get("inputTokenLimit")
    elif model.api == "openai" and model.location != "internet":
        yield from (row.get("max_model_len") for row in _listed(model, client))
        properties = client.look_up(f"{model.base_url.removesuffix('/v1')}/props")
        settings = properties.get("default_generation_settings")
        yield settings.get("n_ctx") if isinstance(settings, dict) else None


def _listed(model: ApiModel, client: ApiClient) -> list[dict[str, Any]]:
    """What the server says of this model in its list; nothing where it has no list."""
    try:
        rows = client.look_up(f"{model.base_url}/models").get("data")
    except ApiError:
        return []
    return [row for row in rows if isinstance(row, dict) and row.get("id") == model.model] if rows else []
