"""A decision takes effect once or was taken back, and is written about once, however many are at it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from merchants_app.models import CollectLetters, Member, Merchant
from sessions_app.collecting import worth_letters
from sessions_app.errors import NothingToDecide, NothingToRefund
from sessions_app.models import PendingDecision
from sessions_app.paying.second_thoughts import take_back, take_effect
from sessions_app.reading.waiting_letters import write_letters
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.status import DecisionKind, RefundKind
from tests.cast import MIAS_WALLET, PATS_WALLET, merchant, refreshed
from tests.locks.cases_decisions import (
    asked_about_collecting,
    decided,
    decided_two_minutes_ago,
    waits_for_an_address,
    waits_in_live_mode,
)
from tests.locks.stage import overpaid
from tests.races import behind_a_lock, passes_by, race
from tests.strangers.world import own

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


def nothing() -> None:
    """The lock itself says all."""


def test_what_another_process_decides_at_the_moment_is_decided_once(mia: Merchant) -> None:
    session = decided_two_minutes_ago(mia)
    answers = race(*[lambda: take_effect(timezone.now())] * 3)
    assert sorted(answers, key=str) == [0, 0, 1]
    assert refreshed(session).decisions.count() == 1


def test_what_is_told_to_have_gone_back_at_the_moment_is_not_prepared_to_go_back_again(mia: Merchant) -> None:
    session = overpaid(mia)
    refused = behind_a_lock(
        lambda: prepare_refund(
            session=session, wish=Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS)), actor="key"
        ),
        lock=lambda: decided(session, DecisionKind.REFUNDED, ago=timedelta(), tx_hash="0x07"),
        meanwhile=nothing,
    )
    assert isinstance(refused, NothingToRefund)
    assert not session.refunds.exists()


def test_an_address_that_is_left_while_that_is_taken_back_is_where_it_goes(mia: Merchant) -> None:
    for is_first in (True, False):
        made = waits_for_an_address(mia)
        acts = (lambda s=made.session: leave_address(s, PATS_WALLET), lambda s=made.session: take_back(s))
        behind_a_lock(acts[is_first], lock=acts[not is_first], meanwhile=nothing)
        made.refresh_from_db()
        assert (made.status, made.to_address) == ("prepared", PATS_WALLET)


def test_what_is_taken_back_in_the_last_moment_is_not_decided(mia: Merchant) -> None:
    session = decided_two_minutes_ago(mia)
    done = behind_a_lock(lambda: take_effect(timezone.now()), lock=lambda: take_back(session), meanwhile=nothing)
    assert done == 0
    assert (refreshed(session).needs_decision, refreshed(session).decisions.count()) == (True, 0)


def test_who_takes_back_what_is_being_decided_learns_that_it_is_too_late(mia: Merchant) -> None:
    session = decided_two_minutes_ago(mia)
    refusal = behind_a_lock(lambda: take_back(session), lock=lambda: take_effect(timezone.now()), meanwhile=nothing)
    assert isinstance(refusal, NothingToDecide)
    assert (refreshed(session).decisions.count(), PendingDecision.objects.filter(session=session).count()) == (1, 0)


def test_a_member_whom_somebody_else_writes_to_is_passed_by(mia: Merchant) -> None:
    waits_in_live_mode(mia)
    mail.outbox.clear()
    passes_by(lambda: write_letters(timezone.now()), lock=lambda: Member.objects.select_for_update().get(merchant=mia))
    assert mail.outbox == []
    write_letters(timezone.now())
    assert len(mail.outbox) == 1


def test_of_two_processes_that_find_something_worth_collecting_one_writes(mia: Merchant) -> None:
    asked_about_collecting(mia)
    mail.outbox.clear()
    race(*[lambda: worth_letters.write_letters(timezone.now())] * 3)
    assert len(mail.outbox) == 1
    own(CollectLetters).update(told={})
    held = own(CollectLetters).select_for_update(of=("self",))
    passes_by(lambda: worth_letters.write_letters(timezone.now()), lock=held.get)
    assert len(mail.outbox) == 1
