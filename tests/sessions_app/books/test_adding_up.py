"""For any history of payments, reversals, collections and refunds the books add up; closed months stay as they are."""

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

from merchants_app.businesses.days import next_month
from merchants_app.models import Merchant
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
from tests.locks.stage import SANDBOX, waiting_for_money

BEGAN = datetime(2027, 1, 28, 12, tzinfo=UTC)
_numbers = itertools.count(1)

ACTS = ("arrive", "arrive", "confirm", "confirm", "vanish", "back", "collect", "undo", "refund", "unrefund", "look",
        "add_up")  # fmt: skip
histories = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 3), st.sampled_from([1, 5, 40, 400])), min_size=4, max_size=14
)


@dataclass
class World:
    """One session, and beside it by hand what should be where."""

    mia: Merchant
    session: CheckoutSession
    payments: list[Payment] = field(default_factory=list)
    final: set[int] = field(default_factory=set)  # of the payments, by key
    collected: dict[int, datetime] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    back: set[int] = field(default_factory=set)  # of the refunds

    def arrive(self, which: int) -> None:
        number = next(_numbers)
        units = Decimal(10**which * number)
        made = Payment.objects.create(
            session=self.session, network="sandbox", asset="USDC", tx_hash=f"0x{number}", log_index=0, sender="0x1",
            decimals=6, amount_units=units, block_number=1, block_hash="0x1", arrived_at=timezone.now(),
            basis=Basis.ARRIVAL, rate=1, value=units.scaleb(-6), confirmations_needed=1, seen_at=timezone.now(),
        )  # fmt: skip
        self.payments.append(made)

    def confirm(self, which: int) -> None:
        if payment := self._there(which):
            confirm(SANDBOX, [payment], timezone.now())
            self.final.add(payment.pk)

    def vanish(self, which: int) -> None:
        if payment := self._there(which):
            mark_vanished(SANDBOX, [payment], timezone.now())
            self.final.discard(payment.pk)

    def back_again(self, which: int) -> None:
        if payment := self._one(which):
            gone = Payment.objects.filter(pk=payment.pk, vanished_at__isnull=False)
            gone.update(vanished_at=None, confirmed_at=None)

    def collect(self, _which: int) -> None:
        now = timezone.now()
        waiting = set(Payment.objects.filter(pk__in=self.final, confirmed_at__isnull=False, collected_at=None))
        try:
            play_collection(merchant=self.mia, mode="test", network=SANDBOX, by="mia", now=now)
        except NothingToCollect:
            assert not waiting
        self.collected |= {payment.pk: now for payment in waiting}

    def undo(self, _which: int) -> None:
        with patch.object(undone, "collections_of", lambda _network, hashes: dict.fromkeys(hashes)):
            undone.take_back_lost(SANDBOX, timezone.now())
        since = timezone.now() - timedelta(days=2)
        self.collected = {key: at for key, at in self.collected.items() if at <= since}

    def refund(self, which: int) -> None:
        number = next(_numbers)
        made = Refund.objects.create(
            session=self.session, kind="amount", status=RefundStatus.SEEN, rate_basis="paid", network="sandbox",
            asset="USDC", decimals=6, amount_units=which + 1, value=Decimal(which + 1).scaleb(-6), rate=1,
            to_address="0x2", actor="mia", prepared_at=timezone.now(), tx_hash=f"0xr{number}", log_index=0,
            block_number=1, block_hash="0x1", seen_at=timezone.now(),
        )  # fmt: skip
        self.refunds.append(made)
        move([Move(refund=made, to=RefundStatus.CONFIRMED, reason="Done.")])
        self.back.add(made.pk)

    def unrefund(self, _which: int) -> None:
        done = [each for each in self.refunds if each.pk in self.back]
        if done:
            move([Move(refund=done[-1], to=RefundStatus.PREPARED, reason="Gone.")])
            self.back.discard(done[-1].pk)

    def look(self, _which: int) -> None:
        """Nothing happens."""

    def add_up(self, _which: int) -> None:
        """As the job does, now and then."""
        add_up()
        assert not BookSum.objects.filter(is_loose=True).exists()

    def _one(self, which: int) -> Payment | None:
        found = self.payments[which : which + 1]
        return Payment.objects.select_related("session__deposit").get(pk=found[0].pk) if found else None

    def _there(self, which: int) -> Payment | None:
        found = self._one(which)
        return found if found and not found.vanished_at else None

    def at_deposits(self) -> Decimal:
        return self._sum(self.final - self.collected.keys())

    def in_wallet(self) -> Decimal:
        back = sum((each.amount_units for each in self.refunds if each.pk in self.back), 0)
        return self._sum(self.final & self.collected.keys()) - Decimal(back).scaleb(-6)

    def _sum(self, keys: set[int]) -> Decimal:
        return sum((each.amount_units for each in self.payments if each.pk in keys), Decimal(0)).scaleb(-6)


@contextmanager
def undone_at_the_end() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
def test_the_books_add_up(mia: Merchant, history: list[tuple[str, int, int]]) -> None:
    acts = {"back": "back_again"}
    with undone_at_the_end(), time_machine.travel(BEGAN, tick=False) as clock:
        world = World(mia, waiting_for_money(mia))
        closed: dict[date, Statement] = {}
        for act, which, hours in history:
            getattr(world, acts.get(act, act))(which)
            for each in statements(mia):
                if each.is_closed:
                    assert closed.setdefault(each.first, each) == each, "a closed month has changed"
            clock.shift(timedelta(hours=hours))
        shown = statements(mia)
        for before, after in itertools.pairwise(shown):
            assert amounts(before)[1] == amounts(after)[0]
        assert amounts(shown[-1])[1] == world.at_deposits() >= 0
        assert sum(row.units.through_wallet for each in shown for row in each.rows) == world.in_wallet()
        assert sum(row.worth.through_wallet for each in shown for row in each.rows) == world.in_wallet()
        assert shown[-1].closing_worth == world.at_deposits()
        assert BookLine.objects.filter(merchant=mia, booked_on__lt=BEGAN).count() == 0
        assert summed(BookSum, Sum("lines")) == summed(BookLine, Count("id"))


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


def amounts(of: Statement) -> tuple[Decimal, Decimal]:
    """Opening and closing."""
    return sum((row.opening for row in of.rows), Decimal(0)), sum((row.closing for row in of.rows), Decimal(0))
