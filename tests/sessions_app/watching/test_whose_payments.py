"""A payment says whose it is, and the database holds that to its session, whoever writes the row."""

import pytest
from django.db import connection

from sessions_app.models import CheckoutSession, Payment
from tests.cast import merchant
from tests.sandbox import Sandbox

WHOSE = "SELECT merchant_id, mode FROM sessions_app_payment WHERE id = %s"


def whose(payment: Payment) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(WHOSE, [payment.pk])
        found: tuple[int, str] = cursor.fetchone()
    return found


@pytest.fixture
def payment(sandbox: Sandbox, session: CheckoutSession) -> Payment:
    return sandbox.play(session, "exact").payments.get()


def test_it_is_its_sessions(payment: Payment, session: CheckoutSession) -> None:
    assert whose(payment) == (session.merchant_id, "test")


def test_a_process_of_the_version_before_that_names_neither_writes_the_same(
    payment: Payment, session: CheckoutSession
) -> None:
    names = [
        field.column for field in Payment._meta.concrete_fields if field.column not in ("id", "merchant_id", "mode")
    ]
    kept = [f"'{name}_2'" if name in ("public_id", "tx_hash") else name for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO sessions_app_payment ({', '.join(names)}) "
            f"SELECT {', '.join(kept)} FROM sessions_app_payment WHERE id = %s RETURNING merchant_id, mode",
            [payment.pk],
        )
        assert cursor.fetchone() == (session.merchant_id, "test")


def test_nobody_can_say_that_it_is_somebody_elses(payment: Payment, session: CheckoutSession) -> None:
    Payment.objects.filter(pk=payment.pk).update(merchant=merchant("Nora Books", "0x" + "1" * 40), mode="live")
    assert whose(payment) == (session.merchant_id, "test")
