"""Who is calling: one answer for every limit and every record, also behind proxies.

A proxy of ours adds the address that it was called from to the end of `X-Forwarded-For`; what stands before it was
written by whoever called the proxy, and counts only as far as that one is a proxy of ours too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

_Address = IPv4Address | IPv6Address

# What one subscriber of an IPv6 provider has at least: counting single addresses would count nobody.
_IPV6_PREFIX = 64
_MOST_HOPS = 10


@dataclass(frozen=True, kw_only=True)
class TrustedProxies:
    """Which proxies are ours: so many hops in front of us, or all within some ranges of addresses."""

    hops: int = 0
    ranges: tuple[IPv4Network | IPv6Network, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hops or self.ranges)

    def include(self, peer: str) -> bool:
        """Whether what this peer forwards is to be believed. With hops, everybody in front of us is one of ours."""
        address = _address(peer)
        return bool(self.hops) or (address is not None and self._has(address))

    def caller(self, peer: str, forwarded_for: str) -> _Address | None:
        """The address behind our proxies; None when the peer has none (a Unix socket)."""
        chain = [*map(_address, forwarded_for.split(",") if forwarded_for else []), _address(peer)]
        if self.hops:
            return next((each for each in chain[-self.hops - 1 :] if each), None)
        caller = chain.pop()
        # What a proxy of ours says is taken until it names somebody who is none, or says nothing that is an address.
        while caller is not None and self._has(caller) and chain and (before := chain.pop()) is not None:
            caller = before
        return caller

    def _has(self, address: _Address) -> bool:
        return any(address in each for each in self.ranges)


def trusted_proxies(words: list[str]) -> TrustedProxies:
    """Reads `2` or `10.0.0.0/8, 127.0.0.1`. Raises ValueError, in words for the operator."""
    if len(words) == 1 and words[0].isdecimal():
        hops = int(words[0])
        if hops > _MOST_HOPS:
            raise ValueError(f"{hops} proxies one behind the other are more than {_MOST_HOPS}.")
        return TrustedProxies(hops=hops)
    try:
        return TrustedProxies(ranges=tuple(ip_network(word) for word in words))
    except ValueError as error:
        raise ValueError(f"{error}. Give a number of proxies, or their addresses or ranges like 10.0.0.0/8.") from None


def address_of(request: HttpRequest) -> str:
    """The caller's address, as it is shown to people; empty when there is none."""
    return _caller(*_said(request.META))[0]


def counted_address_of(request: HttpRequest) -> str:
    """What a limit counts by: an IPv4 address, or the /64 of an IPv6 one."""
    return _caller(*_said(request.META))[1]


def _said(meta: Mapping[str, Any]) -> tuple[TrustedProxies, str, str]:
    proxies: TrustedProxies = settings.TRUSTED_PROXIES
    return proxies, meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", "") if proxies else ""


@lru_cache(maxsize=2048)
def _caller(proxies: TrustedProxies, peer: str, forwarded_for: str) -> tuple[str, str]:
    address = proxies.caller(peer, forwarded_for)
    if address is None:
        return "", ""
    if isinstance(address, IPv6Address):
        return str(address), str(IPv6Network((int(address), _IPV6_PREFIX), strict=False))
    return str(address), str(address)


def _address(text: str) -> _Address | None:
    """Also with a port behind it, as some proxies write it. An IPv4 address in IPv6's clothes is the IPv4 one."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
