"""Two at once on a session's money: the second waits and then sees what the first has done, or passes it by."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from chains_app.models import SandboxTransfer
from merchants_app.models import Merchant
from sessions_app.buyers import erasing
from sessions_app.errors import LinkClosed, NothingToDecide
from sessions_app.models import CheckoutSession, Decision, Payment, Refund
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.refunds import play_refund
from sessions_app.refunding.told import RefundNotOpen
from sessions_app.selling.creation import create_session
from sessions_app.selling.payment_links import open_link
from sessions_app.state import lifecycle
from sessions_app.state.expiry_sql import expire_untouched
from sessions_app.status import DecisionKind
from sessions_app.watching.payments import confirm, mark_vanished, record
from sessions_app.watching.sightings import take_in
from tests.cast import MIAS_WALLET, agreed, merchant, refreshed
from tests.locks.cases_sessions import a_link, refund
from tests.locks.stage import SANDBOX, over_since, overpaid, shown, transfer_to, underpaid, waiting_for_money
from tests.races import Act, behind_a_lock, closing, passes_by
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


def nothing() -> None:
    """The lock itself says all."""


def together(act: Act) -> Act:
    """The act in a transaction of its own, as the watcher does it."""

    def run() -> object:
        with transaction.atomic():
            return act()

    return run


def lock_payment(payment: Payment) -> Payment:
    return Payment.objects.select_for_update().get(pk=payment.pk)


def test_what_has_vanished_while_somebody_waited_is_not_confirmed(mia: Merchant) -> None:
    payment, now = shown(waiting_for_money(mia), "49.00"), timezone.now()
    news = behind_a_lock(
        together(lambda: confirm(SANDBOX, [payment], now)),
        lock=lambda: mark_vanished(SANDBOX, [payment], now),
        meanwhile=nothing,
    )
    assert news == {}
    kept = Payment.objects.get(pk=payment.pk)
    assert (kept.confirmed_at, kept.vanished_at, kept.times_vanished) == (None, now, 1)


def test_what_was_confirmed_while_somebody_waited_has_to_be_confirmed_again_in_its_new_block(mia: Merchant) -> None:
    session = waiting_for_money(mia)
    payment, now = shown(session, "49.00"), timezone.now()
    moved = take_in(SANDBOX, [transfer_to(session, "49.00", block=2)], now)
    news = behind_a_lock(
        together(lambda: record(SANDBOX, moved)),
        lock=lambda: lock_payment(payment),
        meanwhile=lambda: confirm(SANDBOX, [payment], now),
    )
    assert isinstance(news, dict)
    assert "has to be confirmed again" in news[session.pk].reason
    kept = Payment.objects.get(pk=payment.pk)
    assert (kept.block_hash, kept.confirmed_at) == ("0x2", None)


def test_who_waits_for_the_last_piece_is_told_that_it_is_gone(mia: Merchant) -> None:
    link = a_link(mia)
    first, second = (open_link(link, email=f"{name}@example.com", name=name) for name in ("pat", "ada"))
    refusal = behind_a_lock(lambda: picked(second), lock=lambda: picked(first), meanwhile=nothing)
    assert isinstance(refusal, LinkClosed)
    assert refreshed(first).held_until
    assert refreshed(second).held_until is None


def picked(session: CheckoutSession) -> None:
    choose_option(session=refreshed(session), asset="USDC", network="sandbox", now=timezone.now())


def test_of_two_decisions_at_once_the_second_is_told_that_nothing_is_left(mia: Merchant) -> None:
    session = underpaid(mia)
    decision = Decision(session=session, kind=DecisionKind.ACCEPT, issue=session.issue, actor="mia@example.com")
    refusal = behind_a_lock(
        lambda: lifecycle.decide(decision, reopen_minutes=30),
        lock=lambda: lifecycle.lock(session.pk),
        meanwhile=lambda: lifecycle.decide(again(decision), reopen_minutes=30),
    )
    assert isinstance(refusal, NothingToDecide)
    assert Decision.objects.filter(session=session).count() == 1


def again(decision: Decision) -> Decision:
    return Decision(session=decision.session, kind=decision.kind, issue=decision.issue, actor="bea@example.com")


def lock_session(session: CheckoutSession) -> CheckoutSession:
    return CheckoutSession.objects.select_for_update().get(pk=session.pk)


def test_the_quick_batch_passes_by_what_somebody_holds(mia: Merchant) -> None:
    held, free = (over_since(create_session(merchant=mia, mode="test", terms=agreed()), minutes=1) for _ in range(2))
    batch = together(lambda: expire_untouched(10, reason="Over.", now=timezone.now()))
    assert passes_by(batch, lock=lambda: lock_session(held)) == (1, 0)
    assert (refreshed(held).status, refreshed(free).status) == ("open", "expired")


def test_the_batch_passes_by_what_somebody_holds_with_a_price_too(mia: Merchant) -> None:
    held, free = (over_since(waiting_for_money(mia), minutes=1) for _ in range(2))
    assert passes_by(lambda: lifecycle.expire_overdue(10), lock=lambda: lock_session(held)) == 1
    assert (refreshed(held).status, refreshed(free).status) == ("open", "expired")


def test_who_buys_while_being_erased_waits_from_the_very_beginning(
    mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked whether all is over, erasing holds the buyer already: else a session made now would keep the old name."""
    old = lifecycle.cancel(create_session(merchant=mia, mode="test", terms=agreed()))
    CheckoutSession.objects.filter(pk=old.pk).update(watch_until=timezone.now() - timedelta(days=1))
    ask, making = erasing.why_needed, []
    with ThreadPoolExecutor(1) as pool:

        def somebody_buys_meanwhile(*asked: object) -> str:
            making.append(pool.submit(partial(closing(create_session), merchant=mia, mode="test", terms=agreed())))
            wait_until(somebody_waits)
            return ask(*asked)  # type: ignore[arg-type]

        monkeypatch.setattr(erasing, "why_needed", somebody_buys_meanwhile)
        assert erasing.erase_rows(old.customer, actor="mia@example.com", now=timezone.now()) == 1
        new = refreshed(making[0].result(timeout=30))
    assert new.customer_id != old.customer_id
    assert (new.customer.email, new.email) == ("pat@example.com", "pat@example.com")


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def test_of_two_that_have_the_sandbox_send_a_refund_at_once_one_does(mia: Merchant) -> None:
    made = refund(overpaid(mia))
    first, second = (Refund.objects.get(pk=made.pk) for _ in range(2))  # each as it was looked up before
    refused = behind_a_lock(
        lambda: play_refund(second, now=timezone.now()),
        lock=lambda: play_refund(first, now=timezone.now()),
        meanwhile=nothing,
    )
    assert isinstance(refused, RefundNotOpen)
    [sent] = SandboxTransfer.objects.filter(recipient=made.to_address)
    assert Refund.objects.get(pk=made.pk).told_tx == sent.tx_hash
