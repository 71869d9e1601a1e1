"""Which transfer is which refund, look after look."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
import time_machine
from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.rates.exchange_rates import refresh_rates
from chains_app.reading.reader import Transfer
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.refund_states import Move, move
from sessions_app.refunding.matching import list_candidates, match_transfers
from sessions_app.refunding.told import tell_transaction
from sessions_app.refunding.undone import done_since
from sessions_app.refunding.watch import (
    deep_enough_refunds,
    doubtful_refunds,
    place_refunds,
    refunds_watched_for,
    sighting,
)
from sessions_app.status import RefundStatus
from tests.cast import PATS_WALLET
from tests.fake_rates import FakeRates
from tests.locks.cases_sessions import refund
from tests.locks.stage import SANDBOX, overpaid, transfer_to

pytestmark = pytest.mark.django_db
NOW = timezone.now()
TX = "0x" + "ab" * 32
CONFIRMED = {"status": "confirmed", "confirmed_at": NOW, "tx_hash": TX, "block_number": 7}


def test_a_transfer_that_was_one_refund_at_an_earlier_look_is_not_an_equal_one_too(mia: Merchant) -> None:
    session = overpaid(mia)
    first, second = refund(session), refund(session)
    assert (
        (first.to_address, first.amount_units) == (second.to_address, second.amount_units) == (PATS_WALLET, 11 * 10**6)
    )
    sent = replace(transfer_to(session, "11"), recipient=PATS_WALLET)
    assert placed(told(first, sent), sent) == sent.tx_hash
    assert placed(told(second, sent), sent) == ""  # its block is read again
    another = replace(sent, tx_hash="0x02")
    assert placed(told(second, another), sent, another) == "0x02"
    assert Refund.objects.get(pk=first.pk).tx_hash == sent.tx_hash


def test_one_that_is_shown_in_another_block_is_put_there(mia: Merchant) -> None:
    session = overpaid(mia)
    sent = replace(transfer_to(session, "11"), recipient=PATS_WALLET)
    seen = told(refund(session), sent)
    placed(seen, sent)
    placed(Refund.objects.get(pk=seen.pk), replace(sent, block_number=2, block_hash="0x2"))
    after = Refund.objects.get(pk=seen.pk)
    assert (after.block_number, after.block_hash, after.status) == (2, "0x2", "seen")


@pytest.mark.parametrize(("log_index", "asked_for"), [(7, 7), (0, 0), (-1, -1), (None, 0)])
def test_a_refund_is_asked_for_by_its_place_in_the_block(log_index: int | None, asked_for: int) -> None:
    assert sighting(Refund(log_index=log_index, amount_units=1)).log_index == asked_for


def test_a_refund_keeps_the_time_at_which_it_was_seen_and_none_of_when_it_was_final(mia: Merchant) -> None:
    session = overpaid(mia)
    made = refund(session)
    sent = replace(transfer_to(session, "11"), recipient=PATS_WALLET)
    placed(told(made, sent), sent)
    seen_at = Refund.objects.get(pk=made.pk).seen_at
    for to in (RefundStatus.CONFIRMED, RefundStatus.SEEN):
        move(
            [Move(refund=Refund.objects.get(pk=made.pk), to=to, reason="So it is.", changes={"tx_hash": sent.tx_hash})]
        )
    moved = Refund.objects.get(pk=made.pk)
    assert (moved.seen_at, moved.confirmed_at) == (seen_at, None)
    for to in (RefundStatus.CONFIRMED, RefundStatus.PREPARED):
        move([Move(refund=Refund.objects.get(pk=made.pk), to=to, reason="So it is.")])
    assert Refund.objects.get(pk=made.pk).confirmed_at is None


@pytest.mark.parametrize("where", [{"status": "withdrawn", "withdrawn_at": NOW}, CONFIRMED])
def test_a_refund_of_an_erased_buyer_is_looked_for_nowhere(mia: Merchant, where: dict[str, Any]) -> None:
    """Nobody knows any more where it went: nobody's address is asked for."""
    made = refund(overpaid(mia))
    Refund.objects.filter(pk=made.pk).update(told_tx=TX, **where)
    looked_for = lambda: [*refunds_watched_for(SANDBOX), *done_since(SANDBOX, 1)]  # noqa: E731
    assert [each.pk for each in looked_for()] == [made.pk]
    assert done_since(SANDBOX, 8) == []  # it was in block 7
    Refund.objects.filter(pk=made.pk).update(to_address="")
    assert looked_for() == []


