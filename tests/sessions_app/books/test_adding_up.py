"""For any history of payments, reversals, collections, refunds and fees the books add up; closed months stay.

Two sessions, one of them on a network that takes fees; two assets of each.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
import time_machine
from django.db import transaction
from django.db.models import Aggregate, Count, Model, Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chains_app.calls.transactions import Cost
from chains_app.networks.networks import Network, network
from merchants_app.businesses.days import next_month
from merchants_app.models import Merchant
from sessions_app.books import fees
from sessions_app.books.booking import book_payments
from sessions_app.books.catching_up import add_up
from sessions_app.books.statement import Statement, statement
from sessions_app.collecting import undone
from sessions_app.collecting.collecting import NothingToCollect, play_collection
from sessions_app.models import BookLine, BookSum, CheckoutSession, Payment, Refund
from sessions_app.models.book_line import BOOKED_ALIKE
from sessions_app.models.payment import Basis
from sessions_app.paying.refund_states import Move, move
from sessions_app.status import RefundStatus
from sessions_app.watching.payments import confirm, mark_vanished
from tests.cast import MIAS_WALLET
from tests.locks.cases_books import DEVCHAIN
from tests.locks.stage import SANDBOX, waiting_for_money

BEGAN = datetime(2027, 1, 28, 12, tzinfo=UTC)
_numbers = itertools.count(1)

ACTS = ("arrive", "arrive", "confirm", "confirm", "vanish", "back", "collect", "undo", "refund", "unrefund", "look",
        "add_up", "fees", "fees")  # fmt: skip
histories = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 3), st.sampled_from([1, 5, 40, 400])), min_size=4, max_size=14
)
NETWORKS = (SANDBOX, DEVCHAIN)
# Decimals, price of a whole one, and of how many base units amounts are made.
ASSETS = {"USDC": (6, Decimal(1), 1), "ETH": (18, Decimal(2500), 10**12)}
FEE = 21_000 * 10**9
Pot = dict[tuple[str, str], Decimal]  # by network and asset


@dataclass
class World:
    """Two sessions, and beside them by hand what should be where."""

    mia: Merchant
    sessions: list[CheckoutSession]
    payments: list[Payment] = field(default_factory=list)
    final: set[int] = field(default_factory=set)  # of the payments, by key
    collected: dict[int, tuple[datetime, str]] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    back: set[int] = field(default_factory=set)  # of the refunds
    moving: set[str] = field(default_factory=set)  # transactions that cost a fee and moved something that stands
    asked: set[str] = field(default_factory=set)  # of which nobody has asked yet what they cost
    paid: set[str] = field(default_factory=set)

    def arrive(self, which: int) -> None:
        at, number = len(self.payments), next(_numbers)
        asset, (decimals, rate, unit) = list(ASSETS.items())[at // 2 % 2]
        units = Decimal(10**which * number * unit)
        made = Payment.objects.create(
            session=self.sessions[at % 2], network=NETWORKS[at % 2].id, asset=asset, tx_hash=f"0x{number}", log_index=0,
            sender="0x1", decimals=decimals, amount_units=units, block_number=1, block_hash="0x1",
            arrived_at=timezone.now(), basis=Basis.ARRIVAL, rate=rate, value=units.scaleb(-decimals) * rate,
            confirmations_needed=1, seen_at=timezone.now(),
        )  # fmt: skip
        self.payments.append(made)

    def confirm(self, which: int) -> None:
        if payment := self._there(which):
            confirm(network(payment.network), [payment], timezone.now())
            self.final.add(payment.pk)

    def vanish(self, which: int) -> None:
        if payment := self._there(which):
            mark_vanished(network(payment.network), [payment], timezone.now())
            self.final.discard(payment.pk)

    def back_again(self, which: int) -> None:
        if payment := self._one(which):
            gone = Payment.objects.filter(pk=payment.pk, vanished_at__isnull=False)
            gone.update(vanished_at=None, confirmed_at=None)

    def collect(self, _which: int) -> None:
        now = timezone.now()
        waiting = Payment.objects.filter(pk__in=self.final, confirmed_at__isnull=False, collected_at=None)
        here, there = (list(waiting.filter(network=each.id).values_list("pk", flat=True)) for each in NETWORKS)
        try:
            play_collection(merchant=self.mia, mode="test", network=SANDBOX, assets=SANDBOX.assets, by="mia", now=now)
        except NothingToCollect:
            assert not here
        Payment.objects.filter(pk__in=there).update(collected_at=now, collected_tx=f"0xc{next(_numbers)}")
        book_payments(there, now=now)
        done = Payment.objects.filter(pk__in=[*here, *there])
        self.collected |= {each.pk: (now, each.collected_tx) for each in done}

    def undo(self, _which: int) -> None:
        with patch.object(undone, "collections_of", lambda _network, hashes: dict.fromkeys(hashes)):
            for each in NETWORKS:
                undone.take_back_lost(each, timezone.now())
        since = timezone.now() - timedelta(days=2)
        self.collected = {key: done for key, done in self.collected.items() if done[0] <= since}

    def refund(self, which: int) -> None:
        at, number = len(self.refunds), next(_numbers)
        asset, (decimals, rate, unit) = list(ASSETS.items())[at // 2 % 2]
        units = Decimal((which + 1) * unit)
        made = Refund.objects.create(
            session=self.sessions[at % 2], kind="amount", status=RefundStatus.SEEN, rate_basis="paid",
            network=NETWORKS[at % 2].id, asset=asset, decimals=decimals, amount_units=units,
            value=units.scaleb(-decimals) * rate, rate=rate, to_address="0x2", actor="mia", prepared_at=timezone.now(),
            tx_hash=f"0xr{number}", log_index=0, block_number=1, block_hash="0x1", seen_at=timezone.now(),
        )  # fmt: skip
        self.refunds.append(made)
        move([Move(refund=made, to=RefundStatus.CONFIRMED, reason="Done.")])
        self.back.add(made.pk)

    def unrefund(self, _which: int) -> None:
        done = [each for each in self.refunds if each.pk in self.back]
        if done:
            move([Move(refund=done[-1], to=RefundStatus.PREPARED, reason="Gone.")])
            self.back.discard(done[-1].pk)

    def fees(self, _which: int) -> None:
        """The network says what Mia's transactions cost."""

        def costs(_network: Network, hashes: list[str]) -> dict[str, Cost]:
            return {each: Cost(units=FEE, at=timezone.now(), sender=MIAS_WALLET) for each in hashes}

        with patch.object(fees, "costs_of", costs):
            fees.book_fees(DEVCHAIN)
        self.paid, self.asked = self.paid | self.asked, set()

    def look(self, _which: int) -> None:
        """Nothing happens."""

    def add_up(self, _which: int) -> None:
        """As the job does, now and then."""
        add_up()
        assert not BookSum.objects.filter(is_loose=True).exists()

    def settle(self) -> None:
        """After each act: a fee stands while its transaction moved something, and is asked for when it first does."""
        there = {each.pk for each in self.payments if each.network == DEVCHAIN.id} & self.final
        moving = {self.collected[key][1] for key in there & self.collected.keys()}
        moving |= {each.tx_hash for each in self.refunds if each.network == DEVCHAIN.id and each.pk in self.back}
        self.asked, self.paid = (self.asked | moving - self.moving) & moving, self.paid & moving
        self.moving = moving

    def _one(self, which: int) -> Payment | None:
        found = self.payments[which : which + 1]
        return Payment.objects.select_related("session__deposit").get(pk=found[0].pk) if found else None

    def _there(self, which: int) -> Payment | None:
        found = self._one(which)
        return found if found and not found.vanished_at else None

    def at_deposits(self) -> Pot:
        return self._sums(self.final - self.collected.keys())

    def in_wallet(self) -> Pot:
        pot = self._sums(self.final & self.collected.keys())
        for each in self.refunds:
            pot[each.network, each.asset] -= each.amount_units.scaleb(-each.decimals) if each.pk in self.back else 0
        pot[DEVCHAIN.id, "ETH"] -= len(self.paid) * Decimal(FEE).scaleb(-18)
        return pot

    def _sums(self, keys: set[int]) -> Pot:
        pot = {(each.id, asset): Decimal(0) for each in NETWORKS for asset in ASSETS}
        for each in self.payments:
            pot[each.network, each.asset] += each.amount_units.scaleb(-each.decimals) if each.pk in keys else 0
        return pot


