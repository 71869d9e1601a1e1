"""Scanning, on the play chain: nothing missed, nothing skipped, replaced branches noticed."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from chains_app.models import SandboxBlock, ScanCursor, ScannedBlock
from chains_app.reading import scanning
from chains_app.reading.health import read_until, record_problem
from chains_app.reading.reader import ReaderUnavailable
from chains_app.reading.scanning import CursorMoved, save_cursor, scan
from chains_app.sandbox.chain import take_back
from tests.chains_app.play import SANDBOX, Clock, look, pay

pytestmark = pytest.mark.django_db

PAT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
OLE = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"


def found(seen):
    return [(each.asset, each.recipient, each.amount_units) for each in seen.transfers]


def test_a_transfer_is_found_once_its_block_is_there(clock: Clock):
    look(PAT)
    pay(PAT, 49_000_000, at=clock.now)
    clock.tick(2)
    assert found(look(PAT)) == [("USDC", PAT, 49_000_000)]
    clock.tick(1)
    assert found(look(PAT)) == []


def test_nothing_new_moves_nothing(clock: Clock):
    before = look(PAT)
    again = look(PAT)
    assert (again.end, again.transfers, again.is_behind) == (before.end, (), False)


def test_a_chain_that_stands_still_was_read_until_its_newest_block(clock: Clock):
    look(PAT)
    seen = look(PAT)
    save_cursor(seen, now=seen.head.time + timedelta(minutes=5))
    assert read_until(SANDBOX) == seen.head.time
    save_cursor(seen, now=seen.head.time - timedelta(minutes=1))  # by our clock, it is from the future
    assert read_until(SANDBOX) == seen.head.time - timedelta(minutes=1)


def test_a_scan_that_was_not_saved_never_happened(clock: Clock):
    look(PAT)
    pay(PAT, 7, at=clock.now)
    clock.tick(2)
    lost = scan(network=SANDBOX, reader=clock.reader, addresses=lambda: [PAT])
    assert found(lost) == found(look(PAT)) == [("USDC", PAT, 7)]


def test_what_waits_is_seen_before_it_is_mined(clock: Clock):
    look(PAT)
    pay(PAT, 7, at=clock.now, mined_after=timedelta(seconds=5))
    assert [each.block_number for each in look(PAT).pending] == [None]
    clock.tick(7)
    seen = look(PAT)
    assert (len(seen.transfers), seen.pending) == (1, ())


def test_what_was_dropped_is_in_neither_list(clock: Clock):
    pay(PAT, 7, at=clock.now, mined_after=None, gone_after=timedelta(seconds=3))
    assert len(look(PAT).pending) == 1
    clock.tick(4)
    assert look(PAT).pending == ()


def test_a_reorganisation_is_noticed_where_it_begins(clock: Clock):
    look(PAT)
    sent = pay(PAT, 7, at=clock.now)
    clock.tick(2)
    payment = look(PAT).transfers[0]
    clock.tick(3)
    look(PAT)
    take_back(tx_hash=sent.tx_hash, now=clock.now)
    clock.tick(1)
    seen = look(PAT)
    assert seen.replaced_from is not None
    assert seen.replaced_from <= payment.block_number
    assert seen.transfers == ()
    assert clock.reader.still_there([payment.sighting]) == frozenset()
    assert look(PAT).replaced_from is None


def test_a_second_deeper_reorganisation_is_noticed_where_it_begins_too(clock: Clock):
    ends = []
    for _ in range(6):
        clock.tick(2)
        ends.append(look(PAT).end.number)
    SandboxBlock.objects.filter(number__gt=ends[4]).update(hash="0x" + "ee" * 32)
    assert look(PAT).replaced_from == ends[4] + 1
    SandboxBlock.objects.filter(number__gt=ends[1]).update(hash="0x" + "dd" * 32)
    assert look(PAT).replaced_from == ends[1] + 1


def test_reading_one_network_leaves_the_places_of_all_others(clock: Clock):
    others = ScanCursor.objects.exclude(pk="sandbox").order_by("pk")
    before = list(others.values())
    assert [each["network"] for each in before] == ["base", "base-sepolia", "bsc", "sepolia"]
    for _ in range(2):
        clock.tick(3)
        look(PAT)
    assert list(others.values()) == before


def test_a_transfer_that_survives_a_reorganisation_is_found_in_its_new_block(clock: Clock):
    look(PAT, OLE)
    doomed, kept = pay(PAT, 7, at=clock.now), pay(OLE, 8, at=clock.now)
    clock.tick(2)
    old = {each.recipient: each for each in look(PAT, OLE).transfers}
    take_back(tx_hash=doomed.tx_hash, now=clock.now)
    clock.tick(1)
    new = look(PAT, OLE).transfers
    assert [(each.tx_hash, each.recipient) for each in new] == [(kept.tx_hash, OLE)]
    assert new[0].block_hash != old[OLE].block_hash
    assert clock.reader.still_there([old[OLE].sighting, new[0].sighting]) == {new[0].sighting}


def test_addresses_are_loaded_after_the_head_is_known(clock: Clock):
    """Shown and paid while the scan runs: that is above the head that was asked first, so the next one has it."""
    look(PAT)

    def load():
        pay(OLE, 9, at=clock.now)  # OLE is stored, shown and paid just after the set was read
        clock.tick(2)
        clock.reader.head()
        return [PAT]

    racing = scan(network=SANDBOX, reader=clock.reader, addresses=load)
    save_cursor(racing, now=clock.now)
    assert racing.last == racing.head.number
    assert found(look(PAT, OLE)) == [("USDC", OLE, 9)]


def test_two_watchers_at_once_store_one_scan(clock: Clock):
    look(PAT)
    clock.tick(3)
    one, two = (scan(network=SANDBOX, reader=clock.reader, addresses=lambda: [PAT]) for _ in range(2))
    save_cursor(one, now=clock.now)
    with pytest.raises(CursorMoved, match="read by another watcher"):
        save_cursor(two, now=clock.now)


def test_two_first_watchers_at_once_store_one_scan(clock: Clock):
    one, two = (scan(network=SANDBOX, reader=clock.reader, addresses=lambda: [PAT]) for _ in range(2))
    save_cursor(one, now=clock.now)
    with pytest.raises(CursorMoved, match="read by another watcher"):
        save_cursor(two, now=clock.now)


def test_the_watcher_that_loses_stores_nothing(clock: Clock):
    look(PAT)
    clock.tick(3)
    slow = scan(network=SANDBOX, reader=clock.reader, addresses=lambda: [PAT])
    look(PAT)
    checkpoints = ScannedBlock.objects.filter(network="sandbox").count()
    with pytest.raises(CursorMoved, match="read by another watcher"), transaction.atomic():
        save_cursor(slow, now=clock.now)
    assert ScannedBlock.objects.filter(network="sandbox").count() == checkpoints


def test_downtime_is_caught_up_in_windows(clock: Clock, monkeypatch):
    monkeypatch.setattr(scanning, "WINDOW", 10)
    look(PAT)
    for amount in range(1, 6):
        pay(PAT, amount, at=clock.now)
        clock.tick(8)
        clock.reader.head()
    scans = [look(PAT)]
    while scans[-1].is_behind:
        scans.append(look(PAT))
    assert [each.last - each.first + 1 for each in scans] == [10, 10, 10, 10]
    assert [each.amount_units for one in scans for each in one.transfers] == [1, 2, 3, 4, 5]


def test_a_network_that_was_offered_long_before_it_could_be_read_is_read_from_there(clock: Clock, monkeypatch):
    monkeypatch.setattr(scanning, "FIRST_LOOK_BACK_SECONDS", 3)
    clock.reader.head()  # the play chain begins
    offered = clock.now
    pay(PAT, 7, at=clock.now)
    for _ in range(10):
        clock.tick(1)
        clock.reader.head()  # mines
    usual = scan(network=SANDBOX, reader=clock.reader, addresses=lambda: [PAT])
    early = scan(network=SANDBOX, reader=clock.reader, addresses=lambda: [PAT], offered_since=lambda: offered)
    assert found(usual) == []
    assert found(early) == [("USDC", PAT, 7)]


def test_a_problem_is_noted_and_cleared_by_the_next_good_scan(clock: Clock):
    record_problem(network=SANDBOX, problem="The node rests.", clock="ahead")
    kept = ScanCursor.objects.get(pk="sandbox")
    assert (kept.problem, kept.clock) == ("The node rests.", "ahead")
    look(PAT)
    kept.refresh_from_db()
    assert (kept.problem, kept.clock) == ("", "")


def test_checkpoints_do_not_pile_up(clock: Clock, monkeypatch):
    monkeypatch.setattr(scanning, "KEPT_CHECKPOINTS", 20)
    for _ in range(40):
        clock.tick(1)
        look(PAT)
    assert ScannedBlock.objects.filter(network="sandbox").count() == 21


def test_a_test_chain_that_starts_afresh_is_read_from_its_beginning(clock: Clock):
    look(PAT)
    clock.tick(5)
    look(PAT)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE chains_app_sandboxblock CASCADE")
    clock.tick(20)
    fresh = look(PAT)
    assert (fresh.replaced_from, fresh.first) == (0, 0)


def test_a_live_chain_that_contradicts_everything_read_is_refused(clock: Clock, live_sandbox):
    look(PAT, on=live_sandbox)
    SandboxBlock.objects.update(hash="0x" + "ee" * 32)
    clock.tick(1)
    with pytest.raises(ReaderUnavailable, match="differs from everything"):
        look(PAT, on=live_sandbox)


def test_the_very_first_head_may_be_replaced(clock: Clock, live_sandbox):
    for _ in range(25):
        clock.tick(30)
        clock.reader.head()
    first = look(PAT, on=live_sandbox)
    SandboxBlock.objects.filter(number__gte=first.first).update(hash="0x" + "ee" * 32)
    clock.tick(1)
    again = look(PAT, on=live_sandbox)
    assert (again.replaced_from, again.first) == (first.first, first.first)


def test_a_node_far_behind_is_refused_on_a_live_chain(clock: Clock, live_sandbox):
    clock.tick(1)
    look(PAT, on=live_sandbox)
    head = ScanCursor.objects.get(pk="sandbox").block_number
    ScanCursor.objects.filter(pk="sandbox").update(block_number=head + 100, block_hash="0x" + "77" * 32)
    with pytest.raises(ReaderUnavailable, match="100 blocks behind"):
        look(PAT, on=live_sandbox)


def test_a_node_a_little_behind_is_waited_for(clock: Clock, live_sandbox):
    clock.tick(1)
    look(PAT, on=live_sandbox)
    head = ScanCursor.objects.get(pk="sandbox").block_number
    ScanCursor.objects.filter(pk="sandbox").update(block_number=head + 2, block_hash="0x" + "77" * 32)
    seen = look(PAT, on=live_sandbox)
    assert (seen.end.number, seen.transfers, seen.replaced_from) == (head + 2, (), None)
