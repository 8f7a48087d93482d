"""The proxies that the environment names, for all that asks a server: only those of HTTP can be used.

Takes nothing, raises ConfigError. HTTP libraries raise errors of their own kinds for any other, also where no request
would go through it.
"""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import getproxies

from bakeoff.errors import ConfigError

SCHEMES = ("http", "https")
FOR = ("http", "https", "all")
"""What a proxy may be named for: HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."""


def check_proxies() -> None:
    """Raises ConfigError if a proxy that is named cannot be used. No message shows its user or password."""
    named = getproxies()
    if "*" in (host.strip() for host in named.get("no", "").split(",")):
        return
    for kind in FOR:
        address = named.get(kind, "")
        problem = _problem(address) if address else ""
        if problem:
            where = next(_variables(kind), "")
            raise ConfigError(
                f"{where or 'The proxy in the settings of this system'} {problem}.",
                "give the address of an HTTP proxy, http://HOST:PORT or https://HOST:PORT"
                + (f", or unset {where}" if where else ""),
            )


def _problem(address: str) -> str:
    """What is wrong with the address of a proxy; empty if nothing is."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return "holds no address that can be read"
    if not host or not address.isprintable() or " " in address:
        return "holds no address that can be read"
    if parts.scheme not in SCHEMES:
        shown = f"[{host}]" if ":" in host else host
        return f"is {parts.scheme}://{shown}{'' if port is None else f':{port}'}, which is no HTTP proxy"
    return ""


def _variables(kind: str) -> Iterator[str]:
    """The variables that name it, the one that holds first."""
    for name in (f"{kind}_proxy", f"{kind}_proxy".upper()):
        if os.environ.get(name):
            yield name
