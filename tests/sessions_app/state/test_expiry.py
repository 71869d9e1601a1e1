"""Sessions end when their time is over: by the clock in batches, and when somebody looks. Both write the same."""

import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.state.expiry import expire_due, up_to_date
from sessions_app.state.expiry_sql import expire_untouched
from sessions_app.state.lifecycle import TIME_IS_OVER, expire_overdue, hold_many, lock_many, reassess, reassess_many
from tests.cast import refreshed
from tests.locks.stage import SEEN, confirmed, over_since, waiting_for_money
from tests.sessions_app.state.invariants import check_session
from tests.strangers.world import own
from webhooks_app.endpoints.endpoints import create_endpoint
from webhooks_app.models import Delivery, Event

NewSession = Callable[..., CheckoutSession]
ITS_OWN = {"id", "url", "dashboardUrl", "receiptUrl", "createdAt", "expiresAt"}


def written(session: CheckoutSession) -> list[Any]:
    """All that its expiry has written, without what is each session's own."""
    event = Event.objects.get(subject=session.public_id, type="checkout.expired")
    data = {name: value for name, value in event.data.items() if name not in ITS_OWN}
    row = session.timeline.values("from_status", "to_status", "payment_status", "issue", "reason", "actor", "at").last()
    deliveries = Delivery.objects.filter(event=event).values("endpoint", "state", "attempts_made", "next_attempt_at")
    state = refreshed(session)
    ended = state.ended_by, state.ended_at == state.expires_at, state.updated_at, state.event_count
    return [data, row, list(deliveries), ended, event.mode, event.merchant_id, event.subject_sequence]


def test_the_batch_writes_what_looking_at_one_writes(mia: Merchant, new_session: NewSession) -> None:
    for events in ([], ["checkout.expired"], ["checkout.completed"]):
        create_endpoint(merchant=mia, mode="test", url="http://127.0.0.1:9/hooks", actor="mia", events=events)
    end = timezone.now() + timedelta(minutes=1)
    one, other = new_session(expiresAt=end), new_session(expiresAt=end)
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        up_to_date(one)
        # By itself: what it left, the slow way would write just as well.
        assert expire_untouched(10, reason=TIME_IS_OVER, now=timezone.now()) == (1, 2)
        assert written(other) == written(one)
        assert Delivery.objects.filter(event__subject=other.public_id, event__type="checkout.expired").count() == 2
    check_session(refreshed(other))


def test_the_batch_takes_those_with_a_quote_too(new_session: NewSession) -> None:
    untouched, picked, running = new_session(), new_session(), new_session()
    choose_option(session=picked, asset="USDC", network="sandbox", now=timezone.now())
    own(CheckoutSession).exclude(pk=running.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert expire_due() == 2
    assert {refreshed(untouched).status, refreshed(picked).status} == {"expired"}
    assert refreshed(running).status == "open"
    check_session(refreshed(picked))


def test_of_those_that_money_came_for_the_ones_that_are_over_longest_end_first(mia: Merchant) -> None:
    sessions = [underway(mia) for _ in range(3)]
    for session, minutes in zip(sessions, (2, 3, 1), strict=True):
        over_since(session, minutes=minutes)
    ended = []
    for _ in sessions:
        assert expire_overdue(1) == 1
        ended += [each for each in sessions if each not in ended and refreshed(each).status == "expired"]
    assert ended == [sessions[1], sessions[0], sessions[2]]


def underway(mia: Merchant) -> CheckoutSession:
    """20.00 of 49.00 arrived."""
    session = waiting_for_money(mia)
    confirmed(session, "20.00")
    return reassess(session.pk, SEEN)


@pytest.mark.parametrize("lock", [lock_many, hold_many, lambda keys: reassess_many(dict.fromkeys(keys, SEEN))])
def test_sessions_are_locked_in_one_order_whoever_locks_them(
    new_session: NewSession, lock: Callable[[list[int]], object]
) -> None:
    """Two writers of the same sessions wait for each other instead of deadlocking."""
    keys = [new_session().pk for _ in range(2)]
    with CaptureQueriesContext(connection) as asked:
        lock(keys[::-1])
    locking = [query["sql"] for query in asked if "FOR UPDATE" in query["sql"]]
    assert [bool(re.search(r"ORDER BY (1|\S*\"id\") ASC FOR UPDATE", sql)) for sql in locking] == [True], locking


def test_between_batches_it_rests_as_long_as_they_take_and_a_quarter_more(
    new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, rested = [new_session() for _ in range(3)], list[float]()
    own(CheckoutSession).update(expires_at=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr("sessions_app.state.expiry.BATCH", 1)
    took = iter([0, 2, 2, 6, 6, 6.5, 7])  # begun and over: three batches that find one each, and one that finds none
    clock = SimpleNamespace(perf_counter=took.__next__, sleep=rested.append)
    monkeypatch.setattr("sessions_app.state.expiry.time", clock)
    assert (expire_due(batches=2), expire_due()) == (2, 1)
    assert {refreshed(each).status for each in sessions} == {"expired"}
    assert rested == [2.5, 5, 0.625]
