"""Which addresses of the network a site may be at: public ones, and with `allow_private` those of an intranet.

Takes a host, gives its IP addresses, resolved once. Connects to nothing.
"""

import ipaddress
import socket
from collections.abc import Iterator

from bakeoff.errors import InputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
"""Where clouds hand credentials to whoever asks."""


def refusal(address: str, allow_private: bool = False) -> str:
    """Why this IP address is not contacted. Empty if it may be.

    >>> refusal("93.184.215.14"), refusal("10.0.0.1"), refusal("10.0.0.1", allow_private=True)
    ('', 'a private address', '')
    """
    for one in _meanings(ipaddress.ip_address(address.partition("%")[0])):
        if why := _refusal(one, allow_private):
            return why
    return ""


def _refusal(one: Address, allow_private: bool) -> str:
    if one in _METADATA:
        return "an address of cloud metadata"
    if one.is_link_local:
        return "a link-local address"
    if one.is_multicast:
        return "a multicast address"
    if one.is_unspecified or (one.version == 4 and one in ipaddress.ip_network("0.0.0.0/8")):
        return "an unspecified address"
    if one.is_loopback:
        return "" if allow_private else "an address of this machine"
    if one.is_reserved and one.version == 4:
        return "a reserved address"
    if not one.is_global:
        return "" if allow_private else "a private address"
    return ""


def _meanings(one: Address) -> Iterator[Address]:
    """The address, or the IPv4 address that it stands for: mapped, 6to4, Teredo, NAT64."""
    if isinstance(one, ipaddress.IPv4Address):
        yield one
        return
    inner = [one.ipv4_mapped, one.sixtofour, *(one.teredo or ())]
    if one in _NAT64 or (one in _COMPATIBLE and int(one) > 1):
        inner.append(ipaddress.IPv4Address(int(one) & 0xFFFFFFFF))
    embedded = [address for address in inner if address is not None]
    yield from embedded or [one]


def addresses_of(host: str, port: int, allow_private: bool = False) -> list[str]:
    """The IP addresses of a host. Raises InputError if it has none, or one that is not to be contacted."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InputError(f"The host {host} was not found: {error}.", "check the address in web:") from error
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        if why := refusal(address, allow_private):
            remedy = "set allow_private: true if this is a site of your own network"
            may_be = _refusable(address)
            raise InputError(
                f"{host} is at {address}, {why}, which is not contacted.",
                remedy if may_be else "name a site at a public address",
            )
    return addresses


def _refusable(address: str) -> bool:
    """Whether `allow_private` would allow it."""
    return not refusal(address, allow_private=True)
