"""Where a model runs: on this machine, on the premises, or somewhere on the internet.

Takes the address of a server. Sends no request.
"""

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

Location = Literal["here", "premises", "internet"]

LOCAL_ENDINGS = (".local", ".lan", ".internal", ".localdomain", ".home.arpa")


def host_of(url: str) -> str:
    """The host of a server's address; empty if the text is not an address."""
    return urlsplit(url).hostname or ""


def location_of(url: str) -> Location:
    """Where the server is.

    'here' is this machine; 'premises' is a private address or a name without a public domain.
    """
    host = host_of(url)
    if not host or host == "localhost":
        return "here"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "premises" if "." not in host or host.endswith(LOCAL_ENDINGS) else "internet"
    if address.is_loopback:
        return "here"
    return "premises" if address.is_private else "internet"
