"""Refuses requests for another host than this server, before anything looks at their path.

A web page can point a name of its own at 127.0.0.1 (DNS rebinding) and would then speak to this server as if it were
its own; its requests carry that name as Host. Takes the allowed names, gives 421 for others and 400 for a Host that is
missing, given twice or not a host. Does not know which origin a page has: `origin.py` does.
Source: RFC 9110, sections 7.2 (Host) and 15.5.20 (421); RFC 3986, section 3.2.2 (syntax of a host).
"""

import ipaddress
import re
from collections.abc import Iterable

from bakeoff.errors import ConfigError
from bakeoff.records import Record
from bakeoff.serve.guard.asgi import App, Receive, Scope, Send, headers_of, refuse

HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>\d{1,5}))?", re.ASCII)
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
ANY_ADDRESS = ("0.0.0.0", "::", "")


class AllowedHosts(Record):
    """Names in lower case, without ports. `addresses`: any IP address too, which no web page can give to itself."""

    names: frozenset[str]
    addresses: bool = False

    def allows(self, name: str) -> bool:
        return name in self.names or (self.addresses and is_address(name))


def allowed_hosts(bound: str, more: Iterable[str] = ()) -> AllowedHosts:
    """The hosts for a server bound to an address: loopback, that address, and the names that people use for it.

    Raises ConfigError for a name with a port, a path or a wildcard.
    """
    names = [*LOOPBACK_NAMES, *([] if bound in ANY_ADDRESS else [_bracketed(bound)])]
    for name in more:
        match = HOST.fullmatch(name)
        if not match or match["port"]:
            raise ConfigError(
                f"{name!r} is not the name of a host.", "give the name alone, without scheme, port, path or wildcard"
            )
        names.append(name)
    return AllowedHosts(names=frozenset(_plain(name) for name in names), addresses=not is_loopback(bound))


def is_loopback(bound: str) -> bool:
    """Whether only this machine can reach a server bound to that address."""
    try:
        return ipaddress.ip_address(bound.strip("[]")).is_loopback
    except ValueError:
        return bound.lower() == "localhost"


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def host_of(scope: Scope) -> tuple[str, str] | None:
    """The requested host in lower case, and its port (empty if none is given). None if it is not exactly one host."""
    given = headers_of(scope, b"host")
    match = HOST.fullmatch(given[0].decode("latin-1")) if len(given) == 1 else None
    return (_plain(match["name"]), match["port"] or "") if match else None


def _plain(name: str) -> str:
    return name.lower().rstrip(".")


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address and not address.startswith("[") else address


class HostGuard:
    def __init__(self, app: App, hosts: AllowedHosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = host_of(scope)
        if host is None:
            await refuse(send, 400, "The request needs exactly one valid Host header.", "invalid_host")
        elif not self._hosts.allows(host[0]):
            message = f"This server does not answer for the host '{host[0]}'. Its operator can allow it by name."
            await refuse(send, 421, message, "host_not_allowed")
        else:
            await self._app(scope, receive, send)
