"""The play chain of test mode: blocks and transfers are rows, so that the real scanning code has something to read.

Nobody runs it: whoever asks for its head mines what is due. A transfer can be told to wait for ever, to disappear
while it waits, or to be taken back out of its block; the last replaces every block from there on, as a real
reorganisation does. All businesses play on it, each in a lane: what is replaced for one stays what it was for others.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, Min, OuterRef, Q, Subquery

from chains_app.models import SandboxBlock, SandboxTransfer, ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.reader import OWN_VALUE
from chains_app.reading.scanning import checked_depth

BLOCK_TIME = timedelta(seconds=1)
# Pat, the payer of the documentation; an address that nobody has the key of.
PLAY_SENDER = "0x00000000000000000000000000000000000Ba7e5"

# After a night without anybody looking, the chain goes on from where it stood and does not make up for it.
_MOST_BLOCKS_AT_ONCE = 30
_FORGOTTEN_AFTER = timedelta(days=15)  # longer than any address is watched
_LOCK = 0x7A11_B10C


def send(
    *,
    recipient: str,
    amount_units: int,
    contract: str | None,
    now: datetime,
    mined_after: timedelta | None = timedelta(0),
    gone_after: timedelta | None = None,
    sender: str = PLAY_SENDER,
    tx_hash: str | None = None,
    log_index: int | None = None,
    lane: str = "",
) -> SandboxTransfer:
    """A transfer of base units of a token (no contract: of the native coin) to a checksummed address.

    It is in the next block, or in the first one `mined_after` has passed; None: it waits for ever. `gone_after` that
    time it is gone, wherever it stood. Several transfers of one transaction: pass its hash and further log indexes.
    """
    return SandboxTransfer.objects.create(
        sent_at=now,
        mine_at=None if mined_after is None else now + mined_after,
        drop_at=None if gone_after is None else now + gone_after,
        tx_hash=tx_hash or _fresh_hash(),
        log_index=log_index if log_index is not None else (0 if contract else OWN_VALUE),
        contract=contract or "",
        sender=sender,
        recipient=recipient,
        amount_units=amount_units,
        lane=lane,
    )


def is_known(tx_hash: str) -> bool:
    """Whether the chain has a transaction, in a block or waiting for one."""
    return SandboxTransfer.objects.filter(tx_hash=tx_hash).exists()


def take_back(*, tx_hash: str, now: datetime) -> None:
    """Takes a transaction off the chain, or out of the waiting room, when the chain next moves."""
    SandboxTransfer.objects.filter(tx_hash=tx_hash).update(drop_at=now)


def mine(now: datetime) -> SandboxBlock:
    """Brings the chain up to `now` and answers its newest block. Safe from several processes at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        _take_away(now)
        newest = SandboxBlock.objects.order_by("-number").first()
        if newest is None:
            newest = SandboxBlock.objects.create(number=1, hash=_fresh_hash(), mined_at=now - BLOCK_TIME)
        blocks = _add_blocks(newest, now)
        _put_transfers_into(blocks)
        if blocks and blocks[-1].number // 100 != newest.number // 100:
            _prune(blocks[-1].number, now)
        return blocks[-1] if blocks else newest


def _take_away(now: datetime) -> None:
    """Removes what is due to disappear. From the lowest block that loses something on, all blocks get other hashes.

    So have the transfers in them that are of a lane which loses something; others' stay in the blocks as they were.
    """
    gone = SandboxTransfer.objects.filter(drop_at__lte=now)
    of_blocks = gone.filter(block__isnull=False).values("lane")
    lanes = dict(of_blocks.annotate(lowest=Min("block__number")).values_list("lane", "lowest"))
    gone.delete()
    if lanes:
        replaced = list(SandboxBlock.objects.filter(number__gte=min(lanes.values())))
        for block in replaced:
            block.hash = _fresh_hash()
        SandboxBlock.objects.bulk_update(replaced, ["hash"])
    for lane, lowest in lanes.items():
        moved = SandboxTransfer.objects.filter(lane=lane, block__number__gte=lowest)
        moved.update(block_hash=Subquery(SandboxBlock.objects.filter(pk=OuterRef("block")).values("hash")))


def _add_blocks(newest: SandboxBlock, now: datetime) -> list[SandboxBlock]:
    due = (now - newest.mined_at) // BLOCK_TIME
    first_time = newest.mined_at + max(1, due - _MOST_BLOCKS_AT_ONCE + 1) * BLOCK_TIME
    return SandboxBlock.objects.bulk_create(
        SandboxBlock(number=newest.number + 1 + i, hash=_fresh_hash(), mined_at=first_time + i * BLOCK_TIME)
        for i in range(min(due, _MOST_BLOCKS_AT_ONCE))
    )


def _put_transfers_into(blocks: Sequence[SandboxBlock]) -> None:
    """Each that waits is in the first of the new blocks that is not before its time."""
    if not blocks:
        return
    later = SandboxBlock.objects.filter(number__gte=blocks[0].number, mined_at__gte=OuterRef("mine_at"))
    first = later.order_by("number")[:1]
    SandboxTransfer.objects.filter(block=None, mine_at__lte=blocks[-1].mined_at).update(
        block=Subquery(first.values("pk")), block_hash=Subquery(first.values("hash"))
    )


def _prune(head: int, now: datetime) -> None:
    """Forgets empty blocks that no scan will ask for again, and what has waited in vain."""
    read = ScanCursor.objects.filter(pk="sandbox").aggregate(number=Max("block_number"))["number"] or 0
    kept_from = min(head, read) - checked_depth(network("sandbox"))
    SandboxBlock.objects.filter(number__lt=kept_from, transfers=None).delete()
    SandboxTransfer.objects.filter(Q(block=None), sent_at__lt=now - _FORGOTTEN_AFTER).delete()


def _fresh_hash() -> str:
    return "0x" + secrets.token_hex(32)
