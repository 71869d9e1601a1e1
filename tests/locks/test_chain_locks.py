"""Two watchers at once on one network: the second learns that the first was faster, and stores nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from chains_app.models import ScanCursor, ScannedBlock
from chains_app.reading.scanning import CursorMoved, Scan, hold, position, save_cursor, scan
from chains_app.sandbox.chain import mine
from chains_app.sandbox.reader import SandboxReader
from tests.chains_app.play import SANDBOX, look
from tests.races import behind_a_lock

pytestmark = pytest.mark.django_db(transaction=True)


def store(seen: Scan) -> None:
    with transaction.atomic():
        save_cursor(seen, now=seen.head.time)


def two_looks() -> list[Scan]:
    """The second saw a block more than the first."""
    seen = []
    for _ in range(2):
        mine(timezone.now() + timedelta(seconds=2 + len(seen)))
        seen.append(scan(network=SANDBOX, reader=SandboxReader(SANDBOX), addresses=list))
    assert seen[0].end != seen[1].end
    return seen


def nothing() -> None:
    """The lock itself says all."""


@pytest.mark.parametrize("first_ever", [True, False])
def test_who_waited_for_another_watchers_cursor_stores_nothing(transactional_db: None, *, first_ever: bool) -> None:
    mine(timezone.now())
    if not first_ever:
        look()
    first, second = two_looks()
    answer = behind_a_lock(
        lambda: store(second), lock=lambda: save_cursor(first, now=first.head.time), meanwhile=nothing
    )
    assert isinstance(answer, CursorMoved)
    kept = ScanCursor.objects.get(pk="sandbox")
    assert (kept.block_number, kept.block_hash) == first.end
    assert not ScannedBlock.objects.filter(network="sandbox", number=second.end.number).exists()


def test_who_was_not_the_very_first_may_go_on_in_their_transaction(transactional_db: None) -> None:
    mine(timezone.now())
    first, second = two_looks()

    def store_or_look() -> int:
        with transaction.atomic():
            try:
                save_cursor(second, now=second.head.time)
            except CursorMoved:
                return ScanCursor.objects.get(pk="sandbox").block_number
        return 0

    answer = behind_a_lock(store_or_look, lock=lambda: save_cursor(first, now=first.head.time), meanwhile=nothing)
    assert answer == first.end.number


@pytest.mark.parametrize("given_up", [True, False])
def test_who_stores_beside_the_watcher_waits_for_it_and_sees_that_the_branch_was_given_up(
    transactional_db: None, *, given_up: bool
) -> None:
    mine(timezone.now())
    look()
    at = position(SANDBOX)
    _, seen = two_looks()
    replaced = replace(seen, replaced_from=0) if given_up else seen

    def store_beside() -> str:
        with transaction.atomic():
            hold(SANDBOX, at=at)
            return "stored"

    answer = behind_a_lock(store_beside, lock=lambda: save_cursor(replaced, now=seen.head.time), meanwhile=nothing)
    assert isinstance(answer, CursorMoved) if given_up else answer == "stored"
