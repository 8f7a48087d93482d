"""The HTTP client of everything that asks a server, so that all of them treat proxies alike.

Takes the settings of a client of httpx, gives the client. Knows no server.
"""

from typing import Any

import httpx2

from bakeoff.files.proxies import check_proxies


def http_client(trust_env: bool, **settings: Any) -> httpx2.Client:
    """A client; with `trust_env` it goes through the proxies of the environment. Raises ConfigError if it cannot."""
    if trust_env:
        check_proxies()
    return httpx2.Client(trust_env=trust_env, **settings)
