"""A buyer may have given several names, and stand in what the shop wrote: each of them goes."""

from collections.abc import Callable

import pytest

from merchants_app.models import Merchant
from sessions_app.buyers.erasing import erase_buyer
from sessions_app.models import CheckoutSession, PaymentLink, StatusChange
from tests.cast import refreshed
from tests.sandbox import Sandbox


@pytest.fixture
def over(
    new_session: Callable[..., CheckoutSession], sandbox: Sandbox, later: Callable[[int], None]
) -> list[CheckoutSession]:
    """Two sessions of one buyer, who gave another name each time; both are long over."""
    made = [new_session(), new_session(name="Patricia Olden")]
    sandbox.skip(hours=2)
    sandbox.look()
    later(10)
    return made


def test_the_name_of_each_session_is_forgotten_in_what_was_noted(over: list[CheckoutSession]) -> None:
    first, second = map(refreshed, over)
    noted = StatusChange.objects.create(
        session=first, to_status="expired", payment_status="unpaid", at=first.created_at,
        reason="Pat Payer called, or Patricia Olden.",
    )  # fmt: skip
    assert erase_buyer(second.customer, actor="mia@example.com") == 2
    noted.refresh_from_db()
    assert "Pat" not in noted.reason
    assert "called" in noted.reason


def test_the_name_is_forgotten_where_a_link_says_it_beside_the_address(
    over: list[CheckoutSession], mia: Merchant
) -> None:
    customer = refreshed(over[1]).customer
    assert (customer.name, customer.email) == ("Patricia Olden", "pat@example.com")
    link = PaymentLink.objects.create(
        merchant=mia, mode="test", currency="USD", amount=5, product_name="For Patricia Olden, pat@example.com"
    )
    erase_buyer(customer, actor="mia@example.com")
    link.refresh_from_db()
    assert "Patricia" not in link.product_name
    assert "pat@" not in link.product_name
