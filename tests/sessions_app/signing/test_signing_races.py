"""Signed payments at the same instant, on connections of their own: one is handed over, whoever comes."""

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from eth_account import Account

from chains_app.calls.authorizations import typed_data
from merchants_app.models import Merchant
from sessions_app.errors import AnotherSigned, BeingSettled, SessionNotOpen
from sessions_app.models import Authorization, CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from sessions_app.signing.asked import again, is_asked
from sessions_app.signing.kept import close_what_is_over
from sessions_app.signing.settling import SignedPayment, settle
from sessions_app.state.lifecycle import cancel
from tests.cast import MIAS_WALLET, agreed, merchant
from tests.facilitator import PAT, Facilitator, facilitator, signature_of
from tests.races import closing, race
from tests.strangers.world import own

__all__ = ["facilitator"]

pytestmark = pytest.mark.django_db(transaction=True)
OTHER = Account.from_key("0x" + "11" * 32)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


@pytest.fixture
def quoted(mia: Merchant, facilitator: Facilitator) -> CheckoutSession:
    """49 USDC are due on Devchain."""
    made = create_session(merchant=mia, mode="test", terms=agreed(reference="order-1"))
    choose_option(session=made, asset="USDC", network="devchain", now=timezone.now())
    return again(made)


def signed(session: CheckoutSession, wallet: Any) -> SignedPayment:
    """What is due, signed by a wallet."""
    now = timezone.now()
    asked = is_asked(session, now=now)
    transfer = asked.authorization(sender=wallet.address, valid_before=int(now.timestamp()) + 300)
    return SignedPayment(transfer=transfer, signature=signature_of(typed_data(asked.option, transfer), wallet))


@pytest.mark.parametrize("second", [PAT, OTHER], ids=["the same", "another wallet's"])
def test_of_two_at_once_one_is_handed_over(quoted: CheckoutSession, facilitator: Facilitator, second: Any) -> None:
    def slowly() -> dict[str, bool]:
        time.sleep(0.2)
        return {"isValid": True}

    facilitator.says["/verify"] = slowly
    given = [signed(quoted, wallet) for wallet in (PAT, second)]
    answers = race(*(partial(settle, again(quoted), each, now=timezone.now()) for each in given))
    assert facilitator.times("/settle") == 1
    assert [type(answer) for answer in answers].count(Authorization) == 1
    assert {type(answer) for answer in answers} - {Authorization} <= {AnotherSigned, BeingSettled}
    assert own(Authorization).count() == 1


def verified_after(act: Callable[[], object]) -> Callable[[], dict[str, bool]]:
    """What the facilitator says, in its own thread, once that has happened."""

    def answer() -> dict[str, bool]:
        closing(act)()
        return {"isValid": True}

    return answer


def test_a_session_that_ended_while_it_was_verified_is_not_paid(
    quoted: CheckoutSession, facilitator: Facilitator
) -> None:
    facilitator.says["/verify"] = verified_after(lambda: cancel(again(quoted), actor="buyer"))
    with pytest.raises(SessionNotOpen, match="is cancelled"):
        settle(quoted, signed(quoted, PAT), now=timezone.now())
    assert (facilitator.times("/verify"), facilitator.times("/settle")) == (1, 0)
    assert (own(Authorization).get().stage, again(quoted).status) == ("failed", "cancelled")


def test_who_was_asked_for_too_long_hands_nothing_over(quoted: CheckoutSession, facilitator: Facilitator) -> None:
    later = timezone.now() + timedelta(minutes=2)
    facilitator.says["/verify"] = verified_after(lambda: close_what_is_over(quoted, now=later))
    with pytest.raises(BeingSettled, match="was just being handed over"):
        settle(quoted, signed(quoted, PAT), now=timezone.now())
    assert (facilitator.times("/settle"), own(Authorization).get().stage) == (0, "failed")


def test_who_supersedes_the_session_takes_the_signed_payment_along(mia: Merchant, quoted: CheckoutSession) -> None:
    settle(quoted, signed(quoted, PAT), now=timezone.now())
    terms = agreed(reference="order-1", amount=Decimal(50))
    later = create_session(merchant=mia, mode="test", terms=terms, supersedes=True)
    assert own(Authorization).get().session_id == later.pk
