"""Lets time pass on the sandbox chain: the clock moves, the chain mines, the watcher reads, as in a running gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db.models import Q
from django.utils import timezone

from chains_app.calls.readers import reader_for
from chains_app.models import SandboxTransfer
from chains_app.networks.networks import network
from chains_app.sandbox.chain import mine, send, take_back
from sessions_app.models import CheckoutSession, Payment, Refund
from sessions_app.paying.scenarios import simulate
from sessions_app.state.expiry import expire_due
from sessions_app.status import RefundStatus
from sessions_app.watching.watcher import watch
from tests.played import Played
from webhooks_app.models import Event


class Sandbox:
    """The play chain with a clock in hand."""

    def __init__(self, clock: time_machine.Traveller) -> None:
        self.clock = clock
        self.network = network("sandbox")

    def play(self, session: CheckoutSession, scenario: str, *, seconds: int = 5, **options: str) -> CheckoutSession:
        """A buyer does that, and so many seconds pass; answers the session as it then is."""
        session = CheckoutSession.objects.get(pk=session.pk)
        simulate(session=session, scenario=scenario, now=timezone.now(), **options)
        self.skip(milliseconds=10)
        return self.wait(seconds, session)

    def wait(self, seconds: int, session: CheckoutSession) -> CheckoutSession:
        """Time passes, second by second; answers the session as it then is."""
        self._pass(seconds)
        return CheckoutSession.objects.get(pk=session.pk)

    def send_to(self, address: str, amount: str, *, asset: str = "USDC", seconds: int = 5) -> None:
        """Somebody sends so much there, whatever session shows the address, and so many seconds pass."""
        listed = self.network.assets[asset]
        units = int(Decimal(amount) * 10**listed.decimals)
        send(recipient=address, contract=listed.contract, amount_units=units, now=timezone.now())
        self.skip(milliseconds=10)
        self._pass(seconds)

    def _pass(self, seconds: int) -> None:
        """Looks each second in which there can be something new; the clock's other job is done at the end at least."""
        looked = False
        while seconds and (looked := _something_moves()):
            self.skip(seconds=1)
            self.look()
            seconds -= 1
        if looked:
            return
        self.skip(seconds=seconds)
        if _something_moves():
            self.look()
        else:
            expire_due()

    def skip(self, **time: int) -> None:
        """Time passes while nobody looks."""
        self.clock.shift(timedelta(**time))

    def chain_takes_back(self, session: CheckoutSession) -> None:
        """The session's newest payment is reorganised away."""
        take_back(tx_hash=session.payments.latest("id").tx_hash, now=timezone.now())

    def look(self) -> None:
        """One pass of the watcher and of the clock's other job."""
        watch(self.network, reader_for(self.network))
        expire_due()


def _something_moves() -> bool:
    """Whether a transfer is to be mined or to vanish, or money waits for blocks on it."""
    transfers = SandboxTransfer.objects.filter(Q(block=None) | Q(drop_at__isnull=False))
    payments = Payment.objects.filter(network="sandbox", confirmed_at=None, vanished_at=None)
    refunds = Refund.objects.filter(network="sandbox", status__in=[RefundStatus.PREPARED, RefundStatus.SEEN])
    keys = [rows.order_by().values_list("pk") for rows in (transfers, payments, refunds)]
    return keys[0].union(*keys[1:], all=True).exists()


@contextmanager
def sandbox_at(moment: float | None = None) -> Iterator[Sandbox]:
    """The sandbox chain with its clock at a moment (in seconds, as of `time.time`), or at the present second."""
    # A whole second: clocks are floats, and a microsecond lost in a fraction would be a block lost.
    start = timezone.now().replace(microsecond=0) if moment is None else moment
    with time_machine.travel(start, tick=False) as clock:
        yield Sandbox(clock)


@pytest.fixture
def sandbox(played: Played | None, db: None) -> Iterator[Sandbox]:
    """The sandbox chain, at a moment that only the test moves on."""
    with sandbox_at(played.end if played else None) as box:
        mine(timezone.now())
        yield box


def events_of(session: CheckoutSession) -> list[str]:
    """The events of a session, in order, without what comes before the dot."""
    events = Event.objects.filter(subject=session.public_id).order_by("subject_sequence")
    return [event.type.removeprefix("checkout.") for event in events]
