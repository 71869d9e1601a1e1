"""Who is calling, with none, one and several proxies in front, told by number or by range."""

from typing import Any

import pytest

from common.network.client_address import address_of, counted_address_of, trusted_proxies


def called(rf: Any, settings: Any, proxies: str, *, peer: str, forwarded: str | None) -> Any:
    """A request as our own process sees it."""
    settings.TRUSTED_PROXIES = trusted_proxies(proxies.split())
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return rf.get("/", headers=headers, REMOTE_ADDR=peer)


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "caller"),
    [
        ("0", "9.9.9.9", "6.6.6.6", "9.9.9.9"),  # no proxy: what a stranger writes counts for nothing
        ("1", "10.0.0.1", "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        ("2", "10.0.0.1", "6.6.6.6, 9.9.9.9, 10.0.0.2", "9.9.9.9"),
        ("2", "10.0.0.1", "9.9.9.9", "9.9.9.9"),  # it came past the outer proxy
        ("1", "10.0.0.1", None, "10.0.0.1"),
        ("1", "10.0.0.1", "unknown", "10.0.0.1"),
        ("1", "10.0.0.1", "9.9.9.9:4711", "9.9.9.9"),
        ("1", "10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.0/8 127.0.0.1", "127.0.0.1", "6.6.6.6, 9.9.9.9, 10.0.0.2", "9.9.9.9"),
        ("10.0.0.0/8 127.0.0.1", "9.9.9.9", "6.6.6.6", "9.9.9.9"),  # past all proxies
        ("10.0.0.0/8", "10.0.0.1", "9.9.9.9, rubbish", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # a caller of our own
        ("10.0.0.0/8", "10.0.0.1", None, "10.0.0.1"),
        ("fd00::/8", "fd00::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.0/8", "::ffff:10.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("0", "", None, ""),
    ],
)
def test_the_caller_is_whoever_called_our_outermost_proxy(
    rf: Any, settings: Any, proxies: str, peer: str, forwarded: str | None, caller: str
) -> None:
    assert address_of(called(rf, settings, proxies, peer=peer, forwarded=forwarded)) == caller


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("9.9.9.9", "9.9.9.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("::ffff:9.9.9.9", "9.9.9.9"),
    ],
)
def test_ipv6_callers_are_counted_by_the_network_of_one_subscriber(
    rf: Any, settings: Any, peer: str, counted: str
) -> None:
    assert counted_address_of(called(rf, settings, "0", peer=peer, forwarded=None)) == counted


@pytest.mark.parametrize("wrong", ["yes", "-1", "11", "10.0.0.1/8", "10.0.0.0/8 and more"])
def test_a_wrong_setting_is_told_with_what_would_be_right(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"Give a number|more than 10"):
        trusted_proxies(wrong.split())
