"""The quick statement that ends sessions takes just those that it may, and in the very instant of their end."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from common.api.exact_json import dumps, loads_strict
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.state.expiry import up_to_date
from sessions_app.state.expiry_sql import expire_untouched
from sessions_app.state.lifecycle import TIME_IS_OVER, expire_overdue
from sessions_app.state.representation import represent
from tests.cast import refreshed
from tests.sessions_app.state.invariants import check_session
from webhooks_app.endpoints.endpoints import create_endpoint
from webhooks_app.models import Delivery, Event

NewSession = Callable[..., CheckoutSession]
# Before everybody else's end, so that nobody else's session is due.
SOON = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def due(new_session: NewSession) -> Callable[[], CheckoutSession]:
    """Makes sessions that all end at the same moment, soon."""
    end = timezone.now() + SOON
    return lambda: new_session(expiresAt=end)


def picked(session: CheckoutSession) -> CheckoutSession:
    """Its buyer has chosen what to pay with."""
    choose_option(session=session, asset="ETH", network="sandbox", now=timezone.now())
    return refreshed(session)


def without_first_event(session: CheckoutSession) -> CheckoutSession:
    """Its creation is forgotten already, so there is no snapshot to tell its end by."""
    Event.objects.filter(subject=session.public_id).delete()
    return session


def ended_deliveries(*sessions: CheckoutSession) -> int:
    subjects = [each.public_id for each in sessions]
    return Delivery.objects.filter(event__subject__in=subjects, event__type="checkout.expired").count()


def test_it_takes_those_nobody_touched_and_counts_them_with_their_deliveries(
    mia: Merchant, due: Callable[[], CheckoutSession], new_session: NewSession
) -> None:
    for events in ([], ["checkout.expired"], ["checkout.completed"]):
        create_endpoint(merchant=mia, mode="test", url="http://127.0.0.1:9/hooks", actor="mia", events=events)
    one, other, chosen, forgotten, running = due(), due(), picked(due()), without_first_event(due()), new_session()
    assert expire_untouched(10, reason=TIME_IS_OVER, now=one.expires_at - INSTANT) == (0, 0)
    assert expire_untouched(1, reason=TIME_IS_OVER, now=one.expires_at) == (1, 2)
    assert expire_untouched(10, reason=TIME_IS_OVER, now=one.expires_at) == (1, 2)
    assert {refreshed(one).status, refreshed(other).status} == {"expired"}
    assert [refreshed(each).status for each in (chosen, forgotten, running)] == ["open"] * 3
    assert ended_deliveries(one, other) == 4
    assert ended_deliveries(chosen, forgotten, running) == 0
    check_session(refreshed(one))


@pytest.mark.parametrize(
    "change",
    [{"event_count": 2}, {"ended_by": "expired", "ended_at": timezone.now()}, {"status": "processing"}],
)
def test_it_leaves_what_anything_was_written_about(
    due: Callable[[], CheckoutSession], change: dict[str, object]
) -> None:
    session = due()
    CheckoutSession.objects.filter(pk=session.pk).update(**change)
    assert expire_untouched(10, reason=TIME_IS_OVER, now=session.expires_at) == (0, 0)


@pytest.mark.parametrize("kind", ["untouched", "picked", "forgotten"])
def test_the_end_is_told_with_the_session_as_it_is_then(due: Callable[[], CheckoutSession], kind: str) -> None:
    session = due()
    if kind == "picked":
        picked(session)
    if kind == "forgotten":
        without_first_event(session)
    assert expire_overdue(10, now=session.expires_at) == 1
    after = refreshed(session)
    event = Event.objects.get(subject=session.public_id, type="checkout.expired")
    assert loads_strict(dumps(event.data)) == loads_strict(dumps(represent(after)))
    assert (after.status, event.data["status"], after.ended_at) == ("expired", "expired", after.expires_at)
    if kind == "picked":
        assert event.data["payment"]["address"] == after.deposit.address


@pytest.mark.parametrize("choose", [True, False])
def test_a_session_ends_in_the_very_instant_of_its_end(due: Callable[[], CheckoutSession], *, choose: bool) -> None:
    looked_at, swept = due(), due()
    if choose:
        looked_at, swept = picked(looked_at), picked(swept)
    end = looked_at.expires_at
    assert up_to_date(looked_at, now=end - INSTANT).status == "open"
    assert up_to_date(looked_at, now=end).status == "expired"
    assert expire_overdue(10, now=end - INSTANT) == 0
    assert expire_overdue(10, now=end) == 1
    assert refreshed(swept).status == "expired"
