"""Reads the play chain (sandbox/chain.py) as any other chain is read."""

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Q, QuerySet
from django.utils import timezone

from chains_app.models import SandboxBlock, SandboxTransfer
from chains_app.networks.networks import Network
from chains_app.reading.reader import Block, Doubt, Sighting, Transfer
from chains_app.sandbox.chain import mine


class SandboxReader:
    """A reader of the sandbox."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._symbols = {asset.contract or "": asset.symbol for asset in network.assets.values()}

    def head(self) -> Block:
        """The newest block, mined for the occasion if it is due."""
        return _block(mine(timezone.now()))

    def block(self, number: int) -> Block | None:
        """The block at this height."""
        row = SandboxBlock.objects.filter(number=number).first()
        return _block(row) if row else None

    def transfers(
        self,
        addresses: frozenset[str],
        first: int,
        last: int,
        *,
        wallets: frozenset[str] = frozenset(),  # noqa: ARG002  (here every transfer is a row)
        doubts: list[Doubt] | None = None,  # noqa: ARG002  (and none is odd)
    ) -> list[Transfer]:
        """Transfers of listed assets in these blocks."""
        rows = SandboxTransfer.objects.filter(block__number__range=(first, last))
        return [self._transfer(row) for row in self._counting(rows, addresses)]

    def pending(self, addresses: frozenset[str], above: int) -> list[Transfer]:
        """Transfers that wait, and those in blocks that the caller does not look at yet."""
        sent = SandboxTransfer.objects.filter(sent_at__lte=timezone.now())
        rows = sent.filter(Q(block=None) | Q(block__number__gt=above))
        return [self._transfer(row, waiting=True) for row in self._counting(rows, addresses)]

    def still_there(self, sightings: Iterable[Sighting]) -> frozenset[Sighting]:
        """Those that are in just that block, or wait as they did."""
        asked = frozenset(sightings)
        rows = SandboxTransfer.objects.filter(tx_hash__in={sighting.tx_hash for sighting in asked})
        return asked & {self._transfer(row).sighting for row in rows.select_related("block")}

    def whereabouts(self, sightings: Iterable[Sighting], *, head: int) -> dict[Sighting, Block | None]:  # noqa: ARG002
        """In which block they are, if they are in one."""
        asked = frozenset(sightings)
        rows = SandboxTransfer.objects.filter(tx_hash__in={each.tx_hash for each in asked}, block__isnull=False)
        places = {_unplaced(self._transfer(row).sighting): row for row in rows.select_related("block")}
        return {each: _block_of(row) if (row := places.get(_unplaced(each))) else None for each in asked}

    def _counting(self, rows: QuerySet[SandboxTransfer], addresses: frozenset[str]) -> list[SandboxTransfer]:
        """Listed contracts only; nothing that moves no money to the address. Rows are few, addresses may be many."""
        return [
            row
            for row in rows.select_related("block").order_by("block__number", "id")
            if row.recipient in addresses
            and row.contract in self._symbols
            and row.amount_units > 0
            and row.sender != row.recipient
        ]

    def _transfer(self, row: SandboxTransfer, *, waiting: bool = False) -> Transfer:
        block = None if waiting or row.block is None else row.block
        return Transfer(
            network=self._network.id,
            asset=self._symbols.get(row.contract, ""),
            tx_hash=row.tx_hash,
            log_index=row.log_index,
            sender=row.sender,
            recipient=row.recipient,
            amount_units=int(row.amount_units),
            block_number=block.number if block else None,
            block_hash=(row.block_hash or block.hash) if block else "",
            block_time=block.mined_at if block else None,
        )


def _unplaced(sighting: Sighting) -> Sighting:
    return sighting._replace(block_number=None, block_hash="")


def _block_of(row: SandboxTransfer) -> Block | None:
    """As the transfer's lane has it."""
    return replace(_block(row.block), hash=row.block_hash or row.block.hash) if row.block else None


def _block(row: SandboxBlock) -> Block:
    return Block(number=row.number, hash=row.hash, time=row.mined_at)
