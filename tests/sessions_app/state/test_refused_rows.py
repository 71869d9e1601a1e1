"""What a row about money says in two columns agrees: the database refuses any other, whoever writes it and however."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Payment, Quote, Refund
from tests.locks.cases_sessions import refund
from tests.locks.stage import overpaid

pytestmark = pytest.mark.django_db
NOW = timezone.now()
BELOW_ZERO = [(model, {"amount_units": units}) for model in (Quote, Payment, Refund) for units in (0, -1)]


@pytest.fixture
def session(mia: Merchant) -> CheckoutSession:
    """Too much came, of which a part is to go back; nobody has decided yet."""
    found = overpaid(mia)
    refund(found)
    return found


def of(session: CheckoutSession, model: Any) -> QuerySet[Any]:
    rows = model.objects.filter(**{"pk" if model is CheckoutSession else "session": session.pk})
    assert rows
    return rows


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (CheckoutSession, {"ended_by": "expired"}),
        (CheckoutSession, {"ended_at": NOW}),
        (CheckoutSession, {"issue": None}),
        (CheckoutSession, {"completed_at": None}),
        *BELOW_ZERO,
        (Quote, {"rate": 0}),
        (Quote, {"rate": -1}),
        (Payment, {"rate": None}),
        (Payment, {"value": None}),
        (Payment, {"first_confirmed_at": None}),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(session: CheckoutSession, model: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="violates check constraint"):
        of(session, model).update(**wrong)


@pytest.mark.parametrize(
    ("model", "right"),
    [
        (CheckoutSession, {"ended_by": "expired", "ended_at": NOW}),
        (CheckoutSession, {"issue": None, "needs_decision": False}),
        (CheckoutSession, {"needs_decision": False}),
        (CheckoutSession, {"completed_at": None, "status": "open"}),
        (CheckoutSession, {"status": "cancelled"}),
        (Payment, {"rate": None, "value": None}),
        (Payment, {"rate": 0, "value": 0}),
        (Payment, {"confirmed_at": None}),
        (Payment, {"confirmed_at": None, "first_confirmed_at": None}),
    ],
)
def test_one_that_agrees_is_written(session: CheckoutSession, model: Any, right: dict[str, Any]) -> None:
    assert of(session, model).update(**right)
