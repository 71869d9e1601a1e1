"""A network cannot be read: it is not offered, the time of those who pay on it stands still, and all are told.

Two networks, of which one is away, and two businesses.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.health import record_problem
from merchants_app.models import Merchant
from sessions_app.errors import NetworkUnavailable
from sessions_app.models import CheckoutSession, DepositAddress
from sessions_app.paying.quoting import choose_option, options_for
from sessions_app.state.lifecycle import cancel, expire_overdue
from sessions_app.watching import standing_still
from sessions_app.watching.standing_still import keep_ends
from tests.cast import Api, refreshed
from tests.desk import Desk
from tests.operators import Operator
from tests.sandbox import events_of

pytestmark = pytest.mark.django_db
AWAY, THERE = network("devchain"), network("sepolia")
NewSession = Callable[..., CheckoutSession]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def two_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (AWAY, THERE):
        monkeypatch.setenv(each.rpc_variable, "http://127.0.0.1:9")


@pytest.fixture
def paying(new_session: NewSession) -> Callable[..., CheckoutSession]:
    """A session that is paid on the network, with so much time left."""

    def make(on: str = AWAY.id, left: timedelta = 5 * MINUTE, **of: Merchant) -> CheckoutSession:
        session = new_session(**of)
        choose_option(session=session, asset="USDC", network=on, now=timezone.now())
        CheckoutSession.objects.filter(pk=session.pk).update(expires_at=timezone.now() + left)
        return refreshed(session)

    return make


def is_away(since: datetime) -> None:
    record_problem(network=AWAY, problem="127.0.0.1:9 cannot be reached.", now=since)
    record_problem(network=AWAY, problem="It still cannot.", now=timezone.now())


def is_back() -> None:
    ScanCursor.objects.filter(pk=AWAY.id).update(unread_since=None, problem="")


def passes(start: datetime, length: timedelta, step: timedelta = MINUTE / 4) -> datetime:
    """What runs every two seconds runs a little less often here."""
    at = start
    while at < start + length:
        at += step
        keep_ends(at)
        expire_overdue(100, now=at)
    return at


# --- not offered


def test_it_is_not_offered_once_it_cannot_be_read_for_half_a_minute(session: CheckoutSession) -> None:
    now = timezone.now()
    is_away(now - timedelta(seconds=29))
    assert refusals(session, now) == {}
    refused = refusals(session, now + timedelta(seconds=1))
    assert set(refused) == {AWAY.id}
    assert "We cannot see Devchain at the moment" in refused[AWAY.id]
    with pytest.raises(NetworkUnavailable, match="We cannot see Devchain"):
        choose_option(session=session, asset="USDC", network=AWAY.id, now=now + timedelta(seconds=1))
    choose_option(session=session, asset="USDC", network=THERE.id, now=now + timedelta(seconds=1))
    is_back()
    choose_option(session=session, asset="USDC", network=AWAY.id, now=now + timedelta(seconds=2))


def refusals(session: CheckoutSession, now: datetime) -> dict[str, str]:
    return {each.option.network.id: each.unavailable for each in options_for(session, now) if each.unavailable}


def test_programs_are_told_by_a_code(api: Api, session: CheckoutSession) -> None:
    is_away(timezone.now() - MINUTE)
    answer = api.post(f"checkout/{session.public_id}/quote", {"asset": "USDC", "network": AWAY.id})
    assert (answer.status_code, answer.answer["errors"][0]["code"]) == (409, "network_unavailable")
    assert answer.answer["errors"][0]["attr"] == "network"
    offered = api.get("payment-options?amount=4900&currency=USD").answer
    assert {each["network"] for each in offered if not each["available"]} == {AWAY.id}


def test_a_network_that_was_switched_off_is_none_that_is_away(
    paying: Callable[..., CheckoutSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, now = paying(), timezone.now()
    is_away(now)
    monkeypatch.delenv(AWAY.rpc_variable)
    passes(now, 6 * MINUTE)
    assert refreshed(session).status == "expired"


# --- the time stands still


def test_the_ends_of_those_who_pay_on_it_move_by_the_length_of_the_outage(
    paying: Callable[..., CheckoutSession], otto: Merchant
) -> None:
    mias, ottos, elsewhere = paying(), paying(left=40 * MINUTE, merchant=otto), paying(THERE.id)
    start = timezone.now()
    is_away(start)
    at = passes(start, 12 * MINUTE)
    assert [refreshed(each).status for each in (mias, ottos, elsewhere)] == ["open", "open", "expired"]
    assert refreshed(mias).expires_at > at
    is_back()
    at = passes(at, MINUTE)
    for each in (mias, ottos):
        moved = refreshed(each)
        assert abs(moved.expires_at - each.expires_at - 12 * MINUTE) <= MINUTE
        assert moved.watch_until - each.watch_until == moved.moved_by == moved.expires_at - each.expires_at
        assert DepositAddress.objects.get(session=each).watch_until == moved.watch_until
        assert moved.timeline.last().reason.startswith(
            "Devchain could not be read: the time to pay was moved by 12 min"
        )
        assert events_of(moved)[-1] == "extended"
    assert refreshed(elsewhere).moved_by == timedelta(0)
    passes(at, 5 * MINUTE + MINUTE)
    assert refreshed(mias).status == "expired"  # as late as its end was moved to
    assert events_of(refreshed(mias))[-2:] == ["extended", "expired"]


def test_who_would_have_run_out_before_anybody_was_told_does_not(paying: Callable[..., CheckoutSession]) -> None:
    ending, start = paying(left=timedelta(seconds=20)), timezone.now()
    is_away(start)
    passes(start, MINUTE, step=timedelta(seconds=4))
    assert refreshed(ending).status == "open"


def test_a_moment_is_no_outage(paying: Callable[..., CheckoutSession]) -> None:
    session, start = paying(), timezone.now()
    is_away(start)
    at = passes(start, timedelta(seconds=20), step=timedelta(seconds=2))
    is_back()
    passes(at, MINUTE)
    assert refreshed(session).expires_at == session.expires_at
    assert "extended" not in events_of(session)


def test_a_day_is_the_most_that_an_end_is_moved(
    paying: Callable[..., CheckoutSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timedelta(days=1) == standing_still.MOVED_AT_MOST
    most = 4 * MINUTE  # as if it were a day
    monkeypatch.setattr(standing_still, "MOVED_AT_MOST", most)
    session, start = paying(), timezone.now()
    is_away(start)
    passes(start, most + 6 * MINUTE)
    ended = refreshed(session)
    assert (ended.status, ended.moved_by, ended.stands_still_since) == ("expired", most, None)
    assert ended.ended_at == session.expires_at + most


def test_what_ends_otherwise_is_not_moved(paying: Callable[..., CheckoutSession]) -> None:
    session, start = paying(), timezone.now()
    is_away(start)
    at = passes(start, MINUTE)
    cancel(session, now=at)
    is_back()
    passes(at, MINUTE)
    ended = refreshed(session)
    assert (ended.status, ended.stands_still_since) == ("cancelled", None)
    assert "extended" not in events_of(session)


# --- told


def test_the_buyer_is_told(client: Client, paying: Callable[..., CheckoutSession]) -> None:
    session, elsewhere = paying(), paying(THERE.id)
    before = client.get(f"/pay/{session.page_token}/status").headers["ETag"]
    is_away(timezone.now() - MINUTE)
    keep_ends(timezone.now())
    page = client.get(f"/pay/{session.page_token}")
    assert "We cannot see Devchain right now" in page.content.decode()
    assert client.get(f"/pay/{session.page_token}/status", headers={"If-None-Match": before}).status_code == 200
    assert "We cannot see" not in client.get(f"/pay/{elsewhere.page_token}").content.decode()


def test_the_business_is_told(
    desk: Desk, ottos_desk: Desk, paying: Callable[..., CheckoutSession], otto: Merchant
) -> None:
    session, elsewhere = paying(), paying(THERE.id, merchant=otto)
    assert "cannot be read" not in desk.read("overview")
    is_away(timezone.now() - MINUTE)
    keep_ends(timezone.now())
    assert "The time of 1 session that buyers are paying on it stands still" in desk.read("overview")
    assert "Devchain cannot be read" in ottos_desk.read("overview")
    assert "stands still" not in ottos_desk.read("overview")
    assert "Devchain cannot be read at the moment" in desk.read(f"sessions/{session.public_id}")
    assert "cannot be read" not in ottos_desk.read(f"sessions/{elsewhere.public_id}")


def test_the_operator_is_told(operator: Operator, paying: Callable[..., CheckoutSession]) -> None:
    session = paying()
    is_away(timezone.now() - MINUTE)
    keep_ends(timezone.now())
    assert "It still cannot." in operator.read("chains_app/scancursor/")
    assert "Stands still since" in operator.read(f"sessions_app/checkoutsession/{session.pk}/change/")
