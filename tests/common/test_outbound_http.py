"""No way inside: every spelling of a private address, names that lead to one now or later, odd ports, redirects."""

import asyncio
import re
import socket
import threading
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import unused_port

from common.network import outbound_http
from common.network.outbound_http import (
    GuardedResolver,
    OutboundRules,
    RefusedAddress,
    RefusedPort,
    SystemResolver,
    guarded_connector,
    reach,
)
from common.network.public_addresses import is_public, literal_address
from tests.webhooks_app.receiver import Receiver

GUARDED = OutboundRules(allow_private=False)
OPEN = OutboundRules(allow_private=True)

PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1"),
    *(
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.88.99.1",
    ),
    *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "fe80::1%eth0"),
    *("::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "2002:7f00:1::"),
    *("64:ff9b:1::a9fe:a9fe", "::ffff:0:7f00:1", "3fff::1", "5f00::1", "100::1"),
]
SPELLINGS = [
    *("127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "017700000001", "0x7f.0.0.0x1", "127.0.0.1."),
    *("１２７.0.0.1", "127。0。0。1", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "[::1]", "[::]", "0"),
]


class Names(AbstractResolver):
    """A resolver of our own: a name's answers, one after the other; the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): list(each) for name, each in answers.items()}

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        rounds = self.answers[host]
        now = rounds.pop(0) if len(rounds) > 1 else rounds[0]
        return [_result(host, address, port) for address in now]

    async def close(self) -> None:
        """Nothing to close."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)


def post(url: str, *, rules: OutboundRules = GUARDED, names: AbstractResolver | None = None) -> int:
    """The status that a POST is answered with; raises what the guard raised."""

    async def run() -> int:
        connector = guarded_connector(rules, resolver=names)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=5)) as client:
            try:
                async with client.post(url, data=b"{}", allow_redirects=False) as response:
                    return response.status
            except aiohttp.ClientConnectorError as error:
                raise error.os_error from None

    return asyncio.run(run())


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", SPELLINGS)
def test_an_address_is_recognised_however_it_is_spelt(host: str) -> None:
    address = literal_address(host)
    assert address is not None
    assert not is_public(address)


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.nip.io", "0x7f.example", "1.2.3.4.5"])
def test_a_name_is_no_address(host: str) -> None:
    assert literal_address(host) is None


@pytest.mark.parametrize("host", [*SPELLINGS, "localhost", "a.localhost", "LOCALHOST."])
def test_a_url_that_leads_inside_is_refused_when_entered(host: str) -> None:
    with pytest.raises(RefusedAddress, match="is a private address"):
        GUARDED.check_url(f"http://{host}/")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.com/", "https://u:p@example.com/", "https://u@example.com", "http://",
            "https://example.com:99999/", "gopher://example.com", "//example.com"],
)  # fmt: skip
def test_only_plain_web_addresses_are_taken(url: str) -> None:
    with pytest.raises(RefusedAddress, match=r"Only http:// and https://|must not contain a user name"):
        OPEN.check_url(url)


@pytest.mark.parametrize("port", [22, 25, 6379, 5432, 8080])
def test_other_ports_are_refused_unless_allowed(port: int) -> None:
    with pytest.raises(RefusedPort, match="80, 443"):
        GUARDED.check_url(f"https://example.com:{port}/")
    OutboundRules(allow_private=False, ports=frozenset({443, port})).check_url(f"https://example.com:{port}/")


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]", "localhost"])
def test_no_socket_is_opened_to_the_inside(receiver_port: int, host: str) -> None:
    rules = OutboundRules(allow_private=False, ports=frozenset({receiver_port}))
    # aiohttp refuses some of the odd spellings by itself.
    with pytest.raises((OSError, aiohttp.InvalidURL), match=r"private address|not a canonical"):
        post(f"http://{host}:{receiver_port}/", rules=rules)


@pytest.fixture
def receiver_port() -> Any:
    """A port behind which somebody listens who must hear nothing."""
    with Receiver() as receiver:
        yield receiver.port
        assert receiver.messages == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(RefusedAddress, match=r"rebind\.example leads to the private address"):
        post("http://rebind.example/", names=Names(rebind_example=[[address]]))


