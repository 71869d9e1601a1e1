"""Which events a change sends: one for each step, in order, and none where nothing changed."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.reading.reader import Transfer
from chains_app.sandbox.chain import send
from sessions_app.models import CheckoutSession, Payment
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.state.lifecycle import News, reassess, reassess_many
from sessions_app.status import DecisionKind
from sessions_app.watching.payments import confirm, merged, record
from sessions_app.watching.sightings import take_in
from tests.cast import PATS_WALLET, refreshed
from tests.sandbox import Sandbox, events_of
from webhooks_app.models import Event

SANDBOX = network("sandbox")
NewSession = Callable[..., CheckoutSession]


def picked(session: CheckoutSession) -> CheckoutSession:
    """It waits for USDC on the sandbox."""
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return refreshed(session)


def transfer_to(session: CheckoutSession, units: int, *, tx_hash: str = "0x01", block: int = 1) -> Transfer:
    """Of USDC, as the sandbox's reader shows it."""
    return Transfer(
        network="sandbox",
        asset="USDC",
        tx_hash=tx_hash,
        log_index=0,
        sender=PATS_WALLET,
        recipient=session.deposit.address,
        amount_units=units,
        block_number=block,
        block_hash=f"0x{block}",
        block_time=timezone.now(),
    )


def steps_told(session: CheckoutSession) -> list[tuple[str, str, str]]:
    """Each event with the status and the payment status that it shows."""
    events = Event.objects.filter(subject=session.public_id).order_by("subject_sequence")
    return [(event.type.split(".")[1], event.data["status"], event.data["paymentStatus"]) for event in events]


def test_a_payment_confirmed_at_first_sight_tells_processing_then_completed(session: CheckoutSession) -> None:
    session, now = picked(session), timezone.now()
    with transaction.atomic():
        arrived = record(SANDBOX, take_in(SANDBOX, [transfer_to(session, 49_000_000)], now))
        confirmed = confirm(SANDBOX, session.payments.select_related("session"), now)
        reassess_many(merged(arrived, confirmed), now=now)
    assert steps_told(session) == [
        ("created", "open", "unpaid"), ("processing", "processing", "paid"), ("completed", "completed", "paid"),
    ]  # fmt: skip
    moves = session.timeline.order_by("id").values_list("from_status", "to_status")
    assert list(moves) == [("", "open"), ("open", "processing"), ("processing", "completed")]


def test_a_shortfall_accepted_after_the_end_goes_through_processing_too(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    late = sandbox.play(session, "late_short")
    decide(session=late, kind=DecisionKind.ACCEPT, actor="mia@example.com")
    assert events_of(session)[-3:] == ["processing", "completed", "issue_resolved"]


def test_money_that_comes_back_after_it_was_written_off_is_told_once_though_nobody_has_to_act(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    session = sandbox.play(session, "exact")
    payment = session.payments.get()
    sandbox.chain_takes_back(session)
    session = sandbox.wait(2, session)
    decide(session=session, kind=DecisionKind.WRITE_OFF, actor="mia@example.com")
    before = steps_told(session)
    assert before[-1] == ("issue_resolved", "completed", "unpaid")
    with transaction.atomic():
        again = transfer_to(session, int(payment.amount_units), tx_hash=payment.tx_hash, block=99)
        reassess_many(record(SANDBOX, take_in(SANDBOX, [again], timezone.now())))
    assert (refreshed(session).payment_status, refreshed(session).needs_decision) == ("paid", False)
    assert steps_told(session)[len(before) :] == [("issue_resolved", "completed", "paid")]


def test_what_changes_nothing_is_in_the_timeline_and_tells_nobody(sandbox: Sandbox, session: CheckoutSession) -> None:
    late = sandbox.play(session, "late_short", asset="USDC")
    before = events_of(session)
    after = reassess(late.pk, News(reason="The buyer has called.", noted=True))
    assert after.timeline.order_by("id").last().reason == "The buyer has called."
    assert events_of(session) == before


def test_looking_again_at_what_has_not_changed_writes_nothing(sandbox: Sandbox, session: CheckoutSession) -> None:
    short = sandbox.play(session, "short")
    before = events_of(session), short.timeline.count(), short.updated_at
    sandbox.skip(seconds=3)
    reassess(session.pk, News(reason="Looked at again."))
    assert (events_of(session), session.timeline.count(), refreshed(session).updated_at) == before


@pytest.mark.parametrize(
    ("allowed", "sentence"),
    [
        ([], "49 USDC on Sandbox arrived, worth 49.00 USD."),
        (["ETH"], "49 USDC on Sandbox arrived: not an asset of this session."),
    ],
)
def test_the_timeline_says_what_came_and_whether_it_pays(
    sandbox: Sandbox, new_session: NewSession, allowed: list[str], sentence: str
) -> None:
    session = new_session(allowedAssets=allowed)
    choose_option(session=session, asset="ETH", network="sandbox", now=timezone.now())
    usdc = SANDBOX.assets["USDC"].contract
    send(recipient=refreshed(session).deposit.address, contract=usdc, amount_units=49_000_000, now=timezone.now())
    sandbox.wait(4, session)
    reasons = list(session.timeline.order_by("id").values_list("reason", flat=True))
    assert sentence in reasons
    assert any(reason.startswith(sentence.split(" arrived")[0] + " is confirmed") for reason in reasons)


def test_the_vanished_twin_of_a_payment_whose_place_is_taken_stays_gone(session: CheckoutSession) -> None:
    session, now = picked(session), timezone.now()
    whole = transfer_to(session, 49_000_000, block=1)
    half = transfer_to(session, 24_500_000, block=2)  # the same transaction, run on another state of the chain
    record(SANDBOX, take_in(SANDBOX, [whole], now))
    session.payments.update(vanished_at=now, times_vanished=1)
    record(SANDBOX, take_in(SANDBOX, [half], now))
    # A node that shows both, of the old branch and of the new one: only one of them can be there.
    news = record(SANDBOX, take_in(SANDBOX, [whole, half], now))
    standing = Payment.objects.filter(session=session, vanished_at=None)
    assert [int(each.amount_units) for each in standing] == [24_500_000]
    assert news == {}


def test_a_twin_that_is_back_alone_takes_its_place_again(session: CheckoutSession) -> None:
    session, now = picked(session), timezone.now()
    whole = transfer_to(session, 49_000_000, block=1)
    record(SANDBOX, take_in(SANDBOX, [whole], now))
    session.payments.update(vanished_at=now, times_vanished=1)
    assert record(SANDBOX, take_in(SANDBOX, [whole], now))[session.pk].arrived
    assert session.payments.get().vanished_at is None
