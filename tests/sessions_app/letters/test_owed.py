"""What is written down with a change, and for whom."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from common.mail_backends import NOWHERE
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Receipt
from sessions_app.owed.letters import Owed, has_receipt_letter, owe
from sessions_app.selling.creation import create_session
from sessions_app.status import LetterKind
from tests.cast import agreed

NOW = timezone.now()


@pytest.fixture
def new(mia: Merchant) -> Callable[[], CheckoutSession]:
    """A live session, whose buyer is anybody."""
    return lambda: create_session(merchant=mia, mode="live", terms=agreed())


def test_only_what_is_paid_begins_a_receipt(new: Callable[[], CheckoutSession]) -> None:
    paid, over = new(), new()
    told = [Owed(session=paid, kind=LetterKind.RECEIPT), Owed(session=over, kind=LetterKind.EXPIRED)]
    assert owe(told, now=NOW) == 2
    assert [Receipt.objects.filter(session=each).exists() for each in (paid, over)] == [True, False]


def test_without_a_mail_server_the_receipt_is_begun_and_no_letter_promised(
    new: Callable[[], CheckoutSession], settings: Any
) -> None:
    settings.EMAIL_BACKEND = NOWHERE
    paid = new()
    assert owe([Owed(session=paid, kind=LetterKind.RECEIPT)], now=NOW) == 0
    assert Receipt.objects.filter(session=paid).exists()
    assert not paid.letters.exists()


def test_a_receipt_on_its_way_is_this_sessions_and_a_receipt(new: Callable[[], CheckoutSession]) -> None:
    mine, others = new(), new()
    owe([Owed(session=mine, kind=LetterKind.EXPIRED), Owed(session=others, kind=LetterKind.RECEIPT)], now=NOW)
    assert not has_receipt_letter(mine)
    assert has_receipt_letter(others)
