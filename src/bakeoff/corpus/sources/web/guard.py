"""Which addresses of the network a site may be at: public ones, and with `allow_private` those of an intranet.

Takes a host, gives its IP addresses, resolved once. Connects to nothing.
"""

import ipaddress
import socket
from collections.abc import Iterator

from bakeoff.errors import InputError
from bakeoff.files.unreadable import reason_of

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_IPV4_INSIDE = tuple(map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""IPv6 addresses whose last 32 bits are an IPv4 address: compatible, translated (SIIT), NAT64, local NAT64."""
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All public IPv6 addresses of one host are in it. Python's `is_global` says so of others too, such as fec0::/10."""
_METADATA_ADDRESSES = """
    169.254.169.254 fd00:ec2::254 fd20:ce::254 100.100.100.200 168.63.129.16 192.0.0.192
"""
_METADATA = frozenset(map(ipaddress.ip_address, _METADATA_ADDRESSES.split()))
"""Where clouds give credentials and certificates to every program on a machine."""


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
    if not one.is_global or (isinstance(one, ipaddress.IPv6Address) and one not in _UNICAST):
        return "" if allow_private else "a private address"
    return ""


def _meanings(one: Address) -> Iterator[Address]:
    """The address, or the IPv4 addresses that it stands for: mapped, 6to4, Teredo, and as in `_IPV4_INSIDE`."""
    if isinstance(one, ipaddress.IPv4Address):
        yield one
        return
    inner = [one.ipv4_mapped, one.sixtofour, *(one.teredo or ())]
    if int(one) > 1 and any(one in network for network in _IPV4_INSIDE):
        inner.append(ipaddress.IPv4Address(int(one) & 0xFFFFFFFF))
    embedded = [address for address in inner if address is not None]
    yield from embedded or [one]


def addresses_of(host: str, port: int, allow_private: bool = False) -> list[str]:
    """The IP addresses of a host. Raises InputError if it has none, or one that is not to be contacted."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InputError(f"The host {host} was not found: {reason_of(error)}.", "check the address in web:") from error
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
