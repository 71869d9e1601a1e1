"""Which internet addresses are public. Everything else is somebody's inside: ours, the cloud's, the operator's."""

import socket
import unicodedata
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# How this very machine is called, in a URL.
OWN_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
# What `is_global` lets through, or not in every version of Python, and yet leads inside.
_NOT_PUBLIC = tuple(
    ip_network(block)
    for block in (
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata service lives there
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # Azure's metadata service, at an address that looks public
        "fec0::/10",  # site-local, deprecated and still routed by some
        "3fff::/20",  # documentation
    )
)
# All that is handed out of IPv6 so far. What lies outside leads to translators, tunnels and other insides.
_IPV6_IN_USE = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_IPV4_COMPATIBLE = ip_network("::/96")


def is_public(address: str) -> bool:
    """Whether an IPv4 or IPv6 address in its usual notation is public; an IPv4 address inside an IPv6 one counts."""
    return _is_public(ip_address(address.partition("%")[0]))


def is_this_machine(host: str) -> bool:
    """Whether a URL's host means the machine that reads it, by its name or any address for itself."""
    address = literal_address(host)
    return host in OWN_MACHINE or host.endswith(".localhost") or bool(address and ip_address(address).is_loopback)


def literal_address(host: str) -> str | None:
    """The address that a URL's host spells, in any notation that a resolver would take for one; None for a name.

    `0x7f.1`, `0177.0.0.1`, `2130706433`, full-width digits and `[::ffff:127.0.0.1]` all spell 127.0.0.1.
    """
    host = unicodedata.normalize("NFKC", host).replace("\u3002", ".").strip("[]").rstrip(".")
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeEncodeError):
        return None


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and (inner := _ipv4_inside(address)):
        return _is_public(inner)
    if address.is_multicast or any(address in block for block in _NOT_PUBLIC if block.version == address.version):
        return False
    return address.is_global and (isinstance(address, IPv4Address) or address in _IPV6_IN_USE)


def _ipv4_inside(address: IPv6Address) -> IPv4Address | None:
    """What a mapped, 6to4, NAT64, or old compatible address leads to in the end."""
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