def test_a_withdrawn_refund_is_looked_for_if_its_transaction_was_told(mia: Merchant) -> None:
    made = refund(overpaid(mia))
    stored = Refund.objects.filter(pk=made.pk)
    stored.update(status="withdrawn", withdrawn_at=timezone.now())
    assert refunds_watched_for(SANDBOX) == []
    stored.update(told_tx=TX)
    assert [each.pk for each in refunds_watched_for(SANDBOX)] == [made.pk]
    stored.update(withdrawn_at=timezone.now() - timedelta(days=7, seconds=1))
    assert refunds_watched_for(SANDBOX) == []


@pytest.mark.parametrize(
    ("tx_hash", "block", "shown", "replaced_from", "expected"),
    [
        ("0x1", None, False, None, True),  # it waited, and waits no more
        ("0x1", None, True, None, False),
        ("0x1", 7, False, None, False),
        ("0x1", 7, False, 8, False),
        ("0x1", 7, False, 7, True),
        ("0x1", 7, True, 7, False),
        ("", None, False, 7, False),
    ],
)
def test_one_may_have_vanished_with_its_block_or_from_those_that_wait(
    tx_hash: str, block: int | None, shown: bool, replaced_from: int | None, expected: bool
) -> None:
    seen = Refund(tx_hash=tx_hash, log_index=3, block_number=block)
    transfers = [cast(Transfer, SimpleNamespace(tx_hash=tx_hash, log_index=3))] if shown else []
    assert bool(doubtful_refunds([seen], transfers, replaced_from=replaced_from)) == expected


@pytest.mark.parametrize(("late_by", "may_be"), [(timedelta(0), True), (timedelta(microseconds=1), False)])
def test_a_chains_clock_may_be_ten_minutes_behind(mia: Merchant, late_by: timedelta, may_be: bool) -> None:
    session = overpaid(mia)
    made = refund(session)
    assert made.prepared_at
    at = made.prepared_at - timedelta(minutes=10) - late_by
    sent = replace(transfer_to(session, "11"), recipient=PATS_WALLET, block_time=at)
    match = match_transfers(SANDBOX, [made], [sent])
    assert bool(match.seen or match.possible) == may_be


def test_it_needs_the_blocks_of_its_worth_when_it_could_be_signed_by_its_own_currency_and_mode(
    sources: FakeRates,
) -> None:
    """Two blocks below 100 dollars on Ethereum, six from there on."""
    asked, signable = datetime.fromisoformat("2026-03-01T12:00Z"), datetime.fromisoformat("2026-03-01T13:00Z")
    for at, dinar in ((asked, "0.307"), (signable, "0.325")):
        sources.everybody("USD/KWD", dinar)
        with time_machine.travel(at, tick=False):
            refresh_rates()
    cases = [
        ("30.6", None, 2),  # 99.67 dollars; by the rates of test mode, 100.33
        ("31.0", None, 6),  # 100.98 dollars
        ("31.0", signable, 2),  # 95.38 dollars by then
    ]
    session = CheckoutSession(currency="KWD")
    with time_machine.travel(signable + timedelta(minutes=1), tick=False):
        for value, prepared_at, blocks in cases:
            seen = Refund(
                session=session, asset="ETH", value=Decimal(value), block_number=7, created_at=asked,
                prepared_at=prepared_at,
            )  # fmt: skip
            enough = [head for head in range(7, 14) if deep_enough_refunds(network("ethereum"), [seen], head=head)]
            assert (value, enough[0] - 6) == (value, blocks)


def test_of_many_transfers_that_may_be_it_the_twenty_that_came_first_are_kept(mia: Merchant) -> None:
    made = refund(overpaid(mia))
    came = [replace(transfer_to(made.session, "11"), tx_hash=f"0x{number:02}") for number in range(23)]
    for few in (came[:19], came[19:21], came[21:]):
        list_candidates([(made, each) for each in few], now=NOW)
    assert sorted(made.candidates.values_list("tx_hash", flat=True)) == [each.tx_hash for each in came[:20]]


def placed(refund: Refund, *shown: Transfer) -> str:
    """The transaction that it is on record with after a look that shows these transfers."""
    place_refunds(SANDBOX, [refund], shown, gone=(), now=timezone.now())
    return Refund.objects.get(pk=refund.pk).tx_hash


def told(refund: Refund, sent: Transfer) -> Refund:
    """The refund, of which somebody says that it is that."""
    return tell_transaction(refund, sent.tx_hash, actor="mia@example.com")
