"""API keys: read from the environment when they are needed, and taken out of everything that is shown.

Takes a model's settings. Keeps no key: whoever asks holds it in a local variable for one request.
"""

import html
import json
import os
from urllib.parse import quote

from bakeoff.errors import ConfigError
from bakeoff.models.settings import ApiModel

HIDDEN = "[key hidden]"
SHORTEST_SECRET = 8
"""Shorter keys are placeholders for servers that want none ('EMPTY', 'ollama'), and words that an answer may hold."""


def key_of(settings: ApiModel) -> str:
    """The key for this model, empty where the settings name no variable.

    Raises ConfigError where the variable is not set, is empty, or holds what no HTTP header can carry.
    """
    if settings.key_env is None:
        return ""
    key = os.environ.get(settings.key_env, "").strip()
    if not key:
        raise ConfigError(
            f"The model {settings.label} needs a key, but the environment variable {settings.key_env} is not set.",
            f"set it (export {settings.key_env}=...), or remove key_env where the server needs no key",
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(
            f"The environment variable {settings.key_env} holds characters that no HTTP header can carry.",
            "set it to the key alone: one line of plain ASCII characters",
        )
    return key


def without_key(text: str, key: str) -> str:
    """The text with every copy of the key replaced, as it is or as JSON, HTML or a URL would write it."""
    if len(key) < SHORTEST_SECRET:
        return text
    for written in sorted({key, json.dumps(key)[1:-1], html.escape(key), quote(key, safe="")}, key=len, reverse=True):
        text = text.replace(written, HIDDEN)
    return text
