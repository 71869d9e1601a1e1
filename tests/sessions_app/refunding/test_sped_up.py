"""A wallet that is asked to speed a transaction up sends another one in its place, with a hash that nobody told."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from chains_app.reading.reader import Transfer
from merchants_app.models import Merchant
from sessions_app.models import Refund
from sessions_app.paying.decisions import decide
from sessions_app.paying.refund_states import Move, move
from sessions_app.refunding.matching import candidates_of
from sessions_app.refunding.refunds import withdraw_refund
from sessions_app.refunding.told import tell_transaction
from sessions_app.refunding.watch import place_refunds
from sessions_app.status import DecisionKind, RefundStatus
from tests.cast import OTTOS_WALLET, PATS_WALLET, refreshed
from tests.desk import Desk
from tests.locks.cases_sessions import refund
from tests.locks.stage import SANDBOX, overpaid, transfer_to
from tests.sessions_app.refunding.test_told_by_hand import counted
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
FIRST, SECOND = "0x" + "11" * 32, "0x" + "22" * 32


def told(refund: Refund, tx_hash: str = FIRST) -> Refund:
    return tell_transaction(refund, tx_hash, actor="mia@example.com")


def sent(refund: Refund, tx_hash: str = SECOND, **how: Any) -> Transfer:
    """From Mia's treasury, what the refund asks for."""
    return replace(transfer_to(refund.session, "11"), recipient=PATS_WALLET, tx_hash=tx_hash, **how)


def look(*shown: Transfer, are_gone: bool = False) -> dict[int, tuple[str, str]]:
    """Where each refund stands after a look that shows these transfers, and by which transaction."""
    refunds = list(own(Refund))
    place_refunds(SANDBOX, refunds, shown, gone=refunds if are_gone else (), now=timezone.now())
    return {each.pk: (each.status, each.tx_hash) for each in own(Refund)}


def marked(refund: Refund, tx_hash: str = FIRST) -> None:
    """The merchant says that the money went back by that."""
    session = refreshed(refund.session)
    decide(session=session, kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash=tx_hash)


def final(refund: Refund) -> tuple[str, str]:
    """What has gone back in all, as it is answered and as it is booked, once what was seen of the refund is final."""
    move([Move(refund=Refund.objects.get(pk=refund.pk), to=RefundStatus.CONFIRMED, reason="It is final.")])
    return counted(refund.session)


def hashes(refund: Refund) -> list[str]:
    return [each.tx_hash for each in candidates_of(Refund.objects.get(pk=refund.pk))]


def test_what_the_treasury_sent_in_place_of_what_was_told_is_the_refund(mia: Merchant) -> None:
    made = told(refund(overpaid(mia)))
    assert look(sent(made)) == {made.pk: ("seen", SECOND)}


def test_what_another_wallet_sent_in_its_place_is_asked_about_and_said(mia: Merchant) -> None:
    made = told(refund(overpaid(mia)))
    assert look(sent(made, sender=OTTOS_WALLET)) == {made.pk: ("prepared", "")}
    assert hashes(made) == [SECOND]
    told(made, SECOND)
    assert hashes(made) == []
    assert look(sent(made, sender=OTTOS_WALLET)) == {made.pk: ("seen", SECOND)}


def test_the_page_lets_nobody_sign_twice_unwarned(mia: Merchant, desk: Desk) -> None:
    made = refund(overpaid(mia))
    page = f"sessions/{made.session.public_id}/refund/{made.public_id}"
    assert "Send it again all the same" not in desk.read(page)
    told(made)
    shown = desk.read(page)
    assert "It was sent already, and is looked for" in shown
    assert f'data-copy="{FIRST}"' in shown
    assert shown.index("Send it again all the same") < shown.index("Play it on the sandbox")
    Refund.objects.filter(pk=made.pk).update(told_problem="This transaction failed on the network.")
    assert "Send it again all the same" not in desk.read(page)


def test_it_is_asked_about_where_an_equal_refund_waits_too(mia: Merchant) -> None:
    session = overpaid(mia)
    first, second = told(refund(session)), refund(session)
    assert look(sent(first)) == {first.pk: ("prepared", ""), second.pk: ("prepared", "")}
    assert hashes(first) == hashes(second) == [SECOND]


def test_of_two_that_were_told_each_is_its_own_whichever_comes_first(mia: Merchant) -> None:
    session = overpaid(mia)
    first, second = told(refund(session), FIRST), told(refund(session), SECOND)
    assert look(sent(second)) == {first.pk: ("prepared", ""), second.pk: ("seen", SECOND)}
    assert hashes(first) == []
    assert look(sent(first, FIRST))[first.pk] == ("seen", FIRST)


def test_it_takes_the_place_of_one_that_the_chain_took_back(mia: Merchant) -> None:
    made = told(refund(overpaid(mia)))
    look(sent(made, FIRST))
    assert look(sent(made), are_gone=True) == {made.pk: ("seen", SECOND)}


def test_a_refund_that_was_withdrawn_meanwhile_is_seen_too(mia: Merchant) -> None:
    made = told(refund(overpaid(mia)))
    withdraw_refund(made, actor="mia@example.com", now=timezone.now())
    look(sent(made, "0x33", sender=OTTOS_WALLET))
    assert made.candidates.count() == 0  # nobody could say that it is it
    assert look(sent(made)) == {made.pk: ("seen", SECOND)}


def test_of_a_withdrawn_one_and_what_was_prepared_in_its_place_the_second_is_it(mia: Merchant) -> None:
    session = overpaid(mia)
    first = told(refund(session))
    withdraw_refund(first, actor="mia@example.com", now=timezone.now())
    second = refund(session)
    assert look(sent(second)) == {first.pk: ("withdrawn", ""), second.pk: ("seen", SECOND)}


def test_what_may_be_a_prepared_one_is_no_withdrawn_one(mia: Merchant) -> None:
    session = overpaid(mia)
    first = told(refund(session))
    withdraw_refund(first, actor="mia@example.com", now=timezone.now())
    for _ in range(2):
        refund(session)
    assert {status for status, _ in look(sent(first)).values()} == {"withdrawn", "prepared"}


@pytest.mark.parametrize("is_told", [False, True])
def test_what_was_sent_in_place_of_what_was_marked_as_sent_is_no_more_money(mia: Merchant, *, is_told: bool) -> None:
    made = refund(overpaid(mia))
    if is_told:
        told(made)
    marked(made)
    look(sent(made))
    assert final(made) == ("11.00", "11.00")


def test_what_was_noticed_under_another_hash_before_it_was_marked_is_no_more_money(mia: Merchant) -> None:
    made = told(refund(overpaid(mia)))
    look(sent(made))
    marked(made)
    assert final(made) == ("11.00", "11.00")


@pytest.mark.parametrize("is_told", [False, True])
def test_what_is_sent_in_its_place_after_the_chain_took_it_back_is_no_more_money(
    mia: Merchant, *, is_told: bool
) -> None:
    made = refund(overpaid(mia))
    marked(made)
    look(sent(made, FIRST))
    look(are_gone=True)
    if is_told:
        told(made, SECOND)
    assert look(sent(made)) == {made.pk: ("seen", SECOND)}
    assert final(made) == ("11.00", "11.00")
