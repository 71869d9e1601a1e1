"""A Safe pays coin from inside its contract, which most networks do not log: its transaction says nothing of it."""

from dataclasses import replace
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.reader import FROM_INSIDE, Transfer, hash_from_inside
from chains_app.sandbox.chain import send
from chains_app.sandbox.reader import SandboxReader
from sessions_app.models import Refund
from sessions_app.paying.refund_states import Move, move
from sessions_app.refunding.matching import candidates_of
from sessions_app.refunding.told import look_for_told, tell_transaction
from sessions_app.refunding.watch import place_refunds
from sessions_app.status import RefundStatus
from tests.cast import OTTOS_WALLET, PATS_WALLET
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox
from tests.sessions_app.refunding.test_refunds import prepared
from tests.sessions_app.refunding.test_told_by_hand import counted, told
from tests.strangers.world import own

SANDBOX = network("sandbox")


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """Half as much again was paid, in ETH."""
    return play_once("over", asset="ETH")


@pytest.fixture
def refund(played: Played, sandbox: Sandbox) -> Refund:
    """0.0098 ETH that Mia owes Pat."""
    return prepared(played.session_again())


@pytest.fixture
def of_the_safe(refund: Refund, sandbox: Sandbox) -> tuple[str, Transfer]:
    """The transaction that the Safe made, and what came to Pat in its block."""
    usdc = SANDBOX.assets["USDC"].contract
    row = send(recipient=OTTOS_WALLET, contract=usdc, amount_units=1, now=timezone.now())
    sandbox.wait(2, refund.session)
    row.refresh_from_db()
    assert row.block
    paid = Transfer(
        network="sandbox", asset="ETH", log_index=FROM_INSIDE, sender="", recipient=PATS_WALLET,
        tx_hash=hash_from_inside(block_hash=row.block.hash, recipient=PATS_WALLET),
        amount_units=9_800_000_000_000_000, block_number=row.block.number, block_hash=row.block.hash,
        block_time=row.block.mined_at,
    )  # fmt: skip
    return row.tx_hash, paid


class Contracts(SandboxReader):
    """Finds what contracts paid, too."""

    def __init__(self, *paid: Transfer) -> None:
        super().__init__(SANDBOX)
        self.paid = paid

    def transfers(self, addresses: frozenset[str], first: int, last: int, **how: Any) -> list[Transfer]:
        found = [each for each in self.paid if first <= (each.block_number or 0) <= last]
        return super().transfers(addresses, first, last, **how) + found


def after_a_look(tx_hash: str, reader: SandboxReader) -> Refund:
    """The refund once its transaction was told and looked for."""
    tell_transaction(own(Refund).get(), tx_hash, actor="mia@example.com")
    look_for_told(SANDBOX, reader)
    return own(Refund).get()


def test_what_came_from_inside_in_the_block_of_what_was_told_is_the_refund(of_the_safe: tuple[str, Transfer]) -> None:
    tx_hash, paid = of_the_safe
    after = after_a_look(tx_hash, Contracts(paid))
    assert (after.status, after.tx_hash, after.log_index, after.told_tx) == ("seen", paid.tx_hash, -2, tx_hash)


def test_another_amount_or_block_is_not_it(of_the_safe: tuple[str, Transfer]) -> None:
    tx_hash, paid = of_the_safe
    less = replace(paid, amount_units=paid.amount_units - 1)
    assert after_a_look(tx_hash, Contracts(less)).status == "prepared"
    place_refunds(SANDBOX, [own(Refund).get()], [paid], gone=(), now=timezone.now(), mined={tx_hash: 1})
    assert own(Refund).get().status == "prepared"


@pytest.mark.parametrize("is_picked", [False, True], ids=["its transaction is told", "it is picked"])
def test_what_was_found_and_listed_already_is_it(of_the_safe: tuple[str, Transfer], *, is_picked: bool) -> None:
    tx_hash, paid = of_the_safe
    place_refunds(SANDBOX, [own(Refund).get()], [paid], gone=(), now=timezone.now())
    assert [each.tx_hash for each in candidates_of(own(Refund).get())] == [paid.tx_hash]
    after = after_a_look(paid.tx_hash if is_picked else tx_hash, SandboxReader(SANDBOX))
    assert (after.status, after.block_hash) == ("seen", paid.block_hash)


def test_what_was_listed_of_a_block_that_is_gone_is_not_it(of_the_safe: tuple[str, Transfer]) -> None:
    tx_hash, paid = of_the_safe
    gone = replace(paid, tx_hash=hash_from_inside(block_hash="0x" + "77" * 32, recipient=PATS_WALLET))
    place_refunds(SANDBOX, [own(Refund).get()], [gone], gone=(), now=timezone.now())
    assert after_a_look(tx_hash, SandboxReader(SANDBOX)).status == "prepared"


def test_nothing_is_said_against_it_while_it_may_still_be_found_and_then_only_what_is_known(
    of_the_safe: tuple[str, Transfer],
) -> None:
    tx_hash, _ = of_the_safe
    assert after_a_look(tx_hash, SandboxReader(SANDBOX)).told_problem == ""
    ScanCursor.objects.filter(pk="sandbox").update(block_number=F("block_number") + 120)
    said = "This transaction succeeded; whether it paid 0.0098 ETH to the buyer from inside a contract cannot be seen."
    assert after_a_look(tx_hash, SandboxReader(SANDBOX)).told_problem.startswith(said)


@pytest.mark.parametrize("is_seen_first", [True, False])
def test_what_the_safe_sent_and_is_marked_as_sent_counts_once(
    of_the_safe: tuple[str, Transfer], refund: Refund, *, is_seen_first: bool
) -> None:
    tx_hash, paid = of_the_safe
    if is_seen_first:
        after_a_look(tx_hash, Contracts(paid))
        told(refund.session, tx_hash)
    else:
        told(refund.session, tx_hash)
        look_for_told(SANDBOX, Contracts(paid))
    move([Move(refund=own(Refund).get(), to=RefundStatus.CONFIRMED, reason="It is final.")])
    assert counted(refund.session) == ("24.50", "24.50")
