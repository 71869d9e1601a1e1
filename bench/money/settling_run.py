"""The measurement of `bench.money.settling`, on the database that it made."""

import cProfile
import os
import pstats
import sys
import time
from datetime import timedelta

import time_machine
from django.utils import timezone

from bench.tools.figures import figure, least
from bench.tools.shop import UNITS, open_sessions, open_shop, show_addresses
from chains_app.calls.readers import reader_for
from chains_app.models import SandboxTransfer
from chains_app.networks.networks import network
from common.garbage import collect_rarely
from sessions_app.models import CheckoutSession
from sessions_app.watching.watcher import watch
from webhooks_app.models import Delivery, Event

BLOCK, GOAL = 500, 500


def main() -> int:
    """Prints the rate."""
    collect_rarely()  # as a worker does
    payments, watched = int(sys.argv[1]), int(sys.argv[2])
    sandbox = network("sandbox")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        now = timezone.now()
        ends = now + timedelta(hours=1)
        sessions = open_sessions(open_shop(now), payments + watched, now=now, ends=ends)
        deposits = show_addresses(sessions, now=now)[:payments]
        watch(sandbox, reader_for(sandbox))
        spent = own = 0.0
        profile = cProfile.Profile() if os.environ.get("PROFILE") else None
        for first in range(0, payments + 3 * BLOCK, BLOCK):
            _pay([deposit.address for deposit in deposits[first : first + BLOCK]])
            clock.shift(timedelta(seconds=1))
            began, began_own = time.perf_counter(), time.process_time()
            if profile:
                profile.enable()
            watch(sandbox, reader_for(sandbox))
            if profile:
                profile.disable()
            spent += time.perf_counter() - began
            own += time.process_time() - began_own
    if profile:
        pstats.Stats(profile).sort_stats(os.environ["PROFILE"]).print_stats(45)
    done = CheckoutSession.objects.filter(status="completed").count()
    events = Event.objects.filter(type="checkout.completed").count()
    assert done == events == payments, f"{done} completed and {events} events of {payments}"
    assert Delivery.objects.count() == 2 * payments
    figure("the watcher's own cpu", 1000 * own / payments, "ms a payment")
    return 0 if figure("payments, from transfer to completed", payments / spent, "a second", goal=least(GOAL)) else 1


def _pay(addresses: list[str]) -> None:
    now = timezone.now()
    contract = network("sandbox").assets["USDC"].contract
    SandboxTransfer.objects.bulk_create(
        SandboxTransfer(
            sent_at=now, mine_at=now, tx_hash=f"0x{address[2:].lower():0>64}", log_index=0, contract=contract,
            sender="0x" + "22" * 20, recipient=address, amount_units=UNITS,
        )
        for address in addresses
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
