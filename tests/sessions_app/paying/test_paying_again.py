"""Pay again: a new session in the place of one that ended unpaid; never while there is money, and only where wanted."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants_app.businesses.money_rules import change_settings
from merchants_app.models import Merchant, Treasury, off_in_both
from sessions_app.models import CheckoutSession, DepositAddress, PaymentLink, StatusChange
from sessions_app.paying import paying_again
from sessions_app.paying.announcing import announce
from sessions_app.paying.paying_again import BUYER, may_pay_again
from sessions_app.paying.quoting import choose_option, options_for
from sessions_app.selling.creation import create_session
from sessions_app.selling.payment_links import open_link
from sessions_app.state.lifecycle import cancel, expire
from tests.cast import Api, agreed, refreshed, terms
from tests.markup import text_of
from tests.sandbox import Sandbox, events_of
from tests.strangers.world import own
from webhooks_app.models import Event

New = Callable[..., CheckoutSession]
AGAIN = {"allowPayAgain": True, "reference": "order-1"}


@pytest.fixture
def ended(new_session: New, sandbox: Sandbox) -> CheckoutSession:
    """Its time ran out after USDC was picked; the shop lets its buyer pay again."""
    session = new_session(**AGAIN, allowedAssets=["USDC"])
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    sandbox.skip(minutes=61)
    sandbox.look()
    return refreshed(session)


@pytest.fixture
def press(client: Client) -> Callable[[CheckoutSession], Any]:
    return lambda session: client.post(f"/pay/{session.page_token}/again")


@pytest.fixture
def offers(client: Client) -> Callable[[CheckoutSession], bool]:
    return lambda session: b"Pay again" in client.get(f"/pay/{session.page_token}").content


def test_the_new_session_has_the_same_terms_the_present_time_and_the_former_ones_place(
    client: Client, ended: CheckoutSession, press: Any, offers: Any, api: Api, sandbox: Sandbox
) -> None:
    assert offers(ended)
    answer = press(ended)
    successor = own(CheckoutSession).latest("id")
    assert (answer.status_code, answer.url) == (303, f"/pay/{successor.page_token}")
    told, former = (api.get(f"checkout/sessions/{each.public_id}").answer for each in (successor, ended))
    for name in (*terms(), "reference"):
        if name != "metadata":
            assert told[name] == former[name], name
    assert (told["supersedes"], former["supersededBy"]) == (former["id"], told["id"])
    assert successor.expires_at == timezone.now() + timedelta(hours=1)
    created = Event.objects.get(subject=told["id"])
    assert (created.type, created.data["supersedes"]) == ("checkout.created", former["id"])
    assert events_of(ended) == ["created", "expired"]
    # Whoever opens the former page, or presses once more, is led on.
    assert client.get(f"/pay/{ended.page_token}").url == answer.url
    assert client.get(f"/pay/{ended.page_token}/status").url == f"{answer.url}/status"
    assert client.get(f"/pay/{ended.page_token}/status?qr=other&x=1").url == f"{answer.url}/status?qr=other"
    assert press(ended).url == answer.url
    assert own(CheckoutSession).count() == 2


def test_late_money_for_the_former_counts_for_the_new_one(ended: CheckoutSession, press: Any, sandbox: Sandbox) -> None:
    address = own(DepositAddress).get().address
    press(ended)
    sandbox.send_to(address, "49.00")
    assert (refreshed(ended).status, own(CheckoutSession).latest("id").status) == ("expired", "completed")


def test_it_may_be_paid_again_and_again_while_nothing_comes(ended: CheckoutSession, press: Any) -> None:
    for count in (2, 3):
        press(own(CheckoutSession).latest("id"))
        assert own(CheckoutSession).count() == count
        cancel(own(CheckoutSession).latest("id"), actor=BUYER)


def refuses(press: Any, offers: Any, session: CheckoutSession) -> bool:
    before = own(CheckoutSession).count()
    answer = press(session)
    assert b"cannot be begun anew" in answer.content
    return answer.status_code == 409 and own(CheckoutSession).count() == before and not offers(session)


def test_not_where_the_shop_says_nothing_unless_the_business_does(
    new_session: New, mia: Merchant, press: Any, offers: Any
) -> None:
    session = new_session()
    cancel(session, actor=BUYER)
    assert refuses(press, offers, session)
    mia.allow_pay_again = True
    willing, unwilling = new_session(), new_session(allowPayAgain=False)
    for each in (willing, unwilling):
        cancel(each, actor=BUYER)
    assert offers(willing)
    assert refuses(press, offers, unwilling)


@pytest.mark.parametrize("end", [cancel, expire])
def test_not_what_the_shop_ended_itself(new_session: New, press: Any, offers: Any, end: Any) -> None:
    session = new_session(**AGAIN)
    end(session, actor="sk_test_1a2b")
    assert refuses(press, offers, session)


def test_who_cancelled_it_is_said_as_it_was(new_session: New, client: Client) -> None:
    for actor, sentence in ((BUYER, "You cancelled this payment"), ("mia", "Mia Coffee has cancelled this payment")):
        session = new_session()
        cancel(session, actor=actor)
        page = client.get(f"/pay/{session.page_token}").content.decode()
        [headline] = re.findall(r'<h1 id="headline" tabindex="-1">(.*)</h1>', page)
        assert text_of(headline) == sentence
        assert f"{sentence}. Nothing was charged." in text_of(page)


def test_who_ended_it_is_read_from_its_own_end_and_from_no_other_line(new_session: New, offers: Any) -> None:
    session, other = new_session(**AGAIN), new_session(**AGAIN | {"reference": "order-2"})
    cancel(session, actor=BUYER)
    cancel(other, actor="sk_test_1a2b")
    noted = StatusChange.objects.filter(session=session).latest("id")
    noted.pk, noted.from_status, noted.actor = None, noted.to_status, "mia@example.com"
    noted.save()
    assert offers(session)
    assert not offers(other)


@pytest.mark.parametrize("scenario", ["short", "wrong_asset", "dropped"])
def test_never_while_there_is_money_or_was(
    ended: CheckoutSession, press: Any, offers: Any, sandbox: Sandbox, scenario: str
) -> None:
    sandbox.play(ended, "short" if scenario == "dropped" else scenario)
    if scenario == "dropped":
        ended.payments.update(vanished_at=timezone.now())
    assert refuses(press, offers, ended)


def test_not_while_the_buyer_says_that_they_have_sent_it(
    new_session: New, press: Any, offers: Any, sandbox: Sandbox
) -> None:
    session = new_session(**AGAIN)
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    announce(session, tx_hash="", amount="49.00 USDC", now=timezone.now())
    cancel(session, actor=BUYER)
    assert refuses(press, offers, session)
    sandbox.skip(minutes=61)
    assert offers(session)


def test_not_when_the_buyer_says_so_at_that_very_moment(
    ended: CheckoutSession, press: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = paying_again.session_on

    def says_so_meanwhile(*of: Any) -> CheckoutSession:
        announce(ended, tx_hash="", amount="49.00 USDC", now=timezone.now())
        return make(*of)

    monkeypatch.setattr(paying_again, "session_on", says_so_meanwhile)
    assert press(ended).status_code == 409
    assert refreshed(ended).superseded_by is None


def test_not_when_the_order_goes_on_or_is_paid_elsewhere(
    ended: CheckoutSession, new_session: New, otto: Merchant, press: Any, offers: Any, sandbox: Sandbox
) -> None:
    create_session(merchant=otto, mode="test", terms=agreed(reference="order-1"))
    create_session(merchant=ended.merchant, mode="live", terms=agreed(reference="order-1"))
    expire(new_session(reference="order-2"), actor="sk_test_1a2b")
    assert offers(ended)  # another shop's order, the other mode's, and another order's end are none of its own
    other = new_session(reference="order-1")
    assert refuses(press, offers, ended)
    sandbox.play(other, "exact")
    assert refuses(press, offers, ended)


def test_not_to_a_wallet_that_the_business_has_given_up(
    ended: CheckoutSession, mia: Merchant, press: Any, offers: Any
) -> None:
    wallet = own(Treasury).get(mode="test")
    Treasury.objects.filter(pk=wallet.pk).update(active_from=timezone.now() - timedelta(days=2))
    wallet.pk, wallet.active_from = None, timezone.now() - timedelta(seconds=1)
    wallet.save()
    assert refuses(press, offers, ended)


def test_not_what_the_business_takes_nothing_for_any_more(ended: CheckoutSession, press: Any, offers: Any) -> None:
    change_settings(merchant=ended.merchant, actor="mia", ways_off=["USDC@sandbox"])
    assert refuses(press, offers, ended)


def test_not_for_ever(ended: CheckoutSession) -> None:
    """Once the address is watched no more."""
    session = CheckoutSession.objects.get(pk=ended.pk)
    assert may_pay_again(session, session.watch_until - timedelta(seconds=1))
    assert not may_pay_again(session, session.watch_until)


def test_not_while_the_shop_is_suspended(ended: CheckoutSession, mia: Merchant, press: Any) -> None:
    Merchant.objects.filter(pk=mia.pk).update(suspended_at=timezone.now(), suspended_by="op", suspension_reason="why")
    assert press(ended).status_code == 409
    assert own(CheckoutSession).count() == 1


def test_of_a_payment_link_everybody_may_with_the_same_amount_until_it_is_over(
    mia: Merchant, press: Any, offers: Any, sandbox: Sandbox
) -> None:
    link = PaymentLink.objects.create(merchant=mia, mode="test", currency="USD", product_name="Tip", stock=1)
    session = open_link(link, name="Pat", email="pat@example.com", amount=Decimal("7.50"))
    sandbox.skip(minutes=61)
    sandbox.look()
    assert offers(session)
    assert press(session).status_code == 303
    again = own(CheckoutSession).latest("id")
    assert (again.payment_link_id, again.amount, again.metadata) == (link.pk, Decimal("7.50"), session.metadata)
    cancel(again, actor="mia@example.com")
    assert offers(again)  # the link would give them another one anyway
    own(PaymentLink).update(is_active=False)
    assert refuses(press, offers, again)


def test_nobody_begins_anew_without_end(ended: CheckoutSession, press: Any, settings: Any) -> None:
    settings.RATE_LIMIT_PER_LINK = 1
    assert press(ended).status_code == 303
    again = own(CheckoutSession).latest("id")
    cancel(again, actor=BUYER)
    answer = press(again)
    assert (answer.status_code, own(CheckoutSession).count()) == (409, 2)
    assert b"Wait a minute" in answer.content


def test_what_the_former_asked_for_still_counts_though_it_was_switched_off_since(
    ended: CheckoutSession, press: Any, sandbox: Sandbox
) -> None:
    change_settings(merchant=ended.merchant, actor="mia", ways_off=["USDC@sandbox"])
    CheckoutSession.objects.filter(pk=ended.pk).update(allowed_assets=["USDC", "ETH"])
    address = own(DepositAddress).get().address
    press(refreshed(ended))
    successor = own(CheckoutSession).latest("id")
    assert {each.option.asset.symbol for each in options_for(successor, timezone.now())} == {"ETH"}
    sandbox.send_to(address, "49.00")
    assert (refreshed(successor).status, refreshed(successor).issue) == ("completed", None)


def test_what_was_off_for_both_stays_off() -> None:
    assert off_in_both(["polygon", "ETH@base"], ["USDC@polygon", "base", "DAI@base"]) == ["ETH@base", "USDC@polygon"]
    assert off_in_both(["base"], ["base", "ETH@base"]) == ["ETH@base", "base"]
    assert off_in_both(["base"], []) == []
