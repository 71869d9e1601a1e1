"""A contract that serves one session after the other: each payment is the one's that had it at the block's time."""

import os
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chains_app.networks.networks import network
from chains_app.reading.reader import Transfer
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Payment
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.used_deposits import find_spare_deposits
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import reassess_many
from sessions_app.watching.payments import confirm, record
from sessions_app.watching.sightings import take_in
from tests.cast import PATS_WALLET, agreed, refreshed
from tests.sessions_app.state.invariants import check_session
from tests.strangers.world import own

SANDBOX = network("sandbox")
DEEP = bool(os.environ.get("DEEP"))
HASHES = count(1)
# Whoever pays at once pays in a block of before, by a chain's clock that is behind ours.
BEHIND = timedelta(minutes=2)
SECONDS = (-3 * 86_400, -60, -1, 0, 1, 60, 3 * 86_400)


class Contract:
    """It, who had it since when, and what was sent to it."""

    def __init__(self, mia: Merchant) -> None:
        self.mia = mia
        self.since: list[tuple[datetime, CheckoutSession]] = []
        self.sent: dict[str, datetime] = {}
        self.unread: list[Transfer] = []
        self.pick()

    def pick(self) -> None:
        """Somebody orders, and may get it."""
        session = create_session(merchant=self.mia, mode="test", terms=agreed())
        choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
        session = refreshed(session)
        if not self.since or session.deposit.address == self.since[0][1].deposit.address:
            self.since.append((timezone.now() - BEHIND, session))

    def send(self, at: datetime, amount: str = "5.00") -> None:
        """In a block of that time, which nobody has read yet."""
        tx_hash = f"0x{next(HASHES):064x}"
        self.sent[tx_hash] = at
        self.unread.append(
            Transfer(
                network="sandbox",
                asset="USDC",
                tx_hash=tx_hash,
                log_index=0,
                sender=PATS_WALLET,
                recipient=self.since[0][1].deposit.address,
                amount_units=int(Decimal(amount) * 10**6),
                block_number=1,
                block_hash="0x1",
                block_time=at,
            )
        )

    def read(self) -> None:
        """All of it, twice, and it is deep enough at once."""
        for _ in range(2):
            reassess_many(record(SANDBOX, take_in(SANDBOX, self.unread, timezone.now())))
        self.unread = []
        waiting = own(Payment).filter(confirmed_at=None).select_related("session__deposit")
        reassess_many(confirm(SANDBOX, waiting, timezone.now()))

    def holder_at(self, at: datetime) -> CheckoutSession:
        """By the list that this test keeps."""
        return [session for since, session in self.since if since <= at or session == self.since[0][1]][-1]

    def serve(self, clock: time_machine.Traveller) -> None:
        """Its holder is paid, all is collected, it rests, and somebody else orders."""
        self.send(timezone.now(), "49.00")
        self.read()
        own(Payment).update(collected_at=timezone.now())
        clock.shift(timedelta(days=40))
        find_spare_deposits(timezone.now())
        self.pick()

    def check(self) -> None:
        owners = dict(own(Payment).values_list("tx_hash", "session"))
        assert owners == {tx_hash: self.holder_at(at).pk for tx_hash, at in self.sent.items()}
        assert own(Payment).count() == len(self.sent)
        for _, session in self.since:
            check_session(refreshed(session))


# So many seconds from a change of hands somebody sends; all is read; somebody else is served.
HISTORIES = st.lists(
    st.one_of(st.tuples(st.integers(0, 2), st.sampled_from(SECONDS)), st.sampled_from(["read", "serve"])), max_size=8
)


@pytest.mark.django_db
def test_every_payment_belongs_to_who_had_the_address_when_it_came(mia: Merchant) -> None:
    Merchant.objects.filter(pk=mia.pk).update(reuse_after_days=8)
    mia.refresh_from_db()

    @settings(max_examples=300 if DEEP else 2, suppress_health_check=list(HealthCheck))
    @example(history=[*((number, seconds) for number in (1, 2) for seconds in (-1, 0, 1)), "serve", (2, -60)])
    @given(history=HISTORIES)
    def holds(history: list[str | tuple[int, int]]) -> None:
        with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as clock, transaction.atomic():
            contract = Contract(mia)
            contract.serve(clock)
            contract.serve(clock)
            assert len(contract.since) == 3
            for each in [*history, "read"]:
                if each == "serve":
                    contract.serve(clock)
                elif each == "read":
                    contract.read()
                else:
                    number, seconds = each
                    contract.send(min(contract.since[number][0] + timedelta(seconds=seconds), timezone.now()))
            contract.check()
            transaction.set_rollback(True)

    holds()
