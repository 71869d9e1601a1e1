"""Several watchers at once on real connections, and one that dies in the middle: every payment is stored once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from threading import Event

import pytest
from django.db import connection, transaction

from chains_app.models import ScanCursor, ScannedBlock
from chains_app.reading.scanning import CursorMoved, save_cursor, scan
from chains_app.sandbox.chain import mine
from tests.chains_app.play import SANDBOX, Clock, look, pay

PAT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


class Killed(BaseException):
    """Stands for a process that ends here."""


@pytest.mark.django_db(transaction=True)
def test_four_watchers_find_everything_and_nothing_twice(clock: Clock):
    stop, found = Event(), []

    def watch() -> None:
        while not stop.is_set():
            seen = scan(network=SANDBOX, reader=clock.reader, addresses=lambda: [PAT])
            try:
                with transaction.atomic():
                    save_cursor(seen, now=clock.now)
            except CursorMoved:
                continue
            found.extend(each.amount_units for each in seen.transfers)
        connection.close()

    look(PAT)
    with ThreadPoolExecutor(4) as pool:
        watchers = [pool.submit(watch) for _ in range(4)]
        for units in range(1, 16):
            pay(PAT, units, at=clock.now)
            clock.tick(2)
        stop.set()
        assert [each.result() for each in watchers] == [None] * 4
    found += [each.amount_units for each in look(PAT).transfers]
    assert sorted(found) == list(range(1, 16))


@pytest.mark.django_db(transaction=True)
def test_two_very_first_watchers_on_two_connections():
    mine(datetime(2026, 3, 1, tzinfo=UTC))
    reader = Clock(datetime(2026, 3, 1, tzinfo=UTC)).reader
    seen = [scan(network=SANDBOX, reader=reader, addresses=lambda: [PAT]) for _ in range(2)]

    def store(each) -> bool:
        try:
            with transaction.atomic():
                save_cursor(each, now=each.head.time)
        except CursorMoved:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(store, seen)) == [False, True]


def read_so_far() -> tuple[int, int]:
    """Up to which block, and how many checkpoints."""
    cursor = ScanCursor.objects.get(pk="sandbox")
    return cursor.block_number, ScannedBlock.objects.filter(network="sandbox").count()


@pytest.mark.django_db(transaction=True)
def test_a_watcher_killed_at_any_statement_leaves_the_next_one_everything(clock: Clock):
    look(PAT)
    pay(PAT, 7, at=clock.now)
    clock.tick(2)
    before = read_so_far()
    for step in count():
        seen = scan(network=SANDBOX, reader=clock.reader, addresses=lambda: [PAT])
        statements = iter(range(step))

        def die_when_used_up(execute, sql, params, many, context, left=statements):
            if next(left, None) is None:
                raise Killed
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(die_when_used_up), transaction.atomic():
                save_cursor(seen, now=clock.now)
        except Killed:
            assert read_so_far() == before
            assert [each.amount_units for each in seen.transfers] == [7]
            continue
        break
    assert step >= 3
    clock.tick(1)
    assert look(PAT).transfers == ()
