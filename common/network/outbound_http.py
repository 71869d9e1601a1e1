"""HTTP to addresses that strangers chose: checked as text when entered, and again when the socket is opened.

Only the second check is safe: a name may resolve to something else by then (DNS rebinding), so the resolver filters
and the socket factory refuses whatever reaches it all the same.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from common.network.public_addresses import is_public, literal_address

DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
# Servers commonly drop idle connections after 5 s; reusing one at that moment would look like a failure.
KEEP_ALIVE_SECONDS = 2.0
# A name server that does not answer holds a thread, for half a minute. Names that took long the last time are looked up
# by threads of their own, so that they are in nobody's way.
RESOLVER_THREADS = 256
SLOW_NAMES_THREADS = 64
SLOW_NAME_SECONDS = 1.0


class RefusedAddress(OSError):
    """We do not connect to there; the message says why in words for whoever entered the address.

    An OSError, because that is what a resolver and a socket may raise inside aiohttp.
    """


class RefusedPort(RefusedAddress):
    """The address may be fine, its port is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRules:
    """What may be connected to."""

    allow_private: bool  # loopback, private and link-local addresses too, on any port
    ports: frozenset[int] = frozenset({80, 443})

    def check_url(self, url: str) -> None:
        """Raises RefusedAddress for a URL that needs no look-up to be known as wrong; for people's first try."""
        parts = _split(url)
        host = parts.hostname or ""
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        self.check_port(port)
        if host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost"):
            self.check_address("127.0.0.1")
        if address := literal_address(host):
            self.check_address(address)

    def check_address(self, address: str) -> None:
        """Raises RefusedAddress for an address that is not public."""
        if not self.allow_private and not is_public(address):
            raise RefusedAddress(f"{address} is a private address; only public ones are connected to.")

    def check_port(self, port: int) -> None:
        """Raises RefusedPort for a port that is not allowed."""
        if not self.allow_private and port not in self.ports:
            allowed = ", ".join(str(number) for number in sorted(self.ports))
            raise RefusedPort(f"Port {port} is not allowed; allowed are: {allowed}.")


class GuardedResolver(AbstractResolver):
    """Leaves of a name's addresses only those that may be connected to."""

    def __init__(self, rules: OutboundRules, inner: AbstractResolver) -> None:
        self._rules = rules
        self._inner = inner

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The allowed addresses. Raises RefusedAddress when there are others only."""
        found = await self._inner.resolve(host, port, family)
        allowed = [each for each in found if self._rules.allow_private or is_public(each["host"])]
        if found and not allowed:
            raise RefusedAddress(f"{host} leads to the private address {found[0]['host']}.")
        return allowed

    @override
    async def close(self) -> None:
        """Ends the resolver inside."""
        await self._inner.close()


class SystemResolver(AbstractResolver):
    """The machine's own resolver, in threads that nothing else waits for."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolver")
        self._threads_for_slow = ThreadPoolExecutor(SLOW_NAMES_THREADS, thread_name_prefix="slow resolver")
        self._slow_names: set[str] = set()

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of a name. Raises OSError when it has none."""
        threads = self._threads_for_slow if host in self._slow_names else self._threads
        infos = await asyncio.get_running_loop().run_in_executor(threads, self._look_up, host, port, family)
        return [_result(host, info) for info in infos]

    @override
    async def close(self) -> None:
        """Lets threads that still wait for a name server go."""
        for threads in (self._threads, self._threads_for_slow):
            threads.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, host: str, port: int, family: int) -> list[Any]:
        began = time.monotonic()
        try:
            return _addresses(host, port, family)
        finally:
            if time.monotonic() - began > SLOW_NAME_SECONDS:
                self._slow_names.add(host)
            else:
                self._slow_names.discard(host)


def guarded_connector(
    rules: OutboundRules, *, resolver: AbstractResolver | None = None, trust: ssl.SSLContext | None = None
) -> aiohttp.TCPConnector:
    """A connector that opens sockets to allowed addresses only, whatever the URL and whatever DNS says.

    `trust`: whose certificates count, in the place of the usual authorities'.
    """

    def socket_factory(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        rules.check_address(address[0])
        rules.check_port(address[1])
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        return opened

    return aiohttp.TCPConnector(
        resolver=GuardedResolver(rules, resolver or SystemResolver()),
        socket_factory=socket_factory,
        ssl=trust or _trust(),
        limit=0,  # whoever sends has limits of their own, per receiver
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )


async def reach(url: str, rules: OutboundRules, resolver: AbstractResolver) -> None:
    """Opens a line to the URL's host, by TLS where it says https, and closes it again; nothing is asked.

    Its addresses are called at once, and one that answers is enough: a machine may have no way to IPv6 ones.
    Raises OSError with what is in the way, RefusedAddress for what may not be connected to.
    """
    parts = _split(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
    rules.check_port(port)
    found = await GuardedResolver(rules, resolver).resolve(host, port)
    trust = _trust() if parts.scheme == "https" else None

    async def call(address: str) -> None:
        _, writer = await asyncio.open_connection(address, port, ssl=trust, server_hostname=host if trust else None)
        writer.close()

    calls = [asyncio.create_task(call(each["host"])) for each in found]
    try:
        for each in asyncio.as_completed(calls):
            with suppress(OSError):
                return await each
        await calls[0]  # raises what was in its way
    finally:
        for left in calls:
            left.cancel()


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The machine's certificate authorities and Mozilla's: a bare machine may have none of its own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        has_host = False
    if not has_host or parts.scheme not in DEFAULT_PORTS:
        raise RefusedAddress("Only http:// and https:// URLs with a host name are connected to.")
    if parts.username is not None or parts.password is not None:
        raise RefusedAddress("The URL must not contain a user name or password; use a custom header.")
    return parts


def _addresses(host: str, port: int, family: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG)


def _result(host: str, info: Any) -> ResolveResult:
    family, _, protocol, _, address = info
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address[0], port=address[1], family=family, proto=protocol, flags=flags)
