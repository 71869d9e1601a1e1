"""What holds of every session at every moment."""

from itertools import pairwise

from django.utils import timezone

from chains_app.models import SandboxBlock, SandboxTransfer
from sessions_app.models import CheckoutSession, Payment
from sessions_app.state.counting import Facts, received
from sessions_app.state.counting import came as came_in
from sessions_app.state.facts import facts_of
from sessions_app.state.representation import represent, value_still_due
from sessions_app.status import Status
from webhooks_app.models import Event

# One step each, from the table of tests/promises/test_moves.py.
MOVES = {
    ("open", "processing"), ("open", "expired"), ("open", "cancelled"), ("processing", "completed"),
    ("processing", "open"), ("expired", "processing"), ("expired", "open"), ("cancelled", "processing"),
    ("cancelled", "open"),
}  # fmt: skip
# The same of a refund, from the same promises.
REFUND_STEPS = {
    ("waiting_for_address", "prepared"), ("waiting_for_address", "withdrawn"), ("prepared", "seen"),
    ("prepared", "withdrawn"), ("seen", "confirmed"), ("seen", "prepared"), ("withdrawn", "seen"),
    ("confirmed", "prepared"), ("confirmed", "seen"),
}  # fmt: skip


def check_session(session: CheckoutSession, *, one_clock: bool = True) -> None:
    """Raises AssertionError naming what does not hold.

    one_clock: whether all machines had the same, so that the timeline's times go on as its rows do.
    """
    _check_timeline(session, one_clock)
    _check_events(session)
    _check_money(session)
    _check_told_once(session)
    assert session.issue or not session.needs_decision
    assert (session.completed_at is not None) == (session.status == Status.COMPLETED)


def _check_timeline(session: CheckoutSession, one_clock: bool) -> None:
    """Every change has a row, and a status was only reached by an allowed move."""
    rows = list(session.timeline.order_by("pk"))
    assert (rows[0].from_status, rows[0].to_status) == ("", Status.OPEN)
    for before, after in pairwise(rows):
        assert after.from_status == before.to_status
        assert before.at <= after.at or not one_clock
        is_move = after.from_status != after.to_status
        assert not is_move or (after.from_status, after.to_status) in MOVES
    last = rows[-1]
    snapshot = (last.to_status, last.payment_status, last.issue, last.needs_decision)
    assert snapshot == (session.status, session.payment_status, session.issue, session.needs_decision)


def _check_events(session: CheckoutSession) -> None:
    """They are numbered without a gap, and who has read them all knows the session as it is."""
    events = list(Event.objects.filter(subject=session.public_id).order_by("subject_sequence"))
    assert [event.subject_sequence for event in events] == list(range(1, session.event_count + 1))
    snapshot = events[-1].data
    assert (snapshot["status"], snapshot["issue"], snapshot["needsDecision"]) == (
        session.status,
        session.issue,
        session.needs_decision,
    )
    assert snapshot["paymentStatus"] == session.payment_status


def _check_money(session: CheckoutSession) -> None:
    """What was received is the sum of the payments that count, are there and were not sent back before it was paid."""
    sent_back = _decided_on(session, "refunded", "underpaid", "late")
    taken = _decided_on(session, "accept", "wrong_asset")
    there = [p for p in session.payments.all() if not p.vanished_at and p.public_id not in sent_back]
    counted = [p for p in there if p.counts or p.public_id in taken]
    came, facts = sum(payment.value or 0 for payment in counted), facts_of(session)
    before = session.refunds.filter(withdrawn_at=None, created_at__lte=session.completed_at or timezone.now())
    assert max(came - sum(refund.value for refund in before), 0) <= received(facts) <= came
    assert received(facts) == came or before
    _check_nobody_pays_twice(session, facts)
    assert {p.id for p in represent(session).payments if p.counts} == {p.public_id for p in counted}
    live = [(p.network, p.tx_hash, p.log_index) for p in session.payments.all() if not p.vanished_at]
    assert len(set(live)) == len(live)


def _check_nobody_pays_twice(session: CheckoutSession, facts: Facts) -> None:
    """What has paid for the order is there, whatever goes back later; once it is paid nothing is asked for."""
    told = represent(session)
    assert abs(told.amount_net - max(came_in(facts) - facts.sent_back, 0)) < facts.unit
    if session.completed_at is None:
        return
    assert value_still_due(session) == 0
    is_as_it_was = not any(payment.times_vanished for payment in session.payments.all())
    if is_as_it_was and not session.decisions.filter(kind="accept").exists():
        assert received(facts) >= facts.needed


def _check_told_once(session: CheckoutSession) -> None:
    """It is completed once, and each step of each refund is told, in order."""
    events = Event.objects.filter(subject=session.public_id).order_by("subject_sequence")
    kinds = [event.type for event in events]
    assert kinds.count("checkout.completed") == int(session.completed_at is not None)
    for refund in session.refunds.all():
        own = [
            each for each in events if each.type.startswith("refund.") and each.data["refund"]["id"] == refund.public_id
        ]
        told = [each.type.removeprefix("refund.") for each in own]
        assert told[0] == "created"
        steps = told[1:] if told[1:2] == ["prepared"] else ["waiting_for_address", *told[1:]]
        assert all((before, after) in REFUND_STEPS for before, after in pairwise(steps))
        assert told[-1] in {refund.status, "created"}


def _decided_on(session: CheckoutSession, kind: str, *issues: str) -> set[str]:
    return {token for each in session.decisions.filter(kind=kind, issue__in=issues) for token in each.seen}


def check_depth(session: CheckoutSession, head: int) -> None:
    """Just after a look: what is confirmed is deep enough in the block where the chain has it now."""
    for payment in session.payments.exclude(confirmed_at=None).filter(vanished_at=None):
        assert SandboxBlock.objects.filter(number=payment.block_number, hash=payment.block_hash).exists()
        assert head - payment.block_number + 1 >= payment.confirmations_needed
    for refund in session.refunds.exclude(tx_hash="").filter(confirmed_at=None):
        assert SandboxTransfer.objects.filter(tx_hash=refund.tx_hash, recipient=refund.to_address).exists()


def check_refunds(session: CheckoutSession) -> None:
    """Just after one was prepared: no more goes back of any asset than has come, by whichever way."""
    by_hand = _decided_on(session, "refunded", "underpaid", "late", "wrong_asset")
    for asset in {refund.asset for refund in session.refunds.all()}:
        there = [p for p in session.payments.all() if p.asset == asset and p.confirmed_at and not p.vanished_at]
        standing = session.refunds.filter(asset=asset, withdrawn_at=None)
        went = sum(p.amount_units for p in there if p.public_id in by_hand and not _by_refund(session, p))
        assert sum(r.amount_units for r in standing) + went <= sum(p.amount_units for p in there)


def _by_refund(session: CheckoutSession, payment: Payment) -> bool:
    own = session.refunds.exclude(tx_hash="").values_list("tx_hash", flat=True)
    return session.decisions.filter(kind="refunded", tx_hash__in=list(own), seen__contains=[payment.public_id]).exists()