def test_a_name_that_moves_inside_between_two_messages_is_refused_then() -> None:
    names = Names(moving_example=[["93.184.215.14"], ["127.0.0.1"]])
    guarded = GuardedResolver(GUARDED, names)
    assert [each["host"] for each in asyncio.run(guarded.resolve("moving.example"))] == ["93.184.215.14"]
    with pytest.raises(RefusedAddress, match="leads to the private address"):
        post("http://moving.example/", names=names)


def test_of_a_names_addresses_only_the_public_ones_are_used() -> None:
    guarded = GuardedResolver(GUARDED, Names(mixed_example=[["127.0.0.1", "93.184.215.14", "fe80::1"]]))
    assert [each["host"] for each in asyncio.run(guarded.resolve("mixed.example"))] == ["93.184.215.14"]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_the_socket_itself_is_checked_where_no_resolver_is_asked(host: str) -> None:
    with pytest.raises(RefusedAddress, match="is a private address"):
        post(f"http://{host}/", names=Names())


def test_names_whose_servers_are_dead_delay_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound_http, "SLOW_NAME_SECONDS", 0.05)
    monkeypatch.setattr(outbound_http, "RESOLVER_THREADS", 2)
    over = threading.Event()
    look_up = socket.getaddrinfo

    def dead_or_alive(host: str, *asked: Any, **options: Any) -> list[Any]:
        if host.startswith("dead"):
            over.wait(30 if host in known else 0.1)  # the second time it does not come back
            known.add(host)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return list(look_up(host, *asked, **options))

    known: set[str] = set()
    monkeypatch.setattr(socket, "getaddrinfo", dead_or_alive)

    async def run() -> None:
        resolver, dead = SystemResolver(), [f"dead{number}.example" for number in range(10)]
        await asyncio.gather(*(resolver.resolve(name) for name in dead), return_exceptions=True)
        hanging = [asyncio.create_task(resolver.resolve(name)) for name in dead]
        async with asyncio.timeout(5):
            assert (await resolver.resolve("localhost"))[0]["host"] in {"127.0.0.1", "::1"}
        over.set()
        await asyncio.gather(*hanging, return_exceptions=True)
        await resolver.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1/", "127.0.0.1 leads to the private address 127.0.0.1"),
        ("https://inside.example/", "inside.example leads to the private address 10.0.0.1"),
        ("https://shop.example:8443/", "Port 8443 is not allowed"),
    ],
)
def test_a_line_to_try_the_way_is_guarded_too(url: str, why: str) -> None:
    names = Names(inside_example=[["10.0.0.1"]], shop_example=[["93.184.215.14"]], **{"127_0_0_1": [["127.0.0.1"]]})
    with pytest.raises(RefusedAddress, match=re.escape(why)):
        asyncio.run(reach(url, OutboundRules(allow_private=False), names))


def test_private_addresses_can_be_let_in() -> None:
    with Receiver() as receiver:
        assert (
            post(f"http://inside.example:{receiver.port}/", rules=OPEN, names=Names(inside_example=[["127.0.0.1"]]))
            == 200
        )


def test_a_redirect_is_not_followed() -> None:
    with Receiver() as receiver:
        receiver.answer = (302, b"", {"Location": f"{receiver.url}/inside"})
        assert post(receiver.url, rules=OPEN) == 302
        assert len(receiver.messages) == 1


def test_nobody_listening_is_told_as_such() -> None:
    with pytest.raises(ConnectionRefusedError):
        post(f"http://127.0.0.1:{unused_port()}/", rules=OPEN)


@pytest.mark.parametrize("addresses", [["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"]])
def test_a_host_is_reached_where_one_of_its_addresses_is(addresses: list[str]) -> None:
    names = Names(shop_example=[addresses])
    with Receiver() as shop:  # at the first address only
        asyncio.run(reach(f"http://shop.example:{shop.port}/", OPEN, names))
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(reach(f"http://shop.example:{shop.port}/", OPEN, names))
