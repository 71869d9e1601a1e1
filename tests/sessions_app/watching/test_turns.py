"""A network that nobody pays on is read seldom, and at once when somebody does; what a day of that costs is counted."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from chains_app.calls.readers import reader_for
from chains_app.models import ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.health import record_problem
from sessions_app.models import CheckoutSession, DepositAddress, Payment, Refund
from sessions_app.paying.quoting import choose_option
from sessions_app.watching.second_looks import look_again
from sessions_app.watching.turns import BESIDE_SECONDS, IDLE_SECONDS, networks_due
from sessions_app.watching.watcher import watch, watched_deposits
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.fake_node import FakeNode

pytestmark = [pytest.mark.django_db, pytest.mark.moves_everybody("all networks are to be idle")]
SEPOLIA = network("sepolia")
SECOND, DAY = timedelta(seconds=1), 24 * 3600
NewSession = Callable[..., CheckoutSession]


@pytest.fixture(autouse=True)
def two_networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both were read just now, and nobody else is paying or owed anything. What the cache has is of the test."""
    now = timezone.now()
    CheckoutSession.objects.filter(status="open").update(status="expired")
    DepositAddress.objects.update(watch_until=now - DAY * SECOND)
    Payment.objects.filter(confirmed_at=None).update(confirmed_at=now, first_confirmed_at=now)
    Payment.objects.update(collected_at=now)
    Refund.objects.filter(withdrawn_at=None).update(withdrawn_at=now)
    for each in (DEVCHAIN, SEPOLIA):
        monkeypatch.setenv(each.rpc_variable, "http://127.0.0.1:9")
        ScanCursor.objects.update_or_create(
            network=each.id, defaults={"block_number": 9, "head": 9, "block_hash": "0x9", "scanned_at": timezone.now()}
        )
    forget()
    yield
    forget()


def forget() -> None:
    cache.delete_many(["networks-awaited", f"awaited:{DEVCHAIN.id}", f"awaited:{SEPOLIA.id}"])


def due(after: float) -> set[str]:
    """Of those that cost calls."""
    at = timezone.now() + timedelta(seconds=after)
    return {each.id for each in networks_due(at) if each.has_nodes}


def test_where_nobody_pays_it_is_read_once_a_minute() -> None:
    assert (due(IDLE_SECONDS - 5), due(IDLE_SECONDS)) == (set(), {DEVCHAIN.id, SEPOLIA.id})


def test_what_a_machine_with_a_fast_clock_read_is_read_again_by_the_others() -> None:
    ScanCursor.objects.filter(network=SEPOLIA.id).update(scanned_at=timezone.now() + timedelta(hours=1))
    assert due(1) == {SEPOLIA.id}


def test_it_is_read_at_once_and_every_second_when_somebody_picks_it(session: CheckoutSession) -> None:
    assert due(1) == set()
    choose_option(session=session, asset="USDC", network=DEVCHAIN.id, now=timezone.now())
    assert due(0) == {DEVCHAIN.id}
    cache.delete(f"awaited:{DEVCHAIN.id}")  # a minute later
    cache.delete("networks-awaited")
    assert due(1) == {DEVCHAIN.id}


def test_beside_a_network_that_is_paid_on_the_others_are_read_more_often(session: CheckoutSession) -> None:
    choose_option(session=session, asset="USDC", network=DEVCHAIN.id, now=timezone.now())
    assert due(BESIDE_SECONDS) == {DEVCHAIN.id, SEPOLIA.id}


def test_it_is_read_often_while_somebody_looks_for_what_came_late(session: CheckoutSession, client: Client) -> None:
    choose_option(session=session, asset="USDC", network=DEVCHAIN.id, now=timezone.now())
    CheckoutSession.objects.filter(pk=session.pk).update(status="expired")
    forget()
    assert due(1) == set()
    client.get(f"/pay/{session.page_token}/status")
    assert due(1) == {DEVCHAIN.id}


def test_what_is_behind_or_could_not_be_read_is_read_on() -> None:
    ScanCursor.objects.filter(pk=DEVCHAIN.id).update(head=700)
    record_problem(network=SEPOLIA, problem="It cannot be reached.")
    assert due(1) == {DEVCHAIN.id, SEPOLIA.id}


# --- what it costs


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        made.node.mine(100)
        yield made


@pytest.mark.parametrize("watched", [0, 1])
def test_a_day_of_a_network_that_nobody_pays_on_costs_ten_thousand_calls_at_most(
    chain: Devchain, monkeypatch: pytest.MonkeyPatch, session: CheckoutSession, watched: int
) -> None:
    """Three minutes of it: the clock's jobs every one and five seconds, a block every twelve."""
    with FakeNode(upstream=chain.node.url) as node:
        monkeypatch.setenv(DEVCHAIN.rpc_variable, node.url)
        ScanCursor.objects.filter(pk=DEVCHAIN.id).delete()
        if watched:  # an address whose session is over, and that may be paid late
            choose_option(session=session, asset="USDC", network=DEVCHAIN.id, now=timezone.now())
            CheckoutSession.objects.filter(pk=session.pk).update(status="expired")
            forget()
        assert len(watched_deposits(DEVCHAIN, timezone.now())) == watched
        start, seconds = timezone.now(), 180
        run(start, 2, chain)  # settles in
        node.forget()
        run(start, seconds, chain)
        calls = len(node.calls) * DAY / seconds
        assert calls <= 10_000, f"{calls:,.0f}"


def run(start: datetime, seconds: int, chain: Devchain) -> None:
    for second in range(seconds):
        now = start + second * SECOND
        if second % 12 == 11:
            chain.node.mine()
        if DEVCHAIN in networks_due(now):
            watch(DEVCHAIN, reader_for(DEVCHAIN))
            ScanCursor.objects.filter(pk=DEVCHAIN.id).update(scanned_at=now)
        if second % 5 == 0:
            look_again(DEVCHAIN)
