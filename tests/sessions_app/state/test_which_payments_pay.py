"""Which payments are sure, and which of them pay for their session."""

from typing import Any

import pytest
from django.utils import timezone

from sessions_app.models import CheckoutSession, Decision, Payment
from sessions_app.state.facts import paying_ids, paying_payments, sure_payments
from tests.cast import PATS_WALLET

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def came(session: CheckoutSession, name: str, **marks: Any) -> None:
    """49.00 in USDC, final unless said otherwise."""
    Payment.objects.create(
        **{
            "session": session, "public_id": name, "network": "sandbox", "asset": "USDC", "tx_hash": name,
            "log_index": 0, "sender": PATS_WALLET, "decimals": 6, "amount_units": 49_000_000, "arrived_at": NOW,
            "seen_at": NOW, "basis": "arrival", "rate": 1, "value": 49, "confirmations_needed": 1,
            "confirmed_at": NOW, "first_confirmed_at": NOW,
        } | marks
    )  # fmt: skip


@pytest.fixture
def many(session: CheckoutSession) -> CheckoutSession:
    """One of each kind."""
    came(session, "final")
    came(session, "waits", confirmed_at=None, first_confirmed_at=None)
    came(session, "gone", vanished_at=NOW, times_vanished=1)
    came(session, "unpriced", value=None, rate=None)
    came(session, "not taken", counts=False)
    return session


def named(payments: list[Payment]) -> set[str]:
    return {each.public_id for each in payments}


def test_sure_is_what_is_final_there_and_worth_something(many: CheckoutSession) -> None:
    assert named(sure_payments(many)) == {"final", "not taken"}


def test_what_counts_and_is_there_pays_though_it_is_not_sure_yet(many: CheckoutSession) -> None:
    assert paying_ids(many) == {"final", "waits", "unpriced"}
    assert named(paying_payments(many)) == {"final"}


def test_what_was_sent_back_did_pay_and_what_was_accepted_does(many: CheckoutSession) -> None:
    for kind, issue, seen in (("refunded", "underpaid", "final"), ("accept", "wrong_asset", "not taken")):
        Decision.objects.create(session=many, kind=kind, issue=issue, seen=[seen], actor="mia", decided_at=NOW)
    assert named(paying_payments(many)) == {"final", "not taken"}
