"""Where a generator's model answers: in this process, on the premises, or somewhere on the internet.

Takes a model's name as the configuration gives it. Asks no server.
"""

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

Location = Literal["here", "premises", "internet"]

LOCAL_ENDINGS = (".local", ".lan", ".internal", ".localdomain", ".home.arpa")


def host_of(model: str) -> str:
    """The host that an 'openai:URL#MODEL' asks; empty for a model that runs in this process."""
    if not model.startswith("openai:"):
        return ""
    return urlsplit(model.removeprefix("openai:").partition("#")[0]).hostname or ""


def location_of(model: str) -> Location:
    """'here' also for a server on this machine; 'premises' for a private address or a name without a public domain."""
    host = host_of(model)
    if not host or host == "localhost":
        return "here"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "premises" if "." not in host or host.endswith(LOCAL_ENDINGS) else "internet"
    if address.is_loopback:
        return "here"
    return "premises" if address.is_private else "internet"
