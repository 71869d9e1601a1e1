"""What goes from a session to the one in its place, and what stays."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.errors import MoneyOnItsWay
from sessions_app.models import Announcement, CheckoutSession, Customer, DepositAddress, Payment, PaymentLink, Quote
from sessions_app.paying.announcing import announce
from sessions_app.paying.paying_again import BUYER
from sessions_app.selling.creation import session_on
from sessions_app.selling.superseding import open_after, open_in_place_of
from tests.cast import agreed, refreshed
from tests.locks.stage import ended_unpaid, shown, waiting_for_money

pytestmark = pytest.mark.django_db


def successor(former: CheckoutSession, **changes: Any) -> CheckoutSession:
    """Not written yet."""
    return session_on(former.merchant, former.mode, agreed(**changes))


@pytest.mark.parametrize(
    ("changes", "quotes_go", "quote_holds"),
    [
        ({"productName": "Summer box"}, True, True),
        ({"amount": Decimal(50)}, True, False),
        ({"currency": "EUR"}, False, False),
        ({"allowedAssets": ["ETH"]}, True, False),
    ],
    ids=["same price", "another price", "another currency", "asset not taken"],
)
def test_what_a_buyer_was_promised_goes_as_far_as_it_fits(
    mia: Merchant, changes: dict[str, Any], quotes_go: bool, quote_holds: bool
) -> None:
    former = waiting_for_money(mia)
    address = former.deposit.address
    announce(former, tx_hash="", amount="49 USDC", now=timezone.now())
    quote, made = former.quote, successor(former, **changes)
    assert quote is not None
    later = open_in_place_of(former, made, actor="mia", renames_customer=False, allow_repeat=False)
    later, ended = refreshed(later), refreshed(former)
    assert (ended.superseded_by, ended.quote, ended.status) == (later.public_id, None, "cancelled")
    assert (later.supersedes, later.treasury_id) == (former.public_id, former.treasury_id)
    assert Quote.objects.get(pk=quote.pk).session == (later if quotes_go else former)
    assert Announcement.objects.get(session__in=(later, former)).session == later  # on its way, whatever is due now
    assert later.quote == (quote if quote_holds else None)
    deposit = DepositAddress.objects.get(session=later)
    assert (deposit.made_for, deposit.address) == (former.public_id, address)
    third = open_in_place_of(later, successor(later), actor="mia", renames_customer=False, allow_repeat=False)
    assert DepositAddress.objects.get(session=third).made_for == former.public_id


@pytest.mark.parametrize("hours", [-48, 48])
def test_its_address_is_watched_for_the_longer_of_the_two(mia: Merchant, hours: int) -> None:
    former = waiting_for_money(mia)
    made = successor(former)
    made.watch_until = former.deposit.watch_until + timedelta(hours=hours)
    later = open_in_place_of(former, made, actor="mia", renames_customer=False, allow_repeat=False)
    longest = max(former.deposit.watch_until, made.watch_until)
    assert DepositAddress.objects.get(session=later).watch_until == longest


def test_nothing_is_opened_after_what_lives_or_has_money(mia: Merchant) -> None:
    lives = waiting_for_money(mia)
    with pytest.raises(MoneyOnItsWay, match="Money was seen"):
        open_after(lives, successor(lives), actor=BUYER)
    ended = ended_unpaid(mia)
    shown(ended, "1.00")
    with pytest.raises(MoneyOnItsWay, match="Money was seen"):
        open_after(ended, successor(ended), actor=BUYER)
    Payment.objects.filter(session=ended).update(vanished_at=timezone.now())
    with pytest.raises(MoneyOnItsWay, match="Money was seen"):
        open_after(ended, successor(ended), actor=BUYER)


def test_who_pays_again_keeps_the_link_and_renames_no_customer(mia: Merchant) -> None:
    ended = ended_unpaid(mia)
    link = PaymentLink.objects.create(merchant=mia, mode="test", currency="USD", product_name="Tip")
    CheckoutSession.objects.filter(pk=ended.pk).update(payment_link=link)
    later = refreshed(open_after(refreshed(ended), successor(ended, name="Somebody Else"), actor=BUYER))
    assert (later.payment_link, later.quote, later.name) == (link, None, "Somebody Else")
    assert Customer.objects.get(pk=ended.customer_id).name == "Pat Payer"
    assert open_after(ended, successor(ended), actor=BUYER) == later
    change = ended.timeline.latest("id")
    assert (change.reason, change.actor) == (f"Paid again: {later.public_id} has its place.", BUYER)
