"""API keys: read from the environment when needed, and sent in a header. `hidden_keys` removes them from what is shown.

Takes a model's settings. Stores no key but those of servers that this process started: callers hold it in a local
variable for one request.
"""

import logging
import os

from bakeoff.errors import ConfigError
from bakeoff.models.reference import host_of, location_of
from bakeoff.models.settings import ApiModel

_own: dict[str, str] = {}
_warned: set[str] = set()
_log = logging.getLogger(__name__)
ANTHROPIC_VERSION = "2023-06-01"
SHORTEST_KEY = 4
"""A shorter key is refused: to hide it would leave nothing of an error message."""


def keep_own_key(name: str, key: str) -> None:
    """Keeps the key of a server that this process started, under a name that `key_env` can have.

    It never stands in the environment, which other programs inherit.
    """
    _own[name] = key


def key_of(settings: ApiModel) -> str:
    """The key for this model; empty if the settings name no variable.

    Raises ConfigError where the variable is not set, is empty or shorter than SHORTEST_KEY, or holds what no HTTP
    header can carry; and where the key would go over the internet in the clear.
    """
    if settings.key_env is None:
        return ""
    key = _own.get(settings.key_env) or os.environ.get(settings.key_env, "").strip()
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
    if len(key) < SHORTEST_KEY:
        raise ConfigError(
            f"The environment variable {settings.key_env} holds a key of fewer than {SHORTEST_KEY} characters, which "
            "could not be hidden in error messages.",
            "set it to the whole key (to EMPTY where the server takes any), or remove key_env where it needs none",
        )
    check_not_in_clear(settings.base_url)
    return key


def check_not_in_clear(url: str) -> None:
    """Raises ConfigError if a key would be sent to this address over the internet unencrypted.

    Within a private network it is a warning, once for each host: whoever is in it can read the key.
    """
    where, host = location_of(url), host_of(url)
    if not url.lower().startswith("http://") or where == "here":
        return
    if where == "internet":
        raise ConfigError(
            f"The address of {host} begins with http://, so everybody on the way could read the key that is sent "
            "to it.",
            "write it with https://; if the server needs no key, remove key_env",
        )
    if host not in _warned:
        _warned.add(host)
        _log.warning("The key for %s is sent over http://: whoever is in that network can read it. Use https://.", host)


def headers_with(key: str, api: str) -> dict[str, str]:
    """The headers that carry the key as this protocol wants it. No protocol has it in an address, which logs keep.

    Sources: https://platform.claude.com/docs/en/api/overview; https://ai.google.dev/api (`x-goog-api-key`).
    """
    if api == "anthropic":
        return {"anthropic-version": ANTHROPIC_VERSION} | ({"x-api-key": key} if key else {})
    if api == "google":
        return {"x-goog-api-key": key} if key else {}
    return {"Authorization": f"Bearer {key}"} if key else {}
