"""Where watching begins and whom it still looks for: the first offer of many, and watches that ended while it stood."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.health import record_problem
from chains_app.reading.reader import Transfer
from chains_app.sandbox.chain import send
from chains_app.sandbox.reader import SandboxReader
from sessions_app.models import CheckoutSession, DepositAddress
from sessions_app.paying.quoting import choose_option
from sessions_app.watching.watcher import watch, watched_deposits
from tests.cast import refreshed
from tests.sandbox import Sandbox

NewSession = Callable[..., CheckoutSession]
SANDBOX = network("sandbox")


def offered(session: CheckoutSession) -> CheckoutSession:
    """Its buyer was shown where to pay."""
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return refreshed(session)


def send_price(session: CheckoutSession) -> None:
    usdc = SANDBOX.assets["USDC"].contract
    send(recipient=session.deposit.address, contract=usdc, amount_units=49_000_000, now=timezone.now())


def test_the_first_look_begins_at_the_first_offer_and_not_at_the_last(new_session: NewSession) -> None:
    ScanCursor.objects.filter(pk="sandbox").delete()
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as clock:
        SandboxReader(SANDBOX).head()
        first = offered(new_session(expiresAt=timezone.now() + timedelta(hours=2)))
        send_price(first)
        for _ in range(40):  # nobody watches for 20 minutes, while the chain goes on
            clock.shift(timedelta(seconds=30))
            SandboxReader(SANDBOX).head()
        offered(new_session())
        record_problem(network=SANDBOX, problem="It was away when somebody looked for the first time.")
        for _ in range(10):
            if not watch(SANDBOX, SandboxReader(SANDBOX)):
                break
    assert refreshed(first).payment_status == "paid"
    assert first.payments.get().block_number < 10


def test_blocks_that_another_watcher_stored_are_left_to_it(sandbox: Sandbox, session: CheckoutSession) -> None:
    offered(session)
    sandbox.look()

    class Beaten(SandboxReader):
        def transfers(self, *asked: Any, **how: Any) -> list[Transfer]:
            ScanCursor.objects.filter(pk="sandbox").update(block_hash="0xanother")
            return super().transfers(*asked, **how)

    sandbox.clock.shift(timedelta(seconds=5))
    assert watch(SANDBOX, Beaten(SANDBOX)) is False
    assert ScanCursor.objects.get(pk="sandbox").block_hash == "0xanother"


def test_money_that_came_while_nobody_watched_is_found_though_the_watch_has_ended_since(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    session = offered(session)
    sandbox.look()
    send_price(session)
    sandbox.skip(days=9)
    assert session.deposit.watch_until < timezone.now()
    sandbox.wait(3, session)
    assert session.payments.get().amount_units == 49_000_000
    # Once that time is read, the watch is over.
    assert session.deposit.address not in watched_deposits(SANDBOX, timezone.now())


@pytest.mark.parametrize(
    ("ended_seconds_ago", "blocks_behind", "stands_still", "is_watched"),
    [
        (1, 0, 0, False),
        (-1, 0, 0, True),
        (599, 600, 0, True),
        (601, 600, 0, False),
        (299, 0, 300, True),
        (301, 0, 300, False),
    ],
)
def test_a_watch_ends_with_the_blocks_of_its_time(
    session: CheckoutSession, ended_seconds_ago: int, blocks_behind: int, stands_still: int, *, is_watched: bool
) -> None:
    session, now = offered(session), timezone.now()
    cursor = {"block_number": 1000, "head": 1000 + blocks_behind, "scanned_at": now, "block_hash": "0x1"}
    cursor["head_at"] = now - timedelta(seconds=stands_still)
    ScanCursor.objects.update_or_create(network="sandbox", defaults=cursor)
    ended = now - timedelta(seconds=ended_seconds_ago)
    DepositAddress.objects.filter(session=session).update(watch_until=ended)
    assert (session.deposit.address in watched_deposits(SANDBOX, now)) == is_watched


@pytest.mark.parametrize("hours", [0, 30])
def test_a_watcher_that_stood_for_hours_takes_up_the_watches_of_that_time(session: CheckoutSession, hours: int) -> None:
    session, now = offered(session), timezone.now()

    def stood_at(moment: datetime) -> None:
        cursor = {"block_number": 1000, "head": 1000, "scanned_at": moment, "block_hash": "0x1"}
        ScanCursor.objects.update_or_create(network="sandbox", defaults=cursor)

    DepositAddress.objects.filter(session=session).update(watch_until=now - timedelta(hours=hours, seconds=-60))
    stood_at(now - timedelta(hours=hours))
    assert session.deposit.address in watched_deposits(SANDBOX, now)
    stood_at(now - timedelta(hours=hours, seconds=-120))
    assert (session.deposit.address in watched_deposits(SANDBOX, now)) == (hours == 0)
