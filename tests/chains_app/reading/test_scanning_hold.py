"""Who reads beside the watcher: stores only if the chain is still the same, and looks for refunds in what is left."""

import pytest
from django.db import transaction

from chains_app.models import ScanCursor, ScannedBlock
from chains_app.networks.networks import network
from chains_app.reading.scanning import CursorMoved, Position, hold, refunds_unread

pytestmark = pytest.mark.django_db
SANDBOX, AT = network("sandbox"), Position(990_005, "0x5")


@pytest.mark.parametrize(
    ("block", "is_of_this_branch"),
    [
        (("sandbox", 990_005, "0x5"), True),
        (("nowhere", 990_005, "0x5"), False),  # another network's
        (("sandbox", 990_006, "0x5"), False),
        (("sandbox", 990_005, "0x6"), False),
    ],
)
def test_what_was_read_counts_while_its_last_block_is_known(
    block: tuple[str, int, str], is_of_this_branch: bool
) -> None:
    ScanCursor.objects.update_or_create(network="sandbox", defaults={"block_number": 990_009, "block_hash": "0x9"})
    ScannedBlock.objects.create(network=block[0], number=block[1], hash=block[2])
    try:
        with transaction.atomic():
            hold(SANDBOX, at=AT)
    except CursorMoved:
        assert not is_of_this_branch
    else:
        assert is_of_this_branch


@pytest.mark.parametrize(("looked_through", "left"), [(7, (8, 9)), (8, (9, 9)), (9, None), (None, None)])
def test_refunds_are_looked_for_up_to_the_last_block_read(
    looked_through: int | None, left: tuple[int, int] | None
) -> None:
    place = {"block_number": 9, "block_hash": "0x9", "refunds_read": looked_through}
    ScanCursor.objects.update_or_create(network="sandbox", defaults=place)
    assert refunds_unread(SANDBOX) == left
