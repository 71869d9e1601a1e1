"""Pay, expire, cancel, create at the same instant, on real connections: one winner, and no payment is ever lost."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.reading.reader import Transfer
from merchants_app.models import AuditEntry, Merchant
from sessions_app.errors import NothingToDecide, ReferenceTaken, SessionNotOpen
from sessions_app.models import CheckoutSession, DepositAddress, Payment, Quote, Refund
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.watch import conclude_refunds, sighting
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.selling.creation import create_session
from sessions_app.state.expiry import expire_due
from sessions_app.state.lifecycle import cancel, expire, reassess, reassess_many
from sessions_app.status import DecisionKind, RefundKind
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import take_in
from tests.cast import MIAS_WALLET, PATS_WALLET, agreed, merchant, refreshed
from tests.locks.stage import SEEN, confirmed, overpaid
from tests.races import race
from tests.sandbox import events_of
from tests.strangers.world import own

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8
SANDBOX = network("sandbox")


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


@pytest.fixture
def sessions(mia: Merchant) -> Iterator[list[CheckoutSession]]:
    """Sessions that wait for 49.00 USDC on the sandbox."""
    made = [create_session(merchant=mia, mode="test", terms=agreed()) for _ in range(ROUNDS)]
    for session in made:
        choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return iter(made)


def arrive(session: CheckoutSession, tx_hash: str = "0x01", amount: str = "49.00") -> None:
    """What a watcher does when it has read a transfer to the session."""
    session = refreshed(session)
    transfer = Transfer(
        network="sandbox",
        asset="USDC",
        tx_hash=f"{session.public_id}{tx_hash}",
        log_index=0,
        sender=MIAS_WALLET,
        recipient=session.deposit.address,
        amount_units=int(Decimal(amount) * 10**6),
        block_number=1,
        block_hash="0x1",
        block_time=timezone.now(),
    )
    now = timezone.now()
    with transaction.atomic():
        reassess_many(record(SANDBOX, take_in(SANDBOX, [transfer], now)), now=now)


def test_pay_cancel_and_expire_at_once_have_one_winner(sessions: list[CheckoutSession]) -> None:
    for session in sessions:
        seen, *ends = race(lambda s=session: arrive(s), lambda s=session: cancel(s), lambda s=session: expire(s))
        assert seen is None
        assert [end for end in ends if not isinstance(end, CheckoutSession | SessionNotOpen)] == []
        assert sum(isinstance(end, CheckoutSession) for end in ends) <= 1
        after = refreshed(session)
        assert after.status == "processing"  # the money was there: it is on record and it counts, whoever was first
        assert after.payments.count() == 1
        assert len([kind for kind in events_of(session) if kind in {"cancelled", "expired"}]) <= 1


def test_cancel_and_expire_at_once_have_one_winner(sessions: list[CheckoutSession]) -> None:
    for session in sessions:
        answers = race(lambda s=session: cancel(s), lambda s=session: expire(s))
        assert sum(isinstance(answer, SessionNotOpen) for answer in answers) == 1
        assert len(events_of(session)) == 2


def test_two_watchers_that_see_the_same_transfer_count_it_once(sessions: list[CheckoutSession]) -> None:
    for session in sessions:
        assert race(*[lambda s=session: arrive(s)] * 3) == [None] * 3
        assert Payment.objects.filter(session=session).count() == 1
        assert events_of(session) == ["created", "processing"]


def test_two_payments_at_once_both_count(sessions: list[CheckoutSession]) -> None:
    for session in sessions:
        halves = [lambda s=session, tx=tx: arrive(s, tx, "24.50") for tx in ("0x0a", "0x0b")]
        assert race(*halves) == [None, None]
        assert (refreshed(session).status, session.payments.count()) == ("processing", 2)


def test_a_part_is_accepted_as_it_was_shown_or_not_at_all(sessions: list[CheckoutSession]) -> None:
    """More of it comes at that moment: whoever is second knows of the first."""
    for session in sessions:
        part = confirmed(session, "40.00")
        reassess(session.pk, SEEN)
        accept = partial(
            decide, session=refreshed(session), kind=DecisionKind.ACCEPT, issue="underpaid",
            payments=[part.public_id], actor="mia@example.com",
        )  # fmt: skip
        accepted, seen = race(accept, lambda s=session: arrive(s, "0x0c", "1.00"))
        after = refreshed(session)
        assert seen is None
        assert after.payments.count() == 2
        if isinstance(accepted, NothingToDecide):
            assert (after.status, after.decisions.count()) == ("open", 0)
        else:
            assert (after.status, after.decisions.get().seen) == ("completed", [part.public_id])
        assert events_of(session).count("completed") == after.decisions.count()


def test_a_part_is_accepted_though_its_time_ends_at_that_moment(sessions: list[CheckoutSession]) -> None:
    for session in sessions:
        confirmed(session, "40.00")
        reassess(session.pk, SEEN)
        accept = partial(
            decide, session=refreshed(session), kind=DecisionKind.ACCEPT, issue="underpaid", actor="mia@example.com"
        )
        accepted, ended = race(accept, lambda s=session: expire(s))
        assert isinstance(accepted, CheckoutSession), accepted
        assert isinstance(ended, CheckoutSession | SessionNotOpen)
        assert (refreshed(session).status, events_of(session).count("completed")) == ("completed", 1)


def test_two_expiries_at_once_expire_each_session_once(sessions: list[CheckoutSession]) -> None:
    own(CheckoutSession).update(expires_at=timezone.now() - timedelta(seconds=1))
    done = race(expire_due, expire_due, expire_due)
    assert sum(done) == ROUNDS
    assert [events_of(session) for session in sessions] == [["created", "expired"]] * ROUNDS


def test_two_creates_with_one_reference_give_one_session(mia: Merchant) -> None:
    for number in range(ROUNDS):
        body = agreed(reference=f"order-{number}")
        made = race(*[lambda b=body: create_session(merchant=mia, mode="test", terms=b)] * 3)
        assert len({session.public_id for session in made}) == 1


def test_two_creates_that_differ_have_one_winner(mia: Merchant) -> None:
    cheap, dear = agreed(reference="order"), agreed(reference="order", amount=Decimal("50.00"))
    made = race(
        lambda: create_session(merchant=mia, mode="test", terms=cheap),
        lambda: create_session(merchant=mia, mode="test", terms=dear),
    )
    assert sum(isinstance(answer, ReferenceTaken) for answer in made) == 1


@pytest.mark.parametrize("is_first", [True, False])
def test_two_pages_that_choose_at_once_share_one_address(mia: Merchant, *, is_first: bool) -> None:
    for _ in range(ROUNDS):
        session = create_session(merchant=mia, mode="test", terms=agreed())
        if not is_first:
            choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
        choices = [
            partial(choose_option, session=refreshed(session), asset=asset, network="sandbox", now=timezone.now())
            for asset in ("ETH", "USDT")
        ]
        answers = race(*choices)
        assert [answer for answer in answers if not isinstance(answer, Quote)] == []
        after = refreshed(session)
        assert DepositAddress.objects.filter(session=session).count() == 1
        assert after.quotes.count() == (2 if is_first else 3)
        assert after.quote in answers


def test_two_refunds_at_once_do_not_send_the_same_money_back_twice(sessions: list[CheckoutSession]) -> None:
    for session in sessions:
        arrive(session)
        session.payments.update(confirmed_at=timezone.now(), first_confirmed_at=timezone.now())
        CheckoutSession.objects.filter(pk=session.pk).update(refund_address=PATS_WALLET)

        def prepare(each: CheckoutSession = session) -> Refund:
            return prepare_refund(
                session=each,
                wish=Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.FULL)),
                actor="mia@example.com",
                now=timezone.now(),
            )

        assert sorted(type(answer).__name__ for answer in race(prepare, prepare)) == ["NothingToRefund", "Refund"]


def test_two_watchers_that_see_a_refund_confirmed_settle_its_session_once(mia: Merchant) -> None:
    for number in range(ROUNDS):
        session = overpaid(mia)
        refund = prepare_refund(
            session=session, wish=Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS)), actor="mia"
        )
        at = {"tx_hash": f"0x{number}", "log_index": 0, "block_number": 2, "block_hash": "0x2"}
        Refund.objects.filter(pk=refund.pk).update(status="seen", seen_at=timezone.now(), **at)
        watchers = [Refund.objects.get(pk=refund.pk) for _ in range(2)]
        there = frozenset({sighting(watchers[0])})
        done = race(*[partial(conclude_refunds, [each], there=there, now=timezone.now()) for each in watchers])
        assert done == [None, None]
        assert session.decisions.get().tx_hash == f"0x{number}"
        assert events_of(session)[-4:] == ["refund.created", "refund.prepared", "refund.confirmed", "issue_resolved"]
        assert AuditEntry.objects.filter(action="refund.done", subject=session.public_id).count() == 1
