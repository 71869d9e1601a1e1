"""A refund at today's rate asks the sources before any transaction begins, and counts with what is on record."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from chains_app.models import RateSheet
from chains_app.rates import exchange_rates
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Payment, Refund
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from tests.cast import PATS_WALLET, Api, agreed
from tests.desk import Desk, owner_of
from tests.fake_rates import FakeRates
from tests.strangers.world import own

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paid(mia: Merchant, sources: FakeRates) -> CheckoutSession:
    """A live session, paid in full; since then nobody has asked what anything costs, and ether has become dearer."""
    session, now = create_session(merchant=mia, mode="live", terms=agreed()), timezone.now()
    choose_option(session=session, asset="ETH", network="ethereum", now=now)
    Payment.objects.create(
        session=session,
        network="ethereum",
        asset="ETH",
        tx_hash="0x" + "ab" * 32,
        log_index=-1,
        sender=PATS_WALLET,
        decimals=18,
        amount_units=Decimal(10) ** 16,
        arrived_at=now,
        basis="quote",
        rate=Decimal(3000),
        value=Decimal(30),
        confirmations_needed=1,
        seen_at=now,
        confirmed_at=now,
        first_confirmed_at=now,
    )
    time_passes()
    sources.everybody("ETH/USD", "3200")
    return session


def time_passes() -> None:
    """No rate is on record that still holds."""
    RateSheet.objects.all().delete()
    cache.delete("rates:asking")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each time that the sources are asked: whether a transaction is open meanwhile."""
    seen, ask = [], exchange_rates.take_snapshot

    def take(**how: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return ask(**how)

    monkeypatch.setattr(exchange_rates, "take_snapshot", take)
    return seen


def by_api(session: CheckoutSession, secret: str) -> None:
    """Asked for twice, by one key; and by the same key for something else that is wrong besides."""
    path, body = f"checkout/{session.public_id}/refunds", {"amount": 16, "rate": "today", "address": PATS_WALLET}
    for _ in range(2):
        made = Api(secret).post(path, body, Idempotency_Key="refund-1")
        assert made.status_code == 201, made.answer
        time_passes()
    refused = Api(secret).post(path, {"amount": "half", "rate": "today"}, Idempotency_Key="refund-1")
    assert (refused.status_code, refused.answer["errors"][0]["code"]) == (422, "idempotency_key_reused")


def by_hand(session: CheckoutSession, _secret: str) -> None:
    """The form, sent twice."""
    form = {"balance": "ethereum:ETH", "kind": "amount", "rate_basis": "today", "amount": "16", "once": "a" * 32}
    CheckoutSession.objects.filter(pk=session.pk).update(refund_address=PATS_WALLET)
    for _ in range(2):
        desk = Desk(owner_of(session.merchant), "live")
        answer = desk.post(f"sessions/{session.public_id}/refund", to_address=PATS_WALLET, **form)
        assert answer["Location"].endswith(own(Refund).get().public_id)
        time_passes()


@pytest.mark.parametrize("ask_for", [by_api, by_hand])
def test_the_sources_are_asked_once_and_while_no_transaction_is_open(
    paid: CheckoutSession, mia_live_key: str, asked: list[bool], ask_for: Callable[[CheckoutSession, str], None]
) -> None:
    ask_for(paid, mia_live_key)
    assert asked == [False]
    refund = own(Refund).get()
    assert (refund.rate, refund.amount_units) == (3200, 5 * 10**15)


def test_without_a_rate_nothing_is_prepared_and_what_else_can_be_done_is_said(
    paid: CheckoutSession, mia_live_key: str, sources: FakeRates
) -> None:
    for source in sources.all:
        source.behaviour = "down"
    refused = Api(mia_live_key).post(f"checkout/{paid.public_id}/refunds", {"amount": 16, "rate": "today"})
    assert (refused.status_code, refused.answer["errors"][0]["code"]) == (409, "rate_unavailable")
    assert "at the rate at which it was paid" in refused.answer["errors"][0]["detail"]
    assert not own(Refund).exists()
