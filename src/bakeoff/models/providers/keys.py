"""API keys: read from the environment when needed, and removed from everything that is shown.

Takes a model's settings. Stores no key: callers hold it in a local variable for one request.
"""

import html
import json
import os
from urllib.parse import quote

from bakeoff.errors import ConfigError
from bakeoff.models.settings import ApiModel

HIDDEN = "[key hidden]"
SHORTEST_SECRET = 8
"""Shorter keys are placeholders for servers that need none ('EMPTY', 'ollama'), or words that answers may contain."""


def key_of(settings: ApiModel) -> str:
    """The key for this model; empty if the settings name no variable.

    Raises ConfigError if the variable is not set, is empty, or holds characters that an HTTP header cannot carry.
    """
    if settings.key_env is None:
        return ""
    key = os.environ.get(settings.key_env, "").strip()
    if not key:
        raise ConfigError(
            f"The model {settings.label} needs a key, but the environment variable {settings.key_env} is not set.",
            f"set it (export {settings.key_env}=...), or remove key_env if the server needs no key",
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(
            f"The environment variable {settings.key_env} holds characters that an HTTP header cannot carry.",
            "set it to the key alone: one line of plain ASCII characters",
        )
    return key


def without_key(text: str, key: str) -> str:
    """The text with every copy of the key replaced: as it is, and as JSON, HTML or a URL would write it."""
    if len(key) < SHORTEST_SECRET:
        return text
    for written in sorted({key, json.dumps(key)[1:-1], html.escape(key), quote(key, safe="")}, key=len, reverse=True):
        text = text.replace(written, HIDDEN)
    return text
