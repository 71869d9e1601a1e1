"""Money that was seen for one session and is stored for its address's next holder; and what is another network's."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.reading.reader import Transfer
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, DepositAddress, Payment
from sessions_app.selling.creation import session_on
from sessions_app.selling.superseding import open_in_place_of
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import Sightings, identity, take_in
from tests.cast import PATS_WALLET, agreed, refreshed
from tests.locks.stage import waiting_for_money
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
SANDBOX, DEVCHAIN = network("sandbox"), network("devchain")


def dollars(session: CheckoutSession) -> Transfer:
    """49 USDC to its address."""
    return Transfer(
        network="sandbox",
        asset="USDC",
        tx_hash="0x01",
        log_index=0,
        sender=PATS_WALLET,
        recipient=session.deposit.address,
        amount_units=49_000_000,
        block_number=7,
        block_hash="0x07",
        block_time=timezone.now(),
    )


@pytest.fixture
def former(mia: Merchant) -> CheckoutSession:
    return waiting_for_money(mia)


def superseded(former: CheckoutSession, **changes: Any) -> CheckoutSession:
    made = session_on(former.merchant, former.mode, agreed(**changes))
    return refreshed(open_in_place_of(former, made, actor="mia", renames_customer=False, allow_repeat=False))


@pytest.mark.parametrize(
    ("changes", "value", "counts"),
    [
        ({"amount": Decimal(50)}, Decimal(49), True),
        ({"currency": "EUR"}, None, True),
        ({"allowedAssets": ["ETH"]}, None, False),
    ],
    ids=["the same currency", "another currency", "not taken any more"],
)
def test_it_keeps_its_worth_only_where_it_is_worth_the_same(
    former: CheckoutSession, changes: dict[str, Any], value: Decimal | None, counts: bool
) -> None:
    seen = take_in(SANDBOX, [dollars(former)], timezone.now())
    later = superseded(former, **changes)
    record(SANDBOX, seen)
    payment = own(Payment).get()
    assert (payment.session, payment.value, payment.counts) == (later, value, counts)


def test_at_a_contract_that_serves_another_order_it_is_worth_what_that_order_says(
    former: CheckoutSession, mia: Merchant
) -> None:
    seen = take_in(SANDBOX, [dollars(former)], timezone.now())
    now, address = timezone.now(), former.deposit
    other = waiting_for_money(mia)
    DepositAddress.objects.filter(session=other).delete()
    DepositAddress.objects.filter(pk=address.pk).update(passed_on_at=now)
    DepositAddress.objects.create(
        session=other,
        address=address.address,
        made_for=former.public_id,
        watch_until=address.watch_until,
        created_at=address.created_at,
    )
    record(SANDBOX, seen)
    payment = own(Payment).get()
    assert (payment.session, payment.value) == (other, None)


def test_the_same_transaction_elsewhere_moves_no_payment_of_this_network(former: CheckoutSession) -> None:
    record(SANDBOX, take_in(SANDBOX, [dollars(former)], timezone.now()))
    payment = own(Payment).get()
    elsewhere = replace(dollars(former), network="devchain", block_number=99, block_hash="0x99")
    record(DEVCHAIN, Sightings(fresh=[], again={identity(elsewhere): elsewhere}, valued=[], eased=[]))
    payment.refresh_from_db()
    assert (payment.block_number, payment.block_hash) == (7, "0x07")


def test_no_network_says_how_deep_a_payment_of_another_has_to_be(former: CheckoutSession) -> None:
    record(SANDBOX, take_in(SANDBOX, [dollars(former)], timezone.now()))
    own(Payment).update(confirmations_needed=max(SANDBOX.confirmations.large, DEVCHAIN.confirmations.large))
    payment = own(Payment).get()
    assert payment not in take_in(DEVCHAIN, [], timezone.now()).eased
    assert payment in take_in(SANDBOX, [], timezone.now()).eased
