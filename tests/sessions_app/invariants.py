"""What holds of every session at every moment (issue 3, point 1)."""

from itertools import pairwise

from sessions_app.evaluation import received
from sessions_app.facts import facts_of
from sessions_app.models import CheckoutSession
from sessions_app.status import ALLOWED_MOVES, Status
from webhooks_app.models import Event


def check_session(session: CheckoutSession) -> None:
    """Raises AssertionError naming what does not hold."""
    _check_timeline(session)
    _check_events(session)
    _check_money(session)
    assert session.issue or not session.needs_decision
    assert (session.completed_at is not None) == (session.status == Status.COMPLETED)


def _check_timeline(session: CheckoutSession) -> None:
    """Every change has a row, and a status was only reached by an allowed move."""
    rows = list(session.timeline.all())
    assert (rows[0].from_status, rows[0].to_status) == ("", Status.OPEN)
    for before, after in pairwise(rows):
        assert after.from_status == before.to_status
        assert before.at <= after.at
        is_move = after.from_status != after.to_status
        assert not is_move or after.to_status in ALLOWED_MOVES[Status(after.from_status)]
    last = rows[-1]
    told = (last.to_status, last.payment_status, last.issue, last.needs_decision)
    assert told == (session.status, session.payment_status, session.issue, session.needs_decision)


def _check_events(session: CheckoutSession) -> None:
    """They are numbered without a gap, and who has read them all knows the session as it is."""
    events = list(Event.objects.filter(subject=session.public_id).order_by("subject_sequence"))
    assert [event.subject_sequence for event in events] == list(range(1, session.event_count + 1))
    told = events[-1].data
    assert (told["status"], told["issue"], told["needsDecision"]) == (
        session.status,
        session.issue,
        session.needs_decision,
    )
    assert told["paymentStatus"] == session.payment_status


def _check_money(session: CheckoutSession) -> None:
    """What was received is the sum of the payments that count, are there and were not sent back."""
    refunds = session.decisions.filter(kind="refunded", issue__in=["underpaid", "late"])
    sent_back = {token for refund in refunds for token in refund.seen}
    counted = [p for p in session.payments.all() if p.counts and not p.vanished_at and p.public_id not in sent_back]
    assert received(facts_of(session)) == sum(payment.value or 0 for payment in counted)
    assert len({(p.network, p.tx_hash, p.log_index) for p in session.payments.all()}) == session.payments.count()
