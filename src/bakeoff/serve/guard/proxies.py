"""Which proxies a server believes about the addresses of clients: those that its operator names, by default none.

Everybody can write `X-Forwarded-For` into a request. Where it is believed without reason, one client looks like many,
and limits for addresses do not hold. Takes what the operator says, gives it checked. uvicorn reads the headers.
"""

import ipaddress
from collections.abc import Iterable

from bakeoff.errors import ConfigError


def checked_proxies(proxies: Iterable[str]) -> tuple[str, ...]:
    """Addresses and networks of proxies. Raises ConfigError for anything else, also for all addresses at once.

    >>> checked_proxies(["127.0.0.1", "10.0.0.0/24"])
    ('127.0.0.1', '10.0.0.0/24')
    """
    checked = []
    for proxy in proxies:
        try:
            network = ipaddress.ip_network(proxy)
        except ValueError:
            network = None
        if network is None or network.prefixlen == 0:
            raise ConfigError(
                f"{proxy!r} is not the address of a proxy.",
                "give the address or the network from which it calls the server: 127.0.0.1, or 10.0.0.0/24",
            )
        checked.append(str(network) if "/" in proxy else str(network.network_address))
    return tuple(checked)
