"""An order whose cart changes after the business gave up the wallet that its first session is paid to."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants_app.models import Merchant
from merchants_app.treasuries.treasuries import set_treasury
from sessions_app.errors import MoneyOnItsWay
from sessions_app.models import Authorization, CheckoutSession, DepositAddress
from sessions_app.paying.paying_again import BUYER
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session, session_on
from sessions_app.selling.superseding import NotOpened, open_after
from tests.cast import MIAS_WALLET, OTTOS_WALLET, PATS_WALLET, Api, agreed, refreshed
from tests.locks.stage import ended_unpaid
from tests.sandbox import Sandbox, events_of

pytestmark = pytest.mark.django_db
Put = Callable[..., CheckoutSession]


@pytest.fixture
def put(mia: Merchant) -> Put:
    """The order with that amount, in the place of the session that it has."""

    def made(amount: int) -> CheckoutSession:
        terms = agreed(reference="order-1", amount=Decimal(amount))
        return refreshed(create_session(merchant=mia, mode="test", terms=terms, supersedes=True))

    return made


@pytest.fixture
def former(sandbox: Sandbox, mia: Merchant, put: Put) -> CheckoutSession:
    """49 USDC were asked for to the wallet that was given up since."""
    session = pick(put(49))
    give_up(mia)
    return refreshed(session)


def give_up(mia: Merchant) -> None:
    set_treasury(merchant=mia, mode="test", kind="address", address=OTTOS_WALLET, by="mia")


def pick(session: CheckoutSession) -> CheckoutSession:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return refreshed(session)


def state(session: CheckoutSession) -> tuple[str, str | None, str | None]:
    now = refreshed(session)
    return now.status, now.issue, now.order_paid_by


def test_no_new_money_is_asked_for_to_it(former: CheckoutSession, put: Put, client: Client) -> None:
    second = put(60)
    ended = refreshed(former)
    assert (second.supersedes, ended.superseded_by, ended.status) == (former.public_id, second.public_id, "cancelled")
    assert second.treasury.address == OTTOS_WALLET
    assert not DepositAddress.objects.filter(session=second).exists()
    shown = pick(second).deposit
    assert (shown.made_for, shown.address == former.deposit.address) == ("", False)
    assert (ended.deposit, ended.quote, ended.treasury.address) == (former.deposit, former.quote, MIAS_WALLET)
    assert client.get(f"/pay/{former.page_token}").url == f"/pay/{second.page_token}"
    third = put(70)
    assert (third.treasury.address, third.deposit) == (OTTOS_WALLET, shown)


def test_what_was_on_its_way_there_is_late_and_pays_the_order_once(
    former: CheckoutSession, put: Put, sandbox: Sandbox, api: Api
) -> None:
    second = put(60)
    sandbox.send_to(former.deposit.address, "49.00")
    assert state(former) == ("completed", "late", None)
    assert state(second) == ("cancelled", None, former.public_id)
    assert events_of(former)[:2] == ["created", "cancelled"]
    told = api.get(f"checkout/sessions/{former.public_id}").answer
    assert (told["amountNet"], told["payments"][0]["counts"], told["supersededBy"]) == (49, True, second.public_id)


def test_whoever_pays_both_has_paid_twice(former: CheckoutSession, put: Put, sandbox: Sandbox) -> None:
    second = pick(put(60))
    sandbox.play(second, "exact")
    sandbox.send_to(former.deposit.address, "49.00")
    assert state(second) == ("completed", None, None)
    assert state(former) == ("completed", "paid_twice", second.public_id)


def test_while_a_signature_may_move_money_there_nothing_takes_its_place(former: CheckoutSession, put: Put) -> None:
    now = timezone.now()
    signed = Authorization.objects.create(
        session=former, network="sandbox", asset="USDC", sender=PATS_WALLET, nonce="0x1", amount_units=49_000_000,
        valid_before=now + timedelta(minutes=5), stage="settling",
    )  # fmt: skip
    with pytest.raises(MoneyOnItsWay, match=r"may still be used, and goes to a wallet that you have given up") as told:
        put(60)
    assert told.value.about == {
        "sessionId": former.public_id, "sessionStatus": "open", "paymentStatus": "unpaid",
        "actions": ["reuse", "cancel", "expire"],
    }  # fmt: skip
    assert refreshed(former).status == "open"
    Authorization.objects.filter(pk=signed.pk).update(valid_before=now)
    assert put(60).supersedes == former.public_id


def test_nobody_pays_again_to_one_that_is_given_up_at_that_moment(mia: Merchant) -> None:
    ended = ended_unpaid(mia)
    give_up(mia)
    made: Any = session_on(mia, "test", agreed())
    with pytest.raises(NotOpened):
        open_after(ended, made, actor=BUYER)
    assert refreshed(ended).superseded_by is None


def test_where_nobody_was_shown_an_address_there_is_nothing_to_leave(mia: Merchant, put: Put) -> None:
    put(49)
    give_up(mia)
    assert put(60).treasury.address == OTTOS_WALLET
