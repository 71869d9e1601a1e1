"""A link's stock: held by who picked an asset, for minutes, and never sold twice unless somebody pays too late."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.errors import LinkClosed
from sessions_app.models import CheckoutSession, PaymentLink, Quote
from sessions_app.orders.stock import count_held
from sessions_app.paying.paying_again import pay_again
from sessions_app.paying.quoting import choose_option, options_for, promise
from sessions_app.selling.payment_links import open_link
from sessions_app.state.lifecycle import News, reassess
from tests.cast import MIAS_WALLET, merchant, refreshed
from tests.desk import Desk
from tests.races import race
from tests.sandbox import Sandbox
from tests.strangers.world import own

BUYER = {"name": "Pat Payer", "email": "pat@example.com"}


def last_piece(mia: Merchant, **changes: Any) -> PaymentLink:
    fields = {"amount": Decimal(49), "currency": "USD", "product_name": "The last one", "stock": 1}
    return PaymentLink.objects.create(merchant=mia, mode="test", **(fields | changes))


@pytest.fixture
def link(mia: Merchant, sandbox: Sandbox) -> PaymentLink:
    """There is one piece; the clock stands still."""
    return last_piece(mia)


def picked(session: CheckoutSession, asset: str = "USDC") -> CheckoutSession:
    """A buyer picks the asset on the page as it is now."""
    choose_option(session=refreshed(session), asset=asset, network="sandbox", now=timezone.now())
    return refreshed(session)


def held(link: PaymentLink) -> int:
    return count_held(link, timezone.now())


def test_who_only_looks_holds_nothing(link: PaymentLink, client: Client) -> None:
    first, second = (open_link(link, **BUYER) for _ in range(2))
    assert held(link) == 0
    picked(second)
    assert held(link) == 1
    answer = client.post(f"/pay/{first.page_token}/choose", {"asset": "USDC", "network": "sandbox"})
    assert answer.status_code == 409
    assert "This is sold out." in answer.content.decode()
    assert refreshed(first).quote is None
    assert b"Sold out" in client.get(f"/l/{link.public_id}").content
    assert client.post(f"/l/{link.public_id}", BUYER).status_code == 409


def test_a_piece_that_nobody_pays_for_is_free_again_after_minutes(link: PaymentLink, sandbox: Sandbox) -> None:
    first, second = (open_link(link, **BUYER) for _ in range(2))
    picked(first)
    sandbox.skip(minutes=16, seconds=59)  # a price of 15 minutes, and two for what is on its way
    with pytest.raises(LinkClosed, match="sold out"):
        picked(second)
    sandbox.skip(seconds=2)
    assert refreshed(first).status == "open"
    picked(second)
    with pytest.raises(LinkClosed, match="sold out"):
        picked(first)


def test_an_ended_session_gives_its_piece_back_at_once(link: PaymentLink, client: Client) -> None:
    first = picked(open_link(link, **BUYER))
    client.post(f"/pay/{first.page_token}/cancel")
    assert held(link) == 0
    assert client.post(f"/l/{link.public_id}", BUYER).status_code == 302


def test_changing_ones_mind_holds_the_piece_no_longer(link: PaymentLink, sandbox: Sandbox) -> None:
    first = picked(open_link(link, **BUYER))
    ends = first.quote.valid_until
    sandbox.skip(minutes=10)
    again = picked(first, "ETH")
    assert (again.quote.asset, again.quote.valid_until) == ("ETH", ends)
    sandbox.skip(minutes=8)
    assert held(link) == 0


def test_a_price_that_is_asked_for_again_keeps_the_piece_once(link: PaymentLink, sandbox: Sandbox) -> None:
    first, second = (open_link(link, **BUYER) for _ in range(2))
    picked(first)
    sandbox.skip(minutes=16)
    assert picked(first).quote.valid_until > timezone.now()
    sandbox.skip(minutes=16)
    with pytest.raises(LinkClosed, match="sold out"):
        picked(first)
    sandbox.skip(minutes=2)
    picked(second)


def test_who_pays_again_keeps_the_piece_as_long_as_anybody(link: PaymentLink, sandbox: Sandbox) -> None:
    former = picked(open_link(link, **BUYER))
    sandbox.skip(minutes=61)
    sandbox.look()
    again = picked(pay_again(refreshed(former), now=timezone.now()))
    sandbox.skip(minutes=16)
    assert picked(again).quote.valid_until > timezone.now()
    sandbox.skip(minutes=16)
    with pytest.raises(LinkClosed, match="sold out"):
        picked(again)


def test_a_price_that_is_promised_beside_the_picked_one_holds_as_long_as_the_piece(
    link: PaymentLink, sandbox: Sandbox
) -> None:
    first = picked(open_link(link, **BUYER))
    sandbox.skip(minutes=10)
    options = {each.option.asset.symbol: each.option for each in options_for(first, timezone.now())}
    beside = promise(first, options["USDT"], timezone.now())
    assert beside.valid_until == first.quote.valid_until
    assert refreshed(first).quote == first.quote
    assert picked(first, "USDT").quote == beside


def test_a_promised_price_that_is_picked_holds_no_longer_than_the_piece(link: PaymentLink, sandbox: Sandbox) -> None:
    first = open_link(link, **BUYER)
    CheckoutSession.objects.filter(pk=first.pk).update(quote_minutes=60)
    first = picked(first)
    sandbox.skip(minutes=16)
    options = {each.option.asset.symbol: each.option for each in options_for(first, timezone.now())}
    beside = promise(first, options["USDT"], timezone.now())
    taken = picked(first, "USDT").quote
    assert taken.valid_until == timezone.now() + timedelta(minutes=15)
    assert (taken.rate, taken.amount_units) == (beside.rate, beside.amount_units)
    assert Quote.objects.get(pk=beside.pk).valid_until == beside.valid_until > taken.valid_until


@pytest.mark.parametrize(("paid", "status"), [("exact", "completed"), ("short", "open"), ("stuck", "processing")])
def test_money_keeps_the_piece(link: PaymentLink, sandbox: Sandbox, paid: str, status: str) -> None:
    first = picked(open_link(link, **BUYER))
    sandbox.play(first, paid)
    sandbox.skip(minutes=40)
    assert held(link) == 1
    assert refreshed(first).status == status


def test_who_pays_after_the_piece_was_sold_again_is_paid_and_the_merchant_told(
    link: PaymentLink, sandbox: Sandbox, desk: Desk
) -> None:
    first = picked(open_link(link, **BUYER))
    sandbox.skip(minutes=18)
    second = picked(open_link(link, **BUYER))
    assert sandbox.play(second, "exact").status == "completed"
    assert "has sold more" not in desk.read(f"sessions/{second.public_id}")
    late = sandbox.play(first, "exact")
    assert (late.status, late.payment_status) == ("completed", "paid")
    sentence = "Its payment link has sold more than there is: 2 of 1."
    assert late.timeline.last().reason == sentence
    assert sentence in desk.read(f"sessions/{first.public_id}")
    sandbox.skip(seconds=1)
    reassess(late.pk, News(reason="Looked at again.", noted=True))
    assert late.timeline.filter(reason=sentence).count() == 1


def test_without_stock_a_price_holds_its_whole_time(mia: Merchant, sandbox: Sandbox) -> None:
    endless = last_piece(mia, stock=None)
    first = picked(open_link(endless, **BUYER))
    sandbox.skip(minutes=10)
    assert picked(first, "ETH").quote.valid_until > first.quote.valid_until
    assert first.held_until is None


@pytest.mark.django_db(transaction=True)
def test_the_last_piece_has_one_buyer() -> None:
    link = last_piece(merchant("Mia Coffee", MIAS_WALLET))
    buyers = [open_link(link, **BUYER) for _ in range(4)]
    answers = race(*[lambda session=session: picked(session) for session in buyers])
    assert sum(isinstance(answer, LinkClosed) for answer in answers) == 3
    assert held(link) == 1
    assert own(CheckoutSession).filter(quote__isnull=False).count() == 1
