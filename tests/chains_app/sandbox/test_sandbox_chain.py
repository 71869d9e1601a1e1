"""The play chain: mined when looked at, one second a block, and as unreliable as it is told to be."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection

from chains_app.models import SandboxBlock, SandboxTransfer, ScanCursor, ScannedBlock
from chains_app.sandbox.chain import mine, take_back
from tests.chains_app.play import SANDBOX, Clock, look, pay

pytestmark = pytest.mark.django_db

PAT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SECOND = timedelta(seconds=1)


def read(clock: Clock, *addresses: str):
    head = clock.reader.head()
    return clock.reader.transfers(frozenset(addresses or [PAT]), 0, head.number)


def test_a_block_a_second(clock: Clock):
    first = clock.reader.head()
    clock.tick(3)
    head = clock.reader.head()
    assert head.number == first.number + 3
    assert head.time == clock.now
    assert [clock.reader.block(first.number + i).time for i in range(1, 4)] == [
        first.time + i * SECOND for i in range(1, 4)
    ]
    assert clock.reader.block(head.number + 1) is None


def test_looking_twice_in_a_second_mines_nothing(clock: Clock):
    before = clock.reader.head()
    clock.tick(0.9)
    assert clock.reader.head() == before


def test_after_a_night_it_goes_on_and_makes_up_for_nothing(clock: Clock):
    before = clock.reader.head()
    clock.tick(12 * 3600)
    head = clock.reader.head()
    assert head.number == before.number + 30
    assert clock.now - SECOND < head.time <= clock.now


def test_a_clock_that_goes_back_mines_nothing(clock: Clock):
    before = clock.reader.head()
    clock.tick(-60)
    assert clock.reader.head() == before


def test_a_transfer_is_in_the_first_block_after_it_was_due(clock: Clock):
    clock.reader.head()
    pay(PAT, 7, at=clock.now, mined_after=timedelta(seconds=2.5))
    clock.tick(2)
    assert read(clock) == []
    clock.tick(5)
    (found,) = read(clock)
    assert found.block_time == clock.now - 4 * SECOND
    assert clock.reader.block(found.block_number).hash == found.block_hash


def test_only_what_moves_listed_money_to_the_address_counts(clock: Clock):
    clock.reader.head()
    ether = SANDBOX.assets["ETH"]
    pay(PAT, 1, at=clock.now, asset=ether)
    pay(PAT, 0, at=clock.now)
    pay(PAT, 2, at=clock.now, sender=PAT)
    pay("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC", 3, at=clock.now)
    SandboxTransfer.objects.filter(pk=pay(PAT, 4, at=clock.now).pk).update(contract="0x" + "Ba" * 20)
    clock.tick(2)
    assert [(each.asset, each.amount_units, each.log_index) for each in read(clock)] == [("ETH", 1, -1)]


def test_several_transfers_of_one_transaction(clock: Clock):
    clock.reader.head()
    first = pay(PAT, 1, at=clock.now)
    pay(PAT, 2, at=clock.now, tx_hash=first.tx_hash, log_index=1)
    clock.tick(2)
    assert [each.amount_units for each in read(clock)] == [1, 2]
    with pytest.raises(IntegrityError, match="tx_hash, log_index"):
        pay(PAT, 3, at=clock.now, tx_hash=first.tx_hash, log_index=1)


def test_what_is_taken_back_replaces_the_blocks_from_there_on(clock: Clock):
    clock.reader.head()
    clock.tick(1)
    before = clock.reader.head()
    sent = pay(PAT, 1, at=clock.now)
    clock.tick(3)
    old = [clock.reader.head() and clock.reader.block(before.number + i) for i in range(3)]
    take_back(tx_hash=sent.tx_hash, now=clock.now)
    assert read(clock) == []
    new = [clock.reader.block(before.number + i) for i in range(3)]
    assert (new[0], [each.time for each in new]) == (old[0], [each.time for each in old])
    assert {each.hash for each in old[1:]}.isdisjoint(each.hash for each in new[1:])


def test_what_waits_for_ever_is_forgotten_in_the_end(clock: Clock):
    clock.reader.head()
    pay(PAT, 1, at=clock.now, mined_after=None)
    for _ in range(5):
        clock.tick(60)
        clock.reader.head()
    assert len(clock.reader.pending(frozenset([PAT]), above=10**6)) == 1
    clock.tick(16 * 24 * 3600)
    for _ in range(5):
        clock.tick(60)
        clock.reader.head()
    assert not SandboxTransfer.objects.exists()


def test_old_empty_blocks_are_forgotten_once_they_were_read(clock: Clock):
    clock.reader.head()
    pay(PAT, 1, at=clock.now)
    for _ in range(40):
        clock.tick(30)
        head = clock.reader.head()
    assert SandboxBlock.objects.count() == head.number  # nobody has read them yet
    ScanCursor.objects.create(network="sandbox", block_number=head.number, block_hash=head.hash)
    for _ in range(4):
        clock.tick(30)
        head = clock.reader.head()
    assert SandboxBlock.objects.count() < head.number - 500
    assert len(read(clock)) == 1


def test_every_block_that_a_scan_may_compare_is_kept(clock: Clock):
    for _ in range(45):
        clock.tick(30)
        look(PAT)
    checkpoints = set(ScannedBlock.objects.filter(network="sandbox").values_list("number", flat=True))
    assert min(checkpoints) <= ScanCursor.objects.get(pk="sandbox").block_number - 500
    assert checkpoints <= set(SandboxBlock.objects.values_list("number", flat=True))


@pytest.mark.django_db(transaction=True)
def test_several_processes_at_once_mine_one_chain():
    start = datetime(2026, 3, 1, tzinfo=UTC)
    mine(start)

    def work(step: int) -> None:
        for i in range(10):
            mine(start + (step + i) * SECOND)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    times = list(SandboxBlock.objects.order_by("number").values_list("number", "mined_at"))
    assert [number for number, _ in times] == list(range(1, len(times) + 1))
    assert all(later - earlier == SECOND for (_, earlier), (_, later) in pairwise(times))
    assert times[-1][1] == start + 12 * SECOND
