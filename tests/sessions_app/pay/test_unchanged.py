"""An open page is told at once that nothing is new: never when the page, made anew, would look otherwise."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.health import record_problem
from merchants_app.models import Merchant
from sessions_app.letters.at_once import name_address
from sessions_app.models import Authorization, CheckoutSession, Letter
from sessions_app.paying.announcing import announce
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.refunds import play_refund, prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.state.lifecycle import cancel
from sessions_app.status import RefundKind
from tests.cast import PATS_WALLET, refreshed
from tests.pages.fates import HASH
from tests.pages.stage import Stage
from tests.sandbox import Sandbox

# Clocks run in the browser; a picture's address names what it shows.
CLOCKS = re.compile(r'data-(now|version|until|left)="[^"]*"|v=[^"&]*|<time[^>]*>[^<]*</time>|\b\d+:\d\d\b')
# Rates, fees, and what decides whether an ended session may be paid again: old by a minute at most.
MINUTE_OLD = {"chains_app_ratesnapshot", "merchants_app_treasury", "sessions_app_statuschange"}
SAME_ROWS = {"sessions_app_customer"}  # whose name and address the session has itself


@dataclass
class Open:
    """A page that somebody has open."""

    stage: Stage
    session: CheckoutSession
    client: Client = field(default_factory=Client)
    read: set[str] = field(default_factory=set)  # tables that making it anew looked at

    def look(self, query: str = "") -> tuple[str, str]:
        """How it looks, made anew, and its tag."""
        with CaptureQueriesContext(connection) as made:
            answer = self.client.get(f"/pay/{self.session.page_token}/status{query}")
        self.read |= {name for each in made for name in re.findall(r'(?:FROM|JOIN) "(\w+)"', each["sql"])}
        return CLOCKS.sub("", answer.content.decode()), answer["ETag"]

    def is_unchanged(self, tag: str, query: str = "", **headers: str) -> bool:
        """What whoever has that tag is told."""
        url = f"/pay/{self.session.page_token}/status{query}"
        return self.client.get(url, headers={"If-None-Match": tag, **headers}).status_code == 304

    def pick(self, asset: str = "ETH", on: str = "sandbox") -> None:
        choose_option(session=refreshed(self.session), asset=asset, network=on, now=timezone.now())

    def play(self, scenario: str, seconds: int = 9) -> None:
        self.stage.sandbox.play(refreshed(self.session), scenario, seconds=seconds)

    def pass_by(self, **time: int) -> None:
        self.stage.sandbox.skip(**time)

    def shop(self, **fields: Any) -> None:
        Merchant.objects.filter(pk=self.stage.mia.pk).update(**fields)

    def refund(self) -> None:
        """Prepared, and brought to the chain."""
        prepared = prepare_refund(
            session=refreshed(self.session),
            wish=Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS)),
            actor="mia@example.com",
        )
        play_refund(prepared, now=timezone.now())
        self.stage.sandbox.wait(2, self.session)

    def lose_sight(self) -> None:
        """Of the network that it is paid on, a minute ago."""
        record_problem(network=network("sandbox"), problem="away", now=timezone.now() - timedelta(minutes=1))
        CheckoutSession.objects.filter(pk=self.session.pk).update(stands_still_since=timezone.now())

    def sign(self) -> None:
        """A payment was signed and handed over, and nobody knows what came of it."""
        now = timezone.now()
        Authorization.objects.create(
            session=self.session, network="sandbox", asset="USDC", sender=PATS_WALLET, nonce="0x01", stage="settling",
            amount_units=1, valid_before=now + timedelta(minutes=9), created_at=now,
        )  # fmt: skip


Act = Callable[[Open], object]
# Each act changes what the buyer sees; together they are the ways that a payment can go.
WALKS: dict[str, list[Act]] = {
    "sent by a wallet, slowly": [
        lambda page: page.pick("USDC"),
        lambda page: page.pick("ETH"),
        lambda page: announce(refreshed(page.session), tx_hash=HASH, amount="1 ETH", now=timezone.now()),
        lambda page: page.pass_by(minutes=6),  # longer than usual
        lambda page: page.pass_by(minutes=55),  # no longer believed
    ],
    "paid too much": [
        lambda page: page.pick("USDC"),
        lambda page: page.play("over", seconds=1),
        lambda page: page.stage.sandbox.wait(9, page.session),
        lambda page: Letter.objects.create(
            session=page.session, kind="receipt", owed_at=timezone.now(), due_at=timezone.now()
        ),
        lambda page: name_address(refreshed(page.session), PATS_WALLET, now=timezone.now()),
        Open.refund,
    ],
    "in parts, with a shop that changes its mind": [
        lambda page: page.shop(name="Mia & Co"),
        lambda page: page.shop(ways_off=["ETH@sandbox"]),
        lambda page: page.pick("USDC"),
        lambda page: page.play("short"),
        lambda page: page.shop(suspended_at=timezone.now(), suspended_by="o@example.com", suspension_reason="Test."),
        lambda page: page.shop(suspended_at=None, suspended_by="", suspension_reason=""),
        lambda page: page.pass_by(minutes=16),  # the price has lapsed
        lambda page: page.pass_by(minutes=50),  # the session is over
        lambda page: decide(session=refreshed(page.session), kind="accept", actor="mia@example.com"),
    ],
    "gone, and there again": [
        lambda page: page.pick("USDC"),
        lambda page: page.play("dropped"),
        lambda page: page.play("reorged"),
    ],
    "on a network that is away": [
        lambda page: page.pick("USDC"),
        Open.lose_sight,
        lambda page: ScanCursor.objects.filter(network="sandbox").update(unread_since=None),
        lambda page: CheckoutSession.objects.filter(pk=page.session.pk).update(order_paid_by="cs_other"),
    ],
    "never begun": [
        Open.lose_sight,
        lambda page: cancel(refreshed(page.session)),
    ],
    "signed, and nobody knows what came of it": [
        lambda page: page.pick("USDC"),
        Open.sign,
        lambda page: page.stage.sandbox.skip(minutes=16),
    ],
    "stuck": [
        lambda page: page.pick("USDC"),
        lambda page: page.play("stuck", seconds=1),
        lambda page: page.pass_by(minutes=6),
    ],
}  # fmt: skip


@pytest.fixture
def opened(mia: Merchant, sandbox: Sandbox) -> Open:
    """A page that was opened just now."""
    stage = Stage(mia=mia, sandbox=sandbox)
    return Open(stage, stage.session())


@pytest.mark.moves_everybody("a network that is away is away for all")
@pytest.mark.parametrize("acts", WALKS.values(), ids=WALKS.keys())
def test_what_becomes_visible_is_never_called_unchanged(opened: Open, acts: list[Act], settings: Any) -> None:
    settings.FACILITATOR_URL = "http://127.0.0.1:9"
    for number, act in enumerate(acts):
        before, tag = opened.look()
        assert opened.is_unchanged(tag), number
        act(opened)
        assert not opened.is_unchanged(tag), number
        assert opened.look()[0] != before, f"act {number} is not visible: it proves nothing"
    known = {*re.findall(r"(?:FROM|JOIN) (\w+)", _statement(opened)), *MINUTE_OLD, *SAME_ROWS}
    assert opened.read <= known, "the page is made of rows whose versions nobody asks for"


def _statement(opened: Open) -> str:
    with CaptureQueriesContext(connection) as asked:
        opened.is_unchanged('"-"')
    return str(asked[0]["sql"])


def test_in_another_language_and_another_view_it_is_another_page(opened: Open) -> None:
    opened.pick()
    _, tag = opened.look()
    assert opened.is_unchanged(tag, accept_language="en")
    assert opened.is_unchanged(f"W/{tag}")  # as where it was compressed
    assert not opened.is_unchanged(tag, accept_language="de")
    assert not opened.is_unchanged(tag, "?lang=fr")
    assert not opened.is_unchanged(tag, "?change=1")
    for wish in ("locale", "buyer_language"):
        CheckoutSession.objects.filter(pk=opened.session.pk).update(**{wish: "it"})
        assert not opened.is_unchanged(tag)
        _, tag = opened.look()
        assert opened.is_unchanged(tag)


@pytest.mark.parametrize("tag", ['"', '"-"', '"-99999999999"', '"{own}-"', '"{own}-x"', '"{own}-1"', '"{own}-²"'])
def test_a_made_up_tag_is_answered_with_the_page(opened: Open, tag: str) -> None:
    _, own = opened.look()
    assert not opened.is_unchanged(tag.format(own=own.strip('"').partition("-")[0]))


def test_prices_beside_the_options_are_looked_up_each_minute(opened: Open) -> None:
    _, tag = opened.look()
    opened.pass_by(seconds=58)
    assert opened.is_unchanged(tag)
    opened.pass_by(seconds=3)
    assert not opened.is_unchanged(tag)


def test_of_a_page_that_there_is_not_nothing_is_unchanged(client: Client, db: None) -> None:
    assert client.get("/pay/pg_nobody/status", headers={"If-None-Match": '"a-99999999999"'}).status_code == 404
