"""A session begins and ends among others: the other mode, endpoints that do not listen, settings that all differ."""

from datetime import timedelta
from decimal import Decimal

import pytest

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Customer
from sessions_app.selling.creation import create_session
from sessions_app.state import expiry_sql
from tests.cast import agreed
from tests.strangers.world import own
from webhooks_app.endpoints.endpoints import create_endpoint, delete_endpoint
from webhooks_app.models import Delivery

MODES = ("test", "live")


def make(merchant: Merchant, mode: str) -> CheckoutSession:
    return create_session(merchant=merchant, mode=mode, terms=agreed())


@pytest.fixture
def endpoints(mia: Merchant) -> dict[str, list[str]]:
    """In both modes one that hears all, one that chose each end of a session, and one that was deleted: their words."""
    chosen = {"all": (), "began": ("checkout.created",), "ended": ("checkout.expired",), "gone": ()}
    for mode in MODES:
        for word, events in chosen.items():
            url = f"http://127.0.0.1:9/{mode}/{word}"
            made, _ = create_endpoint(merchant=mia, mode=mode, url=url, actor="mia", events=events)
            if word == "gone":
                delete_endpoint(endpoint=made, actor="mia")
    return {"checkout.created": ["all", "began"], "checkout.expired": ["all", "ended"]}


def heard(event_type: str) -> list[str]:
    """Where the event was sent: mode and word of each endpoint."""
    found = own(Delivery).filter(event__type=event_type).order_by("endpoint_id")
    return [url.removeprefix("http://127.0.0.1:9/") for url in found.values_list("endpoint__url", flat=True)]


@pytest.mark.parametrize("mode", MODES)
def test_a_new_session_is_told_in_its_own_mode_to_those_who_listen(
    mia: Merchant, endpoints: dict[str, list[str]], mode: str
) -> None:
    make(mia, mode)
    assert heard("checkout.created") == [f"{mode}/{word}" for word in endpoints["checkout.created"]]


@pytest.mark.parametrize("mode", MODES)
def test_an_end_is_told_in_its_own_mode_to_those_who_listen(
    mia: Merchant, endpoints: dict[str, list[str]], mode: str
) -> None:
    session = make(mia, mode)
    over = session.expires_at + timedelta(seconds=1)
    assert expiry_sql.expire_untouched(10, reason="over", now=over) == (1, 2)
    assert heard("checkout.expired") == [f"{mode}/{word}" for word in endpoints["checkout.expired"]]


def test_one_address_in_both_modes_is_two_customers(mia: Merchant) -> None:
    test, live, again = make(mia, "test"), make(mia, "live"), make(mia, "live")
    assert test.customer_id != live.customer_id == again.customer_id
    assert [own(Customer).get(pk=each.customer_id).mode for each in (test, live)] == ["test", "live"]


@pytest.mark.parametrize("mode", MODES)
def test_a_session_keeps_each_setting_of_its_business(mia: Merchant, mode: str) -> None:
    mia.session_minutes, mia.watch_days = 45, 9
    mia.tolerance_percent, mia.tolerance_amount, mia.spread_percent = Decimal(2), Decimal("0.50"), Decimal("1.50")
    mia.save()
    made = CheckoutSession.objects.get(pk=make(mia, mode).pk)
    assert (made.tolerance_percent, made.tolerance_amount) == (Decimal("2.00"), Decimal("0.50"))
    assert made.spread_percent == Decimal("1.50")
    assert made.expires_at - made.created_at == timedelta(minutes=45)
    assert made.watch_until - made.expires_at == timedelta(days=9)
