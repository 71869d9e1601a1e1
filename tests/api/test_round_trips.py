"""How often a call asks the database: what costs most, kept as a fact."""

from typing import Any

import pytest

from sessions_app.models import CheckoutSession
from tests.cast import Api, terms
from tests.sandbox import Sandbox


@pytest.fixture
def warm(api: Api) -> Api:
    """The process knows the key already, as it does for all but one request in four seconds."""
    api.get("payment-options")
    return api


def test_creating_with_everything_on(warm: Api, django_assert_max_num_queries: Any) -> None:
    # All rows and the answer for a repeated request in one; and the savepoints, as the test runs in a transaction.
    with django_assert_max_num_queries(3):
        assert warm.post("checkout", terms(reference="order-1"), Idempotency_Key="order-1").status_code == 200


def test_replaying(warm: Api, django_assert_max_num_queries: Any) -> None:
    made = warm.post("checkout", terms(), Idempotency_Key="order-1").answer["id"]
    # That it was made before, what was answered, and its session as it is now; and savepoints around the first two, one
    # of which is gone back to.
    with django_assert_max_num_queries(8):
        again = warm.post("checkout", terms(), Idempotency_Key="order-1")
    assert (again.status_code, again["Idempotent-Replayed"], again.answer["id"]) == (200, "true", made)


@pytest.mark.parametrize("number", [1, 30])
def test_listing_costs_the_same_however_many(warm: Api, number: int, django_assert_max_num_queries: Any) -> None:
    for _ in range(number):
        warm.post("checkout", terms())
    with django_assert_max_num_queries(1):
        assert len(warm.get("checkout?limit=100").answer) == number


def test_getting_one(warm: Api, django_assert_max_num_queries: Any) -> None:
    made = warm.post("checkout", terms()).answer["id"]
    with django_assert_max_num_queries(1):
        assert warm.get(f"checkout/sessions/{made}").answer["id"] == made


def test_payments_are_asked_for_only_where_there_are_any(
    warm: Api, sandbox: Sandbox, django_assert_num_queries: Any
) -> None:
    made = warm.post("checkout", terms()).answer["id"]
    warm.post(f"checkout/{made}/quote", {"asset": "USDC", "network": "sandbox"})
    with django_assert_num_queries(1):
        assert warm.get(f"checkout/sessions/{made}").answer["payments"] == []
    sandbox.play(CheckoutSession.objects.get(public_id=made), "exact", asset="USDC")
    assert len(warm.get(f"checkout/sessions/{made}").answer["payments"]) == 1
