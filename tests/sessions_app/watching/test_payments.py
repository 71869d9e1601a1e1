"""What is stored of a payment when the chain confirms or loses it: of that one, and of no other."""

from datetime import timedelta

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import Payment
from sessions_app.watching.payments import confirm, mark_vanished
from tests.locks.stage import SANDBOX, shown, waiting_for_money

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def one(mia: Merchant) -> Payment:
    return shown(waiting_for_money(mia), "49.00")


@pytest.fixture
def other(otto: Merchant) -> Payment:
    return shown(waiting_for_money(otto), "49.00")


def marks(payment: Payment) -> tuple[object, ...]:
    """When it was confirmed, for the first time too, and when and how often it vanished."""
    kept = Payment.objects.get(pk=payment.pk)
    return kept.confirmed_at, kept.first_confirmed_at, kept.vanished_at, kept.times_vanished


def test_a_payment_that_the_chain_lost_is_gone_since_then_and_no_other(one: Payment, other: Payment) -> None:
    (news,) = mark_vanished(SANDBOX, [one], NOW).values()
    assert (news.vanished, news.arrived) == (True, False)
    assert marks(one) == (None, None, NOW, 1)
    assert marks(other) == (None, None, None, 0)
    assert mark_vanished(SANDBOX, [one], NOW + timedelta(minutes=1)) == {}  # it is gone once
    assert marks(one) == (None, None, NOW, 1)


def test_a_payment_keeps_when_it_was_confirmed_first(one: Payment, other: Payment) -> None:
    assert list(confirm(SANDBOX, [one], NOW)) == [one.session_id]
    assert marks(one) == (NOW, NOW, None, 0)
    assert marks(other) == (None, None, None, 0)
    later = NOW + timedelta(minutes=1)
    assert confirm(SANDBOX, [one], later) == {}
    Payment.objects.filter(pk=one.pk).update(confirmed_at=None)  # as when it moved to another block
    confirm(SANDBOX, [one], later)
    assert marks(one) == (later, NOW, None, 0)
