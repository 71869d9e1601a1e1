"""Rules of decisions that are one: one that takes effect, and letters about what waits for somebody."""

from datetime import timedelta

from django.utils import timezone

from merchants_app.models import Member, Merchant, WhenToWrite
from merchants_app.people.letters import write_about_collecting_to
from sessions_app.collecting import worth_letters
from sessions_app.models import CheckoutSession, PendingDecision, Refund
from sessions_app.paying.decisions import case_of
from sessions_app.paying.second_thoughts import decide_soon, take_back, take_effect
from sessions_app.reading.waiting_letters import write_letters
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.status import DecisionKind, RefundKind
from tests.cast import PATS_WALLET
from tests.locks.breaking import Act, holds
from tests.locks.stage import confirmed, overpaid, underpaid, waiting_for_money


def decided_two_minutes_ago(mia: Merchant) -> CheckoutSession:
    """Nobody took it back."""
    session = underpaid(mia)
    decided(session, ago=timedelta(minutes=2))
    return session


def decided(
    session: CheckoutSession, kind: DecisionKind = DecisionKind.ACCEPT, *, ago: timedelta, tx_hash: str = ""
) -> PendingDecision:
    """So long ago, in the dashboard, about what is there."""
    case = case_of(session)
    assert case
    return decide_soon(
        session=session,
        kind=kind,
        actor="mia@example.com",
        issue=case.issue,
        payments=case.payments,
        now=timezone.now() - ago,
        tx_hash=tx_hash,
    )


def waits_in_live_mode(mia: Merchant) -> CheckoutSession:
    """And nobody was told."""
    session = underpaid(mia)
    CheckoutSession.objects.filter(pk=session.pk).update(mode="live")
    Member.objects.filter(merchant=mia).update(decisions_told_until=timezone.now() - timedelta(days=9))
    return session


def asked_about_collecting(mia: Merchant) -> None:
    """Money is worth collecting, and nobody was told."""
    confirmed(waiting_for_money(mia), "49.00")
    owner = Member.objects.get(merchant=mia)
    write_about_collecting_to(owner.user, mia, "test", letters=WhenToWrite.AT_ONCE)


@holds("sessions_app.paying.second_thoughts.decide_soon")
def a_decision_that_can_be_taken_back(mia: Merchant) -> Act:
    session = underpaid(mia)
    return lambda: decided(session, ago=timedelta())


@holds("sessions_app.paying.second_thoughts._decided")
def a_decision_that_takes_effect(mia: Merchant) -> Act:
    decided_two_minutes_ago(mia)
    return lambda: take_effect(timezone.now())


def waits_for_an_address(mia: Merchant) -> Refund:
    """A refund of too much, which is said to have gone back a moment ago."""
    session = overpaid(mia)
    CheckoutSession.objects.filter(pk=session.pk).update(refund_address="")
    wish = Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS), may_wait=True)
    made = prepare_refund(session=session, wish=wish, actor="key")
    decided(session, DecisionKind.REFUNDED, ago=timedelta(), tx_hash="0x07")
    return made


@holds("sessions_app.paying.second_thoughts.take_back")
def what_is_taken_back_of_a_refund_whose_address_came_meanwhile(mia: Merchant) -> Act:
    session = waits_for_an_address(mia).session
    leave_address(session, PATS_WALLET)
    return lambda: take_back(session)


@holds("sessions_app.reading.waiting_letters._write")
def the_letter_about_a_decision_that_waits(mia: Merchant) -> Act:
    waits_in_live_mode(mia)
    return lambda: write_letters(timezone.now())


@holds("sessions_app.collecting.worth_letters._write")
def the_letter_about_what_is_worth_collecting(mia: Merchant) -> Act:
    asked_about_collecting(mia)
    return lambda: worth_letters.write_letters(timezone.now())
