"""The buyer's page says no more than is so: its line of news, what arrives where, until when, and what is not paid."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from chains_app.models import ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.health import record_problem
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.status import DecisionKind
from tests.cast import refreshed
from tests.markup import text_of
from tests.sandbox import Sandbox

NAMES = ("alpha", "beta", "gamma")
NETWORK = """
[{name}]
name = "{name}"
chain_id = {chain_id}
mode = "test"
block_seconds = 1
confirmations = {{ small = 1, normal = 1, large = 2 }}
[{name}.assets.USDC]
contract = "0x311109736F1766c5227d5b3084865E7EFb6b05Df"
decimals = 6
peg = "USD"
"""
NEWS = re.compile('id="news">(.*?)</p>')


def page(client: Client, session: CheckoutSession, query: str = "") -> str:
    return " ".join(client.get(f"/pay/{session.page_token}{query}").content.decode().split())


def news(client: Client, session: CheckoutSession, query: str = "") -> str:
    """What screen readers are told, and everybody sees; what no translating browser may change is in brackets."""
    [told] = NEWS.findall(page(client, session, query))
    return str(told).replace('<bdi translate="no">', "[").replace("</bdi>", "]")


def picked(session: CheckoutSession, asset: str = "USDC", on: str = "sandbox") -> CheckoutSession:
    choose_option(session=session, asset=asset, network=on, now=timezone.now())
    return session


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ("dropped", "The payment that we had seen is gone."),
        ("over", "Paid. [Mia Coffee] has been told. [24.50] [USD] more arrived than was due."),
        ("twice", "Paid. [Mia Coffee] has been told. You paid twice: [98.00] instead of [49.00] [USD] arrived."),
        ("exact", "Paid. [Mia Coffee] has been told."),
        ("late_short", "The time to pay is over. What came is on record."),
    ],
)
def test_what_is_out_of_the_ordinary_is_told(
    client: Client, session: CheckoutSession, sandbox: Sandbox, scenario: str, told: str
) -> None:
    sandbox.play(picked(session), scenario, seconds=9)
    assert news(client, session) == told


def test_what_does_not_pay_is_told_beside_what_does(
    client: Client, new_session: Callable[..., CheckoutSession], sandbox: Sandbox
) -> None:
    session = picked(new_session(allowedAssets=["USDC"]))
    sandbox.send_to(session.deposit.address, "0.01", asset="ETH")
    told = "[ETH] arrived, which this shop does not take here."
    assert news(client, session) == told
    assert news(client, session, "?change=1") == told
    client.post(f"/pay/{session.page_token}/sent", {"tx_hash": "0x" + "ab" * 32})
    assert news(client, session) == f"Your wallet has sent it. Waiting for [Sandbox]. {told}"


def test_the_time_of_prices_and_of_the_last_look_is_told_to_nobody_again_and_again(
    client: Client, session: CheckoutSession, sandbox: Sandbox
) -> None:
    html = page(client, session)
    assert f"Prices here are of {timezone.now():%H:%M}" in text_of(html)
    assert news(client, session) == "Nothing is charged by choosing."
    picked(session)
    record_problem(network=network("sandbox"), problem="away", now=timezone.now() - timedelta(minutes=1))
    CheckoutSession.objects.filter(pk=session.pk).update(stands_still_since=timezone.now())
    assert f"Last look {timezone.now():%H:%M}" in text_of(page(client, session))
    assert news(client, session) == "We look again every few seconds."
    assert news(client, session, "?change=1") == "We look again every minute."


@pytest.fixture
def three(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`three(limit)`: three networks, of which the last takes USDC within that limit, and all can be seen."""

    def write(limit: str = "") -> None:
        listed = [NETWORK.format(name=name, chain_id=7000 + number) for number, name in enumerate(NAMES)]
        file = tmp_path / f"networks {limit[:3]}.toml"  # what is changed within the second is not read again
        file.write_text("\n".join(["only_these_networks = true", *listed, limit]))
        settings.NETWORKS_FILE = str(file)

    for name in NAMES:
        monkeypatch.setenv(f"RPC_URL_{name.upper()}", "http://127.0.0.1:8545")
    write()
    return write


def test_no_other_network_is_named_that_nobody_can_see_or_that_is_closed(
    client: Client, session: CheckoutSession, three: Callable[[str], None]
) -> None:
    def said(query: str = "") -> str:
        return text_of(page(client, session, query))

    picked(session, on="alpha")
    assert "From beta or gamma it arrives too" in said()
    ScanCursor.objects.create(network="beta", block_number=1, block_hash="0x1", closed_since=timezone.now())
    assert "From gamma it arrives too" in said()
    assert "On gamma it arrives too" in said("?from=exchange")
    record_problem(network=network("gamma"), problem="away", now=timezone.now() - timedelta(minutes=1))
    assert "it arrives too" not in said()


@pytest.mark.parametrize("limit", ['maximum = "48.99"', 'minimum = "49.01"'])
def test_no_other_network_is_named_that_takes_no_such_price(
    client: Client, session: CheckoutSession, three: Callable[[str], None], limit: str
) -> None:
    picked(session, on="alpha")
    three(limit)
    assert "From beta it arrives too" in text_of(page(client, session))


@pytest.mark.parametrize(
    ("asset", "promised"),
    [
        ("USDC", "No hurry and no clock: what arrives by"),
        ("ETH", "What arrives later, by"),
    ],
)
def test_from_an_exchange_nothing_is_promised_that_a_rate_may_move(
    client: Client, session: CheckoutSession, sandbox: Sandbox, asset: str, promised: str
) -> None:
    picked(session, asset)
    html = page(client, session, "?from=exchange")
    said = text_of(html)
    assert promised in said
    watched = refreshed(session).watch_until
    assert f"by {watched:%B} {watched.day}" in html  # as words, that a browser may translate
    until = timezone.now() + timedelta(minutes=15)
    moves = f"This amount holds until {until:%H:%M}"
    assert (moves in said) == (asset == "ETH")
    assert ("No hurry" in said) == (asset == "USDC")


@pytest.mark.parametrize(
    ("kind", "headline"),
    [("write_off", '<bdi translate="no">Sandbox</bdi> took your payment back'), ("accept", "Paid")],
)
def test_what_was_taken_back_is_paid_only_if_the_shop_leaves_it_paid(
    client: Client, session: CheckoutSession, sandbox: Sandbox, kind: str, headline: str
) -> None:
    sandbox.play(picked(session), "reorged", seconds=9)
    decide(session=refreshed(session), kind=DecisionKind(kind), actor="mia", now=timezone.now())
    html = page(client, session)
    assert f'tabindex="-1">{headline}</h1>' in html
    assert ("Your order is not paid" in html) == (kind == "write_off")
    assert ("Open the receipt" in html) == (kind == "accept")
    if kind == "write_off":
        assert "The shop has dealt with it." in html
        sandbox.send_to(session.deposit.address, "49")  # who pays again has paid
        assert 'tabindex="-1">Paid' in page(client, session)
