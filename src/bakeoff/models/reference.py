"""Where a model runs: on this machine, on the premises, or somewhere on the internet.

Takes the address of a server. Sends no request.
"""

import ipaddress
import re
from typing import Literal
from urllib.parse import urlsplit

Location = Literal["here", "premises", "internet"]

LOCAL_ENDINGS = (".local", ".lan", ".internal", ".localdomain", ".home.arpa")


def host_of(url: str) -> str:
    """The host of a server's address; empty if the text is not an address."""
    return urlsplit(url).hostname or ""


def shown_address(address: str) -> str:
    """The address as a message may show it: without user, password, query and fragment; empty where it has no host.

    Also of what is no address: what cannot be the port behind a colon is left out with the colon.
    """
    scheme, slashes, rest = address.partition("//")
    if not slashes:
        scheme, rest = "", address
    host, slash, path = re.split(r"[?#]", rest.rpartition("@")[2])[0].partition("/")
    host = re.sub(r":(?!\d*$)[^\]]*$", "", host)
    return f"{scheme}{slashes}{host}{slash}{path}" if slashes or "." in host or slash or ":" in host else ""


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