@contextmanager
def undone_at_the_end() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
def test_the_books_add_up(mia: Merchant, history: list[tuple[str, int, int]]) -> None:
    acts = {"back": "back_again"}
    with undone_at_the_end(), time_machine.travel(BEGAN, tick=False) as clock:
        world = World(mia, [waiting_for_money(mia) for _ in NETWORKS])
        closed: dict[date, Statement] = {}
        for act, which, hours in history:
            getattr(world, acts.get(act, act))(which)
            world.settle()
            for each in statements(mia):
                if each.is_closed:
                    assert closed.setdefault(each.first, each) == each, "a closed month has changed"
            clock.shift(timedelta(hours=hours))
        shown = statements(mia)
        for before, after in itertools.pairwise(shown):
            assert pot_of(before, "closing") == pot_of(after, "opening")
        lies, went = world.at_deposits(), world.in_wallet()
        assert pot_of(shown[-1], "closing") == some(lies)
        assert min(lies.values()) >= 0
        changes = [pot_of(each, "change") for each in shown]
        assert some({key: sum((each.get(key, Decimal(0)) for each in changes), Decimal(0)) for key in went}) == some(
            went
        )
        assert shown[-1].closing_worth == worth(lies)
        assert sum(row.worth.through_wallet for each in shown for row in each.rows) == worth(went)
        assert BookLine.objects.filter(merchant=mia, booked_on__lt=BEGAN).count() == 0
        assert summed(BookSum, Sum("lines")) == summed(BookLine, Count("id"))


def pot_of(of: Statement, what: str) -> Pot:
    """By network and asset, what is not nothing."""
    return some({
        (row.network, row.asset): {
            "opening": row.opening, "closing": row.closing, "change": row.units.through_wallet,
        }[what]
        for row in of.rows
    })  # fmt: skip


def some(pot: Pot) -> Pot:
    """Without what is nothing."""
    return {key: amount for key, amount in pot.items() if amount}


def worth(pot: Pot) -> Decimal:
    """All of it in USD."""
    return sum((amount * ASSETS[asset][1] for (_, asset), amount in pot.items()), Decimal(0))


def statements(mia: Merchant) -> list[Statement]:
    """Of every month up to the present."""
    month, found = BEGAN.date().replace(day=1), []
    while month <= timezone.now().date():
        found.append(statement(mia, "test", month, timezone.now()))
        month = next_month(month)
    return found


def summed(model: type[Model], number: Aggregate) -> list[tuple[object, ...]]:
    """What is alike in all that books are told by, with its amount, worth and number of lines."""
    rows = model._default_manager.order_by().values_list(*BOOKED_ALIKE)
    return sorted(rows.annotate(units=Sum("amount_units"), worth=Sum("reporting_value"), number=number))
