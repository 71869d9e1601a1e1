"""Rules that more than one way of the code relies on: however one comes to it, the answer is the same."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from common.money import amount_text
from common.public_ids import new_event_id, sql_public_id
from merchants_app.models import Merchant, Treasury
from merchants_app.treasuries.treasuries import treasury_for
from sessions_app.books.definitions import money_of_session
from sessions_app.figures.income import income_of
from sessions_app.figures.ranges import named
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import options_for
from sessions_app.state.expiry import expire_due
from sessions_app.status import DecisionKind
from tests.cast import OTTOS_WALLET, PATS_WALLET, Api, refreshed
from tests.sandbox import Sandbox
from webhooks_app.endpoints.endpoints import create_endpoint, delete_endpoint, switch_off
from webhooks_app.models import Delivery, Event
from webhooks_app.queue.resending import resend_event, resend_since

# Crockford's base 32, without i, l, o, u.
ID = re.compile(r"evt_[0-9abcdefghjkmnpqrstvwxyz]{26}")


def test_ids_made_by_the_database_look_like_all_others(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql_public_id('evt')} FROM generate_series(1, 200)")
        made = [row[0] for row in cursor.fetchall()]
    assert len(set(made)) == 200
    assert all(ID.fullmatch(each) for each in [*made, new_event_id()])


@pytest.fixture
def heard_by(mia: Merchant) -> Callable[[str], set[str]]:
    """Endpoints of all sorts; tells which have a delivery of the kind of event, and forgets those deliveries."""
    for name, events in {
        "all": [],
        "both": ["checkout.created", "checkout.expired"],
        "other": ["checkout.completed"],
        "off": [],
        "gone": [],
    }.items():
        url = f"http://127.0.0.1:9/{name}"
        made, _ = create_endpoint(merchant=mia, mode="test", url=url, actor="mia", events=events)
        if name == "off":
            switch_off(endpoint=made, reason="By hand.", actor="mia")
        if name == "gone":
            delete_endpoint(endpoint=made, actor="mia")

    def told(kind: str) -> set[str]:
        deliveries = Delivery.objects.filter(event__type=kind, endpoint__merchant=mia)
        names = {url.rpartition("/")[2] for url in deliveries.values_list("endpoint__url", flat=True)}
        deliveries.delete()
        return names

    return told


def test_the_same_endpoints_hear_of_it_however_it_is_written_and_sent(
    heard_by: Callable[[str], set[str]], new_session: Callable[..., CheckoutSession]
) -> None:
    session = new_session()
    assert heard_by("checkout.created") == {"all", "both", "off"}
    CheckoutSession.objects.filter(pk=session.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert expire_due() >= 1
    assert heard_by("checkout.expired") == {"all", "both", "off"}
    ended = Event.objects.get(subject=session.public_id, type="checkout.expired")
    assert resend_event(event=ended) == 2
    assert heard_by("checkout.expired") == {"all", "both"}
    for endpoint in session.merchant.webhook_endpoints.filter(disabled_at=None, deleted_at=None):
        resend_since(endpoint=endpoint, since=session.created_at - timedelta(seconds=1))
    assert heard_by("checkout.expired") == {"all", "both"}


@pytest.mark.parametrize(
    ("scenario", "answer", "received", "refunded"),
    [
        ("exact", "", "49.00", "0"),
        ("stuck", "", "0", "0"),  # seen, and in no block yet
        ("over", "", "73.50", "0"),
        ("late_short", "", "44.10", "0"),
        ("late_short", "refunded", "44.10", "44.10"),
        ("late_short", "write_off", "44.10", "0"),
        ("wrong_asset", "", "49.00", "0"),
        ("wrong_asset", "accept", "49.00", "0"),
    ],
)
def test_overview_and_books_of_the_session_say_the_same_amounts(
    mia: Merchant,
    new_session: Callable[..., CheckoutSession],
    sandbox: Sandbox,
    scenario: str,
    answer: str,
    received: str,
    refunded: str,
) -> None:
    session = sandbox.play(new_session(allowedAssets=["USDC"]), scenario)
    if answer:
        tx_hash = "0x" + "ab" * 32 if answer == "refunded" else ""
        decide(session=session, kind=DecisionKind(answer), actor="mia@example.com", tx_hash=tx_hash)
    overview = income_of(mia, "test", named("7d", today=timezone.now().date())).money
    assert overview == money_of_session(session)
    # A buyer is asked for what the rounded-up amount is worth.
    assert abs(overview.received - Decimal(received)) < Decimal("0.05")
    assert abs(overview.refunded - Decimal(refunded)) < Decimal("0.05")


def test_an_option_costs_the_same_before_a_session_is_made_and_in_it(
    api: Api, new_session: Callable[..., CheckoutSession]
) -> None:
    session = new_session(amount=Decimal("49.00"), currency="USD")
    asked = api.get("payment-options?amount=49.00&currency=USD").answer
    inside = options_for(refreshed(session), timezone.now())
    assert [(each["asset"], each["network"], each["amount"], each["reason"]) for each in asked] == [
        (
            offer.option.asset.symbol,
            offer.option.network.id,
            None if offer.unavailable else amount_text(offer.amount_units, offer.option.asset.decimals),
            offer.unavailable or None,
        )
        for offer in inside
    ]
    assert any(each["amount"] for each in asked)


def test_a_session_gets_the_treasury_that_pages_show_as_in_force(
    mia: Merchant, new_session: Callable[..., CheckoutSession]
) -> None:
    now = timezone.now()

    def row(address: str, **times: timedelta) -> Treasury:
        moments = {name: now + span for name, span in times.items()}
        return Treasury.objects.create(merchant=mia, mode="test", address=address, **moments)

    row(OTTOS_WALLET, active_from=timedelta(hours=-3))
    row(PATS_WALLET, active_from=timedelta(hours=1))
    row(PATS_WALLET, active_from=timedelta(hours=-1), withdrawn_at=timedelta(hours=-2))
    Treasury.objects.filter(merchant=mia, mode="test").exclude(address__in=[OTTOS_WALLET, PATS_WALLET]).update(
        active_from=now - timedelta(days=9)
    )
    shown = treasury_for(mia, "test", timezone.now())
    assert shown is not None
    assert (shown.address, new_session().treasury_id) == (OTTOS_WALLET, shown.pk)
    earlier = treasury_for(mia, "test", now - timedelta(days=1))
    assert earlier is not None
    assert earlier.address not in {OTTOS_WALLET, PATS_WALLET}
    assert treasury_for(mia, "test", now - timedelta(days=10)) is None
